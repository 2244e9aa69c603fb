//! Files that are sent and received (RFC 5547).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use msrp::wire::HeaderName;
use msrp::{MediaType, OsRandom, OutgoingMessage};
use msrp_sdp::file::{
    ContentDisposition, FileAttributes, FileDisposition, FileFacts, FileFit, FileHash, FileHasher,
    FileSelector, FileTransferId, HashAlgorithm,
};
use tokio::task::spawn_blocking;

use crate::failure::Failure;

/// A file to send.
pub(crate) struct Outgoing {
    pub(crate) path: PathBuf,
    /// What the offer says of it.
    pub(crate) attributes: FileAttributes,
    message: OutgoingMessage,
}

impl Outgoing {
    /// Reads a file once, for its hashes.
    pub(crate) async fn open(path: PathBuf) -> Result<Self, Failure> {
        let opened = spawn_blocking(move || Self::describe(path)).await;
        opened.map_err(|error| Failure::Local(error.into()))?
    }

    fn describe(path: PathBuf) -> Result<Self, Failure> {
        let (size, hashes) = hashes(&path)?;
        let guess = mime_guess::from_path(&path).first_or_octet_stream();
        let media_type = MediaType::new(guess.essence_str()).map_err(local)?;
        let selector = FileSelector::builder()
            .name(&path.file_name().unwrap_or_default().to_string_lossy())
            .media_type(media_type.clone())
            .size(size)
            .hashes(hashes)
            .build()
            .map_err(local)?;
        let mut attributes = FileAttributes::new(selector);
        attributes.disposition = Some(FileDisposition::ATTACHMENT);
        let mut random = OsRandom::new().map_err(local)?;
        attributes.transfer_id = Some(FileTransferId::generate(&mut random).map_err(local)?);
        let disposition = ContentDisposition::of(&attributes).to_string();
        let message = OutgoingMessage::streamed(media_type, Some(size))
            .header(HeaderName::ContentDisposition.as_str(), disposition)
            .success_report(true);
        Ok(Self { path, attributes, message })
    }

    /// The name that the offer says.
    pub(crate) fn name(&self) -> &str {
        self.attributes.selector.name().unwrap_or_default()
    }

    /// Why it cannot be read.
    pub(crate) fn fails(&self, source: io::Error) -> Failure {
        in_file(&self.path, source)
    }

    /// The message that brings it. The other side confirms that it has arrived.
    pub(crate) fn message(&self) -> OutgoingMessage {
        self.message.clone()
    }
}

/// Checks a file that has arrived against its offer. Returns its SHA-256.
pub(crate) async fn check(path: PathBuf, offered: FileSelector) -> Result<FileHash, Failure> {
    let checked = spawn_blocking(move || check_now(&path, &offered)).await;
    checked.map_err(|error| Failure::Local(error.into()))?
}

fn check_now(path: &Path, offered: &FileSelector) -> Result<FileHash, Failure> {
    let (size, hashes) = hashes(path)?;
    let facts = FileFacts { size: Some(size), hashes: &hashes, ..FileFacts::default() };
    if let FileFit::Differs(_) = offered.fit(&facts) {
        std::fs::remove_file(path).map_err(|source| in_file(path, source))?;
        let name = offered.name().unwrap_or_default().to_owned();
        return Err(Failure::OtherFile { name });
    }
    let sha256 = hashes.into_iter().find(|hash| *hash.algorithm() == HashAlgorithm::SHA_256);
    sha256.ok_or_else(|| Failure::Local("there is no SHA-256".into()))
}

/// The size and the hashes of a file.
fn hashes(path: &Path) -> Result<(u64, [FileHash; 2]), Failure> {
    let read = || -> io::Result<_> {
        let mut file = File::open(path)?;
        let (mut hasher, mut size) = (FileHasher::new(), 0);
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok((size, hasher.finish())),
                len => {
                    hasher.update(buffer.get(..len).unwrap_or_default());
                    size += len as u64;
                }
            }
        }
    };
    read().map_err(|source| in_file(path, source))
}

fn in_file(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.to_owned(), source }
}

fn local(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::Local(error.into())
}
