//! The fast rules against the grammar.

/// Reads what nom and the rules written by hand for speed both read: they agree on
/// every input, and on what is left of it.
pub fn run(data: &[u8]) {
    msrp::fuzzing::assert_fast_rules_are_the_grammar(data);
}
