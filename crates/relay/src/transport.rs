//! The transport of a connection: a stream, or the messages of a WebSocket.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{Sink, SinkExt, Stream as _};
use msrp::Transmit;
use msrp::relay::Peer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::meter::Metered;

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
    WebSocket(Box<WebSocketStream<Metered>>),
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
            Self::WebSocket(socket) => {
                let message = ready!(Pin::new(socket.as_mut()).poll_next(cx));
                let input = message.and_then(Result::ok).map_or(Input::End, input);
                if matches!(input, Input::Message(_)) {
                    socket.get_mut().renew();
                }
                Poll::Ready(input)
            }
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
            Self::WebSocket(socket) => {
                let mut socket = Pin::new(socket.as_mut());
                if transmit.has_remaining() {
                    ready!(socket.as_mut().poll_ready(cx)).map_err(io::Error::other)?;
                    let message = transmit.copy_to_bytes(transmit.remaining());
                    socket
                        .as_mut()
                        .start_send(Message::Binary(message))
                        .map_err(io::Error::other)?;
                }
                socket.poll_flush(cx).map_err(io::Error::other)
            }
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
            Self::WebSocket(socket) => socket.get_ref().stream(),
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
            Self::WebSocket(socket) => socket.get_ref().partial(),
        }
    }

    /// Lifts the limit for the messages of strangers.
    pub(crate) fn trust(&mut self) {
        if let Self::WebSocket(socket) = self {
            socket.get_mut().lift();
        }
    }

    /// Pings a WebSocket to keep it open (RFC 7977 section 6). If there is no room
    /// at once, the ping leaves with the next write.
    pub(crate) fn ping(&mut self, cx: &mut Context<'_>) -> Result<(), tungstenite::Error> {
        let Self::WebSocket(socket) = self else { return Ok(()) };
        let mut socket = Pin::new(socket.as_mut());
        socket.as_mut().start_send(Message::Ping(Bytes::new()))?;
        match socket.poll_flush(cx) {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    /// Ends this direction.
    pub(crate) async fn shut_down(&mut self, frame: CloseFrame) {
        // The peer may have gone already.
        let _ = match self {
            Self::Stream(stream) => stream.shutdown().await,
            Self::WebSocket(socket) => {
                // If the peer has closed, its close frame still needs a reply.
                let _ = socket.as_mut().close(Some(frame)).await;
                socket.flush().await.map_err(io::Error::other)
            }
        };
    }

    /// Reads to the end and discards: closing a socket with unread octets resets
    /// the connection and loses the last response.
    pub(crate) async fn read_out(&mut self) {
        let mut unwanted = BytesMut::with_capacity(LAST_OCTETS);
        loop {
            unwanted.clear();
            unwanted.reserve(LAST_OCTETS);
            let input =
                std::future::poll_fn(|cx| self.poll_input(cx, &mut unwanted, LAST_OCTETS)).await;
            if matches!(input, Input::End) {
                return;
            }
        }
    }
}

/// Text and binary messages are equivalent (RFC 7977 section 4.2).
fn input(message: Message) -> Input {
    match message {
        Message::Binary(octets) => Input::Message(octets),
        Message::Text(text) => Input::Message(text.into()),
        Message::Close(_) => Input::End,
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Input::Sign,
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
