//! Events of a relay, its errors and its counters.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use thiserror::Error;

use crate::auth::{Algorithm, Ha1};
use crate::named::named;
use crate::random::RandomError;
use crate::uri::MsrpUri;
use crate::wire::DecodeError;

/// One transport connection of a relay. An id is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub(super) u64);

/// One token: a URI that the relay has issued in a Use-Path. An id is never
/// reused, and it is no secret, unlike the URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub(super) u64);

/// One AUTH that waits for the application. An id is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthRequest(pub(super) u64);

/// Something that the application has to do or know.
/// [`Relay::poll_event`](super::Relay::poll_event) gives the events in the order
/// in which they happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayEvent {
    /// The relay needs a transport connection: open one to the host and port of
    /// the URI, with TLS if its scheme is `msrps`, and call
    /// [`Relay::connected`](super::Relay::connected), or
    /// [`Relay::closed`](super::Relay::closed) if that fails. Clients choose the
    /// URI: the application may refuse to connect to it.
    Connect {
        /// The connection.
        connection: ConnectionId,
        /// The next hop. A URI without a port is that of a relay, which DNS SRV
        /// records locate (RFC 4976 section 8).
        uri: MsrpUri,
    },
    /// A client has sent credentials: look the user up and call
    /// [`Relay::authorise`](super::Relay::authorise), now or later.
    Authorise {
        /// The AUTH.
        request: AuthRequest,
        /// The connection on which the AUTH arrived.
        connection: ConnectionId,
        /// The user, not yet authenticated.
        username: String,
        /// The realm, which is the relay's.
        realm: String,
        /// The algorithm of the digest that [`Verdict::Known`] needs.
        algorithm: Algorithm,
    },
    /// The relay sends nothing more on a connection: close the transport
    /// and call [`Relay::closed`](super::Relay::closed).
    Close {
        /// The connection.
        connection: ConnectionId,
        /// Why the relay closes it.
        reason: RelayClose,
    },
    /// [`Relay::wants_read`](super::Relay::wants_read) has become true for a
    /// connection.
    Resume {
        /// The connection.
        connection: ConnectionId,
    },
    /// The relay has to know what the transport of a connection holds: call
    /// [`Relay::transport_holds`](super::Relay::transport_holds). Only where it was called
    /// before.
    Look {
        /// The connection.
        connection: ConnectionId,
    },
    /// The credentials of an AUTH are not good. After
    /// [`max_failures`](super::RelayConfig::max_failures) of one user from one source, AUTHs
    /// of this user from there wait for one another, for up to 8 seconds each.
    AuthFailed {
        /// The connection on which the AUTH arrived.
        connection: ConnectionId,
        /// The address of the client, an IPv4 address if it is mapped to IPv6. `None` if the AUTH came through another relay, or
        /// [`Peer::address`](super::Peer::address) is not set.
        address: Option<IpAddr>,
        /// The user that the client claims to be: whatever the client has written.
        username: String,
        /// What is wrong.
        reason: AuthFailure,
    },
    /// A client has been granted a token.
    TokenIssued {
        /// The token.
        token: TokenId,
        /// The connection on which the AUTH arrived.
        connection: ConnectionId,
        /// The user to whom the token belongs.
        username: String,
        /// How long the token is valid.
        lifetime: Duration,
    },
    /// A token is no longer valid.
    TokenEnded {
        /// The token.
        token: TokenId,
        /// The user to whom the token belonged.
        username: String,
        /// What was relayed under the token.
        usage: Usage,
        /// Whether the token expired. If not, its connection has ended, it has given way
        /// to a newer one ([`RelayLimits::user_tokens`](super::RelayLimits::user_tokens)),
        /// or its user may no longer use the relay.
        has_expired: bool,
    },
}

named! {
    /// What is wrong with the credentials of an AUTH.
    #[derive(PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum AuthFailure: "reason of a failed AUTH" {
        /// The password is wrong, or something that the digest covers was changed.
        WrongPassword = "wrong password",
        /// There is no such user ([`Verdict::Unknown`]).
        UnknownUser = "unknown user",
        /// The user may not use this relay ([`Verdict::Forbidden`]).
        Forbidden = "forbidden",
        /// They were made for another realm, algorithm or URI than those of the relay.
        NotForThisRelay = "not for this relay",
    }
}

