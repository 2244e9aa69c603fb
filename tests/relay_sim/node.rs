//! A relay, and what has come to it and left it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use msrp::relay::{ConnectionId, Relay};

use crate::order::{Flow, Order, Seen, What, is_from_relay};

pub struct RelayNode {
    pub relay: Relay,
    pub wires: BTreeMap<ConnectionId, usize>,
    pub places: BTreeMap<usize, Place>,
    pub order: Order,
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
        Self { relay, wires: BTreeMap::new(), places: BTreeMap::new(), order: Order::default() }
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
        let before = self.dropped();
        self.relay.handle_timeout(now);
        if self.dropped() > before {
            self.order.may_have_ended(|_| true);
        }
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
