# Programs as processes of their own. Debug builds, which the tests have made.

# A file goes from one process to another, and is the same there.
step_transfer() {
    cargo build --examples
    local bin=$target/debug/examples path received
    head -c 5000003 /dev/urandom > "$work/sent"
    mkdir "$work/received"
    timeout 60 "$bin/receive" --listen 127.0.0.1:0 --out "$work/received" --max-size 10000000 --once \
        > "$work/receive.json" &
    local receiver=$!
    children+=("$receiver")
    path=$(wait_for field "$work/receive.json" path)
    timeout 60 "$bin/send" --to "$path" --file "$work/sent" --success-report | tee "$work/send.json"
    wait "$receiver"
    cat "$work/receive.json"
    [[ $(field "$work/send.json" success) == true ]]
    received=$(find "$work/received" -type f)
    cmp "$work/sent" "$received"
    [[ $(field "$work/receive.json" sha256) == $(sha256sum < "$work/sent" | cut -d' ' -f1) ]]
}

# Two processes with pipes for their descriptions: a file is pushed, its hash is
# checked on the way, and it is the same there.
step_files() {
    cargo build -p msrp-file-transfer
    local bin=$target/debug/msrp-file-transfer
    head -c 5000003 /dev/urandom > "$work/offered"
    mkdir "$work/inbox"
    mkfifo "$work/answer"
    timeout 60 "$bin" offer "$work/offered" --sdp-in "$work/answer" \
        | timeout 60 "$bin" fetch --out "$work/inbox" --sdp-out "$work/answer"
    cmp "$work/offered" "$work/inbox/offered"
}

# The curl commands of README.md succeed against the gateway, and SIGTERM ends it
# with status 0.
step_gateway() {
    have curl || { skip "curl is not installed"; return; }
    cargo build -p msrp-gateway
    cargo build --examples
    # Two sessions, so that neither request finds the other's still bound.
    local paths=("msrp://127.0.0.1:2855/send;tcp" "msrp://127.0.0.1:2855/connect;tcp")
    "$target/debug/examples/receive" --listen 127.0.0.1:0 \
        --path "${paths[0]}" --path "${paths[1]}" > "$work/gateway-peer.json" &
    children+=($!)
    NO_COLOR=1 "$target/debug/msrp-gateway" --listen 127.0.0.1:0 2> "$work/gateway.log" &
    local gateway=$! address peer status=0
    children+=("$gateway")
    peer=$(wait_for field "$work/gateway-peer.json" addr)
    address=$(wait_for gateway_address)
    try_curl /api/msrp/send "$address" "${peer##*:}" "${paths[0]}"
    try_curl /api/msrp/connect "$address" "${peer##*:}" "${paths[1]}"
    kill -TERM "$gateway"
    wait "$gateway" || status=$?
    cat "$work/gateway.log"
    [[ $status == 0 ]] || { echo "after SIGTERM the gateway exits with $status" >&2; return 1; }
}

gateway_address() {
    sed -n 's|.*listening on http://||p' "$work/gateway.log"
}

# The curl command of README.md for a resource: everything before its output.
readme_curl() {
    awk -v resource="$1" '
        index($0, "$ curl ") == 1 && index($0, resource " ") { found = 1; sub(/^\$ /, "") }
        found && /^\{"/ { exit }
        found { print }
        END {
            if (!found) {
                print "README.md has no curl command for " resource > "/dev/stderr"
                exit 1
            }
        }' README.md
}

# A curl command of README.md, with the gateway, port and path of this run.
try_curl() {
    local resource=$1 gateway=$2 port=$3 path=$4 command
    command=$(readme_curl "$resource" | sed \
        -e "s|127\.0\.0\.1:8787|$gateway|" -e "s|\"port\": 2855|\"port\": $port|" \
        -e "s|\"toPath\": \"[^\"]*\"|\"toPath\": \"$path\"|")
    printf '$ %s\n' "$command"
    timeout 60 bash -euo pipefail -c "$command" > "$work/reply.json"
    cat "$work/reply.json"
    echo
    [[ $(field "$work/reply.json" success) == true ]]
    [[ $(field "$work/reply.json" port) == "$port" ]]
    [[ $(field "$work/reply.json" statusCode) == 200 ]]
}

step_pages() {
    if ! have chromium || ! have chromedriver; then
        skip "chromium or chromedriver is not installed"
        return
    fi
    MSRP_PAGE_SCREENSHOT=$work/page.png \
        cargo test -p msrp-gateway --test page -- --ignored --nocapture
    cargo test -p msrp-relay --test page -- --ignored --nocapture
}

# What is installed is required. The bench shows only that it runs.
step_interop() {
    cargo build --examples
    cargo build -p msrp-relay
    if have kamailio && have tshark; then
        MSRP_INTEROP=require cargo test -p msrp-interop -- --nocapture
    else
        skip "a part: kamailio or tshark is not installed"
        cargo test -p msrp-interop -- --nocapture
    fi
    cargo run -p msrp-relay-bench -- --rounds 1 --messages 2000 --octets 1000000
}

step_fuzz() {
    if ! has_nightly || ! have cargo-fuzz; then
        skip "no nightly toolchain or no cargo-fuzz"
        return
    fi
    cargo +nightly fuzz build
    local name
    for name in $(cargo +nightly fuzz list); do
        mkdir -p "$work/found/$name"
        # The fuzzer writes to the first folder; the seeds stay as they are.
        cargo +nightly fuzz run "$name" "$work/found/$name" "fuzz/corpus/$name" -- \
            -max_total_time="${FUZZ_SECONDS:-10}" -dict=fuzz/msrp.dict -timeout=25 \
            -verbosity=0 -print_final_stats=1
    done
}
