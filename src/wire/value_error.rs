//! What can be wrong with the value of a header field.

use std::fmt;

use crate::fault::reader_error;

reader_error! {
    /// A text that is no value of a header field, or of part of one.
    ///
    /// ```
    /// use msrp::wire::{TransactionId, ValueErrorKind};
    ///
    /// let error = TransactionId::new("7fq2 k9").unwrap_err();
    /// assert_eq!(error.kind(), ValueErrorKind::IdentCharacter);
    /// assert_eq!(error.place(), 4..5);
    /// ```
    ValueError of ValueErrorKind
}

/// What is wrong with the value of a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// A transaction id or Message-ID is not 4 to 32 characters long.
    IdentLength,
    /// A transaction id or Message-ID has a character other than letters, digits and
    /// `. - + % =`, or starts with none of the letters and digits.
    IdentCharacter,
    /// A status code is not three digits.
    StatusCode,
    /// A Byte-Range is not of the form `1-5/5`, or a number is above 2⁶⁴ − 1.
    ByteRange,
    /// A Byte-Range starts at zero; the first octet is number one.
    ZeroStart,
    /// A Byte-Range ends more than one octet before its start.
    EndBeforeStart,
    /// A Byte-Range ends after its total.
    EndAfterTotal,
    /// A value is not text: it has control octets, or is not UTF-8.
    Text,
    /// A Status is not a namespace, a status code and an optional comment.
    Status,
    /// A Success-Report is neither `yes` nor `no`.
    SuccessReport,
    /// A Failure-Report is none of `yes`, `no` and `partial`.
    FailureReport,
    /// A media type is not `type/subtype` with optional parameters.
    MediaType,
    /// A nickname is empty. No nickname is `None`.
    NicknameEmpty,
    /// A nickname has more than 1,023 octets.
    NicknameTooLong,
    /// A nickname has a control character.
    NicknameControl,
    /// A Use-Nickname has no quotes.
    NicknameUnquoted,
    /// A Use-Nickname is no quoted string: its quote is not closed, text follows it,
    /// or a backslash escapes neither a quote nor a backslash.
    NicknameQuoting,
}

impl fmt::Display for ValueErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdentLength => "an identifier must be 4 to 32 characters",
            Self::IdentCharacter => {
                "an identifier must be a letter or digit, then letters, digits and . - + % ="
            }
            Self::StatusCode => "a status code must be three digits",
            Self::ByteRange => "a Byte-Range must be of the form 1-5/5, with * for unknown numbers",
            Self::ZeroStart => "a Byte-Range must start at 1 or later",
            Self::EndBeforeStart => "a Byte-Range must not end before its start",
            Self::EndAfterTotal => "a Byte-Range must not end after its total",
            Self::Text => "a value must be UTF-8 without control octets",
            Self::Status => "a Status must be a namespace and a status code of three digits each",
            Self::SuccessReport => "a Success-Report must be yes or no",
            Self::FailureReport => "a Failure-Report must be yes, no or partial",
            Self::MediaType => {
                "a media type must be type/subtype with optional ;name=value parameters"
            }
            Self::NicknameEmpty => "a nickname must not be empty",
            Self::NicknameTooLong => "a nickname may have at most 1,023 octets",
            Self::NicknameControl => "a nickname must not have control characters",
            Self::NicknameUnquoted => "a Use-Nickname must be in quotes",
            Self::NicknameQuoting => "a Use-Nickname must be one quoted string",
        })
    }
}
