//! Incoming connections.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use msrp::Framing;
use msrp::relay::{Peer, Security};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::core::Core;
use crate::secure::peer_names;
use crate::transport::{Stream, Transport};
use crate::websocket;

/// Pause before the next attempt when the system is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts incoming connections and completes their handshakes.
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Largest message in octets, for WebSockets.
    pub(crate) websocket: Option<usize>,
    pub(crate) patience: Duration,
    /// Permits for handshakes.
    pub(crate) handshakes: Arc<Semaphore>,
}

impl Listen {
    /// Accepts connections until the relay ends.
    pub(crate) async fn run(self, listener: TcpListener, core: Rc<RefCell<Core>>) {
        loop {
            // At the limit the system holds further peers in its queue.
            let Ok(leave) = Arc::clone(&self.handshakes).acquire_owned().await else { return };
            let Ok((stream, address)) = listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (this, core) = (self.clone(), Rc::clone(&core));
            spawn_local(async move {
                this.connection(stream, address, &core).await;
                drop(leave);
            });
        }
    }

    async fn connection(&self, stream: TcpStream, address: SocketAddr, core: &RefCell<Core>) {
        let shaken = timeout(self.patience, self.handshake(stream)).await;
        match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok((peer, transport)) => {
                tracing::debug!(%address, "accepted");
                core.borrow_mut().accept(peer.address(address.ip()), transport);
            }
            Err(error) => tracing::debug!(%address, "no handshake: {error}"),
        }
    }

    async fn handshake(&self, stream: TcpStream) -> io::Result<(Peer, Transport)> {
        // Fails if the peer has gone, which the next read notices.
        let _ = msrp_socket::prepare(&stream);
        let (peer, stream) = match &self.tls {
            None => (Peer::new(Security::Plain), Stream::Tcp(stream)),
            Some(tls) => {
                let stream = TlsAcceptor::from(Arc::clone(tls)).accept(stream).await?;
                let names = peer_names(stream.get_ref().1);
                let peer = Peer::new(Security::Tls).relay_names(names);
                (peer, Stream::Tls(Box::new(stream.into())))
            }
        };
        let Some(max_octets) = self.websocket else { return Ok((peer, Transport::Stream(stream))) };
        let socket = websocket::accept(stream).await?;
        let peer = peer.framing(Framing::Message { max_octets });
        Ok((peer, Transport::WebSocket(Box::new(socket))))
    }
}
