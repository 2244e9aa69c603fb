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

/// The most messages of a source of which the receiver has a part at a time, while
/// they have octets to send. A receiver holds each of them until it is complete.
const MAX_BEGUN: usize = 8;

/// How far a message is that has its next turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing of it has left, and it may take more than one chunk.
    Fresh,
    /// Nothing of it has left, and one chunk takes all of it.
    Short,
    /// A part of it has left.
    Begun,
}

/// The messages that have octets to send, by turns. Sources take turns on the
/// connection, and the messages of a source take turns in theirs, so that
/// neither a source with many messages nor a large message holds up others
/// (RFC 4975 section 7.1.1). Of the long messages of a source, [`MAX_BEGUN`] take
/// turns until one of them has left whole; the next one begins then.
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
    /// Those that may leave at their turn, and how far they are.
    ready: BTreeMap<Place, (M, Stage)>,
    /// How many of those have begun.
    begun: usize,
    /// Those that may begin while few others have.
    fresh: BTreeMap<Place, M>,
}

impl<S: Copy + Eq + Hash, M: Copy + Eq> Schedule<S, M> {
    pub(crate) fn new(order: Order) -> Self {
        Self { order, turns: BTreeMap::new(), next_turn: 0, queues: HashMap::new() }
    }

    /// Queues the rest of a message that was interrupted.
    pub(crate) fn put_back(&mut self, source: S, message: M) -> Place {
        if self.order == Order::Turns {
            return self.push(source, message, Stage::Begun);
        }
        let queue = self.queue(source);
        let place = queue.first().map_or(0, |first| first - 1);
        queue.insert(place, message, Stage::Begun);
        place
    }

    /// Queues a message after all others of its source.
    pub(crate) fn push(&mut self, source: S, message: M, stage: Stage) -> Place {
        // Messages that keep their order have no others to begin before.
        let stage = if self.order == Order::Arrival { Stage::Begun } else { stage };
        let queue = self.queue(source);
        let place = queue.last().map_or(0, |last| last + 1);
        queue.insert(place, message, stage);
        place
    }

    /// Takes the message whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<M> {
        let (_, source) = self.turns.pop_first()?;
        let queue = self.queues.get_mut(&source)?;
        let message = queue.pop()?;
        if queue.is_empty() {
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
        queue.remove(message, place);
        if queue.is_empty() {
            self.turns.remove(&queue.turn);
            self.queues.remove(&source);
        }
    }

    pub(crate) fn footprint(&self, footprint: &mut Footprint) {
        let messages = self.queues.values().map(Queue::len);
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
            ready: BTreeMap::new(),
            begun: 0,
            fresh: BTreeMap::new(),
        })
    }
}

impl<M: Copy + Eq> Queue<M> {
    fn insert(&mut self, place: Place, message: M, stage: Stage) {
        match stage {
            Stage::Fresh => drop(self.fresh.insert(place, message)),
            Stage::Short | Stage::Begun => {
                self.begun += usize::from(stage == Stage::Begun);
                self.ready.insert(place, (message, stage));
            }
        }
    }

    fn remove(&mut self, message: M, place: Place) {
        if self.fresh.get(&place) == Some(&message) {
            self.fresh.remove(&place);
        } else if self.ready.get(&place).is_some_and(|(there, _)| *there == message) {
            self.take_ready(place);
        }
    }

    /// Takes the first message that may leave.
    fn pop(&mut self) -> Option<M> {
        let ready = self.ready.first_key_value().map(|(place, _)| *place);
        let fresh = self.fresh.first_key_value().map(|(place, _)| *place);
        match (ready, fresh) {
            (Some(ready), Some(fresh)) if fresh > ready || self.begun >= MAX_BEGUN => {
                self.take_ready(ready)
            }
            (_, Some(fresh)) => self.fresh.remove(&fresh),
            (Some(ready), None) => self.take_ready(ready),
            (None, None) => None,
        }
    }

    fn take_ready(&mut self, place: Place) -> Option<M> {
        let (message, stage) = self.ready.remove(&place)?;
        self.begun -= usize::from(stage == Stage::Begun);
        Some(message)
    }

    fn first(&self) -> Option<Place> {
        let ready = self.ready.first_key_value().map(|(place, _)| *place);
        let fresh = self.fresh.first_key_value().map(|(place, _)| *place);
        ready.into_iter().chain(fresh).min()
    }

    fn last(&self) -> Option<Place> {
        let ready = self.ready.last_key_value().map(|(place, _)| *place);
        let fresh = self.fresh.last_key_value().map(|(place, _)| *place);
        ready.max(fresh)
    }

    fn len(&self) -> usize {
        self.ready.len() + self.fresh.len()
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.fresh.is_empty()
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
    #![allow(clippy::indexing_slicing, clippy::unwrap_used)]

    use super::*;

    fn drained(mut schedule: Schedule<char, u8>) -> Vec<u8> {
        std::iter::from_fn(|| schedule.pop()).collect()
    }

    #[test]
    fn sources_take_turns_and_so_do_their_messages() {
        let mut schedule = Schedule::new(Order::Turns);
        for (source, message) in [('a', 1), ('a', 2), ('a', 3), ('b', 4), ('b', 5)] {
            schedule.push(source, message, Stage::Fresh);
        }
        assert_eq!(schedule.pop(), Some(1));
        schedule.put_back('a', 1);
        assert_eq!(drained(schedule), [4, 2, 5, 3, 1]);
    }

    #[test]
    fn what_arrived_first_is_put_back_first() {
        let mut schedule = Schedule::new(Order::Arrival);
        schedule.push('a', 1, Stage::Fresh);
        schedule.push('a', 2, Stage::Fresh);
        assert_eq!(schedule.pop(), Some(1));
        schedule.put_back('a', 1);
        assert_eq!(drained(schedule), [1, 2]);
    }

    #[test]
    fn a_message_that_leaves_the_queue_takes_its_turn_with_it() {
        let mut schedule = Schedule::new(Order::Turns);
        let places: Vec<Place> =
            (0..3).map(|message| schedule.push('a', message, Stage::Fresh)).collect();
        schedule.push('b', 9, Stage::Fresh);
        schedule.remove('a', 1, places[1]);
        // It has left before.
        schedule.remove('a', 1, places[1]);
        schedule.remove('a', 0, places[0]);
        schedule.remove('a', 2, places[2]);
        schedule.push('a', 7, Stage::Fresh);
        assert_eq!(drained(schedule), [9, 7]);
    }

    #[test]
    fn a_place_is_of_one_message() {
        let mut schedule = Schedule::new(Order::Turns);
        let place = schedule.push('a', 1, Stage::Fresh);
        assert_eq!(schedule.pop(), Some(1));
        assert!(schedule.is_empty());
        assert_eq!(schedule.push('a', 2, Stage::Fresh), place);
        schedule.remove('a', 1, place);
        assert_eq!(drained(schedule), [2]);
    }

    #[test]
    fn few_long_messages_have_begun_at_a_time() {
        let mut schedule = Schedule::new(Order::Turns);
        for message in 0..20 {
            schedule.push('a', message, Stage::Fresh);
        }
        for turn in 0..2 * MAX_BEGUN {
            let message = schedule.pop().unwrap();
            assert_eq!(usize::from(message), turn % MAX_BEGUN);
            schedule.put_back('a', message);
        }
        // A short one does not wait for them.
        schedule.push('a', 100, Stage::Short);
        let turns: Vec<u8> = std::iter::from_fn(|| schedule.pop()).collect();
        assert_eq!(
            turns,
            [0, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 1, 2, 3, 4, 5, 6, 7, 100]
        );
    }
}
