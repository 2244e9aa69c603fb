//! Why something ended: messages either way, sessions and connections.

use std::fmt;

use crate::named::named;
use crate::random::RandomError;
use crate::wire::{DecodeError, StatusCode};

named! {
    /// Why an incoming message failed.
    #[non_exhaustive]
    pub enum FailReason: "reason" {
        /// The peer aborted it (`#`).
        Aborted = "aborted" => "the peer aborted the message",
        /// It is larger than the session's limit. The response was 413.
        TooLarge = "tooLarge" => "the message is too large",
        /// Its chunks lie in more separate runs than
        /// [`Limits::message_ranges`](crate::Limits::message_ranges). The response
        /// was 413.
        TooManyRanges = "tooManyRanges" =>
            "the chunks of the message lie in too many separate runs",
        /// [`Limits::incoming_messages`](crate::Limits::incoming_messages) is 0. The
        /// response was 413.
        TooManyMessages = "tooManyMessages" => "messages in several chunks are not accepted",
        /// The unfinished messages reached
        /// [`Limits::incoming_octets`](crate::Limits::incoming_octets), and this one was
        /// the only unfinished message of the session that holds most. The response was
        /// 413.
        NoRoom = "noRoom" => "the message takes up too much memory while it is unfinished",
        /// It was unfinished, and had made no progress for longer than the others, when
        /// another message needed its place
        /// ([`Limits::incoming_messages`](crate::Limits::incoming_messages)) or its
        /// memory ([`Limits::incoming_octets`](crate::Limits::incoming_octets)). The
        /// response to later chunks of it is 413.
        Evicted = "evicted" => "the unfinished message made way for another",
        /// It was unfinished, and its time without progress ran out
        /// ([`Config::incoming_timeout`](crate::Config::incoming_timeout)). The response
        /// to later chunks of it is 408.
        TimedOut = "timedOut" => "the rest of the message did not come in time",
        /// A message of its Message-ID was complete before, and its first chunk alone
        /// came again ([`ReceiveMode::Pieces`](crate::ReceiveMode::Pieces)). The
        /// response was 200. Its later chunks get 200, too.
        Duplicate = "duplicate" => "the message was complete before",
        /// Its chunks contradict each other about its size, or a header field is
        /// missing. The response was 400.
        Inconsistent = "inconsistent" => "the chunks of the message are inconsistent",
        /// This side does not accept its type, or a type inside it. The response was
        /// 415.
        UnsupportedType = "unsupportedType" => "the media type is not accepted",
        /// This side receives no messages in the session
        /// ([`SessionConfig::direction`](crate::SessionConfig::direction)). The
        /// response was 403.
        NotReceiving = "notReceiving" => "this side receives no messages in the session",
        /// The application rejected it.
        Rejected = "rejected" => "the application rejected the message",
        /// The session was lost, and
        /// [`SessionConfig::memory`](crate::SessionConfig::memory) keeps what has arrived:
        /// the message can go on in a later session.
        Interrupted = "interrupted" => "the session was lost, and the message can go on",
        /// The session or its connection ended.
        SessionClosed = "closed" => "the session ended",
    }
}

/// The outcome of an outgoing message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The next hop has accepted every chunk.
    Accepted,
    /// It has left whole, and there is no response to wait for: Failure-Report is
    /// `no`, or it is `partial` and no error came in time.
    Sent,
    /// Success REPORTs cover every octet.
    Delivered,
    /// It was accepted, but the success REPORTs that were asked for did not
    /// arrive before the session ended or their time ran out.
    Unreported,
    /// A response or REPORT refused it.
    Rejected(StatusCode),
    /// A chunk got no response in time, or a 408 says that of a later hop, or no octet
    /// left within [`OutgoingMessage::progress_timeout`](crate::OutgoingMessage::progress_timeout).
    TimedOut,
    /// The application aborted it.
    Aborted,
    /// Its session ended first.
    SessionClosed,
    /// The connection ended first.
    ConnectionLost,
}

impl Outcome {
    /// Whether the message succeeded, by the responses and REPORTs that it asked for.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Accepted | Self::Sent | Self::Delivered)
    }

    /// Its name, for programs: `timedOut`. The name of [`Rejected`](Self::Rejected)
    /// leaves out the status.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Unreported => "unreported",
            Self::Rejected(_) => "rejected",
            Self::TimedOut => "timedOut",
            Self::Aborted => "aborted",
            Self::SessionClosed => "sessionClosed",
            Self::ConnectionLost => "connectionLost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Unreported => "accepted, but not reported as delivered",
            Self::Rejected(status) => return write_status(f, "rejected with", *status),
            Self::TimedOut => "no progress or response in time",
            Self::Aborted => "aborted",
            Self::SessionClosed => "the session ended first",
            Self::ConnectionLost => "the connection ended first",
        })
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The application closed it.
    Local,
    /// The peer does not have the session (481), or has it on another connection
    /// (506), or refused its binding SEND.
    Rejected(StatusCode),
    /// Its binding SEND got no response in time.
    TimedOut,
    /// A failure REPORT says that octets were lost: sending them again takes a
    /// new session (RFC 4975 section 7.3.2).
    Failed(StatusCode),
    /// The connection ended because the peer gave no sign of life
    /// ([`ConnectionEnd::Silent`]).
    Silent,
    /// The connection ended in another way.
    ConnectionClosed,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "closed by this side",
            Self::Rejected(status) => return write_status(f, "rejected with", *status),
            Self::TimedOut => "no response in time",
            Self::Failed(status) => return write_status(f, "octets lost, reported with", *status),
            Self::Silent => "no sign of life on the connection",
            Self::ConnectionClosed => "the connection ended",
        })
    }
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
    /// for it. This side reads nothing meanwhile, so that octets of the peer are no
    /// sign of life, as they would be for [`Silent`](Self::Silent).
    Stalled,
    /// For [`Config::silence_timeout`](crate::Config::silence_timeout) no octet
    /// has arrived and none has left, although octets waited to leave or a
    /// keep-alive for its answer.
    Silent,
    /// No request of the peer was accepted within
    /// [`Config::bind_timeout`](crate::Config::bind_timeout).
    NotBound,
    /// The peer sent nothing for
    /// [`Config::frame_timeout`](crate::Config::frame_timeout) within a chunk or
    /// response.
    FrameTimeout,
    /// It ended within a frame, or its octets are not MSRP.
    Failed(DecodeError),
    /// The source of random octets failed: there is no id that is hard to guess
    /// for another chunk or request.
    RandomFailed(RandomError),
}

impl fmt::Display for ConnectionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "closed by this side",
            Self::Peer => "closed by the peer",
            Self::Stalled => "the peer does not read",
            Self::Silent => "the peer gives no sign of life",
            Self::NotBound => "the peer bound no session in time",
            Self::FrameTimeout => "the peer stopped within a chunk or response",
            Self::Failed(error) => return write!(f, "{error}"),
            Self::RandomFailed(error) => return write!(f, "{error}"),
        })
    }
}

/// `status` with its reason phrase, after what it did.
fn write_status(f: &mut fmt::Formatter<'_>, what: &str, status: StatusCode) -> fmt::Result {
    write!(f, "{what} {status} {}", status.reason())
}
