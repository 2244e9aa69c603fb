//! What a connection runs over.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use msrp::{ConnectionEnd, Framing, Transmit};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_rustls::rustls::ProtocolVersion;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_util::io::{poll_read_buf, poll_write_buf};

use super::octets::{Octets, Opaque, Transport};
#[cfg(feature = "websocket")]
use super::websocket::Messages;

/// Space in the input buffer for one read, in octets.
const READ_OCTETS: usize = 64 * 1024;

/// What connects two endpoints: a TCP socket, TLS on one, any other stream of octets, or
/// with the feature `websocket` a WebSocket on one of these.
///
/// A connection whose socket is known asks it what it still holds, so that deadlines start
/// when octets leave this machine ([`msrp::Connection::transport_holds`]).
///
/// It reads and writes octets; a WebSocket has none, and refuses that.
pub struct Stream(Kind);

enum Kind {
    Octets(Octets),
    #[cfg(feature = "websocket")]
    WebSocket(Box<Messages>),
}

impl Stream {
    /// A stream of which nothing more is known.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self::holding(stream, || None)
    }

    /// A stream that knows how many octets were written to it and have not left. `None`
    /// means that it does not know now.
    pub fn holding(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        held: impl Fn() -> Option<usize> + Send + Unpin + 'static,
    ) -> Self {
        Self(Kind::Octets(Octets(Box::new(Opaque(stream, held)))))
    }

    /// Opens a WebSocket on the stream as its client (RFC 7977 section 4.1), for MSRP at the
    /// root of `host`: a name or address, with its port unless that is the usual one.
    ///
    /// The rules of [`Endpoint::dial`](crate::Endpoint::dial) are not checked, and there is no
    /// deadline.
    ///
    /// # Errors
    ///
    /// What the stream says. `InvalidInput` if `host` is not a host or the stream is a WebSocket
    /// already; otherwise the server does not grant the subprotocol `msrp`.
    #[cfg(feature = "websocket")]
    pub async fn connect_websocket(self, host: &str) -> io::Result<Self> {
        let messages = Messages::connect(self.into_octets()?, host).await?;
        Ok(Self(Kind::WebSocket(Box::new(messages))))
    }

    /// Takes a WebSocket on the stream as its server. There is no deadline.
    ///
    /// # Errors
    ///
    /// What the stream says. `InvalidInput` if it is a WebSocket already; otherwise the
    /// client does not ask for the subprotocol `msrp`.
    #[cfg(feature = "websocket")]
    pub async fn accept_websocket(self) -> io::Result<Self> {
        let messages = Messages::accept(self.into_octets()?).await?;
        Ok(Self(Kind::WebSocket(Box::new(messages))))
    }

    #[cfg(feature = "websocket")]
    fn into_octets(self) -> io::Result<Octets> {
        match self.0 {
            Kind::Octets(octets) => Ok(octets),
            Kind::WebSocket(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// The version of TLS on the socket, such as "TLS 1.3". `None` without TLS.
    #[must_use]
    pub fn tls_version(&self) -> Option<&'static str> {
        match self.below().tls_version()? {
            ProtocolVersion::TLSv1_3 => Some("TLS 1.3"),
            ProtocolVersion::TLSv1_2 => Some("TLS 1.2"),
            other => other.as_str(),
        }
    }

    /// How chunks and responses lie on it.
    pub(crate) fn framing(&self) -> Framing {
        match &self.0 {
            Kind::Octets(_) => Framing::Stream,
            #[cfg(feature = "websocket")]
            Kind::WebSocket(_) => Messages::FRAMING,
        }
    }

    /// Gives a socket the settings of one that carries MSRP: `TCP_NODELAY`, and a short
    /// queue. An error shows when the socket is used.
    pub(crate) fn prepare(&self) {
        if let Some(Err(error)) = self.below().socket().map(msrp_socket::prepare) {
            tracing::debug!(%error, "a socket keeps its settings");
        }
    }

    /// Octets that were written and have not left. `None` where nobody knows.
    pub(crate) fn octets_held(&self) -> Option<usize> {
        match &self.0 {
            Kind::Octets(octets) => octets.0.octets_held(),
            #[cfg(feature = "websocket")]
            Kind::WebSocket(messages) => messages.octets_held(),
        }
    }

    /// What the other end has shown under TLS.
    pub(crate) fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.below().certificate()
    }

    /// The address of this end.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.below().socket()?.local_addr().ok()
    }

    /// The other end, for people.
    pub(crate) fn hop(&self) -> String {
        let peer = self.below().socket().and_then(|socket| socket.peer_addr().ok());
        peer.map_or_else(|| "a stream".into(), |peer| peer.to_string())
    }

    /// The stream of octets below, which may know a socket.
    fn below(&self) -> &dyn Transport {
        match &self.0 {
            Kind::Octets(octets) => &*octets.0,
            #[cfg(feature = "websocket")]
            Kind::WebSocket(messages) => messages.below(),
        }
    }

    /// Octets to read and write.
    fn octets(self: Pin<&mut Self>) -> io::Result<Pin<&mut Octets>> {
        match &mut self.get_mut().0 {
            Kind::Octets(octets) => Ok(Pin::new(octets)),
            #[cfg(feature = "websocket")]
            Kind::WebSocket(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// What the driver of a connection does with it.
impl Stream {
    /// Reads once, and returns how many octets have arrived; 0 at the end. Those of a stream
    /// come behind what is in `input`. A message of a WebSocket takes its place, so that
    /// there must be nothing.
    pub(super) fn poll_input(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Kind::Octets(octets) => {
                input.reserve(READ_OCTETS);
                poll_read_buf(Pin::new(octets), cx, input)
            }
            #[cfg(feature = "websocket")]
            Kind::WebSocket(messages) => messages.poll_input(cx, input),
        }
    }

    /// Writes all octets and flushes: TLS buffers what has not been flushed.
    pub(super) fn poll_output(
        &mut self,
        cx: &mut Context<'_>,
        leaving: &mut Transmit,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Octets(octets) => poll_write_all(octets, cx, leaving),
            #[cfg(feature = "websocket")]
            Kind::WebSocket(messages) => messages.poll_output(cx, leaving),
        }
    }

    /// The peer has a session: it may send longer messages.
    pub(super) fn trust(&mut self) {
        match &mut self.0 {
            Kind::Octets(_) => {}
            #[cfg(feature = "websocket")]
            Kind::WebSocket(messages) => messages.trust(),
        }
    }

    /// Ends this direction, and tells a WebSocket why.
    pub(super) async fn close(&mut self, end: Option<&ConnectionEnd>) -> io::Result<()> {
        #[cfg(not(feature = "websocket"))]
        let _ = end;
        match &mut self.0 {
            Kind::Octets(octets) => octets.shutdown().await,
            #[cfg(feature = "websocket")]
            Kind::WebSocket(messages) => messages.close(end).await,
        }
    }
}

fn poll_write_all(
    octets: &mut Octets,
    cx: &mut Context<'_>,
    leaving: &mut Transmit,
) -> Poll<io::Result<()>> {
    while leaving.has_remaining() {
        match ready!(poll_write_buf(Pin::new(&mut *octets), cx, leaving)) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(_) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Pin::new(octets).poll_flush(cx)
}

impl From<TcpStream> for Stream {
    fn from(socket: TcpStream) -> Self {
        Self(Kind::Octets(Octets(Box::new(socket))))
    }
}

impl From<TlsStream<TcpStream>> for Stream {
    fn from(stream: TlsStream<TcpStream>) -> Self {
        Self(Kind::Octets(Octets(Box::new(stream))))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({})", self.hop())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.octets()?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.octets()?.poll_write(cx, octets)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.octets()?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Kind::Octets(octets) => octets.is_write_vectored(),
            #[cfg(feature = "websocket")]
            Kind::WebSocket(_) => false,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.octets()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.octets()?.poll_shutdown(cx)
    }
}
