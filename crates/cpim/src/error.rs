//! What is wrong with a message/cpim, read or written.

use thiserror::Error;

use crate::format::{MAX_HEAD_OCTETS, MAX_HEADERS};
use crate::tolerance::CpimTolerance;

/// Why a body is no message/cpim.
///
/// Says which header is wrong and never repeats what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CpimError {
    /// The message ends before the blank line in front of its content.
    #[error("the message ends before the blank line in front of its content")]
    Incomplete,
    /// More than [`MAX_HEAD_OCTETS`] before the content, or 512 lines before a
    /// blank one.
    #[error("the headers may have at most {MAX_HEAD_OCTETS} octets and 512 lines")]
    TooLong,
    /// More than [`MAX_HEADERS`] message headers, MIME header fields or names in
    /// Require.
    #[error("a message may have at most {MAX_HEADERS} headers and required names")]
    TooManyHeaders,
    /// Headers that are no UTF-8.
    #[error("headers are UTF-8")]
    Utf8,
    /// A line that is no header: no name of the right letters before a colon,
    /// or parameters that are none.
    #[error("a message header is a name, a colon, parameters, a space and a value on one line")]
    Header,
    /// A control character that is not escaped.
    #[error("a message header holds no control characters but as escapes")]
    ControlCharacter,
    /// A header of RFC 3862 with a value of the wrong form.
    #[error("the header {0} has a value of the wrong form")]
    Value(&'static str),
    /// A header that is there twice, so that its readers could differ: who has
    /// sent the message and when, of which type the body is, how it is encoded
    /// and what is to be done with it. A From or a DateTime without a prefix
    /// counts in whatever letter case and namespace, since not every reader
    /// knows of these.
    #[error("the header {0} is there twice")]
    Repeated(&'static str),
    /// A line among the MIME header fields that is none.
    #[error("a MIME header field is a name, a colon and a value without control characters")]
    MimeHeader,
    /// A deviation that is not tolerated.
    #[error("the message deviates from RFC 3862: {0:?}")]
    NotTolerated(CpimTolerance),
}

/// Why a message/cpim cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CpimBuildError {
    /// A header name that is none.
    #[error("a header name is letters, digits and !#$%&'*+-^_`|~, with a prefix and a dot or none")]
    Name,
    /// A header which has a function of its own, or whose name begins as those
    /// of MIME.
    #[error("{0} cannot be written by CpimBuilder::header")]
    Reserved(String),
    /// A prefix that no [`CpimBuilder::namespace`] before has declared.
    #[error("declare the prefix {0} before it is used (RFC 3862 section 3.4)")]
    UnknownPrefix(String),
    /// A prefix that is declared twice.
    #[error("the prefix {0} is declared already")]
    RepeatedPrefix(String),
    /// A namespace that is no absolute URI.
    #[error("a namespace is an absolute URI")]
    Namespace,
    /// An empty value, or one with spaces at its ends: no line may end with
    /// white space, and a space has no escape.
    #[error("a value has no spaces at its ends and is not empty")]
    Blanks,
    /// A language that is no tag of RFC 3066.
    #[error("a language is a tag such as en-GB")]
    Language,
    /// A second header of a kind that may be there once (RFC 4975 section 13,
    /// RFC 5438 section 6.4).
    #[error("{0} may be there once")]
    Repeated(&'static str),
    /// A message that asks for notifications, and has no DateTime (RFC 5438
    /// section 7.1.1.2).
    #[error("a message that asks for notifications needs a DateTime")]
    MissingDateTime,
    /// A notification that asks for notifications or says which way they take
    /// (RFC 5438 section 7.2.1).
    #[error("a notification has no Disposition-Notification and no IMDN-Record-Route")]
    NotificationOfNotification,
    /// A Message-ID that is no token.
    #[error("a Message-ID of IMDN is letters, digits and !#$%&'*+-.^_`|~")]
    MessageId,
    /// A MIME header field with a name or a value that it cannot have, or one
    /// that is written by itself.
    #[error("a MIME header field has a name without spaces and colons, and a value on one line")]
    MimeHeader,
    /// More than a reader of ours takes: [`MAX_HEADERS`], [`MAX_HEAD_OCTETS`].
    #[error(
        "at most {MAX_HEADERS} headers of each kind and names in Require, {MAX_HEAD_OCTETS} octets in all"
    )]
    TooLong,
}
