//! One budget: octets that wait to leave, and everything that is kept for a while.

use super::Relay;
use super::accounts::charge::{Account, Charge, Pool};
use super::accounts::holdings::Holding;
use super::event::ConnectionId;
use crate::time::Instant;

/// Changes of a queue by fewer octets are not counted: short messages come and go.
const GRAIN: usize = 4096;

/// What is kept for one principal may be one of so many parts of what is free.
const KEPT: usize = 8;

/// Strangers, who may have any number of addresses, have one of so many parts of what is kept
/// together.
const STRANGERS: usize = 2;

/// Of the memory, one of so many parts is for newcomers.
const RESERVE: usize = 16;

/// Peers, flows and tokens may each have one of so many parts of the memory.
const LASTING: usize = 4;

/// The octets that each kind of what is kept for long may have.
pub(super) const fn lasting(memory_octets: usize) -> usize {
    memory_octets / LASTING
}

/// What those behind an account may keep for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// What all of them may keep, and what they do.
    all: usize,
    kept: usize,
    /// How many of them keep anything.
    crowd: usize,
    /// What is free for them, of which each may keep one of so many parts.
    free: usize,
    parts: usize,
}

impl Room {
    pub(super) const fn all(&self) -> usize {
        self.all
    }

    /// What each of them may keep.
    pub(super) fn left(&self) -> usize {
        self.all.saturating_sub(self.kept).min(self.free / self.parts)
    }

    /// What each of them has if all keep as much as they may.
    pub(super) const fn share(&self) -> usize {
        self.all / self.crowd.saturating_add(self.parts)
    }

    /// What all of them may keep if that leaves so much to one.
    pub(super) fn beside(&self, octets: usize) -> usize {
        let most = self.kept.saturating_add(self.free);
        let most = most.saturating_sub(octets.saturating_mul(self.parts));
        most.min(self.all.saturating_sub(octets))
    }
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
    pub(super) fn is_spent(&self, account: &Account) -> bool {
        account.total().saturating_mul(KEPT) > self.free_memory()
    }

    /// What those behind an account may keep: principals an eighth of what is free each,
    /// strangers no more than half of everything together, and the senders behind a principal
    /// as much as they leave each other of its part.
    pub(super) fn room_behind(&self, account: &Account) -> Room {
        let (free, kept, crowd) = (self.free_memory(), account.octets(), account.crowd());
        let everybody = self.holdings.account();
        let all = free.saturating_add(everybody.octets());
        if account.is(everybody) {
            return Room { all, kept, crowd, free, parts: KEPT };
        }
        if account.is(self.holdings.strangers()) {
            return Room { all: all / STRANGERS, kept, crowd, free, parts: KEPT };
        }
        let all = free / KEPT;
        Room { all, kept, crowd, free: all.saturating_sub(kept), parts: 1 }
    }

    /// Takes memory from whoever holds most, until newcomers find some again or nobody holds
    /// more than a share. What is lost with it is reported.
    pub(super) fn make_memory(&mut self, now: Instant) {
        let reserve = self.config.limits.memory_octets / RESERVE;
        while self.free_memory() < reserve && self.search.is_due() {
            let before = self.free_memory();
            self.largest_gives(now, reserve - before);
            if self.free_memory() <= before {
                self.search.was_in_vain(self.holdings.len());
            }
        }
    }

    /// The largest holder gives up the connection for which most waits, or else those who
    /// keep most give up as much as is missing of what is kept for a while. Strangers are one
    /// holder. If they have nothing to give that is not lost already, the next one gives.
    fn largest_gives(&mut self, now: Instant, missing: usize) {
        let share = self.config.limits.memory_octets / self.holdings.len().max(1);
        let largest = self.holdings.largest_member().filter(|largest| largest.to_give() > share);
        let most = largest.map_or(share, Holding::to_give);
        let keeps_most = largest.is_some_and(Holding::keeps_most);
        let longest = largest.and_then(Holding::longest_queue);
        if self.holdings.strangers_to_give() > most {
            let before = self.free_memory();
            self.strangers_give(now, share, missing);
            if self.free_memory() > before {
                return;
            }
        }
        if keeps_most {
            self.keepers_give(now, &self.holdings.account().clone(), share, missing);
        } else {
            self.evict(longest);
        }
    }

    fn strangers_give(&mut self, now: Instant, share: usize, missing: usize) {
        let strangers = self.holdings.strangers().clone();
        if strangers.octets() > self.holdings.strangers_to_give() / 2 {
            self.keepers_give(now, &strangers, share, missing);
        } else {
            let longest = self.holdings.longest_stranger().and_then(Holding::longest_queue);
            self.evict(longest);
        }
    }

    /// Those behind an account who keep more than half of a share give up as much as is missing.
    fn keepers_give(&mut self, now: Instant, of: &Account, share: usize, missing: usize) {
        self.shed(now, of, share / 2, of.octets().saturating_sub(missing));
    }

    /// Says how many octets the application holds of an incomplete message of a connection
    /// with a message transport, such as those of a WebSocket. They count in
    /// [`RelayLimits::memory_octets`](super::RelayLimits::memory_octets). Whoever keeps
    /// little gets room from those who keep most. If so much is kept for its user or source that
    /// there is no room, the one of their connections with the longest incomplete message is
    /// closed ([`RelayClose::Evicted`](super::RelayClose::Evicted)).
    pub fn input_holds(&mut self, connection: ConnectionId, octets: usize) {
        let Some(link) = self.links.get_mut(connection) else { return };
        link.input = None;
        if octets == 0 {
            return;
        }
        let account = link.account.clone();
        let has_memory = self.find_memory(self.now, &account, octets);
        if let Some(link) = self.links.get_mut(connection) {
            link.input = Some(account.charge(octets));
        }
        if !has_memory {
            let longest = self.longest_input(connection);
            self.evict(longest);
        }
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
