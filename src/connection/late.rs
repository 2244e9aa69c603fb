//! What comes after the outcome: the application learns of it (RFC 4975 section
//! 7.1.1), and a status still ends the session that it would have ended before.

use std::ops::Range;

use super::Connection;
use super::carried::{Endpoint, Purpose};
use super::ended::EndedRequest;
use super::event::reason::Outcome;
use super::event::{Event, Response};
use super::outbox::past::Past;
use super::reported::octets_of;
use super::scope::Subject;
use crate::hop::Owner;
use crate::keys::MessageKey;
use crate::wire::{HeadRef, MessageId, StatusCode, TransactionId};

impl Connection {
    /// A request has ended without a response, which may still come.
    pub(super) fn remember_request(
        &mut self,
        id: TransactionId,
        purpose: Purpose,
        octets: Range<u64>,
    ) {
        if let Some(session) = Endpoint::source_of(&purpose)
            && self.sessions.get(session).is_some()
        {
            self.ended_requests.insert(session, id, EndedRequest { purpose, octets });
        }
    }

    /// A response to a request whose time is over.
    pub(super) fn late_response(&mut self, id: &TransactionId, response: Response) {
        let Some(EndedRequest { purpose, octets }) = self.ended_requests.take(id) else { return };
        match purpose {
            Purpose::Chunk(key) if self.sessions.message(key).is_some() => {
                self.error_after_silence(key, octets, response);
            }
            Purpose::Chunk(key) => self.late_chunk_response(key, octets, response),
            Purpose::Bind(session) => self.apply(session, Subject::Bind, response),
            Purpose::KeepAlive(Some(session)) => {
                self.apply(session, Subject::KeepAlive, response);
            }
            Purpose::KeepAlive(None) => {}
            Purpose::Nickname(session, _) => self.apply(session, Subject::Nickname, response),
            #[cfg(feature = "auth")]
            Purpose::Auth(_) => {}
        }
    }

    /// A response to a chunk under Failure-Report `partial` whose silence has already
    /// counted as success. The message has no outcome yet.
    fn error_after_silence(&mut self, key: MessageKey, octets: Range<u64>, response: Response) {
        if response.status.is_success() {
            return;
        }
        if let Some(sending) = self.sessions.message_mut(key) {
            sending.response = Some(response.clone());
        }
        self.refused(key, response.status, Some(octets));
        self.apply(key.session(), Subject::Message, response);
    }

    /// A response to a chunk of a message that has its outcome.
    pub(super) fn late_chunk_response(
        &mut self,
        key: MessageKey,
        octets: Range<u64>,
        response: Response,
    ) {
        let Some(owner) = self.sessions.get(key.session()) else { return };
        let status = response.status;
        // The empty chunk with `#` of a message that has ended says nothing of octets.
        if !octets.is_empty()
            && let Some((message_id, past)) = owner.outbox.past().by_key(key)
        {
            if !status.is_success() {
                self.tell_late_failure(key, message_id, status, Some(octets));
            } else if past.outcome == Outcome::TimedOut {
                self.events.push(Event::LateSuccess { message: key, message_id, octets });
            }
        }
        self.apply(key.session(), Subject::Message, response);
    }

    /// A REPORT on a message that has its outcome.
    pub(super) fn late_report(
        &mut self,
        past: Past,
        message_id: MessageId,
        status: StatusCode,
        head: &HeadRef<'_>,
    ) {
        let message = past.key;
        let octets = octets_of(head, past.octets);
        if !status.is_success() {
            self.tell_late_failure(message, message_id, status, octets);
            self.apply_report(message.session(), Subject::Message, status, head);
        } else if past.success_report && past.outcome != Outcome::Delivered {
            let octets = octets.unwrap_or(0..past.octets);
            self.events.push(Event::LateSuccess { message, message_id, octets });
        }
    }

    /// Tells the application of a failure, once for each status.
    fn tell_late_failure(
        &mut self,
        message: MessageKey,
        message_id: MessageId,
        status: StatusCode,
        octets: Option<Range<u64>>,
    ) {
        let Some(owner) = self.sessions.get_mut(message.session()) else { return };
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE
            && let Some(past) = owner.outbox.past().by_id(&message_id)
        {
            owner.refused.insert(&past.types);
        }
        if owner.outbox.past_mut().fail(&message_id, status) {
            self.events.push(Event::LateFailure { message, message_id, status, octets });
        }
    }
}
