//! Flows that leave a shared connection for one of their own.
//!
//! What is on its way between two relays lies in one stream, and a flow whose receiver
//! is slow holds up all that share it. So a flow that has more than a little outstanding
//! gets a connection of its own to the next relay, on which it holds up nobody else. It
//! changes between messages, and its order is kept.

use std::time::Duration;

use super::Relay;
use super::event::ConnectionId;
use super::flow::{Earlier, FlowId, FlowKey, Previous, Stage};
use super::link::{Current, Link, State};
use super::principal::Principal;
use super::relayed::{ChunkKey, Relayed};
use super::route::{NoWay, Way};
use super::watch::Timer;
use crate::hop::OUTSTANDING;
use crate::time::Instant;
use crate::uri::UriRef;
use crate::wire::{Continuation, HeadRef, StatusCode};

/// The most octets that a flow has outstanding on a connection that others share.
const MOST_SHARED: usize = 32 * 1024;

/// The most connections beside the common one for the flows from one connection. Those
/// beyond it share the last.
const OWN_OF_SOURCE: usize = 4;

/// Of the connections that the next relay may have, at most one of so many is for a flow
/// alone.
const OWN_SHARE: usize = 4;

/// After how long a connection of a flow's own is tried again that could not be made.
const RETRY: Duration = Duration::from_secs(60);

impl Relay {
    /// The most octets that a flow has outstanding on a connection that others share, and
    /// the most of a message that it begins there.
    fn little(&self) -> usize {
        (self.config.limits.queue_octets / 4).min(MOST_SHARED)
    }

    /// Finds the flow of a SEND, and the connection on which it leaves.
    pub(super) fn direct(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'_>,
        to_owner: bool,
        way: &mut Way<'_>,
    ) -> Result<(), NoWay> {
        let leads_to_relay = way.to.len() > 1;
        let is_from_relay = head.from_path().len() > 1;
        if !leads_to_relay && !is_from_relay {
            return Ok(());
        }
        let far = if to_owner { head.from_path().first() } else { way.to.first() };
        let (Some(link), Some(token)) = (self.links.get(source), way.tokens.last()) else {
            return Ok(());
        };
        let is_spent = self.is_spent(&link.tally) || self.is_full(&self.flows.pool);
        let (from, tally) = (&link.principal, &link.tally);
        let key = FlowKey { token: *token, far, to_owner, from, tally, is_spent };
        way.flow = self.flows.of(now, &key);
        if is_from_relay {
            self.note_previous_relay(source, head, way.flow);
        }
        let message_id = head.message_id();
        let stage = match (self.flows.get_mut(way.flow), &message_id) {
            (Some(flow), Some(id)) => flow.begin(now, id, is_spent),
            _ => Stage::First,
        };
        way.destination = match stage {
            Stage::Refused => return Err(NoWay::Refused(StatusCode::TIMEOUT)),
            Stage::Later(connection) if self.takes_requests(connection) => connection,
            Stage::First | Stage::Later(_) if leads_to_relay => self.lane(now, source, head, way),
            Stage::First | Stage::Later(_) => way.destination,
        };
        if let (Some(flow), Some(id)) = (self.flows.get_mut(way.flow), &message_id) {
            flow.leaves_on(id, way.destination);
        }
        Ok(())
    }

    /// Notes for whom the previous relay has made the connection on which a flow arrives:
    /// for all flows, if there is no older one with that relay, or if there are several.
    fn note_previous_relay(&mut self, source: ConnectionId, head: &HeadRef<'_>, flow: FlowId) {
        let Some(previous) = self.links.get(source).map(|link| link.previous) else { return };
        let noted = match previous {
            Previous::Relay => return,
            Previous::RelayForOne(one) if one == flow => return,
            Previous::RelayForOne(_) => Previous::Relay,
            Previous::Sender => {
                let uri = head.from_path().first();
                let known = self.directory.note_previous(uri, source, &self.links);
                let is_another = known.is_some_and(|known| self.is_older(known, source))
                    || self.has_older(source);
                if is_another { Previous::RelayForOne(flow) } else { Previous::Relay }
            }
        };
        if let (Previous::RelayForOne(_), Some(flow)) = (noted, self.flows.get_mut(flow)) {
            flow.apart = Some(source);
        }
        if let Some(link) = self.links.get_mut(source) {
            link.previous = noted;
        }
    }

    /// Whether the relay at the other end of a connection has shown its certificate on an
    /// older one, too.
    fn has_older(&self, connection: ConnectionId) -> bool {
        let link = self.links.get(connection).filter(|link| link.principal.is_relay());
        let held = link.and_then(|link| self.holdings.of(&link.principal));
        held.is_some_and(|held| held.connections.keys().any(|it| self.is_older(*it, connection)))
    }

