//! How an endpoint is made.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use msrp::Config;
use msrp_tls::{ClientCheck, HashFunction, Identity, Roots, ServerCheck, TlsError, server_config};
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::listen::{self, Handshake, Listening};
use super::names::Names;
use super::pool::Pool;
use super::relay::Routes;
use super::terms::Carrier;
use super::{Endpoint, Owner, Settings, Shared};
use crate::error::Error;
use crate::link::{Expected, LARGE, Room};

/// The body octets to decide on at a time, if the transport is known to be fast.
const TRANSMIT_OCTETS: usize = 64 * 1024;

/// The turn of a message: the queue of a prepared socket.
const TURN_OCTETS: usize = msrp_socket::UNSENT_OCTETS as usize;

/// Makes an [`Endpoint`].
///
/// ```no_run
/// use msrp_tls::Identity;
/// use msrp_tokio::Endpoint;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let identity = Identity::from_files("chain.pem".as_ref(), "key.pem".as_ref())?;
/// let endpoint = Endpoint::builder().identity(identity).bind_tls("[::]:2855").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Builder {
    config: Config,
    room: Room,
    connect_timeout: Duration,
    handshake_timeout: Duration,
    max_connections: usize,
    max_sessions: usize,
    shares_connections: bool,
    allows_plain_auth: bool,
    #[cfg(feature = "websocket")]
    allows_plain_websocket: bool,
    public_host: Option<Box<str>>,
    permit: Permit,
    names: Names,
    tls: Tls,
    client_check: ClientCheck,
    listeners: Vec<(TcpListener, Listening)>,
}

/// Which addresses an endpoint connects to. `None`: all.
#[derive(Default)]
pub(super) struct Permit(Option<Box<Permits>>);

type Permits = dyn Fn(&str, SocketAddr) -> bool + Send + Sync;

impl Permit {
    pub(super) fn allows(&self, host: &str, address: SocketAddr) -> bool {
        self.0.as_ref().is_none_or(|permits| permits(host, address))
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Permit(some)" } else { "Permit(all)" })
    }
}

/// The TLS of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Tls {
    identity: Option<Identity>,
    server_check: Option<ServerCheck>,
}

impl Tls {
    pub(super) fn identity(&self) -> Option<Identity> {
        self.identity.clone()
    }

    /// How the certificate of a server without a fingerprint is checked.
    pub(super) fn server_check(&self) -> Result<ServerCheck, TlsError> {
        match &self.server_check {
            Some(check) => Ok(check.clone()),
            None => Roots::system().map(ServerCheck::Named),
        }
    }

    pub(super) fn fingerprint(&self) -> Option<msrp_sdp::Fingerprint> {
        let fingerprint = self.identity.as_ref()?.fingerprint(HashFunction::Sha256)?;
        // Both crates write a fingerprint as RFC 8122 does.
        fingerprint.to_string().parse().ok()
    }
}

impl Default for Builder {
    fn default() -> Self {
        let mut config = Config::default();
        config.transmit_octets = TRANSMIT_OCTETS;
        config.turn_octets = TURN_OCTETS;
        Self {
            config,
            room: Room { octets: 1024 * 1024, patience: Duration::from_secs(5), whole: LARGE },
            connect_timeout: Duration::from_secs(15),
            handshake_timeout: Duration::from_secs(15),
            max_connections: 10_000,
            max_sessions: 100_000,
            shares_connections: true,
            allows_plain_auth: false,
            #[cfg(feature = "websocket")]
            allows_plain_websocket: false,
            public_host: None,
            permit: Permit::default(),
            names: Names::default(),
            tls: Tls::default(),
            client_check: ClientCheck::PinnedLater,
            listeners: Vec::new(),
        }
    }
}

impl Builder {
    /// Changes the configuration of every connection: its limits and deadlines. What is
    /// not changed has the defaults of [`Config`].
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Sets how many octets of a session wait for its reader. Beyond them its peer has to
    /// wait. A message weighs 1 KiB and its octets. A session takes up to four times as much
    /// while its reader waits for octets behind those of other messages, or when it has not
    /// been read for a long time. Default 1 MiB.
    pub const fn room(mut self, octets: usize) -> Self {
        self.room.octets = octets;
        self
    }

