//! Messages going out, and what becomes of them (RFC 4975 sections 7.1 and
//! 7.1.1).

use crate::time::Instant;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;

use super::Connection;
use super::carried::{Endpoint, Envelope};
use super::config::{Body, OutgoingMessage};
use super::direction::may_be_control;
use super::event::{Answer, Outcome};
use super::outcome::Tell;
use super::session::Session;
use crate::hop::{BodyQueue, Framing, Hop, Outgoing};
use crate::keys::{MessageKey, SessionKey};
use crate::random::RandomError;
use crate::ranges::RangeSet;
use crate::uri::Path;
use crate::wire::{EncodeError, FailureReport, MediaType, MessageId};

/// Why a message cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The session has ended, or is of another connection.
    #[error("the session is not open on this connection")]
    NoSession,
    /// The peer does not take this media type: it is not in its lists, or a
    /// message of it was answered 415 (RFC 4975 sections 8.6 and 10.6).
    #[error("the peer does not take {0}")]
    TypeNotAccepted(MediaType),
    /// This side sends no messages in the session (section 8.9).
    #[error("this side only receives here; agree on sendrecv or sendonly with the peer first")]
    NotSending,
    /// The message is larger than the peer takes (section 8.6).
    #[error("the peer takes messages of at most {max} octets")]
    TooLarge {
        /// The peer's limit in octets.
        max: u64,
    },
    /// The session is for one message ([`SessionConfig::single_message`]), which was
    /// sent before.
    ///
    /// [`SessionConfig::single_message`]: crate::SessionConfig::single_message
    #[error("the session was for one message; another file needs a session of its own")]
    SingleMessage,
    /// A message with this Message-ID is on its way in this session.
    #[error("a message with this Message-ID is on its way; wait for its outcome")]
    MessageIdInUse,
    /// Too many messages without an outcome; see
    /// [`Limits::outgoing_messages`](crate::Limits::outgoing_messages).
    #[error("{max} messages of this session have no outcome yet; wait for one")]
    TooManyMessages {
        /// The limit that was reached.
        max: usize,
    },
    /// The head of a chunk takes up a message of the transport, and leaves no
    /// room for a body; see [`Framing::Message`](crate::Framing::Message).
    #[error("a message of {max} octets has no room for a body behind this head; shorten it")]
    HeadTooLong {
        /// The most octets of a message.
        max: usize,
    },
    /// A header field cannot be written.
    #[error(transparent)]
    Header(#[from] EncodeError),
    /// The source of random octets has no Message-ID to give.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Why a [`BodyWriter`] takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The piece is larger than the room that is left. Write less, or wait for
    /// [`Event::BodyRoom`](crate::Event::BodyRoom).
    #[error("there is room for {room} octets; write less, or wait for Event::BodyRoom")]
    Full {
        /// Octets that would be taken.
        room: usize,
    },
    /// More octets than the message was said to have.
    #[error("the message was said to have {total} octets")]
    BeyondTotal {
        /// The size that was given.
        total: u64,
    },
    /// Fewer octets than the message was said to have: write them, or abort.
    #[error("{missing} octets of the message are missing; write them or abort the message")]
    Short {
        /// Octets that are missing.
        missing: u64,
    },
    /// More octets than the peer takes in a message. Abort it.
    #[error("the peer takes messages of at most {max} octets; abort the message")]
    TooLarge {
        /// The peer's limit in octets.
        max: u64,
    },
}

/// A message that has no outcome yet.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(super) session: SessionKey,
    pub(super) message_id: MessageId,
    pub(super) content_type: MediaType,
    /// The most octets that the peer took when it began.
    pub(super) peer_max_size: Option<u64>,
    pub(super) success_report: bool,
    pub(super) failure_report: FailureReport,
    pub(super) report_timeout: Option<Duration>,
    pub(super) report_deadline: Option<Instant>,
    /// Chunks that ask for a response, and responses. An early one can come
    /// before its chunk has left whole.
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) chunks: u64,
    pub(super) octets: u64,
    pub(super) has_left: bool,
    pub(super) is_reported: bool,
    pub(super) reported: RangeSet,
    pub(super) answer: Option<Answer>,
}

