//! A stream that counts the octets of a message, and gives a stranger's only so much room.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The error of a peer that goes beyond its room.
pub(super) const TOO_MUCH: io::ErrorKind = io::ErrorKind::InvalidData;

/// The stream below a WebSocket, which has to hold a message until it is complete.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    /// The octets that were read of the handshake, or of the current message.
    read: usize,
    /// The most of them; one read comes on top. `None` without limit.
    most: Option<usize>,
}

impl<S> Metered<S> {
    pub(super) const fn new(stream: S, most: usize) -> Self {
        Self { stream, read: 0, most: Some(most) }
    }

    pub(super) const fn stream(&self) -> &S {
        &self.stream
    }

    /// A message is complete.
    pub(super) const fn renew(&mut self) {
        self.read = 0;
    }

    /// The octets of a message that is not complete.
    pub(super) const fn partial(&self) -> usize {
        self.read
    }

    /// The peer is no stranger any more.
    pub(super) const fn lift(&mut self) {
        self.most = None;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.most.is_some_and(|most| self.read >= most) {
            let error = io::Error::new(TOO_MUCH, "too much for a peer that is not known");
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        self.read = self.read.saturating_add(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
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
