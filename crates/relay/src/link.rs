//! One connection: its transport, and what is partly read or written.

use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use msrp::Transmit;
use msrp_socket::websocket::{CloseCode, CloseFrame};
use tokio::time::timeout;

use crate::secure::Secure;
use crate::transport::{Input, Transport};

/// How long a peer may take to read the last octets.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a peer may take to close its side.
const LINGER: Duration = Duration::from_secs(1);
/// The octets of a turn that any input takes: a read costs as much as these.
const LEAST_INPUT: usize = 256;
/// After so many octets the system is asked how many of them have left.
const UNKNOWN_OCTETS: usize = 256 * 1024;
/// A message that is not complete is told in steps of so many octets.
const GRAIN: usize = 16 * 1024;
/// The number of pings that a peer may leave without a sign of life.
const SILENT_PINGS: u32 = 2;

/// A connection.
#[derive(Debug)]
pub(crate) struct Link {
    transport: Transport,
    /// Wakes the task that reads this connection, and that completes a direct write
    /// which could not finish.
    waker: Waker,
    /// The octets being written, and how many they were at first.
    leaving: Option<(Transmit, usize)>,
    /// The octets that were given to the system since it was last asked how many it holds.
    unknown: usize,
    /// Octets that were read and are incomplete.
    pub(crate) rest: BytesMut,
    /// What was last told of an incomplete message, in grains.
    partial: usize,
    silent_pings: u32,
    /// The octets of an incomplete message at the last ping.
    pinged_at: usize,
    /// Whether the peer is another relay.
    is_relay: bool,
    /// Whether it waits for its turn to be read.
    pub(crate) waits: bool,
}

impl Link {
    pub(crate) fn new(transport: Transport, is_relay: bool) -> Self {
        let waker = Waker::noop().clone();
        let rest = BytesMut::new();
        Self {
            transport,
            waker,
            leaving: None,
            unknown: 0,
            rest,
            partial: 0,
            silent_pings: 0,
            pinged_at: 0,
            is_relay,
            waits: false,
        }
    }

    /// Whether the peer was another relay and is none any more.
    pub(crate) fn was_relay(&self, secure: &Secure) -> bool {
        let is_relay = |tls| !secure.relay_names(tls).is_empty();
        self.is_relay && !self.transport.tls().is_some_and(is_relay)
    }

    /// Sets the task that tends the connection.
    pub(crate) fn tended_by(&mut self, cx: &Context<'_>) {
        self.waker.clone_from(cx.waker());
    }

    pub(crate) fn wake(&self) {
        self.waker.wake_by_ref();
    }

    /// Writes at once, called from any task. If the transport blocks, it later wakes
    /// the task of this connection, which calls [`Self::poll_written`].
    pub(crate) fn write(&mut self, transmit: Transmit) -> Poll<std::io::Result<()>> {
        let octets = transmit.remaining();
        self.unknown = self.unknown.saturating_add(octets);
        self.leaving = Some((transmit, octets));
        self.poll_written()
    }

    /// Ready when everything has been written.
    pub(crate) fn poll_written(&mut self) -> Poll<std::io::Result<()>> {
        let Some((transmit, _)) = &mut self.leaving else { return Poll::Ready(Ok(())) };
        let written = self.transport.poll_write(&mut Context::from_waker(&self.waker), transmit);
        if written.is_ready() {
            self.leaving = None;
        }
        written
    }

    /// How many octets have not left, where the system says so. Those being written may
    /// be anywhere in TLS or WebSocket: they all count.
    pub(crate) fn octets_held(&mut self) -> Option<usize> {
        self.unknown = 0;
        let leaving = self.leaving.as_ref().map_or(0, |(_, octets)| *octets);
        Some(leaving + self.transport.octets_held()?)
    }

    /// Whether it may have become clear how fast octets leave: the system has refused some,
    /// or was given many.
    pub(crate) const fn is_worth_asking(&self) -> bool {
        self.is_writing() || self.unknown >= UNKNOWN_OCTETS
    }

    pub(crate) const fn is_writing(&self) -> bool {
        self.leaving.is_some()
    }

    /// Reads once. Appends at most so many octets of a stream to `buffer`. Returns how
    /// many octets of a turn the input takes.
    pub(crate) fn poll_input(
        &mut self,
        buffer: &mut BytesMut,
        most: usize,
    ) -> Poll<(Input, usize)> {
        let before = buffer.len();
        let mut cx = Context::from_waker(&self.waker);
        let input = ready!(self.transport.poll_input(&mut cx, buffer, most));
        self.silent_pings = 0;
        let octets = match &input {
            Input::Octets => buffer.len() - before,
            Input::Message(message) => message.len(),
            Input::Sign | Input::End => 0,
        };
        Poll::Ready((input, octets.max(LEAST_INPUT)))
    }

    /// About how many octets it holds of an incomplete message, if that has changed.
    pub(crate) fn partial_news(&mut self) -> Option<usize> {
        let partial = self.transport.partial() / GRAIN;
        let before = std::mem::replace(&mut self.partial, partial);
        (partial != before).then_some(partial * GRAIN)
    }

    /// Pings a WebSocket. Returns `false` if it has been silent for too long.
    pub(crate) fn ping(&mut self) -> bool {
        if !self.transport.is_websocket() {
            return true;
        }
        let partial = self.transport.partial();
        if std::mem::replace(&mut self.pinged_at, partial) != partial {
            // Part of a message has arrived: the pong waits behind it.
            self.silent_pings = 0;
        }
        if self.silent_pings >= SILENT_PINGS {
            return false;
        }
        self.silent_pings += 1;
        self.transport.ping(&mut Context::from_waker(&self.waker)).is_ok()
    }

    /// Writes the rest, as far as the peer takes it.
    pub(crate) async fn finish(&mut self, frame: CloseFrame) {
        let _ = timeout(FAREWELL, self.part(frame)).await;
    }

    /// Writes the rest and ends this direction.
    pub(crate) async fn part(&mut self, frame: CloseFrame) {
        let _ = std::future::poll_fn(|cx| {
            self.tended_by(cx);
            let written = self.poll_written();
            if written.is_pending() {
                self.read_out();
            }
            written
        })
        .await;
        self.transport.shut_down(frame).await;
    }

    /// The peer may now send long messages.
    pub(crate) fn trust(&mut self) {
        self.transport.trust();
    }

    /// What the peer has done wrong, as the code to close a WebSocket with.
    pub(crate) const fn fault(&self) -> Option<CloseCode> {
        self.transport.fault()
    }

    /// Reads and discards what has arrived.
    pub(crate) fn read_out(&mut self) {
        let _ = self.transport.poll_read_out(&mut Context::from_waker(&self.waker));
    }

    /// Waits a moment for the peer to close its side.
    pub(crate) async fn linger(mut self) {
        let end = std::future::poll_fn(|cx| self.transport.poll_read_out(cx));
        let _ = timeout(LINGER, end).await;
    }
}
