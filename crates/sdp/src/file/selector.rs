//! Which file is meant.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::str::FromStr;

use thiserror::Error;

use super::super::digits;
use super::text::{self, Quoted};
use super::{FileFacts, FileHash, FileHashError, HashAlgorithm};
use crate::token::is_token;
use msrp::MediaType;
use msrp::mime::MimeValue;

/// The most hashes of one selector.
pub const MAX_HASHES: usize = 8;

/// The value of `file-selector`: what is known of a file by both sides (RFC 5547
/// sections 5 and 6). In an offer or an answer it says at least one thing; an
/// empty one says that file transfer is spoken here (section 8.5).
///
/// Unknown selectors are passed over. The value is written in the order name,
/// type, size, hash.
///
/// ```
/// use msrp_sdp::FileSelector;
///
/// let selector = FileSelector::builder()
///     .name("50% of a/b.txt")
///     .media_type("text/plain; charset=utf-8".parse()?)
///     .size(120)
///     .build()?;
/// let value = selector.to_string();
/// assert_eq!(value, r#"name:"50%25 of a%2Fb.txt" type:text/plain;charset="utf-8" size:120"#);
/// assert_eq!(value.parse::<FileSelector>()?, selector);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileSelector {
    name: Option<Box<str>>,
    media_type: Option<MediaType>,
    size: Option<u64>,
    hashes: Vec<FileHash>,
}

/// Why a text, or what a [`FileSelectorBuilder`] was given, is no file selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileSelectorError {
    /// A quote that is not closed.
    #[error("a quote in the file selector is not closed")]
    Quote,
    /// A selector other than `hash` is there twice.
    #[error("name, type and size may be there once each")]
    Repeated,
    /// A type that is no media type with its parameters in quotes.
    #[error("a type is type/subtype and ;attribute=\"value\" for each of its parameters")]
    Type,
    /// A size that is no number of octets that 64 bits hold.
    #[error("a size is a number of octets")]
    Size,
    /// A hash that is none.
    #[error("{0}")]
    Hash(#[from] FileHashError),
    /// More than [`MAX_HASHES`].
    #[error("a file selector may have at most {MAX_HASHES} hashes")]
    TooManyHashes,
    /// Nothing that could select a file.
    #[error("a selector to be built says at least one of name, type, size and hash")]
    Empty,
    /// Hashes without one of SHA-1 among them.
    #[error("add the sha-1 hash beside any other (RFC 5547 section 6)")]
    NoSha1,
}

impl FileSelector {
    /// The parts of one to be made.
    pub fn builder() -> FileSelectorBuilder {
        FileSelectorBuilder::default()
    }

    /// The file's name, as it was before percent-encoding. It comes from a peer and
    /// may hold anything: `msrp_sdp::safe_name` makes one for the file system.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The media type, as it would stand in a Content-Type.
    #[must_use]
    pub const fn media_type(&self) -> Option<&MediaType> {
        self.media_type.as_ref()
    }

    /// How many octets the whole file has.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The hashes over the whole file, those of unknown algorithms among them.
    #[must_use]
    pub fn hashes(&self) -> &[FileHash] {
        &self.hashes
    }

    /// The first hash by this algorithm.
    #[must_use]
    pub fn hash(&self, algorithm: &HashAlgorithm) -> Option<&FileHash> {
        self.hashes.iter().find(|hash| hash.algorithm() == algorithm)
    }

    /// Whether it selects nothing, as in the answer to a capability query.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.media_type.is_none()
            && self.size.is_none()
            && self.hashes.is_empty()
    }

    /// Whether an offer to send a file may have it: it says the type, the size or a
    /// hash (RFC 5547 section 8.2.1).
    #[must_use]
    pub fn suits_push(&self) -> bool {
        self.media_type.is_some() || self.size.is_some() || !self.hashes.is_empty()
    }

    /// What it says of the file, to be compared with another selector.
    #[must_use]
    pub fn facts(&self) -> FileFacts<'_> {
        FileFacts {
            name: self.name(),
            media_type: self.media_type(),
            size: self.size,
            hashes: &self.hashes,
        }
    }

    /// What both say together of one file: where they differ, what this one says.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        joined.name = joined.name.or_else(|| other.name.clone());
        joined.media_type = joined.media_type.or_else(|| other.media_type.clone());
        joined.size = joined.size.or(other.size);
        for hash in &other.hashes {
            if joined.hash(hash.algorithm()).is_none() && joined.hashes.len() < MAX_HASHES {
                joined.hashes.push(hash.clone());
            }
        }
        joined
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), FileSelectorError> {
        match name {
            _ if name.eq_ignore_ascii_case("name") => {
                once(&mut self.name, text::decoded(text::unquoted(value)).into())
            }
            _ if name.eq_ignore_ascii_case("type") => {
                once(&mut self.media_type, media_type(value)?)
            }
            _ if name.eq_ignore_ascii_case("size") => {
                once(&mut self.size, digits::exact(value).ok_or(FileSelectorError::Size)?)
            }
            _ if name.eq_ignore_ascii_case("hash") => {
                if self.hashes.len() == MAX_HASHES {
                    return Err(FileSelectorError::TooManyHashes);
                }
                self.hashes.push(value.parse()?);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), FileSelectorError> {
    if place.is_some() {
        return Err(FileSelectorError::Repeated);
    }
    *place = Some(value);
    Ok(())
}

impl FromStr for FileSelector {
    type Err = FileSelectorError;

    fn from_str(value: &str) -> Result<Self, FileSelectorError> {
        let mut selector = Self::default();
        for word in text::words(value) {
            let word = word.ok_or(FileSelectorError::Quote)?;
            if let Some((name, value)) = word.split_once(':') {
                selector.take(name, value)?;
            }
        }
        // An empty name is none: the grammar has no such.
        selector.name = selector.name.filter(|name| !name.is_empty());
        Ok(selector)
    }
}

impl fmt::Display for FileSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blank = "";
        let mut blank = || std::mem::replace(&mut blank, " ");
        if let Some(name) = self.name() {
            write!(f, "{}name:{}", blank(), Quoted(name))?;
        }
        if let Some(media_type) = &self.media_type {
            write!(f, "{}type:{}", blank(), media_type.essence())?;
            for (attribute, value) in parameters(media_type) {
                write!(f, ";{attribute}={}", Quoted(&value))?;
            }
        }
        if let Some(size) = self.size {
            write!(f, "{}size:{size}", blank())?;
        }
        self.hashes.iter().try_for_each(|hash| write!(f, "{}hash:{hash}", blank()))
    }
}

