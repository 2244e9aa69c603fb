//! A message of the peer.

use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use msrp::mime::MimeValue;
use msrp::wire::ByteRange;
use msrp::{FailReason, MediaType, MessageId, Received, StatusCode, UnknownKey};
use tokio::io::{AsyncRead, ReadBuf};

use super::disposition::octet_stream;
use super::error::{MessageError, SaveError};
use super::reader::{Piece, Reader};
use super::save::Saving;
use super::unverified::{Keeping, UnverifiedFile, joined};
use crate::link::{Arrival, Handle};

/// The most octets of [`Message::text`] and [`Message::bytes`].
const MAX_BYTES: usize = 1024 * 1024;

/// A message of the peer: its head, and its octets as they arrive.
///
/// The octets are there for one of: [`text`](Self::text), [`bytes`](Self::bytes),
/// [`save_to`](Self::save_to), [`AsyncRead`] for a stream in order, or
/// [`next_piece`](Self::next_piece) for pieces as they come. A success REPORT, if the
/// sender asked for one, leaves when the last octet has been read, or the file is safe on
/// its disk.
///
/// Dropping a message that is not complete stops its sender with 413, and so it is with one
/// that still waits for [`accept`](Self::accept). Dropping another complete one counts as
/// reading it.
#[derive(Debug)]
pub struct Message {
    media_type: MediaType,
    reader: Reader,
    /// Octets in order, read ahead by `text` and `bytes`.
    gathered: Vec<u8>,
    saving: Option<Saving>,
    keeping: Option<Keeping>,
}

/// A message of the peer that this side has refused, or whose rest did not come before
/// anybody took it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedMessage {
    /// Its head, as it arrived.
    pub received: Received,
    /// Why it has failed.
    pub reason: FailReason,
    /// Its octets that had arrived.
    pub octets: u64,
}

impl Message {
    pub(super) fn new(handle: Arc<Handle>, received: Received) -> Self {
        let media_type = MediaType::new(received.content_type()).unwrap_or_else(|_| octet_stream());
        let reader = Reader::new(handle, received);
        Self { media_type, reader, gathered: Vec::new(), saving: None, keeping: None }
    }

    /// Its Content-Type; `application/octet-stream` if it has none.
    #[must_use]
    pub const fn content_type(&self) -> &MediaType {
        &self.media_type
    }

    /// Its Message-ID.
    #[must_use]
    pub const fn message_id(&self) -> &MessageId {
        self.reader.received.message_id()
    }

    /// Its head, with all header fields, as it arrived.
    #[must_use]
    pub const fn head(&self) -> &Received {
        &self.reader.received
    }

    /// Its size in octets, as far as the peer has announced it.
    #[must_use]
    pub fn announced_size(&self) -> Option<u64> {
        self.reader.received.announced_size()
    }

