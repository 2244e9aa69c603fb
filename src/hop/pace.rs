//! The rate at which a source may send.

use std::time::Duration;

use crate::time::Instant;

/// Octets that leave at once, as a part of a second at the rate.
const PIECE: u64 = 8;

/// The least of them: a rate below this many octets a piece would be all heads.
const LEAST_PIECE: u64 = 64;

/// The rate at which a source may send. What it sends puts off the time at which it
/// may send again.
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

    /// It sends so many octets.
    pub(super) fn spend(&mut self, octets: usize, now: Instant) {
        let nanos = u128::from(octets as u64) * 1_000_000_000 / u128::from(self.rate);
        let time = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let from = self.free.max(now);
        self.free = from.checked_add(time).unwrap_or(from);
    }

    /// When it may send again, if it may not now.
    pub(super) fn busy_until(&self, now: Instant) -> Option<Instant> {
        (self.free > now).then_some(self.free)
    }

    /// The most octets that leave at once.
    pub(super) fn piece(&self) -> usize {
        usize::try_from((self.rate / PIECE).max(LEAST_PIECE)).unwrap_or(usize::MAX)
    }
}