/// The parts of a [`FileSelector`] to be made, from [`FileSelector::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct FileSelectorBuilder(FileSelector);

impl FileSelectorBuilder {
    /// The file's name, as it is: nothing in it is percent-encoded yet. The grammar
    /// has no empty one.
    pub fn name(mut self, name: &str) -> Self {
        self.0.name = (!name.is_empty()).then(|| name.into());
        self
    }

    /// The media type. Parameters without a value are left out.
    pub fn media_type(mut self, media_type: MediaType) -> Self {
        self.0.media_type = Some(canonical(&media_type).unwrap_or(media_type));
        self
    }

    /// How many octets the whole file has. That of an empty file is written
    /// `size:0`, which the grammar forgot.
    pub fn size(mut self, octets: u64) -> Self {
        self.0.size = Some(octets);
        self
    }

    /// Adds a hash over the whole file.
    pub fn hash(mut self, hash: FileHash) -> Self {
        self.0.hashes.push(hash);
        self
    }

    /// Adds hashes over the whole file.
    pub fn hashes(mut self, hashes: impl IntoIterator<Item = FileHash>) -> Self {
        self.0.hashes.extend(hashes);
        self
    }

    /// Makes the selector.
    ///
    /// # Errors
    ///
    /// [`FileSelectorError::Empty`], [`FileSelectorError::NoSha1`] and
    /// [`FileSelectorError::TooManyHashes`].
    pub fn build(self) -> Result<FileSelector, FileSelectorError> {
        let selector = self.0;
        if selector.is_empty() {
            return Err(FileSelectorError::Empty);
        }
        if selector.hashes.len() > MAX_HASHES {
            return Err(FileSelectorError::TooManyHashes);
        }
        let lacks_sha1 = selector.hash(&HashAlgorithm::SHA_1).is_none();
        if lacks_sha1 && !selector.hashes.is_empty() {
            return Err(FileSelectorError::NoSha1);
        }
        Ok(selector)
    }
}

/// The media type of a `type` selector: its parameters stand between quotes, with
/// another escape than in a Content-Type.
fn media_type(value: &str) -> Result<MediaType, FileSelectorError> {
    let mut parts = split_outside_quotes(value, ';');
    let essence = parts.next().unwrap_or_default();
    let mut given = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let (attribute, value) = part.split_once('=').ok_or(FileSelectorError::Type)?;
        given.push((attribute, text::decoded(text::unquoted(value)).into()));
    }
    content_type(essence, given).ok_or(FileSelectorError::Type)
}

/// The same media type in the one spelling that a selector reads back.
fn canonical(media_type: &MediaType) -> Option<MediaType> {
    content_type(media_type.essence(), parameters(media_type))
}

fn content_type<'a>(
    essence: &str,
    parameters: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>,
) -> Option<MediaType> {
    let mut content_type = essence.to_owned();
    for (attribute, value) in parameters.into_iter().filter(|(_, value)| !value.is_empty()) {
        if is_token(&value) {
            // Writing to a `String` cannot fail.
            let _ = write!(content_type, ";{attribute}={value}");
        } else {
            let value = value.replace('\\', r"\\").replace('"', r#"\""#);
            let _ = write!(content_type, ";{attribute}=\"{value}\"");
        }
    }
    let media_type = MediaType::new(&content_type).ok()?;
    // What is in the names of a type or a parameter would not stay there.
    (media_type.essence() == essence).then_some(media_type)
}

/// The parameters of a media type that have a value, without its escapes.
fn parameters(media_type: &MediaType) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    MimeValue::new(media_type.as_str()).parameters().filter(|(_, value)| !value.is_empty())
}

/// Splits as [`str::split`] does, but not between quotes.
fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |letter| {
        is_quoted ^= letter == '"';
        letter == separator && !is_quoted
    })
}
