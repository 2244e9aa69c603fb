//! What only the hops of a relay need: chunks that leave while they arrive.

use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};

use super::{BodyQueue, Hop, Outgoing, Owner, Transaction, Waiting};
use crate::offset::Offset;
use crate::time::Instant;
use crate::wire::{ByteRange, Continuation, TransactionId, write_end_line};

/// What a hop was sending when it was closed. There may be more of it than can be looked at
/// at once.
#[derive(Debug)]
pub(crate) struct Unsettled<O: Owner> {
    /// The requests that had no response.
    transactions: Waiting<Transaction<O::Purpose>>,
    /// Those that had not left the transport, in their order.
    in_transport: VecDeque<(u64, TransactionId)>,
    /// That of the chunk that was leaving.
    open: Option<TransactionId>,
    /// The chunks that had not left completely, in their order.
    rests: VecDeque<Rest<O>>,
}

/// What had not left of a chunk, without its octets: nobody is charged with them any more.
#[derive(Debug)]
pub(crate) struct Rest<O: Owner> {
    pub(crate) heading: O::Heading,
    pub(crate) octets: Range<Offset>,
}

/// One request of a hop that was closed.
#[derive(Debug)]
pub(crate) enum Missed<O: Owner> {
    /// It had no response.
    Response(Transaction<O::Purpose>),
    /// It had not left completely.
    Rest(Rest<O>),
}

impl<O: Owner> Unsettled<O> {
    /// Takes the next one, in the order in which they have left or would have. Short requests
    /// that have not left are dropped with the rest.
    pub(crate) fn pop(&mut self) -> Option<Missed<O>> {
        if let Some((_, transaction)) = self.transactions.pop_oldest() {
            return Some(Missed::Response(transaction));
        }
        let Self { transactions, in_transport, open, rests } = self;
        let mut ids = std::iter::from_fn(|| in_transport.pop_front().map(|(_, id)| id));
        if let Some(transaction) = ids.find_map(|id| transactions.remove(&id)) {
            return Some(Missed::Response(transaction));
        }
        if let Some(transaction) = open.take().and_then(|id| transactions.remove(&id)) {
            return Some(Missed::Response(transaction));
        }
        rests.pop_front().map(Missed::Rest)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.transactions.len() == 0 && self.rests.is_empty()
    }
}

impl<O: Owner> Outgoing<O> {
    /// A chunk to forward, whose octets follow.
    pub(crate) fn chunk(
        source: O::Source,
        sender: O::Source,
        heading: O::Heading,
        overhead: usize,
        range: ByteRange,
    ) -> Self {
        let mut chunk = Self::new(source, heading, overhead, BodyQueue::default(), range.total());
        (chunk.sender, chunk.offset) = (sender, range.offset());
        chunk
    }

    /// Ends a forwarded chunk with the flag that it arrived with.
    pub(crate) const fn finish_chunk(&mut self, flag: Continuation) {
        self.body.finish();
        self.end = flag;
    }

    /// The octets that have not left.
    pub(crate) fn rest(&self) -> Range<Offset> {
        self.offset..self.queued_end()
    }

    fn into_rest(self) -> Rest<O> {
        Rest { octets: self.rest(), heading: self.heading }
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
        self.accounts.waiting() + self.control.len()
    }

    /// The octets of a source that wait to leave.
    pub(crate) fn waiting_of(&self, source: O::Source) -> usize {
        self.accounts.waiting_of(source)
    }

    /// The octets of all sources of a sender that wait to leave.
    pub(crate) fn waiting_of_sender(&self, sender: O::Source) -> usize {
        self.accounts.waiting_of_sender(sender)
    }

    /// The octets of a source that wait to leave, that need a response, or that have
    /// left in the last seconds.
    pub(crate) fn outstanding(&mut self, source: O::Source, now: Instant) -> usize {
        self.accounts.outstanding(source, now)
    }

    /// Whether everything of a source has left, and was answered or is
    /// [`OUTSTANDING`](super::OUTSTANDING) old.
    pub(crate) fn is_at_rest(&self, source: O::Source, now: Instant) -> bool {
        self.accounts.is_old(source, self.schedule.places(source) == 0, now)
    }

