//! The sessions of one connection.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::config::SessionConfig;
use super::event::IncomingKey;
use super::nickname::Nicknames;
use super::session_ids::SessionIds;
use super::table::Binding;
use crate::hop::{MessageKey, SessionId};
use crate::uri::{MsrpUri, Path, UriKey, UriRef};
use crate::wire::{MediaType, MessageId, StatusCode};

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
    /// The incoming messages that have begun and not ended.
    pub(crate) incoming: HashMap<MessageId, IncomingKey>,
    /// Those that are whole and wait for the application's word.
    pub(super) unanswered: Counted,
    /// Messages that were received whole, to know their duplicates.
    pub(crate) received: Remembered,
    /// Messages that were refused, to refuse what is still to come of them.
    pub(crate) refused_messages: Refused,
    /// Messages whose outcome has been told, to know late REPORTs on them.
    pub(crate) sent: Remembered,
    /// The last SEND without a body: a relay accepts it before the peer refuses
    /// it, with a REPORT (RFC 4976 section 6.4.1).
    pub(crate) bodiless: Option<MessageId>,
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
            incoming: HashMap::new(),
            unanswered: Counted::default(),
            received: Remembered::new(remembered),
            refused_messages: Refused::new(remembered),
            sent: Remembered::new(remembered),
            bodiless: None,
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

/// The most recent Message-IDs, the oldest forgotten first.
#[derive(Debug)]
pub(crate) struct Remembered {
    order: VecDeque<MessageId>,
    known: Counted,
    max: usize,
}

impl Remembered {
    fn new(max: usize) -> Self {
        Self { order: VecDeque::new(), known: Counted::default(), max }
    }

    pub(crate) fn insert(&mut self, id: MessageId) {
        if self.max == 0 {
            return;
        }
        if self.order.len() >= self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(id);
        self.known.insert(id);
    }

    pub(crate) fn contains(&self, id: &MessageId) -> bool {
        self.known.contains(id)
    }
}

/// Message-IDs, each of which can be there several times.
#[derive(Debug, Default)]
pub(super) struct Counted {
    counts: HashMap<MessageId, usize>,
    len: usize,
}

impl Counted {
    pub(super) fn insert(&mut self, id: MessageId) {
        *self.counts.entry(id).or_default() += 1;
        self.len += 1;
    }

    /// Removes it once.
    pub(super) fn remove(&mut self, id: &MessageId) {
        let Some(count) = self.counts.get_mut(id) else { return };
        *count -= 1;
        self.len -= 1;
        if *count == 0 {
            self.counts.remove(id);
        }
    }

    pub(super) fn contains(&self, id: &MessageId) -> bool {
        self.counts.contains_key(id)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

/// The messages that were refused most recently, the oldest forgotten first.
#[derive(Debug)]
pub(crate) struct Refused {
    order: VecDeque<MessageId>,
    statuses: HashMap<MessageId, StatusCode>,
    max: usize,
}

impl Refused {
    fn new(max: usize) -> Self {
        Self { order: VecDeque::new(), statuses: HashMap::new(), max }
    }

    pub(crate) fn insert(&mut self, id: MessageId, status: StatusCode) {
        if self.statuses.insert(id, status).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.statuses.remove(&oldest);
        }
    }

    pub(crate) fn status_of(&self, id: &MessageId) -> Option<StatusCode> {
        self.statuses.get(id).copied()
    }
}

/// The sessions of a connection, found by id and by this side's URI.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_id: BTreeMap<SessionId, Session>,
    by_uri: HashMap<MsrpUri, SessionId>,
    session_ids: SessionIds,
    next: u64,
}

impl Sessions {
    pub(crate) fn insert(&mut self, session: Session) -> SessionId {
        let id = SessionId(self.next);
        self.next += 1;
        self.session_ids.insert(&session.config.local);
        self.by_uri.insert(session.config.local.clone(), id);
        self.by_id.insert(id, session);
        id
    }

    pub(crate) fn remove(&mut self, id: SessionId) -> Option<Session> {
        let session = self.by_id.remove(&id)?;
        self.session_ids.remove(&session.config.local);
        self.by_uri.remove(&session.config.local);
        Some(session)
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn find(&self, local: UriRef<'_>) -> Option<SessionId> {
        let key: &dyn UriKey = &local;
        self.by_uri.get(key).copied()
    }

    /// The URIs of its sessions that have that session-id.
    pub(crate) fn find_session_id(&self, session_id: &str) -> &[MsrpUri] {
        self.session_ids.find(session_id)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = SessionId> {
        self.by_id.keys().copied()
    }

    /// The session that has been open for the longest time.
    pub(crate) fn first_open(&self) -> Option<SessionId> {
        self.by_id.iter().find(|(_, session)| session.is_open).map(|(id, _)| *id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}
