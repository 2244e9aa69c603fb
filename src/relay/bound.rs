//! The bound of each flow: how much of it waits here, and what happens above it.
//!
//! A sender whose flow is above its bound is not read, so that TCP slows it down. That
//! would hold up others on a connection on which a relay sends the flows of many. There,
//! a flow has a little time above its bound, and is then ended with 408. A connection that
//! seems to be for one client is not read for as long, and then on to see whether it is.

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

/// The same of a connection that seems to be for one client: the rest is for those that
/// others share.
const PATIENCE_FOR_ONE: usize = 3;

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
        let Some(previous) = self.links.get(source).map(|link| link.previous) else { return };
        let is_above = match previous {
            Previous::Relay => self.is_above(id, destination),
            Previous::Sender | Previous::RelayForOne => self.has_filled(id, destination),
        };
        if !is_above {
            return self.is_below(source, id);
        }
        match previous {
            Previous::Sender => self.block(source, id, destination),
            Previous::RelayForOne => self.hold_for_one(now, source, id, destination),
            Previous::Relay if !self.may_stay_above(now, id, destination) => {
                self.end_flow(now, id, destination);
            }
            Previous::Relay if self.is_overfull(destination) => {
                self.hold_shared(now, source, id, destination);
            }
            Previous::Relay => {}
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
        let of_sender = next.hop.waiting_of_sender(self.flows.sender_of(id));
        // Who has many tokens can send each of its chunks as another.
        of_sender.max(next.hop.waiting_of(id))
    }

    /// Whether a flow that comes on a connection that others share is above its bound.
    fn is_above(&mut self, id: FlowId, destination: ConnectionId) -> bool {
        let Some(next) = self.links.get(destination) else { return false };
        if self.is_overfull(destination) {
            self.waiting_with_sender(id, next) > share(self.queue_limit(destination))
        } else {
            let is_above = next.hop.waiting_of(id) > self.bound(destination);
            if !is_above {
                self.forget_apart(id);
            }
            is_above && !self.is_apart(id)
        }
    }

    /// Whether a flow has a connection apart from others, so that it leaves little on another,
    /// or had one, on which what waits may have come.
    fn is_apart(&mut self, id: FlowId) -> bool {
        let Some(apart) = self.flows.get_mut(id).and_then(|flow| flow.apart) else { return false };
        let link = self.links.get(apart);
        link.is_none_or(|link| link.previous == Previous::RelayForOne)
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

    /// Whether so much waits for a connection that those that others share are not read.
    fn is_overfull(&self, destination: ConnectionId) -> bool {
        self.times_bound(destination, 0) > PATIENCE
    }

    /// How many times the bound of a flow waits for a connection, rounded up, apart from this
    /// leeway.
    pub(super) fn times_bound(&self, destination: ConnectionId, leeway: usize) -> usize {
        let waiting = self.links.get(destination).map_or(0, |next| next.hop.waiting());
        waiting.saturating_sub(leeway).div_ceil(self.bound(destination))
    }

    /// Whether a flow that is above its bound has time left.
    fn may_stay_above(&mut self, now: Instant, id: FlowId, destination: ConnectionId) -> bool {
        if self.flows.get_mut(id).is_some_and(|flow| flow.is_on_parole(now)) {
            return false;
        }
        self.note_above(now, id, destination, PATIENCE).is_none_or(|until| now < until)
    }

    /// Notes that a flow is above its bound since then at the latest. Returns when its time
    /// there is over, and looks at it then.
    fn note_above(
        &mut self,
        since: Instant,
        id: FlowId,
        destination: ConnectionId,
        patience: usize,
    ) -> Option<Instant> {
        let flow = self.flows.get_mut(id)?;
        let since = flow.above.map_or(since, |above| since.min(above.since));
        let before = flow.above.replace(Above { since, on: destination, patience });
        if let Some(before) = before.filter(|before| before.on != destination) {
            self.let_flow_go(id, before.on);
        }
        let until = since.checked_add(ABOVE);
        self.arm_flow(id, until);
        until
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

    /// A flow that comes on a connection is not above its bound. Of a relay that may mix flows,
    /// one that was goes on being read until it is seen who else sends there.
    fn is_below(&mut self, source: ConnectionId, id: FlowId) {
        if !self.may_mix(source) {
            self.end_above(id);
        }
    }

    /// A flow is read again that waited.
    pub(super) fn end_wait(&mut self, source: ConnectionId, id: FlowId) {
        if !self.may_mix(source)
            && let Some(flow) = self.flows.get_mut(id)
        {
            flow.above = flow.above.filter(|above| above.patience > 0);
        }
    }

    /// Does not read a connection that seems to be for one client. If that lasts, others may
    /// wait behind this flow: it is read until so much waits that there seems to be nobody.
    fn hold_for_one(
        &mut self,
        now: Instant,
        source: ConnectionId,
        id: FlowId,
        destination: ConnectionId,
    ) {
        let above = self.flows.get_mut(id).and_then(|flow| flow.above);
        let above = above.filter(|above| above.on == destination);
        let patience = above.map_or(0, |above| above.patience);
        if above.is_none() {
            self.note_above(now, id, destination, patience);
            self.note_held(now, source, id, destination);
        }
        if self.times_bound(destination, 0) <= patience {
            return;
        }
        if patience > 0 {
            self.keeps_apart(source);
        }
        self.block(source, id, destination);
    }

    /// Notes that a connection is not read because of a flow of which more waits than a relay of
    /// this kind leaves on one that others share.
    fn note_held(
        &mut self,
        now: Instant,
        source: ConnectionId,
        id: FlowId,
        destination: ConnectionId,
    ) {
        let next = self.links.get(destination);
        let is_much = next.is_some_and(|next| next.hop.waiting_of(id) > LEAST_BOUND);
        if let Some(link) = self.links.get_mut(source).filter(|_| is_much) {
            link.held_at = Some(now);
        }
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
        self.note_above(held_at, id, destination, PATIENCE);
        self.block(source, id, destination);
    }

    /// From now on, a flow is read while less than so much waits.
    fn read_on_for_one(&mut self, id: FlowId, above: Above) {
        if let Some(flow) = self.flows.get_mut(id) {
            flow.above = Some(Above { patience: PATIENCE_FOR_ONE, ..above });
        }
        self.let_flow_go(id, above.on);
    }

    /// Looks at a flow that was above its bound.
    pub(super) fn look_at_bound(&mut self, now: Instant, id: FlowId) {
        let Some(above) = self.flows.get_mut(id).and_then(|flow| flow.above) else { return };
        let until = above.since.checked_add(ABOVE);
        let is_over = until.is_some_and(|until| until <= now);
        if !is_over {
            self.arm_flow(id, until);
        } else if self.is_apart(id) {
            self.read_on_for_one(id, above);
        } else if self.is_above(id, above.on) {
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
