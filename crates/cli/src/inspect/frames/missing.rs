//! The octets of a stream that were not waited for any longer, and may still come.

use std::collections::BTreeMap;
use std::ops::Range;

#[derive(Default)]
pub(super) struct Missing {
    /// The ends of ranges by their starts. None overlaps another.
    ranges: BTreeMap<u64, u64>,
    late: u64,
}

impl Missing {
    /// Notes octets that were not noted before.
    pub(super) fn note(&mut self, octets: Range<u64>) {
        if !octets.is_empty() {
            self.ranges.insert(octets.start, octets.end);
        }
    }

    /// Octets have come, of which those that were missing are late.
    pub(super) fn come(&mut self, octets: Range<u64>) {
        let overlapping =
            |(start, end): (&u64, &u64)| (*end > octets.start).then_some(*start..*end);
        while let Some(range) = self.ranges.range(..octets.end).next_back().and_then(overlapping) {
            self.ranges.remove(&range.start);
            let late = range.start.max(octets.start)..range.end.min(octets.end);
            self.late += late.end - late.start;
            self.note(range.start..late.start);
            self.note(late.end..range.end);
        }
    }

    /// How many octets came too late.
    pub(super) const fn late(&self) -> u64 {
        self.late
    }
}
