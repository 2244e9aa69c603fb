//! The requests of a connection that wait on others for their end: to leave, or for a
//! response.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use super::relayed::Relayed;
use crate::spare::Spare;

/// SENDs that wait no longer are kept up to this number.
const FEW: usize = 16;

/// What of one connection waits on others.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    /// The SENDs in the order of their arrival, and some that have ended since.
    sends: VecDeque<Weak<Request>>,
    /// The number of SENDs above which it looks for those to forget.
    crowd: usize,
    /// Shared with every request that waits.
    any: Arc<()>,
}

/// A request that waits, until this is dropped.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    _request: Arc<Request>,
}

#[derive(Debug)]
struct Request {
    /// `None` if it is no SEND.
    relayed: Option<Arc<Relayed>>,
    _any: Arc<()>,
}

impl Outstanding {
    /// A request begins to wait that is no SEND.
    pub(super) fn begin(&self) -> Waits {
        Waits { _request: self.request(None) }
    }

    /// A SEND begins to wait.
    pub(super) fn begin_send(&mut self, relayed: &Arc<Relayed>) -> Waits {
        let request = self.request(Some(Arc::clone(relayed)));
        self.sends.push_back(Arc::downgrade(&request));
        if self.sends.len() > self.crowd.max(FEW) {
            self.sends.retain(|send| send.strong_count() > 0);
            self.sends.give_back();
            self.crowd = 2 * self.sends.len();
        }
        Waits { _request: request }
    }

    fn request(&self, relayed: Option<Arc<Relayed>>) -> Arc<Request> {
        Arc::new(Request { relayed, _any: Arc::clone(&self.any) })
    }

    pub(super) fn is_empty(&self) -> bool {
        Arc::strong_count(&self.any) == 1
    }

    /// Takes the next SEND: `Some(None)` if it waits no longer.
    pub(super) fn pop(&mut self) -> Option<Option<Arc<Relayed>>> {
        let send = self.sends.pop_front()?;
        Some(send.upgrade().and_then(|request| request.relayed.clone()))
    }
}
