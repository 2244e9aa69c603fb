//! Why a description, or one of its values, cannot be read or written.

use std::fmt;
use std::ops::Range;

use msrp::uri::UriError;
use msrp::wire::ValueError;

/// Why a description, or one of its values, cannot be read or written.
///
/// The same type serves every reader and builder of this crate. It names the
/// attribute or line, says what is wrong with it, and where.
///
/// ```
/// use msrp_sdp::{ErrorKind, Fingerprint};
///
/// let error = "sha-256 4A:ZZ".parse::<Fingerprint>().unwrap_err();
/// assert_eq!(error.attribute(), "fingerprint");
/// assert_eq!((error.kind(), error.part()), (ErrorKind::Malformed, Some("hash")));
/// assert_eq!(error.octets(), Some(8..13));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    subject: Subject,
    kind: ErrorKind,
    part: Option<&'static str>,
    expected: Option<&'static str>,
    place: Option<Place>,
    occurrence: usize,
    cause: Option<Box<Cause>>,
}

/// What is wrong with the attribute or line that an [`Error`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It is missing, or the part of it is that [`Error::part`] names.
    Missing,
    /// It occurs more than once, or the part does. Two readers could disagree about
    /// which one counts.
    Duplicate,
    /// It does not follow its grammar.
    Malformed,
    /// A quoted string has no closing quote.
    UnclosedQuote,
    /// The value is well-formed, but not one that this crate can use.
    Unknown,
    /// A number is too small, too large, or contradicts another one.
    OutOfRange,
    /// A hash has another length than its hash function gives.
    HashLength {
        /// How many octets the hash function gives.
        expected: usize,
    },
    /// It has more octets than this crate reads.
    TooLong {
        /// The most octets.
        limit: usize,
    },
    /// It has more parts than this crate reads.
    TooMany {
        /// The most parts.
        limit: usize,
    },
    /// It has parts that exclude each other.
    Conflict,
    /// It is well-formed, but must not be used here.
    NotAllowed,
    /// The media section is for another protocol. Answer it with
    /// [`refuse`](crate::refuse).
    NotMsrp,
    /// The media section has port 0: refused in an answer, ended in an offer.
    Closed,
}

impl ErrorKind {
    /// The name of the kind, for logs and scripts, such as `too-long`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Duplicate => "duplicate",
            Self::Malformed => "malformed",
            Self::UnclosedQuote => "unclosed-quote",
            Self::Unknown => "unknown",
            Self::OutOfRange => "out-of-range",
            Self::HashLength { .. } => "hash-length",
            Self::TooLong { .. } => "too-long",
            Self::TooMany { .. } => "too-many",
            Self::Conflict => "conflict",
            Self::NotAllowed => "not-allowed",
            Self::NotMsrp => "not-msrp",
            Self::Closed => "closed",
        }
    }
}

