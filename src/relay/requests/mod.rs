//! Forwarded heads, which keep their header fields under a new transaction id.

pub(super) mod paths;
pub(super) mod waits;

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use bytes::{BufMut, BytesMut};

use super::accounts::charge::{Account, Charge};
use super::event::ConnectionId;
use super::flows::{FlowId, OnWay};
use crate::hop::{CHUNK_OVERHEAD, Heading, Owner};
use crate::offset::Offset;
use crate::wire::{
    ByteRange, Continuation, EncodeError, FailureReport, Field, HeadRef, HeaderName, MessageId,
    TransactionId, write_end_line,
};
use paths::Paths;
use waits::Waits;

/// A relay as the owner of its hops.
#[derive(Debug)]
pub(super) enum Relaying {}

impl Owner for Relaying {
    type Source = FlowId;
    type Message = ChunkKey;
    type Purpose = Purpose;
    type Heading = Forwarded;

    fn source_of(purpose: &Purpose) -> Option<FlowId> {
        Some(match purpose {
            Purpose::Relayed(forwarded) => forwarded.relayed.flow(),
            Purpose::Passed(passed) => passed.flow,
        })
    }

    /// A failure of the chunk becomes a REPORT even after its end.
    fn message_of(_: &Purpose) -> Option<ChunkKey> {
        None
    }
}

/// One chunk that is forwarded on a connection. A key is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChunkKey {
    pub(super) number: u64,
    /// The connection on which it arrived.
    pub(super) source: ConnectionId,
}

impl ChunkKey {
    /// The keys with this number or a smaller one.
    pub(super) const fn up_to(number: u64) -> RangeInclusive<Self> {
        let first = Self { number: 0, source: ConnectionId(0) };
        first..=Self { number, source: ConnectionId(u64::MAX) }
    }
}

/// What the response to a request is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A SEND to which the relay has responded: an error becomes a REPORT.
    Relayed(Forwarded),
    /// Any other request: the response goes back to its sender.
    Passed(Passed),
}

impl Purpose {
    /// The connection on which the request arrived.
    pub(super) fn source(&self) -> ConnectionId {
        match self {
            Self::Relayed(forwarded) => forwarded.relayed.source(),
            Self::Passed(passed) => passed.source,
        }
    }

    /// What is kept for it.
    pub(super) fn charge(&self) -> &Charge {
        match self {
            Self::Relayed(forwarded) => forwarded.relayed.charge(),
            Self::Passed(passed) => &passed.charge,
        }
    }
}

/// The origin of a request to which the far end responds: where the response
/// goes, and under which transaction id.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) source: ConnectionId,
    pub(super) flow: FlowId,
    pub(super) id: TransactionId,
    /// The From-Path with which it left, which is the To-Path of the response.
    pub(super) back: Box<str>,
    /// Whether it has credentials: a failed AUTH counts.
    pub(super) has_credentials: bool,
    pub(super) _waits: Waits<Relayed>,
    pub(super) charge: Charge,
}

/// A SEND that leaves, and later waits for its response.
#[derive(Debug)]
pub(super) struct Forwarded {
    pub(super) relayed: Arc<Relayed>,
    /// What is kept for a part of it. The first one has that of the whole.
    _part: Option<Box<Charge>>,
    /// `None` if only an error leads to a response: silence is not waited for.
    waits: Option<Waits<Relayed>>,
}

impl Forwarded {
    pub(super) const fn new(relayed: Arc<Relayed>, waits: Waits<Relayed>) -> Self {
        Self { relayed, _part: None, waits: Some(waits) }
    }
}

/// The head of a SEND that a relay forwards, and what a REPORT needs: every header
/// field except the Byte-Range of a body, which differs from chunk to chunk.
#[derive(Debug)]
pub(super) struct Relayed {
    /// The connection on which it arrived.
    source: ConnectionId,
    flow: FlowId,
    _on_way: Option<OnWay>,
    text: Vec<u8>,
    /// Where the Byte-Range of a body goes in `text`: after To-Path and From-Path, which
    /// some peers expect first. `None` for a SEND without a body, which is one chunk and
    /// leaves as it came.
    range_at: Option<usize>,
    /// The URI of the relay to which the request was sent, in `text`.
    own: Range<usize>,
    /// The From-Path with which it arrived, in `text`.
    from: Range<usize>,
    message_id: Option<MessageId>,
    failure_report: FailureReport,
    /// Where its octets begin in the message, and where they end once it has arrived.
    start: Offset,
    end: AtomicU64,
    /// Whether a part of it has begun to leave.
    has_begun: AtomicBool,
    /// Whether everything of it without a response was reported as lost.
    is_reported: AtomicBool,
    charge: Charge,
}

/// Its text has room for the start line and the Byte-Range of the head, which are not in it:
/// giving so little back costs more than it is worth. Blanks that are tolerated may be many.
const SPARE: usize = 128;

impl Relayed {
    pub(super) fn new(
        source: ConnectionId,
        flow: FlowId,
        head: &HeadRef<'_>,
        paths: &Paths<'_>,
        account: &Account,
        on_way: Option<OnWay>,
    ) -> Self {
        let mut text = Vec::with_capacity(head.size());
        let spans = paths.write(&mut text);
        let range_at = head.has_body().then_some(text.len());
        let start = head.byte_range().map_or(Offset::START, |range| range.offset());
        write_fields(&mut text, head, |name| {
            range_at.is_none() || name != Some(HeaderName::ByteRange)
        });
        text.shrink_to(text.len() + SPARE);
        Self {
            source,
            flow,
            _on_way: on_way,
            charge: account.charge(text.len()),
            text,
            range_at,
            own: spans.own,
            from: spans.from,
            message_id: head.message_id(),
            failure_report: head.failure_report(),
            start,
            end: AtomicU64::new(start.get()),
            has_begun: AtomicBool::new(false),
            is_reported: AtomicBool::new(false),
        }
    }