    /// What a relay opens beside the connection for all flows comes after that.
    fn is_older(&self, one: ConnectionId, other: ConnectionId) -> bool {
        let since = |id| self.links.get(id).map(|link| (link.since, id));
        since(one).is_some_and(|one| since(other).is_some_and(|other| one < other))
    }

    fn takes_requests(&self, connection: ConnectionId) -> bool {
        self.links.get(connection).is_some_and(Link::takes_requests)
    }

    /// The connection on which a message goes to the next relay.
    fn lane(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'_>,
        way: &Way<'_>,
    ) -> ConnectionId {
        let (flow, common) = (way.flow, way.destination);
        if let Some(own) = self.own_of(flow) {
            return own;
        }
        if self.is_rest(flow) || !self.is_heavy(now, head, flow, common) {
            return common;
        }
        let Some(own) = self.own_connection(now, source, way) else {
            return common;
        };
        self.change_connection(now, flow, common, own);
        own
    }

    /// The connection of a flow's own, if it has one.
    fn own_of(&mut self, id: FlowId) -> Option<ConnectionId> {
        let own = self.flows.get_mut(id)?.own?;
        if self.takes_requests(own) {
            return Some(own);
        }
        self.flows.get_mut(id)?.own = None;
        None
    }

    /// Whether a flow may lead to several relays.
    fn is_rest(&mut self, id: FlowId) -> bool {
        self.flows.get_mut(id).is_some_and(|flow| flow.is_rest)
    }

    /// Whether a flow has more than a little outstanding, or is about to. A message that
    /// does not say how long it is may be of any length, and cannot move later.
    fn is_heavy(
        &mut self,
        now: Instant,
        head: &HeadRef<'_>,
        flow: FlowId,
        common: ConnectionId,
    ) -> bool {
        let little = self.little();
        let is_large = head
            .byte_range()
            .filter(|_| head.has_body())
            .is_some_and(|range| range.total().is_none_or(|total| total > little as u64));
        let Some(link) = self.links.get_mut(common) else { return false };
        is_large || link.hop.outstanding(flow, now) > little
    }

    /// A connection to the next relay beside the common one. `None` if there may be none.
    fn own_connection(
        &mut self,
        now: Instant,
        source: ConnectionId,
        way: &Way<'_>,
    ) -> Option<ConnectionId> {
        let (common, next) = (way.destination, way.to.first());
        if !self.may_divert(now, common, next) {
            return None;
        }
        let user = self.tokens.get(*way.tokens.last()?)?.username.clone();
        let user = Principal::User(user);
        let owns = self.owns(source);
        if owns.len() < OWN_OF_SOURCE && self.has_room_beside(common) && self.may_dial(&user) {
            return Some(self.open_own(now, source, way, user));
        }
        let is_beside = |own: &ConnectionId| {
            self.links.get(*own).is_some_and(|link| link.beside == Some(common))
        };
        owns.into_iter().rev().find(is_beside)
    }

    /// Whether flows may leave the common connection for one of their own.
    fn may_divert(&self, now: Instant, common: ConnectionId, next: UriRef<'_>) -> bool {
        let Some(link) = self.links.get(common) else { return false };
        // A relay that does not know this one binds the tokens of this one's clients to
        // the connection of their AUTH (section 6.3). Knowing is mutual (section 9.2).
        let is_bound = link.carries_auth && !link.peer.is_relay();
        let is_barred = link.no_own_until.is_some_and(|until| now < until);
        let is_reachable = next.port().is_some() && next.transport().eq_ignore_ascii_case("tcp");
        is_reachable && !is_bound && !is_barred && !self.is_draining()
    }

    /// The connections that flows from `source` have of their own.
    fn owns(&mut self, source: ConnectionId) -> Vec<ConnectionId> {
        let Some(link) = self.links.get_mut(source) else { return Vec::new() };
        let mut owns = std::mem::take(&mut link.owns);
        owns.retain(|own| self.links.get(*own).is_some_and(Link::takes_requests));
        if let Some(link) = self.links.get_mut(source) {
            link.owns.clone_from(&owns);
        }
        owns
    }

    /// Whether there are few connections beside the common one. The next relay may have
    /// the same limit for this one as this one for others.
    fn has_room_beside(&self, common: ConnectionId) -> bool {
        let beside = self.links.iter().filter(|(_, link)| link.beside == Some(common));
        beside.count() < self.config.limits.principal_connections / OWN_SHARE
    }

    fn open_own(
        &mut self,
        now: Instant,
        source: ConnectionId,
        way: &Way<'_>,
        user: Principal,
    ) -> ConnectionId {
        let own = self.dial(now, way.to.first().to_uri(), user);
        if let Some(link) = self.links.get_mut(own) {
            link.beside = Some(way.destination);
        }
        if let Some(link) = self.links.get_mut(source) {
            link.owns.push(own);
        }
        own
    }

