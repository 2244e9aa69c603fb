//! A relay, and what has come to it and left it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use msrp::relay::{ConnectionId, Relay};

use crate::in_use::Flowed;
use crate::order::{Flow, Order, Seen, What, is_from_relay};

/// The most REPORTs of a step of a relay.
const STEP: u64 = 256;

/// The most steps in which it handles what is due at one time.
const MAX_STEPS: u32 = 100;

pub struct RelayNode {
    pub relay: Relay,
    /// The steps that have left something that is due to the next one.
    steps: u32,
    pub wires: BTreeMap<ConnectionId, usize>,
    pub places: BTreeMap<usize, Place>,
    pub order: Order,
    /// By wire.
    pub flows: BTreeMap<usize, Flowed>,
}

/// How much of a message has arrived at a relay, and how much at the next hop.
#[derive(Default)]
pub struct Place {
    pub came: u64,
    pub went: u64,
    pub is_from_relay: bool,
}

impl RelayNode {
    pub fn new(relay: Relay) -> Self {
        Self {
            relay,
            steps: 0,
            wires: BTreeMap::new(),
            places: BTreeMap::new(),
            order: Order::default(),
            flows: BTreeMap::new(),
        }
    }

    /// Takes octets, which are of these flows. Returns whether they can be read.
    pub fn receive(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        input: &mut BytesMut,
        flows: &BTreeSet<Flow>,
    ) -> bool {
        let before = self.dropped();
        let is_sound = self.relay.receive(now, connection, input).is_ok();
        if self.dropped() > before {
            self.order.may_have_ended(|flow| flows.contains(&flow));
        }
        is_sound
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        let before = self.relay.statistics();
        self.relay.handle_timeout(now);
        if self.dropped() > before.dropped {
            self.order.may_have_ended(|_| true);
        }
        assert!(self.relay.statistics().reports - before.reports <= STEP, "a long step");
        let is_due = self.relay.poll_timeout().is_some_and(|next| next <= now);
        self.steps = if is_due { self.steps + 1 } else { 0 };
        assert!(self.steps < MAX_STEPS, "a timeout is due at once, time and again");
    }

    /// The SENDs of flows that it has ended since they stayed above their bounds.
    pub fn dropped(&self) -> u64 {
        self.relay.statistics().dropped
    }

    pub fn came(&mut self, now: Duration, wire: usize, from: usize, seen: Seen, holds_order: bool) {
        if let What::Octets { end, .. } = seen.what {
            let place = self.places.entry(seen.serial).or_default();
            place.came = end.max(place.came);
            place.is_from_relay |= is_from_relay(seen.hops);
        }
        if holds_order {
            self.order.came(now, wire, from, seen);
        }
    }

    pub fn went(
        &mut self,
        now: Duration,
        wire: usize,
        from: usize,
        seen: Seen,
        holds_order: bool,
        may_be_cut: bool,
    ) {
        if let What::Octets { end, .. } = seen.what {
            let place = self.places.entry(seen.serial).or_default();
            place.went = end.max(place.went);
        }
        if holds_order {
            self.order.went(now, wire, from, seen, may_be_cut);
        }
    }
}
