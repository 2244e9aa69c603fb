//! Responses to this side's requests (RFC 4975 sections 7.1.1, 7.2 and 10).

use std::ops::Range;

use super::Connection;
use super::carried::{Purpose, counted};
use super::event::Response;
use super::event::reason::Outcome;
use super::outcome::Ending;
use super::scope::{Carrier, Scope, Subject, scope};
use crate::hop::Transaction;
use crate::keys::{MessageKey, SessionKey};
use crate::time::Instant;
use crate::tolerance::Tolerance;
use crate::wire::{HeadRef, StatusCode, TransactionId};

impl Connection {
    /// Takes a response, which ends its transaction. One to a request that has ended
    /// before is late. One without any request is ignored.
    pub(super) fn response(&mut self, now: Instant, head: &HeadRef<'_>, status: StatusCode) {
        let id = head.transaction_id();
        let repeats_paths = head.to_path().len() > 1 || head.from_path().len() > 1;
        if repeats_paths
            && !self.is_answered_end_to_end(&id)
            && !self.tolerate(Tolerance::WholePathInResponse)
        {
            return;
        }
        let mut response = Response {
            transaction: id,
            status,
            comment: head.comment().map(Into::into),
            round_trip: None,
        };
        let Some(Transaction { purpose, octets, written, .. }) = self.hop.answered(&id, now) else {
            return self.late_response(&id, response);
        };
        self.forget_request(&id, &purpose);
        response.round_trip = written.map(|written| now.saturating_duration_since(written));
        match purpose {
            Purpose::Chunk(message) => {
                self.chunk_answered(now, message, counted(&octets), response)
            }
            Purpose::Bind(session) if status.is_success() => {
                self.mark_open(session, Some(response));
            }
            Purpose::Bind(session) => self.apply(session, Subject::Bind, response),
            Purpose::KeepAlive(Some(session)) => {
                self.apply(session, Subject::KeepAlive, response);
            }
            // Any status shows that the relay lives: it may refuse a request without a session.
            Purpose::KeepAlive(None) => {}
            Purpose::Nickname(session, key) => self.nickname_answered(session, key, response),
            // From a relay.
            #[cfg(feature = "auth")]
            Purpose::Auth(key) => self.auth_responded(key, written.unwrap_or(now), head, status),
        }
    }

    /// Removes a request that has ended from its session.
    pub(super) fn forget_request(&mut self, id: &TransactionId, purpose: &Purpose) {
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

    fn chunk_answered(
        &mut self,
        now: Instant,
        key: MessageKey,
        octets: Range<u64>,
        response: Response,
    ) {
        let octets = self.octets_left(key, octets);
        let Some(sending) = self.sessions.message_mut(key) else {
            return self.late_chunk_response(key, octets, response);
        };
        sending.response = Some(response.clone());
        if response.status.is_success() {
            sending.accept(&octets);
            self.note_progress(key);
            self.mark_open(key.session(), Some(response));
            self.review(now, key);
        } else {
            sending.answered += 1;
            self.refused(key, response.status, Some(octets));
            self.apply(key.session(), Subject::Message, response);
        }
    }

    /// The octets of a chunk that have left: the chunk can still be open.
    pub(super) fn octets_left(&self, key: MessageKey, octets: Range<u64>) -> Range<u64> {
        match self.hop.message_ref(key) {
            Some(leaving) if octets.is_empty() => {
                octets.start..leaving.offset.get().max(octets.start)
            }
            Some(_) | None => octets,
        }
    }

    /// A response or REPORT refuses a message. Octets that have not left do not
    /// leave (sections 7.3.2 and 10.5).
    pub(super) fn refused(
        &mut self,
        key: MessageKey,
        status: StatusCode,
        failed: Option<Range<u64>>,
    ) {
        let Some(session) = self.sessions.get_mut(key.session()) else { return };
        let Some(sending) = session.outbox.get(key) else { return };
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            session.refused.insert(&sending.types);
        }
        let ending = match status {
            // The receiver has not refused it, and waits for the rest (section 10.4).
            StatusCode::TIMEOUT => Ending::told(Outcome::TimedOut),
            status => Ending::silent(Outcome::Rejected(status)),
        };
        self.settle(key, Ending { failed, ..ending });
    }

    /// Ends a session if the response to one of its requests says so.
    pub(super) fn apply(&mut self, session: SessionKey, subject: Subject, response: Response) {
        if let Scope::Session(reason) = scope(response.status, subject, Carrier::Response) {
            self.retire_session(session, reason, Outcome::SessionClosed, Some(response));
        }
    }
}
