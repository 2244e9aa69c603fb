//! The configuration of a relay, and what it knows of each peer.

use std::net::IpAddr;
use std::time::Duration;

use crate::auth::Algorithm;
use crate::hop::Framing;
use crate::limits::ParseOptions;
use crate::uri::MsrpUri;

/// The configuration of a [`Relay`](super::Relay). Every setting is a field.
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
#[must_use]
pub struct RelayConfig {
    /// The URIs of the relay, without a session-id. A request to any other URI
    /// is for another relay. The URI in a Use-Path is made from the first one
    /// over `tcp` with the scheme of the client's connection (`msrp` or
    /// `msrps`), or else from the first one. It needs a host name, not an
    /// address, and a port (RFC 4976 section 4.2).
    pub addresses: Vec<MsrpUri>,
    /// The realm of the challenges. The host name of the relay is a good one
    /// (RFC 4976 section 5.1).
    pub realm: String,
    /// The algorithms of the challenges, which are sent strongest first. Default:
    /// SHA-256, then MD5.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce is valid. Default 5 minutes.
    pub nonce_lifetime: Duration,
    /// How heads are parsed.
    pub parse: ParseOptions,
    /// What the relay holds at most.
    pub limits: RelayLimits,
    /// The shortest lifetime of a token. The response to an AUTH that asks for
    /// less is 423. Default 1 minute.
    pub min_expires: Duration,
    /// The longest lifetime of a token. The response to an AUTH that asks for
    /// more is 423. Default 1 day.
    pub max_expires: Duration,
    /// The lifetime of a token if the AUTH has no Expires. Default 1 hour.
    pub default_expires: Duration,
    /// How long the next hop may take to respond (RFC 4976 section 6.4.1), the
    /// application to establish a connection, and to authorise an AUTH. Default
    /// 30 seconds.
    pub transaction_timeout: Duration,
    /// How long a new connection may exist before its first request is
    /// accepted (RFC 4976 section 6.1). The head of a SEND that has a way to its
    /// next hop is enough, however long its body takes. Default 30 seconds.
    pub probation: Duration,
    /// How long a connection may be out of use before it is closed: it carries
    /// neither a request nor a response (RFC 4976 section 6.5), nor octets of one
    /// at [`RelayConfig::least_rate`]. Default 1 hour.
    pub idle: Duration,
    /// The octets a second of accepted requests, sent or received, below which a
    /// connection is not in use. Default 100.
    pub least_rate: u64,
    /// The time over which [`RelayConfig::least_rate`] is measured. Default 30
    /// seconds.
    pub rate_time: Duration,
    /// How long the transport of a connection may hold octets of which none leaves
    /// before the connection is closed. Unless
    /// [`Relay::transport_holds`](super::Relay::transport_holds) says what it holds, this
    /// is how long it may take to write one [`Transmit`](crate::Transmit). Also how long a
    /// connection that the relay closes has for its last responses, even if octets leave.
    /// Default 1 minute.
    pub stall: Duration,
    /// The number of refused requests and stray responses, before the first accepted
    /// request, at which the relay closes a connection, and the number of failed AUTHs at
    /// which it closes that of a client (RFC 4976 sections 6.1 and 6.3). Twice as many
    /// challenges without a success do the same. After as many failures, AUTHs of one user
    /// from one source, or from one client of another relay, wait for up to 8 seconds each.
    /// Default 5.
    pub max_failures: u32,
    /// Whether AUTH is accepted on connections without TLS, for tests. RFC 4976
    /// section 8 forbids it. Default: no, and the response is 403.
    pub plain_auth: bool,
    /// Whether requests of unknown methods are forwarded (RFC 4976 section
    /// 6.4.2). If not, the response is 501. Default: yes.
    pub forward_unknown_methods: bool,
    /// The most body octets of one [`Transmit`](crate::Transmit): at most 16 KiB unless the
    /// transport is known to be fast, fewer if it is known to be slow. Default 64 KiB.
    pub transmit_octets: usize,
    /// The octets of a chunk after which it makes way for chunks from other
    /// connections. Default 16 KiB.
    pub turn_octets: usize,
}

