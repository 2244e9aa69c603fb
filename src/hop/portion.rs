//! How many octets one transmit carries.

use std::time::Duration;

use super::SHORT_CHUNK;
use crate::time::Instant;

/// How long the octets of a transmit may take to leave the transport. A response and a
/// more urgent message wait behind them, and both have deadlines.
const LONGEST: Duration = Duration::from_secs(1);

/// The first portion: a fast transport doubles it within a few transmits.
const FIRST: usize = 2 * SHORT_CHUNK;

/// How many octets one transmit carries, so that they leave the transport within a
/// second: half as many when they take longer, twice as many when they leave in half
/// the time.
#[derive(Debug)]
pub(super) struct Portion {
    octets: usize,
    /// The transmit that is measured.
    measured: Option<Measured>,
}

#[derive(Debug)]
struct Measured {
    /// Where it ends in the stream.
    end: u64,
    given: Instant,
    /// A smaller one says nothing of how fast a whole portion leaves.
    is_whole: bool,
}

impl Portion {
    pub(super) const fn new() -> Self {
        Self { octets: FIRST, measured: None }
    }

    pub(super) const fn octets(&self) -> usize {
        self.octets
    }

    /// The transport is given so many octets, which end at `end` in the stream.
    pub(super) fn give(&mut self, octets: usize, end: u64, now: Instant) {
        let is_whole = octets >= self.octets / 2;
        if self.measured.as_ref().is_none_or(|measured| is_whole && !measured.is_whole) {
            self.measured = Some(Measured { end, given: now, is_whole });
        }
    }

    /// The first `left` octets of the stream have left the transport.
    pub(super) fn leave(&mut self, left: u64, now: Instant) {
        let Some(measured) = self.measured.take_if(|measured| measured.end <= left) else { return };
        let taken = now.saturating_duration_since(measured.given);
        if taken > LONGEST {
            self.octets = (self.octets / 2).max(SHORT_CHUNK);
        } else if taken < LONGEST / 2 && measured.is_whole {
            self.octets = self.octets.saturating_mul(2);
        }
    }
}
