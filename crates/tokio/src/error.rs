//! Why there is no session.

use std::io;
use std::sync::Arc;

use msrp::{AuthenticateError, AuthenticationFailure, MsrpUri, RandomError, SessionError};
use msrp_sdp::HashFunction;
use msrp_tls::TlsError;
use thiserror::Error;

use crate::ended::Ended;

/// Why an endpoint has no session, or cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// This side cannot listen there.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: Box<str>,
        /// What the system says.
        source: io::Error,
    },
    /// The host of the next hop has no address that is known.
    #[error("cannot find {host}")]
    Resolve {
        /// The host.
        host: Box<str>,
        /// What the system says.
        source: io::Error,
    },
    /// The records of the domain say that it has no relay (RFC 2782).
    #[cfg(feature = "srv")]
    #[error("{host} has no MSRP relay")]
    NoService {
        /// The domain.
        host: Box<str>,
    },
    /// [`Builder::permit`](crate::Builder::permit) allows no address of the next hop.
    #[error("this side does not connect to {hop}")]
    NotPermitted {
        /// The next hop.
        hop: Arc<str>,
    },
    /// No address of the next hop takes the connection.
    #[error("cannot connect to {hop}")]
    Connect {
        /// The next hop: the peer, or a relay.
        hop: Arc<str>,
        /// What the system says of the last address.
        source: io::Error,
    },
    /// The connection was not made in time ([`Builder::connect_timeout`](crate::Builder)).
    #[error("{hop} takes no connection in time")]
    ConnectTimeout {
        /// The next hop.
        hop: Arc<str>,
    },
    /// TLS fails: most often the certificate of the next hop is not valid for its name, or
    /// does not have the fingerprint of the session description.
    #[error("TLS with {hop}")]
    Handshake {
        /// The next hop.
        hop: Arc<str>,
        /// What TLS says.
        source: io::Error,
    },
    /// The next hop opens no WebSocket for MSRP (RFC 7977 section 4.1).
    #[cfg(feature = "websocket")]
    #[error("{hop} opens no WebSocket for MSRP")]
    WebSocket {
        /// The next hop.
        hop: Arc<str>,
        /// What it says instead.
        source: io::Error,
    },
    /// A WebSocket without TLS (RFC 7977 section 5.1).
    /// [`Builder::plain_websocket`](crate::Builder::plain_websocket) allows it for tests.
    #[cfg(feature = "websocket")]
    #[error("{hop} is without TLS; use an msrps URI, or Builder::plain_websocket in a test")]
    PlainWebSocket {
        /// The next hop.
        hop: Arc<str>,
    },
    /// TLS cannot be set up on this side.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The fingerprints in the description of the peer are of a hash function that proves
    /// nothing, or that this side does not have: nobody would check its certificate.
    #[error(
        "a fingerprint with {0} does not identify the peer; \
         ask it for one with sha-256, sha-384 or sha-512"
    )]
    UnsafeFingerprints(HashFunction),
    /// The endpoint is to listen for TLS and has no certificate.
    #[error(
        "the endpoint has no certificate to listen for TLS; give it one with Builder::identity"
    )]
    NoIdentity,
    /// This side does not open or expect the session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The session has ended before it was open.
    #[error(transparent)]
    Ended(Box<Ended>),
    /// The first URI of the path has no port, and MSRP has no default port.
    #[error("{0} has no port, and MSRP has no default port")]
    NoPort(Box<str>),
    /// The first URI of the path has a transport that the endpoint does not have.
    #[error("{0}: the transport of the first hop must be tcp, or ws with the feature websocket")]
    Transport(Box<str>),
    /// The endpoint does not listen, so that no peer can connect to it.
    #[error("the endpoint does not listen; bind an address first")]
    NotListening,
    /// The endpoint listens on all addresses, and peers have to know one of them.
    #[error("the endpoint listens on all addresses; name one with Builder::public_host")]
    NoPublicHost,
    /// The plan is for a data channel, which is not the endpoint's.
    #[error("the session is for a data channel; open it there")]
    DataChannel,
    /// The relay grants no route.
    #[error("{relay} grants no route: {reason}")]
    Relay {
        /// The relay that was asked.
        relay: MsrpUri,
        /// Why.
        reason: AuthenticationFailure,
    },
    /// This side does not ask the relay.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The URI of the relay has no TLS: anybody on the network could read the URIs of the
    /// session. [`Builder::plain_auth`](crate::Builder::plain_auth) allows it for tests.
    #[error("{0} is without TLS; use an msrps URI, or Builder::plain_auth in a test")]
    PlainAuth(MsrpUri),
    /// The plan goes through a relay, and no route of this endpoint has its URI.
    #[error("no route of this endpoint has the URI of the session; get one with Endpoint::relay")]
    NoRoute,
    /// The endpoint was closed.
    #[error("the endpoint was closed")]
    Closed,
    /// The source of random octets fails.
    #[error(transparent)]
    Random(#[from] RandomError),
}
