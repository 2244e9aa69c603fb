//! A message that has begun and not ended: where its chunks meet.

use std::ops::Range;
use std::sync::Arc;

use super::chunk::Fault;
use super::received::Received;
use super::session_config::{ReceiveMode, SessionConfig};
use crate::limits::Limits;
use crate::reassembly::{Reassembler, Tracker};
use crate::time::Instant;
use crate::weight;

/// A message that has begun and not ended.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) received: Received,
    pub(super) store: Store,
    /// The session's configuration when it began.
    pub(super) terms: Arc<SessionConfig>,
    pub(super) progress: Progress,
}

impl Open {
    pub(super) fn weight(&self) -> usize {
        weight::ENTRY + weight::of_head(&self.received.head) + self.store.weight()
    }
}

/// When octets of a message last arrived, and where that is in the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) at: Instant,
    pub(super) step: u64,
    /// The step at which it was filed.
    pub(super) filed: u64,
}

impl Progress {
    /// For a message that is not filed.
    pub(super) const fn new(now: Instant) -> Self {
        Self { at: now, step: 0, filed: 0 }
    }

    /// Octets have arrived. The order learns of it later.
    pub(super) const fn made(&mut self, now: Instant, step: u64) {
        (self.at, self.step) = (now, step);
    }
}

/// The octets of a message, or where they are.
#[derive(Debug)]
pub(super) enum Store {
    Whole(Reassembler),
    Pieces(Tracker),
}

impl Store {
    pub(super) fn new(terms: &SessionConfig, limits: &Limits) -> Self {
        let (max_size, max_ranges) = (terms.max_size, limits.message_ranges);
        match terms.receive {
            ReceiveMode::Whole => Self::Whole(Reassembler::new(max_size, max_ranges)),
            ReceiveMode::Pieces => Self::Pieces(Tracker::new(max_size, max_ranges)),
        }
    }

    /// Adds a piece to the message.
    pub(super) fn insert(&mut self, offset: u64, piece: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Whole(store) => store.insert(offset, piece)?,
            Self::Pieces(tracker) => tracker.insert(offset, piece.len() as u64)?,
        }
        Ok(())
    }

    /// The size of the message is known.
    pub(super) fn finish(&mut self, total: u64) -> Result<(), Fault> {
        match self {
            Self::Whole(store) => store.finish(total)?,
            Self::Pieces(tracker) => tracker.finish(total)?,
        }
        Ok(())
    }

    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Whole(store) => store.is_complete(),
            Self::Pieces(tracker) => tracker.is_complete(),
        }
    }

    /// Whether the application gets the octets as they arrive.
    pub(super) const fn is_in_pieces(&self) -> bool {
        matches!(self, Self::Pieces(_))
    }

    /// The first run of octets that have arrived.
    pub(super) fn first_octets(&self) -> Option<Range<u64>> {
        let ranges = match self {
            Self::Whole(store) => store.ranges(),
            Self::Pieces(tracker) => tracker.ranges(),
        };
        ranges.iter().next()
    }

    fn weight(&self) -> usize {
        let (ranges, octets) = match self {
            Self::Whole(store) => (store.ranges(), store.capacity()),
            Self::Pieces(tracker) => (tracker.ranges(), 0),
        };
        ranges.len() * weight::RUN + octets
    }
}
