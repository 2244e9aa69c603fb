//! The outgoing messages of one session.

pub(super) mod message;
pub(super) mod opening;
pub(super) mod past;
pub(super) mod types;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::config::session::SessionConfig;
use super::event::Response;
use super::event::reason::Outcome;
use crate::footprint::Footprint;
use crate::keys::MessageKey;
use crate::reassembly::RangeSet;
use crate::spare::Spare;
use crate::time::Instant;
use crate::wire::{FailureReport, MessageId};
use opening::Opening;
use past::{Failures, Past, PastMessages};
use types::MessageTypes;

/// The outgoing messages of one session.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Those that have no outcome yet, in the order in which they began.
    messages: BTreeMap<MessageKey, Sending>,
    by_id: HashMap<MessageId, MessageKey>,
    /// At most one for each message: for its progress while it has octets to send,
    /// and later for its REPORTs.
    deadlines: BTreeSet<(Instant, MessageKey)>,
    /// Messages that wait for REPORTs alone, the one that has waited longest first.
    reporting: BTreeMap<u64, MessageKey>,
    next_reporting: u64,
    /// Messages that have their outcome, for what comes late.
    past: PastMessages,
}

/// A message that has no outcome yet.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) message_id: MessageId,
    pub(super) types: MessageTypes,
    /// The start of a streamed message that may still say what it wraps.
    pub(super) opening: Option<Opening>,
    /// What the peer accepted when it began.
    pub(super) config: Arc<SessionConfig>,
    pub(super) success_report: bool,
    pub(super) failure_report: FailureReport,
    pub(super) report_timeout: Option<Duration>,
    pub(super) progress_timeout: Option<Duration>,
    /// Since when it has octets to send.
    pub(super) waits_since: Option<Instant>,
    pub(super) deadline: Option<Instant>,
    /// Its place among those that wait for REPORTs alone.
    pub(super) reporting: Option<u64>,
    /// Chunks that ask for a response, and responses. A response can arrive
    /// before its chunk has left whole.
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) chunks: u64,
    pub(super) octets: u64,
    /// Octets in chunks that were accepted.
    pub(super) accepted: u64,
    pub(super) progress_events: bool,
    /// Whether an event of its progress waits.
    pub(super) tells_progress: bool,
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
            deadlines: BTreeSet::new(),
            reporting: BTreeMap::new(),
            next_reporting: 0,
            past: PastMessages::new(remembered),
        }
    }

    pub(super) fn insert(&mut self, key: MessageKey, sending: Sending) {
        self.by_id.insert(sending.message_id, key);
        self.messages.insert(key, sending);
    }

    /// The messages that wait for more than REPORTs.
    pub(super) fn len(&self) -> usize {
        self.messages.len() - self.reporting.len()
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

    pub(super) const fn past_mut(&mut self) -> &mut PastMessages {
        &mut self.past
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
        let (success_report, failures) = (sending.success_report, Failures::of(outcome));
        let types = sending.types.clone();
        let past = Past { key, types, outcome, success_report, octets, failures };
        self.past.insert(sending.message_id, past, sending.may_be_answered());
        if let Some(deadline) = sending.deadline {
            self.deadlines.remove(&(deadline, key));
        }
        if let Some(place) = sending.reporting {
            self.reporting.remove(&place);
        }
        Some(sending)
    }

    /// A message has octets to send from now on.
    pub(super) fn await_progress(&mut self, key: MessageKey, now: Instant) {
        let Some(sending) = self.messages.get_mut(&key) else { return };
        if sending.has_left {
            return;
        }
        sending.waits_since = Some(now);
        if sending.deadline.is_none() {
            let deadline = sending.progress_timeout.and_then(|timeout| now.checked_add(timeout));
            self.set_deadline(key, deadline);
        }
    }

    /// When a message that has octets to send has waited for too long, if an octet of the
    /// connection last left at `left`. While octets of others leave, it waits for its
    /// turn: on a slow link with many messages, for minutes.
    pub(super) fn progress_due(&self, key: MessageKey, left: Instant) -> Option<Instant> {
        let sending = self.messages.get(&key)?;
        sending.waits_since?.max(left).checked_add(sending.progress_timeout?)
    }

    /// Every octet of a message has left, so its progress has no deadline.
    pub(super) fn has_left(&mut self, key: MessageKey) {
        self.set_deadline(key, None);
    }

    /// A message waits for REPORTs alone. Their deadline starts. Returns whether it is
    /// new that it does.
    pub(super) fn await_reports(&mut self, key: MessageKey, now: Instant) -> bool {
        let Some(sending) = self.messages.get_mut(&key) else { return false };
        if sending.reporting.is_some() {
            return false;
        }
        let place = self.next_reporting;
        self.next_reporting += 1;
        sending.reporting = Some(place);
        let deadline = sending.report_timeout.and_then(|timeout| now.checked_add(timeout));
        self.reporting.insert(place, key);
        self.set_deadline(key, deadline);
        true
    }

    /// Gives a message another deadline, or none.
    pub(super) fn set_deadline(&mut self, key: MessageKey, deadline: Option<Instant>) {
        let Some(sending) = self.messages.get_mut(&key) else { return };
        if let Some(earlier) = std::mem::replace(&mut sending.deadline, deadline) {
            self.deadlines.remove(&(earlier, key));
        }
        self.deadlines.extend(deadline.map(|deadline| (deadline, key)));
    }

    /// The message that has waited longest for REPORTs alone, if more than `max` do.
    pub(super) fn longest_reporting(&self, max: usize) -> Option<MessageKey> {
        if self.reporting.len() <= max {
            return None;
        }
        self.reporting.first_key_value().map(|(_, key)| *key)
    }

    /// The first deadline, and its message.
    pub(super) fn first_deadline(&self) -> Option<(Instant, MessageKey)> {
        self.deadlines.first().copied()
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("outbox messages", self.messages.len());
        footprint.hold("outbox by id", self.by_id.len());
        footprint.hold("outbox deadlines", self.deadlines.len());
        footprint.hold("outbox reporting", self.reporting.len());
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

    /// A chunk with these octets was accepted.
    pub(super) const fn accept(&mut self, octets: &Range<u64>) {
        self.answered += 1;
        self.accepted = self.accepted.saturating_add(octets.end.saturating_sub(octets.start));
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

    /// More of its start is known, and with it perhaps its types.
    pub(super) fn learn(&mut self, opening: Opening, types: Option<MessageTypes>, is_last: bool) {
        let is_over = is_last || opening.is_full();
        let knows_all = types.as_ref().is_some_and(|types| is_over || !types.may_grow());
        self.opening = Some(opening).filter(|_| !knows_all);
        self.types = types.unwrap_or_else(|| self.types.clone());
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
