//! One connection: its transport, and what is half read or half written.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BytesMut;
use msrp::Transmit;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::transport::Transport;

/// How long a peer has for the last octets before it is cut off.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a peer has to close its side.
const LINGER: Duration = Duration::from_secs(1);
/// Pings that a peer may leave without any sign of life.
const SILENT_PINGS: u32 = 2;

/// A connection.
#[derive(Debug)]
pub(crate) struct Link {
    transport: Transport,
    /// Of the task that reads this connection and writes on where a direct
    /// write did not come to its end.
    waker: Waker,
    /// What is being written.
    leaving: Option<Transmit>,
    /// What was read and needs more behind it.
    pub(crate) rest: BytesMut,
    silent_pings: u32,
}

impl Link {
    pub(crate) fn new(transport: Transport) -> Self {
        let waker = Waker::noop().clone();
        Self { transport, waker, leaving: None, rest: BytesMut::new(), silent_pings: 0 }
    }

    /// The task that looks after the connection.
    pub(crate) fn tended_by(&mut self, cx: &Context<'_>) {
        self.waker.clone_from(cx.waker());
    }

    pub(crate) fn wake(&self) {
        self.waker.wake_by_ref();
    }

    /// Writes at once, whichever task calls: where the transport blocks, it
    /// wakes the task of this connection, which calls [`Self::poll_written`].
    pub(crate) fn write(&mut self, transmit: Transmit) -> Poll<std::io::Result<()>> {
        self.leaving = Some(transmit);
        self.poll_written()
    }

    /// Ready when nothing is left to be written.
    pub(crate) fn poll_written(&mut self) -> Poll<std::io::Result<()>> {
        let Some(transmit) = &mut self.leaving else { return Poll::Ready(Ok(())) };
        let written = self.transport.poll_write(&mut Context::from_waker(&self.waker), transmit);
        if written.is_ready() {
            self.leaving = None;
        }
        written
    }

    pub(crate) const fn is_writing(&self) -> bool {
        self.leaving.is_some()
    }

    /// Reads once, octets of a stream to the end of `buffer`.
    pub(crate) fn poll_input(&mut self, buffer: &mut BytesMut) -> Poll<crate::transport::Input> {
        let input = self.transport.poll_input(&mut Context::from_waker(&self.waker), buffer);
        if input.is_ready() {
            self.silent_pings = 0;
        }
        input
    }

    /// Pings a WebSocket. False: it has not been heard of for too long.
    pub(crate) fn ping(&mut self) -> bool {
        if !self.transport.is_websocket() {
            return true;
        }
        if self.silent_pings >= SILENT_PINGS {
            return false;
        }
        self.silent_pings += 1;
        self.transport.ping(&mut Context::from_waker(&self.waker)).is_ok()
    }

    /// Writes what is left, as far as the peer takes it.
    pub(crate) async fn finish(&mut self, frame: CloseFrame) {
        let _ = timeout(FAREWELL, async {
            let _ = std::future::poll_fn(|cx| {
                self.tended_by(cx);
                self.poll_written()
            })
            .await;
            self.transport.shut_down(frame).await;
        })
        .await;
    }

    /// Waits a moment for the peer to close as well.
    pub(crate) async fn linger(mut self) {
        let _ = timeout(LINGER, self.transport.read_out()).await;
    }
}
