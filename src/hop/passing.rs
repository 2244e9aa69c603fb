//! What only the hop of a relay does: pass chunks on while they arrive.

use super::{BodyQueue, Hop, Outgoing, Owner, Transaction};
use crate::wire::{ByteRange, Continuation, write_end_line};

/// What a hop was sending when it was given up.
#[derive(Debug)]
pub(crate) struct Unsettled<O: Owner> {
    /// What has left and was not answered.
    pub(crate) transactions: Vec<Transaction<O::Purpose>>,
    /// What has not left whole.
    pub(crate) messages: Vec<Outgoing<O>>,
}

impl<O: Owner> Outgoing<O> {
    /// A chunk that is passed on, and whose octets follow.
    pub(crate) fn chunk(
        source: O::Source,
        heading: O::Heading,
        overhead: usize,
        range: ByteRange,
    ) -> Self {
        let mut chunk = Self::new(source, heading, overhead, BodyQueue::default(), range.total());
        chunk.offset = range.start().saturating_sub(1);
        chunk
    }

    /// No octet more will come of a chunk that is passed on, and this is what
    /// its end-line said.
    pub(crate) const fn finish_chunk(&mut self, flag: Continuation) {
        self.body.finish();
        self.end = flag;
    }
}

impl<O: Owner> Hop<O> {
    /// Requests that wait for their response.
    pub(crate) fn open_requests(&self) -> usize {
        self.transactions.len()
    }

    /// Octets that wait to leave, heads and control frames among them, near
    /// enough.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting + self.control.len()
    }

    /// Ends a chunk that is passed on.
    pub(crate) fn finish_chunk(&mut self, key: O::Message, flag: Continuation) {
        if let Some(message) = self.messages.get_mut(&key) {
            message.finish_chunk(flag);
            self.wake(key);
        }
    }

    /// Whether nothing leaves before more octets come: what waits are heads of
    /// chunks and the ends of bodies that go on.
    pub(crate) fn is_starved(&self) -> bool {
        let open = self.open.as_ref().and_then(|open| self.messages.get(&open.message));
        self.control.is_empty()
            && self.schedule.is_empty()
            && open.is_none_or(|message| message.body.available() == 0 && !message.is_ready(1))
    }

    /// Ends everything that was to leave, or has left and waits for its response,
    /// and says what that is. An open chunk ends with `#`.
    pub(crate) fn give_up(&mut self) -> Unsettled<O> {
        // What has left of the open chunk is as lost as what has not.
        if let Some(open) = self.open.take() {
            if let Some(message) = self.messages.get(&open.message) {
                self.transactions.reached(open.transaction, message.offset);
            }
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
