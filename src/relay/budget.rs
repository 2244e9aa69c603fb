//! Budgets: what each principal may hold, and who gives way at a limit.
//!
//! At its own limit a principal gives up something of its own. At a limit of the whole
//! relay the one that holds most does, so that nobody loses anything to one that holds
//! more.

use super::Relay;
use super::accounts::principal::Principal;
use super::event::{ConnectionId, RelayClose, TokenId};
use super::links::{LEAST_READ, Link};
use crate::time::Instant;

/// The most octets that the connections of one principal are read in one turn of each.
const TURN_OCTETS: usize = 64 * 1024;
/// The octets of a turn of a connection without an accepted request.
const STRANGER_OCTETS: usize = 1024;

impl Relay {
    /// Makes room for one more connection of this principal, at the cost of its own or of
    /// those of the largest holder (RFC 4976 section 6.5). Returns whether there is room.
    pub(super) fn make_room(&mut self, now: Instant, principal: Option<&Principal>) -> bool {
        let limits = self.config.limits;
        if let Some(principal) = principal
            && self.held_by(principal) >= limits.principal_connections
        {
            let gives = self.own_to_give(principal, None);
            self.evict(gives);
        }
        if self.holdings.connections() >= limits.connections {
            let gives = self.any_to_give(now, principal);
            self.evict(gives);
        }
        self.has_place()
    }

    /// Whether there is a place for one more. If all are taken, the oldest connection that
    /// is closing ends at once, so that no peer keeps places by reading slowly.
    fn has_place(&mut self) -> bool {
        let places = self.config.limits.connections;
        if self.links.len() >= places {
            self.end_oldest_closing();
        }
        self.holdings.connections() < places && self.may_exceed()
    }

    /// Until the application has closed what gives way, the limit is exceeded, but there are
    /// never more than twice as many.
    fn may_exceed(&self) -> bool {
        self.links.len() < self.config.limits.connections.saturating_mul(2)
    }

    /// Counts a connection among those of a user who has authenticated on it. At the
    /// limit, another one of this user gives way.
    pub(super) fn belongs_to(&mut self, id: ConnectionId, principal: Principal) {
        let Some(link) = self.links.get_mut(id) else { return };
        if link.principal == principal {
            return;
        }
        let counted = link.counted;
        let before = std::mem::replace(&mut link.principal, principal.clone());
        link.is_shared |= matches!((&before, &principal), (Principal::User(_), Principal::User(_)));
        self.holdings.remove_connection(&before, id);
        let holding = self.holdings.add_connection(&principal, id);
        (link.account, link.holder) = (holding.account.clone(), holding.number);
        self.holdings.set_queued(&principal, id, counted);
        self.peers.belongs_to(id, &principal);
        if self.held_by(&principal) > self.config.limits.principal_connections {
            let gives = self.own_to_give(&principal, Some(id));
            self.evict(gives);
        }
    }

    /// Whether the relay may connect for this principal. A dial takes a free place, or that of a
    /// dial of whoever has most of them: it never ends an established connection.
    pub(super) fn may_dial(&mut self, principal: &Principal) -> bool {
        self.is_within_dials(principal) && (self.has_place() || self.dial_gives_way(principal))
    }

    /// The same for a dial that takes a free place only.
    pub(super) fn may_dial_beside(&mut self, principal: &Principal) -> bool {
        self.is_within_dials(principal) && self.has_place()
    }

    fn is_within_dials(&self, principal: &Principal) -> bool {
        let limits = self.config.limits;
        self.holdings.dials_by(principal) < limits.user_dials
            && self.held_by(principal) < limits.principal_connections
    }

    /// How many connections are being established for the same principal as this one, with it:
    /// whoever has fewest goes first where an application does only so much at a time, such as
    /// looking up names.
    #[must_use]
    pub fn dials_with(&self, connection: ConnectionId) -> usize {
        let link = self.links.get(connection);
        link.map_or(0, |link| self.holdings.dials_by(&link.principal))
    }

