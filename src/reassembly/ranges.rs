//! Sets of octets of a message: those received, or reported as received.
//!
//! Chunks may arrive in any order, more than once and overlapping (RFC 4975 section
//! 7.3.1), and success REPORTs need not match the chunks that were sent (section
//! 7.1.3). In both cases, a [`RangeSet`] answers the question: do the ranges cover
//! the whole message?

use std::collections::BTreeMap;
use std::iter;
use std::ops::Bound::{Excluded, Included};
use std::ops::Range;

use super::ReassemblyError;

/// A set of octet positions, kept as sorted ranges that neither overlap nor touch.
///
/// Positions are zero-based and ranges half-open, so `Byte-Range: 1-10/*` on the
/// wire is `0..10` here.
///
/// The number of separate ranges is limited, since every range costs memory and the
/// peer chooses them. A call costs O(log n) for n ranges; an insertion also removes
/// each range that it joins.
///
/// ```
/// use msrp::reassembly::RangeSet;
///
/// let mut reported = RangeSet::new(16);
/// reported.insert(10..20)?;
/// assert_eq!(reported.gaps(20).next(), Some(0..10));
///
/// reported.insert(0..15)?;
/// assert!(reported.covers(20));
/// assert_eq!(reported.len(), 1);
/// # Ok::<(), msrp::reassembly::ReassemblyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeSet {
    /// The end of each range by its start.
    ends: BTreeMap<u64, u64>,
    octets: u64,
    max_ranges: usize,
}

impl RangeSet {
    /// An empty set of at most `max_ranges` separate ranges.
    #[must_use]
    pub const fn new(max_ranges: usize) -> Self {
        Self { ends: BTreeMap::new(), octets: 0, max_ranges }
    }

    /// Adds every position of `range`. Some may already be in the set.
    ///
    /// If `range` is empty, nothing changes.
    ///
    /// # Errors
    ///
    /// [`ReassemblyError::TooManyGaps`] if the set is full and `range` touches none
    /// of its ranges. The set does not change.
    pub fn insert(&mut self, range: Range<u64>) -> Result<(), ReassemblyError> {
        if range.is_empty() || self.extend_last(&range) {
            return Ok(());
        }
        if self.len() >= self.max_ranges && !self.touches(&range) {
            return Err(ReassemblyError::TooManyGaps);
        }
        let end = self.take_following(&range);
        match self.ends.range_mut(..=range.start).next_back() {
            Some((_, last)) if *last >= range.start => {
                self.octets = self.octets.saturating_add(end.saturating_sub(*last));
                *last = end.max(*last);
            }
            _ => {
                self.octets = self.octets.saturating_add(end.saturating_sub(range.start));
                self.ends.insert(range.start, end);
            }
        }
        Ok(())
    }

    /// Whether every position of `range` is in the set. An empty range always is.
    #[must_use]
    pub fn contains(&self, range: Range<u64>) -> bool {
        range.is_empty()
            || self.ends.range(..=range.start).next_back().is_some_and(|(_, &end)| end >= range.end)
    }

    /// Whether the set contains a whole message of `total` octets.
    #[must_use]
    pub fn covers(&self, total: u64) -> bool {
        self.contains(0..total)
    }

    /// How many positions are in the set.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The position after the last one in the set; 0 for an empty set.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.ends.last_key_value().map_or(0, |(_, &end)| end)
    }

    /// How many separate ranges are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no position is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The ranges in ascending order. None is empty, and there is a gap between any
    /// two.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Range<u64>> + ExactSizeIterator + '_ {
        self.ends.iter().map(|(&start, &end)| start..end)
    }

    /// The ranges of a message of `total` octets that are not in the set, in
    /// ascending order.
    pub fn gaps(&self, total: u64) -> impl Iterator<Item = Range<u64>> + '_ {
        let from = iter::once(0).chain(self.ends.values().copied());
        let to = self.ends.keys().copied().chain(iter::once(total));
        from.zip(to).map(move |(from, to)| from..to.min(total)).filter(|gap| !gap.is_empty())
    }

    /// Extends the last range without a search: data usually arrives in order.
    /// Returns whether `range` starts within the last range or right after it.
    fn extend_last(&mut self, range: &Range<u64>) -> bool {
        let Some(mut last) = self.ends.last_entry() else {
            return false;
        };
        if range.start < *last.key() || range.start > *last.get() {
            return false;
        }
        self.octets = self.octets.saturating_add(range.end.saturating_sub(*last.get()));
        *last.get_mut() = range.end.max(*last.get());
        true
    }

    /// Whether `range` overlaps or adjoins a range of the set.
    fn touches(&self, range: &Range<u64>) -> bool {
        self.ends.range(..=range.end).next_back().is_some_and(|(_, &end)| end >= range.start)
    }

    /// Removes the ranges that start inside `range` or right after it, and returns
    /// the end of `range` joined with them.
    fn take_following(&mut self, range: &Range<u64>) -> u64 {
        let mut joined = range.end;
        let within = (Excluded(range.start), Included(range.end));
        while let Some((&start, &end)) = self.ends.range(within).next() {
            self.ends.remove(&start);
            self.octets = self.octets.saturating_sub(end.saturating_sub(start));
            joined = joined.max(end);
        }
        joined
    }
}
