//! Keys in the order of a rank that only grows.

use std::collections::{BTreeMap, BTreeSet};

/// Keys by their ranks. Ranks grow all the time, and are looked at only when the least is
/// wanted, which costs as much as has grown since.
#[derive(Debug)]
pub(super) struct Ranking<K, R> {
    known: BTreeMap<K, R>,
    order: BTreeSet<(R, K)>,
}

impl<K: Copy + Ord, R: Copy + Ord> Ranking<K, R> {
    pub(super) fn insert(&mut self, key: K, rank: R) {
        if let Some(before) = self.known.insert(key, rank) {
            self.order.remove(&(before, key));
        }
        self.order.insert((rank, key));
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn remove(&mut self, key: K) {
        if let Some(rank) = self.known.remove(&key) {
            self.order.remove(&(rank, key));
        }
    }

    /// The key with the least rank, but for one.
    pub(super) fn least(&mut self, but: Option<K>, rank: impl Fn(K) -> R) -> Option<K> {
        loop {
            let (known, key) = *self.order.iter().find(|(_, key)| Some(*key) != but)?;
            let now = rank(key);
            if now <= known {
                return Some(key);
            }
            self.insert(key, now);
        }
    }
}

impl<K, R> Default for Ranking<K, R> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), order: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::*;

    #[test]
    fn the_least_is_found_whatever_has_grown() {
        let mut ranking = Ranking::default();
        let mut ranks = [3, 1, 2, 5];
        (0..4).for_each(|key| ranking.insert(key, ranks[key]));
        assert_eq!(ranking.least(None, |key| ranks[key]), Some(1));
        assert_eq!(ranking.least(Some(1), |key| ranks[key]), Some(2));
        ranks = [4, 7, 6, 5];
        assert_eq!(ranking.least(None, |key| ranks[key]), Some(0));
        ranking.remove(0);
        assert_eq!(ranking.least(None, |key| ranks[key]), Some(3));
        assert_eq!(ranking.least(Some(3), |key| ranks[key]), Some(2));
        (1..4).for_each(|key| ranking.remove(key));
        assert_eq!(ranking.least(None, |key| ranks[key]), None);
    }
}
