//! The relay as a whole: options, running, and shutdown.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use msrp::relay::{ConnectionId, Relay, RelayConfig};
use msrp::uri::{Host, Scheme};
use msrp::{MsrpUri, OsRandom};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::{LocalSet, spawn_local, yield_now};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use crate::close::{close, follow};
use crate::core::{Core, Job};
use crate::dial::Dialler;
use crate::fault::StartError;
use crate::files::Places;
use crate::listen::Listen;
use crate::look_ups::LookUps;
use crate::metrics;
use crate::options::Options;
use crate::policy::Policy;
use crate::reload;
use crate::secure::Secure;
use crate::users::Users;

/// Connections that the system may queue until they are accepted. After a restart
/// all clients reconnect at once, and those that find no place wait a second before
/// they try again. The system may have a lower limit.
const BACKLOG: i32 = 4096;

/// How long connections may take to close when the deadline for draining has passed: the
/// last REPORTs leave, and the peers close their sides.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// A relay that listens.
#[derive(Debug)]
pub struct Server {
    options: Options,
    secure: Secure,
    users: Users,
    random: OsRandom,
    places: Places,
    addresses: Addresses,
    uris: Vec<MsrpUri>,
    listeners: Vec<(Kind, std::net::TcpListener)>,
    handle: Handle,
    commands: mpsc::UnboundedReceiver<Command>,
}

/// The addresses that a relay listens on.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Addresses {
    /// For TCP.
    pub tcp: Option<SocketAddr>,
    /// For TLS.
    pub tls: Option<SocketAddr>,
    /// For WebSockets without TLS.
    pub ws: Option<SocketAddr>,
    /// For WebSockets.
    pub wss: Option<SocketAddr>,
    /// For HTTP.
    pub metrics: Option<SocketAddr>,
}

/// Controls a running relay.
#[derive(Clone, Debug)]
pub struct Handle(mpsc::UnboundedSender<Command>);

#[derive(Clone, Copy, Debug)]
enum Command {
    Drain,
    Reload,
}

impl Handle {
    /// Ends the relay: it accepts nothing new, and [`Server::run`] returns when its
    /// sessions are quiet, or soon after [`Options::drain_seconds`]: what has no response
    /// by then is reported to its sender as lost.
    pub fn drain(&self) {
        // Fails if the relay has already ended.
        let _ = self.0.send(Command::Drain);
    }

    /// Reads the users file and the certificates anew. Users who are missing, or have
    /// another password, lose their URIs. What cannot be used changes nothing.
    pub fn reload(&self) {
        let _ = self.0.send(Command::Reload);
    }
}

/// The protocol of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tls,
    Wss,
    Tcp,
    Ws,
    Metrics,
}

impl Kind {
    const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }
}

impl Server {
    /// Checks the options and listens.
    ///
    /// # Errors
    ///
    /// [`StartError`] if an option is wrong or an address is not available.
    pub fn bind(options: Options) -> Result<Self, StartError> {
        options.check()?;
        let (secure, random) = (Secure::new(&options)?, OsRandom::new()?);
        let users = Users::of(&options)?;
        let mut addresses = Addresses::default();
        let (mut uris, mut listeners) = (Vec::new(), Vec::new());
        // In the order in which they are offered to clients.
        for (kind, wanted, bound) in [
            (Kind::Tls, options.tls_listen, &mut addresses.tls),
            (Kind::Wss, options.wss_listen, &mut addresses.wss),
            (Kind::Tcp, options.listen, &mut addresses.tcp),
            (Kind::Ws, options.ws_listen, &mut addresses.ws),
            (Kind::Metrics, options.metrics, &mut addresses.metrics),
        ] {
            let Some(wanted) = wanted else { continue };
            let (listener, address) =
                listen(wanted).map_err(|error| StartError::Listen(wanted, error))?;
            *bound = Some(address);
            if kind != Kind::Metrics {
                uris.push(uri(kind, options.name.as_deref(), address)?);
            }
            listeners.push((kind, listener));
        }
        let (sender, commands) = mpsc::unbounded_channel();
        let handle = Handle(sender);
        let places = Places::for_connections(options.max_connections);
        Ok(Self {
            options,
            secure,
            users,
            random,
            places,
            addresses,
            uris,
            listeners,
            handle,
            commands,
        })
    }