    /// From now on, a flow uses a connection of its own: at once, or once its earlier
    /// messages have arrived.
    fn change_connection(
        &mut self,
        now: Instant,
        id: FlowId,
        common: ConnectionId,
        own: ConnectionId,
    ) {
        let Some(link) = self.links.get(common) else { return };
        let (is_free, last) = (link.hop.is_at_rest(id, now), link.last_key());
        let (Some(flow), Some(old_at)) = (self.flows.get_mut(id), now.checked_add(OUTSTANDING))
        else {
            return;
        };
        flow.own = Some(own);
        if is_free {
            return;
        }
        flow.follows = Some(Earlier { on: common, last, old_at });
        if let Some(link) = self.links.get_mut(own) {
            link.hop.hold(id, true);
        }
        self.arm_flow(id, Some(old_at));
    }

    /// A response has arrived on `connection` for a flow, which may have left it.
    pub(super) fn answered(&mut self, id: FlowId, connection: ConnectionId) {
        let follows = self.flows.get_mut(id).and_then(|flow| flow.follows);
        let is_earlier = follows.is_some_and(|earlier| earlier.on == connection);
        if is_earlier && self.links.get(connection).is_some_and(|link| link.hop.has_arrived(id)) {
            self.go_on(id);
        }
    }

    /// Lets a flow go on whose earlier messages have arrived, or are old.
    pub(super) fn follow(&mut self, now: Instant, id: FlowId) {
        let Some(earlier) = self.flows.get_mut(id).and_then(|flow| flow.follows) else { return };
        let waits = self.links.get(earlier.on).is_some_and(|link| {
            let mut chunks = link.hop.chunks_of(id).into_iter();
            chunks.any(|(key, _)| key.number <= earlier.last)
        });
        if !waits && now >= earlier.old_at {
            return self.go_on(id);
        }
        let old_at = if waits { now.checked_add(OUTSTANDING) } else { Some(earlier.old_at) };
        if let (Some(flow), Some(old_at)) = (self.flows.get_mut(id), old_at) {
            flow.follows = Some(Earlier { old_at, ..earlier });
        }
        self.arm_flow(id, old_at);
    }

    fn go_on(&mut self, id: FlowId) {
        let Some(flow) = self.flows.get_mut(id) else { return };
        flow.follows = None;
        if let Some(own) = flow.own
            && let Some(link) = self.links.get_mut(own)
        {
            link.hop.hold(id, false);
            self.has_octets(own);
        }
    }

    /// A connection of a flow's own cannot be made: what waits for it goes by the common
    /// one.
    pub(super) fn rejoin(&mut self, own: ConnectionId) {
        let Some(link) = self.links.get_mut(own) else { return };
        let (State::Connecting, Some(common)) = (&link.state, link.beside) else { return };
        let until = link.since.checked_add(RETRY);
        let Some(link) = self.links.get_mut(common).filter(|link| link.takes_requests()) else {
            return;
        };
        link.no_own_until = until;
        let messages = self.links.get_mut(own).map(|link| link.hop.take_messages());
        for (old, mut chunk) in messages.unwrap_or_default() {
            let (id, source) = (chunk.source, old.source);
            if let Some(link) = self.links.get_mut(source) {
                chunk.heading.moves(link.pending.begin(common));
            }
            let Some(link) = self.links.get_mut(common) else { return };
            let key = link.next_key(source);
            link.hop.insert(key, chunk);
            self.redirect(source, (own, old), (common, key));
            if let Some(flow) = self.flows.get_mut(id) {
                flow.own = None;
                flow.follows = None;
            }
        }
        self.has_octets(common);
    }

    /// The chunk that is arriving on `source` leaves elsewhere.
    fn redirect(
        &mut self,
        source: ConnectionId,
        from: (ConnectionId, ChunkKey),
        to: (ConnectionId, ChunkKey),
    ) {
        if let Some(link) = self.links.get_mut(source)
            && let Current::Passing { destination, key, .. } = &mut link.current
            && (*destination, *key) == from
        {
            (*destination, *key) = to;
        }
    }

    /// A chunk has arrived whole, and with it perhaps its message.
    pub(super) fn message_ended(&mut self, relayed: &Relayed, flag: Continuation) {
        if flag != Continuation::More
            && let (Some(flow), Some(id)) =
                (self.flows.get_mut(relayed.flow()), relayed.message_id())
        {
            flow.end(id);
        }
    }

    /// Sets the timer of a flow, unless it is set to an earlier time.
    pub(super) fn arm_flow(&mut self, id: FlowId, due: Option<Instant>) {
        let (Some(due), Some(flow)) = (due, self.flows.get_mut(id)) else { return };
        if flow.due.is_some_and(|set| set <= due) {
            return;
        }
        if let Some(old) = flow.due.replace(due) {
            self.timers.remove(&(old, Timer::Flow(id)));
        }
        self.timers.insert((due, Timer::Flow(id)));
    }
}
