//! Which file is meant.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::str::FromStr;

use msrp::MediaType;
use msrp::mime::MimeValue;

use super::parts::{self, Part};
use super::text::{self, Quoted};
use super::{FileHash, HashAlgorithm};
use crate::aside::Aside;
use crate::named::named;
use crate::token::{is_blank, is_token};
use crate::tolerance::{Reading, SdpTolerance, SdpTolerances};
use crate::{Error, ErrorKind, digits};

/// The most hashes of one selector.
pub const MAX_HASHES: usize = 8;

/// The value of `file-selector`: what both sides know of a file (RFC 5547 sections 5
/// and 6). In an offer or an answer it says at least one thing; an empty one says that
/// file transfer is supported (section 8.5).
///
/// Unknown selectors are ignored. Other spellings are read by
/// [`SdpTolerance::SelectorSpelling`]. The value is written in the order name, type, size,
/// hash.
///
/// ```
/// use msrp_sdp::file::FileSelector;
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
    /// Whether it was read from a text that says anything at all.
    is_from_text: Aside<bool>,
}

named! {
    /// A property of a file that a selector can state.
    pub enum FileProperty ("property" of "file-selector", any case) {
        /// The name.
        Name = "name",
        /// The media type.
        Type = "type",
        /// The number of octets.
        Size = "size",
        /// A hash.
        Hash = "hash",
    }
}

impl FileSelector {
    /// Starts a selector without any property.
    pub fn builder() -> FileSelectorBuilder {
        FileSelectorBuilder::default()
    }

    /// The file's name, without percent-encoding. A peer may put any characters in it:
    /// [`safe_name`](super::safe_name) makes a name for the file system.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The media type, as a Content-Type has it.
    #[must_use]
    pub const fn media_type(&self) -> Option<&MediaType> {
        self.media_type.as_ref()
    }

    /// The number of octets of the whole file.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The hashes of the whole file, including those with unknown algorithms.
    #[must_use]
    pub fn hashes(&self) -> &[FileHash] {
        &self.hashes
    }

    /// The first hash with this algorithm.
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

    /// Whether it is about a file, even if nothing of that could be read. An empty text
    /// only says that file transfer is supported (RFC 5547 section 8.5).
    pub(crate) fn is_about_file(&self) -> bool {
        !self.is_empty() || self.is_from_text.0
    }

    /// Whether it suits an offer to send a file: it says the type, the size or a hash
    /// (RFC 5547 section 8.2.1).
    #[must_use]
    pub fn suits_push(&self) -> bool {
        self.media_type.is_some() || self.size.is_some() || !self.hashes.is_empty()
    }

    /// What both together say of one file. Where they differ, this one prevails.
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

    /// Adds what a line says, and passes over what is unreadable in it.
    pub(super) fn read_line(&mut self, line: &str, reading: &mut Reading) -> Result<(), Error> {
        self.is_from_text.0 |= !line.trim_matches(is_blank).is_empty();
        for part in parts::parts(line) {
            let added = self.add_part(&part, reading);
            match added.map_err(|error| error.within(line, part.value)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Duplicate => return Err(error),
                Err(error) => reading.tolerate(SdpTolerance::UnreadableSelector, error)?,
            }
        }
        Ok(())
    }

    /// The selector after its last line. The grammar has no empty name.
    pub(super) fn read_out(mut self) -> Self {
        self.name = self.name.filter(|name| !name.is_empty());
        self
    }

    /// Adds what a part says.
    fn add_part(&mut self, part: &Part<'_>, reading: &mut Reading) -> Result<(), Error> {
        let malformed = Error::of(ATTRIBUTE, ErrorKind::Malformed);
        let malformed = malformed.with_expected("property:value, separated by spaces");
        if !part.is_closed {
            return Err(Error::of(ATTRIBUTE, ErrorKind::UnclosedQuote));
        }
        let Some(property) = part.property else { return Err(malformed) };
        if !part.is_regular {
            reading.tolerate(SdpTolerance::SelectorSpelling, malformed)?;
        }
        self.add(property, part.value, reading)
    }

    /// Adds one property from its text.
    fn add(
        &mut self,
        property: FileProperty,
        value: &str,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        match property {
            FileProperty::Name => {
                let name = text::decoded(name_text(value));
                once(property, &mut self.name, name.into(), reading)
            }
            FileProperty::Type => once(property, &mut self.media_type, media_type(value)?, reading),
            FileProperty::Size => {
                let size = digits::exact(first_word(value)).ok_or_else(|| {
                    fault(property, ErrorKind::Malformed).with_expected("a number of octets")
                })?;
                once(property, &mut self.size, size, reading)
            }
            FileProperty::Hash if self.hashes.len() == MAX_HASHES => Err(too_many_hashes()),
            FileProperty::Hash => {
                let hash = FileHash::read(first_word(value), reading)?;
                if self.contradicts(&hash) {
                    return Err(fault(property, ErrorKind::Duplicate));
                }
                self.hashes.push(hash);
                Ok(())
            }
        }
    }

    /// Whether it has another hash with the same algorithm.
    fn contradicts(&self, hash: &FileHash) -> bool {
        self.hashes.iter().any(|it| it.algorithm() == hash.algorithm() && it != hash)
    }
}

const ATTRIBUTE: &str = "file-selector";

