//! The clock of a connection's life: when octets last moved, and what waits for them.

use std::time::Duration;

use crate::time::Instant;

/// When octets last moved on a connection, and since when something waits for them.
///
/// Silence on a connection is normal while nothing is expected. It becomes a sign of
/// a dead peer while octets wait to leave, or a keep-alive waits for its answer.
#[derive(Debug)]
pub(super) struct Life {
    /// When an octet last arrived, or reading went on after a pause.
    heard: Instant,
    /// When an octet last left the transport.
    left: Instant,
    /// Since when octets wait to leave.
    leaving: Option<Instant>,
    /// Since when a keep-alive waits for its answer.
    keep_alive: Option<Instant>,
    /// Since when this side does not read.
    paused: Option<Instant>,
    /// When reading last went on after a pause, and how long that pause was.
    resumed: Instant,
    pause: Duration,
    /// Since when more control frames wait than the limit allows.
    full: Option<Instant>,
    /// When an unbound connection ends.
    unbound_until: Option<Instant>,
    /// The octets that the last call left in the buffer of the input.
    unread: usize,
}

impl Life {
    pub(super) fn new(now: Instant, bind_timeout: Option<Duration>) -> Self {
        Self {
            heard: now,
            left: now,
            leaving: None,
            keep_alive: None,
            paused: None,
            resumed: now,
            pause: Duration::ZERO,
            full: None,
            unbound_until: bind_timeout.and_then(|timeout| now.checked_add(timeout)),
            unread: 0,
        }
    }

    /// The buffer of the input has `octets`. More than the last call left mean that
    /// some have arrived.
    pub(super) fn arrived(&mut self, now: Instant, octets: usize) {
        if octets > self.unread {
            self.heard = now;
            self.keep_alive = None;
        }
    }

    /// So many octets of the input could not be taken yet.
    pub(super) const fn keep_unread(&mut self, octets: usize) {
        self.unread = octets;
    }

    /// Whether octets of the input could not be taken yet.
    pub(super) const fn has_unread(&self) -> bool {
        self.unread > 0
    }

    /// Octets have left the transport.
    pub(super) const fn left(&mut self, now: Instant) {
        self.left = now;
    }

    /// Notes whether octets wait to leave.
    pub(super) fn is_leaving(&mut self, now: Instant, is_leaving: bool) {
        self.leaving = since(self.leaving, now, is_leaving);
    }

    /// Notes whether more control frames wait than the limit allows.
    pub(super) fn is_full(&mut self, now: Instant, is_full: bool) {
        self.full = since(self.full, now, is_full);
    }

    /// Notes whether this side reads. A pause of its own is not silence of the peer:
    /// the deadlines for octets of the peer start anew after it.
    pub(super) fn reads(&mut self, now: Instant, reads: bool) {
        if let (true, Some(paused)) = (reads, self.paused) {
            let pause = now.saturating_duration_since(paused);
            self.unbound_until = self.unbound_until.and_then(|until| until.checked_add(pause));
            self.heard = now;
            self.resumed = now;
            self.pause = pause;
        }
        self.paused = since(self.paused, now, !reads);
    }

    /// When reading last went on after a pause.
    pub(super) const fn resumed(&self) -> Instant {
        self.resumed
    }

    /// When this side has read again for as long as it paused, at most for `timeout`.
    /// What answers it may lie unread until then. `None` if it has never paused.
    pub(super) fn caught_up_at(&self, timeout: Duration) -> Option<Instant> {
        self.resumed.checked_add(self.pause.min(timeout)).filter(|_| !self.pause.is_zero())
    }

    /// Since when this side has read, if it reads now.
    pub(super) fn read_since(&self, now: Instant) -> Instant {
        if self.paused.is_some() { now } else { self.resumed }
    }

    /// A keep-alive waits for its answer from now on.
    pub(super) const fn keep_alive_sent(&mut self, now: Instant) {
        self.keep_alive = Some(now);
    }

    /// When a keep-alive is due: after `interval` without an octet, unless one waits
    /// already or octets wait to leave, which show as well whether the peer lives.
    pub(super) fn keep_alive_due(&self, interval: Duration) -> Option<Instant> {
        let is_quiet = self.keep_alive.is_none() && self.leaving.is_none();
        if is_quiet { self.moved().checked_add(interval) } else { None }
    }

    /// When a sign of life is due while this side does not read: after `interval` of
    /// the pause without an octet that has left.
    pub(super) fn sign_of_life_due(&self, interval: Duration) -> Option<Instant> {
        self.left.max(self.paused?).checked_add(interval)
    }

    /// When the connection ends because nothing moves although something waits for
    /// the peer. `is_leaving` says whether octets wait to leave.
    pub(super) fn silent_at(&self, timeout: Duration, is_leaving: bool) -> Option<Instant> {
        let leaving = self.leaving.or_else(|| is_leaving.then(|| self.moved()));
        let since = earlier(leaving, self.keep_alive)?;
        self.moved().max(since).checked_add(timeout)
    }

    /// When the connection ends because the peer reads no response.
    pub(super) fn stalled_at(&self, timeout: Duration) -> Option<Instant> {
        self.left.max(self.full?).checked_add(timeout)
    }

    /// When the connection ends within an unfinished frame.
    pub(super) fn unfinished_until(&self, timeout: Duration) -> Option<Instant> {
        self.heard.checked_add(timeout)
    }

    /// When the connection ends while no session is bound.
    pub(super) const fn unbound_until(&self) -> Option<Instant> {
        self.unbound_until
    }

    /// When an octet last moved, either way.
    fn moved(&self) -> Instant {
        self.heard.max(self.left)
    }
}

/// Since when something holds that may have held before.
fn since(before: Option<Instant>, now: Instant, holds: bool) -> Option<Instant> {
    if holds { before.or(Some(now)) } else { None }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    [one, other].into_iter().flatten().min()
}
