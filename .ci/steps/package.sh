# What is published, and what a stranger does first.

packaging=$target/packaging

step_package() {
    local flags
    flags=$(published | sed 's/^/-p /')
    forget_earlier_packages
    # Builds each of them from its own files.
    CARGO_TARGET_DIR=$packaging cargo package --allow-dirty $flags
    only_what_belongs
    outside_the_workspace
}

# Cargo takes a package of a registry for unchangeable: as long as the version stays,
# it would build on the files that an earlier run packaged.
forget_earlier_packages() {
    rm -rf "$packaging"/debug/.fingerprint/msrp* "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/msrp*
}

# The packages that a registry may have.
published() {
    cargo metadata --no-deps --format-version 1 | python3 -c '
import json, sys

for package in json.load(sys.stdin)["packages"]:
    if package["publish"] != []:
        print(package["name"])'
}

msrp_package() {
    local packages=("$packaging"/package/msrp-[0-9]*.crate)
    printf '%s\n' "${packages[-1]}"
}

only_what_belongs() {
    tar -tzf "$(msrp_package)" | cut -d/ -f2- > "$work/packaged"
    if grep -E '^(\.ci|\.github|benches|crates|fuzz|tools|target)/' "$work/packaged"; then
        echo "these files have no place in the package" >&2
        return 1
    fi
    local file
    for file in Cargo.toml README.md LICENSE-MIT LICENSE-APACHE CHANGELOG.md src/lib.rs; do
        grep -qx "$file" "$work/packaged" || { echo "$file is not packaged" >&2; return 1; }
    done
}

# Its tests compile from what is packaged, and those that read files find them. The
# step `readme` runs them all.
outside_the_workspace() {
    tar -xzf "$(msrp_package)" -C "$work"
    (
        cd "$work"/msrp-[0-9]*
        export CARGO_TARGET_DIR=$target
        cargo build
        cargo test --no-run
        cargo test --test vectors --test endurance_wire --test module_graph
        as_docs_rs
    )
}

# Each ```sh block of README.md in a shell of its own, in order, as a stranger
# would type them. What a block leaves running ends with this run.
step_readme() {
    git clone -q . "$work/clone"
    # Paths such as target/release/msrp are as in a clone of its own.
    mkdir -p "$target"
    ln -s "$target" "$work/clone/target"
    python3 - README.md "$work/block" << 'PYTHON'
import re, sys

blocks = re.findall(r"^```sh\n(.*?)^```$", open(sys.argv[1], encoding="utf-8").read(), re.M | re.S)
for number, block in enumerate(blocks):
    open(f"{sys.argv[2]}-{number:02}", "w", encoding="utf-8").write(block)
PYTHON
    local block
    for block in "$work"/block-*; do
        sed 's/^/$ /' "$block"
        readme_block "$block"
    done
}

readme_block() {
    (cd "$work/clone" && exec setsid timeout 900 bash -euo pipefail "$1") &
    local shell=$!
    children+=("-$shell")
    wait "$shell"
}