/// Why a relay closes a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayClose {
    /// A request was addressed to another relay (RFC 4976 section 6.2).
    NotForThisRelay,
    /// No request was accepted in time, or too many were refused before the
    /// first was accepted (section 6.1).
    Probation,
    /// Too many AUTHs of a client failed, or were never followed by one that answers the
    /// challenge (section 6.3).
    AuthFailures,
    /// The connection was idle for too long (section 6.5).
    Idle,
    /// Another connection needed its place (section 6.5) or its memory.
    Evicted,
    /// Its user or peer may no longer use the relay
    /// ([`Relay::retain_users`](super::Relay::retain_users),
    /// [`Relay::revoke`](super::Relay::revoke)).
    Revoked,
    /// The peer does not read what the relay writes, or reads it too slowly while the
    /// connection closes.
    Stalled,
    /// The connection was not established in time.
    NotConnected,
    /// The octets of the peer cannot be decoded.
    Unreadable(DecodeError),
    /// The relay is shutting down.
    Drained,
    /// The source of random octets failed: the relay cannot make a transaction id,
    /// token or nonce that is hard to guess.
    RandomFailed(RandomError),
}

impl fmt::Display for RelayClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotForThisRelay => f.write_str("a request was addressed to another relay"),
            Self::Probation => f.write_str("no request was accepted in time"),
            Self::AuthFailures => f.write_str("too many AUTHs failed"),
            Self::Idle => f.write_str("the connection was idle for too long"),
            Self::Evicted => f.write_str("another connection needed its place or its memory"),
            Self::Revoked => f.write_str("its user or peer may no longer use the relay"),
            Self::Stalled => f.write_str("the peer does not read"),
            Self::NotConnected => f.write_str("the connection was not established in time"),
            Self::Unreadable(error) => {
                write!(f, "the octets of the peer cannot be decoded: {error}")
            }
            Self::Drained => f.write_str("the relay is shutting down"),
            Self::RandomFailed(error) => error.fmt(f),
        }
    }
}

/// Why a relay does not take octets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RelayError {
    /// The connection is closed or closing, or its id is unknown.
    #[error("the connection is closed")]
    Closed,
    /// The stream cannot be decoded. [`RelayEvent::Close`] follows.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// The application's decision on an AUTH, for [`Relay::authorise`](super::Relay::authorise).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The user exists. This is H(A1), made with the algorithm of the event.
    Known(Ha1),
    /// There is no such user. The response is the same as to a wrong password:
    /// 401.
    Unknown,
    /// The user may not use this relay. The response is 403.
    Forbidden,
}

/// What was relayed under a token, in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// SEND chunks, as they arrived.
    pub chunks: u64,
    /// Octets of their bodies.
    pub octets: u64,
}

/// Counters since the relay was created, and its current connections and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Current connections.
    pub connections: u64,
    /// Valid tokens.
    pub tokens: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections requested by [`RelayEvent::Connect`].
    pub connects: u64,
    /// Connections closed because another one needed their place or their memory.
    pub evicted: u64,
    /// SEND chunks forwarded, as they arrived.
    pub chunks: u64,
    /// Octets of their bodies.
    pub octets: u64,
    /// Responses and requests other than SEND forwarded.
    pub passed: u64,
    /// Requests refused.
    pub refused: u64,
    /// Peers forgotten because their connection had more than
    /// [`RelayLimits::connection_peers`](super::RelayLimits::connection_peers).
    pub forgotten_peers: u64,
    /// Responses dropped because they match no transaction, or because their receiver is
    /// gone or takes no octets.
    pub dropped_responses: u64,
    /// SENDs dropped because their receiver was too slow for a connection that others
    /// share, or because others needed what was kept of them. They are reported with 408,
    /// unless their Failure-Report is `no`.
    pub dropped: u64,
    /// Failure REPORTs sent.
    pub reports: u64,
    /// REPORTs dropped because their way back is gone, or because their receiver takes no
    /// octets.
    pub dropped_reports: u64,
    /// SENDs to which the next hop did not respond in time.
    pub timeouts: u64,
    /// AUTHs that succeeded.
    pub auth_accepted: u64,
    /// AUTHs whose credentials were not good, for any reason.
    pub auth_failed: u64,
    /// Of these, [`AuthFailure::WrongPassword`].
    pub auth_wrong_password: u64,
    /// Of these, [`AuthFailure::UnknownUser`].
    pub auth_unknown_user: u64,
    /// Of these, [`AuthFailure::Forbidden`].
    pub auth_forbidden: u64,
    /// Of these, [`AuthFailure::NotForThisRelay`].
    pub auth_not_for_this_relay: u64,
}

impl Statistics {
    pub(super) const fn count_failure(&mut self, reason: AuthFailure) {
        self.auth_failed += 1;
        let counter = match reason {
            AuthFailure::WrongPassword => &mut self.auth_wrong_password,
            AuthFailure::UnknownUser => &mut self.auth_unknown_user,
            AuthFailure::Forbidden => &mut self.auth_forbidden,
            AuthFailure::NotForThisRelay => &mut self.auth_not_for_this_relay,
        };
        *counter += 1;
    }
}
