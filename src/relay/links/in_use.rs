//! Whether a connection is in use (RFC 4976 sections 6.1 and 6.5): octets of accepted
//! requests flow on it, in either direction, fast enough.

use std::time::Duration;

use crate::relay::config::RelayConfig;
use crate::time::Instant;

/// In so many parts of [`RelayConfig::rate_time`] octets are counted apart.
const PARTS: usize = 8;

/// The octets that have flowed lately.
#[derive(Debug)]
pub(super) struct InUse {
    /// Those of the current part of [`RelayConfig::rate_time`], and of as many before it as
    /// make all of that time, the newest first.
    parts: [u64; PARTS + 1],
    /// When the current part began.
    since: Instant,
    /// Until when it is in use, whatever comes.
    until: Instant,
}

impl InUse {
    pub(super) const fn new(now: Instant) -> Self {
        Self { parts: [0; PARTS + 1], since: now, until: now }
    }

    /// So many octets have flowed. Returns whether the connection has just become, or
    /// stays, in use for another [`RelayConfig::rate_time`].
    pub(super) fn flows(&mut self, now: Instant, octets: usize, config: &RelayConfig) -> bool {
        let part = config.rate_time / PARTS as u32;
        self.end_parts(now, part);
        let [current, ..] = &mut self.parts;
        *current = current.saturating_add(octets as u64);
        if self.lately(now, part) < least_octets(config.least_rate, config.rate_time) {
            return false;
        }
        self.until = now.checked_add(config.rate_time).unwrap_or(now);
        true
    }

    /// Begins the part in which `now` is.
    fn end_parts(&mut self, now: Instant, part: Duration) {
        let passed = now.saturating_duration_since(self.since);
        if passed < part {
            return;
        }
        let ended = passed.as_nanos().checked_div(part.as_nanos());
        let ended = ended.and_then(|ended| u32::try_from(ended).ok());
        match ended.filter(|ended| *ended as usize <= PARTS) {
            Some(ended) => {
                self.parts.rotate_right(ended as usize);
                self.parts.iter_mut().take(ended as usize).for_each(|octets| *octets = 0);
                self.since = self.since.checked_add(part * ended).unwrap_or(now);
            }
            None => *self = Self { until: self.until, ..Self::new(now) },
        }
    }

    /// What has flowed in the last [`RelayConfig::rate_time`]: of the oldest part, as much as
    /// if it had flowed evenly.
    fn lately(&self, now: Instant, part: Duration) -> u64 {
        let [newer @ .., oldest] = &self.parts;
        let passed = now.saturating_duration_since(self.since);
        let left = part.saturating_sub(passed).as_nanos() * u128::from(*oldest);
        let oldest = left.checked_div(part.as_nanos()).unwrap_or_default();
        let oldest = u64::try_from(oldest).unwrap_or(u64::MAX);
        newer.iter().fold(oldest, |sum, octets| sum.saturating_add(*octets))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::uri::MsrpUri;

    const SECOND: Duration = Duration::from_secs(1);

    fn config() -> RelayConfig {
        let address: MsrpUri = "msrps://relay.example.com:2855;tcp".parse().unwrap();
        RelayConfig::new(address, "relay.example.com")
    }

    #[test]
    fn the_least_rate_is_enough() {
        let now = Instant::now();
        let is_use = |octets| InUse::new(now).flows(now, octets, &config());
        assert_eq!([2_999, 3_000].map(is_use), [false, true]);
    }

    /// Of the oldest part as much counts as if it had flowed evenly.
    #[test]
    fn use_ends_little_by_little() {
        let (config, start) = (config(), Instant::now());
        let is_use = |milliseconds| {
            let mut in_use = InUse::new(start);
            in_use.flows(start, 6_000, &config);
            in_use.flows(start + Duration::from_millis(milliseconds), 0, &config)
        };
        assert_eq!([30_000, 31_875, 31_876, 33_750].map(is_use), [true, true, false, false]);
    }

    #[test]
    fn a_pause_does_not_end_it_early() {
        let (config, start) = (config(), Instant::now());
        for pause in [1, 40] {
            let mut in_use = InUse::new(start);
            in_use.extend(start + 50 * SECOND);
            assert!(!in_use.flows(start + pause * SECOND, 1, &config));
            assert_eq!(in_use.until(), start + 50 * SECOND);
        }
    }

    /// Whenever it begins.
    #[test]
    fn what_flows_behind_a_pause_is_use_as_soon_as_it_is_enough() {
        let (config, start) = (config(), Instant::now());
        for before in 1..60 {
            for pause in 1..60 {
                let mut in_use = InUse::new(start);
                let begins = start + before * SECOND;
                (1..before).for_each(|second| {
                    in_use.flows(start + second * SECOND, 110, &config);
                });
                let again = begins + pause * SECOND;
                let is_use =
                    (0..30).any(|second| in_use.flows(again + second * SECOND, 110, &config));
                assert!(is_use, "{pause} s behind {before} s");
            }
        }
    }
}
