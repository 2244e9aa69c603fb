//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use msrp_tls::{Roots, TlsError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
    is_draining: AtomicBool,
}

impl App {
    pub(crate) fn new(options: Options) -> Result<Self, TlsError> {
        let roots = match &options.ca {
            Some(file) => Some(Roots::system_and_file(file)?),
            None => Roots::system().ok(),
        };
        Ok(Self {
            dialer: Dialer::new(Policy::new(options.allow.clone()), roots)?,
            sessions: Sessions::new(options.max_sessions, options.session_timeout),
            exchanges: Arc::new(Semaphore::new(options.max_exchanges)),
            is_draining: AtomicBool::new(false),
            options,
        })
    }

    /// Leave to work on a request, until it is dropped.
    pub(crate) fn begin(&self) -> Result<OwnedSemaphorePermit, Fault> {
        if self.is_draining() {
            return Err(Fault::new(Kind::ShuttingDown, "the gateway is shutting down"));
        }
        Arc::clone(&self.exchanges).try_acquire_owned().map_err(|_| {
            Fault::new(Kind::Busy, "too many requests at once; try again, or raise --max-exchanges")
        })
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Takes nothing new from now on; done when everything has ended.
    pub(crate) async fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
        self.sessions.close_all().await;
        let all = u32::try_from(self.options.max_exchanges).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let _ = self.exchanges.acquire_many(all).await;
    }
}
