//! Who gives way when there is no memory to keep more.
//!
//! A request is kept until it has its response. Each holder may keep a part of what is left,
//! so that the next one finds some. But those who come early find more than those who come
//! late, and many who come one after the other leave nothing. So whoever keeps less than half
//! of an equal share gets room from those who keep more: some of their requests get 408 at
//! once, the oldest on each connection first.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::Relay;
use super::accounts::charge::{Account, Charge};
use super::event::{ConnectionId, RelayClose};
use super::flows::FlowId;
use super::requests::{ChunkKey, Forwarded, Purpose, Relayed};
use crate::time::Instant;
use crate::wire::{MessageId, StatusCode, TransactionId};

/// So many octets are freed at least, or one of so many parts, so that looking for those who
/// give way costs each request little.
const BATCH: usize = 256 * 1024;
const PARTS: usize = 64;

/// Those behind an account who give way, until all behind it keep `enough`.
struct Giving<'a> {
    of: &'a Account,
    accounts: Vec<Account>,
    enough: usize,
}

impl Giving<'_> {
    fn is_done(&self) -> bool {
        self.of.octets() <= self.enough
    }

    /// Whether this is kept for one of them who keeps too much.
    fn gives(&self, charge: &Charge) -> bool {
        charge.account().line().any(Account::gives) && !self.is_done()
    }
}

impl Drop for Giving<'_> {
    fn drop(&mut self) {
        self.accounts.iter().for_each(Account::end_giving);
    }
}

impl Relay {
    /// Finds memory to keep so many octets more for a request: for one of many senders behind
    /// a principal, and for the principal. Returns whether there is any.
    pub(super) fn find_memory(&mut self, now: Instant, account: &Account, octets: usize) -> bool {
        let mut line = account.line();
        line.all(|account| account.of().is_none_or(|of| self.find_behind(now, of, account, octets)))
    }

    fn find_behind(
        &mut self,
        now: Instant,
        of: &Account,
        account: &Account,
        octets: usize,
    ) -> bool {
        // Strangers have their part without asking.
        if account.is(self.holdings.strangers()) {
            return true;
        }
        let octets = account.octets().saturating_add(octets);
        let room = self.room_behind(of);
        if octets <= room.left() {
            return true;
        }
        let least = room.share() / 2;
        if octets > least {
            return false;
        }
        self.shed(now, of, least, room.beside(octets));
        octets <= self.room_behind(of).left()
    }

    /// Those behind an account that keep more than `least` give way, the largest first, until
    /// all of them keep `enough`, and some more.
    pub(super) fn shed(&mut self, now: Instant, of: &Account, least: usize, enough: usize) {
        if !of.search().is_due() {
            return;
        }
        let (before, batch) = (of.octets(), BATCH.min(self.room_behind(of).all() / PARTS));
        let enough = enough.saturating_sub(batch);
        let accounts = self.largest_behind(of, least, before.saturating_sub(enough));
        self.all_give(now, &Giving { of, accounts, enough });
        if before.saturating_sub(of.octets()) < batch {
            of.search().was_in_vain(self.links.len());
        }
    }

    /// The fewest of those behind an account who keep so much above `least`, with which they
    /// give way.
    fn largest_behind(&self, of: &Account, least: usize, needed: usize) -> Vec<Account> {
        let mut behind: Vec<_> = self
            .all_behind(of)
            .map(|account| (account.octets().saturating_sub(self.least(account, least)), account))
            .filter(|(above, _)| *above > 0)
            .collect();
        behind.sort_unstable_by_key(|(above, _)| Reverse(*above));
        let mut found = 0;
        let needed = behind.into_iter().take_while(|(above, _)| {
            let is_needed = found < needed;
            found += above;
            is_needed
        });
        needed
            .map(|(above, account)| {
                account.give_above(account.octets() - above);
                account.clone()
            })
            .collect()
    }

    /// What one who gives way keeps. Of strangers, who may be many, it is half of what they
    /// keep on average, if that is less.
    fn least(&self, account: &Account, least: usize) -> usize {
        let strangers = self.holdings.strangers();
        if account.of().is_some_and(|of| of.is(strangers)) && strangers.octets() > least {
            least.min(strangers.octets() / strangers.crowd().max(1) / 2)
        } else {
            least
        }
    }

