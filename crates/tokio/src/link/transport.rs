//! What a connection runs over.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_rustls::rustls::ProtocolVersion;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// What connects two endpoints: a TCP socket, TLS on one, or any other stream of octets.
///
/// A connection whose socket is known asks it what it still holds, so that deadlines start
/// when octets leave this machine ([`msrp::Connection::transport_holds`]).
pub struct Stream(Box<dyn Transport>);

/// A stream that may know the socket below, or what it holds.
trait Transport: AsyncRead + AsyncWrite + Send + Unpin {
    fn socket(&self) -> Option<&TcpStream>;

    fn octets_held(&self) -> Option<usize> {
        self.socket().and_then(msrp_socket::octets_held)
    }

    /// What the other end has shown under TLS.
    fn certificate(&self) -> Option<CertificateDer<'static>> {
        None
    }

    fn tls_version(&self) -> Option<ProtocolVersion> {
        None
    }
}

impl Transport for TcpStream {
    fn socket(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Transport for TlsStream<TcpStream> {
    fn socket(&self) -> Option<&TcpStream> {
        Some(self.get_ref().0)
    }

    fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.get_ref().1.peer_certificates()?.first().cloned()
    }

    fn tls_version(&self) -> Option<ProtocolVersion> {
        self.get_ref().1.protocol_version()
    }
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
        Self(Box::new(Opaque(stream, held)))
    }

    /// Gives a socket the settings of one that carries MSRP: `TCP_NODELAY`, and a short
    /// queue. An error shows when the socket is used.
    pub(crate) fn prepare(&self) {
        if let Some(Err(error)) = self.0.socket().map(msrp_socket::prepare) {
            tracing::debug!(%error, "a socket keeps its settings");
        }
    }

    /// Octets that were written and have not left. `None` where nobody knows.
    pub(crate) fn octets_held(&self) -> Option<usize> {
        self.0.octets_held()
    }

    /// What the other end has shown under TLS.
    pub(crate) fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.0.certificate()
    }

    /// The address of this end.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.0.socket()?.local_addr().ok()
    }

    /// The version of TLS on the socket, such as "TLS 1.3". `None` without TLS.
    #[must_use]
    pub fn tls_version(&self) -> Option<&'static str> {
        match self.0.tls_version()? {
            ProtocolVersion::TLSv1_3 => Some("TLS 1.3"),
            ProtocolVersion::TLSv1_2 => Some("TLS 1.2"),
            other => other.as_str(),
        }
    }

    /// The other end, for people.
    pub(crate) fn hop(&self) -> String {
        let peer = self.0.socket().and_then(|socket| socket.peer_addr().ok());
        peer.map_or_else(|| "a stream".into(), |peer| peer.to_string())
    }
}

impl From<TcpStream> for Stream {
    fn from(socket: TcpStream) -> Self {
        Self(Box::new(socket))
    }
}

impl From<TlsStream<TcpStream>> for Stream {
    fn from(stream: TlsStream<TcpStream>) -> Self {
        Self(Box::new(stream))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({})", self.hop())
    }
}

/// Any other stream.
struct Opaque<S, F>(S, F);

impl<S, F> Transport for Opaque<S, F>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    F: Fn() -> Option<usize> + Send + Unpin,
{
    fn socket(&self) -> Option<&TcpStream> {
        None
    }

    fn octets_held(&self) -> Option<usize> {
        (self.1)()
    }
}

macro_rules! passes_on {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> AsyncRead for $type {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffer: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_read(cx, buffer)
            }
        }

        impl<$($generics)*> AsyncWrite for $type {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                octets: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.0).poll_write(cx, octets)
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                slices: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.0).poll_write_vectored(cx, slices)
            }

            fn is_write_vectored(&self) -> bool {
                self.0.is_write_vectored()
            }

            fn poll_flush(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_flush(cx)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_shutdown(cx)
            }
        }
    };
}

passes_on!([] Stream);
passes_on!([S: AsyncRead + AsyncWrite + Unpin, F: Unpin] Opaque<S, F>);
