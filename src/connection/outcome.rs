//! Outcomes of outgoing messages: responses, REPORTs and deadlines lead to
//! exactly one for each (RFC 4975 sections 7.1.1, 7.3.2 and 10).

use super::Connection;
use super::carried::Purpose;
use super::event::{Event, Finished, Response};
use super::outbox::{Outbox, Sending};
use super::reason::{CloseReason, Outcome};
use crate::hop::{HopEvent, Transaction};
use crate::keys::{MessageKey, SessionKey};
use crate::time::Instant;
use crate::tolerance::Tolerance;
use crate::wire::{Continuation, FailureReport, HeadRef, MessageId, StatusCode, TransactionId};

/// Whether the peer learns that the rest of a message will not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    /// Yes, from an empty chunk with the flag `#`.
    Peer,
    /// No: it knows, or must not be sent anything more.
    Nothing,
}

impl Connection {
    /// Takes a response, which ends its transaction. One without an open
    /// transaction is ignored.
    pub(super) fn response(&mut self, now: Instant, head: &HeadRef<'_>, status: StatusCode) {
        let id = head.transaction_id();
        let repeats_paths = head.to_path().len() > 1 || head.from_path().len() > 1;
        if repeats_paths
            && !self.is_answered_end_to_end(&id)
            && !self.tolerate(Tolerance::WholePathInResponse)
        {
            return;
        }
        let Some(Transaction { purpose, written, .. }) = self.hop.complete(&id) else { return };
        self.forget_request(&id, &purpose);
        let response = Response {
            transaction: id,
            status,
            comment: head.comment().map(Into::into),
            round_trip: written.map(|written| now.saturating_duration_since(written)),
        };
        match purpose {
            Purpose::Chunk(message) => self.chunk_answered(now, message, response),
            Purpose::Bind(session) if status.is_success() => {
                self.mark_open(session, Some(response))
            }
            Purpose::Bind(session) => {
                let reason = CloseReason::Rejected(status);
                self.retire_session(session, reason, Outcome::SessionClosed, Some(response));
            }
            Purpose::KeepAlive(Some(session)) => self.session_refused(session, response),
            // The relay lives, whatever it thinks of a request without a session.
            Purpose::KeepAlive(None) => {}
            Purpose::Nickname(session, key) => self.nickname_answered(session, key, response),
            // From a relay.
            #[cfg(feature = "auth")]
            Purpose::Auth(key) => self.auth_responded(key, written.unwrap_or(now), head, status),
        }
    }

    /// Removes a request that has ended from its session.
    fn forget_request(&mut self, id: &TransactionId, purpose: &Purpose) {
        let session = match purpose {
            Purpose::Bind(session)
            | Purpose::KeepAlive(Some(session))
            | Purpose::Nickname(session, _) => session,
            Purpose::Chunk(_) | Purpose::KeepAlive(None) => return,
            #[cfg(feature = "auth")]
            Purpose::Auth(_) => return,
        };
        if let Some(owner) = self.sessions.get_mut(*session) {
            owner.requests.remove(id);
        }
    }

    /// Whether the response to a request comes along the whole path. Only responses
    /// to SENDs come from the next hop (RFC 4976 section 6.4.3).
    fn is_answered_end_to_end(&self, id: &TransactionId) -> bool {
        match self.hop.purpose(id) {
            #[cfg(feature = "auth")]
            Some(Purpose::Auth(_)) => true,
            Some(Purpose::Nickname(..)) => true,
            Some(Purpose::Chunk(_) | Purpose::Bind(_) | Purpose::KeepAlive(_)) | None => false,
        }
    }

    fn chunk_answered(&mut self, now: Instant, key: MessageKey, response: Response) {
        let Some(sending) = self.sessions.message_mut(key) else { return };
        let session = key.session();
        sending.answered += 1;
        sending.response = Some(response.clone());
        if response.status.is_success() {
            self.mark_open(session, Some(response));
            self.review(now, key);
        } else {
            self.refused(key, response.status);
            self.session_refused(session, response);
        }
    }

