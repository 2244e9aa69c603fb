//! The fast rules against the grammar.

/// Reads `data` by the nom rules and by the hand-written ones: both find the same, and
/// leave the same rest.
pub fn run(data: &[u8]) {
    msrp::fuzzing::assert_fast_rules_are_the_grammar(data);
}
