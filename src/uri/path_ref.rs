//! The borrowed path.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::FusedIterator;
use std::ops::Range;

use super::read;
use super::spans::Spans;
use super::{Path, UriError, UriErrorKind, UriRef};

/// A borrowed list of one or more URIs, as in To-Path, From-Path and Use-Path and in the
/// `path` attribute of SDP.
///
/// Reading a path checks all of it, and keeps the text, the number of URIs and where the
/// parts of the first one are; the others are split into their parts on demand. Two paths
/// are equal if they have equal URIs in the same order.
///
/// ```
/// use msrp::uri::PathRef;
///
/// let path = PathRef::parse("msrps://relay.example.net:2855/t1;tcp msrp://[::1]:9/s;tcp", 16)?;
/// assert_eq!(path.len(), 2);
/// assert_eq!(path.first().host_str(), "relay.example.net");
/// assert_eq!(path.last().session_id(), Some("s"));
/// # Ok::<(), msrp::uri::UriError>(())
/// ```
#[derive(Clone, Copy)]
pub struct PathRef<'a> {
    text: &'a str,
    uris: usize,
    first: Option<Spans>,
}

#[expect(clippy::len_without_is_empty, reason = "a path is never empty")]
impl<'a> PathRef<'a> {
    /// Reads a path of at most `max_uris` URIs, with one space between two.
    ///
    /// # Errors
    ///
    /// [`UriError`] says what is wrong, and with which URI.
    pub fn parse(text: &'a str, max_uris: usize) -> Result<Self, UriError> {
        let shape = read::path(text.as_bytes(), max_uris)?;
        if shape.extra_spaces {
            return Err(UriError::new(UriErrorKind::ExtraSpace, extra_space(text)));
        }
        Ok(Self::from_checked(text, shape.uris, Some(shape.first)))
    }

    /// A path in whose text [`read::path`] found `uris` URIs, and perhaps extra
    /// spaces. Those at the ends are dropped, those in between stay. `first` holds the
    /// parts of the first URI, if they are known.
    pub(crate) fn from_checked(text: &'a str, uris: usize, first: Option<Spans>) -> Self {
        Self { text: text.trim_ascii(), uris, first }
    }

    /// An owned copy, with one space between two URIs.
    #[must_use]
    pub fn to_path(self) -> Path {
        Path::from(self)
    }

    /// The text, as it was written.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// The number of URIs, at least one.
    #[must_use]
    pub fn len(self) -> usize {
        self.uris
    }

    /// The first URI: the next hop in a To-Path, the previous hop in a From-Path.
    #[must_use]
    pub fn first(self) -> UriRef<'a> {
        let (first, _) = split_first(self.text, self.uris);
        taken_apart(first, self.first)
    }

    /// The last URI: the target in a To-Path, the sender in a From-Path. In a path of one
    /// URI, it is also the first.
    #[must_use]
    pub fn last(self) -> UriRef<'a> {
        let (_, last) = split_last(self.text, self.uris);
        taken_apart(last, self.first.filter(|_| self.uris == 1))
    }

    /// The URIs from first to last.
    #[must_use]
    pub fn iter(self) -> Uris<'a> {
        Uris { text: self.text, left: self.uris, first: self.first }
    }

    /// The texts of the URIs.
    pub(super) fn texts(self) -> impl DoubleEndedIterator<Item = &'a str> {
        self.text.split(' ').filter(|text| !text.is_empty())
    }

    /// The path without its first URI, as a relay takes its own off a To-Path (RFC 4976
    /// section 6.4). `None` for a path of one URI.
    #[must_use]
    pub fn without_first(self) -> Option<Self> {
        let (_, rest) = split_first(self.text, self.uris);
        let uris = self.uris.checked_sub(1).filter(|uris| *uris > 0)?;
        let (next, _) = split_first(rest, uris);
        // Who takes one off looks at the next.
        Some(Self { text: rest, uris, first: Some(UriRef::from_checked(next).spans()) })
    }
}

impl<'a> IntoIterator for PathRef<'a> {
    type Item = UriRef<'a>;
    type IntoIter = Uris<'a>;

    fn into_iter(self) -> Uris<'a> {
        self.iter()
    }
}

impl<'a> From<UriRef<'a>> for PathRef<'a> {
    fn from(uri: UriRef<'a>) -> Self {
        Self::from_checked(uri.as_str(), 1, Some(uri.spans()))
    }
}

