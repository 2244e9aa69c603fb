//! The endpoint: listeners, connections, and the sessions on them.

mod builder;
mod dial;
#[cfg(feature = "srv")]
mod dns;
mod listen;
mod local;
mod names;
mod pool;
mod relay;
mod resolve;
#[cfg(feature = "srv")]
mod service;
mod sessions;
mod target;
mod terms;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use msrp::{
    Authentication, Config, Connection, Framing, OsRandom, Path, RandomError, RelayAccount, Role,
    SessionConfig,
};
use msrp_sdp::{Connect, SessionPlan};
use msrp_tls::Fingerprint;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::builder::Builder;
pub use self::relay::Route;
pub use self::sessions::Sessions;
pub use self::target::Target;

use self::listen::Listening;
use self::pool::Pool;
use self::terms::Terms;
use crate::error::Error;
use crate::link::{Expected, Handle, Link, Room, Stream, Waiting, drive, now};
use crate::session::Session;

/// How long a connection that a peer has opened stays without a session.
const PASSIVE_IDLE: Duration = Duration::from_secs(5);

/// How long sessions have for what they send when the endpoint is closed.
const DRAIN: Duration = Duration::from_secs(30);

/// How long connections then have for their last octets.
const LAST_OCTETS: Duration = Duration::from_secs(2);

/// An MSRP endpoint. Clones are the same endpoint.
///
/// With the last clone the endpoint is drained: it no longer listens, and nobody can bind
/// a session that it expects. Open sessions go on until their own handles are dropped.
#[derive(Clone, Debug)]
pub struct Endpoint(Arc<Owner>);

/// The part that the clones share and no task has.
#[derive(Debug)]
struct Owner(Arc<Shared>);

/// What the tasks of an endpoint share.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    listening: Vec<Listening>,
    expected: Arc<Expected>,
    pool: Pool,
    routes: relay::Routes,
    links: Mutex<Vec<Weak<Link>>>,
    tasks: TaskTracker,
    /// The endpoint takes nothing new.
    closing: CancellationToken,
}

/// What an endpoint was built with.
#[derive(Debug)]
struct Settings {
    config: Arc<Config>,
    room: Room,
    connect_timeout: Duration,
    handshake_timeout: Duration,
    shares_connections: bool,
    allows_plain_auth: bool,
    #[cfg(feature = "websocket")]
    allows_plain_websocket: bool,
    public_host: Option<Box<str>>,
    permit: builder::Permit,
    names: names::Names,
    tls: builder::Tls,
}

impl Settings {
    /// What a connection is configured with.
    fn config(&self, framing: Framing) -> Arc<Config> {
        let Framing::Message { max_octets } = framing else { return Arc::clone(&self.config) };
        let mut config = (*self.config).clone();
        config.framing = framing;
        // A message that is slightly shorter than the longest still ends its turn.
        config.turn_octets = config.turn_octets.min(max_octets / 2);
        Arc::new(config)
    }
}

impl Endpoint {
    /// Begins an endpoint.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The session of a plan: connects to the peer, or waits for the peer to bind it.
    ///
    /// A session to be bound is expected from this call on, before the future is polled:
    /// call it, send the answer to the peer, then await. Dropping the future withdraws the
    /// session. If the plan has fingerprints, only the peer with one of them gets it.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::connect`] and [`Endpoint::expect`]; [`Error::UnsafeFingerprints`],
    /// [`Error::DataChannel`] and [`Error::NoRoute`].
    pub fn session(
        &self,
        plan: SessionPlan,
    ) -> impl Future<Output = Result<Session, Error>> + Send + use<> {
        self.session_with(plan, |config| config)
    }

