//! The sessions that peers may bind, and who waits for them.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use msrp::{MsrpUri, SessionConfig, SessionError, SessionTable};
use tokio::sync::oneshot;

use super::{Handle, session};

/// The sessions that peers may bind on any connection of an endpoint.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) table: SessionTable,
    waiting: Mutex<HashMap<MsrpUri, Slot>>,
}

/// Who waits for a session, and what the link has to know of it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) bound: oneshot::Sender<Arc<Handle>>,
    pub(crate) max_size: u64,
    pub(crate) reports: bool,
}

impl Expected {
    pub(crate) fn new(max_sessions: usize) -> Arc<Self> {
        Arc::new(Self { table: SessionTable::new(max_sessions), waiting: Mutex::default() })
    }

    /// From now on a peer may bind the session.
    pub(crate) fn insert(
        self: &Arc<Self>,
        mut config: SessionConfig,
    ) -> Result<Waiting, SessionError> {
        let reports = session::takes_over_reports(&mut config);
        let (local, max_size) = (config.local.clone(), config.max_size);
        let (bound, waits) = oneshot::channel();
        // In this order, nobody binds a session that no one waits for.
        let mut waiting = self.lock();
        self.table.insert(config)?;
        waiting.insert(local.clone(), Slot { bound, max_size, reports });
        Ok(Waiting { expected: Arc::clone(self), local, bound: waits })
    }

    /// A peer has bound the session. It is not bound a second time.
    pub(crate) fn take(&self, local: &MsrpUri) -> Option<Slot> {
        self.lock().remove(local)
    }

    /// Nobody may bind a session any more.
    pub(crate) fn clear(&self) {
        let mut waiting = self.lock();
        for (local, _) in waiting.drain() {
            self.table.remove(&local);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MsrpUri, Slot>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until a peer binds the session. Once it is dropped, no peer can.
#[derive(Debug)]
pub(crate) struct Waiting {
    expected: Arc<Expected>,
    local: MsrpUri,
    bound: oneshot::Receiver<Arc<Handle>>,
}

impl Future for Waiting {
    /// `None`: the endpoint has been closed.
    type Output = Option<Arc<Handle>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(ready!(Pin::new(&mut self.bound).poll(cx)).ok())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.expected.take(&self.local).is_some() {
            self.expected.table.remove(&self.local);
        }
    }
}
