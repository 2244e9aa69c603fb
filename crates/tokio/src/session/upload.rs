//! A message whose octets follow.

use std::io;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use msrp::Priority;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::timeout;

use super::{SendError, Sent};
use crate::link::{Handle, LARGE, Progress, Turn, Turns};

/// Octets that are read from a file at a time.
const READ_OCTETS: usize = 64 * 1024;

/// How long a large upload without octets keeps its turn.
const LULL: Duration = Duration::from_secs(10);

/// The octets of a message that is being sent. It takes them as fast as the peer does.
///
/// [`shutdown`](tokio::io::AsyncWriteExt::shutdown) ends the message. Dropping it before
/// aborts the message, and the peer learns that the rest does not come.
#[derive(Debug)]
pub struct Upload {
    handle: Arc<Handle>,
    sent: Sent,
    is_finished: bool,
}

/// Why a file is not sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The session does not take the message.
    #[error(transparent)]
    Send(#[from] SendError),
}

impl Upload {
    pub(super) const fn new(handle: Arc<Handle>, sent: Sent) -> Self {
        Self { handle, sent, is_finished: false }
    }

    /// The message.
    #[must_use]
    pub const fn sent(&self) -> &Sent {
        &self.sent
    }

    fn poll_piece(&self, cx: &Context<'_>, piece: &mut Bytes) -> Poll<Result<(), msrp::SendError>> {
        let key = self.sent.key();
        self.handle.link.with(|state| state.poll_write(key, piece, cx))
    }

    /// Writes all of a piece, without a copy.
    async fn feed(&self, mut piece: Bytes) -> Result<(), msrp::SendError> {
        while !piece.is_empty() {
            std::future::poll_fn(|cx| self.poll_piece(cx, &mut piece)).await?;
        }
        Ok(())
    }

    /// Writes all that a reader gives.
    async fn fill_from(
        &mut self,
        reader: impl AsyncRead,
        turn: &mut Option<Turn>,
    ) -> io::Result<()> {
        let mut reader = pin!(reader);
        let mut octets = BytesMut::new();
        loop {
            octets.reserve(READ_OCTETS);
            if read(&mut reader, &mut octets, turn).await? == 0 {
                return self.finish().map_err(io::Error::other);
            }
            self.feed(octets.split().freeze()).await.map_err(io::Error::other)?;
        }
    }

    /// The octets do not come, or are not those that were announced. Without effect on a
    /// message that has its outcome.
    fn fail(self, error: io::Error) {
        let key = self.sent.key();
        tracing::warn!(message = %key, %error, "an upload is aborted");
        self.handle.link.with(|state| state.abort_upload(key, error));
    }

    /// Waits until all octets have left, or do not any more.
    async fn has_left(&self) {
        let mut progress = self.sent.progress();
        let has_left =
            |it: &Progress| it.total == Some(it.left) || it.is_accepted || it.outcome().is_some();
        // An error means that the connection has ended.
        let _ = progress.wait_for(has_left).await;
    }

    /// The message has all its octets.
    fn finish(&mut self) -> Result<(), msrp::SendError> {
        let key = self.sent.key();
        self.handle.link.with(|state| state.connection.body(key)?.finish())?;
        self.is_finished = true;
        Ok(())
    }
}

impl AsyncWrite for Upload {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let octets = octets.get(..READ_OCTETS).unwrap_or(octets);
        let mut piece = Bytes::copy_from_slice(octets);
        ready!(self.poll_piece(cx, &mut piece)).map_err(io::Error::other)?;
        Poll::Ready(Ok(octets.len() - piece.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_finished {
            self.finish().map_err(io::Error::other)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_finished {
            self.sent.abort();
        }
    }
}

/// Sends what a reader gives, at its turn if it is large. An error on either side aborts the
/// message.
pub(super) async fn pump(reader: impl AsyncRead, mut upload: Upload, turns: Turns, at: Priority) {
    let is_small = upload.sent.progress().borrow().total.is_some_and(|total| total <= LARGE);
    let mut turn = if is_small { None } else { turns.next(at).await };
    match upload.fill_from(reader, &mut turn).await {
        Ok(()) => upload.has_left().await,
        Err(error) => upload.fail(error),
    }
}

/// Reads some octets. A reader that has none for long loses its turn.
async fn read(
    reader: &mut Pin<&mut impl AsyncRead>,
    octets: &mut BytesMut,
    turn: &mut Option<Turn>,
) -> io::Result<usize> {
    if turn.is_some() {
        match timeout(LULL, reader.read_buf(octets)).await {
            Ok(read) => return read,
            Err(_) => *turn = None,
        }
    }
    reader.read_buf(octets).await
}