impl RelayConfig {
    /// The defaults, for a relay with one URI.
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
            least_rate: 100,
            rate_time: Duration::from_secs(30),
            stall: Duration::from_secs(60),
            max_failures: 5,
            plain_auth: false,
            forward_unknown_methods: true,
            transmit_octets: 64 * 1024,
            turn_octets: 16 * 1024,
        }
    }
}

/// What a [`Relay`](super::Relay) holds at most for its peers.
///
/// Each connection, dial and token is held by a principal: the user once authenticated,
/// the relay that a certificate names, or else the source ([`Peer::address`]; one IPv6 /64
/// is one source). A principal at a limit of its own gives up something of its own. At a
/// limit of the whole relay, the one that holds most does. Sources may be many, and are one
/// holder then, except of connections.
///
/// # Memory
///
/// Hostile peers can make a relay hold at most
///
/// ```text
/// memory_octets                                         waiting to leave, or kept
///   + connections * (3 * read + 16 KiB                  above a limit, with the transport
///                    + 2 * (head_octets                 arriving
///                           + whole_octets))
///   + tokens * 2 KiB
///   + 16 MiB                                            nonces, guesses
/// ```
///
/// `read` is the larger of [`RelayConfig::transmit_octets`] and what the application
/// reads at a time. `connections` without an accepted request have `unproven_octets` in
/// place of `head_octets` and of `whole_octets`. What the transport itself holds of an
/// incomplete message is among what is kept if the application says it
/// ([`Relay::input_holds`](super::Relay::input_holds)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayLimits {
    /// Connections. At the limit, a new one takes the place of the longest idle one of
    /// the principal that holds most (RFC 4976 section 6.5). If dials and connections
    /// without an accepted request are more than a quarter, or connections on which nobody
    /// has authenticated more than half, it is one of those. A dial takes no place but that of
    /// a dial of the principal with most of them, and nobody takes the place of a connection
    /// in use ([`RelayConfig::least_rate`]) whose principal holds no more than the others. A
    /// connection that is closing has no place: it ends at once if one is needed. Default
    /// 10,000.
    pub connections: usize,
    /// Connections of one principal. At the limit, a new one takes the place of a dial, of
    /// one without an accepted request, or of the longest idle one, but not of one that the
    /// relay has opened and others use as well. Default 1,000.
    pub principal_connections: usize,
    /// Connections that are being established for one user. The response to a request
    /// that would need one more is 408. Default 64.
    pub user_dials: usize,
    /// Valid tokens. At the limit, a new one takes the place of one of the user who holds
    /// most; the response is 403 if nobody holds more than the others. Default 100,000.
    pub tokens: usize,
    /// Tokens of one user. At the limit, a new one takes the place of the oldest one,
    /// those under which nothing was relayed first. Default 1,000.
    pub user_tokens: usize,
    /// Peers that the relay remembers for one connection, by which it reaches them while
    /// the connection is up (RFC 4976 section 6.4.2). Above the limit, it forgets the one
    /// that was used least recently. Default 1,024.
    pub connection_peers: usize,
    /// AUTHs that wait for the application, or for their turn after failed ones. At the
    /// limit, a new one takes the place of one that waits for its turn, unless it has to wait,
    /// too, or else of the holder with most of them, and there of the connection or the client of
    /// another relay that has most. The response to that one is 408. The response to the new one
    /// is 403 if nobody has more than the others. Default 1,024.
    pub pending_auths: usize,
    /// URIs of the relay in the To-Path and From-Path of one request together.
    /// There are two when both ends use the same relay. Default 4.
    pub own_uris: usize,
    /// Octets queued for all connections together, and octets that are kept: heads of requests
    /// that wait for their response, AUTHs that wait, incomplete messages, and what is known of
    /// peers, tokens and the sessions between relays, each with 512 octets for its entry.
    ///
    /// What waits for the connections of one principal may take as much as is free; above
    /// that, whoever sends to them is not read. What is kept of its requests may take a ninth of
    /// what is free, and of that each client of another relay half of what the others leave;
    /// above that, the response to a further request is 408. Together, strangers may keep half of
    /// everything. Whoever keeps less than half of an equal share gets room from those who keep
    /// more: some of their requests get 408 at once, by REPORT if they were acknowledged. Peers,
    /// sessions and tokens may take a quarter each: above that, those of the largest holder are
    /// forgotten, and sessions in use share a place if their holder has more than an equal
    /// share. A sixteenth is for newcomers: until it is free or nobody holds more than an equal
    /// share, whoever holds most gives of it. If that is what waits, the connection for which
    /// most waits is closed; if it is what is kept, requests get 408. Default 256 MiB.
    pub memory_octets: usize,
    /// Octets queued for one connection. Above the limit, the connections of those
    /// who send more than a sixteenth of it are not read; what others send, one read and one
    /// Transmit come on top. The sessions on a connection from another relay have this
    /// limit each, and may exceed it up to four times for two seconds. Default 256 KiB.
    pub queue_octets: usize,
    /// Octets of responses, REPORTs and other short requests queued for one
    /// connection. Above the limit, or without memory, that connection is not read, and what
    /// others send to it is not queued: REPORTs and responses are dropped, the response to
    /// other requests is 408. Default 512 KiB.
    pub control_octets: usize,
    /// Octets of a head, and of the body of a request other than SEND, as long as no request
    /// of the connection has been accepted. Default 4,096.
    pub unproven_octets: usize,
    /// Octets of the body of a request other than SEND, which the relay holds
    /// until it is complete. The response to a larger one is 413. Default 10,240.
    pub whole_octets: usize,
    /// Requests of one connection, or of one session or one client on a connection between
    /// relays, that wait for their response on another. Clients of a relay that has shown no
    /// certificate have one such number together, sessions aside. At the
    /// limit, its chunks wait until one of them has its response or times out, and the
    /// response to its other requests, REPORTs aside, is 408. If two connections flood
    /// each other through the relay, each is not read while the other is full,
    /// and responses wait with the rest: a low limit stops both for up to
    /// [`RelayConfig::transaction_timeout`]. Default 2,048, to all of which an
    /// endpoint of this crate can queue responses.
    pub transactions: usize,
}

