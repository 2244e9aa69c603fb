//! One budget for all that waits: octets to leave, and heads for the responses to them.

use super::Relay;
use super::event::ConnectionId;

/// Changes of a queue by fewer octets are not counted: short messages come and go.
const GRAIN: usize = 4096;

impl Relay {
    /// Counts what waits for a connection.
    pub(super) fn weigh(&mut self, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id) else { return };
        let waiting = link.hop.waiting();
        if waiting.abs_diff(link.counted) >= GRAIN {
            link.counted = waiting;
            self.holdings.set_queued(&link.principal, id, waiting);
        }
    }

    /// The most octets that may wait for a connection. All that wait for one principal may
    /// take as much as is free: however many of them take all they can, one more finds as
    /// much as each of them has.
    pub(super) fn queue_limit(&self, id: ConnectionId) -> usize {
        let limits = &self.config.limits;
        let free = self.free_memory();
        // Most of the time there is enough.
        if free >= limits.memory_octets / 2 {
            return limits.queue_octets;
        }
        let Some(link) = self.links.get(id) else { return 0 };
        let others = self.holdings.queued_by(&link.principal).saturating_sub(link.counted);
        limits.queue_octets.min(free.saturating_sub(others))
    }

    /// Whether the principal of a connection has so many requests without a response that
    /// there is no memory for more of them.
    pub(super) fn lacks_memory(&self, source: ConnectionId) -> bool {
        self.links.get(source).is_some_and(|link| link.heads.own() > self.free_memory())
    }

    fn free_memory(&self) -> usize {
        self.config.limits.memory_octets.saturating_sub(self.holdings.octets())
    }
}
