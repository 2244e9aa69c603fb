//! Receives one file.

use std::io;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use indicatif::ProgressBar;
use msrp::{IncomingKey, MediaType, Received};
use msrp_sdp::file::{ContentDisposition, FileFacts, FileFit, FileRange, FileSelector};

use crate::kept::Kept;
use crate::part::Part;
use crate::policy::Policy;
use crate::tell::{Done, text};
use crate::wrapper::{CPIM, Content, Wrapper};

/// A file to receive in its own session.
pub(crate) struct Incoming {
    pub(crate) line: usize,
    pub(crate) folder: PathBuf,
    /// What the user accepts.
    pub(crate) policy: Policy,
    /// What both sides have said about it.
    pub(crate) expected: FileSelector,
    pub(crate) range: FileRange,
    /// The parts of earlier transfers.
    pub(crate) kept: Kept,
    pub(crate) bar: ProgressBar,
}

/// A session that is receiving a file.
pub(crate) struct Receiving {
    job: Incoming,
    message: Option<IncomingKey>,
    wrapper: Wrapper,
    /// The incomplete file.
    part: Option<Part>,
    /// The most octets that the file may have.
    most: Option<u64>,
    bytes: u64,
}

/// A complete file that has to be checked.
pub(crate) struct Unchecked {
    pub(crate) message: Received,
    pub(crate) total: u64,
    pub(crate) receiving: Receiving,
    part: Part,
}

/// A file that was checked.
pub(crate) struct Checked {
    pub(crate) message: Received,
    pub(crate) total: u64,
    pub(crate) done: Done,
}

impl Incoming {
    pub(crate) fn start(self) -> Receiving {
        Receiving {
            job: self,
            message: None,
            wrapper: Wrapper::None,
            part: None,
            most: None,
            bytes: 0,
        }
    }

    fn name(&self) -> String {
        self.expected.name().or(self.kept.name()).unwrap_or_default().to_owned()
    }

    /// The result if the transfer fails.
    pub(crate) fn failed(self, bytes: u64, error: impl ToString) -> Done {
        self.bar.finish_and_clear();
        let (line, name, range) = (self.line, self.name(), self.range);
        Done { line, name, range, bytes, path: None, error: Some(error.to_string()) }
    }
}

impl Receiving {
    /// Begins the one message of the session, which has the file (RFC 5547 section
    /// 8.7).
    pub(crate) fn begin(&mut self, message: &Received) -> Result<(), String> {
        if self.message.is_some() {
            return Err("a session carries one file only".into());
        }
        self.message = Some(message.key());
        if self.is_wrapped(message.content_type()) {
            self.wrapper = Wrapper::Head(BytesMut::new());
            return Ok(());
        }
        let head = message.head();
        let mut headers = head.headers();
        let disposition =
            headers.find(|(name, _)| name.eq_ignore_ascii_case("Content-Disposition"));
        self.open(&Content {
            content_type: message.content_type().to_owned(),
            disposition: disposition.map(|(_, value)| value.to_owned()),
        })
    }

    /// Whether a message of that type wraps the file, rather than being the file.
    fn is_wrapped(&self, content_type: &str) -> bool {
        let essence =
            |text: &str| MediaType::new(text).ok().map(|it| it.essence().to_ascii_lowercase());
        let expected = self.job.expected.media_type().and_then(|it| essence(it.as_str()));
        essence(content_type).as_deref() == Some(CPIM) && expected.as_deref() != Some(CPIM)
    }

    /// Opens the part once the type and disposition of the content are known.
    fn open(&mut self, content: &Content) -> Result<(), String> {
        let disposition: Option<ContentDisposition> =
            content.disposition.as_ref().and_then(|value| value.parse().ok());
        let size = disposition.as_ref().and_then(|it| it.size);
        self.check_facts(&content.content_type, size)?;
        self.most = self.job.policy.most(self.job.expected.size().or(size));
        self.open_part(disposition).map_err(text)
    }

