//! The events of a connection for its application.

#[cfg(feature = "auth")]
pub(super) mod authentication;
pub(super) mod queue;
pub(super) mod reason;
pub(super) mod received;
pub(super) mod refused;
#[cfg(feature = "auth")]
pub(super) mod route;

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

#[cfg(feature = "auth")]
use crate::keys::AuthKey;
use crate::keys::{IncomingKey, MessageKey, NicknameKey, NicknameRequest, SessionKey};
use crate::tolerance::Tolerance;
#[cfg(feature = "auth")]
use crate::uri::MsrpUri;
use crate::uri::Path;
use crate::weight;
use crate::wire::{MessageId, Nickname, StatusCode, TransactionId};
#[cfg(feature = "auth")]
use authentication::AuthenticationFailure;
use reason::{CloseReason, ConnectionEnd, FailReason, Outcome};
use received::Received;
use refused::Refused;
#[cfg(feature = "auth")]
use route::RelayRoute;

/// Something that happened on a connection.
/// [`Connection::poll_event`](crate::Connection::poll_event) gives the events in
/// the order in which they happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A session is open: the peer has accepted the SEND that binds it, or this side
    /// has accepted a request of the peer in it. The first event of the session.
    ///
    /// Two requests open a session before they are accepted, since the application
    /// learns of them earlier: the first chunk of a message in pieces
    /// ([`ReceiveMode::Pieces`](crate::ReceiveMode::Pieces)), and a NICKNAME that waits
    /// for [`Connection::respond_to_nickname`](crate::Connection::respond_to_nickname).
    SessionOpened {
        /// The session.
        session: SessionKey,
        /// The path to the peer.
        remote: Path,
        /// The response to this side's binding SEND; `None` if a request of the peer
        /// opened the session.
        response: Option<Response>,
    },
    /// A session has ended. No event follows for it.
    SessionClosed {
        /// The session.
        session: SessionKey,
        /// Why it ended.
        reason: CloseReason,
        /// The response that ended it, if one did.
        response: Option<Response>,
    },
    /// A whole message ([`ReceiveMode::Whole`](crate::ReceiveMode::Whole)).
    Message {
        /// Its head.
        received: Received,
        /// Its octets.
        body: Bytes,
    },
    /// A message begins ([`ReceiveMode::Pieces`](crate::ReceiveMode::Pieces)).
    MessageStarted {
        /// Its head.
        received: Received,
    },
    /// Some octets of a message that has started. Pieces can overlap and arrive
    /// in any order; where two overlap, the later one counts.
    Piece {
        /// The message.
        incoming: IncomingKey,
        /// Zero-based offset of the first octet.
        offset: u64,
        /// The octets, at least one: a slice of the input that they arrived in, or a
        /// copy if that would keep a buffer that is more than twice as large.
        data: Bytes,
    },
    /// Every octet of a message that has started is here.
    MessageCompleted {
        /// Its head.
        received: Received,
        /// Its size in octets.
        total: u64,
    },
    /// A message that has started will not be completed, or one was refused at
    /// its first chunk.
    MessageFailed {
        /// Its head.
        received: Received,
        /// Why it failed.
        reason: FailReason,
    },
    /// An outgoing message has its outcome: exactly one for each message.
    Finished(Box<Finished>),
    /// Every chunk of an outgoing message has been accepted, and the success REPORTs
    /// that it asked for are still missing. It no longer counts towards
    /// [`Limits::outgoing_messages`](crate::Limits::outgoing_messages).
    Accepted {
        /// The message.
        message: MessageKey,
    },
    /// A message has come further, if it was sent with
    /// [`OutgoingMessage::progress_events`](crate::OutgoingMessage::progress_events): more
    /// octets have left, were accepted or were delivered. The figures are those of the
    /// moment at which the event is taken, and one event at most waits for each message.
    Progress(Progress),
    /// A success REPORT says that some octets of an outgoing message have been
    /// received.
    Reported {
        /// The message.
        message: MessageKey,
        /// The octets, zero-based.
        octets: Range<u64>,
    },
    /// A response or REPORT says that a message that already has its outcome has
    /// failed. There is one event for each status of a message, and at most four. A
    /// [`SessionClosed`](Self::SessionClosed) follows if the status ends the session.
    LateFailure {
        /// The message.
        message: MessageKey,
        /// Its Message-ID.
        message_id: MessageId,
        /// The status.
        status: StatusCode,
        /// The octets of the chunk that was refused, or those in the Byte-Range of
        /// the REPORT, zero-based. `None` if the REPORT has no Byte-Range.
        octets: Option<Range<u64>>,
    },
    /// Octets of a message have been received after all, although it already has
    /// another outcome: a success REPORT arrives after
    /// [`Outcome::Unreported`](crate::Outcome::Unreported) or a failure, or a response
    /// accepts a chunk after [`Outcome::TimedOut`](crate::Outcome::TimedOut).
    LateSuccess {
        /// The message.
        message: MessageKey,
        /// Its Message-ID.
        message_id: MessageId,
        /// The octets, zero-based.
        octets: Range<u64>,
    },
    /// A [`BodyWriter`](crate::BodyWriter) has room again: it was half full or refused a
    /// piece, or it has run empty.
    BodyRoom {
        /// The message.
        message: MessageKey,
    },
    /// The peer asks for a nickname. Respond with
    /// [`Connection::respond_to_nickname`](crate::Connection::respond_to_nickname).
    NicknameRequested {
        /// The session.
        session: SessionKey,
        /// The request to respond to.
        request: NicknameRequest,
        /// The nickname. `None` if the peer releases its nickname.
        nickname: Option<Nickname>,
    },
    /// A NICKNAME that this side sent has its outcome: exactly one for each.
    Nickname {
        /// The session.
        session: SessionKey,
        /// The NICKNAME.
        key: NicknameKey,
        /// [`Outcome::Accepted`]: the nickname is this side's now.
        /// [`Outcome::Rejected`]: it is not, and an earlier one still is (RFC
        /// 7701 section 7.2). `TimedOut`, `SessionClosed` or `ConnectionLost`:
        /// there was no response.
        outcome: Outcome,
    },
    /// The relays have granted a route, for one session.
    #[cfg(feature = "auth")]
    Authenticated {
        /// The authentication.
        key: AuthKey,
        /// The route through the relays.
        route: RelayRoute,
    },
    /// There is no route, and no other one follows under this key. An earlier
    /// route stays valid until it [expires](RelayRoute::expires).
    #[cfg(feature = "auth")]
    AuthenticationFailed {
        /// The authentication.
        key: AuthKey,
        /// The relay that was asked.
        relay: MsrpUri,
        /// Why there is no route.
        reason: AuthenticationFailure,
    },
    /// A frame of the peer was malformed, or a request was refused outside of any
    /// message. One of a message that failed has no event but
    /// [`MessageFailed`](Self::MessageFailed).
    Refused(Box<Refused>),
    /// A deviation from the RFCs was tolerated for the first time on this
    /// connection.
    Tolerated(Tolerance),
    /// The connection has ended. This is its last event.
    Closed(ConnectionEnd),
}

