//! Which message sends next.

use std::collections::{HashMap, VecDeque};

use super::{MessageKey, SessionId};

/// The messages that have octets to send, in turn: sessions take turns on the
/// connection, and the messages of a session take turns in theirs, so that
/// neither a session with many messages nor a large message holds up others
/// (RFC 4975 section 7.1.1).
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    turns: VecDeque<SessionId>,
    ready: HashMap<SessionId, VecDeque<MessageKey>>,
}

impl Schedule {
    /// Puts a message behind all others of its session.
    pub(crate) fn push(&mut self, session: SessionId, message: MessageKey) {
        let queue = self.ready.entry(session).or_default();
        if queue.is_empty() {
            self.turns.push_back(session);
        }
        queue.push_back(message);
    }

    /// Takes the message whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<MessageKey> {
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

    /// Takes a message out of the order.
    pub(crate) fn remove(&mut self, session: SessionId, message: MessageKey) {
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