    /// As [`Endpoint::session`], with changes to the configuration that the plan gives.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::session`].
    pub fn session_with<F>(
        &self,
        plan: SessionPlan,
        configure: F,
    ) -> impl Future<Output = Result<Session, Error>> + Send + use<F>
    where
        F: FnOnce(SessionConfig) -> SessionConfig,
    {
        let config = configure(plan.session_config());
        let begun = match plan.connect() {
            Connect::To(target) => {
                Target::of_plan(target, &plan).map(|target| Begun::Connect(target, config.into()))
            }
            Connect::Await => target::fingerprints(&plan)
                .and_then(|known| self.expect_now(config, false, known))
                .map(Begun::Expect),
            Connect::Relay => self.relayed(plan.role(), config),
            _ => Err(Error::DataChannel),
        };
        let shared = Arc::clone(self.shared());
        async move {
            match begun? {
                Begun::Connect(target, terms) => connect(&shared, target, terms).await,
                Begun::Open(link, config) => opened(link.open(*config)?).await,
                Begun::Expect(waiting) => bound(waiting).await,
            }
        }
    }

    /// A session on the connection with a relay.
    fn relayed(&self, role: Role, config: SessionConfig) -> Result<Begun, Error> {
        let link = self.shared().routes.link(&config.local).ok_or(Error::NoRoute)?;
        match role {
            Role::Active => Ok(Begun::Open(link, Box::new(config))),
            Role::Passive => self.expect_now(config, false, Vec::new()).map(Begun::Expect),
        }
    }

    /// Asks a relay for a route to this side, for one session (RFC 4976 section 5.1). The
    /// connection with the relay is shared, as those with peers.
    ///
    /// The route is renewed and kept; see [`Route`]. Its [`local`](Route::local) goes into
    /// an offer or an answer, and [`Endpoint::session`] takes the plan.
    ///
    /// # Errors
    ///
    /// [`Error::Relay`] if the relay refuses, [`Error::PlainAuth`], and those of
    /// [`Endpoint::connect`] for the connection.
    pub async fn relay(&self, account: impl Into<RelayAccount>) -> Result<Route, Error> {
        self.relay_with(account, |authentication| authentication).await
    }

    /// As [`Endpoint::relay`], with changes to what is asked: outer relays, a lifetime.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::relay`].
    pub async fn relay_with(
        &self,
        account: impl Into<RelayAccount>,
        configure: impl Fn(Authentication) -> Authentication + Send + Sync + 'static,
    ) -> Result<Route, Error> {
        let request = relay::Request::new(self.shared(), account.into(), configure)?;
        relay::route(self.shared(), request).await
    }

    /// Opens a session with a peer: connects to the first URI of its path, or uses a
    /// connection to there that exists (RFC 4975 section 5.4), and waits until the peer has
    /// accepted the session.
    ///
    /// With [`Bind::FirstMessage`](msrp::Bind::FirstMessage) it does not wait. Cancel safe:
    /// dropping the future closes the session.
    ///
    /// # Errors
    ///
    /// [`Error`] says whether the peer was not reached, or does not have the session.
    pub async fn connect(&self, config: SessionConfig) -> Result<Session, Error> {
        let remote = config.remote.as_ref().ok_or(msrp::SessionError::NoRemotePath)?;
        let target = Target::of_uri(remote.first())?;
        connect(self.shared(), target, config.into()).await
    }

    /// As [`Endpoint::connect`], with a fresh URI of this side that has the local address
    /// of the connection: for programs that do not listen. `configure` may change the
    /// configuration, but not the path to the peer.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::connect`].
    pub async fn connect_to(
        &self,
        peer: Path,
        configure: impl Fn(SessionConfig) -> SessionConfig + Send + Sync + 'static,
    ) -> Result<Session, Error> {
        let target = Target::of_uri(peer.first())?;
        connect(self.shared(), target, Terms::Peer(peer, Box::new(configure))).await
    }

    /// As [`Endpoint::connect_to`], but does not wait until the peer has accepted the
    /// session. What is sent leaves right behind the request that opens it, and
    /// [`Session::opened`] waits.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::connect`], but for a peer that does not have the session.
    pub async fn connect_early(
        &self,
        peer: Path,
        configure: impl Fn(SessionConfig) -> SessionConfig + Send + Sync + 'static,
    ) -> Result<Session, Error> {
        let target = Target::of_uri(peer.first())?;
        let terms = Terms::Peer(peer, Box::new(configure));
        begin(self.shared(), target, terms).await.map(Session::new)
    }