/// The place to write the octets of a streamed message.
///
/// It takes as many as [`BodyWriter::room`] says, and
/// [`Event::BodyRoom`](crate::Event::BodyRoom) tells when half of it is free
/// again: a larger piece is written in parts.
#[derive(Debug)]
pub struct BodyWriter<'a> {
    hop: &'a mut Hop<Endpoint>,
    key: MessageKey,
    max_queue: usize,
    peer_max_size: Option<u64>,
}

impl BodyWriter<'_> {
    /// Octets that [`BodyWriter::write`] takes now.
    #[must_use]
    pub fn room(&self) -> usize {
        self.hop.message_ref(self.key).map_or(0, |message| {
            if message.body.is_finished() {
                0
            } else {
                self.max_queue.saturating_sub(message.body.len())
            }
        })
    }

    /// Appends octets to the message, without copying them.
    ///
    /// # Errors
    ///
    /// [`BodyError`]; nothing of the piece is taken then.
    pub fn write(&mut self, piece: impl Into<Bytes>) -> Result<(), BodyError> {
        let piece = piece.into();
        let room = self.room();
        let Some(message) = self.hop.message(self.key) else {
            return Err(BodyError::Full { room });
        };
        let written = message.offset + message.body.len() as u64 + piece.len() as u64;
        if let Some(total) = message.total
            && written > total
        {
            return Err(BodyError::BeyondTotal { total });
        }
        if let Some(max) = self.peer_max_size
            && written > max
        {
            return Err(BodyError::TooLarge { max });
        }
        if piece.len() > room {
            message.awaits_room = true;
            return Err(BodyError::Full { room });
        }
        let is_half_full = message.body.len() + piece.len() > self.max_queue / 2;
        message.awaits_room |= is_half_full;
        self.hop.push(self.key, piece);
        Ok(())
    }

    /// The message has all its octets.
    ///
    /// # Errors
    ///
    /// [`BodyError::Short`] where it was said to have more.
    pub fn finish(self) -> Result<(), BodyError> {
        let Some(message) = self.hop.message(self.key) else { return Ok(()) };
        let written = message.offset + message.body.len() as u64;
        match message.total {
            Some(total) if written < total => Err(BodyError::Short { missing: total - written }),
            _ => {
                message.finish();
                self.hop.wake(self.key);
                Ok(())
            }
        }
    }
}

impl Connection {
    /// Sends a message. Its octets leave as [`Connection::poll_transmit`] asks
    /// for them; exactly one [`Event::Outcome`](crate::Event::Outcome) tells what became of it.
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing of the message leaves then.
    pub fn send(
        &mut self,
        session: SessionKey,
        message: OutgoingMessage,
    ) -> Result<MessageKey, SendError> {
        let message_id = match message.message_id {
            Some(message_id) => message_id,
            None => self.hop.ids().message_id()?,
        };
        let max_messages = self.config.limits.outgoing_messages;
        let owner = self.sessions.get_mut(session).ok_or(SendError::NoSession)?;
        check_message(owner, &message, &message_id, max_messages)?;
        let has_sent = owner.has_sent || !is_control(&message);
        let envelope = Envelope {
            to_path: owner.remote.clone(),
            from_path: Path::from(owner.config.local.clone()),
            message_id,
            success_report: message.success_report,
            failure_report: message.failure_report,
            content_type: message.content_type.clone(),
            headers: message.headers,
        };
        let overhead = check_head(&envelope, self.config.framing)?;
        let key = self.message_keys.fresh();
        owner.outgoing.insert(message_id, key);
        owner.has_sent = has_sent;
        let (body, total) = match message.body {
            Body::Whole(body) => (BodyQueue::whole(body), None),
            Body::Streamed { total } => (BodyQueue::default(), total),
        };
        self.hop.insert(key, Outgoing::new(session, envelope, overhead, body, total));
        let sending = Sending {
            session,
            message_id,
            content_type: message.content_type,
            peer_max_size: owner.config.peer_max_size,
            success_report: message.success_report,
            failure_report: message.failure_report,
            report_timeout: message.report_timeout,
            report_deadline: None,
            asked: 0,
            answered: 0,
            chunks: 0,
            octets: 0,
            has_left: false,
            is_reported: false,
            reported: RangeSet::new(self.config.limits.message_ranges),
            answer: None,
        };
        self.sending.insert(key, sending);
        Ok(key)
    }

