//! The sessions of one connection.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::config::session::{Bind, SessionConfig};
use super::error::SendError;
use super::event::reason::Outcome;
use super::nickname::Nicknames;
use super::outbox::types::{MessageTypes, RefusedTypes};
use super::outbox::{Outbox, Sending};
use super::scope::Subject;
use super::session_ids::SessionIds;
use super::table::Binding;
use crate::footprint::Footprint;
use crate::keys::{Keys, MessageKey, SessionKey, Tag};
use crate::time::Instant;
use crate::uri::{MsrpUri, Path, UriKey, UriRef};
use crate::wire::{MessageId, TransactionId};

/// One session, and what it owns. Its incoming messages are in the
/// [`Inbox`](super::inbox::Inbox), which finds them by session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Shared with the messages that have begun, which keep it when it is replaced.
    pub(crate) config: Arc<SessionConfig>,
    pub(crate) remote: Path,
    /// Whether a message has been sent, other than control of other messages.
    pub(crate) has_sent: bool,
    pub(super) outbox: Outbox,
    /// The last SEND without a body, and what it was for. A relay accepts it; the
    /// peer can still refuse it, with a REPORT (RFC 4976 section 6.4.1).
    pub(super) bodiless: Option<(MessageId, Subject)>,
    /// The requests that carry no message and wait for their response.
    pub(super) requests: HashSet<TransactionId>,
    pub(super) nicknames: Nicknames,
    pub(super) refused: RefusedTypes,
    /// The entry in the table, given back when the session ends.
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
            has_sent: false,
            outbox: Outbox::new(remembered),
            bodiless: None,
            requests: HashSet::new(),
            nicknames: Nicknames::default(),
            refused: RefusedTypes::default(),
            binding,
        }
    }

    pub(crate) const fn binding(&self) -> Option<&Binding> {
        self.binding.as_ref()
    }

    fn footprint(&self, footprint: &mut Footprint) {
        self.outbox.footprint(footprint);
        self.nicknames.footprint(footprint);
        footprint.hold("session requests", self.requests.len());
        footprint.remember("session refused types", self.refused.len());
    }

    /// Whether a message of these types may be sent, if `config` held when it began.
    pub(super) fn check_types(
        &self,
        types: &MessageTypes,
        config: &SessionConfig,
    ) -> Result<(), SendError> {
        let accepted = config.peer_accept_types.as_ref();
        let outside = accepted.and_then(|accepted| types.first_outside(accepted));
        let refused = || self.refused.first_in(types);
        outside.or_else(refused).map_or(Ok(()), |it| Err(SendError::TypeNotAccepted(it)))
    }

    /// Whether this side binds it with a SEND without a body, as soon as it is there.
    pub(super) fn sends_binding(&self) -> bool {
        self.binding.is_none() && self.config.bind == Bind::Bodiless
    }
}

/// The sessions of a connection, by key and by this side's URI.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// Boxed, since a node of the map has room for eleven.
    by_key: BTreeMap<SessionKey, Box<Session>>,
    by_uri: HashMap<MsrpUri, SessionKey>,
    /// Only if sessions are found by their session-id alone.
    session_ids: Option<SessionIds>,
    /// Those that the peer has accepted or bound.
    open: BTreeSet<SessionKey>,
    /// The first deadline of each session.
    deadlines: BTreeSet<(Instant, MessageKey)>,
    fresh: Fresh,
    keys: Keys<SessionKey>,
}

impl Sessions {
    /// With `finds_session_ids`, sessions are also found by their session-id alone.
    pub(crate) fn new(tag: Tag, now: Instant, finds_session_ids: bool) -> Self {
        Self {
            by_key: BTreeMap::new(),
            by_uri: HashMap::new(),
            session_ids: finds_session_ids.then(SessionIds::default),
            open: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            fresh: Fresh::new(now),
            keys: Keys::new(tag),
        }
    }

    pub(crate) fn insert(&mut self, session: Session) -> SessionKey {
        let key = self.keys.fresh();
        if let Some(session_ids) = &mut self.session_ids {
            session_ids.insert(&session.config.local);
        }
        self.by_uri.insert(session.config.local.clone(), key);
        self.by_key.insert(key, Box::new(session));
        key
    }

    pub(crate) fn remove(&mut self, key: SessionKey) -> Option<Box<Session>> {
        let session = self.by_key.remove(&key)?;
        if let Some(session_ids) = &mut self.session_ids {
            session_ids.remove(&session.config.local);
        }
        self.by_uri.remove(&session.config.local);
        self.open.remove(&key);
        if let Some(deadline) = session.outbox.first_deadline() {
            self.deadlines.remove(&deadline);
        }
        if self.by_key.is_empty() {
            self.fresh.clear();
        }
        Some(session)
    }

    pub(crate) fn get(&self, key: SessionKey) -> Option<&Session> {
        self.by_key.get(&key).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, key: SessionKey) -> Option<&mut Session> {
        self.by_key.get_mut(&key).map(Box::as_mut)
    }

    pub(crate) fn find(&self, local: UriRef<'_>) -> Option<SessionKey> {
        let local: &dyn UriKey = &local;
        self.by_uri.get(local).copied()
    }

    /// The URIs of the sessions with this session-id.
    pub(crate) fn find_session_id(&self, session_id: &str) -> &[MsrpUri] {
        self.session_ids.as_ref().map_or(&[], |ids| ids.find(session_id))
    }

