//! One budget: octets that wait to leave, and everything that is kept for a while.

use super::Relay;
use super::charge::{Charge, Holder, Pool, Tally};
use super::event::ConnectionId;

/// Changes of a queue by fewer octets are not counted: short messages come and go.
const GRAIN: usize = 4096;

/// What is kept for one principal may be one of so many parts of what is free.
const KEPT: usize = 8;

/// Of the memory, one of so many parts is for newcomers.
const RESERVE: usize = 16;

/// Peers, flows and tokens may each have one of so many parts of the memory.
const LASTING: usize = 4;

/// The octets that each kind of what is kept for long may have.
pub(super) const fn lasting(memory_octets: usize) -> usize {
    memory_octets / LASTING
}

impl Relay {
    /// Counts what waits for a connection.
    pub(super) fn weigh(&mut self, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id) else { return };
        let waiting = link.holds(&self.config);
        if waiting.abs_diff(link.counted) >= GRAIN {
            link.counted = waiting;
            match &mut link.parting {
                Some(parting) => parting.set(waiting),
                None => self.holdings.set_queued(&link.principal, id, waiting),
            }
        }
    }

    /// The most octets that may wait for a connection.
    pub(super) fn queue_limit(&self, id: ConnectionId) -> usize {
        self.room_for(id, self.config.limits.queue_octets)
    }

    /// The most octets of responses and short requests that may wait for a connection.
    pub(super) fn control_limit(&self, id: ConnectionId) -> usize {
        self.room_for(id, self.config.limits.control_octets)
    }

    /// At most so many octets, as long as there is memory. All that wait for one principal
    /// may take as much as is free: however many of them take all they can, one more finds
    /// as much as each of them has.
    fn room_for(&self, id: ConnectionId, most: usize) -> usize {
        let free = self.free_memory();
        // Most of the time there is enough.
        if free >= self.config.limits.memory_octets / 2 {
            return most;
        }
        let Some(link) = self.links.get(id) else { return 0 };
        let others = self.holdings.queued_by(&link.principal).saturating_sub(link.counted);
        most.min(free.saturating_sub(others))
    }

    /// Whether so much is kept for a principal that no more of it is kept for long: eight
    /// times as much stays free for others.
    pub(super) fn is_spent(&self, tally: &Tally) -> bool {
        tally.own().saturating_mul(KEPT) > self.free_memory()
    }

    /// What one of those behind a holder may keep for a while: an eighth of what is free, and
    /// one of many senders behind a principal as much as it leaves of that.
    pub(super) fn left_behind(&self, of: &Holder) -> usize {
        let left = self.free_memory() / KEPT;
        if of.of().is_none() { left } else { left.saturating_sub(of.octets()) }
    }

    /// What all behind a holder may keep.
    pub(super) fn memory_behind(&self, of: &Holder) -> usize {
        let free = self.free_memory();
        if of.of().is_none() { free.saturating_add(of.octets()) } else { free / KEPT }
    }

    /// What each of them has if all keep as much as they may.
    pub(super) fn share_behind(&self, of: &Holder) -> usize {
        let parts = if of.of().is_none() { KEPT } else { 1 };
        self.memory_behind(of) / of.crowd().saturating_add(parts)
    }

    /// The octets to be given back before one of them may keep so many.
    pub(super) fn missing_behind(&self, of: &Holder, octets: usize) -> usize {
        if of.of().is_none() {
            octets.saturating_mul(KEPT).saturating_sub(self.free_memory())
        } else {
            octets.saturating_add(of.octets()).saturating_sub(self.free_memory() / KEPT)
        }
    }

    /// Closes connections for which much waits, those of the largest holder first, until
    /// newcomers find memory again or nobody holds more than a share. What is lost with them
    /// is reported.
    pub(super) fn make_memory(&mut self) {
        let memory = self.config.limits.memory_octets;
        while self.free_memory() < memory / RESERVE
            && let Some(largest) = self.holdings.largest_queue(memory)
        {
            self.evict(Some(largest));
        }
    }

    /// Says how many octets the application holds of an incomplete message of a connection
    /// with a message transport, such as those of a WebSocket. They count in
    /// [`RelayLimits::memory_octets`](super::RelayLimits::memory_octets). If more is kept for
    /// its user or source than is free, the one of their connections with the longest
    /// incomplete message is closed ([`RelayClose::Evicted`](super::RelayClose::Evicted)).
    pub fn input_holds(&mut self, connection: ConnectionId, octets: usize) {
        let Some(link) = self.links.get_mut(connection) else { return };
        link.input = (octets > 0).then(|| link.tally.charge(octets));
        if octets > 0 && self.lacks_memory(connection) {
            let longest = self.longest_input(connection);
            self.evict(longest);
        }
    }

    fn lacks_memory(&self, connection: ConnectionId) -> bool {
        let most = self.free_memory() / KEPT;
        self.links.get(connection).is_some_and(|link| link.tally.holder().octets() > most)
    }

    /// Of the connections of one principal, the one with the longest incomplete message.
    fn longest_input(&self, one: ConnectionId) -> Option<ConnectionId> {
        let own = self.holdings.of(&self.links.get(one)?.principal)?.connections.keys().copied();
        let octets = |id: &ConnectionId| self.links.get(*id)?.input.as_ref().map(Charge::octets);
        own.max_by_key(octets)
    }

    /// Whether a kind of what is kept for long has all that it may: what waits to leave, or
    /// for responses, needs the rest.
    pub(super) fn is_full(&self, pool: &Pool) -> bool {
        pool.octets() > lasting(self.config.limits.memory_octets)
    }

    fn free_memory(&self) -> usize {
        self.config.limits.memory_octets.saturating_sub(self.holdings.octets())
    }
}
