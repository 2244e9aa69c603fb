//! The passive side: listens for connections and receives their messages.

mod places;
mod relayed;
mod store;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use msrp::uri::Scheme;
use msrp::wire::ByteRange;
use msrp::{
    Connection, ConnectionEnd, Event, FailReason, IncomingKey, MediaTypes, MsrpUri, OsRandom,
    ReceiveMode, Received, ReportMode, Role, SessionConfig, SessionTable, StatusCode, session_id,
};
use rustls::{ServerConfig, ServerConnection};
use serde_json::{Value, json};

use self::places::Places;
pub(crate) use self::relayed::Relayed;
use self::store::Store;
use crate::link::{self, Link, Secure, Stream};
use crate::output::tell;

/// Time limit for the TLS handshake of a peer.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// How long a peer may send nothing at all. Until then it has one thread and no
/// connection; [`Config::bind_timeout`](msrp::Config::bind_timeout) takes over.
const SILENCE: Duration = Duration::from_secs(30);

/// Pause before the next attempt when the system is out of file descriptors or threads.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How messages are received.
pub(crate) struct Options {
    /// Folder for their files; `None` keeps no files.
    pub(crate) out: Option<PathBuf>,
    /// Largest message in octets.
    pub(crate) max_size: u64,
    /// The media types that are accepted.
    pub(crate) accept_types: MediaTypes,
    /// The server's side of TLS; `None` for TCP alone.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// The most connections at a time; further peers wait in the queue of the system.
    pub(crate) max_connections: usize,
    /// Called with the object of each message.
    pub(crate) report: fn(&Value),
}

impl Options {
    /// A session that a peer may open.
    fn session(&self, uri: MsrpUri) -> SessionConfig {
        SessionConfig::expected(uri)
            .accept_types(self.accept_types.clone())
            .max_size(self.max_size)
            .receive(ReceiveMode::Pieces)
            // A message counts as received when it is stored.
            .reports(ReportMode::Manual)
    }
}

/// A listener and the sessions that peers may open on it.
pub(crate) struct Receiver {
    listener: TcpListener,
    address: SocketAddr,
    table: SessionTable,
    options: Arc<Options>,
}

impl Receiver {
    pub(crate) fn bind(address: &str, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let table = SessionTable::new(1024);
        Ok(Self { listener, address, table, options: Arc::new(options) })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The scheme of the sessions' URIs.
    pub(crate) fn scheme(&self) -> Scheme {
        if self.options.tls.is_some() { Scheme::Msrps } else { Scheme::Msrp }
    }

    /// A random URI for a session on this listener.
    pub(crate) fn make_uri(&self) -> io::Result<MsrpUri> {
        let host = match self.address.ip() {
            // Peers cannot connect to the unspecified address.
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        let id = session_id(&mut OsRandom::new()?)?;
        let uri = MsrpUri::builder(self.scheme(), host, self.address.port());
        uri.session_id(&id).build().map_err(io::Error::other)
    }

    /// Lets peers open the session of this URI, one after another.
    pub(crate) fn expect(&self, uri: MsrpUri) -> Result<(), msrp::SessionError> {
        self.table.insert(self.options.session(uri))
    }

    /// Serves each connection in its own thread. When one with messages ends, it
    /// yields whether all of them were received.
    pub(crate) fn serve(self) -> mpsc::Receiver<bool> {
        let (ended, results) = mpsc::channel();
        let places = Places::new(self.options.max_connections);
        thread::spawn(move || {
            loop {
                let place = places.take();
                let (table, options) = (self.table.clone(), Arc::clone(&self.options));
                let ended = ended.clone();
                let served = self.listener.accept().and_then(|(socket, _)| {
                    thread::Builder::new().spawn(move || {
                        serve(socket, table, &options, &ended);
                        drop(place);
                    })
                });
                if let Err(error) = served {
                    tell(format_args!("cannot serve a connection: {error}"));
                    thread::sleep(ACCEPT_PAUSE);
                }
            }
        });
        results
    }
}

fn serve(socket: TcpStream, table: SessionTable, options: &Options, ended: &Sender<bool>) {
    let peer = socket.peer_addr().map_or_else(|_| "a connection".into(), |it| it.to_string());
    match open(socket, table, options.tls.clone()) {
        Ok(link) => {
            let mut inbox = Inbox::new(&link, options);
            let end = inbox.run();
            if !matches!(end, ConnectionEnd::Local | ConnectionEnd::Peer) {
                tell(format_args!("{peer}: the connection has ended: {end}"));
            }
            let result = inbox.result();
            link.finish();
            if let Some(result) = result {
                let _ = ended.send(result);
            }
        }
        Err(error) => tell(format_args!("cannot serve {peer}: {error}")),
    }
}

/// A connection with a peer that has sent something.
fn open(
    socket: TcpStream,
    table: SessionTable,
    tls: Option<Arc<ServerConfig>>,
) -> io::Result<Link> {
    let stream = accept(socket, tls)?;
    if !stream.wait_for_octets(SILENCE)? {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "the peer sends nothing"));
    }
    let (config, random) = (Arc::new(link::config()), OsRandom::new()?);
    let connection = Connection::new(config, Role::Passive, random, Instant::now())?;
    Link::new(stream, connection.with_table(table))
}

