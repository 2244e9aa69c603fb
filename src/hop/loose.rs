//! The transactions of a source that hold no place.

use std::collections::{BTreeMap, VecDeque};

use crate::footprint::Footprint;
use crate::wire::TransactionId;

/// Transactions that hold up nobody, by their source: silence on them is success, or
/// their message has ended. A source has at most so many of them; one more ends the
/// oldest whose message has ended, which has its outcome, or else the oldest.
#[derive(Debug)]
pub(super) struct Loose<S> {
    max: usize,
    by_source: BTreeMap<S, Line>,
}

/// The transactions of one source, in two lines. Oldest first; some may have ended.
#[derive(Debug, Default)]
struct Line {
    silent: VecDeque<TransactionId>,
    of_ended: VecDeque<TransactionId>,
    /// How many have not ended.
    len: usize,
}

/// How many ended transactions a line may have, beside one for each other.
const SLACK: usize = 64;

impl<S: Copy + Ord> Loose<S> {
    pub(super) fn new(max: usize) -> Self {
        Self { max: max.max(1), by_source: BTreeMap::new() }
    }

    /// Adds a transaction in which silence is success. Returns the one that `is_open`
    /// and is one too many: it has to end.
    pub(super) fn add_silent(
        &mut self,
        source: S,
        id: TransactionId,
        is_open: impl Fn(&TransactionId) -> bool,
    ) -> Option<TransactionId> {
        let line = self.by_source.entry(source).or_default();
        line.silent.push_back(id);
        line.add(self.max, is_open)
    }

    /// Adds a transaction of a message that has ended. Returns the one that `is_open`
    /// and is one too many, which can be itself.
    pub(super) fn add_of_ended(
        &mut self,
        source: S,
        id: TransactionId,
        is_open: impl Fn(&TransactionId) -> bool,
    ) -> Option<TransactionId> {
        let line = self.by_source.entry(source).or_default();
        line.of_ended.push_back(id);
        line.add(self.max, is_open)
    }

    /// One of the transactions of a source has ended.
    pub(super) fn ended(&mut self, source: S, is_open: impl Fn(&TransactionId) -> bool) {
        let Some(line) = self.by_source.get_mut(&source) else { return };
        line.len = line.len.saturating_sub(1);
        if line.len == 0 {
            self.by_source.remove(&source);
        } else if line.ids() > 2 * line.len + SLACK {
            line.silent.retain(&is_open);
            line.of_ended.retain(&is_open);
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_source.clear();
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        let lines = self.by_source.values();
        footprint.hold("transactions without a place", lines.map(|line| line.len).sum());
        let ids = self.by_source.values().map(Line::ids);
        footprint.remember("transactions without a place, in order", ids.sum());
    }
}

impl Line {
    fn add(
        &mut self,
        max: usize,
        is_open: impl Fn(&TransactionId) -> bool,
    ) -> Option<TransactionId> {
        self.len += 1;
        if self.len <= max {
            return None;
        }
        let mut oldest =
            std::iter::from_fn(|| self.of_ended.pop_front().or_else(|| self.silent.pop_front()));
        oldest.find(is_open)
    }

    fn ids(&self) -> usize {
        self.silent.len() + self.of_ended.len()
    }
}