    /// The writer for the octets of a streamed message; `None` once all of
    /// them were given, or the message has its outcome.
    #[must_use]
    pub fn body(&mut self, message: MessageKey) -> Option<BodyWriter<'_>> {
        let outgoing = self.hop.message_ref(message)?;
        if outgoing.body.is_finished() {
            return None;
        }
        Some(BodyWriter {
            peer_max_size: self.sending.get(&message)?.peer_max_size,
            max_queue: self.config.limits.body_writer_room(),
            hop: &mut self.hop,
            key: message,
        })
    }

    /// Gives a message up. The peer is told with the flag `#`. Says whether
    /// the message had no outcome yet.
    pub fn abort(&mut self, message: MessageKey) -> bool {
        self.settle(message, Outcome::Aborted, Tell::Peer)
    }

    /// Octets of a message that have left, out of those it has, where the
    /// latter is known. `None` once the message has left whole or has its
    /// outcome.
    #[must_use]
    pub fn progress(&self, message: MessageKey) -> Option<(u64, Option<u64>)> {
        self.hop.message_ref(message).map(|message| (message.offset, message.total))
    }
}

/// The most octets that a chunk has beside its body.
fn check_head(envelope: &Envelope, framing: Framing) -> Result<usize, SendError> {
    let overhead = envelope.overhead()?;
    match framing.max_message() {
        Some(max) if overhead >= max => Err(SendError::HeadTooLong { max }),
        _ => Ok(overhead),
    }
}

fn check_message(
    session: &Session,
    message: &OutgoingMessage,
    message_id: &MessageId,
    max_messages: usize,
) -> Result<(), SendError> {
    let media_type = &message.content_type;
    if !session.config.direction.may_send() && !is_control(message) {
        return Err(SendError::NotSending);
    }
    let accepted = match &session.config.peer_accept {
        Some(types) => types.accepts(media_type.as_str()),
        None => true,
    };
    if !accepted || session.has_refused(media_type) {
        return Err(SendError::TypeNotAccepted(media_type.clone()));
    }
    let size = match &message.body {
        Body::Whole(body) => Some(body.len() as u64),
        Body::Streamed { total } => *total,
    };
    if let (Some(size), Some(max)) = (size, session.config.peer_max_size)
        && size > max
    {
        return Err(SendError::TooLarge { max });
    }
    if session.config.single_message && session.has_sent && !is_control(message) {
        return Err(SendError::SingleMessage);
    }
    if session.outgoing.contains_key(message_id) {
        return Err(SendError::MessageIdInUse);
    }
    if session.outgoing.len() >= max_messages {
        return Err(SendError::TooManyMessages { max: max_messages });
    }
    Ok(())
}

/// Whether a message is control of others, as far as its octets are there.
fn is_control(message: &OutgoingMessage) -> bool {
    let body = match &message.body {
        Body::Whole(body) => &body[..],
        Body::Streamed { .. } => &[],
    };
    may_be_control(message.content_type.as_str(), Some(body))
}

impl Sending {
    /// Whether everything was accepted and success REPORTs are still to come.
    pub(super) fn lacks_only_reports(&self) -> bool {
        let is_answered = self.answered >= self.asked;
        let was_accepted = is_answered || self.failure_report != FailureReport::Yes;
        self.has_left && self.success_report && was_accepted
    }

    /// Whether it has left whole and no error has come so far, which is all
    /// there is to hear of Failure-Report `partial`.
    pub(super) fn lacks_only_silence(&self) -> bool {
        self.has_left && self.failure_report == FailureReport::Partial
    }
}
