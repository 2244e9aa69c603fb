//! WebSockets that carry MSRP (RFC 7977), on tokio.
//!
//! Each message is one chunk or response (section 5.1): a `Transmit` of a connection whose
//! framing is `Framing::Message`, and what `Connection::receive_message` takes. Whether a
//! message is text or binary makes no difference (section 4.2).
//!
//! Sections 5.1 and 9 require TLS below it, with a certificate for the host of the URI.

mod handshake;
mod meter;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::{Sink, SinkExt, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

pub use tokio_tungstenite::tungstenite::protocol::CloseFrame;
pub use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use self::meter::{Metered, TOO_MUCH};

/// The most octets of a message that a peer may send. [`WebSocket::accept`] may set fewer at
/// first.
pub const MAX_MESSAGE: usize = 1024 * 1024;

/// Space to read and discard the last octets of a peer.
const UNWANTED_OCTETS: usize = 4 * 1024;

/// The most octets of the response to a handshake.
const MAX_RESPONSE: usize = 16 * 1024;

/// A WebSocket with the subprotocol `msrp`.
///
/// It never blocks: an operation that has to wait registers the waker it was called with.
/// It responds to pings when it is read.
pub struct WebSocket<S> {
    socket: WebSocketStream<Metered<S>>,
    fault: Option<CloseCode>,
}

/// What arrives.
#[derive(Debug)]
pub enum Input {
    /// A whole message, text or binary.
    Message(Bytes),
    /// A ping or pong: the peer lives.
    Sign,
    /// The peer closes in order. [`WebSocket::close`] replies.
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Opens a WebSocket as the client, at the root of the host: a name or address, in
    /// brackets if it is one of IPv6, and a port if it is not that of the scheme.
    ///
    /// It has no deadline; give it one.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `host` is not a host. Otherwise the stream has failed, or the server
    /// does not grant the subprotocol.
    pub async fn connect(stream: S, host: &str) -> io::Result<Self> {
        let stream = Metered::new(stream, MAX_RESPONSE);
        let mut socket = Self::new(handshake::connect(stream, host).await?);
        socket.trust();
        Ok(socket)
    }

    /// Takes a WebSocket as the server, from a client that asks for MSRP; others get 400.
    ///
    /// So many octets of the handshake, and of each message, are read from a peer that is
    /// not [trusted](Self::trust) yet, and those of one read more. A WebSocket has to hold a
    /// message until it is complete.
    ///
    /// It has no deadline; give it one.
    ///
    /// # Errors
    ///
    /// The stream has failed, or the client does not ask for MSRP.
    pub async fn accept(stream: S, octets: usize) -> io::Result<Self> {
        Ok(Self::new(handshake::accept(Metered::new(stream, octets)).await?))
    }

    const fn new(socket: WebSocketStream<Metered<S>>) -> Self {
        Self { socket, fault: None }
    }

    /// Reads what has arrived. After a [fault](Self::fault) the rest is read and discarded, so
    /// that the peer sees the close frame.
    ///
    /// # Errors
    ///
    /// The stream has failed or was cut, or the peer breaks the rules of WebSockets or their
    /// limit.
    pub fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Input>> {
        if self.fault.is_some() {
            return self.poll_discard(cx);
        }
        let Some(message) = ready!(Pin::new(&mut self.socket).poll_next(cx)) else {
            return Poll::Ready(Ok(Input::End));
        };
        let message = message.inspect_err(|error| {
            self.fault = fault(error);
            self.socket.get_mut().lift();
        });
        let input = match message.map_err(failure)? {
            Message::Binary(octets) => Input::Message(octets),
            Message::Text(text) => Input::Message(text.into()),
            Message::Close(_) => Input::End,
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Input::Sign,
        };
        if matches!(input, Input::Message(_)) {
            self.socket.get_mut().renew();
        }
        Poll::Ready(Ok(input))
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Input>> {
        let mut octets = [0; UNWANTED_OCTETS];
        loop {
            let mut unwanted = ReadBuf::new(&mut octets);
            ready!(Pin::new(self.socket.get_mut()).poll_read(cx, &mut unwanted))?;
            if unwanted.filled().is_empty() {
                return Poll::Ready(Ok(Input::End));
            }
        }
    }

    /// The code to close with if the peer has broken the rules of WebSockets (RFC 6455 section
    /// 7.4.1).
    #[must_use]
    pub const fn fault(&self) -> Option<CloseCode> {
        self.fault
    }

    /// Writes the octets as one message. When they have been taken, `octets` is empty, and
    /// the next calls write what is left until all of it has left.
    ///
    /// # Errors
    ///
    /// The stream has failed, or either side has closed.
    pub fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        octets: &mut impl Buf,
    ) -> Poll<io::Result<()>> {
        let mut socket = Pin::new(&mut self.socket);
        if octets.has_remaining() {
            ready!(socket.as_mut().poll_ready(cx)).map_err(failure)?;
            let message = octets.copy_to_bytes(octets.remaining());
            socket.as_mut().start_send(Message::Binary(message)).map_err(failure)?;
        }
        socket.poll_flush(cx).map_err(failure)
    }

    /// Pings the peer, to keep the WebSocket open (RFC 7977 section 6). If there is no room
    /// at once, the ping leaves with the next write.
    ///
    /// # Errors
    ///
    /// As [`Self::poll_write`].
    pub fn ping(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut socket = Pin::new(&mut self.socket);
        socket.as_mut().start_send(Message::Ping(Bytes::new())).map_err(failure)?;
        match socket.poll_flush(cx) {
            Poll::Ready(flushed) => flushed.map_err(failure),
            Poll::Pending => Ok(()),
        }
    }

    /// Ends this direction with a close frame, or replies to that of the peer, and waits
    /// until it has left.
    ///
    /// # Errors
    ///
    /// The stream has failed.
    pub async fn close(&mut self, frame: CloseFrame) -> io::Result<()> {
        // If the peer has closed, its close frame still needs a reply.
        let _ = self.socket.close(Some(frame)).await;
        SinkExt::<Message>::flush(&mut self.socket).await.map_err(failure)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// From now on the messages of the peer may have [`MAX_MESSAGE`] octets.
    pub fn trust(&mut self) {
        self.socket.get_mut().lift();
    }

    /// About how many octets it holds of a message that is not complete.
    #[must_use]
    pub fn partial(&self) -> usize {
        self.socket.get_ref().partial()
    }

    /// The stream below.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.socket.get_ref().stream()
    }
}

/// Without what it has read, which may be anything.
impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}

/// What the peer has done wrong. `None`: the stream has failed.
fn fault(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Capacity(_) => Some(CloseCode::Size),
        Error::Io(error) => (error.kind() == TOO_MUCH).then_some(CloseCode::Size),
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => None,
    }
}

/// An error of the stream as it is, any other within.
fn failure(error: Error) -> io::Error {
    if let Error::Io(error) = error {
        return error;
    }
    let is_invalid = matches!(error, Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_));
    let kind = if is_invalid { io::ErrorKind::InvalidData } else { io::ErrorKind::Other };
    io::Error::new(kind, error)
}
