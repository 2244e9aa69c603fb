//! Turns of the large uploads of a session.

use std::sync::Arc;

use msrp::Priority;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Large uploads of a session leave one after another, in the order in which they began:
/// whoever reads them in that order would otherwise have to keep the octets of all others, or
/// refuse them. More urgent ones do not wait for them.
#[derive(Clone, Debug)]
pub(crate) struct Turns([Arc<Semaphore>; 3]);

/// It is the turn of an upload as long as it has this.
pub(crate) type Turn = OwnedSemaphorePermit;

impl Turns {
    /// Waits for a turn.
    pub(crate) async fn next(&self, priority: Priority) -> Option<Turn> {
        let [interactive, normal, bulk] = &self.0;
        let turns = match priority {
            Priority::Interactive => interactive,
            Priority::Bulk => bulk,
            _ => normal,
        };
        // Nobody closes it.
        Arc::clone(turns).acquire_owned().await.ok()
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self([(); 3].map(|()| Arc::new(Semaphore::new(1))))
    }
}
