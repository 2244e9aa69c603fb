//! What is remembered of messages that have their outcome.

use super::types::MessageTypes;
use crate::connection::event::reason::Outcome;
use crate::connection::memory::Memory;
use crate::footprint::Footprint;
use crate::keys::MessageKey;
use crate::wire::{MessageId, StatusCode};

/// A message that has its outcome.
#[derive(Clone, Debug)]
pub(in crate::connection) struct Past {
    pub(in crate::connection) key: MessageKey,
    pub(in crate::connection) types: MessageTypes,
    pub(in crate::connection) outcome: Outcome,
    /// Whether success REPORTs were asked for.
    pub(in crate::connection) success_report: bool,
    /// Octets that left.
    pub(in crate::connection) octets: u64,
    pub(super) failures: Failures,
}

/// The failures of a message that the application knows of. Each chunk of a message can
/// be refused, with the same status as the others, and a peer can repeat its REPORTs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Failures {
    known: [Option<StatusCode>; Self::MAX],
}

impl Failures {
    /// More different ones of one message say nothing of use.
    const MAX: usize = 4;

    /// Those that the outcome of a message tells.
    pub(super) fn of(outcome: Outcome) -> Self {
        let mut failures = Self::default();
        if let Outcome::Rejected(status) = outcome {
            failures.add(status);
        }
        failures
    }

    /// Adds a failure. Returns whether the application has to know of it.
    fn add(&mut self, status: StatusCode) -> bool {
        if self.known.contains(&Some(status)) {
            return false;
        }
        let free = self.known.iter_mut().find(|known| known.is_none());
        free.map(|free| *free = Some(status)).is_some()
    }
}

/// The most recent messages of a session that have their outcome.
#[derive(Debug)]
pub(in crate::connection) struct PastMessages {
    by_id: Memory<Past>,
    /// Those of which a response can still come.
    unanswered: Memory<MessageId, MessageKey>,
}

impl PastMessages {
    /// Remembers at most `max` messages.
    pub(in crate::connection) fn new(max: usize) -> Self {
        Self { by_id: Memory::new(max), unanswered: Memory::new(max) }
    }

    pub(in crate::connection) fn insert(
        &mut self,
        id: MessageId,
        past: Past,
        may_be_answered: bool,
    ) {
        if may_be_answered {
            self.unanswered.insert(past.key, id);
        }
        self.by_id.insert(id, past);
    }

    pub(in crate::connection) fn footprint(&self, footprint: &mut Footprint) {
        footprint.remember("past messages", self.by_id.len());
        footprint.remember("past messages without an answer", self.unanswered.len());
    }

    pub(in crate::connection) fn by_id(&self, id: &MessageId) -> Option<Past> {
        self.by_id.get(id)
    }

    /// A message has failed with a status. Returns whether that is news.
    pub(in crate::connection) fn fail(&mut self, id: &MessageId, status: StatusCode) -> bool {
        self.by_id.get_mut(id).is_some_and(|past| past.failures.add(status))
    }

    /// The message of this key, for a late response.
    pub(in crate::connection) fn by_key(&self, key: MessageKey) -> Option<(MessageId, Past)> {
        let id = self.unanswered.get(&key)?;
        // A later message can have the same id.
        let past = self.by_id.get(&id).filter(|past| past.key == key)?;
        Some((id, past))
    }
}
