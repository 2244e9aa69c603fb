//! The sessions of one connection.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::memory::Memory;
use super::nickname::Nicknames;
use super::session_config::SessionConfig;
use super::session_ids::SessionIds;
use super::table::Binding;
use crate::keys::{Keys, MessageKey, SessionKey, Tag};
use crate::uri::{MsrpUri, Path, UriKey, UriRef};
use crate::wire::{MediaType, MessageId, TransactionId};

/// One session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Shared with the messages that have begun: they go on by it when it is
    /// replaced.
    pub(crate) config: Arc<SessionConfig>,
    pub(crate) remote: Path,
    pub(crate) is_open: bool,
    /// Whether a message was sent in it that is not the control of others.
    pub(crate) has_sent: bool,
    /// The outgoing messages that have no outcome yet.
    pub(crate) outgoing: HashMap<MessageId, MessageKey>,
    /// Messages whose outcome has been told, to know late REPORTs on them.
    pub(super) sent: Memory<()>,
    /// The last SEND without a body: a relay accepts it before the peer refuses
    /// it, with a REPORT (RFC 4976 section 6.4.1).
    pub(crate) bodiless: Option<MessageId>,
    /// The requests that carry no message and wait for their response.
    pub(super) requests: HashSet<TransactionId>,
    pub(super) nicknames: Nicknames,
    /// Types that the peer has refused with 415; they are not sent again in
    /// this session (RFC 4975 section 10.6).
    pub(crate) refused: Vec<MediaType>,
    /// Held while this connection has the session, given back with it.
    binding: Option<Binding>,
}

impl Session {
    pub(crate) fn new(
        config: SessionConfig,
        remote: Path,
        binding: Option<Binding>,
        remembered: usize,
    ) -> Self {
        Self {
            config: Arc::new(config),
            remote,
            is_open: false,
            has_sent: false,
            outgoing: HashMap::new(),
            sent: Memory::new(remembered),
            bodiless: None,
            requests: HashSet::new(),
            nicknames: Nicknames::default(),
            refused: Vec::new(),
            binding,
        }
    }

    pub(crate) const fn binding(&self) -> Option<&Binding> {
        self.binding.as_ref()
    }

    /// Whether the peer said in this session that it does not take this type.
    pub(crate) fn has_refused(&self, media_type: &MediaType) -> bool {
        self.refused
            .iter()
            .any(|refused| refused.essence().eq_ignore_ascii_case(media_type.essence()))
    }
}

/// The sessions of a connection, found by id and by this side's URI.
#[derive(Debug)]
pub(crate) struct Sessions {
    by_id: BTreeMap<SessionKey, Session>,
    by_uri: HashMap<MsrpUri, SessionKey>,
    session_ids: SessionIds,
    keys: Keys<SessionKey>,
}

impl Sessions {
    pub(crate) fn new(tag: Tag) -> Self {
        Self {
            by_id: BTreeMap::new(),
            by_uri: HashMap::new(),
            session_ids: SessionIds::default(),
            keys: Keys::new(tag),
        }
    }

    pub(crate) fn insert(&mut self, session: Session) -> SessionKey {
        let id = self.keys.fresh();
        self.session_ids.insert(&session.config.local);
        self.by_uri.insert(session.config.local.clone(), id);
        self.by_id.insert(id, session);
        id
    }

    pub(crate) fn remove(&mut self, id: SessionKey) -> Option<Session> {
        let session = self.by_id.remove(&id)?;
        self.session_ids.remove(&session.config.local);
        self.by_uri.remove(&session.config.local);
        Some(session)
    }

    pub(crate) fn get(&self, id: SessionKey) -> Option<&Session> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: SessionKey) -> Option<&mut Session> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn find(&self, local: UriRef<'_>) -> Option<SessionKey> {
        let key: &dyn UriKey = &local;
        self.by_uri.get(key).copied()
    }

    /// The URIs of its sessions that have that session-id.
    pub(crate) fn find_session_id(&self, session_id: &str) -> &[MsrpUri] {
        self.session_ids.find(session_id)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = SessionKey> {
        self.by_id.keys().copied()
    }

    /// The session that has been open for the longest time.
    pub(crate) fn first_open(&self) -> Option<SessionKey> {
        self.by_id.iter().find(|(_, session)| session.is_open).map(|(id, _)| *id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}
