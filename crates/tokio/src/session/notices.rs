//! The notices of a session.

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::Session;
use crate::link::{Handle, Notice};

impl Session {
    /// What happens from now on beside the messages of the peer, for a log. After the last
    /// notice of the session there are no more.
    #[must_use]
    pub fn notices(&self) -> Notices {
        let Handle { link, key } = &*self.sender.handle;
        Notices(link.take(|state| state.listen(*key)))
    }
}

/// The notices of a session, in order. They are no handle: without others the session ends.
#[derive(Debug)]
pub struct Notices(Option<Receiver<Notice>>);

impl Notices {
    /// The next notice; `None` once the session has ended. Whoever takes none for so long
    /// that 256 wait misses the oldest.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Notice> {
        loop {
            match self.0.as_mut()?.recv().await {
                Ok(notice) => return Some(notice),
                Err(RecvError::Lagged(missed)) => tracing::debug!(missed, "notices were missed"),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