impl RelayLimits {
    /// The most octets of a body that is held until it is complete.
    pub(super) fn whole(&self, is_proven: bool) -> usize {
        let most = if is_proven { usize::MAX } else { self.unproven_octets };
        self.whole_octets.min(most)
    }
}

impl Default for RelayLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            principal_connections: 1_000,
            user_dials: 64,
            tokens: 100_000,
            user_tokens: 1_000,
            connection_peers: 1024,
            pending_auths: 1024,
            own_uris: 4,
            memory_octets: 256 * 1024 * 1024,
            queue_octets: 256 * 1024,
            control_octets: 512 * 1024,
            unproven_octets: 4_096,
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

/// The other end of a transport connection.
///
/// Every property is a field, and a method of the same name sets it in a chain.
///
/// ```
/// use msrp::relay::{Peer, Security};
/// use msrp::Framing;
///
/// let relay = Peer::new(Security::Tls).relay_names(vec!["relay.example.net".into()]);
/// let browser = Peer::new(Security::Tls).framing(Framing::Message { max_octets: 65_536 });
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct Peer {
    /// Whether the transport is encrypted.
    pub security: Security,
    /// How chunks lie on the transport: [`Framing::Message`] for WebSocket, whose
    /// URIs have the transport `ws` (RFC 7977). Default: [`Framing::Stream`].
    pub framing: Framing,
    /// The host names in the verified certificate of the peer. If there are any,
    /// the peer is a relay (RFC 4976 section 6.3), and its tokens are valid on any
    /// connection with a relay of that name. Default: none, a client.
    pub relay_names: Vec<String>,
    /// The address of the peer, whose source answers for the connection until a user has
    /// authenticated on it. Default: `None`, each connection answers for itself.
    pub address: Option<IpAddr>,
    /// The user that the transport has authenticated, by HTTP or by a
    /// certificate: AUTH is not challenged then (RFC 7977 section 5.3.1).
    /// Default: `None`.
    pub user: Option<String>,
}

impl Peer {
    /// A client on a stream transport.
    pub const fn new(security: Security) -> Self {
        Self {
            security,
            framing: Framing::Stream,
            relay_names: Vec::new(),
            address: None,
            user: None,
        }
    }

    /// Sets [`Peer::framing`].
    pub const fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Sets [`Peer::relay_names`].
    pub fn relay_names(mut self, names: Vec<String>) -> Self {
        self.relay_names = names;
        self
    }

    /// Sets [`Peer::address`].
    pub const fn address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Sets [`Peer::user`].
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
