//! Which nonce counts were used.

use std::collections::BTreeMap;

use super::nonce::NonceId;

/// The last count of each nonce that was used, in the order of their making.
///
/// It holds so many and no more. What goes, the oldest first, leaves a mark
/// below which no nonce is taken any more: that one was used is forgotten only
/// together with all that are as old.
#[derive(Clone, Debug)]
pub(super) struct ReplayWindow {
    counts: BTreeMap<NonceId, u32>,
    /// The newest nonce that went.
    gone: Option<NonceId>,
    pub(super) limit: usize,
}

/// What the window knows of a nonce and a count of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    First,
    Again,
    /// Nobody knows any more.
    Forgotten,
}

impl ReplayWindow {
    pub(super) const fn new(limit: usize) -> Self {
        Self { counts: BTreeMap::new(), gone: None, limit }
    }

    /// Whether the nonce may have been used without a trace.
    pub(super) fn has_forgotten(&self, nonce: NonceId) -> bool {
        self.gone.is_some_and(|gone| nonce <= gone)
    }

    /// Notes a use. Counts only rise: AUTH requests are not pipelined (RFC 4976
    /// section 9.1), so that none overtakes another.
    pub(super) fn note(&mut self, nonce: NonceId, count: u32) -> Use {
        if self.has_forgotten(nonce) {
            return Use::Forgotten;
        }
        let last = self.counts.entry(nonce).or_default();
        if count <= *last {
            return Use::Again;
        }
        *last = count;
        while self.counts.len() > self.limit {
            self.drop_oldest();
        }
        Use::First
    }

    /// Lets go of the nonces that are too old by `is_old`.
    pub(super) fn drop_old(&mut self, is_old: impl Fn(NonceId) -> bool) {
        while self.counts.first_key_value().is_some_and(|(nonce, _)| is_old(*nonce)) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self.counts.pop_first().map(|(nonce, _)| nonce);
        self.gone = self.gone.max(oldest);
    }
}
