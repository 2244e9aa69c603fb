//! Deviations from RFC 3862 in deployed stacks, each with a name.

use std::fmt;

use crate::grammar::UNREADABLE;
use crate::named::named;

named! {
    /// One deviation from RFC 3862 that a reader accepts by default.
    #[derive(PartialOrd, Ord)]
    #[non_exhaustive]
    #[repr(u8)]
    pub enum CpimTolerance: "tolerance of message/cpim" {
        /// MIME header fields (`Content-…`) among the message headers. Usually the
        /// blank line before them is missing, as in the examples of RFC 4975 and
        /// RFC 5438. If one of them is Content-Type, the body follows the first
        /// blank line; otherwise more MIME header fields do. Or none at all: the body follows
        /// the message headers, or the boundary of a part, at once.
        ///
        /// Without this tolerance, those among the message headers are unknown ones.
        MissingBlankLine = "missing-blank-line",
        /// LF alone at the end of a line.
        BareLf = "bare-lf",
        /// Blanks where there are none, or more than one: before the colon of a header, after
        /// it, at the end of its value, around the commas of a Require, and beside the angle
        /// brackets of an address or a namespace. No space after the colon.
        HeaderSpace = "header-space",
        /// A message header on several lines, of which the later ones begin with a blank.
        /// RFC 3862 has none, but mail does.
        FoldedHeader = "folded-header",
        /// A control character in a message header, which should be an escape. CR and NUL
        /// are always refused: some readers end a line or a text there.
        ControlCharacter = "control-character",
        /// A line without the name of a header, which is passed over, as long as another one
        /// has a name. Parameters that are malformed, which are part of the value then. An NS
        /// that declares nothing, or a name in a Require that cannot be read.
        UnreadableHeader = "unreadable-header",
        /// A second From, DateTime, Content-Type, Content-Disposition or
        /// Content-Transfer-Encoding. If they say the same, that counts. Of a From or a
        /// DateTime that differ, none does; they count in any letter case and namespace, unless
        /// they have a prefix, because some readers ignore these. MIME header fields that differ
        /// are [`Repeated`](crate::ParseErrorKind::Repeated).
        RepeatedHeader = "repeated-header",
        /// A header of RFC 3862 or RFC 5438 in another letter case, such as `Cc` or
        /// `imdn.message-id`, or a prefix in another than its NS. Headers of other namespaces
        /// are then found in any letter case, too; which one is right only their users know.
        ///
        /// Without this tolerance it is an unknown header.
        HeaderNameCase = "header-name-case",
        /// A display name directly before `<`, or one that needs quotes and has
        /// none. It contains no quote.
        UnquotedName = "unquoted-name",
        /// A semicolon and text after the `>` of an address: the parameters that
        /// SIP has there. The reader skips them. They contain no `<`, quote or
        /// comma, so that no reader finds a second address in them.
        TextAfterAddress = "text-after-address",
        /// A URI without angle brackets in From, To or cc, or in Original-To,
        /// IMDN-Record-Route or IMDN-Route of RFC 5438. A semicolon ends it.
        BareAddress = "bare-address",
        /// One of these headers that is no address: one that is cut off, empty or a name alone,
        /// or in which readers could find different ones. None of them is guessed, and its
        /// text is among [`CpimRef::headers`](crate::CpimRef::headers).
        UnreadableAddress = "unreadable-address",
        /// An NS whose URI has no angle brackets.
        BareNamespace = "bare-namespace",
        /// A DateTime that is no date and time of RFC 3339, or one in the XML of RFC 5438 or
        /// RFC 3994. The text of the header is among
        /// [`CpimRef::headers`](crate::CpimRef::headers).
        DateTimeFormat = "date-time-format",
        /// A refresh of RFC 3994 that is no positive number. It counts as missing.
        RefreshFormat = "refresh-format",
        /// Octets that are no UTF-8, such as a name in Latin-1. They become U+FFFD. A line whose
        /// name has such octets is skipped, parameters that have them are part of the value, and
        /// a URI that has them is none. Others read as they are, and a Require names something
        /// that nobody understands. XML documents are read so, too.
        NotUtf8 = "not-utf8",
        /// A byte order mark at the start.
        ByteOrderMark = "byte-order-mark",
        /// Text around an XML document, or white space before its declaration. It is passed
        /// over, and told by [`Notification::tolerated`](crate::imdn::Notification::tolerated),
        /// [`IsComposing::tolerated`](crate::is_composing::IsComposing::tolerated) and
        /// [`ConferenceInfo::tolerated`](crate::conference::ConferenceInfo::tolerated).
        TextAroundDocument = "text-around-document",
        /// No Content-Type. MIME's default is `text/plain` (RFC 2045 section 5.2).
        MissingContentType = "missing-content-type",
        /// No delimiter after the last part of a multipart body, which may have been cut off
        /// (RFC 2046 section 5.1.1). The last part ends with the body. It is always read over
        /// and told by [`Multipart::tolerated`](crate::multipart::Multipart::tolerated).
        MissingCloseDelimiter = "missing-close-delimiter",
        /// An XML document in UTF-16, by its byte order mark or its first tag. RFC 5438 section
        /// 11.1 allows UTF-8 alone.
        Utf16 = "utf-16",
        /// An XML document in another namespace than that of its specification, or in none; or
        /// elements in it that have none. Its names say what it is. If an element with the
        /// right namespace has the same name, that one counts.
        WrongNamespace = "wrong-namespace",
        /// A notification of RFC 5438 without a datetime. Its message-id says which message it
        /// is about.
        MissingDateTime = "missing-date-time",
        /// A state of RFC 3994 in another letter case, such as `Active`.
        StateCase = "state-case",
    }
}

impl CpimTolerance {
    /// That for text which is malformed.
    pub(crate) fn of_unreadable(text: &str) -> Self {
        if text.contains(UNREADABLE) { Self::NotUtf8 } else { Self::UnreadableHeader }
    }
}

/// A set of [`CpimTolerance`]s.
///
/// ```
/// use msrp_cpim::{CpimTolerance, CpimTolerances};
///
/// let some = CpimTolerances::all().without(CpimTolerance::BareLf);
/// assert!(some.contains(CpimTolerance::HeaderSpace));
/// assert_eq!(some.with("bare-lf".parse()?), CpimTolerances::all());
/// # Ok::<(), msrp::UnknownName>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CpimTolerances(u32);

impl CpimTolerances {
    /// Every tolerance.
    #[must_use]
    pub const fn all() -> Self {
        Self((1 << CpimTolerance::ALL.len()) - 1)
    }

    /// No tolerance: only what RFC 3862 allows.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// This set and `tolerance`.
    #[must_use]
    pub const fn with(self, tolerance: CpimTolerance) -> Self {
        Self(self.0 | 1 << tolerance as u32)
    }

    /// This set without `tolerance`.
    #[must_use]
    pub const fn without(self, tolerance: CpimTolerance) -> Self {
        Self(self.0 & !(1 << tolerance as u32))
    }

    /// Whether `tolerance` is in this set.
    #[must_use]
    pub const fn contains(self, tolerance: CpimTolerance) -> bool {
        self.0 & 1 << tolerance as u32 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The tolerances of this set, in the order of their enum.
    pub fn iter(self) -> impl Iterator<Item = CpimTolerance> {
        CpimTolerance::ALL.iter().copied().filter(move |tolerance| self.contains(*tolerance))
    }

    /// What is in this set and not in `other`.
    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in either set.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for CpimTolerances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
