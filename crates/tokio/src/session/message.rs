//! A message of the peer.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use msrp::mime::MimeValue;
use msrp::wire::ByteRange;
use msrp::{FailReason, MediaType, MessageId, Received, StatusCode, UnknownKey};
use thiserror::Error;
use tokio::io::{AsyncRead, ReadBuf};

use super::disposition::octet_stream;
use super::save::{self, SaveError, Saving};
use crate::link::{Arrival, Handle, Step};

/// The most octets of [`Message::text`] and [`Message::bytes`].
const MAX_BYTES: usize = 1024 * 1024;

/// The most octets that wait for those before them. A sender of chunks in another order
/// than that of their octets can make a reader keep this much.
const MAX_AHEAD: usize = 4 * 1024 * 1024;

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
    reader: Reader,
    /// Octets in order, read ahead by `text` and `bytes`.
    gathered: Vec<u8>,
    saving: Option<Saving>,
}

/// Octets of a message, at their place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Zero-based offset of the first octet.
    pub offset: u64,
    /// The octets.
    pub octets: Bytes,
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

/// Why a message cannot be read.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The rest of the message does not come.
    #[error("message {id} of the peer: {reason}")]
    Failed {
        /// Its Message-ID.
        id: MessageId,
        /// Why.
        reason: FailReason,
    },
    /// It is larger than [`Message::text`] and [`Message::bytes`] take. Read it as a stream,
    /// or save it.
    #[error("the message has more than {max} octets; read it as a stream or save it")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// Its octets are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Its charset is neither UTF-8 nor US-ASCII.
    #[error("the charset of the text is {0}, not UTF-8")]
    Charset(Box<str>),
    /// Its octets were read, or saved, before.
    #[error("the message was read before; its octets are gone")]
    AlreadyRead,
    /// Its octets come in an order that needs too much memory, or a part of it came in an
    /// earlier session. [`Message::save_to`] and [`Message::next_piece`] take any order.
    #[error("the octets of the message do not come in order; save it instead")]
    OutOfOrder,
}

impl Message {
    pub(super) fn new(handle: Arc<Handle>, received: Received) -> Self {
        let media_type = MediaType::new(received.content_type()).unwrap_or_else(|_| octet_stream());
        let reader = Reader {
            handle,
            received,
            media_type,
            ahead: BTreeMap::new(),
            ahead_octets: 0,
            position: 0,
            end: None,
            is_reported: false,
            is_saving: false,
        };
        Self { reader, gathered: Vec::new(), saving: None }
    }

