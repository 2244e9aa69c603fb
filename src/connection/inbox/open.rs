//! A message that has begun and not ended: where its chunks meet.

use std::sync::Arc;
use std::time::Duration;

use crate::connection::config::session::SessionConfig;
use crate::connection::event::received::Received;
use crate::connection::memory::store::Store;
use crate::weight;

/// A message that has begun and not ended.
#[derive(Debug)]
pub(super) struct Open {
    pub(in crate::connection) received: Received,
    pub(super) store: Store,
    /// The session's configuration when it began.
    pub(in crate::connection) terms: Arc<SessionConfig>,
    pub(super) progress: Progress,
}

impl Open {
    pub(in crate::connection) fn weight(&self) -> usize {
        weight::ENTRY + self.received.weight() + self.store.weight()
    }
}

/// When octets of a message last arrived, by the clock of
/// [`Quiet`](crate::connection::quiet::Quiet), and where that is in the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) at: Duration,
    pub(super) step: u64,
    /// The step at which it was filed.
    pub(super) filed: u64,
}

impl Progress {
    /// For a message that is not filed.
    pub(in crate::connection) const fn new(at: Duration) -> Self {
        Self { at, step: 0, filed: 0 }
    }

    /// Octets have arrived. The order learns of it later.
    pub(super) const fn made(&mut self, at: Duration, step: u64) {
        (self.at, self.step) = (at, step);
    }
}
