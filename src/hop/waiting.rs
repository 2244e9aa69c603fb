//! Requests that wait for their response, and their deadlines.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::time::Instant;
use crate::wire::TransactionId;

/// What is known of each request that waits for its response, by transaction id.
///
/// All requests wait equally long, so their deadlines pass in the order in which
/// they were set: a queue is enough. Deadlines of answered requests are dropped
/// when they come to the front of the queue or outnumber the others.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    timeout: Duration,
    open: HashMap<TransactionId, Entry<T>>,
    deadlines: VecDeque<(Instant, TransactionId)>,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    /// None until the request has left.
    deadline: Option<Instant>,
}

impl<T> Waiting<T> {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, open: HashMap::new(), deadlines: VecDeque::new() }
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

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.open.values().map(|entry| &entry.value)
    }

    /// A request whose deadline is not set yet. Gives what is known of another
    /// request that has waited under the same id.
    pub(crate) fn insert(&mut self, id: TransactionId, value: T) -> Option<T> {
        self.open.insert(id, Entry { value, deadline: None }).map(|entry| entry.value)
    }

    /// The request has left: its deadline is set.
    pub(crate) fn start(&mut self, id: TransactionId, now: Instant) -> Option<&mut T> {
        let entry = self.open.get_mut(&id)?;
        entry.deadline = now.checked_add(self.timeout);
        self.deadlines.extend(entry.deadline.map(|deadline| (deadline, id)));
        Some(&mut entry.value)
    }

    pub(crate) fn remove(&mut self, id: &TransactionId) -> Option<T> {
        let entry = self.open.remove(id)?;
        self.drop_answered();
        Some(entry.value)
    }

    /// Takes out the request whose deadline comes first.
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

    /// Takes out one request whose deadline has passed.
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

    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&T) -> bool) {
        self.open.retain(|_, entry| is_wanted(&entry.value));
        self.drop_answered();
    }

    /// Takes out every request, in the order of the ids, so that every run does
    /// the same.
    #[cfg(feature = "auth")]
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.deadlines.clear();
        let mut open: Vec<_> = self.open.drain().collect();
        open.sort_unstable_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
        open.into_iter().map(|(_, entry)| entry.value)
    }

    fn drop_answered(&mut self) {
        let open = &self.open;
        while self.deadlines.front().is_some_and(|(deadline, id)| !is_live(open, *deadline, id)) {
            self.deadlines.pop_front();
        }
        if self.deadlines.len() > 2 * open.len() + 64 {
            self.deadlines.retain(|(deadline, id)| is_live(open, *deadline, id));
        }
    }
}

/// Whether this deadline is still that of a waiting request: its id may have
/// been used again since.
fn is_live<T>(
    open: &HashMap<TransactionId, Entry<T>>,
    deadline: Instant,
    id: &TransactionId,
) -> bool {
    open.get(id).is_some_and(|entry| entry.deadline == Some(deadline))
}
