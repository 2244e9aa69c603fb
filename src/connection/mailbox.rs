//! The incoming messages of one session.

use std::collections::HashMap;

use super::memory::Memory;
use crate::footprint::Footprint;
use crate::keys::IncomingKey;
use crate::wire::{MessageId, StatusCode};

/// The incoming messages of one session.
#[derive(Debug)]
pub(super) struct Mailbox {
    open: HashMap<MessageId, IncomingKey>,
    /// A Message-ID can wait several times: duplicates do.
    waiting: HashMap<MessageId, Vec<IncomingKey>>,
    /// Messages that are open or wait.
    pub(super) len: usize,
    /// Messages that were received, to know their duplicates.
    pub(super) received: Memory<()>,
    /// Messages that were refused, to refuse what is still to come of them.
    pub(super) refused: Memory<StatusCode>,
}

impl Mailbox {
    pub(super) fn new(remembered: usize) -> Self {
        Self {
            open: HashMap::new(),
            waiting: HashMap::new(),
            len: 0,
            received: Memory::new(remembered),
            refused: Memory::new(remembered),
        }
    }

    /// The open message of this id.
    pub(super) fn find(&self, id: &MessageId) -> Option<IncomingKey> {
        self.open.get(id).copied()
    }

    /// Whether a message of this id was complete before.
    pub(super) fn had(&self, id: &MessageId) -> bool {
        self.received.contains(id) || self.waiting.contains_key(id)
    }

    pub(super) fn add_open(&mut self, id: MessageId, key: IncomingKey) {
        self.open.insert(id, key);
        self.len += 1;
    }

    pub(super) fn remove_open(&mut self, id: &MessageId) {
        self.len -= usize::from(self.open.remove(id).is_some());
    }

    pub(super) fn add_waiting(&mut self, id: MessageId, key: IncomingKey) {
        self.waiting.entry(id).or_default().push(key);
        self.len += 1;
    }

    pub(super) fn remove_waiting(&mut self, id: &MessageId, key: IncomingKey) {
        let Some(keys) = self.waiting.get_mut(id) else { return };
        keys.retain(|waiting| *waiting != key);
        if keys.is_empty() {
            self.waiting.remove(id);
        }
        self.len -= 1;
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("mailbox open", self.open.len());
        footprint.hold("mailbox waiting", self.waiting.values().map(Vec::len).sum());
        footprint.hold("mailbox len", self.len);
        footprint.remember("mailbox received", self.received.len());
        footprint.remember("mailbox refused", self.refused.len());
    }

    /// In the order in which the messages began, so that every run does the same.
    pub(super) fn open_keys(&self) -> Vec<IncomingKey> {
        sorted(self.open.values().copied())
    }

    pub(super) fn waiting_keys(&self) -> Vec<IncomingKey> {
        sorted(self.waiting.values().flatten().copied())
    }
}

fn sorted(keys: impl Iterator<Item = IncomingKey>) -> Vec<IncomingKey> {
    let mut keys: Vec<IncomingKey> = keys.collect();
    keys.sort_unstable();
    keys
}