    /// Sets how long a session without room holds back others on its connection, and readers
    /// that take nothing hold back others of their session. Then its
    /// messages are refused with 413 until half of its room is free. Default 5 seconds.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.room.patience = patience;
        self
    }

    /// Sets up to how many octets a message comes when it is whole
    /// ([`Session::next`](crate::Session::next)); 0: each comes as soon as it has begun, for
    /// programs that keep a part of what is interrupted. Default 64 KiB.
    pub const fn whole(mut self, octets: u64) -> Self {
        self.room.whole = octets;
        self
    }

    /// Sets how long a connection may take to be made, TLS and WebSocket included. Default 15
    /// seconds.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long the handshakes of a peer may take, of TLS and of a WebSocket together.
    /// Default 15 seconds.
    pub const fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Sets how many connections the listeners have at a time; further peers wait in the
    /// queue of the system. Default 10,000.
    pub const fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets how many sessions are expected or bound at a time. Default 100,000.
    pub const fn max_sessions(mut self, sessions: usize) -> Self {
        self.max_sessions = sessions;
        self
    }

    /// Sets whether sessions to one host and port share a connection (RFC 4975 section
    /// 5.4). Default: yes. Without, the readers of one session never hold back another.
    pub const fn share_connections(mut self, shares: bool) -> Self {
        self.shares_connections = shares;
        self
    }

    /// Sets whether relays without TLS may be asked for routes, in tests on one machine.
    /// Default: no.
    pub const fn plain_auth(mut self, allowed: bool) -> Self {
        self.allows_plain_auth = allowed;
        self
    }

    /// Sets whether this side opens WebSockets without TLS (RFC 7977 section 5.1), in tests on
    /// one machine. Default: no.
    #[cfg(feature = "websocket")]
    pub const fn plain_websocket(mut self, allowed: bool) -> Self {
        self.allows_plain_websocket = allowed;
        self
    }

    /// Sets the name or address of this side in its URIs. Default: the address that it
    /// listens on.
    pub fn public_host(mut self, host: impl Into<Box<str>>) -> Self {
        self.public_host = Some(host.into());
        self
    }

    /// Sets which addresses the endpoint connects to, each with the host that it was found
    /// for. Default: all. A program that connects where others tell it to would reach into
    /// its own network for them.
    ///
    /// The addresses that were asked about are those that are used: there is no other
    /// look-up.
    pub fn permit(
        mut self,
        permits: impl Fn(&str, SocketAddr) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.permit = Permit(Some(Box::new(permits)));
        self
    }

    /// Adds a DNS server that is asked for the addresses of names, and for the SRV records of
    /// relays. Default: the system looks up addresses, and its DNS servers are asked for
    /// records.
    #[cfg(feature = "srv")]
    pub fn name_server(mut self, server: SocketAddr) -> Self {
        self.names.servers.push(server);
        self
    }

    /// Sets the certificate of this side and its key, for [`Builder::bind_tls`] and for
    /// servers that ask for one.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.tls.identity = Some(identity);
        self
    }

    /// Sets how the certificates of next hops are checked for which there is no
    /// fingerprint. Default: by their names, under the roots of the system.
    pub fn server_check(mut self, check: ServerCheck) -> Self {
        self.tls.server_check = Some(check);
        self
    }

    /// Sets how listeners for TLS check the certificates of peers that connect. Default:
    /// [`ClientCheck::PinnedLater`], so that the plan of a session decides; those for
    /// WebSockets, which no plan has, then ask for no certificate.
    pub fn client_check(mut self, check: ClientCheck) -> Self {
        self.client_check = check;
        self
    }

    /// Listens for TCP on another address, beside the one that [`Builder::bind`] or
    /// [`Builder::bind_tls`] adds.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`].
    pub async fn listen(mut self, address: impl ToSocketAddrs) -> Result<Self, Error> {
        self.add(address, Carrier::new(false, false)).await?;
        Ok(self)
    }

    /// Listens for WebSockets over TLS on another address (RFC 7977). Clients ask for the
    /// subprotocol `msrp`, and any page may be one: a session-id is hard to guess.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`]. [`Builder::build`] needs an [identity](Builder::identity).
    #[cfg(feature = "websocket")]
    pub async fn listen_wss(mut self, address: impl ToSocketAddrs) -> Result<Self, Error> {
        self.add(address, Carrier::new(true, true)).await?;
        Ok(self)
    }

    /// Listens for WebSockets without TLS on another address, for tests on one machine, or
    /// behind a proxy that has the TLS (RFC 7977 section 5.1).
    ///
    /// # Errors
    ///
    /// [`Error::Bind`].
    #[cfg(feature = "websocket")]
    pub async fn listen_ws(mut self, address: impl ToSocketAddrs) -> Result<Self, Error> {
        self.add(address, Carrier::new(false, true)).await?;
        Ok(self)
    }

    /// Listens for TCP on this address, and makes the endpoint.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`], and those of [`Builder::build`].
    pub async fn bind(mut self, address: impl ToSocketAddrs) -> Result<Endpoint, Error> {
        self.add(address, Carrier::new(false, false)).await?;
        self.build()
    }

    /// Listens for TLS on this address, and makes the endpoint.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`], and those of [`Builder::build`].
    pub async fn bind_tls(mut self, address: impl ToSocketAddrs) -> Result<Endpoint, Error> {
        self.add(address, Carrier::new(true, false)).await?;
        self.build()
    }

    async fn add(&mut self, address: impl ToSocketAddrs, carrier: Carrier) -> Result<(), Error> {
        let failed = |source| Error::Bind { address: "this address".into(), source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        self.listeners.push((listener, Listening { address, carrier }));
        Ok(())
    }

    /// Makes an endpoint that listens on the addresses so far, or nowhere.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] if it is to listen for TLS and has no usable
    /// [identity](Builder::identity).
    pub fn build(self) -> Result<Endpoint, Error> {
        let handshakes: Vec<Handshake> = self
            .listeners
            .iter()
            .map(|(_, it)| self.handshake(it.carrier))
            .collect::<Result<_, _>>()?;
        let (listeners, listening): (Vec<_>, Vec<_>) = self.listeners.into_iter().unzip();
        let shared = Arc::new(Shared {
            settings: Settings {
                config: Arc::new(self.config),
                room: self.room,
                connect_timeout: self.connect_timeout,
                handshake_timeout: self.handshake_timeout,
                shares_connections: self.shares_connections,
                allows_plain_auth: self.allows_plain_auth,
                #[cfg(feature = "websocket")]
                allows_plain_websocket: self.allows_plain_websocket,
                public_host: self.public_host,
                permit: self.permit,
                names: self.names,
                tls: self.tls,
            },
            listening,
            expected: Expected::new(self.max_sessions),
            pool: Pool::default(),
            routes: Routes::default(),
            links: std::sync::Mutex::default(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        });
        let places = Arc::new(Semaphore::new(self.max_connections));
        for (listener, handshake) in listeners.into_iter().zip(handshakes) {
            let accepting =
                listen::accept(Arc::clone(&shared), listener, handshake, Arc::clone(&places));
            shared.tasks.spawn(accepting);
        }
        Ok(Endpoint(Arc::new(Owner(shared))))
    }

    /// What comes before MSRP on a listener.
    fn handshake(&self, carrier: Carrier) -> Result<Handshake, Error> {
        let is_websocket = carrier.is_websocket();
        if !carrier.is_secure() {
            return Ok(Handshake { tls: None, is_websocket });
        }
        let identity = self.tls.identity().ok_or(Error::NoIdentity)?;
        let check = match &self.client_check {
            // A browser would ask its user for a certificate that no description mentions.
            ClientCheck::PinnedLater if is_websocket => ClientCheck::None,
            check => check.clone(),
        };
        let tls = TlsAcceptor::from(server_config(identity, check)?);
        Ok(Handshake { tls: Some(tls), is_websocket })
    }
}
