//! Updates of a session by a later offer and answer (RFC 4975 section 8.4).

use std::sync::Arc;

use super::Connection;
use super::config::session::SessionConfig;
use super::error::SessionError;
use crate::keys::{SessionKey, UnknownKey};

impl Connection {
    /// Updates a session after a later exchange of session descriptions (RFC 4975
    /// section 8.4): the types and sizes that either side accepts, the direction,
    /// [`single_message`](SessionConfig::single_message) and
    /// [`nicknames`](SessionConfig::nicknames). The other settings of `config` have
    /// no effect.
    ///
    /// The update applies to messages that begin later. A message that has begun,
    /// in either direction, keeps the settings with which it began, since its
    /// sender could not know the new ones. A type that the peer has refused with
    /// 415 stays refused (section 10.6), unless
    /// [`peer_accept_types`](SessionConfig::peer_accept_types) now accepts it by name and
    /// not by a wildcard. A message that this side has refused stays refused.
    ///
    /// Also update a session of a [`SessionTable`](crate::SessionTable) there
    /// ([`SessionTable::update`](crate::SessionTable::update)), in case it is bound
    /// again.
    ///
    /// # Errors
    ///
    /// [`SessionError::OtherUri`] or [`SessionError::OtherPath`] if `config` belongs
    /// to another session, and [`SessionError::UnknownKey`]. Nothing changes.
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
        if let Some(accepted) = &config.peer_accept_types {
            owner.refused.allow_again(accepted);
        }
        owner.config = Arc::new(updated(&owner.config, config));
        Ok(())
    }
}

/// `earlier` with the settings of `later` that session descriptions carry.
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
