//! The Byte-Range header field.
#![deny(clippy::arithmetic_side_effects)]

use std::fmt;
use std::str::FromStr;

use super::grammar;
use super::value_error::{ValueError, ValueErrorKind};
use crate::offset::Offset;

/// The Byte-Range header field: which octets of the message a chunk carries or
/// a REPORT is about (RFC 4975 section 7.1.1). Positions count from one; `None`
/// stands for `*`.
///
/// ```
/// use msrp::wire::ByteRange;
///
/// let range = ByteRange::new(2049, None, Some(4385))?;
/// assert_eq!(range.to_string(), "2049-*/4385");
/// assert_eq!(ByteRange::EMPTY.to_string(), "1-0/0");
/// assert_eq!("2049-*/4385".parse(), Ok(range));
/// assert!(ByteRange::new(0, None, None).is_err());
/// # Ok::<(), msrp::wire::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByteRange {
    start: u64,
    end: Option<u64>,
    total: Option<u64>,
}

impl ByteRange {
    /// `1-0/0`: the range of an empty message.
    pub const EMPTY: Self = Self { start: 1, end: Some(0), total: Some(0) };

    /// The range from `start` to `end`, both counted from one, of `total`
    /// octets. An empty range ends one before its start.
    ///
    /// # Errors
    ///
    /// [`ValueError`] if the numbers contradict each other.
    pub const fn new(start: u64, end: Option<u64>, total: Option<u64>) -> Result<Self, ValueError> {
        let Some(before) = start.checked_sub(1) else {
            return Err(ValueError::new(ValueErrorKind::ZeroStart, 0..0));
        };
        if let Some(end) = end {
            if end < before {
                return Err(ValueError::new(ValueErrorKind::EndBeforeStart, 0..0));
            }
            if let Some(total) = total
                && end > total
            {
                return Err(ValueError::new(ValueErrorKind::EndAfterTotal, 0..0));
            }
        }
        Ok(Self { start, end, total })
    }

    /// Writes the value of the header field. Every chunk has one: a formatter would take
    /// longer than the rest of its head.
    pub(crate) fn write(self, out: &mut impl fmt::Write) -> fmt::Result {
        let mut digits = itoa::Buffer::new();
        out.write_str(text(Some(self.start), &mut digits))?;
        out.write_char('-')?;
        out.write_str(text(self.end, &mut digits))?;
        out.write_char('/')?;
        out.write_str(text(self.total, &mut digits))
    }

    /// Reads the value of a Byte-Range header field.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, ValueError> {
        let place = 0..text.len();
        let (start, end, total) = grammar::whole(grammar::byte_range, text)
            .ok_or(ValueError::new(ValueErrorKind::ByteRange, place.clone()))?;
        Self::new(start, end, total).map_err(|error| ValueError::new(error.kind(), place))
    }

    /// The range of a whole message of `total` octets.
    #[must_use]
    pub const fn whole(total: u64) -> Self {
        Self { start: 1, end: Some(total), total: Some(total) }
    }

    /// The octets from `start` to `end`, or to an unknown end. Nothing follows the
    /// last number of 64 bits, so a range that starts after it starts at it.
    pub(crate) const fn from_offsets(
        start: Offset,
        end: Option<Offset>,
        total: Option<u64>,
    ) -> Self {
        let end = match end {
            Some(end) => Some(end.get()),
            None => None,
        };
        Self { start: start.get().saturating_add(1), end, total }
    }

    /// The place of the first octet in the message.
    pub(crate) const fn offset(&self) -> Offset {
        Offset::new(self.start.saturating_sub(1))
    }

    /// Position of the first octet, counted from one.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// Position of the last octet, counted from one; `None` for `*`.
    #[must_use]
    pub const fn end(&self) -> Option<u64> {
        self.end
    }

    /// Number of octets of the whole message; `None` for `*`.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }
}

impl FromStr for ByteRange {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// The text of a number, or of one that is not known.
fn text(number: Option<u64>, digits: &mut itoa::Buffer) -> &str {
    number.map_or("*", |number| digits.format(number))
}