    /// A response or REPORT refuses a message. Octets that have not left do not
    /// leave (sections 7.3.2 and 10.5).
    pub(super) fn refused(&mut self, key: MessageKey, status: StatusCode) {
        let Some(session) = self.sessions.get_mut(key.session()) else { return };
        let Some(sending) = session.outbox.get(key) else { return };
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE
            && !session.has_refused(&sending.content_type)
        {
            session.refused.push(sending.content_type.clone());
        }
        let outcome = match status {
            StatusCode::TIMEOUT => Outcome::TimedOut,
            status => Outcome::Rejected(status),
        };
        self.settle(key, outcome, Tell::Nothing);
    }

    /// Ends a session if the response says that the peer does not have it, or has
    /// it on another connection (sections 10.8 and 10.10).
    pub(super) fn session_refused(&mut self, session: SessionKey, response: Response) {
        let status = response.status;
        if is_of_session(status) {
            let reason = CloseReason::Rejected(status);
            self.retire_session(session, reason, Outcome::SessionClosed, Some(response));
        }
    }

    /// Takes the events of the hop.
    pub(super) fn drain_hop(&mut self, now: Instant) {
        while let Some(event) = self.hop.events.pop_front() {
            match event {
                HopEvent::ChunkSent { message, end, asks_response, flag } => {
                    if let Some(sending) = self.sessions.message_mut(message) {
                        sending.chunks += 1;
                        sending.octets = end.get();
                        sending.asked += u64::from(asks_response);
                        sending.has_left = flag == Continuation::Complete;
                        self.review(now, message);
                    }
                }
                HopEvent::Room(message) => self.events.push(Event::BodyRoom { message }),
                HopEvent::TimedOut(id, Transaction { purpose, .. }) => {
                    self.forget_request(&id, &purpose);
                    self.timed_out(now, &purpose);
                }
            }
        }
    }

    fn timed_out(&mut self, now: Instant, purpose: &Purpose) {
        match purpose {
            Purpose::Chunk(message) => {
                let Some(sending) = self.sessions.message_mut(*message) else { return };
                if sending.failure_report == FailureReport::Partial {
                    // Silence is consent: only errors have responses.
                    sending.answered += 1;
                    self.review(now, *message);
                } else {
                    self.settle(*message, Outcome::TimedOut, Tell::Nothing);
                }
            }
            Purpose::Bind(session) => {
                self.retire_session(*session, CloseReason::TimedOut, Outcome::SessionClosed, None);
            }
            // Its answer is any octet, and the silence of a connection has its own end.
            Purpose::KeepAlive(_) => {}
            Purpose::Nickname(session, key) => {
                self.settle_nickname(*session, *key, Outcome::TimedOut);
            }
            #[cfg(feature = "auth")]
            Purpose::Auth(key) => self.auth_timed_out(*key),
        }
    }

    /// Gives a message its outcome if nothing is missing for it. If only REPORTs
    /// are missing, their deadline starts.
    pub(super) fn review(&mut self, now: Instant, key: MessageKey) {
        let Some(sending) = self.sessions.message(key) else { return };
        if let Some(outcome) = sending.outcome() {
            self.settle(key, outcome, Tell::Nothing);
        } else if sending.lacks_only_reports() {
            self.sessions.await_reports(key, now);
        }
    }

    /// Gives their outcome to messages whose REPORTs have not come in time.
    pub(super) fn expire_reports(&mut self, now: Instant) {
        while let Some(key) = self.sessions.unreported(now) {
            self.settle(key, Outcome::Unreported, Tell::Nothing);
        }
    }

    /// Gives a message its outcome. Returns whether it had none before.
    pub(super) fn settle(&mut self, key: MessageKey, outcome: Outcome, tell: Tell) -> bool {
        let Some(sending) = self.sessions.finish(key) else { return false };
        self.finish(key, sending, outcome, tell);
        true
    }

