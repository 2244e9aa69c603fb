//! What waits for a connection to have room.

use std::collections::BTreeMap;

use crate::relay::event::ConnectionId;
use crate::relay::flows::FlowId;

/// A flow, and the connection on which it arrives, which is not read.
pub(in crate::relay) type Waiter = (FlowId, ConnectionId);

/// Those that wait for one connection.
#[derive(Debug, Default)]
pub(in crate::relay) struct Waiters {
    /// With the place of each in the order in which they have come.
    places: BTreeMap<Waiter, u64>,
    next: u64,
}

impl Waiters {
    pub(in crate::relay) fn insert(&mut self, waiter: Waiter) {
        self.places.insert(waiter, self.next);
        self.next += 1;
    }

    pub(in crate::relay) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(in crate::relay) fn remove(&mut self, waiter: Waiter) -> Option<Waiter> {
        self.places.remove(&waiter).map(|_| waiter)
    }

    /// Takes all, those first that have come first.
    pub(in crate::relay) fn take(&mut self) -> Vec<Waiter> {
        let mut waiters: Vec<_> = std::mem::take(&mut self.places).into_iter().collect();
        waiters.sort_unstable_by_key(|(_, place)| *place);
        waiters.into_iter().map(|(waiter, _)| waiter).collect()
    }

    /// Takes those of one flow.
    pub(in crate::relay) fn take_flow(&mut self, flow: FlowId) -> Vec<Waiter> {
        let of_flow = (flow, ConnectionId(0))..=(flow, ConnectionId(u64::MAX));
        let waiters: Vec<_> = self.places.range(of_flow).map(|(waiter, _)| *waiter).collect();
        waiters.into_iter().filter_map(|waiter| self.remove(waiter)).collect()
    }

    /// The connections on which their flows arrive.
    pub(in crate::relay) fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.places.keys().map(|(_, connection)| *connection)
    }

    /// The flows of sessions with other relays. Few of these wait: each has filled more than
    /// its share of the queue.
    pub(in crate::relay) fn sessions(&self) -> impl Iterator<Item = FlowId> {
        let sessions = (FlowId::Session(0), ConnectionId(0))..;
        self.places.range(sessions).map(|((flow, _), _)| *flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_waited_longest_comes_first() {
        let mut waiters = Waiters::default();
        let waiter = |flow, source| (FlowId::Session(flow), ConnectionId(source));
        for source in [3, 1, 2] {
            waiters.insert(waiter(7, source));
            waiters.insert(waiter(8, source));
        }
        assert_eq!(waiters.take_flow(FlowId::Session(8)), [1, 2, 3].map(|it| waiter(8, it)));
        assert_eq!(waiters.remove(waiter(7, 1)), Some(waiter(7, 1)));
        waiters.insert(waiter(7, 1));
        assert_eq!(waiters.take(), [3, 2, 1].map(|it| waiter(7, it)));
        assert!(waiters.is_empty());
    }
}
