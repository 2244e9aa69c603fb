//! What is kept for a principal: heads of requests without a response, and what is known of
//! its peers, flows and tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::search::Search;
use crate::weight;

/// Counts the octets that are kept for one principal, and those for all.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    account: Account,
    own: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
}

/// Counts the octets that are kept for a while for one who sends, those of the accounts behind
/// it included. Everybody is behind the relay, strangers are behind an account of theirs, and
/// clients of another relay are behind that.
#[derive(Clone, Debug, Default)]
pub(super) struct Account(Arc<Node>);

#[derive(Debug, Default)]
struct Node {
    octets: AtomicUsize,
    /// How many of those behind it have any.
    behind: AtomicUsize,
    of: Option<Account>,
    /// That for those behind it who give way.
    search: Search,
    /// It gives way with what it keeps above so many octets, unless that is 0.
    gives_above: AtomicUsize,
}

/// Counts the octets of one kind of entries that are kept for long, of all principals.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<AtomicUsize>);

/// One entry, which counts until this is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    tally: Tally,
    /// That of what is kept for long. Without one, it is kept for a while.
    pool: Option<Pool>,
    octets: usize,
}

impl Tally {
    /// That of one more principal, whose account is behind this one.
    pub(super) fn of_another(&self, of: &Account) -> Self {
        Self { account: of.behind(), own: Arc::default(), all: Arc::clone(&self.all) }
    }

    /// The same, of an account behind this one.
    pub(super) fn of_account(&self, account: Account) -> Self {
        Self { account, ..self.clone() }
    }

    pub(super) const fn account(&self) -> &Account {
        &self.account
    }

    pub(super) fn own(&self) -> usize {
        self.own.load(Ordering::Relaxed)
    }

    pub(super) fn all(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// Counts an entry with so many octets.
    pub(super) fn charge(&self, octets: usize) -> Charge {
        self.entry(None, octets)
    }

    /// The same, of this kind.
    pub(super) fn charge_in(&self, pool: &Pool, octets: usize) -> Charge {
        self.entry(Some(pool.clone()), octets)
    }

    fn entry(&self, pool: Option<Pool>, octets: usize) -> Charge {
        let mut charge = Charge { tally: self.clone(), pool, octets: 0 };
        charge.set(octets);
        charge
    }
}

impl Account {
    /// One behind it.
    pub(super) fn behind(&self) -> Self {
        Self(Arc::new(Node { of: Some(self.clone()), ..Node::default() }))
    }

    /// The one that it is behind.
    pub(super) fn of(&self) -> Option<&Self> {
        self.0.of.as_ref()
    }

    pub(super) fn octets(&self) -> usize {
        self.0.octets.load(Ordering::Relaxed)
    }

    /// How many of those behind it hold anything.
    pub(super) fn crowd(&self) -> usize {
        self.0.behind.load(Ordering::Relaxed)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn search(&self) -> &Search {
        &self.0.search
    }

    /// From now on, it gives way with what it keeps above so many octets.
    pub(super) fn give_above(&self, octets: usize) {
        self.0.gives_above.store(octets.max(1), Ordering::Relaxed);
    }

    /// It does not give way any more.
    pub(super) fn end_giving(&self) {
        self.0.gives_above.store(0, Ordering::Relaxed);
    }

    pub(super) fn gives(&self) -> bool {
        let above = self.0.gives_above.load(Ordering::Relaxed);
        above > 0 && self.octets() > above
    }

    /// Whether anything may still be kept for it.
    pub(super) fn is_known(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// It, and those that it is behind.
    pub(super) fn line(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |account| account.of())
    }

    fn count(&self, more: usize, fewer: usize) {
        for account in self.line() {
            let before = account.octets();
            let after = before + more - fewer;
            account.0.octets.store(after, Ordering::Relaxed);
            if let Some(of) = account.of() {
                let behind = of.crowd() + usize::from(after > 0) - usize::from(before > 0);
                of.0.behind.store(behind, Ordering::Relaxed);
            }
        }
    }
}

impl Pool {
    pub(super) fn octets(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Charge {
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }

    pub(super) const fn account(&self) -> &Account {
        &self.tally.account
    }

    /// One more entry of the same.
    pub(super) fn another(&self) -> Self {
        self.tally.charge(0)
    }

    /// The entry has so many octets.
    pub(super) fn set(&mut self, octets: usize) {
        self.count(octets.saturating_add(weight::ENTRY));
    }

    fn count(&mut self, octets: usize) {
        let pool = self.pool.as_ref().map(|pool| &pool.0);
        for counter in [&self.tally.own, &self.tally.all].into_iter().chain(pool) {
            counter.fetch_add(octets, Ordering::Relaxed);
            counter.fetch_sub(self.octets, Ordering::Relaxed);
        }
        if self.pool.is_none() {
            self.tally.account.count(octets, self.octets);
        }
        self.octets = octets;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.count(0);
    }
}
