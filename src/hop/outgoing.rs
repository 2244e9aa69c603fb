//! A message on its way out: its heading, and how far it has come.

use bytes::BytesMut;

use super::schedule::Place;
use super::{BodyQueue, Heading, Owner};
use crate::random::MAX_OWN_ID;
use crate::wire::{
    ByteRange, Continuation, EncodeError, FailureReport, TransactionId, scan, write_end_line,
};

/// Octets by which the numbers of a Byte-Range can outgrow `1-0/0`.
const LONGEST_NUMBERS: usize = 3 * 20;

/// The end-line with its CRLFs, less the transaction id.
const FIXED_END_LINE: usize = 2 + scan::HYPHENS.len() + 3;

/// The most octets of a chunk beside its body and its head under the shortest
/// id, with the shortest Byte-Range.
pub(crate) const CHUNK_OVERHEAD: usize = LONGEST_NUMBERS + 2 * MAX_OWN_ID + FIXED_END_LINE;

/// A message that has not left whole.
#[derive(Debug)]
pub(crate) struct Outgoing<O: Owner> {
    pub(crate) source: O::Source,
    pub(crate) heading: O::Heading,
    /// The most octets of a chunk beside its body.
    pub(crate) overhead: usize,
    pub(crate) body: BodyQueue,
    /// Octets that have left, and so the zero-based place of the next one.
    pub(crate) offset: u64,
    pub(crate) total: Option<u64>,
    /// The flag after the last octet: `$`, or what a relay was given.
    pub(crate) end: Continuation,
    pub(crate) aborted: bool,
    /// Its place in the schedule, kept while a chunk of it is open.
    pub(crate) place: Option<Place>,
    /// Whether the application is told when there is room for more octets.
    pub(crate) awaits_room: bool,
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
            heading,
            overhead,
            body,
            offset: 0,
            total,
            end: Continuation::Complete,
            aborted: false,
            place: None,
            awaits_room: false,
        }
    }

    /// What the responses to its chunks are for.
    pub(crate) fn purpose(&self, key: O::Message) -> O::Purpose {
        self.heading.purpose(key)
    }

    /// Whether its last octet has left.
    pub(crate) const fn has_left(&self) -> bool {
        self.body.is_finished() && self.body.len() == 0
    }

    /// Octets that it holds, near enough.
    pub(crate) const fn weight(&self) -> usize {
        self.overhead + self.body.len()
    }

    /// Whether a chunk of at least so many octets, or the last one, could be
    /// begun, or could go on.
    pub(crate) const fn is_ready(&self, least: usize) -> bool {
        self.aborted || self.body.available() >= least || self.body.is_finished()
    }

    /// Whether the application is to be told now that there is room; once for
    /// each time that it was short of it.
    pub(crate) const fn has_room_again(&mut self, mark: usize) -> bool {
        let has_room = self.awaits_room && self.body.len() <= mark;
        self.awaits_room &= !has_room;
        has_room
    }

    /// Whether its chunks are answered in some case.
    pub(crate) fn asks_response(&self) -> bool {
        self.heading.failure_report() != FailureReport::No
    }

    /// Whether its chunks are answered in case of errors alone.
    pub(crate) fn is_silent(&self) -> bool {
        self.heading.failure_report() == FailureReport::Partial
    }

    /// No octet more will come. Fixes the total.
    pub(crate) const fn finish(&mut self) {
        self.body.finish();
        self.awaits_room = false;
        self.total = Some(self.offset + self.body.len() as u64);
    }

    pub(crate) fn abort(&mut self) {
        self.aborted = true;
        self.body.clear();
    }

    /// The octets that are left, where all of them are there and few enough to
    /// be one chunk that nobody has to wait for (RFC 4975 section 7.1.1).
    pub(crate) fn short_rest(&self) -> Option<usize> {
        let rest = self.body.len();
        (self.body.is_finished() && rest <= super::SHORT_CHUNK && !self.aborted).then_some(rest)
    }

    /// The range of a chunk from here on that can be interrupted anywhere.
    pub(crate) const fn open_range(&self) -> ByteRange {
        ByteRange::from_offsets(self.offset, None, self.total)
    }

    /// The range of a chunk that has so many octets from here on, and that is
    /// written at once. Its end is told while RFC 4975 section 7.1.1 allows it.
    pub(crate) fn next_range(&self, len: usize) -> ByteRange {
        if len <= super::SHORT_CHUNK { self.rest_range(len) } else { self.open_range() }
    }

    /// The range of the rest. There is none for no octets after the first
    /// place of a message.
    fn rest_range(&self, rest: usize) -> ByteRange {
        if rest == 0 && self.offset > 0 {
            return self.open_range();
        }
        ByteRange::from_offsets(self.offset, Some(self.offset + rest as u64), self.total)
    }

    /// Writes the short rest as one whole chunk, or nothing where the end-line
    /// would occur in it. Copying so little is cheaper than a write of its own.
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
