//! The bound of each flow: how much of it waits here, and what happens above it.
//!
//! A sender whose flow is above its bound is not read, so that TCP slows it down. That
//! would hold up others on a connection on which a relay sends the flows of many. There,
//! a flow has a little time above its bound, and is then ended with 408.

use std::collections::HashSet;
use std::time::Duration;

use super::Relay;
use super::event::ConnectionId;
use super::flows::{Above, FlowId, Previous};
use super::links::{Link, PAROLE};
use super::lost::Loss;
use super::requests::ChunkKey;
use crate::time::Instant;

/// How long a flow may be above its bound where others cannot get past it.
const ABOVE: Duration = Duration::from_secs(2);

/// How many times the limit of a queue may wait there before a connection that others
/// share is not read.
const PATIENCE: usize = 4;

/// Of the limit of a queue, one of so many parts is for a flow when others fill it.
const SHARE: usize = 16;

/// The least share of a flow: a chunk that need not be interruptible, and a head.
const LEAST_SHARE: usize = 4096;

/// The least bound of a flow on a connection that others share: what another relay of this
/// kind leaves there, whatever its limits are.
const LEAST_BOUND: usize = 64 * 1024;

/// The octets of a flow that may wait for a connection however many others do.
pub(super) const fn share(queue_octets: usize) -> usize {
    let share = queue_octets / SHARE;
    if share > LEAST_SHARE { share } else { LEAST_SHARE }
}

impl Relay {
    /// Stops reading the source of a flow that is above its bound, or ends the flow.
    pub(super) fn hold_back(
        &mut self,
        now: Instant,
        source: ConnectionId,
        id: FlowId,
        destination: ConnectionId,
    ) {
        self.weigh(destination);
        let Some(link) = self.links.get(source) else { return };
        if link.previous != Previous::Relay {
            if self.has_filled(id, destination) {
                self.block(source, id, destination);
            }
        } else if !self.is_above(id, destination) {
            self.end_above(id);
        } else if self.flows.is_on_parole(id, now) {
            self.end_flow(now, id, destination);
        } else {
            self.note_above(now, id, destination);
            if self.is_overfull(destination, 0) {
                self.hold_shared(now, source, id, destination);
            }
        }
    }

    /// Whether a flow that comes on a connection of its own has filled a queue, alone or with
    /// the others of its sender.
    fn has_filled(&self, id: FlowId, destination: ConnectionId) -> bool {
        let Some(next) = self.links.get(destination) else { return false };
        let own = self.waiting_with_sender(id, next);
        let max = self.queue_limit(destination);
        next.backlog() > max && (own > share(max) || own == next.hop.waiting())
    }

    /// What waits of a flow, or of all flows of the one who sends it now: many of them fill a
    /// queue no more than one would.
    fn waiting_with_sender(&self, id: FlowId, next: &Link) -> usize {
        let of_sender = next.hop.waiting_of_sender(self.sender_of(id));
        // Who has many tokens can send each of its chunks as another.
        of_sender.max(next.hop.waiting_of(id))
    }

    /// Whether a flow that comes on a connection that others share is above its bound.
    fn is_above(&mut self, id: FlowId, destination: ConnectionId) -> bool {
        let Some(next) = self.links.get(destination) else { return false };
        if self.is_overfull(destination, 0) {
            self.waiting_with_sender(id, next) > share(self.queue_limit(destination))
        } else {
            let waiting = next.hop.waiting_of(id);
            if waiting <= LEAST_BOUND {
                self.forget_apart(id);
            }
            waiting > self.bound(destination) && !self.is_apart(id)
        }
    }

    /// Whether a flow has a connection apart from others, so that it leaves little on another,
    /// or had one, on which what waits may have come.
    fn is_apart(&mut self, id: FlowId) -> bool {
        let Some(apart) = self.flows.get_mut(id).and_then(|flow| flow.apart) else { return false };
        let link = self.links.get(apart);
        link.is_none_or(|link| matches!(link.previous, Previous::RelayFor(_)))
    }