impl PartialEq for PathRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for PathRef<'_> {}

impl Hash for PathRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.uris);
        self.iter().for_each(|uri| uri.hash(state));
    }
}

impl fmt::Display for PathRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text)
    }
}

impl fmt::Debug for PathRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathRef({})", self.text)
    }
}

/// The URIs of a path, from [`PathRef::iter`] or [`Path::iter`].
#[derive(Clone, Debug)]
pub struct Uris<'a> {
    text: &'a str,
    left: usize,
    /// The parts of the first URI of `text`, if they are known.
    first: Option<Spans>,
}

impl<'a> Iterator for Uris<'a> {
    type Item = UriRef<'a>;

    fn next(&mut self) -> Option<UriRef<'a>> {
        let left = self.left.checked_sub(1)?;
        let (first, rest) = split_first(self.text, self.left);
        (self.text, self.left) = (rest, left);
        Some(taken_apart(first, self.first.take()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Uris<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let left = self.left.checked_sub(1)?;
        let (rest, last) = split_last(self.text, self.left);
        (self.text, self.left) = (rest, left);
        Some(taken_apart(last, self.first.filter(|_| left == 0)))
    }
}

impl ExactSizeIterator for Uris<'_> {}

impl FusedIterator for Uris<'_> {}

/// The URI of a checked text, which is read again unless its parts are known.
#[inline]
fn taken_apart(text: &str, spans: Option<Spans>) -> UriRef<'_> {
    match spans {
        Some(spans) => UriRef::from_spans(text, spans),
        None => UriRef::from_checked(text),
    }
}

/// Where the first space is that does not separate two URIs.
#[cold]
fn extra_space(text: &str) -> Range<usize> {
    let octets = text.as_bytes();
    let at = octets.iter().enumerate().position(|(at, octet)| {
        let is_separator = at > 0 && octets.get(at + 1).is_some_and(|next| *next != b' ');
        *octet == b' ' && !is_separator
    });
    at.map_or(0..0, |at| at..at + 1)
}

/// The first of the `uris` URIs of `text`, and what follows it and its spaces.
#[inline]
fn split_first(text: &str, uris: usize) -> (&str, &str) {
    if uris == 1 {
        return (text, "");
    }
    let end = memchr::memchr(b' ', text.as_bytes()).unwrap_or(text.len());
    let (first, after) = text.split_at_checked(end).unwrap_or_default();
    (first, after.trim_ascii_start())
}

/// What is before the last of the `uris` URIs of `text` and the spaces before
/// it, and that URI.
#[inline]
fn split_last(text: &str, uris: usize) -> (&str, &str) {
    if uris == 1 {
        return ("", text);
    }
    let start = memchr::memrchr(b' ', text.as_bytes()).map_or(0, |space| space + 1);
    let (before, last) = text.split_at_checked(start).unwrap_or_default();
    (before.trim_ascii_end(), last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Extra spaces, if they are tolerated, change nothing else.
        #[test]
        fn spaces_do_not_matter(
            ids in prop::collection::vec("[a-z0-9]{1,8}", 1..6),
            spaces in prop::collection::vec(1..4_usize, 7),
        ) {
            let uris: Vec<String> = ids.iter().map(|id| format!("msrp://h:1/{id};tcp")).collect();
            let strict = uris.join(" ");
            let mut loose = String::new();
            for (uri, gap) in uris.iter().zip(&spaces) {
                loose += &(" ".repeat(*gap) + uri);
            }
            loose += "  ";

            let shape = read::path(loose.as_bytes(), 16).unwrap_or_else(|error| unreachable!("{error}"));
            let path = PathRef::from_checked(&loose, shape.uris, Some(shape.first));
            prop_assert!(path.iter().map(UriRef::as_str).eq(&uris));
            prop_assert!(path.iter().rev().map(UriRef::as_str).eq(uris.iter().rev()));
            prop_assert_eq!(path.first().as_str(), &uris[0]);
            prop_assert_eq!(path.last().as_str(), &uris[uris.len() - 1]);
            let rest = path.without_first();
            prop_assert_eq!(rest.map_or(0, PathRef::len), uris.len() - 1);
            prop_assert!(rest.into_iter().flatten().map(UriRef::as_str).eq(&uris[1..]));
            prop_assert_eq!(path.to_path().to_string(), strict);
        }
    }
}
