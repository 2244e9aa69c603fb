//! The active side: from a path to a session.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use msrp::uri::{Host, Scheme};
use msrp::{
    Bind, Config, Connection, ConnectionEnd, DecodeError, MsrpUri, OsRandom, Path, Role,
    SessionConfig, SessionId, StatusCode, session_id,
};
use serde_json::{Value, json};

use super::expected::{Expected, TlsOptions};
use super::stream::Stream;

/// How long the whole of an exchange may take by default, in milliseconds.
pub(crate) const DEFAULT_TIMEOUT: u64 = 15_000;

/// What `--timeout` takes: at most a day.
pub(crate) fn timeout() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=24 * 60 * 60 * 1000)
}

/// Where to connect to, and the path from there.
pub(crate) struct Target {
    path: Path,
    port: u16,
    /// With `msrps`, who answers there.
    server: Option<Expected>,
}

/// A connection that has been made, and the session that opens on it when it
/// becomes a [`Link`](super::link::Link).
pub(crate) struct Client {
    pub(crate) stream: Stream,
    pub(crate) connection: Connection,
    pub(crate) session: SessionId,
    pub(crate) connect_time: Duration,
}

/// Why an exchange failed.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: &'static str,
    message: String,
}

impl Target {
    /// The hops of a path, of which the first is the one to connect to. The
    /// error says what is wrong with the command line.
    pub(crate) fn new(hops: Vec<MsrpUri>, options: TlsOptions) -> Result<Self, String> {
        for uri in &hops {
            if !uri.transport().eq_ignore_ascii_case("tcp") {
                return Err(format!("{uri}: only transport tcp is there"));
            }
        }
        let path = Path::new(hops).map_err(|error| error.to_string())?;
        let first = path.first();
        let no_port = || format!("{first}: give a port, MSRP has none by default");
        let port = first.port().ok_or_else(no_port)?;
        let server = Expected::new(first, options)?;
        Ok(Self { path, port, server })
    }

    /// The name that the server's certificate is checked against, with `msrps`.
    pub(crate) fn peer_name(&self) -> Option<String> {
        self.server.as_ref().map(Expected::name)
    }

    /// What every result says first.
    pub(crate) fn object(&self) -> Value {
        json!({ "success": false, "host": self.path.first().host_str(), "port": self.port })
    }

    /// Connects and opens a session, whose requests wait `patience` for their
    /// responses.
    pub(crate) fn open(
        &self,
        from: Option<MsrpUri>,
        bind: Bind,
        patience: Duration,
        deadline: Instant,
    ) -> Result<Client, Failure> {
        let mut random = OsRandom::new().map_err(Failure::local)?;
        let start = Instant::now();
        let stream = self.connect(deadline)?;
        let connect_time = start.elapsed();
        let from = match from {
            Some(uri) => uri,
            None => own_uri(&stream, &mut random).map_err(Failure::local)?,
        };
        let mut config = Config::default();
        config.transaction_timeout = patience;
        let now = Instant::now();
        let mut connection = Connection::new(Arc::new(config), Role::Active, random, now);
        let session = SessionConfig::new(from, self.path.clone()).bind(bind);
        let session = connection.open(session).map_err(Failure::local)?;
        Ok(Client { stream, connection, session, connect_time })
    }

    fn connect(&self, deadline: Instant) -> Result<Stream, Failure> {
        let socket = self.connect_tcp(deadline)?;
        match &self.server {
            Some(server) => Ok(server.meet(socket, deadline)?.into()),
            None => Ok(socket.into()),
        }
    }

    fn connect_tcp(&self, deadline: Instant) -> Result<TcpStream, Failure> {
        let mut last = Failure::new("unknownHost", "the host has no address");
        for address in self.addresses()? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Failure::timeout("the connection was not made in time"));
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = Failure::connect(&error, address),
            }
        }
        Err(last)
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let unknown = |error| Failure::new("unknownHost", format!("the host is unknown: {error}"));
        match self.path.first().host() {
            Host::Ipv4(address) => Ok(vec![(address, self.port).into()]),
            Host::Ipv6(address) => Ok(vec![(address, self.port).into()]),
            _ => {
                let name = (self.path.first().host_str(), self.port);
                Ok(name.to_socket_addrs().map_err(unknown)?.collect())
            }
        }
    }
}

/// A URI of this side for one session. Nobody will connect to it, which port 9
/// says: discard.
fn own_uri(stream: &Stream, random: &mut OsRandom) -> Result<MsrpUri, Box<dyn std::error::Error>> {
    let scheme = match stream {
        Stream::Plain(_) => Scheme::Msrp,
        Stream::Secure(_) => Scheme::Msrps,
    };
    let uri = MsrpUri::builder(scheme, stream.socket().local_addr()?.ip(), 9);
    Ok(uri.session_id(&session_id(random)).build()?)
}

impl Failure {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn timeout(message: &str) -> Self {
        Self::new("timeout", message)
    }

    /// Something on this side.
    pub(crate) fn local(error: impl ToString) -> Self {
        Self::new("local", error.to_string())
    }

    pub(crate) fn tls(error: impl ToString) -> Self {
        Self::new("tls", format!("TLS failed: {}", error.to_string()))
    }

    pub(crate) fn handshake(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                Self::timeout("the TLS handshake did not end in time")
            }
            _ => Self::tls(error),
        }
    }

    pub(crate) fn rejected(status: StatusCode) -> Self {
        Self::new("rejected", format!("the peer answered {status} {}", status.reason()))
    }

    pub(crate) fn ended(end: &ConnectionEnd) -> Self {
        match end {
            ConnectionEnd::Failed(DecodeError::Truncated) => {
                Self::new("closed", "the connection ended in the middle of a chunk or response")
            }
            ConnectionEnd::Failed(error) => {
                Self::new("notMsrp", format!("what the peer sends is not MSRP: {error}"))
            }
            _ => Self::new("closed", "the peer closed the connection"),
        }
    }

    fn connect(error: &io::Error, address: SocketAddr) -> Self {
        let (kind, message) = match error.kind() {
            io::ErrorKind::ConnectionRefused => ("refused", "nobody listens there"),
            io::ErrorKind::TimedOut => ("timeout", "the connection was not made in time"),
            _ => ("unreachable", "the connection could not be made"),
        };
        Self::new(kind, format!("{address}: {message} ({error})"))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "kind": self.kind, "message": self.message })
    }
}

/// A status, in the keys of a result.
pub(crate) fn set_status(object: &mut Value, status: StatusCode, comment: Option<&str>) {
    set(object, "statusCode", status.as_u16());
    set(object, "statusText", comment.unwrap_or_else(|| status.reason()));
}

pub(crate) fn set(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.into(), value.into());
    }
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    // Microseconds are as much as a clock is worth here.
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
