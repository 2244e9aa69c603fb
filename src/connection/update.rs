//! Changes of a session by a later offer and answer (RFC 4975 section 8.4).

use std::sync::Arc;

use super::Connection;
use super::error::SessionError;
use super::session_config::SessionConfig;
use crate::keys::{SessionKey, UnknownKey};

impl Connection {
    /// Changes a session as a later exchange of session descriptions says (RFC
    /// 4975 section 8.4): the types and sizes that either side accepts, the
    /// direction, whether it is for one message, and whether this side gives
    /// nicknames. How messages are received, reported and responded to stays as it
    /// was, and so does what bound the session.
    ///
    /// The change applies to messages that begin from now on. One that has begun,
    /// in either direction, ends as it began: its sender could not know. A type
    /// that the peer has refused with 415 stays refused (section 10.6), and so does
    /// a message that this side has refused.
    ///
    /// A session of a [`SessionTable`](crate::SessionTable) is to be updated there
    /// as well ([`SessionTable::update`](crate::SessionTable::update)), in case it
    /// is bound again.
    ///
    /// # Errors
    ///
    /// [`SessionError::OtherUri`] or [`SessionError::OtherPath`] if `config` is that
    /// of another session, and [`SessionError::UnknownKey`]. Nothing changes.
    pub fn update_session(
        &mut self,
        session: SessionKey,
        config: &SessionConfig,
    ) -> Result<(), SessionError> {
        let owner = self.sessions.get_mut(session).ok_or(UnknownKey)?;
        if config.local != owner.config.local {
            return Err(SessionError::OtherUri);
        }
        if config.remote.as_ref().is_some_and(|remote| *remote != owner.remote) {
            return Err(SessionError::OtherPath);
        }
        owner.config = Arc::new(updated(&owner.config, config));
        Ok(())
    }
}

/// `earlier` with what session descriptions say in `later`.
fn updated(earlier: &SessionConfig, later: &SessionConfig) -> SessionConfig {
    SessionConfig {
        accept_types: later.accept_types.clone(),
        peer_accept_types: later.peer_accept_types.clone(),
        max_size: later.max_size,
        peer_max_size: later.peer_max_size,
        direction: later.direction,
        nicknames: later.nicknames,
        single_message: later.single_message,
        ..earlier.clone()
    }
}
