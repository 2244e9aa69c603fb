//! A message on its way out: what its heads say, and the octets that are
//! still to leave.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use super::{Purpose, Relayed};
use crate::keys::{MessageKey, SessionKey};
use crate::random::MAX_OWN_ID;
use crate::uri::Path;
use crate::wire::{
    ByteRange, Continuation, EncodeError, FailureReport, HeadWriter, MediaType, MessageId, Method,
    TransactionId, scan, write_end_line,
};

/// Octets by which the numbers of a Byte-Range can outgrow `1-0/0`.
const LONGEST_NUMBERS: usize = 3 * 20;

/// The end-line with its CRLFs, less the transaction id.
const FIXED_END_LINE: usize = 2 + scan::HYPHENS.len() + 3;

/// The octets of a message that the application has given and the transport
/// has not taken.
#[derive(Debug, Default)]
pub(crate) struct BodyQueue {
    pieces: VecDeque<Bytes>,
    len: usize,
    finished: bool,
}

impl BodyQueue {
    pub(crate) fn whole(body: Bytes) -> Self {
        let mut queue = Self { finished: true, ..Self::default() };
        queue.push(body);
        queue
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push_back(piece);
        }
    }

    pub(crate) const fn finish(&mut self) {
        self.finished = true;
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.finished
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Octets that may leave now. The last one waits until it is known whether
    /// more follow: the chunk that holds it has to say so, and an interrupted
    /// message would otherwise end in a chunk of nothing, for which there is
    /// no Byte-Range (RFC 4975 section 7.1.1 lets an empty one start at 1).
    pub(crate) const fn available(&self) -> usize {
        if self.finished { self.len } else { self.len.saturating_sub(1) }
    }

    /// Takes at most `max` octets off the front, without copying.
    pub(crate) fn take(&mut self, max: usize) -> Bytes {
        let max = max.min(self.available());
        let Some(front) = self.pieces.front_mut() else { return Bytes::new() };
        let piece = if front.len() <= max {
            self.pieces.pop_front().unwrap_or_default()
        } else {
            front.split_to(max)
        };
        self.len -= piece.len();
        piece
    }

    /// Takes up to `max` octets off the front as one piece, which is copied
    /// only where it was given in several.
    pub(crate) fn take_joined(&mut self, max: usize) -> Bytes {
        let first = self.take(max);
        if first.len() == max || self.available() == 0 {
            return first;
        }
        let mut joined = BytesMut::from(&first[..]);
        while joined.len() < max && self.available() > 0 {
            let piece = self.take(max - joined.len());
            joined.put_slice(&piece);
        }
        joined.freeze()
    }

    /// Puts back what [`BodyQueue::take`] gave.
    pub(crate) fn put_back(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push_front(piece);
        }
    }

    fn copy_to(&self, out: &mut BytesMut) {
        for piece in &self.pieces {
            out.put_slice(piece);
        }
    }

    fn clear(&mut self) {
        *self = Self { finished: true, ..Self::default() };
    }
}

/// What the heads of a message's chunks say, beside their Byte-Range.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) to_path: Path,
    pub(crate) from_path: Path,
    pub(crate) message_id: MessageId,
    pub(crate) success_report: bool,
    pub(crate) failure_report: FailureReport,
    pub(crate) content_type: MediaType,
    pub(crate) headers: Vec<(Box<str>, Box<str>)>,
}

impl Envelope {
    /// Writes a head up to the fields that describe the body. Reports that are
    /// the default are not spelt out (RFC 4975 section 7.1.1).
    pub(crate) fn write<'a>(
        &self,
        out: &'a mut BytesMut,
        id: &TransactionId,
        range: ByteRange,
    ) -> HeadWriter<'a> {
        let (to, from) = (self.to_path.view(), self.from_path.view());
        let mut head = HeadWriter::request(out, id, Method::Send, to, from)
            .message_id(&self.message_id)
            .byte_range(range);
        if self.success_report {
            head = head.success_report(true);
        }
        if self.failure_report != FailureReport::Yes {
            head = head.failure_report(self.failure_report);
        }
        for (name, value) in &self.headers {
            head = head.header(name, value);
        }
        head
    }
}