    /// Little waits of a flow: if it had a connection apart from others, that is over.
    fn forget_apart(&mut self, id: FlowId) {
        if let Some(flow) = self.flows.get_mut(id) {
            flow.apart = flow.apart.filter(|connection| self.links.get(*connection).is_some());
        }
    }

    /// The bound of a flow on a connection that others share.
    fn bound(&self, destination: ConnectionId) -> usize {
        let (max, usual) = (self.queue_limit(destination), self.config.limits.queue_octets);
        // Less only if there is no memory.
        max.max(if max < usual { LEAST_SHARE } else { LEAST_BOUND })
    }

    /// Whether so much waits for a connection, apart from this leeway, that those that others
    /// share are not read.
    pub(super) fn is_overfull(&self, destination: ConnectionId, leeway: usize) -> bool {
        let waiting = self.links.get(destination).map_or(0, |next| next.hop.waiting());
        waiting.saturating_sub(leeway) > PATIENCE.saturating_mul(self.bound(destination))
    }

    /// Notes that a flow is above its bound since then at the latest. It is looked at when its
    /// time there is over.
    fn note_above(&mut self, since: Instant, id: FlowId, destination: ConnectionId) {
        let Some(flow) = self.flows.get_mut(id) else { return };
        let since = flow.above.map_or(since, |above| since.min(above.since));
        let before = flow.above.replace(Above { since, on: destination });
        if let Some(before) = before.filter(|before| before.on != destination) {
            self.let_flow_go(id, before.on);
        }
        self.arm_flow(id, since.checked_add(ABOVE));
    }

    /// A flow is not above its bound, or not any more.
    fn end_above(&mut self, id: FlowId) {
        let above = self.flows.get_mut(id).and_then(|flow| flow.above.take());
        if let Some(above) = above {
            self.let_flow_go(id, above.on);
        }
    }

    /// The connections on which a flow arrives are read.
    fn let_flow_go(&mut self, id: FlowId, destination: ConnectionId) {
        let Some(next) = self.links.get_mut(destination) else { return };
        let waiters = next.waiters.take_flow(id);
        self.let_go(destination, waiters);
    }

    /// Does not read a connection that others share, once in a while and for no longer than
    /// one flow may be above its bound: a series of flows would hold them up for as long as
    /// it lasts.
    fn hold_shared(
        &mut self,
        now: Instant,
        source: ConnectionId,
        id: FlowId,
        destination: ConnectionId,
    ) {
        let Some(link) = self.links.get_mut(source) else { return };
        let held_at = link.held_at.filter(|_| link.was_held(now)).unwrap_or(now);
        link.held_at = Some(held_at);
        if now.saturating_duration_since(held_at) >= ABOVE {
            return self.end_flow(now, id, destination);
        }
        self.note_above(held_at, id, destination);
        self.block(source, id, destination);
    }

    /// Looks at a flow that was above its bound.
    pub(super) fn look_at_bound(&mut self, now: Instant, id: FlowId) {
        let Some(above) = self.flows.get_mut(id).and_then(|flow| flow.above) else { return };
        let until = above.since.checked_add(ABOVE);
        let is_over = until.is_some_and(|until| until <= now);
        if !is_over {
            self.arm_flow(id, until);
        } else if !self.is_apart(id) && self.is_above(id, above.on) {
            self.end_flow(now, id, above.on);
        } else {
            self.end_above(id);
        }
    }

    /// Drops what waits of a flow, and reports it with 408. What is still to arrive of its
    /// messages is refused.
    fn end_flow(&mut self, now: Instant, id: FlowId, destination: ConnectionId) {
        if let Some(flow) = self.flows.get_mut(id) {
            flow.paroled_until = now.checked_add(PAROLE);
            flow.refuse_begun();
        }
        let all = ChunkKey::up_to(u64::MAX);
        let next = self.links.get(destination);
        let keys = next.map(|next| next.hop.chunks_of(id, all).collect::<Vec<_>>());
        let mut ended = HashSet::new();
        let dropped = keys
            .into_iter()
            .flatten()
            .filter_map(|key| self.drop_chunk(destination, key, &mut ended))
            .collect();
        self.lose(Loss::Dropped(dropped));
        self.end_above(id);
        self.has_octets(destination);
        self.resume_waiters(now, destination);
    }
}