    /// The addresses that it listens on.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The URIs of the relay.
    #[must_use]
    pub fn uris(&self) -> &[MsrpUri] {
        &self.uris
    }

    /// A handle that controls the relay from elsewhere.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Relays until [`Handle::drain`], on the calling thread only.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a listener cannot be used or the source of random octets fails.
    pub async fn run(self) -> Result<(), StartError> {
        LocalSet::new().run_until(self.run_here()).await
    }

    async fn run_here(mut self) -> Result<(), StartError> {
        if self.options.plain_auth {
            tracing::warn!(
                "--plain-auth: anyone on the network can read sessions and guess passwords"
            );
        }
        let (first, others) = self.uris.split_first().ok_or(StartError::NoListener)?;
        let mut config = relay_config(&self.options, first, &self.users);
        config.addresses.extend_from_slice(others);
        config.limits.connections = self.places.connections;
        let realm = config.realm.clone();
        let relay = Relay::new(config, self.random.clone(), Instant::now())?;
        let (jobs, todo) = mpsc::unbounded_channel();
        let core = Core::new(relay, std::mem::take(&mut self.users), realm, jobs);
        let core = Rc::new(RefCell::new(core));
        let secure = Rc::new(RefCell::new(self.secure.clone()));
        for (kind, listener) in std::mem::take(&mut self.listeners) {
            self.accept(kind, listener, &core, &secure)?;
        }
        spawn_local(give_turns(Rc::clone(&core)));
        let (wanted, options) = (Rc::new(Notify::new()), self.options.clone());
        spawn_local(reload::run(Rc::clone(&wanted), options, core.clone(), secure.clone()));
        self.drive(core, secure, wanted, todo).await;
        Ok(())
    }

    fn accept(
        &self,
        kind: Kind,
        listener: std::net::TcpListener,
        core: &Rc<RefCell<Core>>,
        secure: &Rc<RefCell<Secure>>,
    ) -> Result<(), StartError> {
        let core = Rc::clone(core);
        let address = listener.local_addr();
        let listener = TcpListener::from_std(listener).map_err(|error| {
            StartError::Listen(address.unwrap_or(SocketAddr::from(([0; 4], 0))), error)
        })?;
        if kind == Kind::Metrics {
            spawn_local(metrics::serve(listener, core));
            return Ok(());
        }
        let listen = Listen {
            secure: kind.is_secure().then(|| Rc::clone(secure)),
            websocket: kind.is_websocket().then_some(self.options.max_ws_message),
            patience: self.options.connect_seconds,
        };
        spawn_local(listen.run(listener, core));
        Ok(())
    }

    /// Carries out the relay's jobs and handles its timeouts.
    async fn drive(
        mut self,
        core: Rc<RefCell<Core>>,
        secure: Rc<RefCell<Secure>>,
        reload: Rc<Notify>,
        mut todo: mpsc::UnboundedReceiver<Job>,
    ) {
        let worker = Rc::new(Worker {
            core: Rc::clone(&core),
            dialler: Dialler {
                policy: Policy::new(self.options.connect_to.clone()),
                secure: Rc::clone(&secure),
                patience: self.options.connect_seconds,
                look_ups: LookUps::new(self.places.look_ups),
            },
            closing: Semaphore::new(self.places.closing.min(Semaphore::MAX_PERMITS)),
        });
        let attention = Arc::clone(&core.borrow().attention);
        let mut pings = interval(self.options.ping_seconds.max(Duration::from_millis(1)));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        let mut end = None;
        loop {
            let alarm = core.borrow_mut().alarm();
            tokio::select! {
                Some(job) = todo.recv() => worker.start(job),
                () = until(alarm) => {
                    // What has come by then counts.
                    yield_now().await;
                    core.borrow_mut().handle_timeout();
                    // If more deadlines have passed, the connections come first.
                    yield_now().await;
                }
                () = attention.notified() => {}
                _ = pings.tick() => core.borrow_mut().ping(),
                Some(command) = self.commands.recv() => match command {
                    Command::Reload => reload.notify_one(),
                    Command::Drain => {
                        tracing::info!("draining");
                        core.borrow_mut().drain(Instant::now() + self.options.drain_seconds);
                    }
                },
                () = until(end) => {
                    tracing::warn!("connections were cut off that took no octets");
                    return;
                }
            }
            if core.borrow().is_over() {
                end.get_or_insert_with(|| Instant::now() + LAST_WORDS);
            }
            if core.borrow().is_drained() {
                return;
            }
        }
    }
}

