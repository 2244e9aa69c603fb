//! What is wrong with what was read, and with what was to be written.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use crate::limits::{MAX_BOUNDARY_OCTETS, MAX_DEPTH, MAX_HEAD_LINES, MAX_HEAD_OCTETS, MAX_HEADERS};
use crate::text::Source;
use crate::tolerance::CpimTolerance;

/// A text, a body or a document that cannot be read.
///
/// It says what is wrong and where, and never repeats the input.
///
/// ```
/// use msrp_cpim::{CpimRef, ParseErrorKind};
///
/// let message = b"From: <im:ada@x>\r\nA: b\rc\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
/// let error = CpimRef::parse(message).unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::ControlCharacter);
/// assert_eq!(&message[error.place()], b"A: b\rc");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct ParseError {
    kind: ParseErrorKind,
    start: usize,
    end: usize,
    #[cfg(feature = "xml")]
    #[source]
    cause: Option<Box<roxmltree::Error>>,
}

impl ParseError {
    pub(crate) const fn new(kind: ParseErrorKind, place: Range<usize>) -> Self {
        Self {
            kind,
            start: place.start,
            end: place.end,
            #[cfg(feature = "xml")]
            cause: None,
        }
    }

    #[cfg(feature = "xml")]
    pub(crate) fn xml(cause: roxmltree::Error, at: usize) -> Self {
        let cause = Some(Box::new(cause));
        Self { cause, ..Self::new(ParseErrorKind::Xml, at..at) }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// Where in the input: octets, counted from zero. Empty if something is
    /// missing there, or if what follows exceeds a limit.
    #[must_use]
    pub const fn place(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// What is wrong with a part of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault<'a> {
    kind: ParseErrorKind,
    part: &'a [u8],
}

impl<'a> Fault<'a> {
    pub(crate) fn new(kind: ParseErrorKind, part: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { kind, part: part.as_ref() }
    }

    /// The error for `input`, of which the part is a slice: its address gives
    /// its place.
    pub(crate) fn within(self, input: &[u8]) -> ParseError {
        let offset = self.part.as_ptr().addr().saturating_sub(input.as_ptr().addr());
        let start = offset.min(input.len());
        let end = input.len().min(start + self.part.len());
        ParseError::new(self.kind, start..end)
    }

    /// The error for `input`, where the part is a slice of the text of a source in it.
    pub(crate) fn within_text(self, text: &str, source: Source<'_>, input: &[u8]) -> ParseError {
        let part = source.octets_of(&self.within(text.as_bytes()).place());
        Fault { kind: self.kind, part }.within(input)
    }
}

/// What is wrong with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// A message/cpim ends before the blank line that precedes its body.
    Incomplete,
    /// Headers exceed the limit of octets, or 512 lines.
    TooLong {
        /// The limit of octets.
        max: usize,
    },
    /// A message/cpim has more than [`MAX_HEADERS`] message headers, MIME header
    /// fields, or names in Require.
    TooManyHeaders,
    /// No line of a message/cpim is a message header. The first one has no name before a
    /// colon.
    Header,
    /// A message header contains a CR or a NUL.
    ControlCharacter,
    /// A second MIME header field of this name that differs, where readers could differ in
    /// which one counts: which type the body has, how it is encoded, and what to do with it.
    Repeated(&'static str),
    /// No line among MIME header fields is a field, or one contains a control character.
    MimeHeader,
    /// A deviation from RFC 3862 that the caller does not tolerate.
    NotTolerated(CpimTolerance),
    /// The text is no address.
    Address,
    /// The text is no absolute URI.
    Uri,
    /// The text is no date and time of RFC 3339, or there is no such day or time.
    DateTime,
    /// The media type is not `multipart/…`.
    NotMultipart,
    /// The media type has no boundary, or one that is longer than
    /// [`MAX_BOUNDARY_OCTETS`].
    Boundary,
    /// A multipart body has no delimiter with its boundary, and thus no part.
    MissingDelimiter,
    /// More than [`MAX_DEPTH`] multipart bodies inside one another.
    TooDeep,
    /// A document is not well-formed XML in UTF-8 or UTF-16, has a DTD, or exceeds its limits, which
    /// the front page of the crate lists.
    Xml,
    /// The root of a document is another element than this one.
    Root(&'static str),
    /// A document lacks this element or attribute.
    Missing(&'static str),
    /// A notification has no disposition, of RFC 5438 or of another namespace.
    Disposition,
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => {
                f.write_str("the message ends before the blank line that precedes its body")
            }
            Self::TooLong { max } => {
                write!(f, "the headers exceed {max} octets or {MAX_HEAD_LINES} lines")
            }
            Self::TooManyHeaders => {
                write!(f, "more than {MAX_HEADERS} headers of one kind, or names in Require")
            }
            Self::Header => {
                f.write_str("no line is a message header: a name, a colon, a space and a value")
            }
            Self::ControlCharacter => f.write_str("a message header must escape CR and NUL"),
            Self::Repeated(name) => write!(f, "duplicate header {name} with another value"),
            Self::MimeHeader => f.write_str(
                "a MIME header field must be a name, a colon and a value \
                 without control characters",
            ),
            Self::NotTolerated(name) => write!(f, "the message deviates from RFC 3862: {name}"),
            Self::Address => f.write_str(
                "an address must be an absolute URI in angle brackets, after an optional name",
            ),
            Self::Uri => f.write_str(
                "an absolute URI must have a scheme, and no space, quote, angle bracket or \
                 control character",
            ),
            Self::DateTime => f.write_str(
                "a date and time must have the form 2000-12-13T13:40:00-08:00 (RFC 3339)",
            ),
            Self::NotMultipart => f.write_str("the media type is not a multipart type"),
            Self::MissingDelimiter => {
                f.write_str("no line of the body is the boundary after two hyphens")
            }
            Self::Boundary => {
                write!(f, "the media type needs a boundary of 1 to {MAX_BOUNDARY_OCTETS} octets")
            }
            Self::TooDeep => write!(f, "multipart bodies may be nested at most {MAX_DEPTH} deep"),
            Self::Xml => f.write_str(
                "the document must be XML in UTF-8 or UTF-16 without a DTD, and within the limits of \
                 octets, nodes, attributes and namespaces",
            ),
            Self::Root(name) => write!(f, "the root of the document must be the element {name}"),
            Self::Missing(name) => write!(f, "{name} is missing in the document"),
            Self::Disposition => {
                f.write_str("the notification has no disposition of RFC 5438 or another namespace")
            }
        }
    }
}

/// A message or a body that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The name of a header or a prefix is malformed.
    #[error(
        "a header name must be letters, digits and !#$%&'*+-^_`|~, after an optional prefix and a dot"
    )]
    Name,
    /// A header that [`CpimBuilder`](crate::CpimBuilder) writes with a method of
    /// its own, or whose name starts as those of MIME.
    #[error("the header {0} is reserved")]
    Reserved(String),
    /// A prefix without a
    /// [`CpimBuilder::namespace`](crate::CpimBuilder::namespace) before its use.
    #[error("the prefix {0} must be declared before its use (RFC 3862 section 3.4)")]
    UnknownPrefix(String),
    /// A second declaration of a prefix.
    #[error("duplicate prefix {0}")]
    RepeatedPrefix(String),
    /// A namespace is no absolute URI.
    #[error("a namespace must be an absolute URI")]
    Namespace,
    /// A value is empty, or has spaces at its ends. No line may end with white
    /// space, and a space has no escape.
    #[error("a value must not be empty, and must not start or end with a space")]
    Value,
    /// A language is no tag of RFC 3066.
    #[error("a language must be a tag such as en-GB")]
    Language,
    /// A second header of a kind that occurs once (RFC 4975 section 13, RFC 5438
    /// section 6.4).
    #[error("duplicate header {0}")]
    Repeated(&'static str),
    /// A message that asks for notifications lacks this header, or has several
    /// of them (RFC 5438 section 7.1.1).
    #[error("a message that asks for notifications needs exactly one {0}")]
    Missing(&'static str),
    /// A MIME header field has a name or a value that it cannot have, or is the
    /// Content-Type, which comes from the media type.
    #[error("a MIME header field must be a name and a value on one line, and not the Content-Type")]
    MimeHeader,
    /// A message/cpim exceeds what a reader of this crate accepts.
    #[error(
        "a message may have at most {MAX_HEADERS} headers of each kind and names in Require, \
         and {MAX_HEAD_OCTETS} octets before its body"
    )]
    TooLong,
    /// The Message-ID of an IMDN is no token.
    #[error("the Message-ID of an IMDN must be letters, digits and !#$%&'*+-.^_`|~")]
    MessageId,
    /// A notification has the Message-ID of the message that it is about.
    #[error("a notification needs a Message-ID of its own")]
    SameMessageId,
    /// A notification about a notification, or one that asks for notifications
    /// or records their route (RFC 5438 section 7.2.1).
    #[error("a notification must not lead to another notification (RFC 5438 section 7.2.1)")]
    NotificationOfNotification,
    /// A notification that the sender did not ask for.
    #[error("the sender did not ask for this notification")]
    NotRequested,
    /// A second notification of the same kind.
    #[error("a recipient sends at most one notification of each kind (RFC 5438 section 7.2.1)")]
    AlreadySent,
    /// A processing notification from a recipient. Recipients send delivery and
    /// display notifications.
    #[error("only an intermediary sends processing notifications (RFC 5438 section 7.2.1)")]
    ProcessingNotification,
    /// The boundary of a multipart body is malformed.
    #[error(
        "a boundary must be 1 to 70 letters, digits, spaces and '()+_,-./:=?, and not end with a space"
    )]
    Boundary,
    /// A part contains the boundary.
    #[error("the boundary occurs in a part; use a fresh random one")]
    BoundaryInPart,
    /// A multipart body without a part.
    #[error("a multipart body needs at least one part")]
    NoParts,
}