    /// Checks that the message describes the expected file. The name does not matter:
    /// the file gets the one that was agreed on.
    fn check_facts(&self, content_type: &str, size: Option<u64>) -> Result<(), String> {
        self.job.policy.check_type(content_type)?;
        self.job.policy.check_size(size)?;
        let media_type = MediaType::new(content_type).ok();
        let facts = FileFacts {
            media_type: media_type.as_ref(),
            size,
            name: self.job.expected.name(),
            hashes: self.job.expected.hashes(),
        };
        match self.job.expected.fit(&facts) {
            FileFit::Differs(property) => Err(format!("the message has another file {property}")),
            FileFit::Fits | FileFit::Unknown(_) => Ok(()),
        }
    }

    fn open_part(&mut self, disposition: Option<ContentDisposition>) -> io::Result<()> {
        let announced = disposition.and_then(|it| it.filename).unwrap_or_default();
        let name = Some(self.job.name()).filter(|name| !name.is_empty()).unwrap_or(announced);
        let Incoming { folder, expected, range, kept, .. } = &mut self.job;
        let new = || Part::create(folder, &name, expected.clone());
        self.part = Some(kept.begin(range.offset(), new)?);
        Ok(())
    }

    pub(crate) fn take(&mut self, offset: u64, octets: &Bytes) -> Result<(), String> {
        match self.wrapper.take(offset, octets)? {
            Some((content, body)) => {
                self.open(&content)?;
                self.store(0, &body)
            }
            None => {
                let (offset, octets) = self.wrapper.inside(offset, octets);
                self.store(offset, octets)
            }
        }
    }

    fn store(&mut self, offset: u64, octets: &[u8]) -> Result<(), String> {
        if octets.is_empty() {
            return Ok(());
        }
        let beyond = "more octets than were requested";
        let last = offset.saturating_add(octets.len() as u64 - 1);
        let last = self.job.range.file_offset(last).ok_or(beyond)?;
        let place = self.job.range.file_offset(offset).ok_or(beyond)?;
        if self.most.is_some_and(|most| last >= most) {
            return Err("more octets than the file should have".into());
        }
        let part = self.part.as_mut().ok_or("the message has not begun")?;
        part.write(place, octets).map_err(text)?;
        self.bytes += octets.len() as u64;
        self.job.bar.inc(octets.len() as u64);
        Ok(())
    }

    pub(crate) fn is(&self, message: IncomingKey) -> bool {
        self.message == Some(message)
    }

    /// Ends a message whose octets have all arrived.
    pub(crate) fn completed(mut self, message: Received, total: u64) -> Result<Unchecked, Done> {
        let is_begun = !matches!(self.wrapper, Wrapper::Head(_));
        match self.part.take_if(|_| is_begun) {
            Some(part) => Ok(Unchecked { message, total, receiving: self, part }),
            None => Err(self.failed("the message does not contain a file")),
        }
    }

    /// The result if the transfer fails. Keeps the octets that have arrived.
    pub(crate) fn failed(self, error: impl ToString) -> Done {
        let kept = self.part.map_or(Ok(()), |part| self.job.kept.break_off(part));
        let error = kept.map_or_else(text, |()| error.to_string());
        self.job.failed(self.bytes, error)
    }
}

impl Unchecked {
    /// Reads the whole file, and gives it its name if it is the expected one.
    pub(crate) fn check(self) -> Checked {
        let Self { message, total, receiving, part } = self;
        let Receiving { job, bytes, .. } = receiving;
        job.bar.finish_and_clear();
        let name = job.expected.name().unwrap_or(part.name()).to_owned();
        let (path, error) = match part.complete(job.expected) {
            Ok(path) => {
                // An old part that stays does no harm.
                let _ = job.kept.discard();
                (Some(path), None)
            }
            Err(error) => (None, Some(text(error))),
        };
        let done = Done { line: job.line, name, range: job.range, bytes, path, error };
        Checked { message, total, done }
    }
}
