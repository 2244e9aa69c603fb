# Checks of the source that need no build.

step_format() {
    cargo fmt --all --check
}

step_typos() {
    have typos || { skip "typos is not installed"; return; }
    typos
}

# Advisories need a data base from the network, and stay out.
step_deny() {
    have cargo-deny || { skip "cargo-deny is not installed"; return; }
    cargo deny --workspace --all-features check licenses sources bans
}

step_requirements() {
    tools/requirements --must
}