    /// Opens a session with a peer on the connection with a relay, by a route of this
    /// endpoint, without waiting until the peer has accepted it: [`Session::opened`] waits.
    /// `configure` may change the configuration, but not its URIs.
    ///
    /// # Errors
    ///
    /// [`Error::NoRoute`] if the relay is out of reach or grants no route any more, and
    /// [`Error::Session`].
    pub fn connect_through(
        &self,
        route: &Route,
        peer: &Path,
        configure: impl FnOnce(SessionConfig) -> SessionConfig,
    ) -> Result<Session, Error> {
        let route = route.current().map_err(|_| Error::NoRoute)?;
        let link = self.shared().routes.link(route.local()).ok_or(Error::NoRoute)?;
        let config = SessionConfig::new(route.local().clone(), route.to_path(peer));
        Ok(Session::new(link.open(configure(config))?))
    }

    /// Opens a session on a stream that exists already, for example one to a peer behind a
    /// tunnel. No other session shares it.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::connect`].
    pub async fn connect_over(
        &self,
        stream: impl Into<Stream>,
        config: SessionConfig,
    ) -> Result<Session, Error> {
        wait_open(self.connect_over_early(stream, config)?).await
    }

    /// As [`Endpoint::connect_over`], but does not wait until the peer has accepted the
    /// session. What is sent leaves right behind the request that opens it, and
    /// [`Session::opened`] waits.
    ///
    /// # Errors
    ///
    /// [`Error::Session`], [`Error::Random`], [`Error::Closed`].
    pub fn connect_over_early(
        &self,
        stream: impl Into<Stream>,
        config: SessionConfig,
    ) -> Result<Session, Error> {
        let (shared, stream) = (self.shared(), stream.into());
        let link = shared.link(Role::Active, &stream)?;
        let handle = link.open(config)?;
        shared.run(link, stream)?;
        Ok(Session::new(handle))
    }

    /// Connects, and opens no session: for a target that no path names, for a probe, or for
    /// a tunnel. [`Endpoint::connect_over`] opens a session on the stream, whose socket has
    /// the settings of one that carries MSRP ([`msrp_socket::prepare`]).
    ///
    /// # Errors
    ///
    /// [`Error::Resolve`], [`Error::NotPermitted`], [`Error::Connect`],
    /// [`Error::ConnectTimeout`], [`Error::Handshake`] and [`Error::Tls`]; with the feature
    /// `websocket` also `PlainWebSocket` and `WebSocket`.
    pub async fn dial(&self, target: &Target) -> Result<Stream, Error> {
        let stream = dial::connect(self.shared(), target).await?;
        stream.prepare();
        Ok(stream)
    }

    /// Expects a session that a peer binds on a listener, once. It is expected from this
    /// call on; dropping the future withdraws it.
    ///
    /// # Errors
    ///
    /// [`Error::Session`] if it cannot be expected, [`Error::Closed`] if the endpoint is
    /// closed meanwhile.
    pub fn expect(
        &self,
        config: SessionConfig,
    ) -> impl Future<Output = Result<Session, Error>> + Send + use<> {
        let waiting = self.expect_now(config, false, Vec::new());
        async move { bound(waiting?).await }
    }

    /// Expects sessions that peers bind on a listener, one after another under the same
    /// URI, as long as the [`Sessions`] exist. RFC 4975 section 5.4 wants a new URI for each
    /// session; this is for programs whose peers know no more than one.
    ///
    /// # Errors
    ///
    /// [`Error::Session`] if they cannot be expected, [`Error::Closed`].
    pub fn expect_each(&self, config: SessionConfig) -> Result<Sessions, Error> {
        self.expect_now(config, true, Vec::new()).map(Sessions::new)
    }

    /// Serves a stream that a peer has opened, as if a listener had accepted it.
    ///
    /// # Errors
    ///
    /// [`Error::Random`], [`Error::Closed`].
    pub fn serve(&self, stream: impl Into<Stream>) -> Result<(), Error> {
        let (shared, stream) = (self.shared(), stream.into());
        shared.run(shared.link(Role::Passive, &stream)?, stream)
    }

