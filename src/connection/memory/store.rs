//! The octets of an unfinished message, or where they are.

use std::ops::Range;

use crate::reassembly::{RangeSet, Reassembler, ReassemblyError, Tracker};
use crate::weight;

/// The octets of a message, or where they are.
#[derive(Debug)]
pub(in crate::connection) enum Store {
    Whole(Reassembler),
    Pieces(Tracker),
}

impl Store {
    /// For a message that is delivered whole.
    pub(in crate::connection) const fn whole(max_size: u64, max_ranges: usize) -> Self {
        Self::Whole(Reassembler::new(max_size, max_ranges))
    }

    /// For a message that is delivered in pieces.
    pub(in crate::connection) const fn pieces(max_size: u64, max_ranges: usize) -> Self {
        Self::Pieces(Tracker::new(max_size, max_ranges))
    }

    /// Adds a piece to the message.
    pub(in crate::connection) fn insert(
        &mut self,
        offset: u64,
        piece: &[u8],
    ) -> Result<(), ReassemblyError> {
        match self {
            Self::Whole(store) => store.insert(offset, piece),
            Self::Pieces(tracker) => tracker.insert(offset, piece.len() as u64),
        }
    }

    /// The size of the message is known.
    pub(in crate::connection) fn finish(&mut self, total: u64) -> Result<(), ReassemblyError> {
        match self {
            Self::Whole(store) => store.finish(total),
            Self::Pieces(tracker) => tracker.finish(total),
        }
    }

    pub(in crate::connection) fn is_complete(&self) -> bool {
        match self {
            Self::Whole(store) => store.is_complete(),
            Self::Pieces(tracker) => tracker.is_complete(),
        }
    }

    /// Whether the application gets the octets as they arrive.
    pub(in crate::connection) const fn is_in_pieces(&self) -> bool {
        matches!(self, Self::Pieces(_))
    }

    /// The first run of octets that have arrived.
    pub(in crate::connection) fn first_octets(&self) -> Option<Range<u64>> {
        self.ranges().iter().next()
    }

    /// What has arrived, as zero-based ranges.
    pub(in crate::connection) fn present(&self) -> Box<[Range<u64>]> {
        self.ranges().iter().collect()
    }

    const fn ranges(&self) -> &RangeSet {
        match self {
            Self::Whole(store) => store.ranges(),
            Self::Pieces(tracker) => tracker.ranges(),
        }
    }

    pub(in crate::connection) fn weight(&self) -> usize {
        let (ranges, octets) = match self {
            Self::Whole(store) => (store.ranges(), octets(store)),
            Self::Pieces(tracker) => (tracker.ranges(), 0),
        };
        ranges.len() * weight::RUN + octets
    }
}

fn octets(store: &Reassembler) -> usize {
    usize::try_from(store.received()).unwrap_or(usize::MAX)
}
