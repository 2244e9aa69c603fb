//! What keeps a session open.

use std::sync::Arc;

use msrp::SessionKey;
use tokio::sync::watch;

use super::{Link, Stage};

/// The common part of all handles of a session. With the last of them the session ends.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) link: Arc<Link>,
    pub(crate) key: SessionKey,
}

impl Handle {
    pub(crate) fn new(link: &Arc<Link>, key: SessionKey) -> Arc<Self> {
        Arc::new(Self { link: Arc::clone(link), key })
    }

    /// The life of the session. `None` once the endpoint has forgotten it.
    pub(crate) fn stage(&self) -> Option<watch::Receiver<Stage>> {
        self.link.take(|state| state.session(self.key).map(|session| session.stage()))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.link.with(|state| state.forget_session(self.key));
    }
}
