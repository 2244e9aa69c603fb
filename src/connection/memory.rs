//! What is remembered of the most recent messages.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::wire::MessageId;

/// A value for each of the most recent Message-IDs, or other ids, the oldest
/// forgotten first.
#[derive(Debug)]
pub(super) struct Memory<V, K = MessageId> {
    values: HashMap<K, V>,
    order: VecDeque<K>,
    max: usize,
}

impl<V, K: Copy + Eq + Hash> Memory<V, K> {
    /// Remembers at most `max` ids.
    pub(super) fn new(max: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), max }
    }

    /// Remembers an id. One that is known keeps its place in the order.
    pub(super) fn insert(&mut self, id: K, value: V) {
        if self.values.insert(id, value).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }

    pub(super) fn get(&self, id: &K) -> Option<V>
    where
        V: Copy,
    {
        self.values.get(id).copied()
    }

    /// The value of an id, which keeps its place until it is the oldest.
    pub(super) fn take(&mut self, id: &K) -> Option<V> {
        self.values.remove(id)
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn contains(&self, id: &K) -> bool {
        self.values.contains_key(id)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn id(text: &str) -> MessageId {
        text.parse().unwrap()
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut memory = Memory::new(2);
        for (name, value) in [("first", 1), ("second", 2), ("first", 3), ("third", 4)] {
            memory.insert(id(name), value);
        }
        assert_eq!(memory.get(&id("first")), None);
        assert_eq!(memory.get(&id("second")), Some(2));
        assert_eq!(memory.get(&id("third")), Some(4));
    }

    #[test]
    fn a_memory_of_nothing_remembers_nothing() {
        let mut memory = Memory::new(0);
        memory.insert(id("first"), ());
        assert!(!memory.contains(&id("first")) && memory.order.is_empty());
    }
}