impl Event {
    /// What the event weighs until the application takes it.
    pub(crate) fn weight(&self) -> usize {
        weight::ENTRY + self.octets()
    }

    /// Octets that the event holds beside its entry.
    fn octets(&self) -> usize {
        match self {
            Self::Message { received, body } => received.weight() + body.len(),
            Self::Piece { data, .. } => data.len(),
            Self::MessageStarted { received }
            | Self::MessageCompleted { received, .. }
            | Self::MessageFailed { received, .. } => received.weight(),
            Self::SessionOpened { remote, response, .. } => {
                remote.as_str().len() + response.as_ref().map_or(0, Response::octets)
            }
            Self::SessionClosed { response, .. } => response.as_ref().map_or(0, Response::octets),
            Self::Finished(finished) => finished.octets(),
            Self::Refused(refused) => size_of::<Refused>() + refused.octets(),
            Self::NicknameRequested { nickname, .. } => {
                nickname.as_ref().map_or(0, |nickname| nickname.as_str().len())
            }
            Self::Accepted { .. }
            | Self::Progress(_)
            | Self::Reported { .. }
            | Self::LateFailure { .. }
            | Self::LateSuccess { .. }
            | Self::BodyRoom { .. }
            | Self::Nickname { .. }
            | Self::Tolerated(_)
            | Self::Closed(_) => 0,
            #[cfg(feature = "auth")]
            Self::Authenticated { .. } | Self::AuthenticationFailed { .. } => 0,
        }
    }
}

/// A response of the peer (RFC 4975 section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The transaction that it ended.
    pub transaction: TransactionId,
    /// Its status code.
    pub status: StatusCode,
    /// The comment after the status code.
    pub comment: Option<Box<str>>,
    /// The time from the last octet of the request to the response: from when it left
    /// the transport if [`Connection::transport_holds`](crate::Connection::transport_holds)
    /// has said so, or else from when the transport was given it. `None` if the
    /// response arrived before that.
    pub round_trip: Option<Duration>,
}

impl Response {
    fn octets(&self) -> usize {
        self.comment.as_ref().map_or(0, |comment| comment.len())
    }
}

/// The outcome of an outgoing message, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// The message.
    pub message: MessageKey,
    /// Its session.
    pub session: SessionKey,
    /// Its Message-ID.
    pub message_id: MessageId,
    /// Its outcome.
    pub outcome: Outcome,
    /// Chunks that left whole.
    pub chunks: u64,
    /// Octets of the message that left: those that
    /// [`Connection::poll_transmit`](crate::Connection::poll_transmit) returned.
    pub octets: u64,
    /// Octets in chunks that were accepted; see
    /// [`Progress::accepted`](crate::Progress::accepted).
    pub accepted: u64,
    /// The octets that failed, zero-based: those of the chunk that was refused or got
    /// no response, or those in the Byte-Range of the failure REPORT. `None` if the
    /// outcome is of no particular octets.
    pub failed: Option<Range<u64>>,
    /// The last response to one of its chunks.
    pub response: Option<Response>,
    /// The octets that success REPORTs covered, zero-based.
    pub reported: Vec<Range<u64>>,
}

impl Finished {
    fn octets(&self) -> usize {
        let reported = size_of::<Range<u64>>() * self.reported.len();
        size_of::<Self>() + reported + self.response.as_ref().map_or(0, Response::octets)
    }
}

/// How far an outgoing message has come, in octets from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The message.
    pub message: MessageKey,
    /// Octets that have left: those that
    /// [`Connection::poll_transmit`](crate::Connection::poll_transmit) returned.
    pub left: u64,
    /// Octets in chunks that were accepted by a response, or under Failure-Report
    /// `partial` by silence.
    pub accepted: u64,
    /// Octets that success REPORTs cover.
    pub delivered: u64,
    /// The size of the message, if it is known.
    pub total: Option<u64>,
    /// Whether the message has left whole, the end of its last chunk included.
    pub has_left: bool,
}

impl Progress {
    /// The progress of a message before it is known.
    pub(super) const fn of(message: MessageKey) -> Self {
        Self { message, left: 0, accepted: 0, delivered: 0, total: None, has_left: false }
    }
}
