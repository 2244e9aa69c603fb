//! Connections to next hops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use msrp::uri::Host;
use msrp_tls::{Fingerprints, ServerCheck, client_config, server_name};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::{TlsConnector, TlsStream};

use super::resolve::resolve;
use super::{Settings, Shared, Target};
use crate::error::Error;
use crate::link::Stream;

/// After how long the next address is tried beside the ones before (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to a target, with TLS and a WebSocket if it says so.
pub(super) async fn connect(shared: &Shared, target: &Target) -> Result<Stream, Error> {
    let deadline = Instant::now() + shared.settings.connect_timeout;
    let connected = timeout_at(deadline, connect_until(deadline, &shared.settings, target));
    connected.await.unwrap_or_else(|_| Err(Error::ConnectTimeout { hop: target.hop() }))
}

/// Takes the first address that connects and shakes hands.
async fn connect_until(
    deadline: Instant,
    settings: &Settings,
    target: &Target,
) -> Result<Stream, Error> {
    let hop = target.hop();
    #[cfg(feature = "websocket")]
    if target.is_websocket() && !target.is_secure() && !settings.allows_plain_websocket {
        return Err(Error::PlainWebSocket { hop });
    }
    let addresses = resolve(settings, target).await?;
    let mut race = Race::new(permitted(settings, target, addresses)?);
    let mut failed = None;
    loop {
        let socket = match race.next().await {
            Ok(socket) => socket,
            Err(source) => return Err(failed.unwrap_or(Error::Connect { hop, source })),
        };
        let shaken = shake(settings, target, &hop, socket);
        if race.is_over() {
            return shaken.await;
        }
        // Half of the time that is left is for the others.
        let left = deadline.saturating_duration_since(Instant::now());
        match timeout(left / 2, shaken).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if !is_of_one_address(&error) => return Err(error),
            Ok(Err(error)) => failed = Some(error),
            Err(_) => failed = Some(Error::ConnectTimeout { hop: Arc::clone(&hop) }),
        }
    }
}

/// Whether another address may do better.
const fn is_of_one_address(error: &Error) -> bool {
    match error {
        Error::Handshake { .. } => true,
        #[cfg(feature = "websocket")]
        Error::WebSocket { .. } => true,
        _ => false,
    }
}

/// The handshakes on a connection.
async fn shake(
    settings: &Settings,
    target: &Target,
    hop: &Arc<str>,
    socket: TcpStream,
) -> Result<Stream, Error> {
    let stream = if target.is_secure() {
        secure(settings, target, hop, socket).await?
    } else {
        socket.into()
    };
    upgrade(target, hop, stream).await
}

async fn secure(
    settings: &Settings,
    target: &Target,
    hop: &Arc<str>,
    socket: TcpStream,
) -> Result<Stream, Error> {
    let check = match target.fingerprints() {
        [] => settings.tls.server_check()?,
        pinned => ServerCheck::Pinned(Fingerprints::new(pinned.iter().cloned())?),
    };
    let config = client_config(check, settings.tls.identity())?;
    let name = server_name(Host::from(target.certified_name()))?;
    let stream = TlsConnector::from(config).connect(name, socket).await;
    let stream = stream.map_err(|source| Error::Handshake { hop: Arc::clone(hop), source })?;
    Ok(TlsStream::Client(stream).into())
}

/// A WebSocket on the stream, if the target says so.
#[cfg(feature = "websocket")]
async fn upgrade(target: &Target, hop: &Arc<str>, stream: Stream) -> Result<Stream, Error> {
    if !target.is_websocket() {
        return Ok(stream);
    }
    let failed = |source| Error::WebSocket { hop: Arc::clone(hop), source };
    stream.connect_websocket(&target.authority()).await.map_err(failed)
}

#[cfg(not(feature = "websocket"))]
#[expect(clippy::unused_async, reason = "as the one with WebSockets")]
async fn upgrade(_: &Target, _: &Arc<str>, stream: Stream) -> Result<Stream, Error> {
    Ok(stream)
}

/// The addresses that may be connected to. There is no other look-up, which might find others.
fn permitted(
    settings: &Settings,
    target: &Target,
    mut addresses: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, Error> {
    addresses.retain(|address| settings.permit.allows(target.host(), *address));
    if addresses.is_empty() {
        Err(Error::NotPermitted { hop: target.hop() })
    } else {
        Ok(addresses)
    }
}

/// Tries addresses one after the other, each with a head start.
struct Race {
    addresses: std::vec::IntoIter<SocketAddr>,
    attempts: JoinSet<io::Result<TcpStream>>,
    last: io::Error,
}

impl Race {
    fn new(addresses: Vec<SocketAddr>) -> Self {
        let last = io::ErrorKind::AddrNotAvailable.into();
        Self { addresses: addresses.into_iter(), attempts: JoinSet::new(), last }
    }

    /// No address is left.
    fn is_over(&self) -> bool {
        self.addresses.len() == 0 && self.attempts.is_empty()
    }

    /// The next that connects. The error is that of the last address.
    async fn next(&mut self) -> io::Result<TcpStream> {
        loop {
            if let Some(address) = self.addresses.next() {
                self.attempts.spawn(TcpStream::connect(address));
            } else if self.attempts.is_empty() {
                return Err(std::mem::replace(&mut self.last, io::ErrorKind::Other.into()));
            }
            let has_next = self.addresses.len() > 0;
            tokio::select! {
                Some(attempt) = self.attempts.join_next() => {
                    match attempt.unwrap_or_else(|error| Err(io::Error::other(error))) {
                        Ok(socket) => return Ok(socket),
                        Err(error) => self.last = error,
                    }
                }
                () = sleep(HEAD_START), if has_next => {}
            }
        }
    }
}
