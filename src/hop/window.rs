//! How many octets a transport is given: at once, and in all.

use std::time::Duration;

use super::SHORT_CHUNK;
use crate::time::Instant;

/// How long octets may stay in the transport. A response and a more urgent message wait behind
/// them, and both have deadlines.
const LONGEST: Duration = Duration::from_secs(1);

/// It may be so many times as long as their way takes, so that a long one is never empty.
const WAYS: u32 = 2;

/// The first window, and the least one: a receiver of a few hundred octets a second takes it
/// within a minute.
const FIRST: usize = 4 * SHORT_CHUNK;
const LEAST: usize = 2 * SHORT_CHUNK;

/// A window is at most so many times what has left, or doubles: a few packets may pass a slow
/// line at once.
const GROWTH: usize = 8;

/// One of so many parts of the window is given at once.
const PART: usize = 4;

/// The largest portion that is more than one of [`FAST_PART`] parts: 0.13 seconds at 1 Mbit/s,
/// for which a short text waits behind it.
const USUAL: usize = 16 * 1024;

/// A larger portion leaves within a sixtieth of a second. Nobody notices that a text waits for a
/// few of them.
const FAST_PART: usize = 64;

/// How many octets the transport may hold, so that they leave it within a second: it takes as
/// many as it gets, and what it has taken cannot be taken back.
#[derive(Debug)]
pub(super) struct Window {
    octets: usize,
    /// The least time in which octets have left: that of their way and its acknowledgement.
    way: Option<Duration>,
    measured: Option<Measured>,
}

/// Octets whose time in the transport is measured.
#[derive(Debug)]
struct Measured {
    given: Instant,
    /// How many had left when they were given.
    left: u64,
    /// Where they end in the stream.
    end: u64,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { octets: FIRST, way: None, measured: None }
    }

    /// How many octets the transport is given at once.
    pub(super) fn portion(&self) -> usize {
        let usual = (self.octets / PART).clamp(SHORT_CHUNK, USUAL);
        usual.max(self.octets / FAST_PART)
    }

    /// Whether the transport, which holds so many octets, is given no more for now.
    pub(super) fn is_full(&self, held: u64, now: Instant) -> bool {
        let next = held.saturating_add(self.portion() as u64);
        held > 0 && (next > self.octets as u64 || self.is_late(now))
    }

    /// Whether octets stay in the transport for longer than expected.
    fn is_late(&self, now: Instant) -> bool {
        let measured = self.measured.as_ref();
        measured.is_some_and(|it| now.saturating_duration_since(it.given) > self.longest())
    }

    /// How long octets may take to leave.
    fn longest(&self) -> Duration {
        LONGEST.max(self.way.unwrap_or_default().saturating_mul(WAYS))
    }

    /// After how long it is worth asking whether octets have left.
    pub(super) fn first_look(&self) -> Duration {
        self.way.unwrap_or_default() / 2
    }

    /// The transport is given octets which end at `end` in the stream. The first `left` have
    /// left it.
    pub(super) fn give(&mut self, left: u64, end: u64, now: Instant) {
        self.measured.get_or_insert(Measured { given: now, left, end });
    }

    /// The caller does not say when what it was given has left.
    pub(super) fn forget(&mut self) {
        self.measured = None;
    }

    /// The first `left` octets of the stream have left the transport.
    pub(super) fn leave(&mut self, left: u64, now: Instant) {
        let Some(measured) = self.measured.take_if(|it| it.end <= left) else { return };
        let taken = now.saturating_duration_since(measured.given);
        self.way = Some(self.way.map_or(taken, |way| way.min(taken)));
        let octets = left.saturating_sub(measured.left);
        let octets = usize::try_from(octets).unwrap_or(usize::MAX);
        let fitting = fitting(octets, taken, self.longest());
        if taken > self.longest() {
            self.octets = fitting.max(LEAST);
        } else if octets >= self.portion() {
            self.grow(octets, fitting);
        }
    }

    /// A portion or more has left in time.
    fn grow(&mut self, octets: usize, fitting: usize) {
        let most = octets.saturating_mul(GROWTH).max(self.octets.saturating_mul(2));
        self.octets = self.octets.max(fitting.min(most));
    }
}

/// How many octets leave within this time, if so many have left in the time taken.
fn fitting(octets: usize, taken: Duration, within: Duration) -> usize {
    let octets = (octets as u128).saturating_mul(within.as_nanos());
    let fitting = octets.checked_div(taken.as_nanos());
    fitting.and_then(|fitting| usize::try_from(fitting).ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window of a transport of this rate, in octets a second, that is given a portion
    /// when it holds nothing.
    fn settled(rate: u64, round_trip: Duration) -> Window {
        let (mut window, mut left, mut now) = (Window::new(), 0_u64, Instant::now());
        for _ in 0..100 {
            let octets = window.portion().min(1 << 20) as u64;
            window.give(left, left + octets, now);
            left += octets;
            now = now + Duration::from_micros(octets * 1_000_000 / rate) + round_trip;
            window.leave(left, now);
        }
        window
    }

    #[test]
    fn a_portion_leaves_in_a_second_and_a_large_one_at_once() {
        let round_trip = Duration::from_millis(10);
        assert_eq!(settled(5_000, round_trip).portion(), SHORT_CHUNK);
        assert_eq!(settled(125_000, round_trip).portion(), USUAL);
        assert!(settled(125_000_000, round_trip).portion() >= 1 << 18);
    }

    #[test]
    fn a_few_octets_that_leave_at_once_make_no_large_window() {
        let (mut window, now) = (Window::new(), Instant::now());
        for end in [1_000, 2_000, 3_000] {
            window.give(end - 1_000, end, now);
            window.leave(end, now);
        }
        assert_eq!(window.octets, FIRST);
    }

    #[test]
    fn octets_that_do_not_leave_in_time_fill_the_transport() {
        let (mut window, start) = (settled(125_000_000, Duration::ZERO), Instant::now());
        window.give(0, 1, start);
        assert!(!window.is_full(1, start));
        let late = start + LONGEST + LONGEST;
        assert!(window.is_full(1, late));
        window.leave(3_000, late);
        assert_eq!(window.octets, LEAST);
    }
}
