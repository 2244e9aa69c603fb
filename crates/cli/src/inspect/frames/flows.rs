//! The directions of all TCP connections of a capture.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::order::Order;
use super::record::{Arrival, Record};
use super::segment::Segment;
use super::wire::Wire;

#[derive(Default)]
pub(super) struct Flows {
    open: BTreeMap<(SocketAddr, SocketAddr), Flow>,
    passed_over: PassedOver,
}

/// What was not looked into.
#[derive(Default)]
pub(super) struct PassedOver {
    /// Directions without MSRP in clear.
    pub(super) streams: usize,
    /// Compressed messages of WebSockets.
    pub(super) compressed: usize,
    /// Octets of streams with MSRP that came when they were not waited for any longer.
    pub(super) late: u64,
}

struct Flow {
    order: Order,
    wire: Wire,
}

impl Flows {
    /// Takes a segment, and shows what is complete with it.
    pub(super) fn take(
        &mut self,
        segment: &Segment<'_>,
        arrival: Arrival,
        mut show: impl FnMut(Record),
    ) {
        let key = (segment.from, segment.to);
        let is_known = |flow: &Flow| flow.order.starts_at(segment.sequence);
        if segment.is_first && !self.open.get(&key).is_some_and(is_known) {
            let flow = Flow::new(segment.sequence);
            let earlier = self.open.insert(key, flow);
            self.end(earlier, &mut show);
        }
        // What the receiver acknowledges came before what it sends.
        let other = self.open.get_mut(&(segment.to, segment.from));
        if let (Some(other), Some(sequence)) = (other, segment.acknowledged) {
            other.order.acknowledge(sequence, &mut other.wire);
            other.show(&mut show);
        }
        if !segment.octets.is_empty() {
            let midway = || Flow { order: Order::midway(segment.sequence), wire: Wire::midway() };
            let flow = self.open.entry(key).or_insert_with(midway);
            flow.order.push(segment.sequence, segment.octets, arrival, &mut flow.wire);
            flow.show(&mut show);
        }
    }

    /// Shows what is left. Returns what was passed over.
    pub(super) fn finish(mut self, mut show: impl FnMut(Record)) -> PassedOver {
        for flow in std::mem::take(&mut self.open).into_values() {
            self.end(Some(flow), &mut show);
        }
        self.passed_over
    }

    fn end(&mut self, flow: Option<Flow>, show: &mut impl FnMut(Record)) {
        let Some(mut flow) = flow else { return };
        flow.order.finish(&mut flow.wire);
        flow.wire.finish();
        flow.show(show);
        self.passed_over.compressed += flow.wire.compressed();
        if flow.wire.is_msrp() {
            self.passed_over.late += flow.order.late();
        } else if !flow.wire.is_empty() {
            self.passed_over.streams += 1;
        }
    }
}

impl Flow {
    fn new(sequence: u32) -> Self {
        Self { order: Order::new(sequence), wire: Wire::new() }
    }

    fn show(&mut self, show: &mut impl FnMut(Record)) {
        if self.wire.is_msrp() {
            self.wire.take().for_each(show);
        }
    }
}
