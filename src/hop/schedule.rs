//! Which message sends next.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use crate::footprint::Footprint;

/// Whether the messages of one source overtake each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// They take turns, so that a large one does not hold up the others.
    Turns,
    /// Each leaves whole before the next: what comes from one previous hop
    /// keeps its order (RFC 4976 section 3).
    Arrival,
}

/// Where a message is in the queue of its source.
pub(crate) type Place = i64;

/// The messages that have octets to send, by turns. Sources take turns on the
/// connection, and the messages of a source take turns in theirs, so that
/// neither a source with many messages nor a large message holds up others
/// (RFC 4975 section 7.1.1).
#[derive(Debug)]
pub(crate) struct Schedule<S, M> {
    order: Order,
    /// The sources that have a queue, in the order of their turns.
    turns: BTreeMap<u64, S>,
    next_turn: u64,
    queues: HashMap<S, Queue<M>>,
}

/// The messages of one source. It holds at least one.
#[derive(Debug)]
struct Queue<M> {
    turn: u64,
    messages: BTreeMap<Place, M>,
}

impl<S: Copy + Eq + Hash, M: Copy + Eq> Schedule<S, M> {
    pub(crate) fn new(order: Order) -> Self {
        Self { order, turns: BTreeMap::new(), next_turn: 0, queues: HashMap::new() }
    }

    /// Queues the rest of a message that was interrupted.
    pub(crate) fn put_back(&mut self, source: S, message: M) -> Place {
        if self.order == Order::Turns {
            return self.push(source, message);
        }
        let messages = &mut self.queue(source).messages;
        let place = messages.first_key_value().map_or(0, |(first, _)| first - 1);
        messages.insert(place, message);
        place
    }

    /// Queues a message after all others of its source.
    pub(crate) fn push(&mut self, source: S, message: M) -> Place {
        let messages = &mut self.queue(source).messages;
        let place = messages.last_key_value().map_or(0, |(last, _)| last + 1);
        messages.insert(place, message);
        place
    }

    /// Takes the message whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<M> {
        let (_, source) = self.turns.pop_first()?;
        let queue = self.queues.get_mut(&source)?;
        let (_, message) = queue.messages.pop_first()?;
        if queue.messages.is_empty() {
            self.queues.remove(&source);
        } else {
            queue.turn = last_turn(&mut self.turns, &mut self.next_turn, source);
        }
        Some(message)
    }

    pub(crate) fn clear(&mut self) {
        self.turns.clear();
        self.queues.clear();
    }

    /// Removes a message, if it is in the queue, without a search.
    pub(crate) fn remove(&mut self, source: S, message: M, place: Place) {
        let Some(queue) = self.queues.get_mut(&source) else { return };
        if queue.messages.get(&place) == Some(&message) {
            queue.messages.remove(&place);
        }
        if queue.messages.is_empty() {
            self.turns.remove(&queue.turn);
            self.queues.remove(&source);
        }
    }

    pub(crate) fn footprint(&self, footprint: &mut Footprint) {
        let messages = self.queues.values().map(|queue| queue.messages.len());
        footprint.hold("schedule turns", self.turns.len());
        footprint.hold("schedule queues", self.queues.len());
        footprint.hold("schedule messages", messages.sum());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// The queue of a source, for a message that is put into it.
    fn queue(&mut self, source: S) -> &mut Queue<M> {
        let Self { turns, next_turn, queues, .. } = self;
        queues.entry(source).or_insert_with(|| Queue {
            turn: last_turn(turns, next_turn, source),
            messages: BTreeMap::new(),
        })
    }
}

/// Gives a source the turn after all others.
fn last_turn<S>(turns: &mut BTreeMap<u64, S>, next_turn: &mut u64, source: S) -> u64 {
    let turn = *next_turn;
    *next_turn += 1;
    turns.insert(turn, source);
    turn
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::*;

    fn drained(mut schedule: Schedule<char, u8>) -> Vec<u8> {
        std::iter::from_fn(|| schedule.pop()).collect()
    }

    #[test]
    fn sources_take_turns_and_so_do_their_messages() {
        let mut schedule = Schedule::new(Order::Turns);
        for (source, message) in [('a', 1), ('a', 2), ('a', 3), ('b', 4), ('b', 5)] {
            schedule.push(source, message);
        }
        assert_eq!(schedule.pop(), Some(1));
        schedule.put_back('a', 1);
        assert_eq!(drained(schedule), [4, 2, 5, 3, 1]);
    }

    #[test]
    fn what_arrived_first_is_put_back_first() {
        let mut schedule = Schedule::new(Order::Arrival);
        schedule.push('a', 1);
        schedule.push('a', 2);
        assert_eq!(schedule.pop(), Some(1));
        schedule.put_back('a', 1);
        assert_eq!(drained(schedule), [1, 2]);
    }

    #[test]
    fn a_message_that_leaves_the_queue_takes_its_turn_with_it() {
        let mut schedule = Schedule::new(Order::Turns);
        let places: Vec<Place> = (0..3).map(|message| schedule.push('a', message)).collect();
        schedule.push('b', 9);
        schedule.remove('a', 1, places[1]);
        // It has left before.
        schedule.remove('a', 1, places[1]);
        schedule.remove('a', 0, places[0]);
        schedule.remove('a', 2, places[2]);
        schedule.push('a', 7);
        assert_eq!(drained(schedule), [9, 7]);
    }

    #[test]
    fn a_place_is_of_one_message() {
        let mut schedule = Schedule::new(Order::Turns);
        let place = schedule.push('a', 1);
        assert_eq!(schedule.pop(), Some(1));
        assert!(schedule.is_empty());
        assert_eq!(schedule.push('a', 2), place);
        schedule.remove('a', 1, place);
        assert_eq!(drained(schedule), [2]);
    }
}
