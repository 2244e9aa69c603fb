//! What a connection tells its application.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;

#[cfg(feature = "auth")]
use super::authenticate::{AuthenticationFailure, RelayRoute};
use super::nickname::NicknameRequest;
#[cfg(feature = "auth")]
use crate::keys::AuthKey;
use crate::keys::{IncomingKey, MessageKey, NicknameKey, SessionKey};
use crate::random::RandomError;
use crate::tolerance::Tolerance;
#[cfg(feature = "auth")]
use crate::uri::MsrpUri;
use crate::uri::Path;
use crate::wire::DecodeError;
use crate::wire::{Head, HeadRef, MessageId, Nickname, StatusCode, TransactionId};

/// Something that happened on a connection, in the order in which it did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A session is up: the peer has accepted the SEND that binds it, or has
    /// bound it with its own.
    SessionOpened {
        /// The session.
        session: SessionKey,
        /// The path to the peer.
        remote: Path,
        /// The response to this side's binding SEND; `None` where the peer
        /// bound the session.
        answer: Option<Answer>,
    },
    /// A session has ended; nothing more is told of it.
    SessionClosed {
        /// The session.
        session: SessionKey,
        /// Why it ended.
        reason: CloseReason,
        /// The response that ended it, where one did.
        answer: Option<Answer>,
    },
    /// A whole message ([`ReceiveMode::Whole`](crate::ReceiveMode::Whole)).
    Message {
        /// What its first chunk said.
        message: Received,
        /// Its octets.
        body: Bytes,
    },
    /// A message begins ([`ReceiveMode::Pieces`](crate::ReceiveMode::Pieces)).
    MessageStarted {
        /// What its first chunk says.
        message: Received,
    },
    /// Some octets of a message that has started. Pieces can overlap and come
    /// in any order; of two that overlap the later one counts.
    Piece {
        /// The message.
        message: IncomingKey,
        /// Zero-based place of the first octet.
        offset: u64,
        /// The octets, never none: a slice of the input they came in.
        data: Bytes,
    },
    /// Every octet of a message that has started is there.
    MessageCompleted {
        /// The message.
        message: Received,
        /// Its size in octets.
        total: u64,
    },
    /// A message that has started will not be completed.
    MessageFailed {
        /// The message.
        message: Received,
        /// Why.
        reason: FailReason,
    },
    /// What became of a message that was sent: exactly one for each.
    Outcome(Box<MessageOutcome>),
    /// Some octets of an outgoing message were reported as received.
    Reported {
        /// The message.
        message: MessageKey,
        /// The octets, zero-based.
        octets: Range<u64>,
    },
    /// A failure REPORT for a message whose outcome was told before.
    LateFailure {
        /// The session.
        session: SessionKey,
        /// The message.
        message_id: MessageId,
        /// What the REPORT says.
        status: StatusCode,
    },
    /// A [`BodyWriter`](crate::BodyWriter) that was short of room has some again.
    BodyRoom {
        /// The message.
        message: MessageKey,
    },
    /// The peer asks for a nickname: answer it, by
    /// [`Connection::answer_nickname`](crate::Connection::answer_nickname).
    NicknameRequested {
        /// The session.
        session: SessionKey,
        /// What the answer is for.
        request: NicknameRequest,
        /// The nickname, `None` where the peer wants none any more.
        nickname: Option<Nickname>,
    },
    /// What became of a NICKNAME that was sent: exactly one for each.
    Nickname {
        /// The session.
        session: SessionKey,
        /// The NICKNAME.
        key: NicknameKey,
        /// [`Outcome::Accepted`] where the nickname is this side's now,
        /// [`Outcome::Rejected`] with the answer where the one before is, if
        /// there was any (RFC 7701 section 7.2); or why there was no answer:
        /// `TimedOut`, `SessionClosed` or `ConnectionLost`.
        outcome: Outcome,
    },
    /// Relays have given a route, for one session.
    #[cfg(feature = "auth")]
    Authenticated {
        /// The authentication.
        key: AuthKey,
        /// The way through the relays.
        route: RelayRoute,
    },
    /// There is no route, and under this key there will be none. One that was
    /// given before lives until it [expires](RelayRoute::expires).
    #[cfg(feature = "auth")]
    AuthenticationFailed {
        /// The authentication.
        key: AuthKey,
        /// The relay that was asked.
        relay: MsrpUri,
        /// What is wrong.
        reason: AuthenticationFailure,
    },
    /// A deviation from the RFCs was tolerated for the first time on this
    /// connection.
    Tolerated(Tolerance),
    /// The connection has ended; this is its last event.
    Closed(ConnectionEnd),
}

impl Event {
    /// Octets that the event holds on behalf of the peer.
    pub(crate) fn octets(&self) -> usize {
        match self {
            Self::Message { body, .. } => body.len(),
            Self::Piece { data, .. } => data.len(),
            Self::NicknameRequested { nickname: Some(nickname), .. } => nickname.as_str().len(),
            _ => 0,
        }
    }
}

/// A message from the peer: what the head of its first chunk said.
///
/// It is also what [`Connection::report`](crate::Connection::report) takes to
/// tell the peer what became of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub(crate) key: IncomingKey,
    pub(crate) session: SessionKey,
    pub(crate) message_id: MessageId,
    pub(crate) is_duplicate: bool,
    pub(crate) head: Head,
}

