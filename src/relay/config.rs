//! What a relay is told before it starts, and of each connection.

use std::time::Duration;

use crate::auth::Algorithm;
use crate::hop::Framing;
use crate::limits::ParseOptions;
use crate::uri::MsrpUri;

/// How a [`Relay`](super::Relay) behaves.
///
/// ```
/// use std::time::Duration;
/// use msrp::relay::RelayConfig;
///
/// let address = "msrps://relay.example.com:2855;tcp".parse()?;
/// let mut config = RelayConfig::new(address, "example.com");
/// // Browsers come in here (RFC 7977).
/// config.addresses.push("msrps://relay.example.com:443;ws".parse()?);
/// config.max_expires = Duration::from_secs(600);
/// # Ok::<(), msrp::uri::UriError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelayConfig {
    /// The URIs under which the relay is reached, without a session-id. A
    /// request to any other is not for it. The URI in a Use-Path is made from
    /// the first one over `tcp` that is as secure as the connection of the
    /// client, or else from the first. RFC 4976 section 4.2 wants a host name
    /// there and a port, not an address.
    pub addresses: Vec<MsrpUri>,
    /// The realm of the challenges; the name of the relay is a good one
    /// (RFC 4976 section 5.1).
    pub realm: String,
    /// The algorithms of the challenges, the preferred one first. Default:
    /// SHA-256, then MD5.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce may be used. Default 5 minutes.
    pub nonce_lifetime: Duration,
    /// How heads are read.
    pub parse: ParseOptions,
    /// What the relay may hold.
    pub limits: RelayLimits,
    /// The shortest life of a token; one that is asked for a shorter one is
    /// answered 423. Default 1 minute.
    pub min_expires: Duration,
    /// The longest life of a token. Default 1 day.
    pub max_expires: Duration,
    /// The life of a token whose client asks for none. Default 1 hour.
    pub default_expires: Duration,
    /// How long the next hop may take to answer (RFC 4976 section 6.4.1), and
    /// how long a connection that was asked for may take to be there. Default
    /// 30 seconds.
    pub transaction_timeout: Duration,
    /// How long a peer has for a request that is not refused (RFC 4976 section
    /// 6.1). Default 30 seconds.
    pub probation: Duration,
    /// After how long without a request or response a connection is closed
    /// (RFC 4976 section 6.5). Default 1 hour.
    pub idle: Duration,
    /// How long a peer may take to read one [`Transmit`](crate::Transmit).
    /// Default 1 minute.
    pub stall: Duration,
    /// Refused requests of a connection that has had no other, and failed
    /// AUTHs of a client, after which its connection is closed (RFC 4976
    /// sections 6.1 and 6.3). Default 5.
    pub max_failures: u32,
    /// Whether AUTH is answered on connections without TLS, for tests. RFC 4976
    /// section 8 forbids it. Default: no.
    pub plain_auth: bool,
    /// Whether requests of unknown methods are passed on, as RFC 4976 section
    /// 6.4.2 has it, or answered 501. Default: yes.
    pub forward_unknown_methods: bool,
    /// The most body octets of one [`Transmit`](crate::Transmit). Default 64 KiB.
    pub transmit_octets: usize,
    /// The octets of one chunk after which what has come in on another
    /// connection has its turn. Default 64 KiB.
    pub turn_octets: usize,
}

