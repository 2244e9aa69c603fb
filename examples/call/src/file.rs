//! Files that are sent and received (RFC 5547).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use msrp::wire::HeaderName;
use msrp::{MediaType, OsRandom, OutgoingMessage, StatusCode};
use msrp_sdp::file::{
    ContentDisposition, FileAttributes, FileDisposition, FileFacts, FileFit, FileHash, FileHasher,
    FileSelector, FileTransferId, HashAlgorithm,
};
use msrp_tokio::UnverifiedFile;
use msrp_tokio::content::Declared;
use tokio::task::spawn_blocking;

use crate::failure::Failure;

/// The type of octets of which nothing is known.
const OCTETS: &str = "application/octet-stream";

/// How many octets of a file tell its type.
const FIRST_OCTETS: u64 = 8 * 1024;

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
            .header(HeaderName::ContentDisposition.as_str(), disposition);
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

    /// The message that brings it.
    pub(crate) fn message(&self) -> OutgoingMessage {
        self.message.clone()
    }
}

/// A file that has arrived, and is the one that was offered.
pub(crate) struct Incoming {
    pub(crate) path: PathBuf,
    pub(crate) sha256: FileHash,
}

impl Incoming {
    /// Checks a file against the offer, and keeps it under the name of the offer: the message
    /// need not repeat it (RFC 5547 section 8.2.1). Another file is deleted, and its sender
    /// learns that.
    pub(crate) async fn check(
        file: UnverifiedFile,
        offered: FileSelector,
    ) -> Result<Self, Failure> {
        let (path, selector) = (file.path().to_owned(), offered.clone());
        let checked = spawn_blocking(move || check(&path, &selector)).await;
        let Checked { sha256, name } =
            match checked.map_err(|error| Failure::Local(error.into()))? {
                Err(failure @ Failure::OtherFile { .. }) => {
                    file.refuse(StatusCode::BAD_REQUEST);
                    return Err(failure);
                }
                checked => checked?,
            };
        let path = match name {
            Some(name) => file.keep_as(&name).await,
            None => file.keep().await,
        };
        Ok(Self { path: path?, sha256 })
    }
}

/// What is known of a file that is the one that was offered.
#[derive(Debug)]
struct Checked {
    sha256: FileHash,
    /// `None` if the offer has none.
    name: Option<String>,
}

fn check(path: &Path, offered: &FileSelector) -> Result<Checked, Failure> {
    let (size, hashes) = hashes(path)?;
    let facts = FileFacts { size: Some(size), hashes: &hashes, ..FileFacts::default() };
    if let FileFit::Differs(_) = offered.fit(&facts) {
        let name = offered.name().unwrap_or_default().to_owned();
        return Err(Failure::OtherFile { name });
    }
    let sha256 = hashes.into_iter().find(|hash| *hash.algorithm() == HashAlgorithm::SHA_256);
    let sha256 = sha256.ok_or_else(|| local("there is no SHA-256"))?;
    Ok(Checked { sha256, name: name_for(path, offered)? })
}

/// The name that was offered, if its ending, the type that was offered and the octets agree;
/// otherwise with another ending. `None` if the offer has no name.
fn name_for(path: &Path, offered: &FileSelector) -> Result<Option<String>, Failure> {
    let Some(name) = offered.name() else { return Ok(None) };
    let media_type = offered.media_type().map_or(OCTETS, MediaType::essence);
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FIRST_OCTETS).read_to_end(&mut first));
    read.map_err(|source| in_file(path, source))?;
    Ok(Some(Declared::new(media_type).named(name).file_name(&first)))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use msrp::{MsrpUri, Outcome, SessionConfig};
    use msrp_tokio::{Endpoint, Session, Stream};

    use super::*;

    #[test]
    fn the_name_of_a_file_promises_what_was_offered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("msrp-message");
        std::fs::write(&path, "good day").unwrap();
        let cases = [
            ("name:\"talk.mp4\" type:video/mp4", Some("talk_mp4.bin")),
            ("name:\"page.html\" type:text/html", Some("page.html")),
            ("name:\"evil.html\" type:image/png", Some("evil_html.bin")),
            ("name:\"notes\" size:8", Some("notes")),
            ("name:\"../../etc/passwd\" size:8", Some("passwd")),
            ("type:text/plain", None),
        ];
        for (offered, name) in cases {
            let checked = check(&path, &offered.parse().unwrap()).unwrap();
            assert_eq!(checked.name.as_deref(), name, "{offered}");
        }
    }

    #[test]
    fn another_file_is_not_the_one_offered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("msrp-message");
        std::fs::write(&path, "good day").unwrap();
        let sha1 = "hash:sha-1:72:24:5F:E8:65:3D:DA:F3:71:36:2F:86:D4:71:91:3E:E4:A2:CE:2E";
        for offered in ["name:\"x\" size:7", &format!("name:\"x\" size:8 {sha1}")] {
            let checked = check(&path, &offered.parse().unwrap());
            assert!(matches!(checked, Err(Failure::OtherFile { .. })), "{offered}");
        }
    }

    /// The two ends of a session.
    async fn sessions() -> (Session, Session) {
        let (alices, bobs) =
            (Endpoint::builder().build().unwrap(), Endpoint::builder().build().unwrap());
        let alice: MsrpUri = "msrp://alice.example:7654/jshA7weztas;tcp".parse().unwrap();
        let bob: MsrpUri = "msrp://bob.example:12763/kjhd37s2s20w2a;tcp".parse().unwrap();
        let (near, far) = tokio::io::duplex(16 * 1024);
        let expected = bobs.expect(SessionConfig::expected(bob.clone()));
        bobs.serve(Stream::new(far)).unwrap();
        let opened = alices.connect_over(Stream::new(near), SessionConfig::new(alice, bob.into()));
        let (alice, bob) = tokio::join!(opened, expected);
        (alice.unwrap(), bob.unwrap())
    }

    #[tokio::test]
    async fn another_file_is_deleted_and_its_sender_learns_that() {
        let (alice, mut bob) = sessions().await;
        let inbox = tempfile::tempdir().unwrap();
        for (offered, outcome) in [
            ("name:\"x\" size:7", Outcome::Rejected(StatusCode::BAD_REQUEST)),
            ("name:\"x\" size:8", Outcome::Delivered),
        ] {
            let message = OutgoingMessage::text("good day").success_report(true);
            let sent = alice.send(message).await.unwrap();
            let mut message = bob.next().await.unwrap();
            let file = message.save_unverified(inbox.path()).await.unwrap();
            let checked = Incoming::check(file, offered.parse().unwrap()).await;
            assert_eq!(checked.is_ok(), outcome == Outcome::Delivered, "{offered}");
            assert_eq!(sent.finished().await.unwrap().outcome, outcome);
        }
        let names = std::fs::read_dir(inbox.path()).unwrap().map(|it| it.unwrap().file_name());
        assert_eq!(Vec::from_iter(names), ["x"]);
    }
}
