//! Sends one file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use indicatif::ProgressBar;
use msrp::{Connection, Finished, MediaType, MessageKey, OutgoingMessage, SessionKey};
use msrp_sdp::file::{ContentDisposition, FileAttributes, FileRange};

use crate::Failure;
use crate::tell::{Done, text, words};
use crate::wrapper;

/// Octets read from the disk at a time.
const PIECE_OCTETS: usize = 64 * 1024;

/// A file to send in its own session (RFC 5547 section 8.7).
pub(crate) struct Outgoing {
    pub(crate) line: usize,
    pub(crate) path: PathBuf,
    /// All properties of the file, including those not in the session description.
    pub(crate) file: FileAttributes,
    pub(crate) range: FileRange,
    /// Whether to wrap it in message/cpim.
    pub(crate) wraps: bool,
    pub(crate) bar: ProgressBar,
}

/// A file that is being sent.
pub(crate) struct Sending {
    job: Outgoing,
    pub(crate) key: MessageKey,
    /// The part of the wrapper that the connection does not have yet.
    head: Bytes,
    head_octets: u64,
    content: File,
    /// The octets of the file that the connection does not have yet.
    rest: Range<u64>,
}

impl Outgoing {
    pub(crate) fn name(&self) -> String {
        self.file.selector.name().unwrap_or_default().to_owned()
    }

    /// Begins the one message with the file, or a range of it.
    pub(crate) fn start(
        self,
        connection: &mut Connection,
        session: SessionKey,
    ) -> Result<Sending, Done> {
        match self.open_message(connection, session) {
            Ok((content, rest, head, key)) => {
                self.bar.set_length(rest.end - rest.start);
                let head_octets = head.len() as u64;
                let mut sending = Sending { job: self, key, head, head_octets, content, rest };
                sending.feed(connection);
                Ok(sending)
            }
            Err(error) => Err(self.done(0, Some(text(&*error)))),
        }
    }

    fn open_message(
        &self,
        connection: &mut Connection,
        session: SessionKey,
    ) -> Result<(File, Range<u64>, Bytes, MessageKey), Failure> {
        let (content, rest) = self.open()?;
        let media_type = self.file.selector.media_type().cloned();
        let media_type =
            media_type.map_or_else(|| MediaType::new("application/octet-stream"), Ok)?;
        let disposition = ContentDisposition::of(&self.file).to_string();
        let (head, message) = if self.wraps {
            let head = wrapper::head(&media_type, &disposition)?;
            let octets = (rest.end - rest.start).saturating_add(head.len() as u64);
            (head, OutgoingMessage::streamed(wrapper::CPIM.parse()?, Some(octets)))
        } else {
            let message = OutgoingMessage::streamed(media_type, Some(rest.end - rest.start));
            (Bytes::new(), message.header("Content-Disposition", disposition))
        };
        // The success report means that the receiver has checked the file.
        let key = connection.send(session, message.success_report(true))?;
        Ok((content, rest, head, key))
    }

    fn open(&self) -> io::Result<(File, Range<u64>)> {
        let mut content = File::open(&self.path)?;
        let size = content.metadata()?.len();
        if self.file.selector.size().is_some_and(|announced| announced != size) {
            return Err(io::Error::other("the file has changed"));
        }
        let rest = self.range.within(size).ok_or_else(|| io::Error::other("no such range"))?;
        content.seek(SeekFrom::Start(rest.start))?;
        Ok((content, rest))
    }

    pub(crate) fn done(&self, bytes: u64, error: Option<String>) -> Done {
        self.bar.finish_and_clear();
        let (line, name, range) = (self.line, self.name(), self.range);
        Done { line, name, range, bytes, path: None, error }
    }
}

impl Sending {
    /// Gives the connection as many octets as it has room for. If the file cannot be
    /// read, aborts the message with `#` (RFC 5547 section 8.4).
    pub(crate) fn feed(&mut self, connection: &mut Connection) {
        if let Err(error) = self.copy(connection) {
            words(format_args!("{}: {}", self.job.path.display(), text(&error)));
            let _ = connection.abort(self.key);
        }
    }

    fn copy(&mut self, connection: &mut Connection) -> io::Result<()> {
        while let Ok(mut body) = connection.body(self.key) {
            let head = self.head.split_to(body.room().min(self.head.len()));
            body.write(head).map_err(io::Error::other)?;
            if self.head.is_empty() && self.rest.is_empty() {
                return body.finish().map_err(io::Error::other);
            }
            let left = usize::try_from(self.rest.end - self.rest.start).unwrap_or(usize::MAX);
            let len = left.min(body.room()).min(PIECE_OCTETS);
            if len == 0 {
                return Ok(());
            }
            let mut piece = BytesMut::zeroed(len);
            self.content.read_exact(&mut piece)?;
            body.write(piece.freeze()).map_err(io::Error::other)?;
            self.rest.start += len as u64;
            self.job.bar.inc(len as u64);
        }
        Ok(())
    }

    pub(crate) fn ended(self, finished: &Finished) -> Done {
        let outcome = finished.outcome;
        let error = (!outcome.is_success()).then(|| outcome.to_string());
        self.job.done(finished.octets.saturating_sub(self.head_octets), error)
    }
}
