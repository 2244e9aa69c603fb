//! Whether a connection is in use (RFC 4976 sections 6.1 and 6.5): octets of accepted
//! requests flow on it, in either direction, fast enough.

use std::time::Duration;

use super::Relay;
use super::config::RelayConfig;
use super::event::ConnectionId;
use crate::time::Instant;

/// How often within [`RelayConfig::rate_time`] the use of a connection is shared.
const SHARES: u32 = 8;

impl Relay {
    /// Octets flow on a connection. Those that are not read until it has room are in use as
    /// long as it is: they cannot show it otherwise. Since they may be many, they are told of
    /// it some times within [`RelayConfig::rate_time`].
    pub(super) fn share_use(&mut self, now: Instant, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id) else { return };
        let until = link.in_use_until();
        let more = until.saturating_duration_since(link.shared_until);
        if until <= now || more < self.config.rate_time / SHARES {
            return;
        }
        link.shared_until = until;
        let sources: Vec<_> = link.waiters.connections().collect();
        for source in sources {
            if let Some(link) = self.links.get_mut(source) {
                link.stays_in_use(now, until);
            }
        }
    }
}

/// The octets that have flowed lately.
#[derive(Debug)]
pub(super) struct InUse {
    /// Since when `octets` are counted.
    since: Instant,
    octets: u64,
    /// The last ones, and when they flowed.
    last: (Instant, u64),
    /// Until when it is in use, whatever comes.
    until: Instant,
}

impl InUse {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, octets: 0, last: (now, 0), until: now }
    }

    /// So many octets have flowed. Returns whether the connection has just become, or
    /// stays, in use for another [`RelayConfig::rate_time`].
    pub(super) fn flows(&mut self, now: Instant, octets: usize, config: &RelayConfig) -> bool {
        let is_old = |since| now.saturating_duration_since(since) > config.rate_time;
        if is_old(self.since) {
            let (since, before) = self.last;
            (self.since, self.octets) = if is_old(since) { (now, 0) } else { (since, before) };
        }
        let octets = octets as u64;
        self.octets = self.octets.saturating_add(octets);
        self.last = (now, octets);
        if self.octets < least_octets(config.least_rate, config.rate_time) {
            return false;
        }
        // The next time begins with these: large pieces, far apart, are use as well.
        (self.since, self.octets) = self.last;
        self.until = now.checked_add(config.rate_time).unwrap_or(now);
        true
    }

    /// It is in use until then at least.
    pub(super) fn extend(&mut self, until: Instant) {
        self.until = self.until.max(until);
    }

    pub(super) const fn until(&self) -> Instant {
        self.until
    }
}

/// The octets that flow in this time at the least rate: one at least.
fn least_octets(rate: u64, time: Duration) -> u64 {
    let octets = u128::from(rate).saturating_mul(time.as_millis()) / 1000;
    u64::try_from(octets).unwrap_or(u64::MAX).max(1)
}
