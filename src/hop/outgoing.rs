//! An outgoing message: its heading, its queued octets and its progress.
#![deny(clippy::arithmetic_side_effects)]

use bytes::BytesMut;

use super::priority::Priority;
use super::schedule::{Origin, Place, Stage, Ticket};
use super::{BodyQueue, Heading, Owner};
use crate::offset::Offset;
use crate::random::MAX_OWN_ID;
use crate::wire::{
    ByteRange, Continuation, EncodeError, FailureReport, TransactionId, scan, write_end_line,
};

/// The most octets by which a Byte-Range can be longer than `1-0/0`.
const LONGEST_NUMBERS: usize = 3 * 20;

/// The octets of an end-line with its CRLFs, but without the transaction id.
const FIXED_END_LINE: usize = 2 + scan::HYPHENS.len() + 3;

/// The most octets of a chunk besides its body and a head with the shortest
/// transaction id and Byte-Range.
pub(crate) const CHUNK_OVERHEAD: usize = LONGEST_NUMBERS + 2 * MAX_OWN_ID + FIXED_END_LINE;

/// Those of them that are after the body.
pub(crate) const END_LINE_OVERHEAD: usize = MAX_OWN_ID + FIXED_END_LINE;

/// A message that has not left completely.
#[derive(Debug)]
pub(crate) struct Outgoing<O: Owner> {
    pub(crate) source: O::Source,
    /// Who has sent it: the source itself, or one of several sources.
    pub(super) sender: O::Source,
    pub(crate) priority: Priority,
    pub(crate) heading: O::Heading,
    /// The most octets of a chunk besides its body.
    pub(crate) overhead: usize,
    pub(crate) body: BodyQueue,
    /// The place of the first octet that leaves. The peer has those before it.
    start: Offset,
    /// The place of the next octet to leave.
    pub(crate) offset: Offset,
    pub(crate) total: Option<u64>,
    /// The flag after the last octet: `$`, or the one that a relay has received.
    pub(crate) end: Continuation,
    pub(crate) aborted: bool,
    /// Its place in the schedule, kept while a chunk of it is open.
    pub(crate) place: Option<Place>,
    /// Whether its octets wait for others, which would be too few for a chunk.
    pub(super) is_gathering: bool,
    /// The room for more octets that the application waits for.
    awaited: Option<AwaitedRoom>,
}

/// The room that an application waits for.
#[derive(Clone, Copy, Debug)]
struct AwaitedRoom {
    /// The length of the body at which there is enough.
    len: usize,
    /// Whether the application adds no more octets before.
    is_pressing: bool,
}

impl<O: Owner> Outgoing<O> {
    pub(crate) fn new(
        source: O::Source,
        heading: O::Heading,
        overhead: usize,
        body: BodyQueue,
        total: Option<u64>,
    ) -> Self {
        let total = if body.is_finished() { Some(body.len() as u64) } else { total };
        Self {
            source,
            sender: source,
            priority: Priority::Normal,
            heading,
            overhead,
            body,
            start: Offset::START,
            offset: Offset::START,
            total,
            end: Continuation::Complete,
            aborted: false,
            place: None,
            is_gathering: false,
            awaited: None,
        }
    }

    /// The message goes on at `from`: the peer has the octets before.
    pub(crate) const fn resume_at(&mut self, from: Offset) {
        self.start = from;
        self.offset = from;
    }

    /// Whether an octet of it has left.
    pub(crate) fn has_begun(&self) -> bool {
        self.offset > self.start
    }

    /// The purpose of its chunks' transactions.
    pub(crate) fn purpose(&self, key: O::Message) -> O::Purpose {
        self.heading.purpose(key)
    }

    /// Whether its last octet has left.
    pub(crate) const fn has_left(&self) -> bool {
        self.body.is_finished() && self.body.len() == 0
    }

    /// The approximate number of octets that it holds.
    pub(crate) const fn weight(&self) -> usize {
        self.overhead.saturating_add(self.body.len())
    }

    /// The place after its queued octets and `more` others. `None` if 64 bits cannot
    /// count it.
    pub(crate) const fn end_with(&self, more: usize) -> Option<Offset> {
        match self.offset.plus(self.body.len() as u64) {
            Some(end) => end.plus(more as u64),
            None => None,
        }
    }

    /// The place after its queued octets.
    pub(crate) fn queued_end(&self) -> Offset {
        // `Hop::push` takes no octet that 64 bits cannot count.
        self.end_with(0).unwrap_or(self.offset)
    }

    /// Notes that octets which are no longer queued have left.
    pub(super) fn advance(&mut self, octets: usize) {
        // As above.
        self.offset = self.offset.plus(octets as u64).unwrap_or(self.offset);
    }

