//! The transport of a connection: a stream, or the messages of a WebSocket.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use msrp::Transmit;
use msrp::relay::Peer;
use msrp_socket::websocket::{self, CloseCode, CloseFrame, WebSocket};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// The slices of one write: a head, a body and an end-line.
const PARTS: usize = 3;
/// What the system takes from a client before it is read, in octets: as much as the relay
/// queues for a connection, and 20 Mbit/s at a round trip of 100 milliseconds.
const UNREAD_OCTETS: usize = 256 * 1024;
/// Space to read and discard the last octets of a peer, in octets.
const LAST_OCTETS: usize = 16 * 1024;

/// A stream of octets.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The result of a read.
#[derive(Debug)]
pub(crate) enum Input {
    /// Octets, appended to the buffer.
    Octets,
    /// One message.
    Message(Bytes),
    /// A sign of life from the WebSocket, without a message.
    Sign,
    /// The peer has gone, or has broken the rules of the transport.
    End,
}

/// The transport of a connection. It never blocks: an operation that has to wait
/// registers the waker it was called with.
#[derive(Debug)]
pub(crate) enum Transport {
    Stream(Stream),
    WebSocket(Box<WebSocket<Stream>>),
}

impl Transport {
    /// Reads once. Appends at most so many octets of a stream to `buffer`.
    pub(crate) fn poll_input(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
        most: usize,
    ) -> Poll<Input> {
        match self {
            Self::Stream(stream) => {
                let mut room = buffer.limit(most);
                let read = ready!(pin!(stream.read_buf(&mut room)).poll(cx));
                Poll::Ready(if matches!(read, Ok(1..)) { Input::Octets } else { Input::End })
            }
            Self::WebSocket(socket) => Poll::Ready(match ready!(socket.poll_input(cx)) {
                Ok(websocket::Input::Message(message)) => Input::Message(message),
                Ok(websocket::Input::Sign) => Input::Sign,
                Ok(websocket::Input::End) | Err(_) => Input::End,
            }),
        }
    }

    /// Writes the rest of `transmit`, on a WebSocket as one message.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        transmit: &mut Transmit,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Stream(stream) => {
                while transmit.has_remaining() {
                    let mut slices = [IoSlice::new(&[]); PARTS];
                    let count = transmit.chunks_vectored(&mut slices);
                    let slices = slices.get(..count).unwrap_or_default();
                    match ready!(Pin::new(&mut *stream).poll_write_vectored(cx, slices))? {
                        0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                        written => transmit.advance(written),
                    }
                }
                Pin::new(stream).poll_flush(cx)
            }
            Self::WebSocket(socket) => socket.poll_write(cx, transmit),
        }
    }

    /// Limits what the system takes from a client before it is read: it waits for a slow
    /// next hop, and everything behind it. A link from a relay carries many sessions.
    pub(crate) fn limit_unread(&self, peer: &Peer) {
        if peer.relay_names.is_empty() {
            // Fails if the peer has gone, which the next read notices.
            let _ = msrp_socket::limit_unread(self.socket(), UNREAD_OCTETS);
        }
    }

    /// The octets in the send queue of the system, where it says so.
    pub(crate) fn octets_held(&self) -> Option<usize> {
        msrp_socket::octets_held(self.socket())
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Stream(stream) => stream.socket(),
            Self::WebSocket(socket) => socket.get_ref().socket(),
        }
    }

    /// The TLS of this connection, if it has any.
    pub(crate) fn tls(&self) -> Option<&TlsStream<TcpStream>> {
        let stream = match self {
            Self::Stream(stream) => stream,
            Self::WebSocket(socket) => socket.get_ref(),
        };
        match stream {
            Stream::Tcp(_) => None,
            Stream::Tls(tls) => Some(tls),
        }
    }

    pub(crate) const fn is_websocket(&self) -> bool {
        matches!(self, Self::WebSocket(_))
    }

    /// The octets that a WebSocket holds of an incomplete message.
    pub(crate) fn partial(&self) -> usize {
        match self {
            Self::Stream(_) => 0,
            Self::WebSocket(socket) => socket.partial(),
        }
    }

    /// What the peer has done wrong, as the code to close a WebSocket with.
    pub(crate) const fn fault(&self) -> Option<CloseCode> {
        match self {
            Self::Stream(_) => None,
            Self::WebSocket(socket) => socket.fault(),
        }
    }

    /// Lifts the limit for the messages of strangers.
    pub(crate) fn trust(&mut self) {
        if let Self::WebSocket(socket) = self {
            socket.trust();
        }
    }

    /// Pings a WebSocket to keep it open (RFC 7977 section 6). If there is no room
    /// at once, the ping leaves with the next write.
    pub(crate) fn ping(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self {
            Self::Stream(_) => Ok(()),
            Self::WebSocket(socket) => socket.ping(cx),
        }
    }

    /// Ends this direction.
    pub(crate) async fn shut_down(&mut self, frame: CloseFrame) {
        // The peer may have gone already.
        let _ = match self {
            Self::Stream(stream) => stream.shutdown().await,
            Self::WebSocket(socket) => socket.close(frame).await,
        };
    }

    /// Reads what has arrived and discards it; ready at the end. Closing a socket with unread
    /// octets resets the connection and loses the last response. A peer may also read only
    /// once it has written.
    pub(crate) fn poll_read_out(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut unwanted = BytesMut::new();
        loop {
            unwanted.clear();
            unwanted.reserve(LAST_OCTETS);
            if matches!(ready!(self.poll_input(cx, &mut unwanted, LAST_OCTETS)), Input::End) {
                return Poll::Ready(());
            }
        }
    }
}

impl Stream {
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, octets),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
