//! A message that has begun and not ended: where its chunks meet.

use std::sync::Arc;

use super::chunk::Fault;
use super::received::Received;
use super::session_config::{ReceiveMode, SessionConfig};
use crate::limits::Limits;
use crate::reassembly::{Reassembler, Tracker};

/// A message that has begun and not ended.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) received: Received,
    pub(super) store: Store,
    /// The session's configuration when it began.
    pub(super) terms: Arc<SessionConfig>,
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

    /// Adds a piece to the message, and gives the octets by which what is held
    /// in memory has grown: at most `room`.
    pub(super) fn insert(&mut self, offset: u64, piece: &[u8], room: u64) -> Result<u64, Fault> {
        let len = piece.len() as u64;
        match self {
            Self::Whole(_) if len > room => Err(Fault::NO_ROOM),
            Self::Whole(store) => {
                let before = store.received();
                store.insert(offset, piece)?;
                Ok(store.received() - before)
            }
            Self::Pieces(tracker) => {
                tracker.insert(offset, len)?;
                Ok(0)
            }
        }
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

    /// Octets in memory.
    pub(super) const fn held(&self) -> u64 {
        match self {
            Self::Whole(store) => store.received(),
            Self::Pieces(_) => 0,
        }
    }
}
