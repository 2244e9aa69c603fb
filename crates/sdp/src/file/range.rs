//! Which octets of a file are transferred.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use msrp::reassembly::RangeSet;

use crate::token::is_blank;
use crate::{Error, ErrorKind, digits};

/// The value of `file-range` (RFC 5547 section 6): the octets of a file from one
/// position to another, both one-based and inclusive, or to the end of the file.
///
/// It selects the octets that become the MSRP message. Byte-Range counts these from
/// one again: its `1-…` starts at the first octet of this range (section 8.7).
///
/// ```
/// use msrp_sdp::file::FileRange;
///
/// // 2,048 octets of 4,092 had arrived when the connection broke.
/// let rest = FileRange::from_offset(2048);
/// assert_eq!(rest.to_string(), "2049-*");
/// assert_eq!(rest.within(4092), Some(2048..4092));
/// // The first octet of the MSRP message that brings them belongs at 2,048.
/// assert_eq!(rest.file_offset(0), Some(2048));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileRange {
    start: u64,
    stop: Option<u64>,
}

const ATTRIBUTE: &str = "file-range";

impl FileRange {
    /// `1-*`, the whole file. The default without a `file-range`.
    pub const WHOLE: Self = Self { start: 1, stop: None };

    /// The octets from `start` to `stop`, or to the end of the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfRange`] if `start` is zero, or greater than `stop`.
    pub const fn new(start: u64, stop: Option<u64>) -> Result<Self, Error> {
        match stop {
            _ if start == 0 => Err(out_of_range("start", "1 or more")),
            Some(stop) if stop < start => Err(out_of_range("stop", "the start or more")),
            Some(_) | None => Ok(Self { start, stop }),
        }
    }

    /// All octets after the first `offset` ones.
    #[must_use]
    pub const fn from_offset(offset: u64) -> Self {
        Self { start: offset.saturating_add(1), stop: None }
    }

    /// The first gap in the octets of a file that are there, or what follows them if
    /// the size is unknown. `None` if nothing is missing.
    #[must_use]
    pub fn missing(there: &RangeSet, size: Option<u64>) -> Option<Self> {
        let end = size.unwrap_or(u64::MAX);
        let gap = there.gaps(end).next()?;
        let stop = (size.is_some() || gap.end < end).then_some(gap.end);
        Self::new(gap.start.saturating_add(1), stop).ok()
    }

    /// The one-based position of the first octet.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// The one-based position of the last octet. `None` is the end of the file.
    #[must_use]
    pub const fn stop(&self) -> Option<u64> {
        self.stop
    }

    /// The number of octets before the range.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.start - 1
    }

    /// The number of octets in the range. `None` if it depends on the file.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a range with a stop is never empty")]
    pub const fn len(&self) -> Option<u64> {
        match self.stop {
            Some(stop) => Some(stop - self.offset()),
            None => None,
        }
    }

    /// The zero-based offsets of its octets in a file of `size` octets. `None` if the
    /// file does not have all of them: such a range is refused (RFC 5547 section 8.3).
    ///
    /// A range without a stop may start at the end of the file; it is empty then.
    #[must_use]
    pub fn within(&self, size: u64) -> Option<Range<u64>> {
        let end = self.stop.unwrap_or(size);
        (self.offset() <= end && end <= size).then(|| self.offset()..end)
    }

    /// The zero-based offset in the file of the octet at `offset` in the MSRP message.
    /// `None` if it is outside of the range.
    #[must_use]
    pub fn file_offset(&self, offset: u64) -> Option<u64> {
        let place = self.offset().checked_add(offset)?;
        self.stop.is_none_or(|stop| place < stop).then_some(place)
    }
}

const fn out_of_range(part: &'static str, expected: &'static str) -> Error {
    Error::of(ATTRIBUTE, ErrorKind::OutOfRange).with_part(part).with_expected(expected)
}

impl Default for FileRange {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl FromStr for FileRange {
    type Err = Error;

    fn from_str(value: &str) -> Result<Self, Error> {
        let malformed = |word: &str| {
            let error = Error::of(ATTRIBUTE, ErrorKind::Malformed);
            error.with_expected("START-STOP or START-*").within(value, word)
        };
        let number = |word: &str| digits::exact(word).ok_or_else(|| malformed(word));
        let (start, stop) = value.split_once('-').ok_or_else(|| malformed(value))?;
        let (start, stop) = (start.trim_matches(is_blank), stop.trim_matches(is_blank));
        let stop = if stop == "*" { None } else { Some(number(stop)?) };
        Self::new(number(start)?, stop).map_err(|error| error.within(value, value))
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
