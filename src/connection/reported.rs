//! REPORTs on messages of this side (RFC 4975 section 7.3.2).

use std::ops::Range;

use super::Connection;
use super::event::Event;
use super::event::reason::Outcome;
use super::scope::{Carrier, Scope, Subject, scope};
use crate::keys::{MessageKey, SessionKey};
use crate::time::Instant;
use crate::tolerance::Tolerance;
use crate::wire::{HeadRef, StatusCode};

impl Connection {
    /// Takes a REPORT on a message that this side has sent.
    pub(super) fn reported(&mut self, now: Instant, session: SessionKey, head: &HeadRef<'_>) {
        let (Some(id), Some(status)) = (head.message_id(), head.status()) else { return };
        // Only namespace 000 has response codes (section 7.1.3).
        let Some(code) = status.response_code() else { return };
        let Some(owner) = self.sessions.get(session) else { return };
        if let Some(key) = owner.outbox.find(&id) {
            if self.reuses_transaction_id(key, head)
                && !self.tolerate(Tolerance::ReportReusesTransactionId)
            {
                return;
            }
            if code.is_success() {
                // The peer that received the message has the session.
                self.mark_open(session, None);
                self.success_reported(now, key, head);
            } else {
                let failed = self.reported_octets(key, head);
                self.refused(key, code, failed);
                self.apply_report(session, Subject::Message, code, head);
            }
        } else if let Some(past) = owner.outbox.past().by_id(&id) {
            self.late_report(past, id, code, head);
        } else if let Some((bodiless, subject)) = owner.bodiless
            && bodiless == id
        {
            self.apply_report(session, subject, code, head);
        }
    }

    /// Ends a session if a REPORT says so.
    pub(super) fn apply_report(
        &mut self,
        session: SessionKey,
        subject: Subject,
        status: StatusCode,
        head: &HeadRef<'_>,
    ) {
        if let Scope::Session(reason) = scope(status, subject, Carrier::report(head)) {
            self.retire_session(session, reason, Outcome::SessionClosed, None);
        }
    }

    /// Whether a REPORT has the transaction id of a SEND: one that waits for its
    /// response, or the last one that had a response.
    fn reuses_transaction_id(&self, key: MessageKey, head: &HeadRef<'_>) -> bool {
        let id = head.transaction_id();
        let response = self.sessions.message(key).and_then(|sending| sending.response.as_ref());
        self.hop.awaits_response(&id) || response.is_some_and(|response| response.transaction == id)
    }

    fn success_reported(&mut self, now: Instant, key: MessageKey, head: &HeadRef<'_>) {
        let sent = self.sent_octets(key);
        let Some(sending) = self.sessions.message_mut(key) else { return };
        if !sending.success_report {
            return;
        }
        let octets = octets_of(head, sent).unwrap_or(0..sent);
        if sending.reported.insert(octets.clone()).is_err() {
            return;
        }
        sending.is_reported = true;
        self.events.push(Event::Reported { message: key, octets });
        self.note_progress(key);
        self.review(now, key);
    }

    /// The octets of a message that a REPORT on it is about, if it says so.
    fn reported_octets(&self, key: MessageKey, head: &HeadRef<'_>) -> Option<Range<u64>> {
        octets_of(head, self.sent_octets(key))
    }

    /// Octets of a message without an outcome that have left.
    fn sent_octets(&self, key: MessageKey) -> u64 {
        match (self.hop.message_ref(key), self.sessions.message(key)) {
            (Some(leaving), _) => leaving.offset.get(),
            (None, Some(sending)) => sending.octets,
            (None, None) => 0,
        }
    }
}

/// The octets that a REPORT is about, zero-based. The peer cannot have received more
/// than the octets that were sent.
pub(super) fn octets_of(head: &HeadRef<'_>, sent: u64) -> Option<Range<u64>> {
    let range = head.byte_range()?;
    let (start, end) = (range.offset().get(), range.end().unwrap_or(sent).min(sent));
    Some(start.min(end)..end)
}
