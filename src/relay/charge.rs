//! What is kept for a principal: heads of requests without a response, and what is known of
//! its peers, flows and tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::weight;

/// Counts the octets that are kept for one principal, and those for all.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    own: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
}

/// Counts the octets of one kind of entries, of all principals.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<AtomicUsize>);

/// One entry, which counts until this is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    tally: Tally,
    pool: Option<Pool>,
    octets: usize,
}

impl Tally {
    /// That of one more principal.
    pub(super) fn of_another(&self) -> Self {
        Self { own: Arc::default(), all: Arc::clone(&self.all) }
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

impl Pool {
    pub(super) fn octets(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Charge {
    pub(super) const fn octets(&self) -> usize {
        self.octets
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
        self.octets = octets;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.count(0);
    }
}
