//! What is remembered of the most recent messages.

pub(super) mod mailbox;
pub(super) mod messages;
pub(super) mod store;

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::wire::MessageId;

/// A value for each of the most recent Message-IDs, or other ids, the oldest
/// forgotten first.
#[derive(Debug)]
pub(super) struct Memory<V, K = MessageId> {
    /// Each with the number of its places in the order, of which the last one counts.
    values: HashMap<K, (u32, V)>,
    /// Oldest first.
    order: VecDeque<K>,
    max: usize,
}

/// How many places may not count, beside a quarter of those that do.
const SLACK: usize = 64;

impl<V, K: Copy + Eq + Hash> Memory<V, K> {
    /// Remembers at most `max` ids.
    pub(super) fn new(max: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), max }
    }

    /// Remembers an id. It is the newest now, even if it was known.
    pub(super) fn insert(&mut self, id: K, value: V) {
        let earlier = self.values.get(&id).map_or(0, |(places, _)| *places);
        self.values.insert(id, (earlier + 1, value));
        self.order.push_back(id);
        while self.values.len() > self.max
            && let Some(oldest) = self.order.pop_front()
        {
            if is_last_place(&mut self.values, &oldest) {
                self.values.remove(&oldest);
            }
        }
        if self.order.len() > self.values.len() + self.values.len() / 4 + SLACK {
            self.order.retain(|id| is_last_place(&mut self.values, id));
        }
    }

    pub(super) fn get(&self, id: &K) -> Option<V>
    where
        V: Clone,
    {
        self.values.get(id).map(|(_, value)| value.clone())
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

/// Takes the first place of an id, unless it is the last one. Returns whether it is.
fn is_last_place<V, K: Eq + Hash>(values: &mut HashMap<K, (u32, V)>, id: &K) -> bool {
    match values.get_mut(id) {
        Some((places, _)) if *places > 1 => {
            *places -= 1;
            false
        }
        Some(_) | None => true,
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
        assert_eq!(memory.get(&id("first")), Some(3));
        assert_eq!(memory.get(&id("second")), None);
        assert_eq!(memory.get(&id("third")), Some(4));
        for _ in 0..1000 {
            memory.insert(id("first"), 5);
        }
        assert_eq!((memory.get(&id("third")), memory.len()), (Some(4), 2));
        assert!(memory.order.len() <= 2 + SLACK);
        memory.insert(id("fourth"), 6);
        assert_eq!((memory.get(&id("third")), memory.get(&id("first"))), (None, Some(5)));
    }

    #[test]
    fn a_memory_of_nothing_remembers_nothing() {
        let mut memory = Memory::new(0);
        memory.insert(id("first"), ());
        assert!(!memory.contains(&id("first")) && memory.order.is_empty());
    }
}
