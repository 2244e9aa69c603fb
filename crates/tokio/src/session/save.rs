//! A message that becomes a file.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use msrp::Received;
use thiserror::Error;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::disposition::file_name;
use super::message::MessageError;
use crate::link::{Handle, Step};

/// How many names are tried for a file.
const MAX_NAMES: u32 = 1000;

/// How many octets tell the type of a file.
const TYPE_OCTETS: u64 = 8192;

/// Why a message is not saved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The rest of the message does not come.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    File {
        /// The path of the file, or of its folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The octets of a message, for the task that writes them.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) handle: Arc<Handle>,
    pub(super) received: Received,
}

/// The path of the file, and its size.
type Saved = Result<(PathBuf, u64), SaveError>;

/// The task that saves a message. Dropping it stops the task, and the file is deleted.
#[derive(Debug)]
pub(super) struct Saving(JoinHandle<Saved>);

impl Saving {
    /// Begins with octets that were taken already.
    pub(super) fn start(steps: Steps, folder: &Path, read: BTreeMap<u64, Bytes>) -> Self {
        Self(tokio::spawn(save(steps, folder.to_owned(), read)))
    }

    pub(super) async fn wait(&mut self) -> Saved {
        (&mut self.0).await.unwrap_or_else(|error| {
            Err(SaveError::File { path: PathBuf::new(), source: io::Error::other(error) })
        })
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn save(steps: Steps, folder: PathBuf, read: BTreeMap<u64, Bytes>) -> Saved {
    let failed = |source| SaveError::File { path: folder.clone(), source };
    fs::create_dir_all(&folder).await.map_err(failed)?;
    let mut part = Part::create(&folder, &file_name(&steps.received, &[])).await.map_err(failed)?;
    let result = write(&steps, &mut part, read).await?;
    let first = part.first_octets().await.map_err(failed)?;
    let name = file_name(&steps.received, &first);
    let path = part.keep(&folder, &name).await.map_err(failed)?;
    Ok((path, result))
}

/// Writes every piece at its place. Returns the size of the message.
async fn write(
    steps: &Steps,
    part: &mut Part,
    read: BTreeMap<u64, Bytes>,
) -> Result<u64, SaveError> {
    for (offset, octets) in read {
        part.write(offset, &octets).await?;
    }
    let (link, key) = (&steps.handle.link, steps.received.key());
    loop {
        match poll_fn(|cx| link.take(|state| state.poll_step(key, cx))).await {
            Step::Piece(offset, octets) => part.write(offset, &octets).await?,
            Step::Complete(total) => return Ok(total),
            Step::Failed(reason) => {
                let id = *steps.received.message_id();
                return Err(MessageError::Failed { id, reason }.into());
            }
        }
    }
}

/// An unfinished file. Dropping it deletes it.
struct Part {
    file: File,
    path: Option<PathBuf>,
    position: u64,
}

impl Part {
    async fn create(folder: &Path, name: &Path) -> io::Result<Self> {
        let mut part = name.as_os_str().to_owned();
        part.push(".part");
        let (file, path) = create_new(folder, Path::new(&part)).await?;
        Ok(Self { file, path: Some(path), position: 0 })
    }

    async fn write(&mut self, offset: u64, octets: &[u8]) -> Result<(), SaveError> {
        self.try_write(offset, octets).await.map_err(|source| {
            let path = self.path.clone().unwrap_or_default();
            SaveError::File { path, source }
        })
    }

    async fn try_write(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        if offset != self.position {
            self.file.seek(SeekFrom::Start(offset)).await?;
        }
        self.file.write_all(octets).await?;
        self.position = offset + octets.len() as u64;
        Ok(())
    }

    /// The octets that tell its type.
    async fn first_octets(&mut self) -> io::Result<Vec<u8>> {
        let mut first = Vec::new();
        self.file.flush().await?;
        self.file.rewind().await?;
        (&mut self.file).take(TYPE_OCTETS).read_to_end(&mut first).await?;
        Ok(first)
    }

    /// The file is complete: it gets its name once it is on the disk.
    async fn keep(mut self, folder: &Path, name: &Path) -> io::Result<PathBuf> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        // Creating a file of the name first makes sure that nothing is overwritten.
        let (_, path) = create_new(folder, name).await?;
        if let Some(part) = &self.path
            && let Err(error) = fs::rename(part, &path).await
        {
            let _ = fs::remove_file(path).await;
            return Err(error);
        }
        self.path = None;
        sync_folder(folder).await?;
        Ok(path)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // Nobody waits for it, and it cannot be retried.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Creates a file that did not exist, if necessary with a number before its ending.
async fn create_new(folder: &Path, name: &Path) -> io::Result<(File, PathBuf)> {
    let name = name.to_string_lossy();
    let (stem, ending) = name.split_at(name.find('.').unwrap_or(name.len()));
    let numbered = (2..MAX_NAMES).map(|number| format!("{stem} ({number}){ending}"));
    for name in std::iter::once(name.clone().into_owned()).chain(numbered) {
        let path = folder.join(name);
        match OpenOptions::new().read(true).write(true).create_new(true).open(&path).await {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A name is on the disk once its folder is.
async fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder).await?.sync_all().await?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
