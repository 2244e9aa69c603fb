//! The sessions that peers may bind, and who waits for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use msrp::{MsrpUri, SessionConfig, SessionError, SessionTable};
use msrp_tls::Fingerprint;
use tokio::sync::mpsc;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{Handle, session};

/// The sessions that peers may bind on any connection of an endpoint.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) table: SessionTable,
    waiting: Mutex<HashMap<MsrpUri, Slot>>,
}

/// How many sessions under one URI wait for the application. All but the last have ended.
const MAX_UNTAKEN: usize = 16;

/// Who waits for a session, and what the link has to know of it.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) bound: mpsc::Sender<Arc<Handle>>,
    /// Its URI is good for another session after this one.
    pub(crate) repeats: bool,
    pub(crate) max_size: u64,
    /// Whether its readers send the success REPORTs.
    pub(crate) reports: bool,
    /// The certificate of the peer has one of these, if there are any.
    fingerprints: Vec<Fingerprint>,
}

impl Slot {
    /// Whether the session is for a peer with this certificate (RFC 8122 section 5.1).
    pub(crate) fn is_for(&self, certificate: Option<&CertificateDer<'_>>) -> bool {
        let matches = |certificate: &CertificateDer<'_>| {
            self.fingerprints.iter().any(|it| it.matches(certificate))
        };
        self.fingerprints.is_empty() || certificate.is_some_and(matches)
    }
}

impl Expected {
    pub(crate) fn new(max_sessions: usize) -> Arc<Self> {
        Arc::new(Self { table: SessionTable::new(max_sessions), waiting: Mutex::default() })
    }

    /// From now on a peer may bind the session, or with `repeats` one after another: peers
    /// with one of these fingerprints, if there are any.
    pub(crate) fn insert(
        self: &Arc<Self>,
        mut config: SessionConfig,
        repeats: bool,
        fingerprints: Vec<Fingerprint>,
    ) -> Result<Waiting, SessionError> {
        let reports = session::takes_over_reports(&mut config);
        let (local, max_size) = (config.local.clone(), config.max_size);
        let (bound, waits) = mpsc::channel(if repeats { MAX_UNTAKEN } else { 1 });
        // In this order, nobody binds a session that no one waits for.
        let mut waiting = self.lock();
        self.table.insert(config)?;
        waiting.insert(local.clone(), Slot { bound, repeats, max_size, reports, fingerprints });
        Ok(Waiting { expected: Arc::clone(self), local, bound: waits })
    }

    /// A session waits on, unless nobody waits for it any more.
    pub(crate) fn put_back(&self, local: &MsrpUri, slot: Slot) {
        let mut waiting = self.lock();
        if slot.bound.is_closed() {
            self.table.remove(local);
        } else {
            waiting.insert(local.clone(), slot);
        }
    }

    /// A peer has bound the session. Unless it repeats, it is not bound a second time.
    pub(crate) fn take(&self, local: &MsrpUri) -> Option<Slot> {
        let mut waiting = self.lock();
        match waiting.get(local) {
            Some(slot) if slot.repeats => Some(slot.clone()),
            _ => waiting.remove(local),
        }
    }

    /// The URI of a session that has ended is not good for another.
    pub(crate) fn forget(&self, local: &MsrpUri) {
        self.lock().remove(local);
        self.table.remove(local);
    }

    /// Nobody waits for the session any more.
    fn withdraw(&self, local: &MsrpUri) {
        if self.lock().remove(local).is_some() {
            self.table.remove(local);
        }
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
    bound: mpsc::Receiver<Arc<Handle>>,
}

impl Waiting {
    /// The next session. `None`: there is none any more, or the endpoint has been closed.
    pub(crate) async fn next(&mut self) -> Option<Arc<Handle>> {
        self.bound.recv().await
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // First of all, so that the session is not put back.
        self.bound.close();
        self.expected.withdraw(&self.local);
    }
}
