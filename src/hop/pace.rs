//! The rate at which a source may send.

use std::time::Duration;

use crate::time::Instant;

/// Octets that leave at once, as a part of a second at the rate.
const PIECE: u64 = 8;

/// At a low rate, a chunk that others interrupt has this many octets anyway: fewer would
/// be mostly head.
const CHUNK: u64 = super::SHORT_CHUNK as u64;

/// The most seconds between two pieces: less than a chunk stays open without an octet.
const PAUSE: u64 = 4;

/// The octets of a piece at the lowest rates.
const LEAST_PIECE: u64 = 64;

/// The rate at which a source may send. What it sends puts off the time at which it
/// may send again; it waits for that time after each piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Octets a second, at least one.
    rate: u64,
    /// When it may send again.
    free: Instant,
}

impl Pace {
    pub(super) fn new(rate: u64, now: Instant) -> Self {
        Self { rate: rate.max(1), free: now }
    }

    pub(super) fn spend(&mut self, octets: usize, now: Instant) {
        let from = self.free.max(now);
        self.free = from.checked_add(self.time(octets as u64)).unwrap_or(from);
    }

    /// When it may send again, if it has sent a piece ahead of its time. A head does
    /// not keep the octets of its chunk from leaving with it.
    pub(super) fn busy_until(&self, now: Instant) -> Option<Instant> {
        let ahead = self.free.saturating_duration_since(now);
        (ahead >= self.time(self.piece_octets())).then_some(self.free)
    }

    /// The most octets that leave at once.
    pub(super) fn piece(&self) -> usize {
        usize::try_from(self.piece_octets()).unwrap_or(usize::MAX)
    }

    fn piece_octets(&self) -> u64 {
        let least = CHUNK.min(self.rate.saturating_mul(PAUSE)).max(LEAST_PIECE);
        (self.rate / PIECE).max(least)
    }

    /// How long so many octets take.
    fn time(&self, octets: u64) -> Duration {
        let nanos = u128::from(octets) * 1_000_000_000 / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}
