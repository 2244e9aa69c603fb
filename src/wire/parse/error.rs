//! What can be wrong with a head, and the status code that says so.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use crate::tolerance::Tolerance;
use crate::uri::UriError;
use crate::wire::header::HeaderName;
use crate::wire::status::StatusCode;
use crate::wire::value_error::ValueError;

/// A head that cannot be read, or not without a tolerance that is switched off.
///
/// Where the value of a header field is wrong, [`source`](Error::source) says why: a
/// [`UriError`] or a [`ValueError`], whose place counts from the start of the value.
///
/// Two errors are equal if the same is wrong at the same place of a head, wherever the
/// heads lie in their streams.
#[derive(Clone, Debug)]
pub struct ParseError {
    kind: ParseErrorKind,
    start: usize,
    end: usize,
    cause: Option<Cause>,
    /// Octets of the stream before the head.
    before: u64,
}

/// What is wrong with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The octets do not start with a line of `MSRP` and a transaction id that ends in
    /// CRLF, or the end-line within the head ends in LF alone. Where the frame ends
    /// cannot be known.
    NotMsrp,
    /// The head is longer than [`ParseOptions::head_octets`](crate::ParseOptions::head_octets).
    HeadTooLong {
        /// The limit, in octets.
        limit: usize,
    },
    /// The transaction id is followed by neither a method nor a status code.
    StartLine,
    /// The transaction id is not 4 to 32 characters long, or begins with neither a letter
    /// nor a digit.
    TransactionId,
    /// A line is no header field: it has no name, is folded or has a control octet.
    HeaderLine {
        /// Which header field, counted from one.
        position: usize,
    },
    /// The value of a header field does not follow its grammar.
    HeaderValue(HeaderName),
    /// A header field that is allowed once occurs again.
    Repeated(HeaderName),
    /// To-Path or From-Path is missing.
    Missing(HeaderName),
    /// The head has more header fields than [`ParseOptions::headers`](crate::ParseOptions::headers).
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// A path has more URIs than [`ParseOptions::path_uris`](crate::ParseOptions::path_uris).
    TooManyUris {
        /// The limit.
        limit: usize,
    },
    /// The head deviates in a way whose tolerance is switched off.
    NotTolerated(Tolerance),
}

/// Why the value of a header field is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Uri(UriError),
    Value(ValueError),
}

impl ParseError {
    pub(crate) const fn new(kind: ParseErrorKind, place: Range<usize>) -> Self {
        Self { kind, start: place.start, end: place.end, cause: None, before: 0 }
    }

    /// The head lies after so many octets of a stream.
    pub(crate) const fn lies_after(&mut self, octets: u64) {
        self.before = octets;
    }

    pub(crate) const fn with_cause(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// Where in the head: octets counted from zero. Empty where something is missing.
    #[must_use]
    pub const fn place(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Where in the stream of a [`Decoder`](crate::wire::Decoder): octets from its start to
    /// the start of [`place`](Self::place). Without a decoder the head is the stream.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.before.saturating_add(self.start as u64)
    }
}

impl ParseErrorKind {
    /// The status code that responds to a request with such a head. `None` if framing
    /// is lost and the connection can only be closed.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::NotMsrp | Self::HeadTooLong { .. } => None,
            Self::StartLine
            | Self::TransactionId
            | Self::HeaderLine { .. }
            | Self::HeaderValue(_)
            | Self::Repeated(_)
            | Self::Missing(_)
            | Self::TooManyHeaders { .. }
            | Self::TooManyUris { .. }
            | Self::NotTolerated(_) => Some(StatusCode::BAD_REQUEST),
        }
    }
}

impl ParseErrorKind {
    /// Whether a response with such a head still has its transaction id and its status.
    pub(super) const fn is_of_detail(&self) -> bool {
        match self {
            Self::StartLine
            | Self::HeaderLine { .. }
            | Self::HeaderValue(_)
            | Self::Repeated(_)
            | Self::Missing(_)
            | Self::TooManyHeaders { .. }
            | Self::TooManyUris { .. } => true,
            Self::NotMsrp
            | Self::HeadTooLong { .. }
            | Self::TransactionId
            | Self::NotTolerated(_) => false,
        }
    }
}

impl PartialEq for ParseError {
    fn eq(&self, other: &Self) -> bool {
        let of = |it: &Self| (it.kind, it.start, it.end, it.cause);
        of(self) == of(other)
    }
}

impl Eq for ParseError {}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for ParseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| match cause {
            Cause::Uri(error) => error as &(dyn Error + 'static),
            Cause::Value(error) => error,
        })
    }
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMsrp => f.write_str(
                "a frame must start with MSRP and a transaction id, and its lines must end in CRLF",
            ),
            Self::HeadTooLong { limit } => {
                write!(f, "the head is longer than {limit} octets (ParseOptions::head_octets)")
            }
            Self::StartLine => f.write_str(
                "the transaction id must be followed by a method or a three-digit status code",
            ),
            Self::TransactionId => f.write_str(
                "the transaction id must be 4 to 32 characters, the first a letter or a digit",
            ),
            Self::HeaderLine { position } => {
                write!(f, "header field number {position} must be \"Name: value\"")
            }
            Self::HeaderValue(name) => write!(f, "malformed {name}"),
            Self::Repeated(name) => write!(f, "duplicate {name}"),
            Self::Missing(name) => write!(f, "missing {name}"),
            Self::TooManyHeaders { limit } => {
                write!(f, "the head has more than {limit} header fields (ParseOptions::headers)")
            }
            Self::TooManyUris { limit } => {
                write!(f, "a path has more than {limit} URIs (ParseOptions::path_uris)")
            }
            Self::NotTolerated(tolerance) => write!(f, "{tolerance} is not tolerated"),
        }
    }
}