    /// The session, if there is one and no other.
    pub(crate) fn only(&self) -> Option<SessionKey> {
        self.keys().next().filter(|_| self.len() == 1)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = SessionKey> {
        self.by_key.keys().copied()
    }

    /// Marks a session as open. Returns whether it was not.
    pub(crate) fn mark_open(&mut self, key: SessionKey) -> bool {
        self.by_key.contains_key(&key) && self.open.insert(key)
    }

    pub(crate) fn is_open(&self, key: SessionKey) -> bool {
        self.open.contains(&key)
    }

    /// The oldest session that is open.
    pub(crate) fn first_open(&self) -> Option<SessionKey> {
        self.open.first().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// An outgoing message that has no outcome yet.
    pub(super) fn message(&self, key: MessageKey) -> Option<&Sending> {
        self.get(key.session())?.outbox.get(key)
    }

    pub(super) fn message_mut(&mut self, key: MessageKey) -> Option<&mut Sending> {
        self.get_mut(key.session())?.outbox.get_mut(key)
    }

    /// Reads from the start of a streamed message what it wraps, and whether that may be sent.
    /// An error leaves the message as it was.
    pub(super) fn check_opening(
        &mut self,
        key: MessageKey,
        piece: &[u8],
        is_last: bool,
    ) -> Result<(), SendError> {
        let Some(session) = self.get_mut(key.session()) else { return Ok(()) };
        let Some(sending) = session.outbox.get(key) else { return Ok(()) };
        let Some(opening) = &sending.opening else { return Ok(()) };
        let opening = opening.followed_by(piece);
        let types = opening.types(&sending.types, is_last);
        if let Some(types) = &types {
            session.check_types(types, &sending.config)?;
        }
        if let Some(sending) = session.outbox.get_mut(key) {
            sending.learn(opening, types, is_last);
        }
        Ok(())
    }

    /// Takes out an outgoing message that has its outcome now, after so many octets
    /// have left.
    pub(super) fn finish(
        &mut self,
        key: MessageKey,
        outcome: Outcome,
        octets: u64,
    ) -> Option<Sending> {
        self.change_deadlines(key.session(), |outbox| outbox.finish(key, outcome, octets))?
    }

    /// A message has octets to send. Its deadline starts with the next call that says
    /// what time it is.
    pub(super) fn has_octets(&mut self, key: MessageKey) {
        if let Some(timeout) = self.message(key).and_then(|sending| sending.progress_timeout) {
            self.fresh.push(key, timeout);
        }
    }

    /// Starts the deadlines of messages that have got octets to send.
    pub(super) fn start_deadlines(&mut self, now: Instant) {
        for key in self.fresh.take(now) {
            self.change_deadlines(key.session(), |outbox| outbox.await_progress(key, now));
        }
    }

    /// Every octet of a message has left.
    pub(super) fn has_left(&mut self, key: MessageKey) {
        self.change_deadlines(key.session(), |outbox| outbox.has_left(key));
    }

    /// A message waits for REPORTs alone. Returns whether it is new that it does.
    pub(super) fn await_reports(&mut self, key: MessageKey, now: Instant) -> bool {
        let is_new = self.change_deadlines(key.session(), |outbox| outbox.await_reports(key, now));
        is_new.unwrap_or(false)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let first = self.deadlines.first().map(|(deadline, _)| *deadline);
        first.into_iter().chain(self.fresh.due()).min()
    }

    /// A message whose deadline has passed.
    pub(super) fn overdue(&self, now: Instant) -> Option<MessageKey> {
        let (deadline, key) = self.deadlines.first()?;
        (*deadline <= now).then_some(*key)
    }

    /// Gives a message another deadline, or none.
    pub(super) fn set_deadline(&mut self, key: MessageKey, deadline: Option<Instant>) {
        self.change_deadlines(key.session(), |outbox| outbox.set_deadline(key, deadline));
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        self.by_key.values().for_each(|session| session.footprint(footprint));
        footprint.hold("sessions", self.by_key.len());
        footprint.hold("sessions by uri", self.by_uri.len());
        footprint.hold("sessions open", self.open.len());
        let session_ids = self.session_ids.as_ref().map_or(0, SessionIds::len);
        footprint.hold("sessions by session-id", session_ids);
        footprint.hold("sessions deadlines", self.deadlines.len());
        footprint.hold("sessions fresh messages", self.fresh.messages.len());
    }

    /// Changes the outbox of a session, and with it the first deadline there.
    fn change_deadlines<T>(
        &mut self,
        key: SessionKey,
        change: impl FnOnce(&mut Outbox) -> T,
    ) -> Option<T> {
        let outbox = &mut self.by_key.get_mut(&key)?.outbox;
        let before = outbox.first_deadline();
        let result = change(outbox);
        let after = outbox.first_deadline();
        if before != after {
            if let Some(before) = before {
                self.deadlines.remove(&before);
            }
            self.deadlines.extend(after);
        }
        Some(result)
    }
}

/// Messages that have got octets to send since the last call that said what time it
/// is. Most of them have left before their deadline has to start.
#[derive(Debug)]
struct Fresh {
    messages: Vec<MessageKey>,
    /// The shortest of their timeouts.
    timeout: Option<Duration>,
    /// The time of that call.
    now: Instant,
}

impl Fresh {
    const fn new(now: Instant) -> Self {
        Self { messages: Vec::new(), timeout: None, now }
    }

    fn push(&mut self, key: MessageKey, timeout: Duration) {
        self.messages.push(key);
        self.timeout = Some(self.timeout.map_or(timeout, |shortest| shortest.min(timeout)));
    }

    fn take(&mut self, now: Instant) -> Vec<MessageKey> {
        self.now = now;
        self.timeout = None;
        std::mem::take(&mut self.messages)
    }

    /// There are no messages any more.
    fn clear(&mut self) {
        self.messages.clear();
        self.timeout = None;
    }

    /// When the time has to be asked for. The messages are not older than the last
    /// call.
    fn due(&self) -> Option<Instant> {
        self.now.checked_add(self.timeout?)
    }
}
