//! Sessions under one URI.

use crate::link::Waiting;
use crate::session::Session;

/// The sessions that peers bind under one URI, one after another. Once it is dropped, no
/// peer can bind another; those that are open go on.
#[derive(Debug)]
pub struct Sessions(Waiting);

impl Sessions {
    pub(super) const fn new(waiting: Waiting) -> Self {
        Self(waiting)
    }

    /// The next session that a peer has bound: as soon as the connection of the one before
    /// has ended, another peer can. `None` after the last.
    ///
    /// The last is the one that this side closes, or that fails: the URI is not good for
    /// another, because chunks that are still on their way would open it. This side also
    /// closes the one that finds 16 before it that nobody has taken.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Session> {
        self.0.next().await.map(Session::new)
    }
}
