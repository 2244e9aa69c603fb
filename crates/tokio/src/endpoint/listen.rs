//! Listeners.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use msrp::Role;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::Shared;
use crate::link::{Stream, drive};

/// Pause before the next attempt when the system is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listener of an endpoint.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    pub(super) is_secure: bool,
}

/// Accepts connections until the endpoint closes. Peers beyond the limit wait in the queue
/// of the system.
pub(super) async fn accept(
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    places: Arc<Semaphore>,
) {
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((socket, peer)) => {
                    let served = serve(Arc::clone(&shared), socket, peer, tls.clone(), place);
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
    tls: Option<TlsAcceptor>,
    place: OwnedSemaphorePermit,
) {
    let Some(stream) = accepted(&shared, socket, peer, tls).await else { return };
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

/// The stream of a connection, after the handshake of TLS if there is one.
async fn accepted(
    shared: &Shared,
    socket: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
) -> Option<Stream> {
    let Some(tls) = tls else { return Some(socket.into()) };
    let handshake = timeout(shared.settings.handshake_timeout, tls.accept(socket));
    match shared.closing.run_until_cancelled(handshake).await? {
        Ok(Ok(stream)) => return Some(TlsStream::Server(stream).into()),
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS failed"),
        Err(_) => tracing::debug!(%peer, "no TLS in time"),
    }
    None
}