/// Lets connections have their turns one by one. In between, the system is asked for
/// input, so that whoever has little to say need not wait for all of them.
async fn give_turns(core: Rc<RefCell<Core>>) {
    let waiting = Arc::clone(&core.borrow().waiting);
    loop {
        waiting.notified().await;
        while core.borrow_mut().take_turns() {
            yield_now().await;
        }
    }
}

/// What jobs need.
struct Worker {
    core: Rc<RefCell<Core>>,
    dialler: Dialler,
    /// Places for connections whose last octets still leave.
    closing: Semaphore,
}

impl Worker {
    /// Starts a job.
    fn start(self: &Rc<Self>, job: Job) {
        let this = Rc::clone(self);
        match job {
            Job::Tend(connection) => {
                spawn_local(poll_fn(move |cx| this.core.borrow_mut().poll(connection, cx)));
            }
            Job::Dial { connection, uri } => {
                let task = spawn_local(async move { this.dial(connection, &uri).await });
                self.core.borrow_mut().opens(connection, task.abort_handle());
            }
            Job::Follow(link) => {
                spawn_local(async move { follow(*link, &this.closing).await });
            }
            Job::Close { connection, link, reason } => {
                spawn_local(async move {
                    let closed = || this.core.borrow_mut().closed(connection);
                    close(*link, &reason, &this.closing, closed).await;
                });
            }
        }
    }

    async fn dial(&self, connection: ConnectionId, uri: &MsrpUri) {
        // A session-id is a secret, so the log has only the host.
        let (host, port) = (uri.host().to_string(), uri.port());
        let dials = self.core.borrow().dials_with(connection);
        match self.dialler.dial(uri, dials).await {
            Ok((peer, transport)) => {
                tracing::debug!(?connection, host, port, "connected");
                self.core.borrow_mut().opened(connection, peer, transport);
            }
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::info!(?connection, host, port, "no connection: {error:#}");
                self.core.borrow_mut().not_opened(connection);
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

fn listen(wanted: SocketAddr) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(wanted), Type::STREAM, None)?;
    // Connections of the previous process may still be closing.
    socket.set_reuse_address(true)?;
    socket.bind(&wanted.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = std::net::TcpListener::from(socket);
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn uri(kind: Kind, name: Option<&str>, address: SocketAddr) -> Result<MsrpUri, StartError> {
    let scheme = if kind.is_secure() { Scheme::Msrps } else { Scheme::Msrp };
    let host = name.map_or_else(|| Host::from(address.ip()), Host::from);
    let transport = if kind.is_websocket() { "ws" } else { "tcp" };
    Ok(MsrpUri::builder(scheme, host, address.port()).transport(transport).build()?)
}

fn relay_config(options: &Options, address: &MsrpUri, users: &Users) -> RelayConfig {
    let realm = options.realm.as_deref().unwrap_or_default();
    let mut config = RelayConfig::new(address.clone(), realm);
    config.algorithms = users.algorithms(realm);
    config.plain_auth = options.plain_auth;
    config.limits.tokens = options.max_tokens;
    config.limits.queue_octets = options.max_queue;
    config
}
