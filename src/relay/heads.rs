//! The heads that are kept until their requests have responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The octets of the entry of a request, besides its head.
const ENTRY_OCTETS: usize = 256;

/// Counts the octets of heads: those of one principal, and all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads {
    own: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
}

/// A head that counts until this is dropped.
#[derive(Debug)]
pub(super) struct Kept {
    heads: Heads,
    octets: usize,
}

impl Heads {
    /// Those of one more principal.
    pub(super) fn of_another(&self) -> Self {
        Self { own: Arc::default(), all: Arc::clone(&self.all) }
    }

    pub(super) fn own(&self) -> usize {
        self.own.load(Ordering::Relaxed)
    }

    pub(super) fn all(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    pub(super) fn keep(&self, octets: usize) -> Kept {
        let octets = octets.saturating_add(ENTRY_OCTETS);
        for counter in [&self.own, &self.all] {
            counter.fetch_add(octets, Ordering::Relaxed);
        }
        Kept { heads: self.clone(), octets }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for counter in [&self.heads.own, &self.heads.all] {
            counter.fetch_sub(self.octets, Ordering::Relaxed);
        }
    }
}
