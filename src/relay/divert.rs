//! Flows that leave a shared connection for one of their own.
//!
//! What is on its way between two relays lies in one stream, and a flow whose receiver
//! is slow holds up all that share it. So a flow that has more than a little outstanding
//! gets a connection of its own to the next relay, on which it holds up nobody else. It
//! changes between messages, and its order is kept.

use std::time::Duration;

use super::Relay;
use super::event::ConnectionId;
use super::flows::{Earlier, FlowId, FlowKey, Stage};
use super::links::own::Own;
use super::links::target::Target;
use super::links::{Current, Link, State};
use super::requests::ChunkKey;
use super::route::{NoWay, Way};
use super::watch::Timer;
use crate::hop::OUTSTANDING;
use crate::time::Instant;
use crate::uri::UriRef;
use crate::wire::{Continuation, HeadRef, MessageId, StatusCode};

/// The most octets that a flow has outstanding on a connection that others share.
const MOST_SHARED: usize = 32 * 1024;

/// The most connections beside the common one for the flows of one token from one connection.
/// Those beyond it share the last: the next relay tells by the token for whom it is.
const OWN_OF_TOKEN: usize = 4;

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
        let leads_to_relay = way.paths.to.len() > 1;
        let is_from_relay = way.paths.from.len() > 1;
        if !leads_to_relay && !is_from_relay {
            return Ok(());
        }
        let far = if to_owner { way.paths.from.first() } else { way.paths.to.first() };
        let (Some(link), Some(token)) = (self.links.get(source), way.tokens.last()) else {
            return Ok(());
        };
        let (from, account) = (&link.principal, &way.account);
        if self.is_spent(&link.account) {
            self.flows.make_room_of(now, from);
        }
        let is_spent = self.is_spent(&link.account);
        let key = FlowKey { token: *token, far, to_owner, from, account, is_spent };
        way.flow = self.flows.of(now, &key);
        let is_spent = is_spent || !self.flows.has_memory(from);
        self.arm_flows(now);
        if let Some(flow) = self.flows.get_mut(way.flow) {
            flow.sent_by(way.sender);
        }
        if matches!(way.sender, FlowId::Sender(_)) {
            self.note_previous_relay(source, way.paths.from.first(), way.flow);
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
        if let Some(own) = self.flows.get_mut(flow).and_then(|flow| flow.own) {
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
        // The first chunk may have no body where others follow.
        let range = head.byte_range();
        let is_large =
            range.is_some_and(|range| range.total().is_none_or(|total| total > little as u64));
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
        let (common, uri) = (way.destination, way.paths.to.first());
        if !self.may_divert(now, common, uri) {
            return None;
        }
        let link = self.links.get(source)?;
        let (holder, token) = (link.principal.clone(), *way.tokens.last()?);
        let client = *way.paths.own.last()?;
        let own = Own { common, source, holder, token, next: Target::of(uri), flows: Vec::new() };
        let (count, last) = self.like(&own);
        let has_room = count < OWN_OF_TOKEN && self.may_dial_beside(&own.holder);
        if has_room && self.make_room_beside(&own) {
            let id = self.open_own(now, uri, own);
            self.say_for_whom(id, uri, client);
            return Some(id);
        }
        last
    }

    /// How many connections there are of the same token from the same connection, and the last
    /// of them that leads to the same relay.
    fn like(&self, own: &Own) -> (usize, Option<ConnectionId>) {
        let owns = self.links.get(own.source).into_iter().flat_map(|link| &link.owns);
        let others = owns.filter_map(|id| Some((*id, self.links.get(*id)?.own.as_deref()?)));
        let of_token = others.filter(|(_, other)| other.token == own.token);
        of_token.fold((0, None), |(count, last), (id, other)| {
            (count + 1, if other.next == own.next { Some(id) } else { last })
        })
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

    /// Makes room for one more connection beside the common one, at the cost of whoever has
    /// most of them. Returns whether there is room. The next relay may have the same limit
    /// for this one as this one for others.
    fn make_room_beside(&mut self, own: &Own) -> bool {
        let most = self.config.limits.principal_connections / OWN_SHARE;
        if self.owns.len_to(&own.next) < most {
            return true;
        }
        let held = self.owns.of_largest(&own.next, &own.holder);
        let gives = held.and_then(|held| self.least_missed(held.iter().copied()));
        self.evict(gives);
        gives.is_some()
    }

    fn open_own(&mut self, now: Instant, uri: UriRef<'_>, own: Own) -> ConnectionId {
        let id = self.dial(now, uri.to_uri(), own.holder.clone());
        self.owns.insert(id, &own);
        if let Some(link) = self.links.get_mut(own.source) {
            link.owns.push(id);
        }
        if let Some(link) = self.links.get_mut(id) {
            link.own = Some(Box::new(own));
        }
        self.arm(id);
        id
    }

    /// A connection of a flow's own has ended: its flows have none.
    pub(super) fn end_own(&mut self, id: ConnectionId) {
        let Some(own) = self.links.get_mut(id).and_then(|link| link.own.take()) else { return };
        self.owns.remove(id, &own);
        if let Some(link) = self.links.get_mut(own.source) {
            link.owns.retain(|known| *known != id);
        }
        for flow in own.flows {
            if let Some(flow) = self.flows.get_mut(flow) {
                (flow.own, flow.follows) = (None, None);
            }
        }
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
        if !is_free {
            flow.follows = Some(Earlier { on: common, last, old_at });
        }
        let Some(link) = self.links.get_mut(own) else { return };
        if let Some(own) = &mut link.own {
            own.flows.push(id);
        }
        if !is_free {
            link.hop.hold(id, true);
            self.arm_flow(id, Some(old_at));
        }
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
        let before = ChunkKey::up_to(earlier.last);
        let link = self.links.get(earlier.on);
        let waits = link.is_some_and(|link| link.hop.chunks_of(id, before).next().is_some());
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

    /// A connection of a flow's own cannot be made: flows stay on the common one for a while.
    pub(super) fn own_failed(&mut self, id: ConnectionId) {
        let Some(link) = self.links.get(id).filter(|link| link.state == State::Connecting) else {
            return;
        };
        let until = link.since.checked_add(RETRY);
        let common = link.own.as_ref().map(|own| own.common);
        if let Some(link) = common.and_then(|common| self.links.get_mut(common)) {
            link.no_own_until = until;
        }
    }

    /// What waits for a connection of a flow's own that is not made goes by the common one.
    pub(super) fn rejoin(&mut self, id: ConnectionId) {
        let Some(link) = self.links.get(id).filter(|link| link.state == State::Connecting) else {
            return;
        };
        let Some(common) = link.own.as_ref().map(|own| own.common) else { return };
        if !self.takes_requests(common) {
            return;
        }
        let messages = self.links.get_mut(id).map(|link| link.hop.take_messages());
        for (old, chunk) in messages.unwrap_or_default() {
            let Some(link) = self.links.get_mut(common) else { return };
            let key = link.next_key(old.source);
            link.hop.insert(key, chunk);
            self.redirect(old.source, (id, old), (common, key));
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
    pub(super) fn message_ended(
        &mut self,
        flow: FlowId,
        message_id: Option<&MessageId>,
        flag: Continuation,
    ) {
        if flag != Continuation::More
            && let (Some(flow), Some(id)) = (self.flows.get_mut(flow), message_id)
        {
            flow.end(id);
        }
    }

    /// Forgets the flows that are over, and senders for whom nothing is kept.
    pub(super) fn forget_flows(&mut self, now: Instant) {
        self.flows.tidy(now);
        self.senders.tidy();
        self.arm_flows(now);
    }

    /// Sets the timer of all flows, if it is not set and there are any.
    fn arm_flows(&mut self, now: Instant) {
        if let Some(due) = self.flows.arm(now) {
            self.timers.insert((due, Timer::Flows));
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