    fn all_behind<'a>(&'a self, of: &'a Account) -> Box<dyn Iterator<Item = &'a Account> + 'a> {
        let is_of_many = of.of().is_none() || of.is(self.holdings.strangers());
        if is_of_many {
            Box::new(self.holdings.behind(of))
        } else {
            Box::new(self.senders.behind(of))
        }
    }

    /// Requests give way first. What is arriving, and what has to leave before a connection
    /// closes, ends with its connection.
    fn all_give(&mut self, now: Instant, giving: &Giving<'_>) {
        if giving.accounts.is_empty() {
            return;
        }
        self.shed_auths(now, giving);
        for id in self.links.ids() {
            if giving.is_done() {
                return;
            }
            self.shed_requests(now, id, giving);
        }
        for id in self.links.ids() {
            self.shed_connection(id, giving);
        }
    }

    /// Closes a connection whose octets give way.
    fn shed_connection(&mut self, id: ConnectionId, giving: &Giving<'_>) {
        let gives = |charge: &Option<Charge>| charge.as_ref().is_some_and(|it| giving.gives(it));
        let Some(link) = self.links.get(id) else { return };
        if gives(&link.parting) {
            self.close_overdue(id, RelayClose::Evicted);
        } else if gives(&link.input) {
            self.evict(Some(id));
        }
    }

    fn shed_auths(&mut self, now: Instant, giving: &Giving<'_>) {
        for request in self.pending_auths.requests() {
            if self.pending_auths.get(request).is_some_and(|auth| giving.gives(&auth.charge)) {
                self.give_up_auth(now, request);
            }
        }
    }

    /// Ends requests that leave on a connection, the oldest first: those without a response,
    /// and then those that have not left whole.
    fn shed_requests(&mut self, now: Instant, id: ConnectionId, giving: &Giving<'_>) {
        let Some(link) = self.links.get(id) else { return };
        let open = link.hop.requests(|purpose| giving.gives(purpose.charge()));
        for request in open {
            self.shed_request(now, id, &request, giving);
        }
        self.shed_chunks(now, id, giving);
        self.has_octets(id);
        self.resume_waiters(now, id);
    }

    fn shed_request(
        &mut self,
        now: Instant,
        id: ConnectionId,
        request: &TransactionId,
        giving: &Giving<'_>,
    ) {
        let Some(link) = self.links.get_mut(id) else { return };
        if !link.hop.purpose(request).is_some_and(|purpose| giving.gives(purpose.charge())) {
            return;
        }
        let Some(transaction) = link.hop.complete(request) else { return };
        let (source, is_missed) = (transaction.purpose.source(), transaction.is_missed());
        match transaction.purpose {
            Purpose::Relayed(Forwarded { relayed, .. }) if is_missed => {
                self.counters.dropped += 1;
                self.report_failure(&relayed, transaction.octets, StatusCode::TIMEOUT);
            }
            // It has left, and silence is success (RFC 4976 section 6.4.1).
            Purpose::Relayed(_) => {}
            Purpose::Passed(passed) => self.refuse_passed(&passed, StatusCode::TIMEOUT),
        }
        self.settled(now, source);
    }

    /// Ends chunks that have not left whole. The next hop has no use for what else waits of
    /// their messages.
    fn shed_chunks(&mut self, now: Instant, id: ConnectionId, giving: &Giving<'_>) {
        let mut ended = HashSet::new();
        let gives = |relayed: &Relayed| giving.gives(relayed.charge());
        for key in self.chunks(id, gives) {
            if self.chunk(id, key).is_some_and(gives) {
                self.shed_chunk(now, id, key, &mut ended);
            }
        }
        let is_rest = |relayed: &Relayed| relayed.message().is_some_and(|it| ended.contains(&it));
        for key in self.chunks(id, is_rest) {
            self.shed_chunk(now, id, key, &mut ended);
        }
    }

    /// The chunks for which this holds that have not left whole.
    fn chunks(&self, id: ConnectionId, is_one: impl Fn(&Relayed) -> bool) -> Vec<ChunkKey> {
        let link = self.links.get(id);
        link.map_or_else(Vec::new, |link| link.hop.chunks(|it| is_one(&it.heading.relayed)))
    }

    fn chunk(&self, id: ConnectionId, key: ChunkKey) -> Option<&Relayed> {
        Some(&*self.links.get(id)?.hop.message_ref(key)?.heading.relayed)
    }

    /// Ends a chunk. If it is leaving, the octets of it that have left are lost, too.
    fn shed_chunk(
        &mut self,
        now: Instant,
        id: ConnectionId,
        key: ChunkKey,
        ended: &mut HashSet<(FlowId, MessageId)>,
    ) {
        let link = self.links.get_mut(id);
        let open = link.and_then(|link| link.hop.complete_open(key));
        let Some(mut lost) = self.drop_chunk(id, key, ended) else { return };
        if let Some(open) = open {
            lost.octets.start = open.octets.start;
        }
        self.report_lost(now, lost);
    }
}
