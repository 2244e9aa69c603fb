//! Which nonce counts have been used.

use std::collections::BTreeMap;

use super::nonce::NonceId;

/// The last count of each nonce that was used, in the order in which the nonces were made.
///
/// It holds at most `limit` nonces and drops the oldest first. From then on it accepts no
/// nonce that is as old as a dropped one, so that dropping a nonce never allows a replay.
#[derive(Clone, Debug)]
pub(super) struct ReplayWindow {
    counts: BTreeMap<NonceId, u32>,
    /// The newest nonce that was dropped.
    dropped: Option<NonceId>,
    pub(super) limit: usize,
}

/// What the window knows of a nonce and a count of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    First,
    Again,
    /// The window has dropped nonces as old as this one.
    Forgotten,
}

impl ReplayWindow {
    pub(super) const fn new(limit: usize) -> Self {
        Self { counts: BTreeMap::new(), dropped: None, limit }
    }

    /// Whether a use of the nonce may have been forgotten.
    pub(super) fn has_forgotten(&self, nonce: NonceId) -> bool {
        self.dropped.is_some_and(|dropped| nonce <= dropped)
    }

    /// Notes a use. Counts only rise, because AUTH requests are not pipelined (RFC 4976
    /// section 9.1) and so never overtake each other.
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

    /// Drops the nonces that are too old by `is_old`.
    pub(super) fn drop_old(&mut self, is_old: impl Fn(NonceId) -> bool) {
        while self.counts.first_key_value().is_some_and(|(nonce, _)| is_old(*nonce)) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self.counts.pop_first().map(|(nonce, _)| nonce);
        self.dropped = self.dropped.max(oldest);
    }
}
