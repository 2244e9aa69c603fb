//! A message that becomes a file.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use msrp::Received;
use tokio::task::JoinHandle;

use super::disposition::part_name;
use super::error::{MessageError, SaveError};
use super::part::Part;
use super::unverified::{UnverifiedFile, joined};
use crate::link::{Handle, Step};

/// The octets of a message, for the task that writes them.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) handle: Arc<Handle>,
    pub(super) received: Received,
}

/// The task that writes a message into a file. Dropping it stops the task, and the file is
/// deleted.
#[derive(Debug)]
pub(super) struct Saving(JoinHandle<Result<UnverifiedFile, SaveError>>);

impl Saving {
    /// Begins with octets that were taken already.
    pub(super) fn start(steps: Steps, folder: &Path, read: BTreeMap<u64, Bytes>) -> Self {
        Self(tokio::spawn(save(steps, folder.to_owned(), read)))
    }

    pub(super) async fn wait(&mut self) -> Result<UnverifiedFile, SaveError> {
        joined(&mut self.0).await
    }
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn save(
    steps: Steps,
    folder: PathBuf,
    read: BTreeMap<u64, Bytes>,
) -> Result<UnverifiedFile, SaveError> {
    let failed = |source| SaveError::File { path: folder.clone(), source };
    let name = part_name(&steps.received);
    let mut part = Part::create(folder.clone(), name).await.map_err(failed)?;
    for (offset, octets) in read {
        write(&mut part, offset, &octets).await?;
    }
    let octets = write_rest(&steps, &mut part).await?;
    let path = part.sync().await.map_err(failed)?;
    Ok(UnverifiedFile::new(path, folder, steps.handle, steps.received, octets))
}

/// Writes every piece at its place. Returns the size of the message.
async fn write_rest(steps: &Steps, part: &mut Part) -> Result<u64, SaveError> {
    let (link, key) = (&steps.handle.link, steps.received.key());
    loop {
        match poll_fn(|cx| link.take(|state| state.poll_step(key, cx))).await {
            Step::Piece(offset, octets) => write(part, offset, &octets).await?,
            Step::Complete(total) => return Ok(total),
            Step::Failed(reason) => {
                let id = *steps.received.message_id();
                return Err(MessageError::Failed { id, reason }.into());
            }
        }
    }
}

async fn write(part: &mut Part, offset: u64, octets: &[u8]) -> Result<(), SaveError> {
    let written = part.write(offset, octets).await;
    written.map_err(|source| SaveError::File { path: part.path().to_owned(), source })
}
