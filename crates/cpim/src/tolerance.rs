//! Deviations from RFC 3862 that deployed stacks make, each with a name.

use crate::tolerance_set::tolerance_set;

/// One deviation from RFC 3862 that is read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum CpimTolerance {
    /// MIME header fields (`Content-…`) among the message headers. Mostly the
    /// blank line before them is missing, as in the examples of RFC 4975 and
    /// RFC 5438: where one of them is Content-Type, the body follows the first
    /// blank line. Otherwise more MIME header fields do.
    ///
    /// Without the tolerance they are message headers that nobody knows.
    MissingBlankLine,
    /// LF alone at the end of a line.
    BareLf,
    /// No space behind the colon of a message header, several, blanks at the
    /// end of its value, or blanks around the commas of a Require.
    HeaderSpace,
    /// A header of RFC 3862 in other letter case, as in `Cc` or `CC`.
    ///
    /// Without the tolerance it is a header that nobody knows.
    HeaderNameCase,
    /// A display name directly before `<`, or one without quotes that needs
    /// them. It holds no quote.
    UnquotedName,
    /// A semicolon and text behind the `>` of an address: the parameters that
    /// SIP has there. They are passed over, and hold no `<`, quote or comma, so
    /// that nobody reads another address.
    TextBehindAddress,
    /// A DateTime that is no date and time of RFC 3339. Its text is among
    /// [`CpimRef::headers`](super::CpimRef::headers).
    DateTimeFormat,
    /// No Content-Type. MIME's default is `text/plain` (RFC 2045 section 5.2).
    MissingContentType,
}

impl CpimTolerance {
    /// Every tolerance, in the order of this enum.
    pub const ALL: [Self; 8] = [
        Self::MissingBlankLine,
        Self::BareLf,
        Self::HeaderSpace,
        Self::HeaderNameCase,
        Self::UnquotedName,
        Self::TextBehindAddress,
        Self::DateTimeFormat,
        Self::MissingContentType,
    ];
}

tolerance_set! {
    /// A set of [`CpimTolerance`]s.
    CpimTolerances of CpimTolerance
}
