//! The law of use: neither probation nor idleness ends a connection on which octets of
//! accepted requests flow, and neither does eviction while its holder is within its share
//! (RFC 4976 sections 6.1 and 6.5).

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use msrp::relay::{RelayClose, RelayConfig};

use crate::wire::End;
use crate::world::World;

/// How long a connection may be idle that a flow has of its own between two relays.
const OWN_IDLE: Duration = Duration::from_secs(180);

/// How long octets may be on their way.
const LATE: Duration = Duration::from_secs(30);

/// The octets of messages that have flowed on one connection, in either direction.
#[derive(Default)]
pub struct Flowed {
    lumps: VecDeque<(Duration, u64)>,
}

impl Flowed {
    pub fn add(&mut self, now: Duration, octets: u64) {
        self.lumps.push_back((now, octets));
    }

    /// Whether enough has flowed lately, whenever one begins to count.
    fn is_in_use(&self, now: Duration, config: &RelayConfig) -> bool {
        let time = config.rate_time;
        let Some(start) = now.checked_sub(2 * time) else { return false };
        self.beginnings(start)
            .filter(|beginning| *beginning + time <= now)
            .all(|beginning| self.during(beginning, time) >= least_octets(config))
    }

    /// Whether so much has flowed since then that nobody can miss it: a quarter more than is
    /// enough.
    fn was_busy_since(&self, start: Duration, config: &RelayConfig) -> bool {
        let mut beginnings = self.beginnings(start);
        beginnings.any(|it| 4 * self.during(it, config.rate_time) >= 5 * least_octets(config))
    }

    /// This time, and when each lump since then had flowed.
    fn beginnings(&self, start: Duration) -> impl Iterator<Item = Duration> {
        let lumps = self.lumps.iter().map(|(at, _)| *at);
        std::iter::once(start).chain(lumps.filter(move |at| *at >= start))
    }

    /// What has flowed in this time behind its beginning.
    fn during(&self, beginning: Duration, time: Duration) -> u64 {
        let first = self.lumps.partition_point(|(at, _)| *at <= beginning);
        let lumps = self.lumps.range(first..).take_while(|(at, _)| *at <= beginning + time);
        lumps.map(|(_, octets)| octets).sum()
    }
}

fn least_octets(config: &RelayConfig) -> u64 {
    config.least_rate * config.rate_time.as_secs()
}

impl World {
    /// A relay ends a connection.
    // req: 4976-6.1-2 4976-6.5-1 4976-6.5-2
    pub fn check_use(&self, relay: usize, wire: usize, reason: &RelayClose) {
        let (config, now) = (&self.plan.relays[relay], self.now);
        // Behind a loss, what arrives may be refused.
        let flowed = self.relays[relay].flows.get(&wire).filter(|_| !self.is_disturbed);
        let Some(flowed) = flowed else { return };
        let is_in_use = flowed.is_in_use(now, config);
        let is_between_relays = self.wires[wire].ends.iter().all(|it| matches!(it, End::Relay(..)));
        let idle = if is_between_relays { config.idle.min(OWN_IDLE) } else { config.idle };
        // What arrives has left the relay before.
        let since = now.saturating_sub(idle) + LATE;
        let is_wrong = match reason {
            RelayClose::Probation => true,
            RelayClose::Idle => is_in_use || flowed.was_busy_since(since, config),
            RelayClose::Evicted => is_in_use && self.is_within_share(relay, wire),
            _ => false,
        };
        assert!(!is_wrong, "relay {relay} ends wire {wire}, which is in use: {reason}");
    }

    /// Whether the holder of a connection has no more of them than everybody may have.
    fn is_within_share(&self, relay: usize, wire: usize) -> bool {
        let others = self.relays[relay].wires.values().map(|wire| self.holder(relay, *wire));
        let others: Vec<_> = others.collect();
        let holders: BTreeSet<_> = others.iter().collect();
        let own = self.holder(relay, wire);
        let held = others.iter().filter(|holder| **holder == own).count();
        // The newcomer has a share, too.
        held <= (self.plan.relays[relay].limits.connections / (holders.len() + 1)).max(1)
    }

    /// Who holds a connection of a relay: for an endpoint to which it has connected, the user
    /// who sends there.
    fn holder(&self, relay: usize, wire: usize) -> String {
        let is_other = |end: &&End| !matches!(end, End::Relay(number, _) if *number == relay);
        match self.wires[wire].ends.iter().find(is_other) {
            Some(End::Client(number)) => {
                let is_called = self.clients[*number].plan.relays.is_empty()
                    && self.plan.pairs[number / 2].opener != number % 2;
                format!("client {}", if is_called { number ^ 1 } else { *number })
            }
            Some(End::Hostile(number)) => self.hostiles[*number].holder(),
            Some(End::Relay(number, _)) => format!("relay {number}"),
            None => format!("relay {relay}"),
        }
    }
}
