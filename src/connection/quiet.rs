//! How long the peer has sent nothing of any message.

use std::time::Duration;

use crate::time::Instant;

/// The share of the timeout that a gap may take without counting.
const GAP: u32 = 8;

/// A clock that runs while no octet of any incoming message arrives.
///
/// A peer sends its messages in turns, and on a slow link each waits long for its own.
/// Octets of the others show that it makes the message wait; they stop this clock. Gaps
/// between them are part of a slow link, unless they are long: a peer that sends a text
/// now and then does not hold a message that it has abandoned.
#[derive(Debug)]
pub(super) struct Quiet {
    /// The longest time on this clock without progress of a message.
    timeout: Duration,
    /// What the clock showed when octets last arrived.
    time: Duration,
    /// When octets last arrived.
    heard: Instant,
}

impl Quiet {
    pub(super) const fn new(now: Instant, timeout: Duration) -> Self {
        Self { timeout, time: Duration::ZERO, heard: now }
    }

    /// Octets of a message have arrived. This side has read since `since`.
    pub(super) fn hear(&mut self, now: Instant, since: Instant) {
        let gap = now.saturating_duration_since(self.heard.max(since));
        if gap > self.timeout / GAP {
            self.time = self.time.saturating_add(gap);
        }
        self.heard = now;
    }

    /// What the clock showed when octets last arrived.
    pub(super) const fn time(&self) -> Duration {
        self.time
    }

    /// Whether progress at `time` on this clock was made right now.
    pub(super) fn is_now(&self, time: Duration, now: Instant) -> bool {
        time == self.time && self.heard >= now
    }

    /// When a message whose last progress was at `time` on this clock is due, if no
    /// octet arrives until then. This side has read since `since`.
    pub(super) fn due(&self, time: Duration, since: Instant) -> Option<Instant> {
        let quiet = self.time.saturating_sub(time);
        let due = self.heard.checked_add(self.timeout.saturating_sub(quiet))?;
        Some(due.max(since.checked_add(self.timeout)?))
    }
}
