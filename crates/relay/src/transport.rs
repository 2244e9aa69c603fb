//! What a connection runs over: a stream, or the messages of a WebSocket.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Sink, SinkExt, Stream as _};
use msrp::Transmit;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

/// A head, a body and an end-line.
const PARTS: usize = 3;
/// What is read, to be thrown away, of a peer that was told goodbye.
const LAST_OCTETS: usize = 16 * 1024;

/// A stream of octets.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What has come in.
#[derive(Debug)]
pub(crate) enum Input {
    /// Octets, behind those that were in the buffer.
    Octets,
    /// One message.
    Message(Bytes),
    /// The WebSocket lives, and that is all.
    Sign,
    /// The peer has gone, or does not keep to the transport's rules.
    End,
}

/// A connection's transport. Nothing of it blocks: what cannot go on has left
/// the waker it was called with.
#[derive(Debug)]
pub(crate) enum Transport {
    Stream(Stream),
    WebSocket(Box<WebSocketStream<Stream>>),
}

impl Transport {
    /// Reads once. Octets of a stream go to the end of `buffer`.
    pub(crate) fn poll_input(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
    ) -> Poll<Input> {
        match self {
            Self::Stream(stream) => {
                let read = ready!(pin!(stream.read_buf(buffer)).poll(cx));
                Poll::Ready(if matches!(read, Ok(1..)) { Input::Octets } else { Input::End })
            }
            Self::WebSocket(socket) => {
                let message = ready!(Pin::new(socket).poll_next(cx));
                Poll::Ready(message.and_then(Result::ok).map_or(Input::End, input))
            }
        }
    }

    /// Writes all that is left of `transmit`, as one message where the
    /// transport has messages.
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

    pub(crate) const fn is_websocket(&self) -> bool {
        matches!(self, Self::WebSocket(_))
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
                // If the peer has closed, its close frame is still to be answered.
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
            let input = std::future::poll_fn(|cx| self.poll_input(cx, &mut unwanted)).await;
            if matches!(input, Input::End) {
                return;
            }
        }
    }
}

/// Text and binary are the same (RFC 7977 section 4.2).
fn input(message: Message) -> Input {
    match message {
        Message::Binary(octets) => Input::Message(octets),
        Message::Text(text) => Input::Message(text.into()),
        Message::Close(_) => Input::End,
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Input::Sign,
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
