//! What a relay tells the application, and what it is told in turn.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::auth::{Algorithm, Ha1};
use crate::random::RandomError;
use crate::uri::MsrpUri;
use crate::wire::DecodeError;

/// One transport connection of a relay. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub(super) u64);

/// One token: a URI that was handed out in a Use-Path. Never used twice, and
/// no secret, unlike the URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub(super) u64);

/// One AUTH that waits for the application. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthRequest(pub(super) u64);

/// Something that the application has to do or know, in the order in which it
/// came up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayEvent {
    /// A transport connection is wanted: open one to the host and port of this
    /// URI, by TLS where its scheme is `msrps`, and say
    /// [`Relay::connected`](super::Relay::connected) or
    /// [`Relay::connect_failed`](super::Relay::connect_failed). The
    /// application may refuse any: clients choose where it leads.
    Connect {
        /// The connection that is to be.
        connection: ConnectionId,
        /// The next hop. A URI without a port is a relay to be found as
        /// RFC 4976 section 8 says.
        uri: MsrpUri,
    },
    /// A client gives credentials: look the user up and say
    /// [`Relay::authorise`](super::Relay::authorise), now or later.
    Authorise {
        /// The AUTH.
        request: AuthRequest,
        /// The connection that it came in on.
        connection: ConnectionId,
        /// The user, not authenticated yet.
        username: String,
        /// The realm, which is the relay's.
        realm: String,
        /// The algorithm of the digest that is needed.
        algorithm: Algorithm,
    },
    /// Nothing more leaves on this connection: close the transport and say
    /// [`Relay::closed`](super::Relay::closed).
    Close {
        /// The connection.
        connection: ConnectionId,
        /// Why.
        reason: RelayClose,
    },
    /// [`Relay::wants_read`](super::Relay::wants_read) of this connection has
    /// turned true.
    Resume(ConnectionId),
    /// A client was given a token.
    TokenIssued {
        /// The token.
        token: TokenId,
        /// The connection that the AUTH came in on.
        connection: ConnectionId,
        /// Whose it is.
        username: String,
        /// How long it is valid.
        expires: Duration,
    },
    /// A token is not valid any more.
    TokenEnded {
        /// The token.
        token: TokenId,
        /// Whose it was.
        username: String,
        /// What was relayed under it.
        usage: Usage,
        /// Whether its time had come; otherwise its connection is gone.
        has_expired: bool,
    },
}

/// Why a relay closes a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayClose {
    /// A request for somebody else (RFC 4976 section 6.2).
    NotForThisRelay,
    /// No request that was not refused came in time, or too many that were
    /// (section 6.1).
    Probation,
    /// Too many failed AUTHs (section 6.3).
    AuthFailures,
    /// Nothing came or left for a long time (section 6.5).
    Idle,
    /// Its place was needed (section 6.5).
    Evicted,
    /// The peer reads nothing.
    Stalled,
    /// The connection that was asked for did not come about in time.
    NotConnected,
    /// What comes in cannot be read.
    Unreadable(DecodeError),
    /// The relay is being stopped.
    Drained,
    /// The source of random octets failed: nothing can be given an id, token or
    /// nonce that is hard to guess.
    RandomFailed(RandomError),
}

impl fmt::Display for RelayClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotForThisRelay => f.write_str("a request was addressed to another relay"),
            Self::Probation => f.write_str("no request was accepted in time"),
            Self::AuthFailures => f.write_str("too many AUTHs failed"),
            Self::Idle => f.write_str("the connection was idle for too long"),
            Self::Evicted => f.write_str("another connection needed its place"),
            Self::Stalled => f.write_str("the peer reads nothing"),
            Self::NotConnected => f.write_str("the connection was not established in time"),
            Self::Unreadable(error) => write!(f, "the peer's octets are unreadable: {error}"),
            Self::Drained => f.write_str("the relay is being stopped"),
            Self::RandomFailed(error) => error.fmt(f),
        }
    }
}

/// Why octets cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RelayError {
    /// The connection is closed, or closing.
    #[error("the connection is closed")]
    Closed,
    /// Framing is lost; a [`RelayEvent::Close`] follows.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// What the application says of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The digest of the user's password, of the algorithm that was asked for.
    Known(Ha1),
    /// There is no such user. The peer cannot tell it from a wrong password.
    Unknown,
    /// The user may not use this relay: 403.
    Forbidden,
}

/// What was relayed under a token, both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// SENDs, as they came in.
    pub chunks: u64,
    /// Octets of their bodies.
    pub octets: u64,
}

/// Counters since the relay was made, and what there is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Connections that there are.
    pub connections: u64,
    /// Tokens that are valid.
    pub tokens: u64,
    /// Connections that have come in.
    pub accepted: u64,
    /// Connections that were asked for.
    pub connects: u64,
    /// SENDs passed on, as they came in.
    pub chunks: u64,
    /// Octets of their bodies.
    pub octets: u64,
    /// Requests passed on that are no SENDs, and responses.
    pub passed: u64,
    /// Requests refused.
    pub refused: u64,
    /// Responses that led nowhere.
    pub dropped_responses: u64,
    /// Failure REPORTs made.
    pub reports: u64,
    /// SENDs that the next hop did not answer in time.
    pub timeouts: u64,
    /// AUTHs that succeeded.
    pub auth_accepted: u64,
    /// AUTHs with credentials that did not.
    pub auth_failed: u64,
}
