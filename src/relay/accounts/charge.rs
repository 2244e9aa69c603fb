//! What is kept for a principal: heads of requests without a response, and what is known of
//! its peers, flows and tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::search::Search;
use crate::weight;

/// Counts the octets that are kept for one who sends, those of the accounts behind it
/// included. Everybody is behind the relay, strangers are behind an account of theirs, and
/// clients of another relay are behind that.
#[derive(Clone, Debug, Default)]
pub(in crate::relay) struct Account(Arc<Node>);

/// Only the relay that has it changes it, so that no change is lost.
#[derive(Debug, Default)]
struct Node {
    /// Everything.
    total: AtomicUsize,
    /// What is kept for a while.
    octets: AtomicUsize,
    /// How many of those behind it have any of these.
    behind: AtomicUsize,
    of: Option<Account>,
    /// That for those behind it who give way.
    search: Search,
    /// It gives way with what it keeps above so many octets, unless that is 0.
    gives_above: AtomicUsize,
}

/// Counts the octets of one kind of entries that are kept for long, of all principals.
#[derive(Clone, Debug, Default)]
pub(in crate::relay) struct Pool(Arc<AtomicUsize>);

/// One entry, which counts until this is dropped.
#[derive(Debug)]
pub(in crate::relay) struct Charge {
    account: Account,
    /// That of what is kept for long. Without one, it is kept for a while.
    pool: Option<Pool>,
    octets: usize,
}

impl Account {
    /// One behind it.
    pub(in crate::relay) fn behind(&self) -> Self {
        Self(Arc::new(Node { of: Some(self.clone()), ..Node::default() }))
    }

    /// The one that it is behind.
    pub(in crate::relay) fn of(&self) -> Option<&Self> {
        self.0.of.as_ref()
    }

    /// Everything that is kept for it.
    pub(in crate::relay) fn total(&self) -> usize {
        self.0.total.load(Relaxed)
    }

    /// What is kept for it for a while.
    pub(in crate::relay) fn octets(&self) -> usize {
        self.0.octets.load(Relaxed)
    }

    /// How many of those behind it hold anything for a while.
    pub(in crate::relay) fn crowd(&self) -> usize {
        self.0.behind.load(Relaxed)
    }

    pub(in crate::relay) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(in crate::relay) fn search(&self) -> &Search {
        &self.0.search
    }

    /// From now on, it gives way with what it keeps above so many octets.
    pub(in crate::relay) fn give_above(&self, octets: usize) {
        self.0.gives_above.store(octets.max(1), Relaxed);
    }

    /// It does not give way any more.
    pub(in crate::relay) fn end_giving(&self) {
        self.0.gives_above.store(0, Relaxed);
    }

    pub(in crate::relay) fn gives(&self) -> bool {
        let above = self.0.gives_above.load(Relaxed);
        above > 0 && self.octets() > above
    }

    /// Whether anything may still be kept for it.
    pub(in crate::relay) fn is_known(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// It, and those that it is behind.
    pub(in crate::relay) fn line(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |account| account.of())
    }

    /// Counts an entry with so many octets.
    pub(in crate::relay) fn charge(&self, octets: usize) -> Charge {
        self.entry(None, octets)
    }

    /// The same, of this kind.
    pub(in crate::relay) fn charge_in(&self, pool: &Pool, octets: usize) -> Charge {
        self.entry(Some(pool.clone()), octets)
    }

    fn entry(&self, pool: Option<Pool>, octets: usize) -> Charge {
        let mut charge = Charge { account: self.clone(), pool, octets: 0 };
        charge.set(octets);
        charge
    }

    /// Counts what is kept for a while.
    fn count(&self, more: usize, fewer: usize) {
        let before = self.octets();
        let after = change(&self.0.octets, more, fewer);
        if let Some(of) = self.of() {
            change(&of.0.behind, usize::from(after > 0), usize::from(before > 0));
        }
    }
}

impl Pool {
    pub(in crate::relay) fn octets(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Charge {
    pub(in crate::relay) const fn octets(&self) -> usize {
        self.octets
    }

    pub(in crate::relay) const fn account(&self) -> &Account {
        &self.account
    }

    /// One more entry of the same.
    pub(in crate::relay) fn another(&self) -> Self {
        self.account.charge(0)
    }

    /// The entry has so many octets.
    pub(in crate::relay) fn set(&mut self, octets: usize) {
        self.count(octets.saturating_add(weight::ENTRY));
    }

    fn count(&mut self, octets: usize) {
        let before = std::mem::replace(&mut self.octets, octets);
        for account in self.account.line() {
            change(&account.0.total, octets, before);
            if self.pool.is_none() {
                account.count(octets, before);
            }
        }
        if let Some(pool) = &self.pool {
            change(&pool.0, octets, before);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.count(0);
    }
}

/// Adds to a counter and takes from it. Returns what it counts now.
fn change(counter: &AtomicUsize, more: usize, fewer: usize) -> usize {
    let after = counter.load(Relaxed) + more - fewer;
    counter.store(after, Relaxed);
    after
}