    fn dial_gives_way(&mut self, principal: &Principal) -> bool {
        if !self.may_exceed() {
            return false;
        }
        let gives = self.holdings.dial_to_give(principal);
        self.evict(gives);
        gives.is_some() && self.has_place()
    }

    /// Makes room for one more token of this user. Returns whether there is room: there is
    /// none if everybody else holds about as many as this user or fewer.
    pub(super) fn make_token_room(&mut self, user: &Principal) -> bool {
        let limits = self.config.limits;
        let shares = self.holdings.token_shares();
        let own = shares.count(user);
        let is_full = self.tokens.len() >= limits.tokens || self.is_full(&self.tokens.pool);
        let gives = if own >= limits.user_tokens {
            self.least_used_token(user)
        } else if is_full {
            let most = shares.most().filter(|(held, _)| *held > own + 1);
            let most = most.map_or(user, |(_, principal)| principal).clone();
            self.least_used_token(&most)
        } else {
            return true;
        };
        let Some(gives) = gives else { return false };
        self.end_token(gives, false);
        true
    }

    fn least_used_token(&mut self, principal: &Principal) -> Option<TokenId> {
        let tokens = &self.tokens;
        self.holdings.least_used_token(principal, |id| tokens.is_used(id))
    }

    /// The most octets to read from a connection before the others have their turn: 1 KiB
    /// before its first request is accepted, then its share of the 64 KiB of its user or
    /// source and no more than the connection to which it sends has room for, but at least
    /// 4 KiB. A relay has many clients: each connection with one may
    /// be read 64 KiB at a time.
    #[must_use]
    pub fn read_octets(&self, connection: ConnectionId) -> usize {
        let Some(link) = self.links.get(connection).filter(|link| link.is_proven) else {
            return STRANGER_OCTETS;
        };
        let sharers = if link.principal.is_relay() { 1 } else { self.held_by(&link.principal) };
        (TURN_OCTETS / sharers.max(1)).min(self.room_ahead(link)).max(LEAST_READ)
    }

    /// The room of the connection to which this one has sent last, or of any before it is known
    /// which: a read beyond it can keep a slow one busy for minutes, in which nothing more is
    /// read.
    fn room_ahead(&self, link: &Link) -> usize {
        let next = link.sends_to.and_then(|id| Some((id, self.links.get(id)?)));
        next.map_or(self.config.limits.queue_octets, |(id, next)| {
            self.queue_limit(id).saturating_sub(next.backlog())
        })
    }

    fn held_by(&self, principal: &Principal) -> usize {
        self.holdings.of(principal).map_or(0, |holding| holding.connections.len())
    }

    pub(super) fn evict(&mut self, id: Option<ConnectionId>) {
        let Some(id) = id else { return };
        let Some(link) = self.links.get_mut(id) else { return };
        self.counters.evicted += 1;
        link.input = None;
        // One that takes no octets now would keep its place.
        if link.in_flight.is_some() {
            self.close_overdue(id, RelayClose::Evicted);
        } else {
            self.shut(id, RelayClose::Evicted);
        }
    }

    /// The connection that a principal misses least. What was opened for it and is of use to
    /// others is not given up for its sake.
    pub(super) fn own_to_give(
        &mut self,
        principal: &Principal,
        keep: Option<ConnectionId>,
    ) -> Option<ConnectionId> {
        let links = &self.links;
        let standing = |id| links.get(id).map(Link::standing);
        let least = self.holdings.least_missed(principal, keep, standing);
        least.filter(|id| standing(*id).is_none_or(|standing| !standing.is_dial_of_many))
    }

    /// The first of some connections to give way.
    pub(super) fn least_missed(
        &self,
        ids: impl Iterator<Item = ConnectionId>,
    ) -> Option<ConnectionId> {
        let links = ids.filter_map(|id| Some((self.links.get(id)?.standing(), id)));
        links.min().map(|(_, id)| id)
    }
}
