//! What can be wrong with a head, and what answers it.

use thiserror::Error;

use crate::tolerance::Tolerance;
use crate::wire::header::HeaderName;
use crate::wire::status::StatusCode;

/// What is wrong with a head.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The octets do not start with `MSRP` and a transaction id; where the
    /// frame ends cannot be known.
    #[error("not MSRP: a frame starts with \"MSRP\", a transaction id and a method or status code")]
    NotMsrp,
    /// The head is longer than [`ParseOptions::head_octets`](crate::ParseOptions::head_octets).
    #[error("the head is longer than {limit} octets; raise ParseOptions::head_octets to take it")]
    HeadTooLong {
        /// The limit that was passed, in octets.
        limit: usize,
    },
    /// What follows the transaction id is neither a method nor a status code.
    #[error("the start line has neither a method nor a three-digit status code")]
    StartLine,
    /// The transaction id is not 4 to 32 characters long.
    #[error("the transaction id has not 4 to 32 characters")]
    TransactionId,
    /// A line is no header field: no name, a folded line, or a control octet.
    #[error("header field number {position} is no \"Name: value\" of text")]
    HeaderLine {
        /// Which header field, counted from one.
        position: usize,
    },
    /// The value of a header field is not of its grammar.
    #[error("the value of {} is malformed", .0.as_str())]
    HeaderValue(HeaderName),
    /// A header field that may be there once is there twice.
    #[error("{} is there twice", .0.as_str())]
    Repeated(HeaderName),
    /// To-Path or From-Path is missing.
    #[error("{} is missing", .0.as_str())]
    Missing(HeaderName),
    /// More header fields than [`ParseOptions::headers`](crate::ParseOptions::headers).
    #[error("more than {limit} header fields; raise ParseOptions::headers to take them")]
    TooManyHeaders {
        /// The limit that was passed.
        limit: usize,
    },
    /// More URIs in a path than [`ParseOptions::path_uris`](crate::ParseOptions::path_uris).
    #[error("more than {limit} URIs in a path; raise ParseOptions::path_uris to take them")]
    TooManyUris {
        /// The limit that was passed.
        limit: usize,
    },
    /// A deviation whose tolerance is switched off.
    #[error("{0:?} is not tolerated")]
    NotTolerated(Tolerance),
}

impl ParseError {
    /// The status code that answers a request with this fault. `None` where
    /// framing is lost and the connection can only be closed.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::NotMsrp | Self::HeadTooLong { .. } => None,
            _ => Some(StatusCode::BAD_REQUEST),
        }
    }
}
