//! What each principal holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::charge::Account;
use super::portions::Portions;
use super::principal::Principal;
use super::ranking::Ranking;
use super::shares::Shares;
use crate::relay::event::{ConnectionId, TokenId};
use crate::time::Instant;

/// How much its holder misses a connection that gives way, the first difference counts. It
/// only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::relay) struct Standing {
    /// Whether the relay has opened it, and others than the holder use it.
    pub(in crate::relay) is_dial_of_many: bool,
    /// Whether others than the holder use it.
    pub(in crate::relay) is_shared: bool,
    pub(in crate::relay) is_proven: bool,
    pub(in crate::relay) last_used: Instant,
}

/// What one principal holds. A connection that is closing is no longer among it.
#[derive(Debug, Default)]
pub(in crate::relay) struct Holding {
    /// By which it is known. A number is never reused.
    pub(in crate::relay) number: u64,
    /// With the octets that wait for each of them.
    pub(in crate::relay) connections: BTreeMap<ConnectionId, usize>,
    /// Those that are being established.
    dials: BTreeSet<ConnectionId>,
    /// The sum of these octets.
    queued: usize,
    pub(in crate::relay) account: Account,
    /// The connections in the order in which they give way.
    standing: Ranking<ConnectionId, Option<Standing>>,
    /// Those under which nothing was relayed first, then in the order of their issue.
    tokens: Ranking<TokenId, bool>,
    /// Among those that have gone.
    is_listed: bool,
}

impl Holding {
    /// What it can give back: what waits for it, and what is kept for a while.
    pub(in crate::relay) fn to_give(&self) -> usize {
        self.queued.saturating_add(self.account.octets())
    }

    /// Whether more of that is kept than waits.
    pub(in crate::relay) fn keeps_most(&self) -> bool {
        self.account.octets() > self.queued
    }

    /// The connection for which most waits.
    pub(in crate::relay) fn longest_queue(&self) -> Option<ConnectionId> {
        let longest = self.connections.iter().max_by_key(|(_, octets)| **octets);
        longest.map(|(id, _)| *id)
    }

    fn has_gone(&self) -> bool {
        self.connections.is_empty() && self.tokens.len() == 0
    }
}

/// What everybody holds.
#[derive(Debug)]
pub(in crate::relay) struct Holdings {
    by_principal: BTreeMap<Principal, Holding>,
    /// Those that have tokens.
    token_shares: Shares<Principal>,
    /// Those that have dials.
    dials: Portions,
    /// Those that have gone, while something is kept for them.
    gone: VecDeque<Principal>,
    /// The number of the last one.
    last: u64,
    connections: usize,
    queued: usize,
    account: Account,
    /// Counts what is kept for those who have not shown who they are.
    strangers: Account,
    /// The octets that wait for them.
    queued_by_strangers: usize,
}

impl Holdings {
    pub(in crate::relay) fn new() -> Self {
        let account = Account::default();
        Self {
            by_principal: BTreeMap::new(),
            token_shares: Shares::default(),
            dials: Portions::default(),
            gone: VecDeque::new(),
            last: 0,
            connections: 0,
            queued: 0,
            strangers: account.behind(),
            queued_by_strangers: 0,
            account,
        }
    }

    pub(in crate::relay) fn of(&self, principal: &Principal) -> Option<&Holding> {
        self.by_principal.get(principal)
    }

    pub(in crate::relay) fn iter(&self) -> impl Iterator<Item = (&Principal, &Holding)> {
        self.by_principal.iter()
    }

    /// The connections of all of them.
    pub(in crate::relay) const fn connections(&self) -> usize {
        self.connections
    }

    /// The octets that wait for all of these connections, and what is kept for everybody.
    pub(in crate::relay) fn octets(&self) -> usize {
        self.queued.saturating_add(self.account.total())
    }

    /// The octets that wait for those of one principal.
    pub(in crate::relay) fn queued_by(&self, principal: &Principal) -> usize {
        self.of(principal).map_or(0, |holding| holding.queued)
    }

    /// Counts what is kept for all of them.
    pub(in crate::relay) const fn account(&self) -> &Account {
        &self.account
    }

    /// The same, for those of them who have not shown who they are.
    pub(in crate::relay) const fn strangers(&self) -> &Account {
        &self.strangers
    }

    /// The accounts of all that are behind this one.
    pub(in crate::relay) fn behind(&self, of: &Account) -> impl Iterator<Item = &Account> {
        let accounts = self.by_principal.values().map(|holding| &holding.account);
        accounts.filter(|account| account.line().any(|it| it.is(of)))
    }

    /// How many there are.
    pub(in crate::relay) fn len(&self) -> usize {
        self.by_principal.len()
    }

    /// Of those who have shown who they are, the one that can give back most.
    pub(in crate::relay) fn largest_member(&self) -> Option<&Holding> {
        let members = self.iter().filter(|(principal, _)| principal.is_member());
        members.map(|(_, holding)| holding).max_by_key(|holding| holding.to_give())
    }

    /// Of strangers, the one for which most waits.
    pub(in crate::relay) fn longest_stranger(&self) -> Option<&Holding> {
        let strangers = self.iter().filter(|(principal, _)| !principal.is_member());
        strangers.map(|(_, holding)| holding).max_by_key(|holding| holding.queued)
    }