    /// Closes the endpoint: it no longer listens, every session ends once all that it sends
    /// has its outcome, at most after 30 seconds, and the connections after them. Waits
    /// until all of this has happened.
    ///
    /// Cancel safe: closing goes on, and another call waits for it.
    pub async fn close(&self) {
        let shared = self.shared();
        shared.stop();
        for link in shared.links() {
            link.with(|state| state.drain());
        }
        if tokio::time::timeout(DRAIN, shared.tasks.wait()).await.is_ok() {
            return;
        }
        for link in shared.links() {
            link.with(|state| state.connection.close());
        }
        // A peer that does not read is not waited for.
        let _ = tokio::time::timeout(LAST_OCTETS, shared.tasks.wait()).await;
    }

    fn expect_now(
        &self,
        config: SessionConfig,
        repeats: bool,
        fingerprints: Vec<Fingerprint>,
    ) -> Result<Waiting, Error> {
        let shared = self.shared();
        if shared.closing.is_cancelled() {
            return Err(Error::Closed);
        }
        Ok(shared.expected.insert(config, repeats, fingerprints)?)
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// A session of a plan that has begun.
enum Begun {
    Connect(Target, Terms),
    Open(Arc<Link>, Box<SessionConfig>),
    Expect(Waiting),
}

impl Shared {
    /// A connection that is about to run.
    fn link(&self, role: Role, stream: &Stream) -> Result<Arc<Link>, RandomError> {
        let config = self.settings.config(stream.framing());
        let connection = Connection::new(config, role, OsRandom::new()?, now())?;
        let connection = connection.with_table(self.expected.table.clone());
        let idle = match role {
            Role::Active => Duration::ZERO,
            Role::Passive => PASSIVE_IDLE,
        };
        let expected = Arc::clone(&self.expected);
        Ok(Link::new(connection, expected, self.settings.room, idle, stream))
    }

    /// Runs a connection in a task of its own.
    fn run(&self, link: Arc<Link>, stream: Stream) -> Result<(), Error> {
        // In this order, either `close` knows the connection, or this sees that it closes.
        self.remember(&link);
        if self.closing.is_cancelled() {
            return Err(Error::Closed);
        }
        self.tasks.spawn(drive(link, stream));
        Ok(())
    }

    /// Notes a connection, for the end. Those that have gone make room now and then.
    fn remember(&self, link: &Arc<Link>) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() == links.capacity() {
            links.retain(|link| link.strong_count() > 0);
        }
        links.push(Arc::downgrade(link));
    }

    fn links(&self) -> Vec<Arc<Link>> {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.iter().filter_map(Weak::upgrade).collect()
    }

    /// Takes nothing new.
    fn stop(&self) {
        self.closing.cancel();
        self.expected.clear();
        self.tasks.close();
    }
}

/// Opens a session on a connection to the target.
async fn connect(shared: &Arc<Shared>, target: Target, terms: Terms) -> Result<Session, Error> {
    opened(begin(shared, target, terms).await?).await
}

/// The same without waiting for the peer.
async fn begin(shared: &Arc<Shared>, target: Target, terms: Terms) -> Result<Arc<Handle>, Error> {
    let open = |link: &Arc<Link>| Ok(link.open(terms.config(target.carrier(), link.local)?)?);
    pool::enter(shared, &target, open).await
}

/// The session, once the peer has accepted it, if that is to be waited for.
async fn opened(handle: Arc<Handle>) -> Result<Session, Error> {
    wait_open(Session::new(handle)).await
}

async fn wait_open(session: Session) -> Result<Session, Error> {
    match session.opened().await {
        Ok(_) => Ok(session),
        Err(ended) => Err(Error::Ended(ended.into())),
    }
}

/// The session, once a peer has bound it.
async fn bound(mut waiting: Waiting) -> Result<Session, Error> {
    waiting.next().await.map(Session::new).ok_or(Error::Closed)
}
