//! Which answer to a part settles the chunk that it was cut from.

use std::collections::HashMap;
use std::time::Duration;

use crate::hop::Waiting;
use crate::time::Instant;
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

/// The chunks that were cut and are not settled.
#[derive(Debug)]
pub(super) struct Answers {
    chunks: HashMap<u64, Chunk>,
    next: u64,
    /// Parts of chunks under Failure-Report `yes`, each of which is answered.
    asked: Waiting<u64>,
    /// Parts of the others, most of which never are.
    silent: Waiting<u64>,
}

impl Answers {
    pub(super) fn new() -> Self {
        Self {
            chunks: HashMap::new(),
            next: 0,
            asked: Waiting::new(LIFETIME),
            silent: Waiting::new(LIFETIME),
        }
    }

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
        // A peer is free to use an id twice.
        let before = waiting.insert(id, key);
        waiting.start(id, now);
        let oldest = if waiting.len() > MAX_PARTS { waiting.pop_oldest() } else { None };
        for key in before.into_iter().chain(oldest.map(|(_, key)| key)) {
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
        self.asked.contains(id) || self.silent.contains(id)
    }

    /// Whether so many answers are awaited that no part may leave.
    pub(super) fn is_full(&self) -> bool {
        self.asked.len() >= MAX_PARTS
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        [&self.asked, &self.silent].into_iter().filter_map(Waiting::next_deadline).min()
    }

    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((_, key)) = self.asked.expire(now).or_else(|| self.silent.expire(now)) {
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
