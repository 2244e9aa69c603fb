//! Connections to next hops.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use msrp::uri::Host;
use msrp_tls::{Fingerprints, ServerCheck, client_config, server_name};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsConnector, TlsStream};

use super::{Settings, Shared, Target};
use crate::error::Error;
use crate::link::Stream;

/// After how long the next address is tried beside the ones before (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to a target, with TLS and a WebSocket if it says so.
pub(super) async fn connect(shared: &Shared, target: &Target) -> Result<Stream, Error> {
    let hop = target.hop();
    let connected = timeout(shared.settings.connect_timeout, async {
        let socket = connect_tcp(shared, target, &hop).await?;
        let stream = if target.is_secure() {
            secure(shared, target, &hop, socket).await?
        } else {
            socket.into()
        };
        upgrade(target, &hop, stream).await
    });
    connected.await.unwrap_or(Err(Error::ConnectTimeout { hop: Arc::clone(&hop) }))
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

async fn connect_tcp(shared: &Shared, target: &Target, hop: &Arc<str>) -> Result<TcpStream, Error> {
    let addresses = resolve(target).await?;
    let addresses = permitted(&shared.settings, target, addresses)?;
    let failed = |source| Error::Connect { hop: Arc::clone(hop), source };
    first_to_connect(addresses).await.map_err(failed)
}

async fn secure(
    shared: &Shared,
    target: &Target,
    hop: &Arc<str>,
    socket: TcpStream,
) -> Result<Stream, Error> {
    let tls = &shared.settings.tls;
    let check = match target.fingerprints() {
        [] => tls.server_check()?,
        pinned => ServerCheck::Pinned(Fingerprints::new(pinned.iter().cloned())?),
    };
    let config = client_config(check, tls.identity())?;
    let name = server_name(Host::from(target.certified_name()))?;
    let stream = TlsConnector::from(config).connect(name, socket).await;
    let stream = stream.map_err(|source| Error::Handshake { hop: Arc::clone(hop), source })?;
    Ok(TlsStream::Client(stream).into())
}

/// The addresses of a target in the order in which they are tried: families take turns,
/// beginning with that of the first (RFC 8305 section 4).
async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = target.host().parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, target.port())]);
    }
    let failed = |source| Error::Resolve { host: target.host().into(), source };
    let found: Vec<SocketAddr> =
        lookup_host((target.host(), target.port())).await.map_err(failed)?.collect();
    if found.is_empty() {
        return Err(failed(io::Error::other("it has no address")));
    }
    Ok(take_turns(found))
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

fn take_turns(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let is_first_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == is_first_v6);
    let mut second = second.into_iter();
    let mut order = Vec::new();
    for address in first {
        order.push(address);
        order.extend(second.next());
    }
    order.extend(second);
    order
}

/// Tries the addresses one after the other, each with a head start, and takes the first
/// that connects.
async fn first_to_connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut attempts = JoinSet::new();
    let mut addresses = addresses.into_iter();
    loop {
        let next = addresses.next();
        let has_next = next.is_some();
        if let Some(address) = next {
            attempts.spawn(TcpStream::connect(address));
        } else if attempts.is_empty() {
            return Err(last);
        }
        tokio::select! {
            Some(attempt) = attempts.join_next() => match attempt.unwrap_or_else(|error| Err(io::Error::other(error))) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            },
            () = sleep(HEAD_START), if has_next => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn address_families_take_turns() {
        let addresses = |all: &[&str]| -> Vec<SocketAddr> {
            all.iter().map(|address| address.parse().unwrap()).collect()
        };
        let found = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]);
        let order = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]);
        assert_eq!(take_turns(found), order);
    }
}
