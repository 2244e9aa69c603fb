# Programs as processes of their own. Debug builds, which the tests have made.

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

step_pages() {
    if ! have chromium || ! have chromedriver; then
        skip "chromium or chromedriver is not installed"
        return
    fi
    MSRP_PAGE_SCREENSHOT=$work/page.png \
        cargo test -p msrp-gateway --test page -- --ignored --nocapture
    cargo test -p msrp-relay --test page -- --ignored --nocapture
    cargo test -p msrp-tokio --test content -- --ignored --nocapture
}

# What is installed is required. The bench shows only that it runs.
step_interop() {
    cargo build -p msrp-cli -p msrp-relay -p msrp-call
    if have kamailio && have tshark && have sipp; then
        MSRP_INTEROP=require cargo test -p msrp-interop -- --nocapture
    else
        skip "a part: kamailio, tshark or sipp is not installed"
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
    # Each uses one core.
    cargo +nightly fuzz list | FUZZ_FOUND=$work/found xargs -P "$(nproc)" -I NAME \
        bash -euo pipefail .ci/fuzz NAME
}
