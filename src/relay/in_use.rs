//! Whether a connection is in use (RFC 4976 sections 6.1 and 6.5): octets of accepted
//! requests flow on it, in either direction, fast enough.

use std::time::Duration;

use super::config::RelayConfig;
use crate::time::Instant;

/// The octets that have flowed lately.
#[derive(Debug)]
pub(super) struct InUse {
    /// Since when `octets` are counted.
    since: Instant,
    octets: u64,
    /// Until when it is in use, whatever comes.
    until: Instant,
}

impl InUse {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, octets: 0, until: now }
    }

    /// So many octets have flowed. Returns whether the connection has just become, or
    /// stays, in use for another [`RelayConfig::rate_time`].
    pub(super) fn flows(&mut self, now: Instant, octets: usize, config: &RelayConfig) -> bool {
        if now.saturating_duration_since(self.since) > config.rate_time {
            (self.since, self.octets) = (now, 0);
        }
        self.octets = self.octets.saturating_add(octets as u64);
        if self.octets < least_octets(config.least_rate, config.rate_time) {
            return false;
        }
        (self.since, self.octets) = (now, 0);
        self.until = now.checked_add(config.rate_time).unwrap_or(now);
        true
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
