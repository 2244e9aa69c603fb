//! What is remembered of messages and requests that have ended.

use std::ops::Range;

use super::carried::Purpose;
use super::memory::Memory;
use super::reason::Outcome;
use crate::footprint::Footprint;
use crate::keys::MessageKey;
use crate::wire::MessageId;

/// A message that has its outcome.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    pub(super) key: MessageKey,
    pub(super) outcome: Outcome,
    /// Whether success REPORTs were asked for.
    pub(super) success_report: bool,
    /// Octets that left.
    pub(super) octets: u64,
}

/// A request that has ended without a response.
#[derive(Clone, Debug)]
pub(super) struct EndedRequest {
    pub(super) purpose: Purpose,
    /// The octets of its message that it carried.
    pub(super) octets: Range<u64>,
}

/// The most recent messages of a session that have their outcome.
#[derive(Debug)]
pub(super) struct PastMessages {
    by_id: Memory<Past>,
    /// Those of which a response can still come.
    unanswered: Memory<MessageId, MessageKey>,
}

impl PastMessages {
    /// Remembers at most `max` messages.
    pub(super) fn new(max: usize) -> Self {
        Self { by_id: Memory::new(max), unanswered: Memory::new(max) }
    }

    pub(super) fn insert(&mut self, id: MessageId, past: Past, may_be_answered: bool) {
        self.by_id.insert(id, past);
        if may_be_answered {
            self.unanswered.insert(past.key, id);
        }
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        footprint.remember("past messages", self.by_id.len());
        footprint.remember("past messages without an answer", self.unanswered.len());
    }

    pub(super) fn by_id(&self, id: &MessageId) -> Option<Past> {
        self.by_id.get(id)
    }

    /// The message of this key, for a late response.
    pub(super) fn by_key(&self, key: MessageKey) -> Option<(MessageId, Past)> {
        let id = self.unanswered.get(&key)?;
        // A later message can have the same id.
        let past = self.by_id.get(&id).filter(|past| past.key == key)?;
        Some((id, past))
    }
}
