//! What only the hops of a relay need: chunks that leave while they arrive.

use super::{BodyQueue, Hop, Outgoing, Owner, Transaction};
use crate::wire::{ByteRange, Continuation, write_end_line};

/// What a hop was sending when it was closed.
#[derive(Debug)]
pub(crate) struct Unsettled<O: Owner> {
    /// The requests that had no response.
    pub(crate) transactions: Vec<Transaction<O::Purpose>>,
    /// The chunks that had not left completely.
    pub(crate) messages: Vec<Outgoing<O>>,
}

impl<O: Owner> Unsettled<O> {
    /// Without the requests that have left and to which only an error leads to a response.
    pub(crate) fn without_silent(mut self) -> Self {
        self.transactions.retain(is_missed);
        self
    }
}

/// Whether a request has not left or needs its response.
fn is_missed<P>(transaction: &Transaction<P>) -> bool {
    transaction.holds_place() || transaction.written.is_none()
}

impl<O: Owner> Outgoing<O> {
    /// A chunk to forward, whose octets follow.
    pub(crate) fn chunk(
        source: O::Source,
        heading: O::Heading,
        overhead: usize,
        range: ByteRange,
    ) -> Self {
        let mut chunk = Self::new(source, heading, overhead, BodyQueue::default(), range.total());
        chunk.offset = range.offset();
        chunk
    }

    /// Ends a forwarded chunk with the flag that it arrived with.
    pub(crate) const fn finish_chunk(&mut self, flag: Continuation) {
        self.body.finish();
        self.end = flag;
    }
}

impl<O: Owner> Hop<O> {
    /// The number of open transactions, without those in which silence is
    /// success.
    pub(crate) fn open_requests(&self) -> usize {
        self.transactions.places()
    }

    /// The same, for the requests of one source.
    pub(crate) fn open_requests_of(&self, source: O::Source) -> usize {
        self.schedule.places(source)
    }

    /// The approximate number of octets that wait to leave, heads and control
    /// frames included.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting + self.control.len()
    }

    /// The octets that are known to have left the transport, since the beginning. `None`
    /// if the caller does not say what it holds.
    pub(crate) fn known_left(&self) -> Option<u64> {
        self.backlog.is_told().then_some(self.backlog.left())
    }

    /// Whether the transport is known to hold octets.
    pub(crate) const fn is_held_up(&self) -> bool {
        self.backlog.is_told() && self.backlog.octets() > 0
    }

    /// Ends a forwarded chunk.
    pub(crate) fn finish_chunk(&mut self, key: O::Message, flag: Continuation) {
        if let Some(message) = self.messages.get_mut(&key) {
            message.finish_chunk(flag);
            self.wake(key);
        }
    }

    /// Whether nothing can leave before more octets arrive: only heads of chunks
    /// and the last octets of unfinished bodies wait.
    pub(crate) fn is_starved(&self) -> bool {
        let open = self.open.as_ref().and_then(|open| self.messages.get(&open.message));
        self.control.is_empty()
            && !self.schedule.has_queued()
            && open.is_none_or(|message| message.body.available() == 0 && !message.is_ready(1))
    }

    /// What would be lost if no response came any more, of one source: its requests that
    /// need one, and its chunks that have not left completely.
    pub(crate) fn missed_by(
        &mut self,
        source: O::Source,
    ) -> (Vec<&Transaction<O::Purpose>>, Vec<&Outgoing<O>>) {
        self.note_open();
        let is_its = |purpose: &O::Purpose| O::source_of(purpose) == Some(source);
        let open = self.transactions.iter();
        let open =
            open.filter(|transaction| is_its(&transaction.purpose) && is_missed(transaction));
        let chunks = self.messages.values().filter(|message| message.source == source);
        (open.collect(), chunks.collect())
    }

    /// Notes how far the open chunk has left.
    fn note_open(&mut self) {
        if let Some(open) = &self.open
            && let Some(message) = self.messages.get(&open.message)
        {
            self.transactions.reached(open.transaction, message.offset);
        }
    }

    /// Drops every chunk and transaction and returns them. An open chunk ends with
    /// `#`.
    pub(crate) fn give_up(&mut self) -> Unsettled<O> {
        // The octets of the open chunk that have left are lost, too.
        self.note_open();
        if let Some(open) = self.open.take() {
            write_end_line(&mut self.out, &open.transaction, Continuation::Aborted);
        }
        let unsettled = Unsettled {
            transactions: self.transactions.drain().collect(),
            messages: std::mem::take(&mut self.messages).into_values().collect(),
        };
        self.drop_messages();
        unsettled
    }
}
