//! The octets of incoming messages, between the connection and their readers.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use msrp::{FailReason, Received};

/// A message of more than so many octets is large: it takes a turn of its own, and by default
/// it is handed on before it is whole.
pub(crate) const LARGE: u64 = 64 * 1024;

/// A message that has begun, and that nobody has taken whole.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) received: Received,
    pieces: VecDeque<(u64, Bytes)>,
    /// Octets of the pieces.
    octets: usize,
    /// Octets of all pieces so far.
    arrived: u64,
    /// How it ended: with its size, or not.
    end: Option<Result<u64, FailReason>>,
    reader: Option<Waker>,
    /// It is in the queue of its session, or was taken from it.
    pub(crate) is_announced: bool,
    /// It was taken from the queue.
    pub(crate) is_taken: bool,
    /// Its reader has asked for octets.
    is_read: bool,
}

/// What the reader of a message gets next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Octets, at an offset.
    Piece(u64, Bytes),
    /// The message is complete, and has that many octets.
    Complete(u64),
    /// The rest does not come.
    Failed(FailReason),
}

impl Arrival {
    pub(crate) const fn new(received: Received) -> Self {
        let pieces = VecDeque::new();
        Self {
            received,
            pieces,
            octets: 0,
            arrived: 0,
            end: None,
            reader: None,
            is_announced: false,
            is_taken: false,
            is_read: false,
        }
    }

    pub(crate) const fn octets(&self) -> usize {
        self.octets
    }

    pub(crate) const fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Why the rest does not come.
    pub(crate) fn failure(&self) -> Option<FailReason> {
        self.end?.err()
    }

    pub(crate) const fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Its size, if it is complete.
    pub(crate) fn total(&self) -> Option<u64> {
        self.end?.ok()
    }

    pub(crate) const fn is_read(&self) -> bool {
        self.is_read
    }

    /// Whether its reader waits for octets.
    pub(crate) const fn is_awaited(&self) -> bool {
        self.reader.is_some()
    }

    /// Whether it is worth a reader: it has ended, or has more octets than are waited for.
    pub(crate) fn is_ready(&self, whole: u64) -> bool {
        self.has_ended() || self.has_more_than(whole)
    }

    /// Whether its rest comes, and it is large.
    pub(crate) fn is_large(&self) -> bool {
        !self.has_ended() && self.has_more_than(LARGE)
    }

    /// Whether it is known to have more than so many octets.
    fn has_more_than(&self, octets: u64) -> bool {
        self.received.announced_size().is_some_and(|size| size > octets) || self.arrived > octets
    }

    pub(crate) fn push(&mut self, offset: u64, octets: Bytes) {
        self.octets += octets.len();
        self.arrived = self.arrived.saturating_add(octets.len() as u64);
        self.pieces.push_back((offset, octets));
        self.wake();
    }

    pub(crate) fn end(&mut self, end: Result<u64, FailReason>) {
        self.end.get_or_insert(end);
        self.wake();
    }

    /// The next step for the reader, which is woken when there is one.
    pub(crate) fn poll_step(&mut self, cx: &Context<'_>) -> Poll<Step> {
        self.is_read = true;
        if let Some((offset, octets)) = self.pieces.pop_front() {
            self.octets -= octets.len();
            return Poll::Ready(Step::Piece(offset, octets));
        }
        match self.end {
            Some(Ok(total)) => Poll::Ready(Step::Complete(total)),
            Some(Err(reason)) => Poll::Ready(Step::Failed(reason)),
            None => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
