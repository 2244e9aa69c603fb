//! A stream that gives a stranger's message only so much room.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::transport::Stream;

/// The octets of a handshake or message from a peer that has proven nothing. One read
/// comes on top.
const STRANGERS: usize = 16 * 1024;

/// The stream below a WebSocket, which has to hold a message until it is complete.
#[derive(Debug)]
pub(crate) struct Metered {
    stream: Stream,
    /// The octets that may still be read for the current message. `None` without limit.
    left: Option<usize>,
}

impl Metered {
    pub(crate) const fn new(stream: Stream) -> Self {
        Self { stream, left: Some(STRANGERS) }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        self.stream.socket()
    }

    pub(crate) const fn stream(&self) -> &Stream {
        &self.stream
    }

    /// A message is complete.
    pub(crate) const fn renew(&mut self) {
        if self.left.is_some() {
            self.left = Some(STRANGERS);
        }
    }

    /// The peer is no stranger any more.
    pub(crate) const fn lift(&mut self) {
        self.left = None;
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == Some(0) {
            return Poll::Ready(Err(io::Error::other("too much before the first request")));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        self.left = self.left.map(|left| left.saturating_sub(read));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