    /// Tells the application the outcome of a message that has been taken out of
    /// its session, and drops its octets.
    fn finish(&mut self, key: MessageKey, sending: Sending, outcome: Outcome, tell: Tell) {
        let octets =
            self.hop.message_ref(key).map_or(sending.octets, |message| message.offset.get());
        self.hop.abort(key, tell == Tell::Peer);
        self.events.push(Event::Finished(Box::new(Finished {
            message: key,
            session: key.session(),
            message_id: sending.message_id,
            outcome,
            chunks: sending.chunks,
            octets,
            response: sending.response,
            reported: sending.reported.iter().collect(),
        })));
    }

    /// Gives their outcome to all messages of a session that has ended. A message
    /// that was accepted lacks only its REPORTs (section 7.1.1).
    pub(super) fn finish_all(&mut self, outbox: Outbox, outcome: Outcome, tell: Tell) {
        for (key, sending) in outbox.into_messages() {
            let outcome = if sending.lacks_only_reports() {
                Outcome::Unreported
            } else if sending.lacks_only_silence() {
                Outcome::Sent
            } else {
                outcome
            };
            self.finish(key, sending, outcome, tell);
        }
    }

    /// Takes a REPORT on a message that this side has sent (section 7.3.2).
    pub(super) fn reported(&mut self, now: Instant, session: SessionKey, head: &HeadRef<'_>) {
        let (Some(id), Some(status)) = (head.message_id(), head.status()) else { return };
        // Only namespace 000 has response codes (section 7.1.3).
        let Some(code) = status.response_code() else { return };
        let known = self.sessions.get(session).and_then(|owner| owner.outbox.find(&id));
        if known.is_some_and(|key| self.reuses_transaction_id(key, head))
            && !self.tolerate(Tolerance::ReportReusesTransactionId)
        {
            return;
        }
        let Some(owner) = self.sessions.get(session) else { return };
        match known {
            Some(key) if code.is_success() => self.success_reported(now, key, head),
            Some(key) => {
                self.refused(key, code);
                self.lost_octets(session, code, head);
            }
            None if owner.outbox.has_finished(&id) && !code.is_success() => {
                self.late_failure(session, id, code, head);
            }
            None if owner.bodiless == Some(id) && !code.is_success() => {
                self.lost_octets(session, code, head);
            }
            None => {}
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
        let leaving = self.hop.message_ref(key).map(|message| message.offset.get());
        let Some(sending) = self.sessions.message_mut(key) else { return };
        if !sending.success_report {
            return;
        }
        let sent = leaving.unwrap_or(sending.octets);
        // The peer cannot have received more than has left.
        let (start, end) = match head.byte_range() {
            Some(range) => (range.offset().get(), range.end().unwrap_or(sent).min(sent)),
            None => (0, sent),
        };
        let octets = start.min(end)..end;
        if sending.reported.insert(octets.clone()).is_err() {
            return;
        }
        sending.is_reported = true;
        self.events.push(Event::Reported { message: key, octets });
        self.review(now, key);
    }

    fn late_failure(
        &mut self,
        session: SessionKey,
        message_id: MessageId,
        status: StatusCode,
        head: &HeadRef<'_>,
    ) {
        self.events.push(Event::LateFailure { session, message_id, status });
        self.lost_octets(session, status, head);
    }

    /// A failure REPORT on a range of octets ends the session, unless the code
    /// concerns the message alone: it is too large (section 10.5) or its type is
    /// not understood (section 10.6). A code that concerns the session ends it, as
    /// in a response.
    fn lost_octets(&mut self, session: SessionKey, status: StatusCode, head: &HeadRef<'_>) {
        let reason = match status {
            StatusCode::STOP_SENDING | StatusCode::UNSUPPORTED_MEDIA_TYPE => return,
            status if is_of_session(status) => CloseReason::Rejected(status),
            status if head.byte_range().is_some() => CloseReason::Failed(status),
            _ => return,
        };
        self.retire_session(session, reason, Outcome::SessionClosed, None);
    }
}

/// Whether a status says that the peer does not have the session, or has it on
/// another connection.
const fn is_of_session(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_SUCH_SESSION | StatusCode::SESSION_IN_USE)
}
