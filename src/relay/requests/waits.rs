//! The requests of a connection that wait on others for their end: to leave, or for a
//! response.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use crate::spare::Spare;

/// SENDs that wait no longer are kept up to this number.
const FEW: usize = 16;

/// What of one connection waits on others.
#[derive(Debug)]
pub(in crate::relay) struct Outstanding<T> {
    /// The SENDs in the order of their arrival, and some that have ended since.
    sends: VecDeque<Weak<Request<T>>>,
    /// The number of SENDs above which it looks for those to forget.
    crowd: usize,
    /// Shared with every request that waits.
    any: Arc<()>,
}

/// One request that waits, until this is dropped.
#[derive(Debug)]
pub(in crate::relay) struct Waits<T> {
    request: Arc<Request<T>>,
}

#[derive(Debug)]
struct Request<T> {
    /// `None` if it is no SEND.
    send: Option<Arc<T>>,
    _any: Arc<()>,
}

impl<T> Outstanding<T> {
    /// A request begins to wait that is no SEND.
    pub(in crate::relay) fn begin(&self) -> Waits<T> {
        self.wait(None)
    }

    /// A SEND begins to wait.
    pub(in crate::relay) fn begin_send(&mut self, send: &Arc<T>) -> Waits<T> {
        let waits = self.wait(Some(Arc::clone(send)));
        self.sends.push_back(Arc::downgrade(&waits.request));
        if self.sends.len() > self.crowd.max(FEW) {
            self.sends.retain(|send| send.strong_count() > 0);
            self.sends.give_back();
            self.crowd = 2 * self.sends.len();
        }
        waits
    }

    fn wait(&self, send: Option<Arc<T>>) -> Waits<T> {
        Waits { request: Arc::new(Request { send, _any: Arc::clone(&self.any) }) }
    }

    pub(in crate::relay) fn is_empty(&self) -> bool {
        Arc::strong_count(&self.any) == 1
    }

    /// Takes the next SEND: `Some(None)` if it waits no longer.
    pub(in crate::relay) fn pop(&mut self) -> Option<Option<Arc<T>>> {
        let send = self.sends.pop_front()?;
        Some(send.upgrade().and_then(|request| request.send.clone()))
    }
}

impl<T> Default for Outstanding<T> {
    fn default() -> Self {
        Self { sends: VecDeque::new(), crowd: 0, any: Arc::default() }
    }
}

impl<T> Clone for Waits<T> {
    fn clone(&self) -> Self {
        Self { request: Arc::clone(&self.request) }
    }
}
