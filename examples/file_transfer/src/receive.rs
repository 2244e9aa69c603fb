//! Receives one file.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytes::BytesMut;
use indicatif::ProgressBar;
use msrp::wire::HeaderName;
use msrp::{MediaType, StatusCode};
use msrp_sdp::file::{ContentDisposition, FileFacts, FileFit, FileRange, FileSelector};
use msrp_tokio::{Message, Piece, Session};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::kept::Kept;
use crate::part::Part;
use crate::place::Place;
use crate::policy::Policy;
use crate::tell::Done;
use crate::transfers::Opening;
use crate::wrapper::{CPIM, Content, Wrapper};

/// A file to receive in its own session.
pub(crate) struct Incoming {
    pub(crate) line: usize,
    pub(crate) place: Place,
    /// What the user accepts.
    pub(crate) policy: Policy,
    /// What both sides have said about it.
    pub(crate) expected: FileSelector,
    pub(crate) range: FileRange,
    /// The parts of earlier transfers.
    pub(crate) kept: Kept,
    /// The longest time without progress.
    pub(crate) patience: Duration,
    pub(crate) bar: ProgressBar,
}

/// A session that is receiving a file.
struct Receiving {
    job: Incoming,
    wrapper: Wrapper,
    /// The incomplete file, and the media type that the message gives it.
    part: Option<(Part, String)>,
    /// The most octets that the file may have.
    most: Option<u64>,
    bytes: u64,
}

impl Incoming {
    /// Receives the file, unless the program is to stop.
    pub(crate) async fn run(self, session: Opening, stop: &CancellationToken) -> Done {
        let (wrapper, part, most) = (Wrapper::None, None, None);
        let mut receiving = Receiving { job: self, wrapper, part, most, bytes: 0 };
        let received = stop.run_until_cancelled(receiving.receive(session)).await;
        receiving.done(received.unwrap_or(Err(Failure::Stopped)))
    }

    fn name(&self) -> &str {
        self.expected.name().or(self.kept.name()).unwrap_or_default()
    }
}

impl Receiving {
    /// Receives the one message of the session, which has the file (RFC 5547 section 8.7).
    /// Its sender learns whether the file is stored.
    async fn receive(&mut self, session: Opening) -> Result<PathBuf, Failure> {
        let mut session = session.await?;
        let mut message = self.begun(&mut session).await?;
        // Other messages are refused from here on.
        drop(session);
        let stored = match self.take(&mut message).await {
            Ok(()) => self.store(),
            Err(failure) => Err(failure),
        };
        // The file stays even if the sender has gone, or wants to know nothing.
        let _ = match &stored {
            Ok(_) => message.report(None).is_ok(),
            // It stops (RFC 5547 section 8.4).
            Err(_) => message.reject(StatusCode::STOP_SENDING).is_ok(),
        };
        stored
    }

    async fn begun(&self, session: &mut Session) -> Result<Message, Failure> {
        let next = timeout(self.job.patience, session.next_or_failed()).await;
        match next.map_err(|_| Failure::Stalled)? {
            Some(Ok(message)) => Ok(message),
            Some(Err(failed)) => Err(Failure::Incoming(failed.reason)),
            None => Err(session.ended().map_or(Failure::Stalled, |it| Failure::NoFile(it.into()))),
        }
    }

    /// Takes all octets of the message.
    async fn take(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.begin(message)?;
        while let Some(piece) = self.next_piece(message).await? {
            self.take_piece(&piece)?;
        }
        match self.wrapper {
            Wrapper::Head(_) => Err(Failure::OtherMessage("the wrapper has no file".into())),
            Wrapper::None | Wrapper::Ended(_) => Ok(()),
        }
    }

    async fn next_piece(&self, message: &mut Message) -> Result<Option<Piece>, Failure> {
        let piece = timeout(self.job.patience, message.next_piece()).await;
        Ok(piece.map_err(|_| Failure::Stalled)??)
    }

