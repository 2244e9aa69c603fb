# Measures of the library that need more than its tests.

step_growth() {
    have valgrind || { skip "valgrind is not installed"; return; }
    tools/growth
}

step_endurance() {
    MSRP_ENDURANCE_SEEDS=${ENDURANCE_SEEDS:-10000} MSRP_HOSTILE_SEEDS=${ENDURANCE_SEEDS:-10000} \
        cargo test --release --all-features --test endurance
}

# Fails if a message of a sound client is lost, or the relay's memory grows.
step_soak() {
    cargo build --release -p msrp-relay
    cargo run --release -p msrp-relay-bench -- soak --seconds "${SOAK_SECONDS:-600}"
}

# Mutates the lines of src/ that differ from MUTANTS_BASE, a commit, and runs the tests
# of their room. A survivor needs a test, or a line with the reason in
# .cargo/mutants.toml.
step_mutants() {
    have cargo-mutants || { skip "cargo-mutants is not installed"; return; }
    local base=${MUTANTS_BASE:-$(git merge-base HEAD origin/main)}
    git diff "$base" -- src > "$work/diff"
    [[ -s $work/diff ]] || { echo "no line of src/ differs from $base"; return; }
    export MSRP_SIM_SEEDS=300 MSRP_SIM_FRAMED_SEEDS=200 MSRP_RELAY_SIM_SEEDS=200
    export MSRP_RELAY_SLOW_SEEDS=4 MSRP_RELAY_TIGHT_SEEDS=4
    export MSRP_ENDURANCE_SEEDS=30 MSRP_HOSTILE_SEEDS=100
    local failed=0
    mutants connection endpoint_ endurance sim allocations relay_client || failed=1
    mutants hop endpoint_ endurance sim relay relay_sim allocations || failed=1
    mutants relay relay || failed=1
    mutants auth auth relay || failed=1
    mutants tunnel tunnel || failed=1
    mutants reassembly reassembly endurance sim || failed=1
    mutants wire wire decode framing tolerance endurance_wire || failed=1
    return $failed
}

# The mutants of one folder or file of src/, with the tests whose names begin so.
mutants() {
    local room=$1 test path
    shift
    # For every call of cargo: it would build all tests for each mutant.
    local flags=(--cargo-arg=--lib)
    for path in tests/*; do
        test=$(basename "$path" .rs)
        [[ -f tests/$test.rs || -f tests/$test/main.rs ]] || continue
        for prefix in "$@"; do
            [[ $test != "$prefix"* ]] || { flags+=("--cargo-arg=--test=$test"); break; }
        done
    done
    cargo mutants --package msrp --all-features --in-diff "$work/diff" \
        --file "src/$room.rs" --file "src/$room/**" --output "$work/mutants-$room" \
        --minimum-test-timeout 120 --colors never "${flags[@]}"
}