    pub(super) const fn flow(&self) -> FlowId {
        self.flow
    }

    /// What is kept for it.
    pub(super) const fn charge(&self) -> &Charge {
        &self.charge
    }

    /// A part of it begins to leave. Each after the first is kept beside the whole.
    fn begin_part(&self) -> Option<Box<Charge>> {
        let has_begun = self.has_begun.load(Relaxed);
        self.has_begun.store(true, Relaxed);
        has_begun.then(|| Box::new(self.charge.another()))
    }

    pub(super) const fn source(&self) -> ConnectionId {
        self.source
    }

    pub(super) const fn failure_report(&self) -> FailureReport {
        self.failure_report
    }

    pub(super) const fn message_id(&self) -> Option<&MessageId> {
        self.message_id.as_ref()
    }

    /// The message of which it is a part, and the flow of that.
    pub(super) fn message(&self) -> Option<(FlowId, MessageId)> {
        self.message_id.map(|message_id| (self.flow, message_id))
    }

    /// It has arrived up to this place.
    pub(super) fn set_end(&self, end: Offset) {
        self.end.store(end.get(), Relaxed);
    }

    /// Its octets, once it has arrived.
    pub(super) fn octets(&self) -> Range<Offset> {
        self.start..Offset::new(self.end.load(Relaxed))
    }

    pub(super) fn is_reported(&self) -> bool {
        self.is_reported.load(Relaxed)
    }

    /// Everything of it without a response has been reported as lost. What becomes of it
    /// is not reported again.
    pub(super) fn set_reported(&self) {
        self.is_reported.store(true, Relaxed);
    }

    /// The URI of the relay to which the request was sent.
    pub(super) fn own(&self) -> &str {
        self.str(&self.own)
    }

    /// The path back to the original sender.
    pub(super) fn way_back(&self) -> &str {
        self.str(&self.from)
    }

    /// The most octets of a chunk besides its body.
    pub(super) const fn overhead(&self) -> usize {
        self.text.len() + CHUNK_OVERHEAD
    }

    /// Writes the head of a chunk, whose body or end-line follows.
    fn write(&self, out: &mut BytesMut, id: &TransactionId, range: ByteRange) {
        write_start(out, id, b"SEND");
        let Some(range_at) = self.range_at else {
            return out.put_slice(without_last_crlf(&self.text));
        };
        let (paths, fields) = self.text.split_at_checked(range_at).unwrap_or_default();
        out.put_slice(paths);
        write_range(out, range);
        out.put_slice(fields);
        out.put_slice(b"\r\n");
    }

    fn str(&self, span: &Range<usize>) -> &str {
        let octets = self.text.get(span.clone()).unwrap_or_default();
        std::str::from_utf8(octets).unwrap_or_default()
    }
}

impl Heading<Relaying> for Forwarded {
    fn write(
        &self,
        out: &mut BytesMut,
        id: &TransactionId,
        range: ByteRange,
    ) -> Result<(), EncodeError> {
        self.relayed.write(out, id, range);
        Ok(())
    }

    fn failure_report(&self) -> FailureReport {
        self.relayed.failure_report()
    }

    fn purpose(&self, _: ChunkKey) -> Purpose {
        let is_answered = self.failure_report() == FailureReport::Yes;
        let waits = self.waits.clone().filter(|_| is_answered);
        let relayed = Arc::clone(&self.relayed);
        let part = relayed.begin_part();
        Purpose::Relayed(Self { relayed, _part: part, waits })
    }
}

/// Writes a forwarded response or request other than SEND: the same header
/// fields, and paths that have moved on. `start` is the rest of the start
/// line after the transaction id.
pub(super) fn write_passed(
    out: &mut BytesMut,
    id: &TransactionId,
    head: &HeadRef<'_>,
    start: &[u8],
    paths: &Paths<'_>,
    body: Option<&[u8]>,
) {
    let mut text = Vec::with_capacity(head.size());
    paths.write(&mut text);
    write_fields(&mut text, head, |_| true);
    write_start(out, id, start);
    match body {
        None => out.put_slice(without_last_crlf(&text)),
        Some(body) => {
            out.put_slice(&text);
            out.put_slice(b"\r\n");
            out.put_slice(body);
        }
    }
    write_end_line(out, id, Continuation::Complete);
}

/// Writes the other header fields in their order.
fn write_fields(text: &mut Vec<u8>, head: &HeadRef<'_>, keep: impl Fn(Option<HeaderName>) -> bool) {
    for Field { known, name, value } in head.fields() {
        if matches!(known, Some(HeaderName::ToPath | HeaderName::FromPath)) || !keep(known) {
            continue;
        }
        for part in [name, b": ", value, b"\r\n"] {
            text.extend_from_slice(part);
        }
    }
}

fn write_start(out: &mut BytesMut, id: &TransactionId, rest: &[u8]) {
    for part in [b"MSRP ", id.as_bytes(), b" ", rest, b"\r\n"] {
        out.put_slice(part);
    }
}

fn write_range(out: &mut BytesMut, range: ByteRange) {
    out.put_slice(b"Byte-Range: ");
    // Writing to a growing buffer does not fail.
    let _ = range.write(out);
    out.put_slice(b"\r\n");
}

/// The header fields of a frame without a body: the end-line brings the CRLF of the last
/// one with it.
fn without_last_crlf(fields: &[u8]) -> &[u8] {
    fields.strip_suffix(b"\r\n").unwrap_or(fields)
}
