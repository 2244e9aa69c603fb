//! The owned path.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use super::{MsrpUri, PathRef, UriError, UriErrorKind, UriRef, Uris};

/// An owned list of one or more URIs, with one space between two. Cloning it only counts
/// a reference.
///
/// ```
/// use msrp::uri::{MsrpUri, Path};
///
/// // A client makes its path in SDP from the Use-Path of its relay.
/// let use_path: Path = "msrps://b.example:2855/t2;tcp msrps://a.example:2855/t1;tcp".parse()?;
/// let own: MsrpUri = "msrps://host.example:2855/s;tcp".parse().unwrap();
/// let path = use_path.reversed().with_last(own.view());
/// assert_eq!(path.first().host_str(), "a.example");
/// assert_eq!(path.last(), own);
/// # Ok::<(), msrp::uri::UriError>(())
/// ```
#[derive(Clone)]
pub struct Path {
    text: Arc<str>,
    uris: usize,
}

#[expect(clippy::len_without_is_empty, reason = "a path is never empty")]
impl Path {
    /// A path of these URIs, in this order.
    ///
    /// # Errors
    ///
    /// [`UriErrorKind::EmptyPath`] if `uris` is empty.
    pub fn new(uris: impl IntoIterator<Item = MsrpUri>) -> Result<Self, UriError> {
        let mut text = String::new();
        let mut count = 0;
        for uri in uris {
            append(&mut text, uri.as_str());
            count += 1;
        }
        if count == 0 {
            Err(UriErrorKind::EmptyPath.into())
        } else {
            Ok(Self { text: text.into(), uris: count })
        }
    }

    /// The borrowed path.
    #[must_use]
    pub fn view(&self) -> PathRef<'_> {
        PathRef::from_checked(&self.text, self.uris, None)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number of URIs, at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.uris
    }

    /// The first URI, see [`PathRef::first`].
    #[must_use]
    pub fn first(&self) -> UriRef<'_> {
        self.view().first()
    }

    /// The last URI, see [`PathRef::last`].
    #[must_use]
    pub fn last(&self) -> UriRef<'_> {
        self.view().last()
    }

    /// The URIs from first to last.
    #[must_use]
    pub fn iter(&self) -> Uris<'_> {
        self.view().iter()
    }

    /// The same URIs from last to first, as a Use-Path becomes a path in SDP
    /// (RFC 4976 section 5.1).
    #[must_use]
    pub fn reversed(&self) -> Self {
        let text = joined(self.view().texts().rev());
        Self { text: text.into(), uris: self.uris }
    }

    /// This path with `uri` before its first URI, as a relay puts its own in front of a
    /// From-Path (RFC 4976 section 6.4).
    #[must_use]
    pub fn with_first(&self, uri: UriRef<'_>) -> Self {
        Self { text: format!("{uri} {}", self.text).into(), uris: self.uris + 1 }
    }

    /// This path with `uri` after its last URI.
    #[must_use]
    pub fn with_last(&self, uri: UriRef<'_>) -> Self {
        Self { text: format!("{} {uri}", self.text).into(), uris: self.uris + 1 }
    }

    /// This path with the URIs of `rest` after its own.
    ///
    /// A client's requests go through its relays and then along the path of
    /// its peer (RFC 4976 section 5.1).
    #[must_use]
    pub fn followed_by(&self, rest: PathRef<'_>) -> Self {
        let text = joined(self.view().texts().chain(rest.texts()));
        Self { text: text.into(), uris: self.uris + rest.len() }
    }
}

impl<'a> IntoIterator for &'a Path {
    type Item = UriRef<'a>;
    type IntoIter = Uris<'a>;

    fn into_iter(self) -> Uris<'a> {
        self.iter()
    }
}

impl From<MsrpUri> for Path {
    fn from(uri: MsrpUri) -> Self {
        Self { text: Arc::clone(uri.text()), uris: 1 }
    }
}

impl From<PathRef<'_>> for Path {
    fn from(path: PathRef<'_>) -> Self {
        Self { text: joined(path.texts()).into(), uris: path.len() }
    }
}

/// Reads a path of any number of URIs. For the text of a peer, [`PathRef::parse`] takes a
/// limit.
impl FromStr for Path {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        PathRef::parse(text, usize::MAX).map(Self::from)
    }
}

impl TryFrom<&str> for Path {
    type Error = UriError;

    fn try_from(text: &str) -> Result<Self, UriError> {
        text.parse()
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl Eq for Path {}

impl PartialEq<PathRef<'_>> for Path {
    fn eq(&self, other: &PathRef<'_>) -> bool {
        self.view() == *other
    }
}

impl PartialEq<Path> for PathRef<'_> {
    fn eq(&self, other: &Path) -> bool {
        *self == other.view()
    }
}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.view().hash(state);
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.text)
    }
}

fn joined<'a>(uris: impl Iterator<Item = &'a str>) -> String {
    uris.fold(String::new(), |mut text, uri| {
        append(&mut text, uri);
        text
    })
}

fn append(path: &mut String, uri: &str) {
    if !path.is_empty() {
        path.push(' ');
    }
    path.push_str(uri);
}
