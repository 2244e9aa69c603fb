//! A WebSocket as the transport of a connection (RFC 7977).

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use msrp::{ConnectionEnd, Framing, Transmit};
use msrp_socket::websocket::{CloseCode, CloseFrame, Input, WebSocket};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::octets::{Octets, Transport};

/// The most octets of a message to the peer: a text waits behind one of them.
const MESSAGE_OCTETS: usize = msrp_socket::UNSENT_OCTETS as usize;

/// The octets of the handshake, and of a message, that a client may send before it has a
/// session. As many are read of a stream at a time.
const STRANGERS: usize = 64 * 1024;

/// The time between pings (RFC 7977 section 6).
const PING: Duration = Duration::from_secs(30);

/// The number of pings that a peer may leave without a sign of life.
const SILENT_PINGS: u32 = 2;

/// A WebSocket, each message of which is one chunk or response.
pub(super) struct Messages {
    socket: WebSocket<Octets>,
    pings: Interval,
    /// Pings since the last sign of life.
    silent: u32,
    /// What it held of an incomplete message at the last ping.
    partial: usize,
    /// The octets of the last message, until all of it has been written.
    unwritten: usize,
}

impl Messages {
    pub(super) const FRAMING: Framing = Framing::Message { max_octets: MESSAGE_OCTETS };

    pub(super) async fn connect(octets: Octets, host: &str) -> io::Result<Self> {
        WebSocket::connect(octets, host).await.map(Self::new)
    }

    pub(super) async fn accept(octets: Octets) -> io::Result<Self> {
        WebSocket::accept(octets, STRANGERS).await.map(Self::new)
    }

    fn new(socket: WebSocket<Octets>) -> Self {
        let mut pings = interval_at(Instant::now() + PING, PING);
        // While the connection is not read, no pong arrives.
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, pings, silent: 0, partial: 0, unwritten: 0 }
    }

    pub(super) fn below(&self) -> &dyn Transport {
        &*self.socket.get_ref().0
    }

    pub(super) fn octets_held(&self) -> Option<usize> {
        Some(self.below().octets_held()?.saturating_add(self.unwritten))
    }

    /// Puts the next message into `input`. Returns its length, and 0 at the end.
    pub(super) fn poll_input(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(arrived) = self.socket.poll_input(cx)? else { return self.poll_ping(cx) };
        self.silent = 0;
        match arrived {
            Input::End => Poll::Ready(Ok(0)),
            Input::Message(message) if !message.is_empty() => {
                *input = message.into();
                Poll::Ready(Ok(input.len()))
            }
            // One at a time: a peer that sends nothing else holds up nothing else.
            Input::Message(_) | Input::Sign => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    /// Pings the peer if it is time. Fails if it has left too many pings unanswered.
    fn poll_ping(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while self.pings.poll_tick(cx).is_ready() {
            let before = std::mem::replace(&mut self.partial, self.socket.partial());
            if self.partial != before {
                // A long message on a slow link: a pong comes behind it.
                self.silent = 0;
            }
            if self.silent >= SILENT_PINGS {
                return Poll::Ready(Err(no_pong()));
            }
            self.silent += 1;
            self.socket.ping(cx)?;
        }
        Poll::Pending
    }

    pub(super) fn poll_output(
        &mut self,
        cx: &mut Context<'_>,
        leaving: &mut Transmit,
    ) -> Poll<io::Result<()>> {
        let octets = leaving.remaining();
        let written = self.socket.poll_write(cx, leaving);
        if written.is_ready() {
            self.unwritten = 0;
        } else if !leaving.has_remaining() && octets > 0 {
            self.unwritten = octets;
        }
        written
    }

    pub(super) fn trust(&mut self) {
        self.socket.trust();
    }

    pub(super) async fn close(&mut self, end: Option<&ConnectionEnd>) -> io::Result<()> {
        let (code, reason) = match (self.socket.fault(), end) {
            (Some(code), _) => (code, ""),
            (None, Some(ConnectionEnd::Failed(_))) => (CloseCode::Protocol, "this is not MSRP"),
            (None, _) => (CloseCode::Normal, ""),
        };
        self.socket.close(CloseFrame { code, reason: reason.into() }).await
    }
}

fn no_pong() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer answers no ping")
}
