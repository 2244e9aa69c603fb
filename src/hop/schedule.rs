//! Which message sends next.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Whether the messages of one source overtake each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// They take turns, so that a large one does not hold up the others.
    Turns,
    /// Each leaves completely before the next one begins: chunks from one previous
    /// hop keep their order (RFC 4976 section 3).
    Arrival,
}

/// The messages that have octets to send, by turns. Sources take turns on the
/// connection, and the messages of a source take turns in theirs, so that
/// neither a source with many messages nor a large message holds up others
/// (RFC 4975 section 7.1.1).
#[derive(Debug)]
pub(crate) struct Schedule<S, M> {
    order: Order,
    turns: VecDeque<S>,
    ready: HashMap<S, VecDeque<M>>,
}

impl<S: Copy + Eq + Hash, M: Copy + Eq> Schedule<S, M> {
    pub(crate) fn new(order: Order) -> Self {
        Self { order, turns: VecDeque::new(), ready: HashMap::new() }
    }

    /// Queues the rest of a message that was interrupted.
    pub(crate) fn put_back(&mut self, source: S, message: M) {
        if self.order == Order::Turns {
            return self.push(source, message);
        }
        let queue = self.ready.entry(source).or_default();
        if queue.is_empty() {
            self.turns.push_back(source);
        }
        queue.push_front(message);
    }

    /// Queues a message after all others of its source.
    pub(crate) fn push(&mut self, source: S, message: M) {
        let queue = self.ready.entry(source).or_default();
        if queue.is_empty() {
            self.turns.push_back(source);
        }
        queue.push_back(message);
    }

    /// Takes the message whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<M> {
        while let Some(source) = self.turns.pop_front() {
            let Some(queue) = self.ready.get_mut(&source) else { continue };
            let message = queue.pop_front();
            if queue.is_empty() {
                self.ready.remove(&source);
            } else {
                self.turns.push_back(source);
            }
            if message.is_some() {
                return message;
            }
        }
        None
    }

    pub(crate) fn clear(&mut self) {
        self.turns.clear();
        self.ready.clear();
    }

    /// Removes a message.
    pub(crate) fn remove(&mut self, source: S, message: M) {
        if let Some(queue) = self.ready.get_mut(&source) {
            queue.retain(|queued| *queued != message);
            if queue.is_empty() {
                self.ready.remove(&source);
                self.turns.retain(|turn| *turn != source);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}
