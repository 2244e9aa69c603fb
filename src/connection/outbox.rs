//! The outgoing messages of one session.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::event::Response;
use super::past::{Past, PastMessages};
use super::reason::Outcome;
use crate::footprint::Footprint;
use crate::keys::MessageKey;
use crate::reassembly::RangeSet;
use crate::spare::Spare;
use crate::time::Instant;
use crate::wire::{FailureReport, MediaType, MessageId};

/// The outgoing messages of one session.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Those that have no outcome yet, in the order in which they began.
    messages: BTreeMap<MessageKey, Sending>,
    by_id: HashMap<MessageId, MessageKey>,
    report_deadlines: BTreeSet<(Instant, MessageKey)>,
    /// Messages that have their outcome, for what comes late.
    past: PastMessages,
}

/// A message that has no outcome yet.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) message_id: MessageId,
    pub(super) content_type: MediaType,
    /// The largest message, in octets, that the peer accepted when it began.
    pub(super) peer_max_size: Option<u64>,
    pub(super) success_report: bool,
    pub(super) failure_report: FailureReport,
    pub(super) report_timeout: Option<Duration>,
    pub(super) report_deadline: Option<Instant>,
    /// Chunks that ask for a response, and responses. A response can arrive
    /// before its chunk has left whole.
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) chunks: u64,
    pub(super) octets: u64,
    pub(super) has_left: bool,
    pub(super) is_reported: bool,
    pub(super) reported: RangeSet,
    pub(super) response: Option<Response>,
}

impl Outbox {
    /// Remembers at most `remembered` messages after their outcome.
    pub(super) fn new(remembered: usize) -> Self {
        Self {
            messages: BTreeMap::new(),
            by_id: HashMap::new(),
            report_deadlines: BTreeSet::new(),
            past: PastMessages::new(remembered),
        }
    }

    pub(super) fn insert(&mut self, key: MessageKey, sending: Sending) {
        self.by_id.insert(sending.message_id, key);
        self.messages.insert(key, sending);
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn get(&self, key: MessageKey) -> Option<&Sending> {
        self.messages.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: MessageKey) -> Option<&mut Sending> {
        self.messages.get_mut(&key)
    }

    /// The message of this id that has no outcome yet.
    pub(super) fn find(&self, id: &MessageId) -> Option<MessageKey> {
        self.by_id.get(id).copied()
    }

    /// The messages that have their outcome.
    pub(super) const fn past(&self) -> &PastMessages {
        &self.past
    }

    /// Takes out a message that has its outcome now, after so many octets have left.
    pub(super) fn finish(
        &mut self,
        key: MessageKey,
        outcome: Outcome,
        octets: u64,
    ) -> Option<Sending> {
        let sending = self.messages.remove(&key)?;
        self.by_id.remove(&sending.message_id);
        self.by_id.give_back();
        let past = Past { key, outcome, success_report: sending.success_report, octets };
        self.past.insert(sending.message_id, past, sending.may_be_answered());
        if let Some(deadline) = sending.report_deadline {
            self.report_deadlines.remove(&(deadline, key));
        }
        Some(sending)
    }

    /// Sets the deadline for the REPORTs on a message, once.
    pub(super) fn await_reports(&mut self, key: MessageKey, now: Instant) {
        let Some(sending) = self.messages.get_mut(&key) else { return };
        if sending.report_deadline.is_none() {
            let deadline = sending.report_timeout.and_then(|timeout| now.checked_add(timeout));
            sending.report_deadline = deadline;
            self.report_deadlines.extend(deadline.map(|deadline| (deadline, key)));
        }
    }

    /// The first deadline for REPORTs, and its message.
    pub(super) fn first_deadline(&self) -> Option<(Instant, MessageKey)> {
        self.report_deadlines.first().copied()
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("outbox messages", self.messages.len());
        footprint.hold("outbox by id", self.by_id.len());
        footprint.hold("outbox report deadlines", self.report_deadlines.len());
        self.past.footprint(footprint);
    }

    /// The messages without an outcome, in the order in which they began.
    pub(super) fn into_messages(self) -> impl Iterator<Item = (MessageKey, Sending)> {
        self.messages.into_iter()
    }
}

impl Sending {
    /// The outcome, once everything that leads to it has come.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        if !self.has_left || !self.was_accepted() {
            None
        } else if self.success_report {
            let is_delivered = self.is_reported && self.reported.covers(self.octets);
            is_delivered.then_some(Outcome::Delivered)
        } else if self.failure_report == FailureReport::Yes {
            Some(Outcome::Accepted)
        } else {
            self.is_answered().then_some(Outcome::Sent)
        }
    }

    /// Whether only success REPORTs are still to come.
    pub(super) fn lacks_only_reports(&self) -> bool {
        self.has_left && self.success_report && self.was_accepted()
    }

    /// Whether it has left whole and no error has come so far. With Failure-Report
    /// `partial` there is no other sign of success.
    pub(super) fn lacks_only_silence(&self) -> bool {
        self.has_left && self.failure_report == FailureReport::Partial
    }

    /// Whether a response to one of its chunks can still come.
    fn may_be_answered(&self) -> bool {
        !self.has_left || !self.is_answered() || self.failure_report == FailureReport::Partial
    }

    /// Whether every chunk that must have a response has one.
    fn was_accepted(&self) -> bool {
        self.is_answered() || self.failure_report != FailureReport::Yes
    }

    const fn is_answered(&self) -> bool {
        self.answered >= self.asked
    }
}
