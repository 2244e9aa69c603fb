//! Connections that sessions share, by host, port and scheme (RFC 4975 section 5.4).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use msrp::uri::{Host, UriRef};
use msrp::{AuthenticateError, Role, SessionError};
use msrp_sdp::SessionPlan;
use msrp_tls::Fingerprint;
use tokio::sync::Mutex as AsyncMutex;

use super::{Shared, dial};
use crate::error::Error;
use crate::link::Link;

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
        Self::of_uri_at(uri, None)
    }

    /// The same with a port for a URI that has none.
    pub(super) fn of_uri_at(uri: UriRef<'_>, default: Option<u16>) -> Result<Self, Error> {
        if !uri.transport().eq_ignore_ascii_case("tcp") {
            return Err(Error::Transport(uri.host_str().into()));
        }
        let host = match uri.host() {
            Host::Ipv6(address) => address.to_string(),
            Host::Ipv4(_) | Host::Name(_) => uri.host_str().to_ascii_lowercase(),
        };
        let port = uri.port().or(default).ok_or_else(|| Error::NoPort(uri.host_str().into()))?;
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

/// Begins something on the connection to the target, which is made if there is none: a
/// session, or an authentication.
pub(super) async fn enter<T>(
    shared: &Arc<Shared>,
    target: &Target,
    begin: impl Fn(&Arc<Link>) -> Result<T, Error>,
) -> Result<T, Error> {
    if !shared.settings.shares_connections {
        return enter_new(shared, target, begin).await.map(|(_, begun)| begun);
    }
    let slot = shared.pool.slot(target);
    // Others who want to go there wait for the connection as well.
    let mut link = slot.lock().await;
    if let Some(link) = link.upgrade() {
        match begin(&link) {
            Err(error) if is_spent(&error) => {}
            begun => return begun,
        }
    }
    let (made, begun) = enter_new(shared, target, begin).await?;
    *link = Arc::downgrade(&made);
    Ok(begun)
}

async fn enter_new<T>(
    shared: &Arc<Shared>,
    target: &Target,
    begin: impl Fn(&Arc<Link>) -> Result<T, Error>,
) -> Result<(Arc<Link>, T), Error> {
    let stream = dial::connect(shared, target).await?;
    let link = shared.link(Role::Active, &stream)?;
    // Before the connection runs: if nothing uses it, it ends at once.
    let begun = begin(&link)?;
    shared.run(Arc::clone(&link), stream)?;
    Ok((link, begun))
}

/// Whether the error says that a connection ends, or is full.
const fn is_spent(error: &Error) -> bool {
    matches!(
        error,
        Error::Session(SessionError::Closed | SessionError::TooManySessions { max: 1.. })
            | Error::Authenticate(
                AuthenticateError::Closed | AuthenticateError::TooMany { max: 1.. }
            )
    )
}
