//! The Byte-Range header field.

use std::fmt;

use thiserror::Error;

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
/// assert!(ByteRange::new(0, None, None).is_err());
/// # Ok::<(), msrp::wire::ByteRangeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByteRange {
    start: u64,
    end: Option<u64>,
    total: Option<u64>,
}

/// Why three numbers are no Byte-Range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ByteRangeError {
    /// The range starts at zero; the first octet is number one.
    #[error("a range starts at 1 or later")]
    ZeroStart,
    /// The range ends more than one octet before its start.
    #[error("a range ends at its start less one or later")]
    EndBeforeStart,
    /// The range ends behind the total.
    #[error("a range ends at its total or before")]
    EndBeyondTotal,
}

impl ByteRange {
    /// `1-0/0`: the range of an empty message.
    pub const EMPTY: Self = Self { start: 1, end: Some(0), total: Some(0) };

    /// The range from `start` to `end`, both counted from one, of `total`
    /// octets. An empty range ends one before its start.
    ///
    /// # Errors
    ///
    /// [`ByteRangeError`] where the numbers do not fit each other.
    pub const fn new(
        start: u64,
        end: Option<u64>,
        total: Option<u64>,
    ) -> Result<Self, ByteRangeError> {
        if start == 0 {
            return Err(ByteRangeError::ZeroStart);
        }
        if let Some(end) = end {
            if end < start - 1 {
                return Err(ByteRangeError::EndBeforeStart);
            }
            if let Some(total) = total
                && end > total
            {
                return Err(ByteRangeError::EndBeyondTotal);
            }
        }
        Ok(Self { start, end, total })
    }

    /// The range of a whole message of `total` octets.
    #[must_use]
    pub const fn whole(total: u64) -> Self {
        Self { start: 1, end: Some(total), total: Some(total) }
    }

    /// The octets from zero-based `offset` on; saturates at the last number.
    pub(crate) const fn from_offsets(offset: u64, end: Option<u64>, total: Option<u64>) -> Self {
        Self { start: offset.saturating_add(1), end, total }
    }

    /// Place of the first octet, counted from one.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// Place of the last octet, counted from one; `None` for `*`.
    #[must_use]
    pub const fn end(&self) -> Option<u64> {
        self.end
    }

    /// Octets of the whole message; `None` for `*`.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.start)?;
        write_number(f, self.end)?;
        f.write_str("/")?;
        write_number(f, self.total)
    }
}

fn write_number(f: &mut fmt::Formatter<'_>, number: Option<u64>) -> fmt::Result {
    match number {
        Some(number) => write!(f, "{number}"),
        None => f.write_str("*"),
    }
}