    /// Whether a chunk of at least so many octets, or the last one, can begin or
    /// continue.
    pub(crate) const fn is_ready(&self, least: usize) -> bool {
        let is_enough = self.body.available() >= least || self.is_pressed();
        self.aborted || is_enough || self.body.is_finished()
    }

    /// Whether octets leave although they are few: the application can add no more.
    const fn is_pressed(&self) -> bool {
        match self.awaited {
            Some(AwaitedRoom { is_pressing, .. }) => is_pressing && self.body.available() > 0,
            None => false,
        }
    }

    /// The application waits until the body has at most `len` octets, or none that may
    /// leave. If `is_pressing`, it adds no more before that.
    pub(crate) fn await_room(&mut self, len: usize, is_pressing: bool) {
        let earlier = self.awaited.unwrap_or(AwaitedRoom { len, is_pressing });
        self.awaited = Some(AwaitedRoom {
            len: earlier.len.max(len),
            is_pressing: earlier.is_pressing || is_pressing,
        });
    }

    /// Whether there is room again: true once for each time that the application
    /// waits for it.
    pub(crate) fn has_room_again(&mut self) -> bool {
        let (len, is_empty) = (self.body.len(), self.body.available() == 0);
        self.awaited.take_if(|awaited| is_empty || len <= awaited.len).is_some()
    }

    /// Whether any response to its chunks is possible.
    pub(crate) fn asks_response(&self) -> bool {
        self.heading.failure_report() != FailureReport::No
    }

    /// Whether its chunks need a response.
    pub(crate) fn needs_response(&self) -> bool {
        self.heading.failure_report() == FailureReport::Yes
    }

    /// Whether only errors lead to a response to its chunks.
    pub(crate) fn is_silent(&self) -> bool {
        self.heading.failure_report() == FailureReport::Partial
    }

    /// Ends the body, which fixes the total.
    pub(crate) fn finish(&mut self) {
        self.body.finish();
        self.awaited = None;
        self.total = Some(self.queued_end().get());
    }

    pub(crate) fn abort(&mut self) {
        self.aborted = true;
        self.body.clear();
    }

    /// How many octets are left, if the body is finished and they fit into one
    /// chunk that need not be interruptible (RFC 4975 section 7.1.1).
    pub(crate) fn short_rest(&self) -> Option<usize> {
        let rest = self.body.len();
        (self.body.is_finished() && rest <= super::SHORT_CHUNK && !self.aborted).then_some(rest)
    }

    /// Where it comes from.
    pub(super) const fn origin(&self) -> Origin<O::Source> {
        Origin { source: self.source, sender: self.sender }
    }

    /// What the schedule has to know of it.
    pub(super) fn ticket(&self) -> Ticket {
        // A chunk of nothing with `#` has no transaction.
        let needs_place = !self.aborted && self.needs_response();
        Ticket { priority: self.priority, needs_place }
    }

    /// How far it is, for its next turn.
    pub(crate) fn stage(&self) -> Stage {
        if self.has_begun() {
            Stage::Begun
        } else if self.short_rest().is_some() {
            Stage::Short
        } else {
            Stage::Fresh
        }
    }

    /// The range of an interruptible chunk that begins at the current offset.
    pub(crate) const fn open_range(&self) -> ByteRange {
        ByteRange::from_offsets(self.offset, None, self.total)
    }

    /// The range of the next `len` octets, which are written as one chunk. It has
    /// an end if RFC 4975 section 7.1.1 allows one.
    pub(crate) fn next_range(&self, len: usize) -> ByteRange {
        if len <= super::SHORT_CHUNK { self.rest_range(len) } else { self.open_range() }
    }

    /// The range of the rest. An empty range can only be written at the start of
    /// a message; elsewhere the range has no end.
    fn rest_range(&self, rest: usize) -> ByteRange {
        if rest == 0 && self.offset > Offset::START {
            return self.open_range();
        }
        ByteRange::from_offsets(self.offset, self.offset.plus(rest as u64), self.total)
    }

    /// Writes the short rest as one chunk. If the end-line occurs in the rest, it
    /// writes nothing and fails. Copying so little is cheaper than a separate
    /// write.
    pub(crate) fn write_rest(
        &self,
        out: &mut BytesMut,
        id: &TransactionId,
        rest: usize,
    ) -> Result<(), EncodeError> {
        let start = out.len();
        self.heading.write(out, id, self.rest_range(rest))?;
        let body = out.len();
        self.body.copy_to(out);
        if scan::occurs(id.as_bytes(), out.get(body..).unwrap_or_default()) {
            out.truncate(start);
            return Err(EncodeError::EndLineInBody);
        }
        write_end_line(out, id, self.end);
        Ok(())
    }
}
