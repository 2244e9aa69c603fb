//! Streams of octets, of any type.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_rustls::rustls::ProtocolVersion;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// A stream of octets: a TCP socket, TLS on one, or any other.
pub(super) struct Octets(pub(super) Box<dyn Transport>);

/// A stream that may know the socket below, or what it holds.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {
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

/// Any other stream.
pub(super) struct Opaque<S, F>(pub(super) S, pub(super) F);

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

passes_on!([] Octets);
passes_on!([S: AsyncRead + AsyncWrite + Unpin, F: Unpin] Opaque<S, F>);
