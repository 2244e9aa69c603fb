//! Incoming connections.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::ready;
use std::time::Duration;

use msrp::Framing;
use msrp::relay::{ConnectionId, Peer, Security};
use msrp_socket::websocket::WebSocket;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{spawn_local, yield_now};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::core::Core;
use crate::secure::Secure;
use crate::transport::{Stream, Transport};

/// Pause before the next attempt when the system is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The octets of a handshake or WebSocket message from a peer that has proven nothing.
const STRANGERS: usize = 16 * 1024;

/// Accepts incoming connections and completes their handshakes.
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    /// `None` without TLS.
    pub(crate) secure: Option<Rc<RefCell<Secure>>>,
    /// Largest message in octets, for WebSockets.
    pub(crate) websocket: Option<usize>,
    pub(crate) patience: Duration,
}

impl Listen {
    /// Accepts connections until the relay ends.
    pub(crate) async fn run(self, listener: TcpListener, core: Rc<RefCell<Core>>) {
        loop {
            match listener.accept().await {
                Ok((stream, address)) => self.take(stream, address, &core),
                Err(error) => {
                    core.borrow_mut().not_accepted(&error);
                    sleep(ACCEPT_PAUSE).await;
                }
            }
            // Handshakes that have given way release their sockets now.
            yield_now().await;
        }
    }

    /// Takes a connection, which counts as one from here on.
    fn take(&self, stream: TcpStream, address: SocketAddr, core: &Rc<RefCell<Core>>) {
        let peer = self.peer().address(address.ip());
        let Some(connection) = core.borrow_mut().accept(peer.clone()) else { return };
        let (this, shared) = (self.clone(), Rc::clone(core));
        let handshake = spawn_local(async move {
            let handshake = in_turns(&shared, connection, this.handshake(stream, peer));
            let shaken = timeout(this.patience, handshake).await;
            match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok((peer, transport)) => {
                    tracing::debug!(?connection, %address, "accepted");
                    shared.borrow_mut().opened(connection, peer, transport);
                }
                Err(error) => {
                    tracing::debug!(?connection, %address, "no handshake: {error}");
                    shared.borrow_mut().not_opened(connection);
                }
            }
        });
        core.borrow_mut().opens(connection, handshake.abort_handle());
    }

    const fn peer(&self) -> Peer {
        let peer = Peer::new(if self.secure.is_some() { Security::Tls } else { Security::Plain });
        match self.websocket {
            Some(max_octets) => peer.framing(Framing::Message { max_octets }),
            None => peer,
        }
    }

    async fn handshake(&self, stream: TcpStream, peer: Peer) -> io::Result<(Peer, Transport)> {
        // Fails if the peer has gone, which the next read notices.
        let _ = msrp_socket::prepare(&stream);
        let (peer, stream) = match &self.secure {
            None => (peer, Stream::Tcp(stream)),
            Some(secure) => {
                let config = secure.borrow().server.clone();
                let config = config.ok_or(io::ErrorKind::InvalidInput)?;
                let stream = TlsAcceptor::from(config).accept(stream).await?.into();
                let names = secure.borrow().relay_names(&stream);
                (peer.relay_names(names), Stream::Tls(Box::new(stream)))
            }
        };
        if self.websocket.is_none() {
            return Ok((peer, Transport::Stream(stream)));
        }
        let socket = WebSocket::accept(stream, STRANGERS).await?;
        Ok((peer, Transport::WebSocket(Box::new(socket))))
    }
}

/// Goes on with a handshake in its turns only, so that many of them delay no client.
async fn in_turns<T>(
    core: &RefCell<Core>,
    connection: ConnectionId,
    handshake: impl Future<Output = T>,
) -> T {
    let mut handshake = pin!(handshake);
    poll_fn(|cx| {
        ready!(core.borrow_mut().poll_turn(connection, cx));
        handshake.as_mut().poll(cx)
    })
    .await
}