fn accept(socket: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Stream> {
    let Some(config) = tls else { return Ok(socket.into()) };
    let server = ServerConnection::new(config).map_err(io::Error::other)?;
    Ok(Secure::new(socket, server, Instant::now() + HANDSHAKE)?.into())
}

/// The messages of one connection.
struct Inbox<'a> {
    link: &'a Link,
    options: &'a Options,
    stores: HashMap<IncomingKey, Store>,
    /// Whether all messages that have ended were received.
    result: Option<bool>,
}

impl<'a> Inbox<'a> {
    fn new(link: &'a Link, options: &'a Options) -> Self {
        Self { link, options, stores: HashMap::new(), result: None }
    }

    /// Whether all messages that have ended were received; `None` if there were
    /// none.
    const fn result(&self) -> Option<bool> {
        self.result
    }

    /// Takes events until the connection has ended.
    fn run(&mut self) -> ConnectionEnd {
        loop {
            match self.link.next_event(None) {
                Some(Event::Closed(end)) => return end,
                Some(event) => self.take(event),
                None => {}
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::MessageStarted { received: message } => {
                let store = Store::new(self.options.out.as_deref(), &message);
                match store {
                    Ok(store) => drop(self.stores.insert(message.key(), store)),
                    Err(error) => self.reject(message.key(), &error),
                }
            }
            Event::Piece { incoming: message, offset, data } => {
                let store = self.stores.get_mut(&message);
                if let Some(Err(error)) = store.map(|store| store.write(offset, &data)) {
                    self.stores.remove(&message);
                    self.reject(message, &error);
                }
            }
            Event::MessageCompleted { received: message, total } => self.complete(&message, total),
            Event::MessageFailed { received: message, reason } => {
                let octets = self.stores.remove(&message.key()).map_or(0, |it| it.octets());
                self.failed(&message, reason, octets);
            }
            Event::Refused(refused) => {
                if let Some((message, reason)) = refused.message {
                    self.failed(&message, reason, 0);
                }
            }
            Event::SessionOpened { .. }
            | Event::SessionClosed { .. }
            | Event::Message { .. }
            | Event::Finished(_)
            | Event::Reported { .. }
            | Event::LateFailure { .. }
            | Event::BodyRoom { .. }
            | Event::NicknameRequested { .. }
            | Event::Nickname { .. }
            | Event::Authenticated { .. }
            | Event::AuthenticationFailed { .. }
            | Event::Tolerated(_)
            | Event::Closed(_)
            | _ => {}
        }
    }

    /// There is no room for a message: asks the peer to stop sending it.
    fn reject(&self, message: IncomingKey, error: &io::Error) {
        tell(format_args!("cannot store a message: {error}"));
        // Fails if the message has ended in the meantime.
        let _ = self.link.with(|connection| connection.reject(message, StatusCode::STOP_SENDING));
    }

    fn complete(&mut self, message: &Received, total: u64) {
        let stored = self.stores.remove(&message.key()).and_then(|store| {
            let lost = |error| tell(format_args!("cannot store a message: {error}"));
            store.keep().map_err(lost).ok()
        });
        let status = if stored.is_some() { StatusCode::OK } else { StatusCode::STOP_SENDING };
        // Fails if the sender has gone, which needs no REPORT.
        let range = ByteRange::whole(total);
        let _ = self.link.with(|connection| connection.report(message, status, range));
        let Some(stored) = stored else {
            return self.failed(message, FailReason::Rejected, total);
        };
        let more = json!({ "bytes": total, "sha256": stored.sha256, "file": stored.file });
        self.tell(true, message, "message", &more);
    }

    fn failed(&mut self, message: &Received, reason: FailReason, octets: u64) {
        let event = if reason == FailReason::Aborted { "aborted" } else { "failed" };
        let more =
            json!({ "bytes": octets, "sha256": null, "file": null, "reason": reason.as_str() });
        self.tell(false, message, event, &more);
    }

    fn tell(&mut self, is_received: bool, message: &Received, event: &str, more: &Value) {
        self.result = Some(is_received && self.result.unwrap_or(true));
        let mut object = json!({
            "event": event,
            "messageId": message.message_id().as_str(),
            "contentType": message.content_type(),
            "from": message.head().from_path().last().as_str(),
        });
        if let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) {
            object.extend(more.clone());
        }
        (self.options.report)(&object);
    }
}