impl RelayConfig {
    /// The defaults, for a relay with one address.
    #[must_use]
    pub fn new(address: MsrpUri, realm: impl Into<String>) -> Self {
        Self {
            addresses: vec![address],
            realm: realm.into(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            nonce_lifetime: Duration::from_secs(300),
            parse: ParseOptions::default(),
            limits: RelayLimits::default(),
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(24 * 3600),
            default_expires: Duration::from_secs(3600),
            transaction_timeout: Duration::from_secs(30),
            probation: Duration::from_secs(30),
            idle: Duration::from_secs(3600),
            stall: Duration::from_secs(60),
            max_failures: 5,
            plain_auth: false,
            forward_unknown_methods: true,
            transmit_octets: 64 * 1024,
            turn_octets: 64 * 1024,
        }
    }
}

/// What a [`Relay`](super::Relay) may hold on behalf of its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayLimits {
    /// Connections. At the limit a new one takes the place of the one that has
    /// been quiet for the longest time, first among those that have had no
    /// request yet (RFC 4976 section 6.5). Default 10,000.
    pub connections: usize,
    /// Tokens that are valid at the same time. Default 100,000.
    pub tokens: usize,
    /// Tokens of one connection. Default 256.
    pub connection_tokens: usize,
    /// Peers of one token whose connections are known. Default 16.
    pub token_peers: usize,
    /// AUTHs that wait for the application. Default 1,024.
    pub pending_auths: usize,
    /// How often the relay may be named in the To-Path and From-Path of one
    /// request together. Both ends can use the same relay, which is twice.
    /// Default 4.
    pub own_uris: usize,
    /// Octets that wait for one connection; above it those who send to it are
    /// not read. A read and a Transmit come on top. Default 256 KiB.
    pub queue_octets: usize,
    /// Octets of responses, REPORTs and other short requests that wait for a
    /// connection; above it that connection is not read. Default 512 KiB.
    pub control_octets: usize,
    /// Octets of body in a request that is no SEND, which is held until it is
    /// whole; a larger one is answered 413. Default 10,240.
    pub whole_octets: usize,
    /// Requests on one connection that wait for their response. At the limit
    /// nothing more is sent there until one is answered or times out. Where two
    /// connections flood each other through the relay, neither of them is read
    /// while the other is full, and the answers wait with the rest: a limit that
    /// is low stops both for as long as a transaction may last. Default 2,048,
    /// the answers to which an endpoint of this crate can hold.
    pub transactions: usize,
}

impl Default for RelayLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            tokens: 100_000,
            connection_tokens: 256,
            token_peers: 16,
            pending_auths: 1024,
            own_uris: 4,
            queue_octets: 256 * 1024,
            control_octets: 512 * 1024,
            whole_octets: 10_240,
            transactions: 2048,
        }
    }
}

/// Whether a transport connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// TCP, or WebSocket over it.
    Plain,
    /// TLS, or WebSocket over it.
    Tls,
}

/// What is known of the other end of a transport connection.
///
/// ```
/// use msrp::relay::{Peer, Security};
/// use msrp::Framing;
///
/// let relay = Peer::new(Security::Tls).relay_names(vec!["relay.example.net".into()]);
/// let browser = Peer::new(Security::Tls).framing(Framing::Message { max_octets: 65_536 });
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Peer {
    pub(super) security: Security,
    pub(super) framing: Framing,
    pub(super) relay_names: Vec<String>,
    pub(super) user: Option<String>,
}

impl Peer {
    /// A client, over a transport that carries a stream.
    pub const fn new(security: Security) -> Self {
        Self { security, framing: Framing::Stream, relay_names: Vec::new(), user: None }
    }

    /// How chunks lie on the transport: [`Framing::Message`] for WebSocket,
    /// whose peer URIs end in `;ws` (RFC 7977).
    pub const fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// The host names in the certificate that the peer has shown and that was
    /// verified: it is a relay (RFC 4976 section 6.3). Tokens that it gets are
    /// valid on any connection with a relay of that name.
    pub fn relay_names(mut self, names: Vec<String>) -> Self {
        self.relay_names = names;
        self
    }

    /// The user as whom the transport has authenticated the peer, by HTTP or
    /// by a certificate: AUTH is not challenged then (RFC 7977 section 5.3.1).
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    pub(super) const fn is_relay(&self) -> bool {
        !self.relay_names.is_empty()
    }

    pub(super) const fn is_secure(&self) -> bool {
        matches!(self.security, Security::Tls)
    }
}