/// Where the heads of a message's chunks come from.
#[derive(Clone, Debug)]
pub(crate) enum Heading {
    /// A message of this endpoint.
    Own(Envelope),
    /// A chunk that a relay passes on.
    Relayed(Arc<Relayed>),
}

impl Heading {
    /// Writes the head of a chunk whose body follows.
    pub(crate) fn write(
        &self,
        out: &mut BytesMut,
        id: &TransactionId,
        range: ByteRange,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Own(envelope) => envelope.write(out, id, range).body(&envelope.content_type),
            Self::Relayed(relayed) => {
                relayed.write(out, id, range);
                Ok(())
            }
        }
    }

    /// Whether a head can be written at all, and the most octets that a chunk
    /// has beside its body.
    pub(crate) fn check(&self) -> Result<usize, EncodeError> {
        let mut out = BytesMut::new();
        self.write(&mut out, &TransactionId::NONE, ByteRange::EMPTY)?;
        Ok(out.len() + LONGEST_NUMBERS + 2 * MAX_OWN_ID + FIXED_END_LINE)
    }

    fn failure_report(&self) -> FailureReport {
        match self {
            Self::Own(envelope) => envelope.failure_report,
            Self::Relayed(relayed) => relayed.failure_report(),
        }
    }
}

/// A message that has not left whole.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) session: SessionKey,
    pub(crate) heading: Heading,
    /// The most octets of a chunk beside its body.
    pub(crate) overhead: usize,
    pub(crate) body: BodyQueue,
    /// Octets that have left, and so the zero-based place of the next one.
    pub(crate) offset: u64,
    pub(crate) total: Option<u64>,
    /// The flag behind the last octet: `$`, or what a relay was given.
    pub(crate) end: Continuation,
    pub(crate) aborted: bool,
    /// Whether the schedule knows of it, or a chunk of it is open.
    pub(crate) scheduled: bool,
    /// Whether the application is told when there is room for more octets.
    pub(crate) awaits_room: bool,
}

impl Outgoing {
    pub(crate) fn new(
        session: SessionKey,
        heading: Heading,
        overhead: usize,
        body: BodyQueue,
        total: Option<u64>,
    ) -> Self {
        let total = if body.is_finished() { Some(body.len() as u64) } else { total };
        Self {
            session,
            heading,
            overhead,
            body,
            offset: 0,
            total,
            end: Continuation::Complete,
            aborted: false,
            scheduled: false,
            awaits_room: false,
        }
    }

    /// A chunk that a relay begins to pass on, and whose octets follow.
    pub(crate) fn relayed(session: SessionKey, relayed: Arc<Relayed>, range: ByteRange) -> Self {
        let overhead = relayed.len() + LONGEST_NUMBERS + 2 * MAX_OWN_ID + FIXED_END_LINE;
        let heading = Heading::Relayed(relayed);
        let mut chunk = Self::new(session, heading, overhead, BodyQueue::default(), range.total());
        chunk.offset = range.start().saturating_sub(1);
        chunk
    }

    /// What its chunks wait for.
    pub(crate) fn purpose(&self, key: MessageKey) -> Purpose {
        match &self.heading {
            Heading::Own(_) => Purpose::Chunk(key),
            Heading::Relayed(relayed) => Purpose::Relayed(Arc::clone(relayed)),
        }
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

    /// No octet more will come of a chunk that is passed on, and this is what
    /// its end-line said.
    pub(crate) const fn finish_chunk(&mut self, flag: Continuation) {
        self.body.finish();
        self.end = flag;
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

    /// The range of the rest. There is none for no octets behind the first
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
