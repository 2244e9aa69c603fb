//! Which message sends next.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Whether the messages of one session overtake each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// They take turns, so that a large one does not hold up the others.
    Turns,
    /// Each leaves whole before the next: what comes from one previous hop
    /// keeps its order (RFC 4976 section 3).
    Arrival,
}

/// The messages that have octets to send, in turn: sessions take turns on the
/// connection, and the messages of a session take turns in theirs, so that
/// neither a session with many messages nor a large message holds up others
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

    /// Puts a message that was interrupted where its rest has its turn.
    pub(crate) fn put_back(&mut self, session: S, message: M) {
        if self.order == Order::Turns {
            return self.push(session, message);
        }
        let queue = self.ready.entry(session).or_default();
        if queue.is_empty() {
            self.turns.push_back(session);
        }
        queue.push_front(message);
    }

    /// Puts a message after all others of its session.
    pub(crate) fn push(&mut self, session: S, message: M) {
        let queue = self.ready.entry(session).or_default();
        if queue.is_empty() {
            self.turns.push_back(session);
        }
        queue.push_back(message);
    }

    /// Takes the message whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<M> {
        while let Some(session) = self.turns.pop_front() {
            let Some(queue) = self.ready.get_mut(&session) else { continue };
            let message = queue.pop_front();
            if queue.is_empty() {
                self.ready.remove(&session);
            } else {
                self.turns.push_back(session);
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

    /// Takes a message out of the order.
    pub(crate) fn remove(&mut self, session: S, message: M) {
        if let Some(queue) = self.ready.get_mut(&session) {
            queue.retain(|queued| *queued != message);
            if queue.is_empty() {
                self.ready.remove(&session);
                self.turns.retain(|turn| *turn != session);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}
