//! The chunk or response that is arriving on the stream, and the messages that it
//! becomes.

use std::fmt::Write;

use bytes::{BufMut, Bytes, BytesMut};

use crate::hop::SHORT_CHUNK;
use crate::offset::Offset;
use crate::random::MAX_OWN_ID;
use crate::wire::{ByteRange, Continuation, Head, TransactionId, scan, write_end_line};

const START: &[u8] = b"MSRP ";
const BYTE_RANGE: &[u8] = b"Byte-Range";

/// The most octets of a Byte-Range line: it has three numbers of 20 digits.
const RANGE_LINE: usize = BYTE_RANGE.len() + 2 + 3 * 20 + 2 + 2;

/// The octets of an end-line with its CRLFs, but without the transaction id.
const FIXED_END_LINE: usize = 2 + scan::HYPHENS.len() + 3;

/// The least room for the body of a part. A longer head is refused, so that a peer
/// cannot make this side write a head for every octet.
const LEAST_PART: usize = 256;

/// A chunk or response that has begun to arrive.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) head: Head,
    /// The body octets of the message that is being filled.
    pub(super) body: BytesMut,
    /// The chunk, once it has been cut.
    pub(super) key: Option<u64>,
    /// The body octets that fit into a message while the frame is not cut.
    whole_room: usize,
    /// How to cut it, if it can be cut.
    parts: Option<Parts>,
}

/// How a chunk is cut.
#[derive(Debug)]
struct Parts {
    /// The head from the transaction id to the Byte-Range, both excluded.
    front: Bytes,
    /// The head after the Byte-Range.
    back: Bytes,
    /// The body octets that fit into a part.
    room: usize,
    /// The place of the next part in the message. `None` if 64 bits cannot count it.
    offset: Option<Offset>,
    total: Option<u64>,
}

impl Incoming {
    /// `None` if the head alone does not fit into a message.
    pub(super) fn new(head: Head, can_be_cut: bool, max: usize) -> Option<Self> {
        let view = head.view();
        // Without a body, the end-line brings the CRLF of the last header field.
        let crlf = if view.has_body() { 0 } else { 2 };
        let end_line = FIXED_END_LINE - crlf + view.transaction_id().as_bytes().len();
        let whole_room = max.checked_sub(head.octets().len() + end_line)?;
        let parts = if can_be_cut { Parts::new(&head, max) } else { None };
        Some(Self { head, body: BytesMut::new(), key: None, whole_room, parts })
    }

    /// The body octets that still fit into the message.
    pub(super) fn room(&self) -> usize {
        let room = match &self.parts {
            Some(parts) if self.key.is_some() => parts.room,
            Some(_) | None => self.whole_room,
        };
        room.saturating_sub(self.body.len())
    }

    /// The body octets of the next part, which others follow. `None` if the frame
    /// cannot be cut, or no Byte-Range can start after the part.
    pub(super) fn next_part(&mut self) -> Option<Bytes> {
        let parts = self.parts.as_ref()?;
        let len = parts.room.min(self.body.len());
        let end = parts.offset.and_then(|offset| offset.plus(len as u64));
        let is_last_place = end.is_some_and(|end| end.plus(1).is_none());
        (!is_last_place).then(|| self.body.split_to(len).freeze())
    }

    /// Whether the parts so far have octets that no Byte-Range can count. The far end
    /// refuses them with 400, and no others follow.
    pub(super) fn is_past_counting(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| parts.offset.is_none())
    }

    /// The whole frame.
    pub(super) fn write_whole(&self, flag: Continuation) -> Bytes {
        write_frame(&self.head, [&self.body[..]], flag)
    }

    /// The next part, which continues where the last one ended.
    pub(super) fn write_part(
        &mut self,
        id: &TransactionId,
        body: &[u8],
        flag: Continuation,
    ) -> Bytes {
        let Some(parts) = &mut self.parts else { return Bytes::new() };
        let Some(offset) = parts.offset else { return Bytes::new() };
        let end = offset.plus(body.len() as u64);
        let range = parts.range(offset, end.filter(|_| body.len() <= SHORT_CHUNK));
        let heads = parts.front.len() + parts.back.len() + RANGE_LINE;
        let mut out = BytesMut::with_capacity(heads + body.len() + 128);
        out.put_slice(START);
        out.put_slice(id.as_bytes());
        out.put_slice(&parts.front);
        out.put_slice(BYTE_RANGE);
        // Writing into a growing buffer does not fail.
        let written = write!(out, ": {range}\r\n");
        debug_assert!(written.is_ok());
        out.put_slice(&parts.back);
        out.put_slice(body);
        write_end_line(&mut out, id, flag);
        parts.offset = end;
        out.freeze()
    }
}

impl Parts {
    fn new(head: &Head, max: usize) -> Option<Self> {
        let view = head.view();
        let id = view.transaction_id().as_bytes().len();
        let (front, back) = around_range(head.octets(), START.len() + id);
        let fixed = START.len() + front.len() + back.len() + FIXED_END_LINE;
        let range_line = RANGE_LINE.max(head.octets().len().saturating_sub(fixed));
        let overhead = fixed + range_line + 2 * id.max(MAX_OWN_ID);
        let room = max.checked_sub(overhead).filter(|room| *room >= LEAST_PART)?;
        let range = view.byte_range();
        Some(Self {
            front,
            back,
            room,
            // A chunk without a Byte-Range begins its message.
            offset: Some(range.map_or(Offset::START, |range| range.offset())),
            total: range.and_then(|range| range.total()),
        })
    }

    /// The range of the next part. It has an end if RFC 4975 section 7.1.1 allows
    /// one.
    fn range(&self, offset: Offset, end: Option<Offset>) -> ByteRange {
        let end = end.filter(|end| self.total.is_none_or(|total| end.get() <= total));
        ByteRange::from_offsets(offset, end, self.total)
    }
}

/// Writes a frame anew. Its head stays as it arrived. The framing around head and body
/// follows RFC 4975 section 7.1 even where that of the peer was tolerated.
pub(super) fn write_frame<'a>(
    head: &Head,
    body: impl IntoIterator<Item = &'a [u8]> + Clone,
    flag: Continuation,
) -> Bytes {
    let (octets, view) = (head.octets(), head.view());
    let body_octets: usize = body.clone().into_iter().map(<[u8]>::len).sum();
    let mut out = BytesMut::with_capacity(octets.len() + body_octets + 128);
    // Without a body, the end-line brings the CRLF of the last header field.
    let bodiless = octets.strip_suffix(b"\r\n").filter(|_| !view.has_body());
    out.put_slice(bodiless.unwrap_or(octets));
    body.into_iter().for_each(|piece| out.put_slice(piece));
    write_end_line(&mut out, &view.transaction_id(), flag);
    out.freeze()
}

/// The octets of a head before and after its Byte-Range, from `start` on. A head
/// without one is split after its two paths.
fn around_range(octets: &Bytes, start: usize) -> (Bytes, Bytes) {
    const LINES_TO_PATHS: usize = 3;
    let mut after_paths = start;
    let mut line_start = 0;
    for (number, line) in octets.split_inclusive(|octet| *octet == b'\n').enumerate() {
        if number == LINES_TO_PATHS {
            after_paths = line_start;
        }
        let line_end = line_start + line.len();
        if is_range(line) {
            return (octets.slice(start..line_start.max(start)), octets.slice(line_end..));
        }
        line_start = line_end;
    }
    (octets.slice(start..after_paths), octets.slice(after_paths..))
}

fn is_range(line: &[u8]) -> bool {
    let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
    name.eq_ignore_ascii_case(BYTE_RANGE)
}
