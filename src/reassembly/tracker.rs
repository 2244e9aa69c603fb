//! Which octets of a message have arrived, and whether it is complete.

use super::{RangeSet, ReassemblyError};
use crate::offset::Offset;

/// Tracks which octets of a message have arrived, and whether it is complete.
///
/// It keeps no octets, so it costs the same for a message of any size.
///
/// ```
/// use msrp::reassembly::Tracker;
///
/// let mut message = Tracker::new(u64::MAX, 16);
/// message.insert(0, 40)?;
/// message.finish(100)?;
/// assert_eq!(message.ranges().gaps(100).next(), Some(40..100));
///
/// message.insert(40, 60)?;
/// assert!(message.is_complete());
/// # Ok::<(), msrp::reassembly::ReassemblyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracker {
    ranges: RangeSet,
    total: Option<u64>,
    max_octets: u64,
}

impl Tracker {
    /// A tracker for a message of at most `max_octets` octets, which arrive in at
    /// most `max_ranges` separate ranges at any time.
    ///
    /// There is a gap between any two ranges. A sender that resumes an
    /// interrupted message leaves no gap; after a reconnect there are seldom more
    /// than a few.
    #[must_use]
    pub const fn new(max_octets: u64, max_ranges: usize) -> Self {
        Self { ranges: RangeSet::new(max_ranges), total: None, max_octets }
    }

    /// Notes that `len` octets have arrived at `offset`, which is zero-based. If
    /// `len` is 0, nothing changes.
    ///
    /// # Errors
    ///
    /// Nothing changes after
    ///
    /// - [`TooLarge`](ReassemblyError::TooLarge) if the octets end above the limit,
    /// - [`PastEnd`](ReassemblyError::PastEnd) if they end above the known total,
    /// - [`TooManyGaps`](ReassemblyError::TooManyGaps) if they would be one range
    ///   too many.
    pub fn insert(&mut self, offset: u64, len: u64) -> Result<(), ReassemblyError> {
        if len == 0 {
            return Ok(());
        }
        let end = Offset::new(offset)
            .plus(len)
            .map(Offset::get)
            .filter(|&end| end <= self.max_octets)
            .ok_or(ReassemblyError::TooLarge)?;
        if self.total.is_some_and(|total| end > total) {
            return Err(ReassemblyError::PastEnd);
        }
        self.ranges.insert(offset..end)
    }

    /// Fixes the size of the message: a chunk with the flag `$` ended at `total`.
    ///
    /// The same chunk may arrive again, and other chunks after it.
    ///
    /// # Errors
    ///
    /// Nothing changes after
    ///
    /// - [`TotalMismatch`](ReassemblyError::TotalMismatch) if another total is known,
    /// - [`TooLarge`](ReassemblyError::TooLarge) if `total` is above the limit,
    /// - [`PastEnd`](ReassemblyError::PastEnd) if octets past `total` have arrived.
    pub fn finish(&mut self, total: u64) -> Result<(), ReassemblyError> {
        if self.total.is_some_and(|known| known != total) {
            return Err(ReassemblyError::TotalMismatch);
        }
        if total > self.max_octets {
            return Err(ReassemblyError::TooLarge);
        }
        if self.ranges.end() > total {
            return Err(ReassemblyError::PastEnd);
        }
        self.total = Some(total);
        Ok(())
    }

    /// Whether the size of the message is known and every octet has arrived.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        // No octet lies past a known total, so counting is enough.
        self.total == Some(self.received())
    }

    /// The size of the message in octets, once the chunk with the flag `$` has ended.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }

    /// How many octets of the message have arrived. Repeated ones count once.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.ranges.octets()
    }

    /// Which octets of the message have arrived, as zero-based offsets.
    #[must_use]
    pub const fn ranges(&self) -> &RangeSet {
        &self.ranges
    }
}
