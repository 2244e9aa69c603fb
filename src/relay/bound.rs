//! The bound of each flow: how much of it waits here, and what happens above it.
//!
//! A sender whose flow is above its bound is not read, so that TCP slows it down. That
//! would hold up others on a connection on which a relay sends the flows of many. There,
//! a flow has a little time above its bound, and is then ended with 408.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::Relay;
use super::event::ConnectionId;
use super::flow::{FlowId, Previous};
use super::lost::{Loss, Lost};
use crate::time::Instant;
use crate::wire::MessageId;

/// How long a flow may be above its bound where others cannot get past it.
const ABOVE: Duration = Duration::from_secs(2);

/// How long a flow gets no such time any more, and a connection is not held for another.
const PAROLE: Duration = Duration::from_secs(30);

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
        let is_shared = self.links.get(source).is_some_and(|it| it.previous == Previous::Relay);
        let is_above = if is_shared {
            self.is_above(id, destination)
        } else {
            self.has_filled(id, destination)
        };
        if !(is_shared && is_above) {
            self.end_above(id);
        }
        if !is_above {
            return;
        }
        if !is_shared {
            self.block(source, id, destination);
        } else if !self.may_stay_above(now, id, destination) {
            self.end_flow(now, id, destination);
        } else if self.is_overfull(destination) {
            self.hold_shared(now, source, id, destination);
        }
    }

    /// Whether a flow that comes on a connection of its own has filled a queue.
    fn has_filled(&self, id: FlowId, destination: ConnectionId) -> bool {
        let Some(next) = self.links.get(destination) else { return false };
        let (own, all) = (next.hop.waiting_of(id), next.hop.waiting());
        let max = self.queue_limit(destination);
        all > max && (own > share(max) || own == all)
    }

    /// Whether a flow that comes on a connection that others share is above its bound.
    fn is_above(&mut self, id: FlowId, destination: ConnectionId) -> bool {
        let Some(next) = self.links.get(destination) else { return false };
        let own = next.hop.waiting_of(id);
        let share = share(self.queue_limit(destination));
        if self.is_overfull(destination) {
            own > share
        } else {
            own > self.bound(destination) && !self.is_apart(id)
        }
    }

    /// Whether a flow has a connection apart from others, so that it leaves little on another.
    fn is_apart(&mut self, id: FlowId) -> bool {
        let apart = self.flows.get_mut(id).and_then(|flow| flow.apart);
        let link = apart.and_then(|connection| self.links.get(connection));
        link.is_some_and(|link| link.previous == Previous::RelayForOne)
    }

    /// The bound of a flow on a connection that others share.
    fn bound(&self, destination: ConnectionId) -> usize {
        let (max, usual) = (self.queue_limit(destination), self.config.limits.queue_octets);
        // Less only if there is no memory.
        max.max(if max < usual { LEAST_SHARE } else { LEAST_BOUND })
    }

    /// Whether so much waits for a connection that those that others share are not read.
    pub(super) fn is_overfull(&self, destination: ConnectionId) -> bool {
        let most = self.bound(destination).saturating_mul(PATIENCE);
        self.links.get(destination).is_some_and(|next| next.hop.waiting() > most)
    }

    /// Whether a flow that is above its bound has time left.
    fn may_stay_above(&mut self, now: Instant, id: FlowId, destination: ConnectionId) -> bool {
        if self.flows.get_mut(id).is_some_and(|flow| flow.is_on_parole(now)) {
            return false;
        }
        self.note_above(now, id, destination).is_none_or(|until| now < until)
    }

    /// Notes that a flow is above its bound since then at the latest. Returns when its time
    /// there is over, and looks at it then.
    fn note_above(
        &mut self,
        since: Instant,
        id: FlowId,
        destination: ConnectionId,
    ) -> Option<Instant> {
        let flow = self.flows.get_mut(id)?;
        let (earlier, before) = flow.above.unwrap_or((since, destination));
        let since = since.min(earlier);
        flow.above = Some((since, destination));
        if before != destination {
            self.let_flow_go(id, before);
        }
        let until = since.checked_add(ABOVE);
        self.arm_flow(id, until);
        until
    }

    /// A flow is not above its bound, or not any more.
    fn end_above(&mut self, id: FlowId) {
        let above = self.flows.get_mut(id).and_then(|flow| flow.above.take());
        if let Some((_, destination)) = above {
            self.let_flow_go(id, destination);
        }
    }

    /// The connections on which a flow arrives are read.
    fn let_flow_go(&mut self, id: FlowId, destination: ConnectionId) {
        let Some(next) = self.links.get_mut(destination) else { return };
        let waiters = next.waiters.extract_if(.., |(flow, _)| *flow == id).collect();
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
        let age = |at: Instant| now.saturating_duration_since(at);
        let held_at = link.held_at.filter(|at| age(*at) < PAROLE).unwrap_or(now);
        link.held_at = Some(held_at);
        if age(held_at) >= ABOVE {
            return self.end_flow(now, id, destination);
        }
        self.note_above(held_at, id, destination);
        self.block(source, id, destination);
    }

    /// Looks at a flow that was above its bound.
    pub(super) fn look_at_bound(&mut self, now: Instant, id: FlowId) {
        let Some((since, destination)) = self.flows.get_mut(id).and_then(|flow| flow.above) else {
            return;
        };
        let until = since.checked_add(ABOVE);
        if !self.is_above(id, destination) {
            self.end_above(id);
        } else if until.is_some_and(|until| until <= now) {
            self.end_flow(now, id, destination);
        } else {
            self.arm_flow(id, until);
        }
    }

    /// Drops what waits of a flow, and reports it with 408. What is still to arrive of its
    /// messages is refused.
    fn end_flow(&mut self, now: Instant, id: FlowId, destination: ConnectionId) {
        if let Some(flow) = self.flows.get_mut(id) {
            flow.paroled_until = now.checked_add(PAROLE);
            flow.refuse_begun();
        }
        let mut dropped = self.drop_chunks(id, destination);
        self.counters.dropped += dropped.len() as u64;
        dropped.retain(|lost| !self.lose_current(lost.relayed.source(), &lost.relayed));
        self.lose(Loss::Dropped(dropped));
        self.end_above(id);
        self.has_octets(destination);
        self.resume_waiters(now, destination);
    }

    /// Drops the chunks of a flow. The next hop is told once of each message of which it
    /// has a part.
    fn drop_chunks(&mut self, id: FlowId, destination: ConnectionId) -> VecDeque<Lost> {
        let Some(next) = self.links.get_mut(destination) else { return VecDeque::new() };
        let chunks = next.hop.chunks_of(id).into_iter();
        let (keys, lost): (Vec<_>, VecDeque<_>) =
            chunks.map(|(key, chunk)| (key, Lost::rest(chunk))).unzip();
        let mut messages = BTreeSet::new();
        for (key, lost) in keys.into_iter().zip(&lost) {
            let is_first = messages.insert(lost.relayed.message_id().map(MessageId::as_str));
            next.hop.abort(key, is_first);
        }
        lost
    }
}
