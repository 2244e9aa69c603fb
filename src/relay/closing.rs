//! Connections that the relay closes: their responses leave before, within a time. What ends
//! with a connection.

use super::Relay;
use super::event::{ConnectionId, RelayClose, RelayEvent};
use super::links::{Current, Link, State};
use super::lost::Loss;
use crate::time::Instant;

/// Those that have ended are kept in their order up to this number.
const FEW: usize = 64;

impl Relay {
    /// Closes a connection as soon as its queued control frames have left. Its requests
    /// that wait on others are reported before: it would not hear of their end.
    pub(super) fn shut(&mut self, id: ConnectionId, reason: RelayClose) {
        if self.links.get(id).is_some_and(Link::takes_requests) {
            self.lose_waiting(id);
            self.give_up(id);
            let is_told = self.losses.is_empty();
            if let Some(link) = self.links.get_mut(id) {
                link.state = State::Closing { reason, since: None, is_told };
            }
            if !is_told {
                self.lose(Loss::Shut(Some(id)));
            }
            self.has_shut.push(id);
            self.has_octets(id);
            self.arm(id);
        }
    }

    /// The time of those that have just begun to close starts.
    pub(super) fn time_closing(&mut self, now: Instant) {
        while let Some(id) = self.has_shut.pop() {
            if let Some(link) = self.links.get_mut(id)
                && let State::Closing { since, .. } = &mut link.state
            {
                *since = Some(now);
                self.closing.push_back(id);
                self.arm(id);
            }
        }
        if self.closing.len() > 2 * self.links.len() + FEW {
            let links = &self.links;
            self.closing.retain(|id| links.get(*id).is_some_and(|it| it.closing_since().is_some()));
        }
    }

    /// A connection that closes gets no more REPORTs.
    pub(super) fn told_all(&mut self, id: ConnectionId) {
        if let Some(link) = self.links.get_mut(id)
            && let State::Closing { is_told, .. } = &mut link.state
        {
            *is_told = true;
            self.has_octets(id);
        }
    }

    /// Asks the application to close a closing or draining connection that has
    /// nothing left to send, and gets no more REPORTs.
    pub(super) fn finish_closing(&mut self, now: Instant, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id) else { return };
        if let State::Closing { reason, is_told, .. } = &link.state {
            if !is_told {
                return;
            }
            let reason = reason.clone();
            link.state = State::Closed;
            self.events.push_back(RelayEvent::Close { connection: id, reason });
        } else {
            self.close_at_rest(now, id);
        }
    }

    /// Closes the connection at once that has been closing for the longest time.
    pub(super) fn end_oldest_closing(&mut self) {
        while let Some(id) = self.closing.pop_front() {
            if self.links.get(id).is_some_and(|link| link.closing_since().is_some()) {
                return self.close_overdue(id, RelayClose::Evicted);
            }
        }
    }

    /// Ends everything of a connection except its queued responses: its tokens,
    /// the chunk it is sending, and the chunks queued for it.
    pub(super) fn give_up(&mut self, id: ConnectionId) {
        self.rejoin(id);
        self.end_own(id);
        let Some(link) = self.links.get_mut(id).filter(|link| link.state != State::Closed) else {
            return;
        };
        let tokens = std::mem::take(&mut link.tokens);
        let auths = std::mem::take(&mut link.auths);
        let current = std::mem::take(&mut link.current);
        let waiters = link.waiters.take();
        let unsettled = link.hop.give_up();
        // Charged before the connection is removed: its principal may go with its last one.
        link.parting = Some(link.account.charge(link.holds(&self.config)));
        self.holdings.remove_connection(&link.principal, id);
        for token in tokens {
            self.end_token(token, false);
        }
        if let Current::Passing { destination, key, .. } = current
            && let Some(next) = self.links.get_mut(destination)
        {
            next.hop.abort(key, true);
            self.has_octets(destination);
        }
        for auth in auths {
            self.drop_auth(auth);
        }
        self.lose(Loss::Sent(unsettled));
        self.let_go(id, waiters);
    }
}
