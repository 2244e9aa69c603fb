//! Listeners.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use msrp::Role;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::Shared;
use super::terms::Carrier;
use crate::link::{Stream, drive};

/// Pause before the next attempt when the system is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listener of an endpoint.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    pub(super) carrier: Carrier,
}

/// What comes before MSRP on the connections of a listener.
#[derive(Clone)]
pub(super) struct Handshake {
    pub(super) tls: Option<TlsAcceptor>,
    #[cfg_attr(not(feature = "websocket"), expect(dead_code, reason = "no listener has it"))]
    pub(super) is_websocket: bool,
}

impl Handshake {
    async fn shake(self, socket: TcpStream) -> io::Result<Stream> {
        let stream = match self.tls {
            Some(tls) => TlsStream::Server(tls.accept(socket).await?).into(),
            None => Stream::from(socket),
        };
        #[cfg(feature = "websocket")]
        if self.is_websocket {
            return stream.accept_websocket().await;
        }
        Ok(stream)
    }
}

/// Accepts connections until the endpoint closes. Peers beyond the limit wait in the queue
/// of the system.
pub(super) async fn accept(
    shared: Arc<Shared>,
    listener: TcpListener,
    handshake: Handshake,
    places: Arc<Semaphore>,
) {
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((socket, peer)) => {
                    let served = serve(Arc::clone(&shared), socket, peer, handshake.clone(), place);
                    shared.tasks.spawn(served);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    shared.closing.run_until_cancelled(accepting).await;
}

/// Serves a connection. It holds its place until it has ended.
async fn serve(
    shared: Arc<Shared>,
    socket: TcpStream,
    peer: SocketAddr,
    handshake: Handshake,
    place: OwnedSemaphorePermit,
) {
    let Some(stream) = accepted(&shared, socket, peer, handshake).await else { return };
    let link = match shared.link(Role::Passive, &stream) {
        Ok(link) => link,
        Err(error) => return tracing::error!(%error, "cannot serve a connection"),
    };
    shared.remember(&link);
    if !shared.closing.is_cancelled() {
        drive(link, stream).await;
    }
    drop(place);
}

/// The stream of a connection, after the handshakes.
async fn accepted(
    shared: &Shared,
    socket: TcpStream,
    peer: SocketAddr,
    handshake: Handshake,
) -> Option<Stream> {
    let handshake = timeout(shared.settings.handshake_timeout, handshake.shake(socket));
    match shared.closing.run_until_cancelled(handshake).await? {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => tracing::debug!(%peer, %error, "no handshake"),
        Err(_) => tracing::debug!(%peer, "no handshake in time"),
    }
    None
}