impl Received {
    /// The key under which its pieces come.
    #[must_use]
    pub const fn key(&self) -> IncomingKey {
        self.key
    }

    /// The session it came in.
    #[must_use]
    pub const fn session(&self) -> SessionKey {
        self.session
    }

    /// Its Message-ID.
    #[must_use]
    pub const fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    /// Its Content-Type. Empty where the peer gave none.
    #[must_use]
    pub fn content_type(&self) -> &str {
        self.head.view().content_type().unwrap_or_default()
    }

    /// Its size in octets, where the peer said it at the start. Not to be
    /// trusted with an allocation.
    #[must_use]
    pub fn announced_size(&self) -> Option<u64> {
        self.head.view().byte_range().and_then(|range| range.total())
    }

    /// Whether a message with this Message-ID has been completed before, or is
    /// whole and waits for its answer: it is not to be shown as a new one
    /// (RFC 4975 section 5.4).
    #[must_use]
    pub const fn is_duplicate(&self) -> bool {
        self.is_duplicate
    }

    /// The head of the first chunk that arrived, for everything else.
    #[must_use]
    pub fn head(&self) -> HeadRef<'_> {
        self.head.view()
    }
}

/// Why a message that has started failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailReason {
    /// The peer gave it up (`#`).
    Aborted,
    /// It is larger than the session's limit; answered 413.
    TooLarge,
    /// Its chunks lie in more separate runs than
    /// [`Limits::message_ranges`](crate::Limits::message_ranges); answered 413.
    TooManyRanges,
    /// The session has [`Limits::incoming_messages`](crate::Limits::incoming_messages)
    /// that have not ended; answered 413.
    TooManyMessages,
    /// The connection holds as many octets of unfinished messages as
    /// [`Limits::incoming_octets`](crate::Limits::incoming_octets) allows;
    /// answered 413.
    NoRoom,
    /// Its chunks contradict each other about its size; answered 400.
    Inconsistent,
    /// A part in a container is of a type that is not accepted; answered 415.
    UnsupportedType,
    /// This side receives no messages in the session
    /// ([`SessionConfig::direction`](crate::SessionConfig::direction)); answered
    /// 403.
    NotReceiving,
    /// The application rejected it.
    Rejected,
    /// The session or its connection ended.
    SessionClosed,
}

/// A response of the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The transaction it ended.
    pub transaction: TransactionId,
    /// Its status code.
    pub status: StatusCode,
    /// The words behind the code.
    pub comment: Option<Box<str>>,
    /// From the last octet of the request to the response. `None` where the
    /// response came before the request had left whole.
    pub round_trip: Option<Duration>,
}

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The next hop has accepted every chunk.
    Accepted,
    /// It has left whole, and no success was to be heard of (Failure-Report
    /// `no`; or `partial`, and no error came in time).
    Sent,
    /// Success REPORTs cover every octet.
    Delivered,
    /// It was accepted, but the success REPORTs that were asked for did not
    /// come before the session ended or their time ran out.
    Unreported,
    /// A response or REPORT said no.
    Rejected(StatusCode),
    /// A chunk was not answered in time, or a 408 said so of a later hop.
    TimedOut,
    /// The application gave it up.
    Aborted,
    /// Its session ended before.
    SessionClosed,
    /// The connection ended before.
    ConnectionLost,
}

impl Outcome {
    /// Whether the message is through, as far as the sender asked to know.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Accepted | Self::Sent | Self::Delivered)
    }
}

/// The outcome of one message, and how it came to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageOutcome {
    /// The message.
    pub message: MessageKey,
    /// Its session.
    pub session: SessionKey,
    /// Its Message-ID.
    pub message_id: MessageId,
    /// What became of it.
    pub outcome: Outcome,
    /// Chunks that left whole.
    pub chunks: u64,
    /// Octets of the message that left.
    pub octets: u64,
    /// The last response that came.
    pub answer: Option<Answer>,
    /// The octets that success REPORTs covered, zero-based.
    pub reported: Vec<Range<u64>>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The application closed it.
    Local,
    /// The peer's response says that the session is not to be had here
    /// (481, 506), or its binding SEND was refused.
    Rejected(StatusCode),
    /// Its binding SEND or a keep-alive was not answered in time.
    TimedOut,
    /// A failure REPORT says that octets were lost: what is to be sent again
    /// needs a new session (RFC 4975 section 7.3.2).
    Failed(StatusCode),
    /// The connection ended.
    ConnectionClosed,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// The application closed it.
    Local,
    /// The peer closed it between two frames.
    Peer,
    /// The peer has read nothing for
    /// [`Config::transaction_timeout`](crate::Config::transaction_timeout) while
    /// more than [`Limits::control_octets`](crate::Limits::control_octets) wait
    /// for it.
    Stalled,
    /// It ended within a frame, or what came is not MSRP.
    Failed(DecodeError),
    /// The source of random octets failed: no chunk or request can be given an
    /// id that is hard to guess.
    RandomFailed(RandomError),
}

/// Why [`Connection::receive`](crate::Connection::receive) takes no more.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The stream cannot be read on. Close the transport connection.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The connection has ended before.
    #[error("the connection is closed")]
    Closed,
}
