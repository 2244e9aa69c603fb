//! What a connection holds, counted: for the tests that nothing leaks.

use std::collections::BTreeMap;

/// The length of every table, queue and weight of a connection.
///
/// A number is the sum over all sessions. `held` is 0 again, or as large as before,
/// when everything that began has ended. `remembered` is what outlives that: memories
/// with a limit, and lists from which ended entries are removed later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// By name: what begins and ends.
    pub held: BTreeMap<&'static str, usize>,
    /// By name: what is kept up to a limit.
    pub remembered: BTreeMap<&'static str, usize>,
}

impl Footprint {
    /// Counts what begins and ends.
    pub(crate) fn hold(&mut self, name: &'static str, count: usize) {
        *self.held.entry(name).or_default() += count;
    }

    /// Counts what is kept up to a limit.
    pub(crate) fn remember(&mut self, name: &'static str, count: usize) {
        *self.remembered.entry(name).or_default() += count;
    }
}
