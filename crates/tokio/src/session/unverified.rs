//! A message that has arrived as a file and waits for the word of the application.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use msrp::{Received, StatusCode};
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use super::disposition::{file_name, given_name};
use super::error::SaveError;
use super::part::PartPath;
use crate::link::Handle;

/// How many octets tell the type of a file.
const TYPE_OCTETS: u64 = 8192;

/// A message that lies complete on the disk, in a file whose name ends in `.part`, and that
/// the application has neither kept nor refused. The sender has no success REPORT yet.
///
/// ```no_run
/// # use msrp::StatusCode;
/// # async fn receive(mut message: msrp_tokio::Message, is_good: fn(&std::path::Path) -> bool)
/// #     -> Result<(), msrp_tokio::SaveError> {
/// let file = message.save_unverified("inbox").await?;
/// if is_good(file.path()) {
///     println!("{}", file.keep().await?.display());
/// } else {
///     file.refuse(StatusCode::BAD_REQUEST);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Dropping it refuses the message with 413. It is a handle of its session.
#[derive(Debug)]
#[must_use = "what is not kept is deleted, and its sender learns that"]
pub struct UnverifiedFile {
    /// `None` once it is kept or refused.
    part: Option<PartPath>,
    folder: PathBuf,
    handle: Arc<Handle>,
    received: Received,
    octets: u64,
}

impl UnverifiedFile {
    pub(super) const fn new(
        part: PartPath,
        folder: PathBuf,
        handle: Arc<Handle>,
        received: Received,
        octets: u64,
    ) -> Self {
        Self { part: Some(part), folder, handle, received, octets }
    }

    /// Where the file is for now, to be read. Whoever moves it away cannot keep it.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.part.as_ref().map_or_else(|| Path::new(""), PartPath::get)
    }

    /// The size of the message, which is that of the file.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The head of the message, as it arrived.
    #[must_use]
    pub const fn head(&self) -> &Received {
        &self.received
    }

    /// Gives the file the name that [`Message::save_to`](crate::Message::save_to) gives, and
    /// returns its path. Then the success REPORT leaves, if the sender asked for one.
    ///
    /// Cancel safe: once this was polled, the file is kept and reported, whether anybody
    /// waits for it or not.
    ///
    /// # Errors
    ///
    /// [`SaveError::File`] if the file cannot get its name. It is deleted, and the sender
    /// learns that by 413.
    pub async fn keep(self) -> Result<PathBuf, SaveError> {
        joined(self.start_keeping(None)).await
    }

    /// As [`keep`](Self::keep), under a name that the application knows better, such as that
    /// of a session description (RFC 5547 section 8.2.1). The name is made safe
    /// ([`msrp_sdp::file::safe_name`]); that its ending fits the octets is up to the
    /// application.
    ///
    /// # Errors
    ///
    /// As [`keep`](Self::keep).
    pub async fn keep_as(self, name: &str) -> Result<PathBuf, SaveError> {
        joined(self.start_keeping(Some(given_name(name)))).await
    }

    /// Deletes the file. The sender learns it by a REPORT with this status, unless it wants
    /// none.
    pub fn refuse(mut self, status: StatusCode) {
        self.end(status);
    }

    pub(super) fn start_keeping(self, name: Option<PathBuf>) -> Keeping {
        spawn_blocking(move || self.keep_now(name))
    }

    fn keep_now(mut self, name: Option<PathBuf>) -> Result<PathBuf, SaveError> {
        let kept = self.rename(name);
        let path = kept.map_err(|source| SaveError::File { path: self.folder.clone(), source })?;
        self.part = None;
        self.handle.link.with(|state| state.report(&self.received, self.octets));
        Ok(path)
    }

    fn rename(&mut self, name: Option<PathBuf>) -> io::Result<PathBuf> {
        let name = match name {
            Some(name) => name,
            None => file_name(&self.received, &first_octets(self.path())?),
        };
        self.part.as_mut().ok_or(io::ErrorKind::NotFound)?.rename(&self.folder, &name)
    }

    fn end(&mut self, status: StatusCode) {
        if self.part.take().is_some() {
            let (received, total) = (&self.received, Some(self.octets));
            // The session may have ended.
            let _ = self.handle.link.with(|state| state.refuse_message(received, status, total));
        }
    }
}

impl Drop for UnverifiedFile {
    fn drop(&mut self) {
        self.end(StatusCode::STOP_SENDING);
    }
}

/// A file on its way to its name. It gets there whether this is dropped or not.
pub(super) type Keeping = JoinHandle<Result<PathBuf, SaveError>>;

/// The result of a task.
pub(super) async fn joined<T>(
    task: impl Future<Output = Result<Result<T, SaveError>, JoinError>>,
) -> Result<T, SaveError> {
    task.await.unwrap_or_else(|error| Err(SaveError::torn_down(error)))
}

/// The octets that tell the type of a file.
fn first_octets(path: &Path) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    File::open(path)?.take(TYPE_OCTETS).read_to_end(&mut first)?;
    Ok(first)
}
