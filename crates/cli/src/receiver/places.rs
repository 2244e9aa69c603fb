//! A bound on the connections at a time.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The places of a receiver.
pub(super) struct Places(Arc<Shared>);

struct Shared {
    free: Mutex<usize>,
    /// A place has become free.
    freed: Condvar,
}

/// A place that is taken until this is dropped.
pub(super) struct Place(Arc<Shared>);

impl Places {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Shared { free: Mutex::new(places.max(1)), freed: Condvar::new() }))
    }

    /// Waits for a place and takes it.
    pub(super) fn take(&self) -> Place {
        let free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.0.freed.wait_while(free, |free| *free == 0);
        *wait.unwrap_or_else(PoisonError::into_inner) -= 1;
        Place(Arc::clone(&self.0))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