    fn begin(&mut self, message: &Message) -> Result<(), Failure> {
        let received = message.head();
        if self.is_wrapped(received.content_type()) {
            self.wrapper = Wrapper::Head(BytesMut::new());
            return Ok(());
        }
        let disposition = received.head().header(HeaderName::ContentDisposition);
        self.open(Content {
            content_type: received.content_type().to_owned(),
            disposition: disposition.map(str::to_owned),
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
    fn open(&mut self, content: Content) -> Result<(), Failure> {
        let disposition: Option<ContentDisposition> =
            content.disposition.as_ref().and_then(|value| value.parse().ok());
        let size = disposition.as_ref().and_then(|it| it.size);
        self.check_facts(&content.content_type, size)?;
        self.most = self.job.policy.most(self.job.expected.size().or(size));
        let part = self.open_part(disposition);
        let part = part.map_err(|error| Failure::not_stored(&self.job.place.folder, error))?;
        self.part = Some((part, content.content_type));
        Ok(())
    }

    /// Checks that the message describes the expected file. The name does not matter:
    /// the file gets the one that was agreed on.
    fn check_facts(&self, content_type: &str, size: Option<u64>) -> Result<(), Failure> {
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
            FileFit::Differs(property) => {
                Err(Failure::OtherMessage(format!("the message has another file {property}")))
            }
            FileFit::Fits | FileFit::Unknown(_) => Ok(()),
        }
    }

    fn open_part(&mut self, disposition: Option<ContentDisposition>) -> io::Result<Part> {
        let announced = disposition.and_then(|it| it.filename).unwrap_or_default();
        let name = Some(self.job.name()).filter(|name| !name.is_empty()).unwrap_or(&announced);
        let name = name.to_owned();
        let Incoming { place, expected, range, kept, .. } = &mut self.job;
        kept.begin(range.offset(), || Part::create(&place.folder, &name, expected.clone()))
    }

    fn take_piece(&mut self, Piece { offset, octets }: &Piece) -> Result<(), Failure> {
        match self.wrapper.take(*offset, octets)? {
            Some((content, body)) => {
                self.open(content)?;
                self.write(0, &body)
            }
            None => {
                let (offset, octets) = self.wrapper.inside(*offset, octets);
                self.write(offset, octets)
            }
        }
    }

    fn write(&mut self, offset: u64, octets: &[u8]) -> Result<(), Failure> {
        if octets.is_empty() {
            return Ok(());
        }
        let beyond = || Failure::OtherMessage("more octets than were requested".into());
        let last = offset.saturating_add(octets.len() as u64 - 1);
        let last = self.job.range.file_offset(last).ok_or_else(beyond)?;
        let place = self.job.range.file_offset(offset).ok_or_else(beyond)?;
        if self.most.is_some_and(|most| last >= most) {
            return Err(Failure::OtherMessage("more octets than the file should have".into()));
        }
        let Some((part, _)) = &mut self.part else {
            return Err(Failure::OtherMessage("octets before the file begins".into()));
        };
        part.write(place, octets).map_err(|error| Failure::not_stored(part.path(), error))?;
        self.bytes += octets.len() as u64;
        self.job.bar.inc(octets.len() as u64);
        Ok(())
    }

    /// Checks the whole file, and gives it its name.
    fn store(&mut self) -> Result<PathBuf, Failure> {
        let Some((part, content_type)) = self.part.take() else {
            return Err(Failure::OtherMessage("the message has no file".into()));
        };
        let expected = self.job.expected.clone();
        let path = part.complete(expected, &content_type, &self.job.place)?;
        // An old part that stays does no harm.
        let _ = std::mem::take(&mut self.job.kept).discard();
        Ok(path)
    }

    /// The result. Keeps the octets that have arrived of an incomplete file.
    fn done(mut self, received: Result<PathBuf, Failure>) -> Done {
        let kept = self.part.take().map_or(Ok(()), |(part, _)| self.job.kept.break_off(part));
        self.job.bar.finish_and_clear();
        let (path, failure) = match (received, kept) {
            (Ok(path), _) => (Some(path), None),
            (Err(failure), Ok(())) => (None, Some(failure)),
            (Err(_), Err(error)) => {
                (None, Some(Failure::not_stored(&self.job.place.folder, error)))
            }
        };
        let Incoming { line, range, .. } = self.job;
        let name = self.job.name().to_owned();
        Done { line, name, range, bytes: self.bytes, path, failure }
    }
}
