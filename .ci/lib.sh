# What the steps share. .ci/run reads this file first.

# A clean checkout is compiled once: debug information and what a second compilation
# would reuse only fill the disk.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 CARGO_INCREMENTAL=0

# The published crates. `libraries` also build without an operating system's
# sockets, threads or files.
libraries=(msrp msrp-sdp msrp-cpim msrp-chatroom)
programs=(msrp-cli msrp-relay msrp-gateway msrp-chat msrp-file-transfer msrp-call)
msrv=1.88
targets=(i686-unknown-linux-gnu wasm32-unknown-unknown x86_64-pc-windows-gnu)

root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
tools=$target/ci-tools
work=$(mktemp -d)
# Processes, and process groups as negative numbers, that end with the run.
children=()
PATH=$tools/bin:$PATH

clean_up() {
    local child
    for child in "${children[@]}"; do
        kill -- "$child" 2> /dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT

have() {
    command -v "$1" > /dev/null
}

skip() {
    echo "skipped: $*"
}

has_nightly() {
    cargo +nightly --version > /dev/null 2>&1
}

# "-p NAME" for each library crate.
library_flags() {
    printf -- '-p %s ' "${libraries[@]}"
}
