//! Keep-alives, and the end of a connection whose peer does not read.

use super::Connection;
use crate::time::Instant;

impl Connection {
    /// When the connection ends because the peer does not read. Nothing is read from
    /// it meanwhile, so that two such endpoints would wait for each other without
    /// end.
    pub(super) fn stalled_at(&self) -> Option<Instant> {
        self.full_since?.checked_add(self.config.transaction_timeout)
    }

    /// Notes since when the peer has read nothing.
    pub(super) fn watch_control(&mut self, now: Instant, has_moved: bool) {
        // A closed connection does not wait for its last octets to leave.
        let is_full = !self.is_closed && self.hop.control_len() > self.config.limits.control_octets;
        self.full_since = match self.full_since {
            Some(since) if is_full && !has_moved => Some(since),
            _ => is_full.then_some(now),
        };
    }

    pub(super) fn keep_alive_due(&self) -> Option<Instant> {
        let interval = self.config.keep_alive?;
        let is_quiet = self.hop.control_len() == 0 && self.keeps_alive.is_none();
        if self.is_closed || !is_quiet || self.sessions.first_open().is_none() {
            return None;
        }
        self.last_sent.checked_add(interval)
    }
}
