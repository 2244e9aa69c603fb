//! Requests that wait for their response, and their deadlines.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault};
use std::time::Duration;

use rustc_hash::FxHasher;

use crate::footprint::Footprint;
use crate::spare::Spare;
use crate::time::Instant;
use crate::wire::TransactionId;

/// A value for each request that waits for its response, by transaction id.
///
/// All requests wait equally long, so deadlines pass in the order in which they
/// were set, and a queue is enough. The deadline of a request with a response is
/// dropped when it reaches the front of the queue, or when such deadlines
/// outnumber the others.
///
/// No peer can choose the ids that this side draws, so they need no hasher with a key. Where
/// peers choose them, `S` is one.
#[derive(Debug)]
pub(crate) struct Waiting<T, S = BuildHasherDefault<FxHasher>> {
    timeout: Duration,
    open: HashMap<TransactionId, Entry<T>, S>,
    deadlines: VecDeque<(Instant, TransactionId)>,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    /// `None` until the request has left.
    deadline: Option<Instant>,
}

impl<T, S: BuildHasher + Default> Waiting<T, S> {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, open: HashMap::default(), deadlines: VecDeque::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn contains(&self, id: &TransactionId) -> bool {
        self.open.contains_key(id)
    }

    pub(crate) fn get(&self, id: &TransactionId) -> Option<&T> {
        self.open.get(id).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, id: &TransactionId) -> Option<&mut T> {
        self.open.get_mut(id).map(|entry| &mut entry.value)
    }

    /// Adds a request without a deadline. Returns the value of an earlier request
    /// with the same id.
    pub(crate) fn insert(&mut self, id: TransactionId, value: T) -> Option<T> {
        self.open.insert(id, Entry { value, deadline: None }).map(|entry| entry.value)
    }

    /// Sets the deadline of a request, which has left.
    pub(crate) fn start(&mut self, id: TransactionId, now: Instant) -> Option<&mut T> {
        let entry = self.open.get_mut(&id)?;
        entry.deadline = now.checked_add(self.timeout);
        self.deadlines.extend(entry.deadline.map(|deadline| (deadline, id)));
        Some(&mut entry.value)
    }

    /// When a request has left.
    #[cfg(feature = "auth")]
    pub(crate) fn started(&self, id: &TransactionId) -> Option<Instant> {
        self.open.get(id)?.deadline?.checked_sub(self.timeout)
    }

    /// Takes its deadline from a request, which has not left after all.
    pub(crate) fn stop(&mut self, id: &TransactionId) {
        if let Some(entry) = self.open.get_mut(id) {
            entry.deadline = None;
        }
        self.drop_ended();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&TransactionId, &T)> {
        self.open.iter().map(|(id, entry)| (id, &entry.value))
    }

    pub(crate) fn remove(&mut self, id: &TransactionId) -> Option<T> {
        let entry = self.open.remove(id)?;
        self.drop_ended();
        Some(entry.value)
    }

    /// Removes the request with the earliest deadline.
    pub(crate) fn pop_oldest(&mut self) -> Option<(TransactionId, T)> {
        while let Some((deadline, id)) = self.deadlines.pop_front() {
            if is_live(&self.open, deadline, &id) {
                return self.remove(&id).map(|value| (id, value));
            }
        }
        None
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }

    /// Removes one request whose deadline has passed.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<(TransactionId, T)> {
        while let Some((deadline, id)) = self.deadlines.front().copied()
            && deadline <= now
        {
            self.deadlines.pop_front();
            if is_live(&self.open, deadline, &id) {
                return self.remove(&id).map(|value| (id, value));
            }
        }
        None
    }

    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.deadlines.clear();
    }

    /// Takes every request with its deadline.
    #[cfg(feature = "auth")]
    pub(crate) fn take(&mut self) -> Self {
        let empty = Self::new(self.timeout);
        std::mem::replace(self, empty)
    }

    pub(crate) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("transactions open", self.open.len());
        footprint.remember("transactions deadlines", self.deadlines.len());
    }

    fn drop_ended(&mut self) {
        let open = &self.open;
        while self.deadlines.front().is_some_and(|(deadline, id)| !is_live(open, *deadline, id)) {
            self.deadlines.pop_front();
        }
        if self.deadlines.len() > 2 * open.len() + 64 {
            self.deadlines.retain(|(deadline, id)| is_live(open, *deadline, id));
        }
        self.open.give_back();
        self.deadlines.give_back();
    }
}

/// Whether this deadline is still that of a waiting request: a later request may
/// have the same id.
fn is_live<T, S: BuildHasher>(
    open: &HashMap<TransactionId, Entry<T>, S>,
    deadline: Instant,
    id: &TransactionId,
) -> bool {
    open.get(id).is_some_and(|entry| entry.deadline == Some(deadline))
}