    /// Its octets that have arrived so far. Those that arrive twice count twice.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.reader.look(Arrival::arrived).unwrap_or_default()
    }

    /// Whether all of it has arrived, so that reading it waits for nothing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.reader.look(|arrival| arrival.total().is_some()) == Some(true)
    }

    /// All of its octets, up to 1 MiB.
    ///
    /// Cancel safe: what was read stays for the next call.
    ///
    /// # Errors
    ///
    /// [`MessageError::TooLong`] beyond that, [`MessageError::Failed`] if the rest does not
    /// come, [`MessageError::OutOfOrder`].
    pub async fn bytes(&mut self) -> Result<Bytes, MessageError> {
        let Self { reader, gathered, .. } = self;
        if reader.received.announced_size().is_some_and(|size| size > MAX_BYTES as u64) {
            return Err(MessageError::TooLong { max: MAX_BYTES });
        }
        while let Some(octets) = poll_fn(|cx| reader.poll_chunk(cx)).await? {
            gathered.extend_from_slice(&octets);
            if gathered.len() > MAX_BYTES {
                return Err(MessageError::TooLong { max: MAX_BYTES });
            }
        }
        Ok(std::mem::take(gathered).into())
    }

    /// Its text, up to 1 MiB. Nothing in it is escaped: show controls and direction marks
    /// with care.
    ///
    /// Cancel safe: what was read stays for the next call.
    ///
    /// # Errors
    ///
    /// [`MessageError::Charset`] and [`MessageError::NotUtf8`] if it is not UTF-8, and those
    /// of [`Message::bytes`].
    pub async fn text(&mut self) -> Result<String, MessageError> {
        let value = MimeValue::new(self.content_type().as_str());
        if let Some(charset) = value.parameter("charset")
            && !["utf-8", "us-ascii", "utf8"].iter().any(|it| charset.eq_ignore_ascii_case(it))
        {
            return Err(MessageError::Charset(charset.into()));
        }
        let octets = self.bytes().await?;
        String::from_utf8(octets.into()).map_err(|_| MessageError::NotUtf8)
    }

    /// Saves it as a file in `folder`, which is made if it does not exist, and returns the
    /// path of the file. The name comes from Content-Disposition, in a form that is safe
    /// ([`msrp_sdp::file::safe_name`]), or from the Message-ID. With the feature `content`,
    /// its ending, the type and the octets agree, or it gets another ending
    /// ([`Declared::file_name`](crate::content::Declared::file_name)). If it is taken, a
    /// number makes it free.
    ///
    /// The octets go into a file that ends in `.part`. It gets its name when all of them
    /// are on the disk, and is deleted if the rest does not come or the message is dropped.
    ///
    /// Cancel safe: the message goes on being saved, and the next call waits for it,
    /// whatever its `folder`.
    ///
    /// The sender learns of its success at once. [`save_unverified`](Self::save_unverified)
    /// leaves time for a check.
    ///
    /// # Errors
    ///
    /// [`SaveError`] if the rest does not come or the file cannot be written. The sender
    /// learns of the latter by 413.
    pub async fn save_to(&mut self, folder: impl AsRef<Path>) -> Result<PathBuf, SaveError> {
        let task = match &mut self.keeping {
            Some(task) => task,
            None => {
                let file = self.save_unverified(folder).await?;
                self.keeping.insert(file.start_keeping(None))
            }
        };
        let kept = joined(task).await;
        self.keeping = None;
        kept
    }

    /// Saves it as a file in `folder`, as [`save_to`](Self::save_to), but leaves the word to
    /// the application: only what it keeps gets a name and is reported as a success. So a hash
    /// can be checked (RFC 5547 section 8.3.1), or a virus be looked for, and the sender
    /// learns the truth.
    ///
    /// Cancel safe: the message goes on being saved, and the next call waits for it,
    /// whatever its `folder`.
    ///
    /// # Errors
    ///
    /// As [`save_to`](Self::save_to).
    pub async fn save_unverified(
        &mut self,
        folder: impl AsRef<Path>,
    ) -> Result<UnverifiedFile, SaveError> {
        let Self { reader, gathered, saving, .. } = self;
        let task = match saving {
            Some(task) => task,
            // Octets that somebody has taken are not there for the file.
            None if reader.position > gathered.len() as u64 || reader.end.is_some() => {
                return Err(MessageError::AlreadyRead.into());
            }
            None => saving.insert(reader.save(folder.as_ref(), std::mem::take(gathered))),
        };
        let saved = task.wait().await;
        *saving = None;
        match &saved {
            Ok(file) => reader.end = Some(file.octets()),
            Err(SaveError::File { .. }) => reader.stop(),
            Err(SaveError::Message(_)) => {}
        }
        saved
    }

    /// The next piece as it arrived, in any order; `None` when the message is complete.
    /// Pieces may overlap; the later one counts.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    ///
    /// [`MessageError::Failed`] if the rest does not come.
    pub async fn next_piece(&mut self) -> Result<Option<Piece>, MessageError> {
        poll_fn(|cx| self.reader.poll_piece(cx)).await
    }

    /// Accepts the message, if its session leaves the response to the application
    /// ([`ResponseMode::Application`](msrp::ResponseMode::Application)). Read it first: it
    /// waits for its response once it is complete.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if it does not wait for a response.
    pub fn accept(&self) -> Result<(), UnknownKey> {
        let key = self.reader.received.key();
        self.reader.handle.link.with(|state| state.connection.accept(key))
    }

    /// Sends the success REPORT that the sender asked for, with a body or without, if the
    /// session leaves REPORTs to the application
    /// ([`ReportMode::Manual`](msrp::ReportMode::Manual)). Read the message first; if it is
    /// no good, [`reject`](Self::reject) says so.
    ///
    /// # Errors
    ///
    /// Those of [`msrp::Connection::report_with_body`]; nothing leaves, as if the sender had
    /// not asked.
    pub fn report(&self, body: Option<(&MediaType, &[u8])>) -> Result<(), msrp::SendError> {
        let Reader { handle, received, end, .. } = &self.reader;
        let range = ByteRange::whole(end.unwrap_or_default());
        handle.link.with(|state| match body {
            Some((content_type, body)) => state.connection.report_with_body(
                received,
                StatusCode::OK,
                range,
                content_type,
                body,
            ),
            None => state.connection.report(received, StatusCode::OK, range),
        })
    }

    /// Refuses the message: by the response that it waits for or, if it is complete, by a
    /// REPORT. In a session that leaves REPORTs to the application
    /// ([`ReportMode::Manual`](msrp::ReportMode::Manual)), whoever reads a message can check
    /// it in this way before it is acknowledged.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if it has failed, or its success was reported.
    pub fn reject(&mut self, status: StatusCode) -> Result<(), UnknownKey> {
        self.reader.refuse(status)
    }
}

impl AsyncRead for Message {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { reader, gathered, .. } = &mut *self;
        if !gathered.is_empty() {
            let len = gathered.len().min(buffer.remaining());
            buffer.put_slice(gathered.get(..len).unwrap_or_default());
            gathered.drain(..len);
            return Poll::Ready(Ok(()));
        }
        reader.poll_read(cx, buffer).map_err(io::Error::other)
    }
}
