//! The transactions of a source that hold no place.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::footprint::Footprint;
use crate::wire::TransactionId;

/// Transactions that hold up nobody, by their source: silence on them is success, or
/// their message has ended. A source has at most so many of them; one more ends the
/// oldest.
#[derive(Debug)]
pub(super) struct Loose<S> {
    max: usize,
    by_source: HashMap<S, Line>,
}

/// The transactions of one source.
#[derive(Debug, Default)]
struct Line {
    /// Oldest first. Some may have ended.
    ids: VecDeque<TransactionId>,
    /// How many have not.
    len: usize,
}

/// How many ended transactions a line may have, beside one for each other.
const SLACK: usize = 64;

impl<S: Copy + Eq + Hash> Loose<S> {
    pub(super) fn new(max: usize) -> Self {
        Self { max: max.max(1), by_source: HashMap::new() }
    }

    /// Adds a transaction. Returns the oldest that `is_open` if it is one too many: it
    /// has to end.
    pub(super) fn add(
        &mut self,
        source: S,
        id: TransactionId,
        is_open: impl Fn(&TransactionId) -> bool,
    ) -> Option<TransactionId> {
        let line = self.by_source.entry(source).or_default();
        line.ids.push_back(id);
        line.len += 1;
        if line.len <= self.max {
            return None;
        }
        while let Some(oldest) = line.ids.pop_front() {
            if is_open(&oldest) {
                return Some(oldest);
            }
        }
        None
    }

    /// One of the transactions of a source has ended.
    pub(super) fn ended(&mut self, source: S, is_open: impl Fn(&TransactionId) -> bool) {
        let Some(line) = self.by_source.get_mut(&source) else { return };
        line.len = line.len.saturating_sub(1);
        if line.len == 0 {
            self.by_source.remove(&source);
        } else if line.ids.len() > 2 * line.len + SLACK {
            line.ids.retain(|id| is_open(id));
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_source.clear();
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        let lines = self.by_source.values();
        footprint.hold("transactions without a place", lines.map(|line| line.len).sum());
        let ids = self.by_source.values().map(|line| line.ids.len());
        footprint.remember("transactions without a place, in order", ids.sum());
    }
}
