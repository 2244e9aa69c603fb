//! The head of a message that brings a file.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use msrp::wire::HeaderName;
use msrp::{MediaType, OutgoingMessage, Received};
use msrp_sdp::file::{ContentDisposition, FileDisposition, safe_name};
use tokio::fs::File;

use super::UploadError;

/// Opens a file, and makes the message that brings it.
pub(super) async fn open(path: &Path) -> Result<(File, OutgoingMessage), UploadError> {
    let failed = |source| UploadError::File { path: path.to_owned(), source };
    let file = File::open(path).await.map_err(failed)?;
    let metadata = file.metadata().await.map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    let mut disposition = ContentDisposition::new(FileDisposition::ATTACHMENT);
    disposition.filename = path.file_name().map(OsStr::to_string_lossy).map(Into::into);
    disposition.size = Some(metadata.len());
    let message = OutgoingMessage::streamed(media_type(path), Some(metadata.len()))
        .header(HeaderName::ContentDisposition.as_str(), disposition.to_string());
    Ok((file, message))
}

/// The type that the ending of a file stands for.
fn media_type(path: &Path) -> MediaType {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    MediaType::new(guess.essence_str()).unwrap_or_else(|_| octet_stream())
}

/// The type of octets of which nothing is known.
#[expect(clippy::expect_used, reason = "the text is a media type")]
pub(super) fn octet_stream() -> MediaType {
    MediaType::new("application/octet-stream").expect("a media type")
}

/// The name for the file of a message, by its first octets: the safe form of the one in its
/// Content-Disposition (RFC 5547 section 10), or one made of its Message-ID.
pub(super) fn file_name(message: &Received, first: &[u8]) -> PathBuf {
    finished(stored_name(message, own_name(message), first))
}

/// The name of the file before its octets are there to bear out an ending: the safe form,
/// after which comes that of an unfinished file.
pub(super) fn part_name(message: &Received) -> PathBuf {
    let mut name = given_name(&own_name(message)).into_os_string();
    name.push(".part");
    name.into()
}

fn own_name(message: &Received) -> String {
    let disposition = message.head().header(HeaderName::ContentDisposition);
    let disposition = disposition.and_then(|value| value.parse::<ContentDisposition>().ok());
    let given = disposition.and_then(|disposition| disposition.filename);
    given.unwrap_or_else(|| unnamed(message))
}

/// The safe form of a name that the application gives.
pub(super) fn given_name(name: &str) -> PathBuf {
    finished(safe_name(name))
}

/// A name that does not end like that of an unfinished file.
fn finished(name: String) -> PathBuf {
    // Some file systems ignore letter case.
    match name.rsplit_once('.') {
        Some((stem, ending)) if ending.eq_ignore_ascii_case("part") => {
            format!("{stem}_{ending}").into()
        }
        _ => name.into(),
    }
}

/// A name for a message without one. A Message-ID may have dots, which begin no ending, and
/// slashes, which end no folder.
fn unnamed(message: &Received) -> String {
    format!("msrp-{}", message.message_id()).replace(['.', '/', '\\'], "_")
}

#[cfg(feature = "content")]
fn stored_name(message: &Received, name: String, first: &[u8]) -> String {
    crate::content::Declared::of(message).named(name).file_name(first)
}

#[cfg(not(feature = "content"))]
fn stored_name(_: &Received, name: String, _: &[u8]) -> String {
    safe_name(&name)
}
