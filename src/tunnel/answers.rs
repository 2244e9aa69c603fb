//! Which answer to a part settles the chunk that it was cut from.

use crate::time::Instant;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::wire::{FailureReport, HeadRef, TransactionId};

/// Parts that wait for an answer, of each kind.
const MAX_PARTS: usize = 4096;

/// How long an answer is awaited: twice the time that it may take (RFC 4975
/// section 7.1.1).
const LIFETIME: Duration = Duration::from_secs(60);

/// What is to be done with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answers no part.
    Foreign,
    /// It says nothing yet, or nothing any more, of a chunk.
    Unsettled,
    /// It answers the chunk of that transaction.
    Settled(TransactionId),
}

/// A chunk that was cut.
#[derive(Debug)]
struct Chunk {
    transaction: TransactionId,
    /// Whether success is answered (Failure-Report `yes`).
    asks_success: bool,
    unanswered: usize,
    /// Whether every part is on its way.
    has_ended: bool,
    is_refused: bool,
    /// A part was not answered in time.
    is_lost: bool,
}

/// The parts that wait for an answer, oldest first.
///
/// Those that were answered stay in the order until they come to its front or
/// outnumber the others.
#[derive(Debug, Default)]
struct Waiting {
    chunks: HashMap<TransactionId, u64>,
    order: VecDeque<(Instant, TransactionId, u64)>,
}

/// The chunks that were cut and are not settled.
#[derive(Debug, Default)]
pub(super) struct Answers {
    chunks: HashMap<u64, Chunk>,
    next: u64,
    /// Parts of chunks under Failure-Report `yes`, each of which is answered.
    asked: Waiting,
    /// Parts of the others, most of which never are.
    silent: Waiting,
}

impl Answers {
    /// A chunk is cut for the first time.
    pub(super) fn begin(&mut self, head: &HeadRef<'_>) -> u64 {
        let key = self.next;
        self.next += 1;
        let chunk = Chunk {
            transaction: head.transaction_id(),
            asks_success: head.failure_report() == FailureReport::Yes,
            unanswered: 0,
            has_ended: false,
            is_refused: false,
            is_lost: false,
        };
        self.chunks.insert(key, chunk);
        key
    }

    /// A part of a chunk leaves.
    pub(super) fn sent(&mut self, key: u64, id: TransactionId, now: Instant) {
        let Some(chunk) = self.chunks.get_mut(&key) else { return };
        chunk.unanswered += 1;
        let waiting = if chunk.asks_success { &mut self.asked } else { &mut self.silent };
        let displaced = [waiting.insert(id, key, now), waiting.displace()];
        for key in displaced.into_iter().flatten() {
            self.lose(key);
        }
    }

    /// Every part of a chunk has left.
    pub(super) fn end(&mut self, key: u64) {
        if let Some(chunk) = self.chunks.get_mut(&key) {
            chunk.has_ended = true;
            self.drop_settled(key);
        }
    }

    /// A response has come.
    pub(super) fn answered(&mut self, id: &TransactionId, is_success: bool) -> Verdict {
        let key = self.asked.remove(id).or_else(|| self.silent.remove(id));
        let Some(key) = key else { return Verdict::Foreign };
        let Some(chunk) = self.chunks.get_mut(&key) else { return Verdict::Unsettled };
        chunk.unanswered = chunk.unanswered.saturating_sub(1);
        let settles = !chunk.is_refused && (!is_success || chunk.has_succeeded());
        chunk.is_refused |= !is_success;
        let transaction = chunk.transaction;
        self.drop_settled(key);
        if settles { Verdict::Settled(transaction) } else { Verdict::Unsettled }
    }

    /// Whether an error has been the answer to a chunk.
    pub(super) fn is_refused(&self, key: u64) -> bool {
        self.chunks.get(&key).is_some_and(|chunk| chunk.is_refused)
    }

    pub(super) fn contains(&self, id: &TransactionId) -> bool {
        self.asked.chunks.contains_key(id) || self.silent.chunks.contains_key(id)
    }

    /// Whether so many answers are awaited that no part may leave.
    pub(super) fn is_full(&self) -> bool {
        self.asked.chunks.len() >= MAX_PARTS
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        [&self.asked, &self.silent].into_iter().filter_map(Waiting::next_deadline).min()
    }

    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(key) = self.asked.expire(now).or_else(|| self.silent.expire(now)) {
            self.lose(key);
        }
    }

    fn lose(&mut self, key: u64) {
        if let Some(chunk) = self.chunks.get_mut(&key) {
            chunk.unanswered = chunk.unanswered.saturating_sub(1);
            chunk.is_lost = true;
            self.drop_settled(key);
        }
    }

    fn drop_settled(&mut self, key: u64) {
        let is_settled = |chunk: &Chunk| chunk.has_ended && chunk.unanswered == 0;
        if self.chunks.get(&key).is_some_and(is_settled) {
            self.chunks.remove(&key);
        }
    }
}

impl Chunk {
    /// Whether the answer that has just come is the last of its good ones.
    const fn has_succeeded(&self) -> bool {
        self.asks_success && self.has_ended && self.unanswered == 0 && !self.is_lost
    }
}

impl Waiting {
    /// The chunk whose part had the same id, if there was one: a peer is free
    /// to use an id twice.
    fn insert(&mut self, id: TransactionId, key: u64, now: Instant) -> Option<u64> {
        if let Some(deadline) = now.checked_add(LIFETIME) {
            self.order.push_back((deadline, id, key));
        }
        let before = self.chunks.insert(id, key);
        self.drop_answered();
        before
    }

    /// Makes room where there are too many.
    fn displace(&mut self) -> Option<u64> {
        if self.chunks.len() > MAX_PARTS { self.pop_front() } else { None }
    }

    fn remove(&mut self, id: &TransactionId) -> Option<u64> {
        let key = self.chunks.remove(id)?;
        self.drop_answered();
        Some(key)
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.order.front().map(|(deadline, ..)| *deadline)
    }

    fn expire(&mut self, now: Instant) -> Option<u64> {
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            if let Some(key) = self.pop_front() {
                return Some(key);
            }
        }
        None
    }

    /// Takes the oldest entry out of the order; the chunk whose part it was, if
    /// that was still waiting.
    fn pop_front(&mut self) -> Option<u64> {
        let (_, id, key) = self.order.pop_front()?;
        let waits = self.chunks.get(&id) == Some(&key);
        if waits {
            self.chunks.remove(&id);
        }
        self.drop_answered();
        waits.then_some(key)
    }

    fn drop_answered(&mut self) {
        let chunks = &self.chunks;
        let waits = |id: &TransactionId, key: &u64| chunks.get(id) == Some(key);
        while self.order.front().is_some_and(|(_, id, key)| !waits(id, key)) {
            self.order.pop_front();
        }
        if self.order.len() > 2 * self.chunks.len() + 64 {
            self.order.retain(|(_, id, key)| waits(id, key));
        }
    }
}
