//! What is remembered of the most recent messages.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::wire::MessageId;

/// A value for each of the most recent Message-IDs, or other ids, the oldest
/// forgotten first.
#[derive(Debug)]
pub(super) struct Memory<V, K = MessageId> {
    /// Each with its place in the order.
    values: HashMap<K, (u64, V)>,
    /// Oldest first. A place that its id has left counts no more.
    order: VecDeque<(u64, K)>,
    next: u64,
    max: usize,
}

/// How many places may count no more, beside one for each id.
const SLACK: usize = 64;

impl<V, K: Copy + Eq + Hash> Memory<V, K> {
    /// Remembers at most `max` ids.
    pub(super) fn new(max: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), next: 0, max }
    }

    /// Remembers an id. It is the newest now, even if it was known.
    pub(super) fn insert(&mut self, id: K, value: V) {
        let place = self.next;
        self.next += 1;
        self.order.push_back((place, id));
        self.values.insert(id, (place, value));
        while self.values.len() > self.max
            && let Some((place, oldest)) = self.order.pop_front()
        {
            if is_at(&self.values, &oldest, place) {
                self.values.remove(&oldest);
            }
        }
        if self.order.len() > 2 * self.values.len() + SLACK {
            self.order.retain(|(place, id)| is_at(&self.values, id, *place));
        }
    }

    pub(super) fn get(&self, id: &K) -> Option<V>
    where
        V: Copy,
    {
        self.values.get(id).map(|(_, value)| *value)
    }

    pub(super) fn get_mut(&mut self, id: &K) -> Option<&mut V> {
        self.values.get_mut(id).map(|(_, value)| value)
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn contains(&self, id: &K) -> bool {
        self.values.contains_key(id)
    }
}

fn is_at<V, K: Eq + Hash>(values: &HashMap<K, (u64, V)>, id: &K, place: u64) -> bool {
    values.get(id).is_some_and(|(now, _)| *now == place)
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
        assert_eq!(memory.get(&id("first")), Some(3));
        assert_eq!(memory.get(&id("second")), None);
        assert_eq!(memory.get(&id("third")), Some(4));
        for _ in 0..1000 {
            memory.insert(id("first"), 5);
        }
        assert_eq!((memory.get(&id("third")), memory.len()), (Some(4), 2));
        assert!(memory.order.len() <= 2 * 2 + SLACK);
    }

    #[test]
    fn a_memory_of_nothing_remembers_nothing() {
        let mut memory = Memory::new(0);
        memory.insert(id("first"), ());
        assert!(!memory.contains(&id("first")) && memory.order.is_empty());
    }
}
