# The library crates, on this and other machines, with this and other toolchains.

step_clippy() {
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    # By itself: another member would enable the features again.
    cargo clippy -p msrp --all-targets --no-default-features -- -D warnings
}

# The step `readme` runs the tests with the default features, which are all that an
# operating system can have.
step_test() {
    cargo test --no-default-features
    # The grammar's fast rules are visible to fuzz bodies alone.
    RUSTFLAGS='--cfg fuzzing' CARGO_TARGET_DIR=$target/fuzzing cargo test --test fuzz_corpus grammar
}

# The terminal test of the chat room needs tmux, and says so without it.
step_others() {
    cargo test --workspace --all-features \
        --exclude msrp --exclude msrp-interop --exclude msrp-relay-bench
}

step_doc() {
    RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --all-features
    as_docs_rs $(library_flags) -p msrp-socket -p msrp-tokio
}

# docs.rs builds with nightly and --cfg docsrs.
as_docs_rs() {
    has_nightly || { skip "as docs.rs: no nightly toolchain"; return; }
    RUSTDOCFLAGS="-Dwarnings --cfg docsrs" cargo +nightly doc --no-deps --all-features "$@"
}

step_targets() {
    local triple
    for triple in "${targets[@]}"; do
        if ! rustup target list --installed | grep -qx "$triple"; then
            skip "rustup has no $triple"
            continue
        fi
        echo "$triple"
        cargo check $(library_flags) --all-features --target "$triple"
    done
    windows_programs
}

# What has to do with signals, terminals and files. One of their dependencies compiles C.
windows_programs() {
    local triple=x86_64-pc-windows-gnu
    have x86_64-w64-mingw32-gcc || { skip "no C compiler for $triple"; return; }
    cargo check -p msrp-tokio --all-features --target "$triple"
    cargo check $(printf -- '-p %s ' "${programs[@]}") --target "$triple"
}

# Two connections in memory exchange a message in WebAssembly.
step_wasm() {
    local triple=wasm32-unknown-unknown
    if ! have wasm-bindgen || ! have node; then
        skip "wasm-bindgen or node is not installed"
        return
    fi
    cargo build -p msrp-wasm-test --target "$triple"
    wasm-bindgen --target nodejs --out-dir "$work/wasm" "$target/$triple/debug/msrp_wasm_test.wasm"
    node tests/wasm/run.js "$work/wasm/msrp_wasm_test.js"
}

step_msrv() {
    cargo "+$msrv" --version > /dev/null 2>&1 || { skip "Rust $msrv is not installed"; return; }
    cargo "+$msrv" check $(library_flags) --all-features --target-dir "$target/msrv"
}

step_hack() {
    have cargo-hack || { skip "cargo-hack is not installed"; return; }
    cargo hack check $(library_flags) -p msrp-socket -p msrp-tokio --each-feature \
        --target-dir "$target/hack"
}

# In a copy of the library crates: it writes another Cargo.lock, and takes the
# dev-dependencies out of the manifests, which a dependent does not build.
step_minimal() {
    has_nightly || { skip "no nightly toolchain"; return; }
    have cargo-hack || { skip "cargo-hack is not installed"; return; }
    local copy=$work/minimal
    mkdir "$copy"
    git ls-files -z -- Cargo.toml README.md src crates | xargs -0 cp --parents -t "$copy"
    (
        cd "$copy"
        export CARGO_TARGET_DIR=$target/minimal
        only_libraries
        cargo +nightly hack --remove-dev-deps check $(library_flags) --all-features \
            -Z direct-minimal-versions
    )
}

# Makes them the only members of the workspace here, without tests and benches.
only_libraries() {
    python3 - "${libraries[@]}" << 'PYTHON'
import pathlib, re, sys

manifest = pathlib.Path("Cargo.toml")
members = [f'"crates/{name.removeprefix("msrp-")}"' for name in sys.argv[1:] if name != "msrp"]
text = re.sub(r"^members = \[.*?^\]", f"members = [{', '.join(members)}]",
              manifest.read_text(), flags=re.M | re.S)
text = re.sub(r"^\[\[(bench|test|example)\]\]\n([^\[\n].*\n|\n)*", "", text, flags=re.M)
manifest.write_text(text)
PYTHON
}
