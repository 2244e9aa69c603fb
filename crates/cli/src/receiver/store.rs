//! Stores a message in a file, and hashes it.

use std::io;
use std::path::{Path, PathBuf};

use msrp_tokio::{Message, MessageError, SaveError};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Octets to hash at a time.
const READ_OCTETS: usize = 64 * 1024;

/// A complete message.
pub(super) struct Stored {
    pub(super) octets: u64,
    pub(super) sha256: String,
    pub(super) file: Option<PathBuf>,
}

/// Reads a message to its end: into a file in `folder` if there is one.
pub(super) async fn store(
    message: &mut Message,
    folder: Option<&Path>,
) -> Result<Stored, SaveError> {
    let Some(folder) = folder else {
        let (octets, sha256) = hash(message).await.map_err(failure)?;
        return Ok(Stored { octets, sha256, file: None });
    };
    let file = message.save_unverified(folder).await?;
    let unreadable = |source| SaveError::File { path: file.path().to_owned(), source };
    let mut content = File::open(file.path()).await.map_err(unreadable)?;
    let (octets, sha256) = hash(&mut content).await.map_err(unreadable)?;
    Ok(Stored { octets, sha256, file: Some(file.keep().await?) })
}

/// The number of octets up to the end, and their SHA-256.
async fn hash(from: &mut (impl AsyncRead + Unpin)) -> io::Result<(u64, String)> {
    let (mut hash, mut count) = (Sha256::new(), 0);
    let mut buffer = vec![0; READ_OCTETS];
    loop {
        match from.read(&mut buffer).await? {
            0 => return Ok((count, hex(&hash.finalize()))),
            read => {
                hash.update(buffer.get(..read).unwrap_or_default());
                count += read as u64;
            }
        }
    }
}

/// A message that is read as a stream wraps its error in one of the system.
fn failure(error: io::Error) -> SaveError {
    match error.downcast::<MessageError>() {
        Ok(error) => error.into(),
        Err(source) => SaveError::File { path: PathBuf::new(), source },
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