    /// Its Content-Type; `application/octet-stream` if it has none.
    #[must_use]
    pub const fn content_type(&self) -> &MediaType {
        &self.reader.media_type
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
    /// # Errors
    ///
    /// [`SaveError`] if the rest does not come or the file cannot be written. The sender
    /// learns of the latter by 413.
    pub async fn save_to(&mut self, folder: impl AsRef<Path>) -> Result<PathBuf, SaveError> {
        let Self { reader, gathered, saving } = self;
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
        match saved {
            Ok((path, total)) => {
                reader.end = Some(total);
                reader.report(StatusCode::OK, total);
                Ok(path)
            }
            Err(error @ SaveError::File { .. }) => {
                reader.refuse();
                Err(error)
            }
            Err(error) => Err(error),
        }
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
    /// ([`ReportMode::Manual`](msrp::ReportMode::Manual)). Read the message first.
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

    /// Refuses the message, as [`msrp::Connection::reject`] does.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if it is complete and does not wait for a response.
    pub fn reject(&mut self, status: StatusCode) -> Result<(), UnknownKey> {
        let key = self.reader.received.key();
        self.reader.is_reported = true;
        self.reader.handle.link.with(|state| state.connection.reject(key, status))
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

/// Takes the octets of a message from its link.
#[derive(Debug)]
struct Reader {
    handle: Arc<Handle>,
    received: Received,
    media_type: MediaType,
    /// Octets that wait for those before them.
    ahead: BTreeMap<u64, Bytes>,
    ahead_octets: usize,
    /// The octets before this were read.
    position: u64,
    /// Its size, once it is complete.
    end: Option<u64>,
    /// The sender has its REPORT, or gets none.
    is_reported: bool,
    is_saving: bool,
}

impl Reader {
    /// Gives what has arrived, and what follows, to a task that saves it.
    fn save(&mut self, folder: &Path, gathered: Vec<u8>) -> Saving {
        let mut read = std::mem::take(&mut self.ahead);
        self.ahead_octets = 0;
        read.insert(0, gathered.into());
        // Until the file is safe, the message does not count as read.
        self.is_saving = true;
        let (handle, received) = (Arc::clone(&self.handle), self.received.clone());
        Saving::start(save::Steps { handle, received }, folder, read)
    }

    fn look<T>(&self, at: impl FnOnce(&Arrival) -> T) -> Option<T> {
        self.handle.link.take(|state| state.arrival(self.received.key()).map(at))
    }

    fn poll_piece(&mut self, cx: &Context<'_>) -> Poll<Result<Option<Piece>, MessageError>> {
        if self.end.is_some() {
            return Poll::Ready(Ok(None));
        }
        let key = self.received.key();
        match ready!(self.handle.link.take(|state| state.poll_step(key, cx))) {
            Step::Piece(offset, octets) => Poll::Ready(Ok(Some(Piece { offset, octets }))),
            Step::Complete(total) => {
                self.end = Some(total);
                self.report(StatusCode::OK, total);
                Poll::Ready(Ok(None))
            }
            Step::Failed(reason) => {
                let id = *self.received.message_id();
                Poll::Ready(Err(MessageError::Failed { id, reason }))
            }
        }
    }

    /// The next octets in order; `None` at the end.
    fn poll_chunk(&mut self, cx: &Context<'_>) -> Poll<Result<Option<Bytes>, MessageError>> {
        loop {
            if let Some(octets) = self.next_in_order() {
                return Poll::Ready(Ok(Some(octets)));
            }
            let Some(Piece { offset, octets }) = ready!(self.poll_piece(cx))? else {
                let is_whole = self.end == Some(self.position);
                let end = if is_whole { Ok(None) } else { Err(MessageError::OutOfOrder) };
                return Poll::Ready(end);
            };
            self.ahead_octets += octets.len();
            if let Some(earlier) = self.ahead.insert(offset, octets) {
                self.ahead_octets -= earlier.len();
            }
            if self.ahead_octets > MAX_AHEAD && !self.has_next() {
                self.refuse();
                return Poll::Ready(Err(MessageError::OutOfOrder));
            }
        }
    }

    fn has_next(&self) -> bool {
        self.ahead.first_key_value().is_some_and(|(offset, _)| *offset <= self.position)
    }

    /// Octets at the position, without those that were read.
    fn next_in_order(&mut self) -> Option<Bytes> {
        while self.has_next() {
            let (offset, mut octets) = self.ahead.pop_first()?;
            self.ahead_octets -= octets.len();
            let read = usize::try_from(self.position - offset).unwrap_or(usize::MAX);
            octets.advance(read.min(octets.len()));
            if !octets.is_empty() {
                self.position += octets.len() as u64;
                return Some(octets);
            }
        }
        None
    }

    fn poll_read(
        &mut self,
        cx: &Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), MessageError>> {
        let Some(mut octets) = ready!(self.poll_chunk(cx))? else { return Poll::Ready(Ok(())) };
        let len = octets.len().min(buffer.remaining());
        buffer.put_slice(&octets.split_to(len));
        if !octets.is_empty() {
            self.position -= octets.len() as u64;
            self.ahead_octets += octets.len();
            self.ahead.insert(self.position, octets);
        }
        Poll::Ready(Ok(()))
    }

    fn report(&mut self, status: StatusCode, total: u64) {
        if !std::mem::replace(&mut self.is_reported, true) {
            self.handle.link.with(|state| state.report(&self.received, status, total));
        }
    }

    /// Stops the sender.
    fn refuse(&mut self) {
        self.is_reported = true;
        self.handle.link.with(|state| state.refuse_message(&self.received));
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let reports = !self.is_reported && !self.is_saving;
        self.handle.link.with(|state| state.drop_message(self.received.key(), reports));
    }
}
