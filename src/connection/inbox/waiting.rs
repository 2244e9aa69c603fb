//! Complete messages that wait for the application's response.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chunk::{Chunk, Whole};
use crate::footprint::Footprint;
use crate::keys::{IncomingKey, SessionKey};
use crate::wire::MessageId;

/// The complete messages of a connection that wait for the application's response.
#[derive(Debug)]
pub(super) struct Waiting {
    messages: BTreeMap<IncomingKey, Whole>,
    sessions: HashMap<SessionKey, Queue>,
    /// Sessions with as many messages as may wait.
    full: usize,
    weight: usize,
    /// The most messages of a session that may wait.
    max: usize,
}

/// The messages of one session. It holds at least one.
#[derive(Debug, Default)]
struct Queue {
    keys: BTreeSet<IncomingKey>,
    /// A Message-ID can wait several times: duplicates do.
    ids: HashMap<MessageId, BTreeSet<IncomingKey>>,
}

impl Waiting {
    /// At most `max` messages of a session wait.
    pub(in crate::connection) fn new(max: usize) -> Self {
        let (messages, sessions) = (BTreeMap::new(), HashMap::new());
        Self { messages, sessions, full: 0, weight: 0, max: max.max(1) }
    }

    /// Whether a session has as many messages here as may wait.
    pub(super) const fn is_full(&self) -> bool {
        self.full > 0
    }

    /// What all of them weigh.
    pub(in crate::connection) const fn weight(&self) -> usize {
        self.weight
    }

    /// The newest message of this id that waits.
    pub(super) fn find(&self, session: SessionKey, id: &MessageId) -> Option<&Whole> {
        let key = self.sessions.get(&session)?.ids.get(id)?.last()?;
        self.messages.get(key)
    }

    /// Lets a repeated chunk wait with the newest message of its id. Returns it if none
    /// waits.
    pub(super) fn join(&mut self, chunk: Box<Chunk>) -> Result<(), Box<Chunk>> {
        let queue = self.sessions.get(&chunk.session);
        let newest = queue.and_then(|queue| queue.ids.get(&chunk.message_id)?.last());
        let Some(whole) = newest.and_then(|key| self.messages.get_mut(key)) else {
            return Err(chunk);
        };
        let before = whole.weight();
        whole.join(*chunk);
        self.weight += whole.weight() - before;
        Ok(())
    }

    pub(in crate::connection) fn insert(&mut self, key: IncomingKey, whole: Whole) {
        let queue = self.sessions.entry(whole.last.session).or_default();
        queue.keys.insert(key);
        queue.ids.entry(whole.last.message_id).or_default().insert(key);
        self.full += usize::from(queue.keys.len() == self.max);
        self.weight += whole.weight();
        self.messages.insert(key, whole);
    }

    pub(super) fn remove(&mut self, key: IncomingKey) -> Option<Whole> {
        let whole = self.messages.remove(&key)?;
        let (session, id) = (whole.last.session, &whole.last.message_id);
        self.weight -= whole.weight();
        let queue = self.sessions.get_mut(&session)?;
        self.full -= usize::from(queue.keys.len() == self.max);
        queue.keys.remove(&key);
        if let Some(keys) = queue.ids.get_mut(id) {
            keys.remove(&key);
            if keys.is_empty() {
                queue.ids.remove(id);
            }
        }
        if queue.keys.is_empty() {
            self.sessions.remove(&session);
        }
        Some(whole)
    }

    /// The messages of a session, in the order in which they began.
    pub(super) fn keys_of(&self, session: SessionKey) -> Vec<IncomingKey> {
        self.sessions
            .get(&session)
            .into_iter()
            .flat_map(|queue| queue.keys.iter().copied())
            .collect()
    }

    pub(in crate::connection) fn footprint(&self, footprint: &mut Footprint) {
        let ids = self.sessions.values().map(|queue| queue.ids.len());
        footprint.hold("waiting messages", self.messages.len());
        footprint.hold("waiting ids", ids.sum());
        footprint.hold("waiting sessions", self.sessions.len());
        footprint.hold("waiting octets", self.weight);
    }
}
