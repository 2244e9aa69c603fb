//! The messages that have begun and not ended: by session, by weight, and by how long
//! they have made no progress.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::chunk::Fault;
use super::open::{Open, Progress};
use crate::footprint::Footprint;
use crate::keys::{IncomingKey, SessionKey};
use crate::wire::MessageId;

/// The messages of a connection that have begun and not ended.
///
/// The orders by progress are exact at their front alone. An octet only moves the mark
/// in its message; a message that comes to the front is filed anew if it has made
/// progress since it was filed. So an octet costs no search.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    messages: BTreeMap<IncomingKey, Open>,
    shelves: HashMap<SessionKey, Shelf>,
    /// The sessions by what their messages weigh.
    by_weight: BTreeSet<(usize, SessionKey)>,
    /// The messages by the step at which they were filed.
    by_progress: BTreeMap<u64, (Duration, IncomingKey)>,
    weight: usize,
    last_step: u64,
}

/// The unfinished messages of one session. It holds at least one.
#[derive(Debug, Default)]
struct Shelf {
    by_id: HashMap<MessageId, IncomingKey>,
    by_progress: BTreeMap<u64, IncomingKey>,
    weight: usize,
}

impl Unfinished {
    pub(super) fn get(&self, key: IncomingKey) -> Option<&Open> {
        self.messages.get(&key)
    }

    /// The message of a session with this id.
    pub(super) fn find(&self, session: SessionKey, id: &MessageId) -> Option<IncomingKey> {
        self.shelves.get(&session)?.by_id.get(id).copied()
    }

    /// How many messages of a session have not ended.
    pub(super) fn len_of(&self, session: SessionKey) -> usize {
        self.shelves.get(&session).map_or(0, |shelf| shelf.by_id.len())
    }

    /// What all of them weigh.
    pub(in crate::connection) const fn weight(&self) -> usize {
        self.weight
    }

    pub(in crate::connection) fn insert(&mut self, mut open: Open) {
        let (key, session, id) =
            (open.received.key, open.received.session, open.received.message_id);
        self.last_step += 1;
        let step = self.last_step;
        let at = open.progress.at;
        open.progress = Progress { at, step, filed: step };
        let weight = open.weight();
        self.messages.insert(key, open);
        self.by_progress.insert(step, (at, key));
        let shelf = self.shelves.entry(session).or_default();
        shelf.by_id.insert(id, key);
        shelf.by_progress.insert(step, key);
        self.reweigh(session, 0, weight);
    }

    pub(super) fn remove(&mut self, key: IncomingKey) -> Option<Open> {
        let open = self.messages.remove(&key)?;
        let session = open.received.session;
        self.by_progress.remove(&open.progress.filed);
        if let Some(shelf) = self.shelves.get_mut(&session) {
            shelf.by_id.remove(&open.received.message_id);
            shelf.by_progress.remove(&open.progress.filed);
        }
        self.reweigh(session, open.weight(), 0);
        if self.len_of(session) == 0 {
            self.shelves.remove(&session);
            self.by_weight.remove(&(0, session));
        }
        Some(open)
    }

    /// Adds a piece to a message.
    pub(super) fn add(
        &mut self,
        at: Duration,
        key: IncomingKey,
        offset: u64,
        piece: &[u8],
    ) -> Result<(), Fault> {
        let Some(open) = self.messages.get_mut(&key) else { return Ok(()) };
        self.last_step += 1;
        open.progress.made(at, self.last_step);
        let before = open.weight();
        let result = open.store.insert(offset, piece).map_err(Fault::from);
        let (session, after) = (open.received.session, open.weight());
        self.reweigh(session, before, after);
        result
    }

    /// A message makes progress.
    pub(super) fn touch(&mut self, at: Duration, key: IncomingKey) {
        if let Some(open) = self.messages.get_mut(&key) {
            self.last_step += 1;
            open.progress.made(at, self.last_step);
        }
    }

    /// The size of a message is known.
    pub(super) fn finish(&mut self, key: IncomingKey, total: u64) -> Result<(), Fault> {
        match self.messages.get_mut(&key) {
            Some(open) => Ok(open.store.finish(total)?),
            None => Ok(()),
        }
    }

    /// The messages of a session, in the order in which they began, so that every run
    /// does the same.
    pub(super) fn keys_of(&self, session: SessionKey) -> Vec<IncomingKey> {
        let shelf = self.shelves.get(&session);
        let mut keys: Vec<_> =
            shelf.into_iter().flat_map(|it| it.by_id.values().copied()).collect();
        keys.sort_unstable();
        keys
    }

    // Who gives way.

    /// The message of a session that has made no progress for the longest time.
    pub(super) fn idlest_of(&mut self, session: SessionKey) -> Option<IncomingKey> {
        loop {
            let (filed, key) = self.shelves.get(&session)?.by_progress.first_key_value()?;
            let (filed, key) = (*filed, *key);
            if !self.file(filed, key) {
                return Some(key);
            }
        }
    }

    /// The message that gives way first: of the session whose messages weigh most, the
    /// one that has made no progress for the longest time.
    pub(super) fn first_to_go(&mut self) -> Option<IncomingKey> {
        let (_, heaviest) = *self.by_weight.last()?;
        self.idlest_of(heaviest)
    }

    /// No message has made its last progress before this.
    pub(super) fn earliest(&self) -> Option<Duration> {
        self.by_progress.first_key_value().map(|(_, (at, _))| *at)
    }

    /// The message that has made no progress for the longest time, and since when.
    pub(super) fn idlest(&mut self) -> Option<(Duration, IncomingKey)> {
        loop {
            let (filed, (at, key)) = self.by_progress.first_key_value()?;
            let (filed, at, key) = (*filed, *at, *key);
            if !self.file(filed, key) {
                return Some((at, key));
            }
        }
    }

    /// Files a message anew. Returns whether it has made progress since it was filed.
    fn file(&mut self, filed: u64, key: IncomingKey) -> bool {
        let Some(open) = self.messages.get_mut(&key) else { return false };
        let Progress { at, step, .. } = open.progress;
        if step == filed {
            return false;
        }
        open.progress.filed = step;
        self.by_progress.remove(&filed);
        self.by_progress.insert(step, (at, key));
        if let Some(shelf) = self.shelves.get_mut(&open.received.session) {
            shelf.by_progress.remove(&filed);
            shelf.by_progress.insert(step, key);
        }
        true
    }

    /// A message of the session weighed `before` and weighs `after`.
    fn reweigh(&mut self, session: SessionKey, before: usize, after: usize) {
        let Some(shelf) = self.shelves.get_mut(&session).filter(|_| before != after) else {
            return;
        };
        self.by_weight.remove(&(shelf.weight, session));
        shelf.weight = (shelf.weight + after).saturating_sub(before);
        self.by_weight.insert((shelf.weight, session));
        self.weight = (self.weight + after).saturating_sub(before);
    }

    pub(in crate::connection) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("unfinished messages", self.messages.len());
        footprint.hold("unfinished ids", self.shelves.values().map(|it| it.by_id.len()).sum());
        footprint.hold("unfinished sessions", self.shelves.len());
        footprint.hold("unfinished weights", self.by_weight.len());
        footprint.hold("unfinished order", self.by_progress.len());
        footprint.hold("unfinished octets", self.weight);
    }
}
