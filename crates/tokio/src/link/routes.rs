//! The routes that a connection has asked of its relay.

use std::sync::Arc;

use msrp::{
    AuthKey, AuthenticateError, Authentication, AuthenticationFailure, MsrpUri, RelayRoute,
};
use tokio::sync::watch;

use super::{Link, State};
use crate::ended::Ended;

/// What has become of an authentication.
#[derive(Clone, Debug)]
pub(crate) enum Grant {
    /// The relay has not answered yet.
    Asked,
    /// The relay has granted this route, and grants others before it expires.
    Granted(RelayRoute),
    /// The relay grants no route.
    Refused(MsrpUri, AuthenticationFailure),
    /// The connection with the relay has ended.
    Lost(Arc<Ended>),
}

/// An authentication that goes on until this is dropped. It keeps its connection.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) link: Arc<Link>,
    key: AuthKey,
    pub(crate) grant: watch::Receiver<Grant>,
}

impl Link {
    /// Asks the relay at the other end for a route.
    pub(crate) fn authenticate(
        self: &Arc<Self>,
        authentication: Authentication,
    ) -> Result<Asked, AuthenticateError> {
        let (grants, grant) = watch::channel(Grant::Asked);
        let key = self.with(|state| {
            let key = state.connection.authenticate(authentication)?;
            state.routes.insert(key, grants);
            state.was_used = true;
            Ok(key)
        })?;
        Ok(Asked { link: Arc::clone(self), key, grant })
    }
}

impl State {
    pub(super) fn granted(&self, key: AuthKey, grant: Grant) {
        if let Some(grants) = self.routes.get(&key) {
            grants.send_replace(grant);
        }
    }

    /// The connection has ended, and no route goes on.
    pub(super) fn lose_routes(&mut self, ended: &Arc<Ended>) {
        for (_, grants) in self.routes.drain() {
            grants.send_replace(Grant::Lost(Arc::clone(ended)));
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.link.with(|state| {
            state.routes.remove(&self.key);
            // It may have ended.
            let _ = state.connection.stop_authentication(self.key);
        });
    }
}
