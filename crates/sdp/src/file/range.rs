//! Which octets of a file are transferred.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use thiserror::Error;

use super::super::digits;
use super::text;
use msrp::reassembly::RangeSet;

/// The value of `file-range` (RFC 5547 section 6): octets of a file from one
/// position to another, both counted from one and both inclusive, or to its end.
///
/// It says what the application reads of the file. MSRP counts what it is given
/// from one again: Byte-Range `1-…` is the first octet of this range (section 8.7).
///
/// ```
/// use msrp_sdp::FileRange;
///
/// // 2,048 octets of 4,092 were there when the connection broke.
/// let rest = FileRange::from_offset(2048);
/// assert_eq!(rest.to_string(), "2049-*");
/// assert_eq!(rest.within(4092), Some(2048..4092));
/// // The first octet of the MSRP message that brings it belongs at 2,048.
/// assert_eq!(rest.file_offset(0), Some(2048));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileRange {
    start: u64,
    stop: Option<u64>,
}

/// Why there is no such range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileRangeError {
    /// No two numbers with a hyphen between them, or none that 64 bits hold.
    #[error("a file-range is two numbers with a hyphen between them, or a star as the second")]
    Malformed,
    /// A position of zero: the first octet has the position one.
    #[error("the first octet of a file has the position 1")]
    Zero,
    /// It stops before it starts.
    #[error("a file-range stops where it starts, or behind")]
    Reversed,
}

impl FileRange {
    /// `1-*`, the whole file: what is meant where no range is given.
    pub const WHOLE: Self = Self { start: 1, stop: None };

    /// The octets from `start` to `stop`, or to the end of the file.
    ///
    /// # Errors
    ///
    /// [`FileRangeError::Zero`] and [`FileRangeError::Reversed`].
    pub const fn new(start: u64, stop: Option<u64>) -> Result<Self, FileRangeError> {
        match stop {
            _ if start == 0 => Err(FileRangeError::Zero),
            Some(stop) if stop < start => Err(FileRangeError::Reversed),
            _ => Ok(Self { start, stop }),
        }
    }

    /// All octets behind the first `offset` ones.
    #[must_use]
    pub const fn from_offset(offset: u64) -> Self {
        Self { start: offset.saturating_add(1), stop: None }
    }

    /// The first gap in what is there of a file, or what is behind it where its
    /// size is not known. `None` where nothing is missing.
    #[must_use]
    pub fn missing(there: &RangeSet, size: Option<u64>) -> Option<Self> {
        let end = size.unwrap_or(u64::MAX);
        let gap = there.gaps(end).next()?;
        let stop = (size.is_some() || gap.end < end).then_some(gap.end);
        Self::new(gap.start.saturating_add(1), stop).ok()
    }

    /// The position of the first octet, counted from one.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// The position of the last octet, counted from one. `None` is the end of the
    /// file.
    #[must_use]
    pub const fn stop(&self) -> Option<u64> {
        self.stop
    }

    /// How many octets of the file stand before the range.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.start - 1
    }

    /// How many octets it has, where that does not depend on the file.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a range with a stop is never empty")]
    pub const fn len(&self) -> Option<u64> {
        match self.stop {
            Some(stop) => Some(stop - self.offset()),
            None => None,
        }
    }

    /// The offsets of its octets in a file of `size` octets. `None` where the file
    /// has not all of them: such a range is to be refused (RFC 5547 section 8.3).
    ///
    /// A range without a stop may begin at the end of the file, and is empty then.
    #[must_use]
    pub fn within(&self, size: u64) -> Option<Range<u64>> {
        let end = self.stop.unwrap_or(size);
        (self.offset() <= end && end <= size).then(|| self.offset()..end)
    }

    /// Where in the file an octet of the MSRP message belongs that stands
    /// `offset` octets behind the start of the message. `None` where it is outside
    /// of the range.
    #[must_use]
    pub fn file_offset(&self, offset: u64) -> Option<u64> {
        let place = self.offset().checked_add(offset)?;
        self.stop.is_none_or(|stop| place < stop).then_some(place)
    }
}

impl Default for FileRange {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl FromStr for FileRange {
    type Err = FileRangeError;

    fn from_str(value: &str) -> Result<Self, FileRangeError> {
        let (start, stop) = value.split_once('-').ok_or(FileRangeError::Malformed)?;
        let number = |word: &str| {
            digits::exact(word.trim_matches(text::is_blank)).ok_or(FileRangeError::Malformed)
        };
        let stop =
            if stop.trim_matches(text::is_blank) == "*" { None } else { Some(number(stop)?) };
        Self::new(number(start)?, stop)
    }
}

impl fmt::Display for FileRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stop {
            Some(stop) => write!(f, "{}-{stop}", self.start),
            None => write!(f, "{}-*", self.start),
        }
    }
}
