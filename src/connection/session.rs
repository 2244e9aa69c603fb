//! The sessions of one connection.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::nickname::Nicknames;
use super::outbox::{Outbox, Sending};
use super::session_config::SessionConfig;
use super::session_ids::SessionIds;
use super::table::Binding;
use crate::keys::{Keys, MessageKey, SessionKey, Tag};
use crate::time::Instant;
use crate::uri::{MsrpUri, Path, UriKey, UriRef};
use crate::wire::{MediaType, MessageId, TransactionId};

/// One session, and what it owns. Incoming messages are in the
/// [`Inbox`](super::inbox::Inbox), whose limits hold for all sessions together.
#[derive(Debug)]
pub(crate) struct Session {
    /// Shared with the messages that have begun: they go on by it when it is
    /// replaced.
    pub(crate) config: Arc<SessionConfig>,
    pub(crate) remote: Path,
    pub(crate) is_open: bool,
    /// Whether a message was sent in it that is not the control of others.
    pub(crate) has_sent: bool,
    pub(super) outbox: Outbox,
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
            outbox: Outbox::new(remembered),
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
    /// The first REPORT deadline of each session.
    report_deadlines: BTreeSet<(Instant, MessageKey)>,
    keys: Keys<SessionKey>,
}

impl Sessions {
    pub(crate) fn new(tag: Tag) -> Self {
        Self {
            by_id: BTreeMap::new(),
            by_uri: HashMap::new(),
            session_ids: SessionIds::default(),
            report_deadlines: BTreeSet::new(),
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
        if let Some(deadline) = session.outbox.first_deadline() {
            self.report_deadlines.remove(&deadline);
        }
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

    /// An outgoing message that has no outcome yet.
    pub(super) fn message(&self, key: MessageKey) -> Option<&Sending> {
        self.get(key.session())?.outbox.get(key)
    }

    pub(super) fn message_mut(&mut self, key: MessageKey) -> Option<&mut Sending> {
        self.get_mut(key.session())?.outbox.get_mut(key)
    }

    /// Takes out an outgoing message that has its outcome now.
    pub(super) fn finish(&mut self, key: MessageKey) -> Option<Sending> {
        self.change_deadlines(key.session(), |outbox| outbox.finish(key))?
    }

    /// Sets the deadline for the REPORTs on a message, once.
    pub(super) fn await_reports(&mut self, key: MessageKey, now: Instant) {
        self.change_deadlines(key.session(), |outbox| outbox.await_reports(key, now));
    }

    pub(super) fn next_report_deadline(&self) -> Option<Instant> {
        self.report_deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// A message whose REPORTs have not come in time.
    pub(super) fn unreported(&self, now: Instant) -> Option<MessageKey> {
        let (deadline, key) = self.report_deadlines.first()?;
        (*deadline <= now).then_some(*key)
    }

    /// Changes the outbox of a session, and with it the first deadline there.
    fn change_deadlines<T>(
        &mut self,
        id: SessionKey,
        change: impl FnOnce(&mut Outbox) -> T,
    ) -> Option<T> {
        let outbox = &mut self.by_id.get_mut(&id)?.outbox;
        let before = outbox.first_deadline();
        let result = change(outbox);
        let after = outbox.first_deadline();
        if before != after {
            if let Some(before) = before {
                self.report_deadlines.remove(&before);
            }
            self.report_deadlines.extend(after);
        }
        Some(result)
    }
}
