//! The state that all requests share.

use std::sync::Arc;

use msrp_tls::{Roots, TlsError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::dial::Dialer;
use crate::fault::{Fault, Kind};
use crate::options::Options;
use crate::policy::Policy;
use crate::session::Sessions;

#[derive(Debug)]
pub(crate) struct App {
    pub(crate) options: Options,
    pub(crate) dialer: Dialer,
    pub(crate) sessions: Sessions,
    exchanges: Arc<Semaphore>,
    tunnels: Arc<Semaphore>,
    is_draining: watch::Sender<bool>,
}

impl App {
    pub(crate) fn new(options: Options) -> Result<Self, TlsError> {
        let roots = match &options.ca {
            Some(file) => Some(Roots::system_and_file(file)?),
            None => Roots::system().ok(),
        };
        Ok(Self {
            dialer: Dialer::new(Policy::new(options.allow.clone()), roots),
            sessions: Sessions::new(options.max_sessions, options.session_timeout),
            exchanges: Arc::new(Semaphore::new(options.max_exchanges as usize)),
            tunnels: Arc::new(Semaphore::new(options.max_tunnels as usize)),
            is_draining: watch::channel(false).0,
            options,
        })
    }

    /// A permit for one request. Dropping it releases the place.
    pub(crate) fn begin(&self) -> Result<OwnedSemaphorePermit, Fault> {
        self.permit(&self.exchanges, "requests at once; try again, or raise --max-exchanges")
    }

    /// A permit for one tunnel. Dropping it releases the place.
    pub(crate) fn begin_tunnel(&self) -> Result<OwnedSemaphorePermit, Fault> {
        self.permit(&self.tunnels, "tunnels; close one, or raise --max-tunnels")
    }

    fn permit(&self, of: &Arc<Semaphore>, what: &str) -> Result<OwnedSemaphorePermit, Fault> {
        if self.is_draining() {
            return Err(Fault::new(Kind::ShuttingDown, "the gateway is shutting down"));
        }
        let busy = |_| Fault::new(Kind::Busy, format!("too many {what}"));
        Arc::clone(of).try_acquire_owned().map_err(busy)
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.is_draining.borrow()
    }

    /// Ready when the gateway shuts down.
    pub(crate) async fn draining(&self) {
        // The sender lives as long as `self`.
        let _ = self.is_draining.subscribe().wait_for(|is_draining| *is_draining).await;
    }

    /// Accepts nothing new, and returns when everything has ended.
    pub(crate) async fn drain(&self) {
        self.is_draining.send_replace(true);
        self.sessions.close_all().await;
        all_back(&self.exchanges, self.options.max_exchanges).await;
        all_back(&self.tunnels, self.options.max_tunnels).await;
    }
}

async fn all_back(permits: &Semaphore, count: u32) {
    // These semaphores are never closed.
    let _ = permits.acquire_many(count).await;
}