/// What an error is about, and how its name is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// `a=path`
    Attribute(&'static str),
    /// `m= line`
    Line(&'static str),
    /// `Content-Disposition`, or the whole description.
    Text(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Line(usize),
    Octets(Range<usize>),
}

/// An error of `msrp`, in a value that this crate leaves to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Uri(UriError),
    MediaType(ValueError),
}

impl Error {
    /// The name of the attribute, such as `path`; of the line, such as `m=`; or
    /// `Content-Disposition` or `session description`.
    #[must_use]
    pub const fn attribute(&self) -> &'static str {
        match self.subject {
            Subject::Attribute(name) | Subject::Line(name) | Subject::Text(name) => name,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The part of the value that is wrong, such as `size` in a file-selector.
    /// `None` if it is the value as a whole.
    #[must_use]
    pub const fn part(&self) -> Option<&'static str> {
        self.part
    }

    /// The one-based line of the description. `None` from the reader of a single
    /// value.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        match self.place {
            Some(Place::Line(line)) => Some(line),
            Some(Place::Octets(_)) | None => None,
        }
    }

    /// The zero-based octets of the attribute's value. `None` if something is
    /// missing, and for a value that was not read from text.
    #[must_use]
    pub fn octets(&self) -> Option<Range<usize>> {
        match &self.place {
            Some(Place::Octets(octets)) => Some(octets.clone()),
            Some(Place::Line(_)) | None => None,
        }
    }

    /// Which of the attributes with this name is wrong, from zero, in a section that has
    /// several. Those of the session count only where the section has none of its own.
    #[must_use]
    pub const fn occurrence(&self) -> usize {
        self.occurrence
    }

    pub(crate) const fn of(attribute: &'static str, kind: ErrorKind) -> Self {
        Self::new(Subject::Attribute(attribute), kind)
    }

    pub(crate) const fn of_line(line: &'static str, kind: ErrorKind) -> Self {
        Self::new(Subject::Line(line), kind)
    }

    pub(crate) const fn of_text(text: &'static str, kind: ErrorKind) -> Self {
        Self::new(Subject::Text(text), kind)
    }

    const fn new(subject: Subject, kind: ErrorKind) -> Self {
        let (part, expected, place, cause) = (None, None, None, None);
        Self { subject, kind, part, expected, place, occurrence: 0, cause }
    }

    /// Names the part of the value that is wrong.
    pub(crate) const fn with_part(mut self, part: &'static str) -> Self {
        self.part = Some(part);
        self
    }

    /// Says what would be right.
    pub(crate) const fn with_expected(mut self, expected: &'static str) -> Self {
        self.expected = Some(expected);
        self
    }

    pub(crate) fn with_line(mut self, line: usize) -> Self {
        self.place = Some(Place::Line(line));
        self
    }

    /// Places the error in `text`. Without a place so far, all of `part` is wrong;
    /// otherwise the place was one in `part`. `part` is a slice of `text`.
    pub(crate) fn within(mut self, text: &str, part: &str) -> Self {
        let offset = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let octets = self.octets().unwrap_or(0..part.len());
        self.place = Some(Place::Octets(octets.start + offset..octets.end + offset));
        self
    }

    /// Says which of the attributes with this name is wrong, from zero.
    pub(crate) const fn of_occurrence(mut self, index: usize) -> Self {
        self.occurrence = index;
        self
    }

    pub(crate) fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(Box::new(cause.into()));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line() {
            write!(f, "line {line}: ")?;
        }
        self.write_fault(f)?;
        self.expected.map_or(Ok(()), |expected| write!(f, ", expected {expected}"))
    }
}

impl Error {
    fn write_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, part) = (self.subject, self.part.unwrap_or("value"));
        match self.kind {
            ErrorKind::Missing => self.write_adjective(f, "missing"),
            ErrorKind::Duplicate => self.write_adjective(f, "duplicate"),
            ErrorKind::Malformed => self.write_adjective(f, "malformed"),
            ErrorKind::UnclosedQuote => write!(f, "{subject}: unclosed quote"),
            ErrorKind::Unknown => write!(f, "{subject}: unknown {part}"),
            ErrorKind::OutOfRange => write!(f, "{subject}: {part} out of range"),
            ErrorKind::HashLength { expected } => {
                write!(f, "{subject}: the hash must have {expected} octets")
            }
            ErrorKind::TooLong { limit } => write!(f, "{subject}: more than {limit} octets"),
            ErrorKind::TooMany { limit } => write!(f, "{subject}: more than {limit} {part}"),
            ErrorKind::Conflict => write!(f, "{subject}: {part} exclude each other"),
            ErrorKind::NotAllowed => write!(f, "{subject}: {part} not allowed"),
            ErrorKind::NotMsrp => write!(f, "{subject}: the media is not MSRP"),
            ErrorKind::Closed => write!(f, "{subject}: the port is 0"),
        }
    }

    /// "duplicate a=path" or "a=dcmap: duplicate label".
    fn write_adjective(&self, f: &mut fmt::Formatter<'_>, adjective: &str) -> fmt::Result {
        let subject = self.subject;
        match self.part {
            Some(part) => write!(f, "{subject}: {adjective} {part}"),
            None => write!(f, "{adjective} {subject}"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(name) => write!(f, "a={name}"),
            Self::Line(name) => write!(f, "{name} line"),
            Self::Text(name) => f.write_str(name),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.cause.as_deref()? {
            Cause::Uri(error) => Some(error),
            Cause::MediaType(error) => Some(error),
        }
    }
}

impl From<UriError> for Cause {
    fn from(error: UriError) -> Self {
        Self::Uri(error)
    }
}

impl From<ValueError> for Cause {
    fn from(error: ValueError) -> Self {
        Self::MediaType(error)
    }
}
