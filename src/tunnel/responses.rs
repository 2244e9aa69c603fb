//! Matching responses to parts with the chunks from which the parts were cut.

use std::collections::HashMap;
use std::hash::RandomState;
use std::time::Duration;

use crate::hop::Waiting;
use crate::time::Instant;
use crate::wire::{FailureReport, HeadRef, TransactionId};

/// The most parts of each kind that wait for a response.
const MAX_PARTS: usize = 4096;

/// How long a part waits for its response: twice the time that RFC 4975 section
/// 7.1.1 allows.
const LIFETIME: Duration = Duration::from_secs(60);

/// What a response means for a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It belongs to no part.
    Foreign,
    /// It belongs to a part but does not settle the chunk, or not any more.
    Unsettled,
    /// It settles the chunk with this transaction id.
    Settled(TransactionId),
}

/// A chunk that was cut.
#[derive(Debug)]
struct Chunk {
    transaction: TransactionId,
    /// Whether success leads to a response (Failure-Report `yes`).
    asks_success: bool,
    /// Parts that have left and wait for a response.
    pending: usize,
    /// Whether every part has left.
    has_ended: bool,
    /// Whether a response to a part was an error.
    is_refused: bool,
    /// Whether a part had no response in time.
    is_lost: bool,
}

/// The chunks that have been cut and are not settled.
#[derive(Debug)]
pub(super) struct Responses {
    chunks: HashMap<u64, Chunk>,
    next: u64,
    /// Parts with Failure-Report `yes`, each of which gets a response.
    asked: Waiting<u64, RandomState>,
    /// Other parts, most of which get none.
    silent: Waiting<u64, RandomState>,
}

impl Responses {
    pub(super) fn new() -> Self {
        Self {
            chunks: HashMap::new(),
            next: 0,
            asked: Waiting::new(LIFETIME),
            silent: Waiting::new(LIFETIME),
        }
    }

    /// Begins a chunk, which is cut for the first time.
    pub(super) fn begin(&mut self, head: &HeadRef<'_>) -> u64 {
        let key = self.next;
        self.next += 1;
        let chunk = Chunk {
            transaction: head.transaction_id(),
            asks_success: head.failure_report() == FailureReport::Yes,
            pending: 0,
            has_ended: false,
            is_refused: false,
            is_lost: false,
        };
        self.chunks.insert(key, chunk);
        key
    }

    /// Notes that a part of a chunk leaves.
    pub(super) fn sent(&mut self, key: u64, id: TransactionId, now: Instant) {
        let Some(chunk) = self.chunks.get_mut(&key) else { return };
        chunk.pending += 1;
        let waiting = if chunk.asks_success { &mut self.asked } else { &mut self.silent };
        // The id of the last part is the peer's, which may use an id twice.
        let before = waiting.insert(id, key);
        waiting.start(id, now);
        let oldest = if waiting.len() > MAX_PARTS { waiting.pop_oldest() } else { None };
        for key in before.into_iter().chain(oldest.map(|(_, key)| key)) {
            self.lose(key);
        }
    }

    /// Notes that every part of a chunk has left.
    pub(super) fn end(&mut self, key: u64) {
        if let Some(chunk) = self.chunks.get_mut(&key) {
            chunk.has_ended = true;
            self.drop_settled(key);
        }
    }

    /// Handles a response to a part.
    pub(super) fn received(&mut self, id: &TransactionId, is_success: bool) -> Verdict {
        let key = self.asked.remove(id).or_else(|| self.silent.remove(id));
        let Some(key) = key else { return Verdict::Foreign };
        let Some(chunk) = self.chunks.get_mut(&key) else { return Verdict::Unsettled };
        chunk.pending = chunk.pending.saturating_sub(1);
        let settles = !chunk.is_refused && (!is_success || chunk.has_succeeded());
        chunk.is_refused |= !is_success;
        let transaction = chunk.transaction;
        self.drop_settled(key);
        if settles { Verdict::Settled(transaction) } else { Verdict::Unsettled }
    }

    /// Whether a response to a part of this chunk was an error.
    pub(super) fn is_refused(&self, key: u64) -> bool {
        self.chunks.get(&key).is_some_and(|chunk| chunk.is_refused)
    }

    pub(super) fn contains(&self, id: &TransactionId) -> bool {
        self.asked.contains(id) || self.silent.contains(id)
    }

    /// Whether so many parts wait for a response that no other may leave.
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
            chunk.pending = chunk.pending.saturating_sub(1);
            chunk.is_lost = true;
            self.drop_settled(key);
        }
    }

    fn drop_settled(&mut self, key: u64) {
        let is_settled = |chunk: &Chunk| chunk.has_ended && chunk.pending == 0;
        if self.chunks.get(&key).is_some_and(is_settled) {
            self.chunks.remove(&key);
        }
    }
}

impl Chunk {
    /// Whether every part has left and had a response. None of these was an error if
    /// `is_refused` is false.
    const fn has_succeeded(&self) -> bool {
        self.asks_success && self.has_ended && self.pending == 0 && !self.is_lost
    }
}
