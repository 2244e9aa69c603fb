//! Why relays are not asked, and why they grant no route.

use std::fmt;

use thiserror::Error;

use crate::uri::MsrpUri;
use crate::wire::StatusCode;

/// Why no relay is asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// The URI of the relay is not an `msrps` URI (RFC 4976 section 8).
    #[error("{0} is not an msrps URI; use msrps, or Authentication::without_tls for a test")]
    NotSecured(MsrpUri),
    /// The relay has an `msrps` URI, but the transport is not TLS.
    #[error("{0} needs TLS; use Authentication::over_tls on a TLS connection")]
    NeedsTls(MsrpUri),
    /// The peer opened the connection: it is not a relay of this side, and its
    /// identity has not been checked.
    #[error("a client opens the connection to its relay; use Role::Active")]
    Passive,
    /// The connection has as many authentications as
    /// [`Limits::authentications`](crate::Limits::authentications) allows.
    #[error("the connection has {max} authentications; stop one or raise the limit")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The connection has ended.
    #[error("the connection is closed")]
    Closed,
}

/// Why there is no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthenticationFailure {
    /// The relay asks for credentials, and the [`Authentication`] has none.
    ///
    /// [`Authentication`]: crate::Authentication
    NoCredentials,
    /// The relay does not accept the credentials.
    Unauthorized,
    /// The 401 has no challenge that this side supports: Digest with MD5 or
    /// SHA-256, and qop `auth`.
    Challenge,
    /// The relay does not prove that it knows the password (`rspauth`).
    Impostor,
    /// The relay and this side agree on no lifetime.
    Lifetime,
    /// The response of the relay has this status.
    Rejected(StatusCode),
    /// The 200 has no Use-Path that can be read, or one that is not tolerated
    /// ([`Tolerance::UsePathAddress`](crate::Tolerance::UsePathAddress)).
    NoRoute,
    /// The relay did not respond in time.
    TimedOut,
    /// The connection ended first.
    ConnectionClosed,
}

impl fmt::Display for AuthenticationFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCredentials => "the relay asks for credentials",
            Self::Unauthorized => "the relay does not accept the credentials",
            Self::Challenge => "the relay's challenge is not supported",
            Self::Impostor => "the relay does not prove that it knows the password",
            Self::Lifetime => "the relay accepts no lifetime that it was asked for",
            Self::Rejected(status) => {
                return write!(f, "the relay responded {status} {}", status.reason());
            }
            Self::NoRoute => "the 200 of the relay has no usable Use-Path",
            Self::TimedOut => "the relay did not respond in time",
            Self::ConnectionClosed => "the connection to the relay ended",
        })
    }
}
