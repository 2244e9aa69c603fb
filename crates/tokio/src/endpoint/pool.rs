//! Connections that sessions share, by host, port and scheme (RFC 4975 section 5.4).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use msrp::{AuthenticateError, Role, SessionError};
use tokio::sync::Mutex as AsyncMutex;

use super::{Shared, Target, dial};
use crate::error::Error;
use crate::link::Link;

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
