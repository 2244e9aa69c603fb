//! How many octets one transmit carries.

use std::time::Duration;

use super::SHORT_CHUNK;
use crate::time::Instant;

/// How long the octets of a transmit may take to leave the transport. A response and a
/// more urgent message wait behind them, and both have deadlines.
const LONGEST: Duration = Duration::from_secs(1);

/// The largest portion of a transport that is not known to be fast: 0.13 seconds at 1
/// Mbit/s, for which a short text waits behind it.
const USUAL: usize = 16 * 1024;

/// How long a larger one may take. Nobody notices that a text waits so long.
const QUICK: Duration = Duration::from_millis(100);

/// The first portion: one of a few hundred octets a second takes it within seconds.
const FIRST: usize = SHORT_CHUNK;

/// As long as nobody says what a transport holds, it is given one of so many parts of what it
/// has taken. However slow it is, that takes little longer than what is before it.
const UNKNOWN_PART: u64 = 8;

/// How many octets one transmit carries, so that they leave the transport within a
/// second, or a tenth if they are many: half as many when they take longer, twice as many
/// or more when those would leave in half the time.
#[derive(Debug)]
pub(super) struct Portion {
    octets: usize,
    /// The transmit that is measured.
    measured: Option<Measured>,
}

#[derive(Debug)]
struct Measured {
    /// Where it begins and ends in the stream.
    start: u64,
    end: u64,
    given: Instant,
    /// A smaller one says nothing of how fast a whole portion leaves.
    is_whole: bool,
}

impl Portion {
    pub(super) const fn new() -> Self {
        Self { octets: FIRST, measured: None }
    }

    /// How many octets leave next, after `unknown` ones of which nobody knows how fast they leave.
    pub(super) fn octets_after(&self, unknown: u64) -> usize {
        self.octets.max(usize::try_from(unknown / UNKNOWN_PART).unwrap_or(usize::MAX))
    }

    /// The transport is given so many octets, which end at `end` in the stream.
    pub(super) fn give(&mut self, octets: usize, end: u64, now: Instant) {
        let is_whole = octets >= self.octets / 2;
        if self.measured.as_ref().is_none_or(|measured| is_whole && !measured.is_whole) {
            let start = end.saturating_sub(octets as u64);
            self.measured = Some(Measured { start, end, given: now, is_whole });
        }
    }

    /// The caller does not say when what it was given has left.
    pub(super) fn forget(&mut self) {
        self.measured = None;
    }

    /// The first `left` octets of the stream have left the transport.
    pub(super) fn leave(&mut self, left: u64, now: Instant) {
        let Some(measured) = self.measured.take_if(|measured| measured.end <= left) else { return };
        let taken = now.saturating_duration_since(measured.given);
        if taken > longest(self.octets) {
            self.octets = (self.octets / 2).max(SHORT_CHUNK);
        } else if measured.is_whole {
            self.grow(left.saturating_sub(measured.start), taken);
        }
    }

    /// So many octets have left in this time: doubles as long as so many would be enough.
    fn grow(&mut self, left: u64, taken: Duration) {
        loop {
            let double = self.octets.saturating_mul(2);
            if taken >= longest(double) / 2 {
                return;
            }
            self.octets = double;
            if double as u64 >= left {
                return;
            }
        }
    }
}

/// How long a portion of so many octets may take.
const fn longest(octets: usize) -> Duration {
    if octets > USUAL { QUICK } else { LONGEST }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The portion after a hundred of them have left at this rate, in octets a second.
    fn settled(rate: u64, round_trip: Duration) -> usize {
        let (mut portion, mut left, mut now) = (Portion::new(), 0, Instant::now());
        for _ in 0..100 {
            let octets = portion.octets.min(64 * 1024);
            left += octets as u64;
            portion.give(octets, left, now);
            now = now + Duration::from_micros(octets as u64 * 1_000_000 / rate) + round_trip;
            portion.leave(left, now);
        }
        portion.octets
    }

    #[test]
    fn a_portion_leaves_in_a_second_and_a_large_one_in_a_tenth() {
        let round_trip = Duration::from_millis(10);
        assert!(settled(4_000, round_trip) <= 4_096);
        assert_eq!(settled(125_000, round_trip), USUAL);
        assert!(settled(125_000_000, round_trip) >= 64 * 1024);
        assert_eq!(settled(125_000_000, Duration::from_millis(200)), USUAL);
    }

    /// A fast one has its portion with the first word of what it holds.
    #[test]
    fn a_transport_of_which_nothing_is_known_gets_an_eighth_of_what_it_has_had() {
        let (mut portion, mut given, now) = (Portion::new(), 0, Instant::now());
        while given < 256 * 1024 {
            let octets = portion.octets_after(given);
            assert!(octets as u64 <= (given / 8).max(SHORT_CHUNK as u64));
            given += octets as u64;
            portion.forget();
            portion.give(octets, given, now);
        }
        assert_eq!(portion.octets, SHORT_CHUNK);
        portion.leave(given, now + Duration::from_millis(1));
        assert!(portion.octets >= USUAL);
    }

    #[test]
    fn a_transport_that_becomes_slow_gets_small_portions() {
        let (mut portion, start) = (Portion::new(), Instant::now());
        portion.octets = 4 * USUAL;
        for turn in 1..=3 {
            portion.give(portion.octets, turn, start);
            portion.leave(turn, start + QUICK + QUICK);
        }
        assert_eq!(portion.octets, USUAL);
    }
}
