# What the steps share. .ci/run reads this file first.

export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0

# The published crates. `libraries` also build without an operating system's
# sockets, threads or files.
libraries=(msrp msrp-sdp msrp-cpim msrp-chatroom)
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

# A field of the first JSON object in a file that has it.
field() {
    python3 - "$1" "$2" << 'PYTHON'
import json, sys

for line in open(sys.argv[1], encoding="utf-8"):
    value = json.loads(line).get(sys.argv[2])
    if value is not None:
        print(str(value).lower() if isinstance(value, bool) else value)
        break
PYTHON
}

# The value that a command prints, as soon as it prints one.
wait_for() {
    local value
    for _ in {1..100}; do
        value=$("$@" 2> /dev/null || true)
        [[ -n $value ]] && { printf '%s\n' "$value"; return; }
        sleep 0.1
    done
    echo "no output in 10 s from: $*" >&2
    return 1
}
