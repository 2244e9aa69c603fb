//! Sends one file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use indicatif::ProgressBar;
use msrp::wire::HeaderName;
use msrp::{MediaType, OutgoingMessage};
use msrp_sdp::file::{ContentDisposition, FileAttributes, FileRange};
use msrp_tokio::{Sent, Upload};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::tell::Done;
use crate::transfers::Opening;
use crate::wrapper;

/// Octets read from the disk at a time.
const PIECE_OCTETS: u64 = 64 * 1024;

/// The octets that a receiver checks in a second, at least.
const CHECKED_OCTETS_A_SECOND: u64 = 4 * 1024 * 1024;

/// A file to send in its own session (RFC 5547 section 8.7).
pub(crate) struct Outgoing {
    pub(crate) line: usize,
    pub(crate) path: PathBuf,
    /// All properties of the file, including those not in the session description.
    pub(crate) file: FileAttributes,
    pub(crate) range: FileRange,
    /// Whether to wrap it in message/cpim.
    pub(crate) wraps: bool,
    /// The most octets a second, of all files together.
    pub(crate) rate: Option<u64>,
    /// The longest time without progress.
    pub(crate) patience: Duration,
    pub(crate) bar: ProgressBar,
}

/// The message with the file, once it is on its way.
struct OnItsWay {
    sent: Sent,
    /// The octets of the wrapper.
    head: u64,
}

impl Outgoing {
    /// Sends the file, unless the program is to stop.
    pub(crate) async fn run(self, session: Opening, stop: &CancellationToken) -> Done {
        let mut message = None;
        let sent = stop.run_until_cancelled(self.send(session, &mut message)).await;
        let failure = sent.unwrap_or(Err(Failure::Stopped)).err();
        self.bar.finish_and_clear();
        let name = self.file.selector.name().unwrap_or_default().to_owned();
        let bytes = message.map_or(0, |message| message.octets());
        Done { line: self.line, name, range: self.range, bytes, path: None, failure }
    }

    /// Sends the one message with the file, or a range of it, and waits until the other
    /// side has checked it.
    async fn send(
        &self,
        session: Opening,
        on_its_way: &mut Option<OnItsWay>,
    ) -> Result<(), Failure> {
        let session = session.await?;
        let content = self.open().map_err(|error| Failure::file(&self.path, error))?;
        let (head, message) = self.message(content.limit())?;
        let upload = session.sender().upload(message).await?;
        let sent = upload.sent().clone();
        *on_its_way = Some(OnItsWay { sent: sent.clone(), head: head.len() as u64 });
        self.feed(upload, &head, content)
            .await
            .map_err(|error| Failure::file(&self.path, error))?;
        sent.delivered().await?;
        session.close().await;
        Ok(())
    }

    /// Opens the file at the range.
    fn open(&self) -> io::Result<Take<File>> {
        let mut content = File::open(&self.path)?;
        let size = content.metadata()?.len();
        if self.file.selector.size().is_some_and(|announced| announced != size) {
            return Err(io::Error::other("its size has changed"));
        }
        let rest = self.range.within(size).ok_or_else(|| io::Error::other("no such range"))?;
        content.seek(SeekFrom::Start(rest.start))?;
        let octets = rest.end - rest.start;
        self.bar.set_length(octets);
        Ok(content.take(octets))
    }

    /// The wrapper, if there is one, and the message for so many octets.
    fn message(&self, octets: u64) -> Result<(Bytes, OutgoingMessage), Failure> {
        let media_type = self.file.selector.media_type().cloned();
        let media_type = media_type.map_or_else(|| MediaType::new("application/octet-stream"), Ok);
        let media_type = media_type.map_err(Failure::local)?;
        let disposition = ContentDisposition::of(&self.file).to_string();
        let (head, message) = if self.wraps {
            let head = wrapper::head(&media_type, &disposition)?;
            let cpim = wrapper::CPIM.parse().map_err(Failure::local)?;
            let octets = octets.saturating_add(head.len() as u64);
            (head, OutgoingMessage::streamed(cpim, Some(octets)))
        } else {
            let message = OutgoingMessage::streamed(media_type, Some(octets));
            let name = HeaderName::ContentDisposition.as_str();
            (Bytes::new(), message.header(name, disposition))
        };
        // The success REPORT means that the receiver has checked the whole file.
        let size = self.file.selector.size().unwrap_or(octets);
        let checked = self.patience + Duration::from_secs(size / CHECKED_OCTETS_A_SECOND);
        let message = message.success_report(true).report_timeout(checked);
        Ok((head, message.progress_timeout(self.patience)))
    }

    /// Writes the file as fast as the other side takes it. If it cannot be read, the
    /// message ends with `#` (RFC 5547 section 8.4).
    async fn feed(
        &self,
        mut upload: Upload,
        head: &[u8],
        mut content: Take<File>,
    ) -> io::Result<()> {
        let mut piece = Vec::new();
        let mut written = upload.write_all(head).await;
        while written.is_ok() && content.limit() > 0 {
            piece.clear();
            if (&mut content).take(PIECE_OCTETS).read_to_end(&mut piece)? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter"));
            }
            written = upload.write_all(&piece).await;
            self.bar.inc(piece.len() as u64);
        }
        // If the session takes no octets, the outcome of the message says why.
        let _ = upload.shutdown().await;
        Ok(())
    }
}

impl OnItsWay {
    /// The octets of the file that have left.
    fn octets(&self) -> u64 {
        self.sent.progress().borrow().left.saturating_sub(self.head)
    }
}
