//! Sessions that go on with other parameters (RFC 4975 section 8.4).

use std::sync::Arc;

use thiserror::Error;

use super::Connection;
use super::config::SessionConfig;
use crate::keys::SessionKey;

/// Why a session does not go on with other parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The session has ended, or is of another connection.
    #[error("the session is not open on this connection")]
    NoSession,
    /// This side has another URI, and so another session.
    #[error("another local URI is another session; close this one and open that")]
    OtherUri,
    /// The peer has another path, and so another session.
    #[error("another remote path is another session; close this one and open that")]
    OtherPath,
}

impl Connection {
    /// A session goes on with what a later exchange of session descriptions has
    /// changed (RFC 4975 section 8.4): the types and sizes that either side
    /// takes, the direction, whether it is for one message and whether this side
    /// gives nicknames. How messages are received, reported and answered stays
    /// as it was, and how the session was bound.
    ///
    /// It counts for the messages that begin from now on. One that has begun, in
    /// whichever way it goes, goes on as it began: its sender could not know. A
    /// type that the peer has refused with 415 stays refused (section 10.6), and
    /// so does a message that this side has refused.
    ///
    /// A session of a [`SessionTable`](crate::SessionTable) is updated there as
    /// well, for the case that it is bound again
    /// ([`SessionTable::update`](crate::SessionTable::update)).
    ///
    /// # Errors
    ///
    /// [`UpdateError`] where `config` is of another session: by its URI, or by its
    /// remote path where it has one. Nothing has changed then.
    pub fn update_session(
        &mut self,
        session: SessionKey,
        config: &SessionConfig,
    ) -> Result<(), UpdateError> {
        let owner = self.sessions.get_mut(session).ok_or(UpdateError::NoSession)?;
        if config.local != owner.config.local {
            return Err(UpdateError::OtherUri);
        }
        if config.remote.as_ref().is_some_and(|remote| *remote != owner.remote) {
            return Err(UpdateError::OtherPath);
        }
        owner.config = Arc::new(updated(&owner.config, config));
        Ok(())
    }
}

/// The one with what session descriptions say from the other.
fn updated(earlier: &SessionConfig, later: &SessionConfig) -> SessionConfig {
    SessionConfig {
        accept: later.accept.clone(),
        peer_accept: later.peer_accept.clone(),
        max_size: later.max_size,
        peer_max_size: later.peer_max_size,
        direction: later.direction,
        nicknames: later.nicknames,
        single_message: later.single_message,
        ..earlier.clone()
    }
}
