//! Connections that are not read: those that send to one without room, and those that do
//! not take their own responses.

use super::Relay;
use super::event::{ConnectionId, RelayEvent};
use super::flows::FlowId;
use super::links::waiters::Waiter;
use crate::time::Instant;

/// How often within the rate time the use of a connection is shared.
const SHARES: u32 = 8;

impl Relay {
    /// Whether to read this connection now. False while a connection that it
    /// sends to has no room, or its own responses wait; [`RelayEvent::Resume`]
    /// follows when that changes.
    #[must_use]
    pub fn wants_read(&self, connection: ConnectionId) -> bool {
        let link = self.links.get(connection);
        link.is_some_and(|link| link.is_up() && link.blocked_on.is_empty())
    }

    /// Does not read the source of a flow until there is room again.
    pub(super) fn block(&mut self, source: ConnectionId, id: FlowId, destination: ConnectionId) {
        if self.links.get(destination).is_none() {
            return;
        }
        let link = self.links.get_mut(source);
        let is_new = link.is_some_and(|link| link.blocked_on.insert((id, destination)));
        if is_new && let Some(next) = self.links.get_mut(destination) {
            next.waiters.insert((id, source));
        }
    }

    /// Stops reading a connection that does not read its responses.
    pub(super) fn hold_back_itself(&mut self, source: ConnectionId) {
        if self.owes_octets(source) {
            self.block(source, FlowId::Connection(source), source);
        }
    }

    /// Whether so many responses and short requests wait for a connection that it gets no
    /// more of those that others make.
    pub(super) fn owes_octets(&mut self, id: ConnectionId) -> bool {
        self.weigh(id);
        let limit = self.control_limit(id);
        self.links.get(id).is_some_and(|link| link.hop.control_len() > limit)
    }

    /// Resumes the connections that wait for room in this one. Those whose flows may be above
    /// their bounds wait only while too much does.
    pub(super) fn resume_waiters(&mut self, now: Instant, id: ConnectionId) {
        self.weigh(id);
        let Some(link) = self.links.get_mut(id) else { return };
        let relieved = link.hop.relieved();
        if link.waiters.is_empty() {
            return;
        }
        let leeway = link.leeway(now);
        let (limit, is_overfull) = (self.queue_limit(id), self.is_overfull(id, leeway));
        let Some(link) = self.links.get_mut(id) else { return };
        let has_room = link.has_room(now, limit, leeway);
        let waiters = if has_room {
            link.waiters.take()
        } else {
            let is_read_on = |flow: &FlowId| !is_overfull && self.flows.is_above(*flow);
            let read_on: Vec<_> = link.waiters.sessions().filter(is_read_on).collect();
            if leeway > 0 && !read_on.is_empty() {
                link.note_room(now);
            }
            let flows = relieved.into_iter().chain(read_on);
            flows.flat_map(|flow| link.waiters.take_flow(flow)).collect()
        };
        self.let_go(id, waiters);
    }

    /// Reads a connection whatever its flows wait for.
    pub(super) fn read_on(&mut self, source: ConnectionId) {
        let Some(link) = self.links.get(source) else { return };
        let elsewhere = link.blocked_on.iter().filter(|(_, destination)| *destination != source);
        for (flow, destination) in elsewhere.copied().collect::<Vec<_>>() {
            let Some(next) = self.links.get_mut(destination) else { continue };
            let waiters = next.waiters.remove((flow, source)).into_iter().collect();
            self.let_go(destination, waiters);
        }
    }

    /// These no longer wait for a connection.
    pub(super) fn let_go(&mut self, id: ConnectionId, waiters: Vec<Waiter>) {
        for (flow, waiter) in waiters {
            if let Some(link) = self.links.get_mut(waiter) {
                link.blocked_on.remove(&(flow, id));
                link.paused = Some(self.now);
                if link.blocked_on.is_empty() && link.is_up() {
                    self.events.push_back(RelayEvent::Resume { connection: waiter });
                }
            }
        }
    }

    /// Octets flow on a connection. Those that are not read until it has room are in use as
    /// long as it is: they cannot show it otherwise. Since there may be many, it is passed on
    /// a few times within the rate time only.
    pub(super) fn share_use(&mut self, now: Instant, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id) else { return };
        let until = link.in_use_until();
        let more = until.saturating_duration_since(link.shared_until);
        if until <= now || more < self.config.rate_time / SHARES {
            return;
        }
        link.shared_until = until;
        let sources: Vec<_> = link.waiters.connections().collect();
        for source in sources {
            if let Some(link) = self.links.get_mut(source) {
                link.stays_in_use(now, until);
            }
        }
    }
}
