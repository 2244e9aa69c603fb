//! Connections that sessions share, by host, port and scheme (RFC 4975 section 5.4).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use msrp::uri::{Host, UriRef};
use msrp::{Role, SessionError};
use msrp_sdp::SessionPlan;
use msrp_tls::Fingerprint;
use tokio::sync::Mutex as AsyncMutex;

use super::terms::Terms;
use super::{Shared, dial};
use crate::error::Error;
use crate::link::{Handle, Link};

/// Where a session connects to, and what has to be true of the other end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// A name in lower case, or an address without brackets.
    pub(super) host: Box<str>,
    pub(super) port: u16,
    pub(super) is_secure: bool,
    /// The certificate has one of these, or else the name of the host.
    pub(super) fingerprints: Vec<Fingerprint>,
}

impl Target {
    /// The first hop of a path.
    pub(super) fn of_uri(uri: UriRef<'_>) -> Result<Self, Error> {
        if !uri.transport().eq_ignore_ascii_case("tcp") {
            return Err(Error::Transport(uri.host_str().into()));
        }
        let host = match uri.host() {
            Host::Ipv6(address) => address.to_string(),
            Host::Ipv4(_) | Host::Name(_) => uri.host_str().to_ascii_lowercase(),
        };
        let port = uri.port().ok_or_else(|| Error::NoPort(uri.host_str().into()))?;
        Ok(Self { host: host.into(), port, is_secure: uri.is_secure(), fingerprints: Vec::new() })
    }

    /// What two descriptions have agreed on.
    pub(super) fn of_plan(target: &msrp_sdp::Target, plan: &SessionPlan) -> Self {
        // Both crates write a fingerprint as RFC 8122 does; a function that is not safe
        // pins nothing.
        let fingerprints = plan.fingerprints().filter_map(|it| it.to_string().parse().ok());
        Self {
            host: target.host().to_ascii_lowercase().into(),
            port: target.port(),
            is_secure: target.is_secure(),
            fingerprints: fingerprints.collect(),
        }
    }

    /// The other end, for people.
    pub(super) fn hop(&self) -> Arc<str> {
        let tls = if self.is_secure { " (TLS)" } else { "" };
        match self.host.contains(':') {
            true => format!("[{}]:{}{tls}", self.host, self.port).into(),
            false => format!("{}:{}{tls}", self.host, self.port).into(),
        }
    }
}

/// The connection to a target, or the place for one. Whoever holds the lock makes it.
type Slot = Arc<AsyncMutex<Weak<Link>>>;

/// The connections of an endpoint that sessions share.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<HashMap<Target, Slot>>);

impl Pool {
    /// The slot of a target. Those that nobody uses make room now and then.
    fn slot(&self, target: &Target) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() == slots.capacity() {
            slots.retain(|_, slot| slot.try_lock().map_or(true, |link| link.strong_count() > 0));
        }
        Arc::clone(slots.entry(target.clone()).or_default())
    }
}

/// Opens a session on the connection to the target, which is made if there is none.
pub(super) async fn open(
    shared: &Arc<Shared>,
    target: Target,
    terms: Terms,
) -> Result<Arc<Handle>, Error> {
    if !shared.settings.shares_connections {
        return open_on_new(shared, &target, terms).await.map(|(_, handle)| handle);
    }
    let slot = shared.pool.slot(&target);
    // Others who want to go there wait for the connection as well.
    let mut link = slot.lock().await;
    if let Some(link) = link.upgrade() {
        match link.open(terms.config(target.is_secure, link.local)?) {
            // It ends, or is full.
            Err(SessionError::Closed | SessionError::TooManySessions { max: 1.. }) => {}
            opened => return Ok(opened?),
        }
    }
    let (made, handle) = open_on_new(shared, &target, terms).await?;
    *link = Arc::downgrade(&made);
    Ok(handle)
}

async fn open_on_new(
    shared: &Arc<Shared>,
    target: &Target,
    terms: Terms,
) -> Result<(Arc<Link>, Arc<Handle>), Error> {
    let stream = dial::connect(shared, target).await?;
    let link = shared.link(Role::Active, &stream)?;
    // Before the connection runs: without a session it would end at once.
    let handle = link.open(terms.config(target.is_secure, link.local)?)?;
    shared.run(Arc::clone(&link), stream)?;
    Ok((link, handle))
}
