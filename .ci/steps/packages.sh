# Installs tools. What cannot be installed is named; the steps that need it skip.

step_packages() {
    debian_packages
    toolchains
    rustup target add "${targets[@]}" || missing "targets of the toolchain"
    cargo_tool cargo-hack
    cargo_tool cargo-fuzz
    cargo_tool cargo-mutants --debug
    cargo_tool cargo-deny
    wasm_bindgen
    python_tools
}

missing() {
    echo "cannot be installed: $*"
}

apt_install() {
    if [[ $(id -u) != 0 ]] || ! have apt-get; then
        missing "$* (not root, or no apt-get)"
        return
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" > /dev/null \
        || missing "$*"
}

debian_packages() {
    local wanted=()
    have curl || wanted+=(curl)
    have tmux || wanted+=(tmux)
    have node || wanted+=(nodejs)
    have valgrind || wanted+=(valgrind)
    have tshark || wanted+=(tshark)
    have sipp || wanted+=(sip-tester)
    have x86_64-w64-mingw32-gcc || wanted+=(gcc-mingw-w64-x86-64-posix)
    have kamailio || wanted+=(kamailio kamailio-tls-modules)
    have chromedriver || wanted+=(chromium chromium-driver)
    [[ ${#wanted[@]} == 0 ]] || apt_install "${wanted[@]}"
}

toolchains() {
    if ! have rustup; then
        missing "Rust $msrv and a nightly toolchain (no rustup)"
        return
    fi
    cargo fmt --version && cargo clippy --version || rustup component add rustfmt clippy
    cargo "+$msrv" --version || rustup toolchain install "$msrv" --profile minimal \
        || missing "Rust $msrv"
    has_nightly || rustup toolchain install nightly --profile minimal || missing "nightly Rust"
}

# Without optimizations: compiling a tool takes longer than its work here.
cargo_tool() {
    have "$1" || cargo install "$1" --locked --debug || missing "$1"
}

# Its version has to be that of the library in Cargo.lock.
wasm_bindgen() {
    local version
    version=$(grep -A1 '^name = "wasm-bindgen"$' Cargo.lock | sed -n 's/^version = "\(.*\)"/\1/p')
    [[ $(wasm-bindgen --version 2> /dev/null) == "wasm-bindgen $version" ]] \
        || cargo install wasm-bindgen-cli --version "$version" --debug --root "$tools" \
            --bin wasm-bindgen || missing "wasm-bindgen $version"
}

python_tools() {
    have typos && return
    python3 -m venv "$tools" && "$tools/bin/pip" install --quiet typos || missing "typos"
}
