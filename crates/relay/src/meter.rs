//! A stream that counts the octets of a message, and gives a stranger's only so much room.

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
    /// The octets that were read of the current message.
    read: usize,
    /// The most of them. `None` without limit.
    most: Option<usize>,
}

impl Metered {
    pub(crate) const fn new(stream: Stream) -> Self {
        Self { stream, read: 0, most: Some(STRANGERS) }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        self.stream.socket()
    }

    pub(crate) const fn stream(&self) -> &Stream {
        &self.stream
    }

    /// A message is complete.
    pub(crate) const fn renew(&mut self) {
        self.read = 0;
    }

    /// The octets of a message that is not complete.
    pub(crate) const fn partial(&self) -> usize {
        self.read
    }

    /// The peer is no stranger any more.
    pub(crate) const fn lift(&mut self) {
        self.most = None;
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.most.is_some_and(|most| self.read >= most) {
            return Poll::Ready(Err(io::Error::other("too much before the first request")));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        self.read = self.read.saturating_add(read);
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
