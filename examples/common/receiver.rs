//! A listener that takes messages: `receive`, and what `send` sends to when it
//! is not told where.

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
    Config, Connection, Event, FailReason, IncomingKey, MediaTypes, MsrpUri, OsRandom, ReceiveMode,
    Received, ReportMode, Role, SessionConfig, SessionTable, StatusCode, session_id,
};
use rustls::{ServerConfig, ServerConnection};
use serde_json::{Value, json};

use super::link::Link;
use super::secure::Secure;
use super::store::Store;
use super::stream::Stream;
use super::tell;

/// How long a peer may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// How messages are taken.
pub(crate) struct Options {
    /// Where their files go, if anywhere.
    pub(crate) out: Option<PathBuf>,
    /// The most octets of one.
    pub(crate) max_size: u64,
    /// The media types that are taken.
    pub(crate) accept_types: MediaTypes,
    /// With TLS, as whom; without, peers connect over TCP alone.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// What hears of them.
    pub(crate) report: fn(&Value),
}

impl Options {
    /// A session that a peer may bind.
    pub(crate) fn session(&self, uri: MsrpUri) -> SessionConfig {
        SessionConfig::expected(uri)
            .accept_types(self.accept_types.clone())
            .max_size(self.max_size)
            .receive(ReceiveMode::Pieces)
            // A message is received when it is stored.
            .reports(ReportMode::Manual)
    }
}

/// A listener and the sessions that wait on it.
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

    /// What the URIs of sessions here begin with.
    pub(crate) fn scheme(&self) -> Scheme {
        if self.options.tls.is_some() { Scheme::Msrps } else { Scheme::Msrp }
    }

    /// A URI for a session here that nobody can guess.
    pub(crate) fn make_uri(&self) -> io::Result<MsrpUri> {
        let host = match self.address.ip() {
            // Every address of this machine is none that can be connected to.
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        let id = session_id(&mut OsRandom::new()?)?;
        let uri = MsrpUri::builder(self.scheme(), host, self.address.port());
        uri.session_id(&id).build().map_err(io::Error::other)
    }

    /// Waits for a peer to bind the session of this URI, again and again.
    pub(crate) fn expect(&self, uri: MsrpUri) -> Result<(), msrp::TableError> {
        self.table.insert(self.options.session(uri))
    }

    /// Serves connections in threads of their own, and tells of each one that
    /// has ended whether its messages were received, where it had any.
    pub(crate) fn serve(self) -> mpsc::Receiver<bool> {
        let (ended, results) = mpsc::channel();
        thread::spawn(move || {
            let mut config = Config::default();
            config.table = Some(self.table.clone());
            let config = Arc::new(config);
            for socket in self.listener.incoming() {
                let (config, options) = (Arc::clone(&config), Arc::clone(&self.options));
                let ended = ended.clone();
                let served = socket.and_then(|socket| {
                    thread::Builder::new().spawn(move || serve(socket, config, &options, &ended))
                });
                if let Err(error) = served {
                    tell(format_args!("a connection was not served: {error}"));
                }
            }
        });
        results
    }
}

fn serve(socket: TcpStream, config: Arc<Config>, options: &Options, ended: &Sender<bool>) {
    let peer = socket.peer_addr();
    let result = OsRandom::new().map_err(io::Error::other).and_then(|random| {
        let connection = Connection::new(config, Role::Passive, random, Instant::now())?;
        Link::new(accept(socket, options.tls.clone())?, connection)
    });
    match result {
        Ok(link) => {
            let mut inbox = Inbox::new(&link, options);
            inbox.run();
            let result = inbox.result();
            link.finish();
            if let Some(result) = result {
                let _ = ended.send(result);
            }
        }
        Err(error) => tell(format_args!("the connection of {peer:?} was not served: {error}")),
    }
}

fn accept(socket: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Stream> {
    let Some(config) = tls else { return Ok(socket.into()) };
    let server = ServerConnection::new(config).map_err(io::Error::other)?;
    Ok(Secure::new(socket, server, Instant::now() + HANDSHAKE)?.into())
}

/// The messages that one connection brings.
pub(crate) struct Inbox<'a> {
    link: &'a Link,
    options: &'a Options,
    stores: HashMap<IncomingKey, Store>,
    /// Whether all that have ended were received.
    result: Option<bool>,
}

impl<'a> Inbox<'a> {
    pub(crate) fn new(link: &'a Link, options: &'a Options) -> Self {
        Self { link, options, stores: HashMap::new(), result: None }
    }

    /// Whether all messages that have ended were received; `None` where there
    /// were none.
    pub(crate) const fn result(&self) -> Option<bool> {
        self.result
    }

    fn run(&mut self) {
        while let Some(event) = self.link.next_event(None) {
            if let Event::Closed(_) = event {
                return;
            }
            self.take(event);
        }
    }

    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::MessageStarted { message } => {
                let store = Store::new(self.options.out.as_deref(), message.message_id());
                match store {
                    Ok(store) => drop(self.stores.insert(message.key(), store)),
                    Err(error) => self.reject(message.key(), &error),
                }
            }
            Event::Piece { message, offset, data } => {
                let store = self.stores.get_mut(&message);
                if let Some(Err(error)) = store.map(|store| store.write(offset, &data)) {
                    self.stores.remove(&message);
                    self.reject(message, &error);
                }
            }
            Event::MessageCompleted { message, total } => self.complete(&message, total),
            Event::MessageFailed { message, reason } => {
                let octets = self.stores.remove(&message.key()).map_or(0, |it| it.octets());
                self.failed(&message, reason, octets);
            }
            _ => {}
        }
    }

    /// Has no room for a message: the peer may stop sending it.
    fn reject(&self, message: IncomingKey, error: &io::Error) {
        tell(format_args!("a message cannot be stored: {error}"));
        self.link.with(|connection| connection.reject(message, StatusCode::STOP_SENDING));
    }

    fn complete(&mut self, message: &Received, total: u64) {
        let stored = self.stores.remove(&message.key()).and_then(|store| {
            let lost = |error| tell(format_args!("a message cannot be stored: {error}"));
            store.keep().map_err(lost).ok()
        });
        let status = if stored.is_some() { StatusCode::OK } else { StatusCode::STOP_SENDING };
        // The sender hears of it if it has asked to, and is still there.
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
        let reason = reason_name(reason);
        let more = json!({ "bytes": octets, "sha256": null, "file": null, "reason": reason });
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

const fn reason_name(reason: FailReason) -> &'static str {
    match reason {
        FailReason::Aborted => "aborted",
        FailReason::TooLarge => "tooLarge",
        FailReason::TooManyRanges => "tooManyRanges",
        FailReason::TooManyMessages => "tooManyMessages",
        FailReason::Inconsistent => "inconsistent",
        FailReason::UnsupportedType => "unsupportedType",
        FailReason::Rejected => "rejected",
        FailReason::SessionClosed => "closed",
        _ => "other",
    }
}
