//! Media types: the value of Content-Type, and the lists which say what a
//! session takes (RFC 4975 sections 8.6 and 9).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::grammar;
use super::value_error::{ValueError, ValueErrorKind};

/// A media type with its parameters, such as `text/plain;charset=utf-8`.
///
/// Compared octet for octet; [`MediaTypes::accepts`] is the comparison that
/// knows letter case and parameters. Cloning one is cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MediaType {
    text: Arc<str>,
    /// Octets of `type/subtype`, before any parameter.
    essence: u16,
}

impl MediaType {
    /// Reads a media type: the rule `media-type` of RFC 4975 section 9, with blanks
    /// around semicolons.
    ///
    /// # Errors
    ///
    /// [`ValueError`] if the text is not a media type.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let essence = grammar::whole(grammar::media_type, text.as_bytes());
        let essence = essence.and_then(|essence| u16::try_from(essence.len()).ok());
        let essence = essence.ok_or(malformed(text))?;
        Ok(Self { text: text.into(), essence })
    }

    /// `text/plain`.
    #[must_use]
    pub fn text_plain() -> Self {
        const TEXT_PLAIN: &str = "text/plain";
        Self { text: TEXT_PLAIN.into(), essence: TEXT_PLAIN.len() as u16 }
    }

    /// The media type as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `type/subtype` without the parameters.
    #[must_use]
    pub fn essence(&self) -> &str {
        self.text.get(..usize::from(self.essence)).unwrap_or_default()
    }

    /// Whether it is a kind of text: `text/plain`, `text/html` and their like.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.essence().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"))
    }
}

impl FromStr for MediaType {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::new(text)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaType({self})")
    }
}

/// What one side of a session takes: the `accept-types` and
/// `accept-wrapped-types` of its session description (RFC 4975 section 8.6).
///
/// An entry is `*`, `type/*` or `type/subtype`; its parameters are not
/// compared. `multipart/mixed` and `multipart/alternative` are always taken
/// (section 7.3.1), and so are `message/cpim` (section 13) and
/// `multipart/signed` (section 14.3).
///
/// ```
/// use msrp::MediaTypes;
///
/// let types = MediaTypes::new("text/plain image/*")?.wrapped("text/html")?;
/// assert!(types.accepts("TEXT/PLAIN;charset=utf-8"));
/// assert!(types.accepts("image/png"));
/// assert!(!types.accepts("text/html"));
/// assert!(types.accepts_wrapped("text/html"));
/// # Ok::<(), msrp::wire::ValueError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaTypes {
    root: Vec<Box<str>>,
    wrapped: Vec<Box<str>>,
    mandatory: bool,
}

/// What every endpoint takes, listed or not.
const MANDATORY: [&str; 4] =
    ["message/cpim", "multipart/mixed", "multipart/alternative", "multipart/signed"];

impl MediaTypes {
    /// The types of an `accept-types` attribute: entries separated by spaces.
    ///
    /// # Errors
    ///
    /// [`ValueError`] where an entry is not of the three forms.
    pub fn new(list: &str) -> Result<Self, ValueError> {
        Ok(Self { root: entries(list)?, wrapped: Vec::new(), mandatory: true })
    }

    /// Every type: `*`.
    #[must_use]
    pub fn any() -> Self {
        Self { root: vec!["*".into()], wrapped: Vec::new(), mandatory: true }
    }

    /// Adds the types of an `accept-wrapped-types` attribute, which may come
    /// inside a container only.
    ///
    /// # Errors
    ///
    /// [`ValueError`] where an entry is not of the three forms.
    pub fn wrapped(mut self, list: &str) -> Result<Self, ValueError> {
        self.wrapped.extend(entries(list)?);
        Ok(self)
    }

    /// Takes nothing that is not listed. This is how a peer's list is read: a
    /// sender may not send what the peer signalled nowhere (section 8.6).
    #[must_use]
    pub fn listed_only(mut self) -> Self {
        self.mandatory = false;
        self
    }

    /// The entries of `accept-types`, as a session description lists them. Types that are
    /// always accepted are among them only if they were given.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.root.iter().map(|entry| &**entry)
    }

    /// The entries of `accept-wrapped-types`; empty without this attribute.
    pub fn wrapped_types(&self) -> impl Iterator<Item = &str> {
        self.wrapped.iter().map(|entry| &**entry)
    }

    /// Whether `media_type` may be the type of a whole message.
    #[must_use]
    pub fn accepts(&self, media_type: &str) -> bool {
        let essence = essence_of(media_type);
        matches(&self.root, essence) || (self.mandatory && is_mandatory(essence))
    }

    /// Whether `media_type` may be the type of a part inside a container.
    #[must_use]
    pub fn accepts_wrapped(&self, media_type: &str) -> bool {
        matches(&self.wrapped, essence_of(media_type)) || self.accepts(media_type)
    }

    /// Whether `media_type` is an entry of its own in either list.
    pub(crate) fn names(&self, media_type: &str) -> bool {
        let essence = essence_of(media_type);
        self.root.iter().chain(&self.wrapped).any(|entry| entry.eq_ignore_ascii_case(essence))
    }
}

fn entries(list: &str) -> Result<Vec<Box<str>>, ValueError> {
    list.split(' ').filter(|entry| !entry.is_empty()).map(entry).collect()
}

fn entry(text: &str) -> Result<Box<str>, ValueError> {
    if matches!(text, "*" | "*/*") {
        return Ok("*".into());
    }
    match grammar::whole(grammar::media_type, text.as_bytes()) {
        Some(_) => Ok(essence_of(text).into()),
        None => Err(malformed(text)),
    }
}

const fn malformed(media_type: &str) -> ValueError {
    ValueError::new(ValueErrorKind::MediaType, 0..media_type.len())
}

pub(crate) fn essence_of(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

fn matches(entries: &[Box<str>], essence: &str) -> bool {
    entries.iter().any(|entry| match entry.strip_suffix('*') {
        Some(kind) if kind.is_empty() || kind.ends_with('/') => {
            essence.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
        }
        // A star is a token character like any other in a subtype.
        _ => entry.eq_ignore_ascii_case(essence),
    })
}

fn is_mandatory(essence: &str) -> bool {
    MANDATORY.iter().any(|entry| entry.eq_ignore_ascii_case(essence))
}