    /// What these can give back together.
    pub(in crate::relay) fn strangers_to_give(&self) -> usize {
        self.queued_by_strangers.saturating_add(self.strangers.octets())
    }

    pub(in crate::relay) fn set_queued(
        &mut self,
        principal: &Principal,
        id: ConnectionId,
        octets: usize,
    ) {
        let Some(holding) = self.by_principal.get_mut(principal) else { return };
        let Some(known) = holding.connections.get_mut(&id) else { return };
        holding.queued = holding.queued - *known + octets;
        self.queued = self.queued - *known + octets;
        if !principal.is_member() {
            self.queued_by_strangers = self.queued_by_strangers - *known + octets;
        }
        *known = octets;
    }

    /// Adds a connection. Returns what its principal holds.
    pub(in crate::relay) fn add_connection(
        &mut self,
        principal: &Principal,
        id: ConnectionId,
    ) -> &Holding {
        self.connections += 1;
        let holding = self.holding(principal);
        holding.connections.insert(id, 0);
        holding.standing.insert(id, None);
        holding
    }

    /// The connection that a principal misses least, but for one.
    pub(in crate::relay) fn least_missed(
        &mut self,
        principal: &Principal,
        but: Option<ConnectionId>,
        standing: impl Fn(ConnectionId) -> Option<Standing>,
    ) -> Option<ConnectionId> {
        self.by_principal.get_mut(principal)?.standing.least(but, standing)
    }

    /// One of the connections of a principal is being established.
    pub(in crate::relay) fn begin_dial(&mut self, principal: &Principal, id: ConnectionId) {
        if self.holding(principal).dials.insert(id) {
            self.dials.add(principal);
        }
    }

    pub(in crate::relay) fn end_dial(&mut self, principal: &Principal, id: ConnectionId) {
        let holding = self.by_principal.get_mut(principal);
        if holding.is_some_and(|holding| holding.dials.remove(&id)) {
            self.dials.remove(principal);
        }
    }

    /// How many connections of a principal are being established.
    pub(in crate::relay) fn dials_by(&self, principal: &Principal) -> usize {
        self.dials.count(principal)
    }

    /// A dial of whoever has most of them, if that is more than this one has with another.
    pub(in crate::relay) fn dial_to_give(&self, principal: &Principal) -> Option<ConnectionId> {
        let largest = self.dials.gives_way_to(principal)?;
        self.of(largest)?.dials.first().copied()
    }

    pub(in crate::relay) fn remove_connection(&mut self, principal: &Principal, id: ConnectionId) {
        self.set_queued(principal, id, 0);
        self.end_dial(principal, id);
        let Some(holding) = self.by_principal.get_mut(principal) else { return };
        if holding.connections.remove(&id).is_some() {
            holding.standing.remove(id);
            self.connections -= 1;
        }
        self.forget_empty(principal);
    }

    /// Adds a token. Returns what counts the octets that are kept for it.
    pub(in crate::relay) fn add_token(&mut self, principal: &Principal, id: TokenId) -> Account {
        self.token_shares.add(principal);
        let holding = self.holding(principal);
        holding.tokens.insert(id, false);
        holding.account.clone()
    }

    /// How many tokens each principal has.
    pub(in crate::relay) const fn token_shares(&self) -> &Shares<Principal> {
        &self.token_shares
    }

    /// The oldest token of a principal under which nothing was relayed, or else the oldest.
    pub(in crate::relay) fn least_used_token(
        &mut self,
        principal: &Principal,
        is_used: impl Fn(TokenId) -> bool,
    ) -> Option<TokenId> {
        self.by_principal.get_mut(principal)?.tokens.least(None, is_used)
    }

    pub(in crate::relay) fn remove_token(&mut self, principal: &Principal, id: TokenId) {
        let Some(holding) = self.by_principal.get_mut(principal) else { return };
        holding.tokens.remove(id);
        self.token_shares.remove(principal);
        self.forget_empty(principal);
    }

    fn holding(&mut self, principal: &Principal) -> &mut Holding {
        self.forget_gone();
        let of = if principal.is_member() { &self.account } else { &self.strangers };
        let last = &mut self.last;
        self.by_principal.entry(principal.clone()).or_insert_with(|| {
            *last += 1;
            Holding { number: *last, account: of.behind(), ..Holding::default() }
        })
    }

    /// Whoever has gone and comes again still has what is kept for it.
    fn forget_empty(&mut self, principal: &Principal) {
        if let Some(holding) = self.by_principal.get_mut(principal)
            && holding.has_gone()
            && !std::mem::replace(&mut holding.is_listed, true)
        {
            self.gone.push_back(principal.clone());
        }
        self.forget_gone();
    }

    /// Looks at two of those that have gone: one goes at a time.
    fn forget_gone(&mut self) {
        for _ in 0..2 {
            let Some(principal) = self.gone.pop_front() else { return };
            let Some(holding) = self.by_principal.get_mut(&principal) else { continue };
            if !holding.has_gone() {
                holding.is_listed = false;
            } else if holding.account.total() > 0 {
                self.gone.push_back(principal);
            } else {
                self.by_principal.remove(&principal);
            }
        }
    }
}
