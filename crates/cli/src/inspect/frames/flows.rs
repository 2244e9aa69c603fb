//! The directions of all TCP connections of a capture.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::order::Order;
use super::record::{Arrival, Record};
use super::segment::Segment;
use super::stream::Stream;

#[derive(Default)]
pub(super) struct Flows {
    open: BTreeMap<(SocketAddr, SocketAddr), Flow>,
    passed_over: usize,
}

struct Flow {
    order: Order,
    stream: Stream,
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
            let flow = Flow::new(segment.sequence, Stream::new());
            let earlier = self.open.insert(key, flow);
            self.end(earlier, &mut show);
        }
        // What the receiver acknowledges came before what it sends.
        let other = self.open.get_mut(&(segment.to, segment.from));
        if let (Some(other), Some(sequence)) = (other, segment.acknowledged) {
            other.order.acknowledge(sequence, &mut other.stream);
            other.show(&mut show);
        }
        if !segment.octets.is_empty() {
            let midway = || Flow::new(segment.sequence, Stream::midway());
            let flow = self.open.entry(key).or_insert_with(midway);
            flow.stream.arrives(arrival);
            flow.order.push(segment.sequence, segment.octets, &mut flow.stream);
            flow.show(&mut show);
        }
    }

    /// Shows what is left. Returns how many streams were passed over.
    pub(super) fn finish(mut self, mut show: impl FnMut(Record)) -> usize {
        for flow in std::mem::take(&mut self.open).into_values() {
            self.end(Some(flow), &mut show);
        }
        self.passed_over
    }

    fn end(&mut self, flow: Option<Flow>, show: &mut impl FnMut(Record)) {
        let Some(mut flow) = flow else { return };
        flow.order.finish(&mut flow.stream);
        flow.stream.finish();
        flow.show(show);
        if !flow.stream.is_msrp && !flow.stream.is_empty() {
            self.passed_over += 1;
        }
    }
}

impl Flow {
    const fn new(sequence: u32, stream: Stream) -> Self {
        Self { order: Order::new(sequence), stream }
    }

    fn show(&mut self, show: &mut impl FnMut(Record)) {
        if self.stream.is_msrp {
            self.stream.take().for_each(show);
        }
    }
}