    /// Whether a response has come to everything of a source.
    pub(crate) fn has_arrived(&self, source: O::Source) -> bool {
        self.schedule.places(source) == 0 && self.accounts.is_told(source)
    }

    /// The sources of which few octets wait again, once for each time.
    pub(crate) fn relieved(&mut self) -> Vec<O::Source> {
        self.accounts.relieved()
    }

    /// Holds the chunks of a source back, or lets them leave.
    pub(crate) fn hold(&mut self, source: O::Source, is_held: bool) {
        self.schedule.hold(source, is_held);
    }

    /// Those of these chunks of a source that have not left whole, in the order of their
    /// arrival.
    pub(crate) fn chunks_of(
        &self,
        source: O::Source,
        keys: RangeInclusive<O::Message>,
    ) -> impl Iterator<Item = O::Message> {
        let chunks = self.messages.of_source(source, keys).filter(|(_, chunk)| !chunk.aborted);
        chunks.map(|(key, _)| key)
    }

    /// The chunks for which this holds that have not left whole, in the order of their arrival.
    pub(crate) fn chunks(&self, is_one: impl Fn(&Outgoing<O>) -> bool) -> Vec<O::Message> {
        let chunks = self.messages.iter().filter(|(_, chunk)| !chunk.aborted && is_one(chunk));
        chunks.map(|(key, _)| key).collect()
    }

    /// The requests for which this holds that have no response, the oldest first, without
    /// that of the chunk that is leaving.
    pub(crate) fn requests(&self, is_one: impl Fn(&O::Purpose) -> bool) -> Vec<TransactionId> {
        let open = self.open.as_ref().map(|open| open.transaction);
        let mut requests = self.transactions.of(is_one);
        requests.retain(|id| Some(*id) != open);
        requests
    }

    /// Ends the transaction of the chunk that is leaving, with the octets that have left. `None`
    /// if that is one of another message, or asks for no response.
    pub(crate) fn complete_open(&mut self, key: O::Message) -> Option<Transaction<O::Purpose>> {
        let open = self.open.as_ref().filter(|open| open.message == key)?;
        let (id, end) = (open.transaction, self.messages.get(key)?.offset);
        self.transactions.reached(id, end);
        self.complete(&id)
    }

    /// Takes every chunk, of which nothing has left.
    pub(crate) fn take_messages(&mut self) -> Vec<(O::Message, Box<Outgoing<O>>)> {
        let mut messages: Vec<_> = self.messages.take().into_iter().collect();
        for (_, message) in &mut messages {
            message.place = None;
        }
        self.drop_messages();
        messages
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

    /// Ends a forwarded chunk. Returns the place after it in its message, or `None` if it is
    /// lost.
    pub(crate) fn finish_chunk(&mut self, key: O::Message, flag: Continuation) -> Option<Offset> {
        let message = self.messages.get_mut(key)?;
        message.finish_chunk(flag);
        let end = message.queued_end();
        self.wake(key);
        Some(end)
    }

    /// Whether nothing can leave before more octets arrive: only heads of chunks
    /// and the last octets of unfinished bodies wait.
    pub(crate) fn is_starved(&self) -> bool {
        let open = self.open.as_ref().and_then(|open| self.messages.get(open.message));
        self.control.is_empty()
            && !self.schedule.has_queued()
            && open.is_none_or(|message| message.body.available() == 0 && !message.is_ready(1))
    }

    /// Drops every chunk and transaction and returns them, without the octets of the chunks.
    /// An open chunk ends with `#`.
    pub(crate) fn give_up(&mut self) -> Unsettled<O> {
        let open = self.open.take();
        if let Some(open) = &open {
            // The octets of it that have left are lost, too.
            if let Some(message) = self.messages.get(open.message) {
                self.transactions.reached(open.transaction, message.offset);
            }
            write_end_line(&mut self.out, &open.transaction, Continuation::Aborted);
        }
        // What was aborted has had another end.
        let chunks = self.messages.take().into_values().filter(|it| !it.aborted);
        let unsettled = Unsettled {
            transactions: self.transactions.take(),
            in_transport: self.backlog.take_requests(),
            open: open.map(|open| open.transaction),
            rests: chunks.map(|chunk| chunk.into_rest()).collect(),
        };
        self.drop_messages();
        unsettled
    }
}
