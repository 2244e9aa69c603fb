//! Why a method of a connection refuses.

use thiserror::Error;

use crate::keys::UnknownKey;
use crate::random::RandomError;
use crate::wire::{DecodeError, EncodeError, MediaType};

/// Why [`Connection::receive`](crate::Connection::receive) reads no further.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The octets are not MSRP. Close the transport connection.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The connection has ended.
    #[error("the connection is closed")]
    Closed,
}

/// Why a session is not opened, expected or updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// No open session of this connection has the key.
    #[error(transparent)]
    UnknownKey(#[from] UnknownKey),
    /// The session has no path to the peer, which comes from the rendezvous.
    #[error("the session has no remote path; make it with SessionConfig::new")]
    NoRemotePath,
    /// The path to the peer has more URIs than
    /// [`ParseOptions::path_uris`](crate::ParseOptions::path_uris).
    #[error("a path has at most {max} URIs")]
    TooManyUris {
        /// The limit.
        max: usize,
    },
    /// The path to the peer leaves no room for anything else in a head of
    /// [`ParseOptions::head_octets`](crate::ParseOptions::head_octets).
    #[error("the paths have at most {max} octets together")]
    PathTooLong {
        /// The limit in octets.
        max: usize,
    },
    /// Another session, of this connection or in this table, has the same local
    /// URI. Every session has a URI of its own (RFC 4975 section 8.2).
    #[error("another session has this local URI; make a new URI")]
    UriInUse,
    /// The connection has as many sessions as
    /// [`Limits::sessions`](crate::Limits::sessions) allows, or the
    /// [`SessionTable`](crate::SessionTable) is full.
    #[error("there are {max} sessions already; close one or raise the limit")]
    TooManySessions {
        /// The limit.
        max: usize,
    },
    /// The peer opened the connection and has not bound a session yet: who it is
    /// is not known before (RFC 4975 section 5.4).
    #[error("the peer of this passive connection has to bind a session first")]
    NotBound,
    /// The update has another local URI, which makes it another session.
    #[error("another local URI is another session; close this one and open that")]
    OtherUri,
    /// The update has another remote path, which makes it another session.
    #[error("another remote path is another session; close this one and open that")]
    OtherPath,
    /// The connection has ended.
    #[error("the connection is closed")]
    Closed,
}

/// Why nothing is sent: no message, no part of a body, no NICKNAME, no REPORT.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// No open session, or no message without an outcome, has the key.
    #[error(transparent)]
    UnknownKey(#[from] UnknownKey),
    /// The peer does not accept this media type, that of the message or one inside it, in a
    /// `message/cpim` or a multipart body: it is not in the peer's lists, or the status of a
    /// message with it, in the same container, was 415 (RFC 4975 sections 8.6 and 10.6). A
    /// 415 to several parts does not say which, and is about the container with all of them.
    /// Of a streamed message, the first 4 KiB are looked into as they are written.
    /// A message of more than 16 different types goes only to a peer that accepts `*`.
    #[error("the peer does not accept {0}")]
    TypeNotAccepted(MediaType),
    /// This side sends no messages in the session (RFC 4975 section 8.9).
    #[error("this side sends no messages in the session; agree on another direction first")]
    NotSending,
    /// The message is larger than the peer accepts (RFC 4975 section 8.6).
    #[error("the peer accepts messages of at most {max} octets")]
    TooLarge {
        /// The peer's limit in octets.
        max: u64,
    },
    /// The session is for one message
    /// ([`SessionConfig::single_message`](crate::SessionConfig::single_message)),
    /// and that was sent.
    #[error("the session is for one message, and that was sent; open another session")]
    SingleMessage,
    /// A message with this Message-ID has no outcome yet in this session.
    #[error("a message with this Message-ID has no outcome yet; wait for it")]
    MessageIdInUse,
    /// Too many messages have no outcome yet; see
    /// [`Limits::outgoing_messages`](crate::Limits::outgoing_messages).
    #[error("{max} messages of this session have no outcome yet; wait for one")]
    TooManyMessages {
        /// The limit.
        max: usize,
    },
    /// The head of a chunk is longer than
    /// [`ParseOptions::head_octets`](crate::ParseOptions::head_octets), at which a peer
    /// with the same limits ends the connection; or it leaves no room for a body in a
    /// message of the transport ([`Framing::Message`](crate::Framing::Message)).
    #[error("a head of at most {max} octets fits; shorten the header fields")]
    HeadTooLong {
        /// The most octets of the head, or of a transport message.
        max: usize,
    },
    /// A chunk would have more header fields than
    /// [`ParseOptions::headers`](crate::ParseOptions::headers), at which a peer with
    /// the same limits refuses it.
    #[error("a chunk has at most {max} header fields, with those that every chunk has")]
    TooManyHeaders {
        /// The limit.
        max: usize,
    },
    /// The path to the peer has more URIs than
    /// [`ParseOptions::path_uris`](crate::ParseOptions::path_uris).
    #[error("a path has at most {max} URIs")]
    TooManyUris {
        /// The limit.
        max: usize,
    },
    /// The source of random octets gives no Message-ID or transaction id.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A header field cannot be written.
    #[error(transparent)]
    Header(#[from] EncodeError),
    /// The message has all its octets: it was not streamed, or its
    /// [`BodyWriter`](crate::BodyWriter) has finished.
    #[error("the message already has all its octets")]
    BodyFinished,
    /// The piece is larger than the room that is left. Write less, or wait for
    /// [`Event::BodyRoom`](crate::Event::BodyRoom).
    #[error("there is room for {room} octets; write less, or wait for Event::BodyRoom")]
    Full {
        /// Octets that would be taken.
        room: usize,
    },
    /// The body is longer than the announced size.
    #[error("the announced size of the message is {total} octets")]
    BeyondTotal {
        /// The announced size in octets.
        total: u64,
    },
    /// The body is shorter than the announced size. Write the rest, or abort the
    /// message.
    #[error("{missing} octets of the message are missing; write them or abort the message")]
    Short {
        /// Octets that are missing.
        missing: u64,
    },
    /// Too many NICKNAMEs have no response yet; see
    /// [`Limits::nicknames`](crate::Limits::nicknames).
    #[error("{max} NICKNAMEs of this session have no response yet; wait for one")]
    TooManyNicknames {
        /// The limit.
        max: usize,
    },
    /// The sender did not ask for such REPORTs (RFC 4975 sections 7.1.3 and
    /// 7.1.4).
    #[error("the sender of the message did not ask for this REPORT")]
    NotWanted,
    /// The body of the REPORT is longer than 10,240 octets (RFC 4975 section 7.1).
    #[error("the body of a REPORT has at most 10,240 octets")]
    ReportTooLarge,
}
