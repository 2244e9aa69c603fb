//! Who holds how many of something, and who most.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How many each holder has.
#[derive(Debug)]
pub(in crate::relay) struct Shares<H> {
    counts: BTreeMap<H, Count>,
    order: BTreeSet<(Count, H)>,
    /// The number of the last change.
    changes: u64,
}

/// How many, and which change that was: of two with as many, the one that has had them for
/// longer is larger, so that nobody can choose to be the smaller.
type Count = (usize, Reverse<u64>);

impl<H: Clone + Ord> Shares<H> {
    /// A holder has one more.
    pub(in crate::relay) fn add(&mut self, holder: &H) {
        self.set(holder, self.count(holder) + 1);
    }

    /// A holder has one fewer.
    pub(in crate::relay) fn remove(&mut self, holder: &H) {
        self.set(holder, self.count(holder).saturating_sub(1));
    }

    pub(super) fn set(&mut self, holder: &H, count: usize) {
        if let Some(before) = self.counts.remove(holder) {
            self.order.remove(&(before, holder.clone()));
        }
        if count > 0 {
            self.changes += 1;
            let count = (count, Reverse(self.changes));
            self.counts.insert(holder.clone(), count);
            self.order.insert((count, holder.clone()));
        }
    }

    pub(in crate::relay) fn count(&self, holder: &H) -> usize {
        self.counts.get(holder).map_or(0, |(count, _)| *count)
    }

    /// The holder that has most.
    pub(in crate::relay) fn most(&self) -> Option<(usize, &H)> {
        self.order.last().map(|((count, _), holder)| (*count, holder))
    }

    /// How many holders have any.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    pub(in crate::relay) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

impl<H> Default for Shares<H> {
    fn default() -> Self {
        Self { counts: BTreeMap::new(), order: BTreeSet::new(), changes: 0 }
    }
}