const fn fault(property: FileProperty, kind: ErrorKind) -> Error {
    Error::of(ATTRIBUTE, kind).with_part(property.as_str())
}

const fn too_many_hashes() -> Error {
    Error::of(ATTRIBUTE, ErrorKind::TooMany { limit: MAX_HASHES }).with_part("hashes")
}

/// Sets a property that has no other value so far.
fn once<T: PartialEq>(
    property: FileProperty,
    place: &mut Option<T>,
    value: T,
    reading: &mut Reading,
) -> Result<(), Error> {
    let error = fault(property, ErrorKind::Duplicate);
    match place {
        Some(earlier) if *earlier != value => return Err(error),
        Some(_) => reading.tolerate(SdpTolerance::RepeatedAttribute, error)?,
        None => *place = Some(value),
    }
    Ok(())
}

/// Without any tolerance.
impl FromStr for FileSelector {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut selector = Self::default();
        selector.read_line(text, &mut Reading::new(SdpTolerances::none()))?;
        Ok(selector.read_out())
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

/// Builds a [`FileSelector`]; see [`FileSelector::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct FileSelectorBuilder(FileSelector);

impl FileSelectorBuilder {
    /// Sets the file's name, without percent-encoding. An empty name counts as none:
    /// the grammar cannot express it.
    pub fn name(mut self, name: &str) -> Self {
        self.0.name = (!name.is_empty()).then(|| name.into());
        self
    }

    /// Sets the media type. Parameters without a value are left out.
    pub fn media_type(mut self, media_type: MediaType) -> Self {
        self.0.media_type = Some(canonical(&media_type).unwrap_or(media_type));
        self
    }

    /// Sets the number of octets of the whole file. An empty file is written `size:0`,
    /// which the grammar forgot.
    pub fn size(mut self, octets: u64) -> Self {
        self.0.size = Some(octets);
        self
    }

    /// Adds a hash of the whole file.
    pub fn hash(mut self, hash: FileHash) -> Self {
        self.0.hashes.push(hash);
        self
    }

    /// Adds hashes of the whole file.
    pub fn hashes(mut self, hashes: impl IntoIterator<Item = FileHash>) -> Self {
        self.0.hashes.extend(hashes);
        self
    }

    /// Makes the selector. SHA-1, which every endpoint of RFC 5547 reads, comes first
    /// among its hashes: some read no other one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] if there is no property, or hashes without one of SHA-1
    /// (RFC 5547 section 6); [`ErrorKind::TooMany`] for more than [`MAX_HASHES`];
    /// [`ErrorKind::Duplicate`] for two that differ and have one algorithm.
    pub fn build(self) -> Result<FileSelector, Error> {
        let mut selector = self.0;
        selector.hashes.sort_by_key(|hash| *hash.algorithm() != HashAlgorithm::SHA_1);
        let missing = |part| Error::of(ATTRIBUTE, ErrorKind::Missing).with_part(part);
        if selector.is_empty() {
            return Err(missing("name, type, size or hash"));
        }
        if selector.hashes.len() > MAX_HASHES {
            return Err(too_many_hashes());
        }
        if selector.hashes.iter().any(|hash| selector.contradicts(hash)) {
            return Err(fault(FileProperty::Hash, ErrorKind::Duplicate));
        }
        let lacks_sha1 = selector.hash(&HashAlgorithm::SHA_1).is_none();
        if lacks_sha1 && !selector.hashes.is_empty() {
            return Err(missing("sha-1 hash"));
        }
        Ok(selector)
    }
}

/// The media type of a `type` selector. Its parameters are quoted, and escaped in
/// another way than in a Content-Type.
fn media_type(value: &str) -> Result<MediaType, Error> {
    let malformed = || fault(FileProperty::Type, ErrorKind::Malformed);
    let is_quoted = value.bytes().filter(|octet| *octet == b'"').count() == 2;
    let value = if is_quoted { text::unquoted(value) } else { value };
    let mut parts = split_outside_quotes(value, |letter| letter == ';').map(first_word);
    let essence = parts.next().unwrap_or_default();
    let mut given = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let (attribute, value) = part.split_once('=').ok_or_else(malformed)?;
        given.push((attribute, text::decoded(text::unquoted(value)).into()));
    }
    content_type(essence, given).ok_or_else(malformed)
}

/// The same media type in the spelling that a selector reads back.
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
    // The names of a type or a parameter must not hold what separates them.
    (media_type.essence() == essence).then_some(media_type)
}

/// The parameters of a media type that have a value, without escapes.
fn parameters(media_type: &MediaType) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    MimeValue::new(media_type.as_str()).parameters().filter(|(_, value)| !value.is_empty())
}

/// The text of a name: what is between its first two quotes, or everything up to the next
/// property.
fn name_text(value: &str) -> &str {
    let quoted = value.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    quoted.map_or(value, |(name, _)| name)
}

/// The text up to a blank outside of quotes, without the quotes around it.
fn first_word(text: &str) -> &str {
    let text = text.trim_matches(is_blank);
    text::unquoted(split_outside_quotes(text, is_blank).next().unwrap_or_default())
}

/// Splits as [`str::split`] does, but not between quotes.
fn split_outside_quotes(
    text: &str,
    is_separator: impl Fn(char) -> bool,
) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |letter| {
        is_quoted ^= letter == '"';
        is_separator(letter) && !is_quoted
    })
}
