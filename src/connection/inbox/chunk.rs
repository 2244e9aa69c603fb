//! The frame that is arriving, and the result of its end.

use std::iter;
use std::sync::Arc;

use bytes::Bytes;

use crate::connection::config::direction::may_be_control;
use crate::connection::config::session::{ReceiveMode, SessionConfig};
use crate::connection::event::Event;
use crate::connection::event::reason::FailReason;
use crate::connection::event::received::Received;
use crate::connection::memory::store::Store;
use crate::keys::{IncomingKey, SessionKey};
use crate::mime::wrapped_type;
use crate::offset::Offset;
use crate::reassembly::ReassemblyError;
use crate::weight;
use crate::wire::{ByteRange, Continuation, Head, MessageId, StatusCode};

/// The frame that is arriving.
#[derive(Debug, Default)]
pub(super) enum Current {
    /// No frame, or one whose octets are skipped.
    #[default]
    Skipped,
    /// A SEND without a body. Its end-line decides what it means.
    Bodiless { session: SessionKey, head: Head },
    /// A chunk of a message.
    Chunk(Box<Chunk>),
    /// A chunk of a message that was complete before. Its octets are skipped.
    Repeated(Box<Chunk>),
}

/// What was known of a message when the head of its chunk arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connection) enum Known {
    /// Nothing: the chunk is the first one.
    Nothing,
    /// Others of its chunks: this is the message.
    Begun(IncomingKey),
    /// The whole message. It can come again as a duplicate.
    Complete,
}

impl Known {
    const fn key(self) -> Option<IncomingKey> {
        match self {
            Self::Begun(key) => Some(key),
            Self::Nothing | Self::Complete => None,
        }
    }
}

/// A chunk that is arriving.
#[derive(Debug)]
pub(in crate::connection) struct Chunk {
    pub(in crate::connection) session: SessionKey,
    pub(in crate::connection) message_id: MessageId,
    pub(in crate::connection) head: Head,
    /// Zero-based offset of its first octet in the message.
    pub(super) offset: u64,
    /// Octets that have arrived.
    pub(in crate::connection) len: u64,
    /// Its only piece so far, while nothing else of the message has arrived: a
    /// message that arrives in one piece is passed on as that piece.
    pub(super) only_piece: Bytes,
    pub(super) known: Known,
    /// The message it belongs to, once that is open.
    pub(in crate::connection) key: Option<IncomingKey>,
    /// The session's configuration when the message began.
    pub(in crate::connection) terms: Arc<SessionConfig>,
}

impl Chunk {
    pub(in crate::connection) fn new(
        session: SessionKey,
        terms: Arc<SessionConfig>,
        message_id: MessageId,
        head: Head,
        known: Known,
    ) -> Self {
        let offset = head.view().byte_range().map_or(0, |range| range.offset().get());
        let (only_piece, key) = (Bytes::new(), known.key());
        Self { session, message_id, head, offset, len: 0, only_piece, known, key, terms }
    }

    /// The zero-based offset after its last octet.
    pub(in crate::connection) const fn end(&self) -> u64 {
        self.offset.saturating_add(self.len)
    }

    /// The size of its message, if the sender announced it.
    fn announced_size(&self) -> Option<u64> {
        self.head.view().byte_range().and_then(|range| range.total())
    }

    /// Checks the first chunk of a message to arrive, which need not be the
    /// first in the message.
    pub(super) fn check_first(&self) -> Result<(), Fault> {
        let view = self.head.view();
        let Some(content_type) = view.content_type() else { return Err(Fault::INCONSISTENT) };
        if !self.terms.direction.may_receive() && !may_be_control(content_type, None) {
            return Err(Fault::NOT_RECEIVING);
        }
        if !self.terms.accept_types.accepts(content_type) {
            return Err(Fault::UNSUPPORTED_TYPE);
        }
        let announced = self.announced_size().unwrap_or(self.offset);
        if announced.max(self.offset) > self.terms.max_size {
            return Err(Fault::TOO_LARGE);
        }
        Ok(())
    }

    /// Checks a whole message. Types that are accepted in containers only need a
    /// look inside one, and so does what may come against the direction. Only
    /// `message/cpim` says at its start what it wraps.
    pub(super) fn check_whole(&self, content_type: &str, body: &[u8]) -> Result<(), Fault> {
        let terms = &self.terms;
        if !terms.direction.may_receive() && !may_be_control(content_type, Some(body)) {
            return Err(Fault::NOT_RECEIVING);
        }
        match wrapped_type(content_type, body) {
            Some(inner) if !terms.accept_types.accepts_wrapped(&inner) => {
                Err(Fault::UNSUPPORTED_TYPE)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether octets of it have a place in the message. A chunk without Byte-Range is
    /// the entire message (section 7.3.1), which it cannot be of one that has begun.
    pub(super) fn has_place(&self) -> bool {
        !matches!(self.known, Known::Begun(_)) || self.head.view().byte_range().is_some()
    }

    /// Whether Byte-Range agrees with the octets that have arrived.
    pub(super) fn agrees(&self, flag: Continuation) -> bool {
        let Some(range) = self.head.view().byte_range() else { return true };
        let total = range.total().filter(|_| flag == Continuation::Complete);
        range.end().is_none_or(|end| end == self.end() || flag == Continuation::Aborted)
            && total.is_none_or(|total| total == self.end())
    }

    /// The range of its octets, for a REPORT on it.
    pub(in crate::connection) fn range(&self) -> ByteRange {
        let total = self.announced_size().filter(|total| self.end() <= *total);
        ByteRange::from_offsets(Offset::new(self.offset), Some(Offset::new(self.end())), total)
    }

    /// Takes what an earlier session has kept of its message.
    pub(super) fn take_kept(&self) -> Option<Store> {
        let is_in_pieces = self.terms.receive == ReceiveMode::Pieces;
        let kept = self.terms.memory.as_ref()?.take(&self.message_id);
        kept.filter(|store| store.is_in_pieces() == is_in_pieces)
    }

    /// Keeps what its response and REPORTs need, and lets go of the buffer that
    /// its octets arrived in.
    pub(super) fn detach(&mut self) {
        self.only_piece = Bytes::new();
        self.head = self.head.detached();
    }
}

/// What the sender of a frame gets: a 200 and the REPORTs it asked for, unless its
/// message was refused before.
#[derive(Debug)]
pub(in crate::connection) enum Receipt {
    /// A SEND for a message that was refused before, with the status of that.
    Refused(Head, StatusCode),
    /// A SEND that leaves nothing to report on.
    Traffic(Head),
    /// A chunk of a message that is not complete.
    Part(Box<Chunk>),
    /// A chunk of a message that was complete before.
    Repeated(Box<Chunk>),
    /// The chunk that completes its message.
    Whole(Whole),
}

/// A complete message, with what its response and REPORTs need.
#[derive(Debug)]
pub(in crate::connection) struct Whole {
    /// The chunk that completed it.
    pub(in crate::connection) last: Box<Chunk>,
    /// The head of the first chunk to arrive, if that is another one.
    pub(super) first: Option<Head>,
    /// Chunks of it that came again while it waits for the application.
    pub(in crate::connection) repeated: Vec<Chunk>,
    repeated_weight: usize,
    /// Its size in octets.
    pub(in crate::connection) total: u64,
}

impl Whole {
    pub(in crate::connection) const fn new(
        last: Box<Chunk>,
        first: Option<Head>,
        total: u64,
    ) -> Self {
        Self { last, first, repeated: Vec::new(), repeated_weight: 0, total }
    }

    /// The head that asks for REPORTs on the message.
    pub(in crate::connection) fn head(&self) -> &Head {
        self.first.as_ref().unwrap_or(&self.last.head)
    }

    /// What it weighs while it waits for the application.
    pub(in crate::connection) fn weight(&self) -> usize {
        let first = self.first.as_ref().map_or(0, weight::of_head);
        weight::ENTRY + weight::of_head(&self.last.head) + first + self.repeated_weight
    }

    /// A chunk of it has come again, and waits for the same answer.
    pub(super) fn join(&mut self, mut chunk: Chunk) {
        chunk.detach();
        self.repeated_weight += weight::ENTRY + weight::of_head(&chunk.head);
        self.repeated.push(chunk);
    }

    /// The heads that wait for its answer.
    pub(super) fn into_heads(self) -> Vec<Head> {
        let repeated = self.repeated.into_iter().map(|chunk| chunk.head);
        iter::once(self.last.head).chain(repeated).collect()
    }
}

/// The result of the end of a frame.
#[derive(Debug, Default)]
pub(in crate::connection) struct Ended {
    /// The session whose request was accepted. `None` after a frame that was skipped or
    /// refused.
    pub(in crate::connection) session: Option<SessionKey>,
    /// `None` if nothing is sent to the sender yet.
    pub(in crate::connection) receipt: Option<Receipt>,
    pub(in crate::connection) event: Option<Event>,
}

/// A chunk that is refused, and its message with it.
#[derive(Debug)]
pub(in crate::connection) struct Refusal {
    pub(in crate::connection) head: Head,
    pub(in crate::connection) status: StatusCode,
    pub(in crate::connection) message: Received,
    pub(in crate::connection) reason: FailReason,
}

/// A fault of a chunk: the status of the response, and the reason for the
/// application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connection) struct Fault {
    pub(in crate::connection) status: StatusCode,
    pub(in crate::connection) reason: FailReason,
}

impl Fault {
    pub(in crate::connection) const INCONSISTENT: Self =
        Self::new(StatusCode::BAD_REQUEST, FailReason::Inconsistent);
    pub(super) const NOT_RECEIVING: Self =
        Self::new(StatusCode::FORBIDDEN, FailReason::NotReceiving);
    pub(super) const UNSUPPORTED_TYPE: Self =
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, FailReason::UnsupportedType);
    pub(super) const TOO_LARGE: Self = Self::new(StatusCode::STOP_SENDING, FailReason::TooLarge);
    pub(super) const TOO_MANY_RANGES: Self =
        Self::new(StatusCode::STOP_SENDING, FailReason::TooManyRanges);
    pub(super) const TOO_MANY_MESSAGES: Self =
        Self::new(StatusCode::STOP_SENDING, FailReason::TooManyMessages);
    pub(super) const NO_ROOM: Self = Self::new(StatusCode::STOP_SENDING, FailReason::NoRoom);
    pub(super) const EVICTED: Self = Self::new(StatusCode::STOP_SENDING, FailReason::Evicted);
    pub(super) const TIMED_OUT: Self = Self::new(StatusCode::TIMEOUT, FailReason::TimedOut);

    const fn new(status: StatusCode, reason: FailReason) -> Self {
        Self { status, reason }
    }
}

impl From<ReassemblyError> for Fault {
    fn from(error: ReassemblyError) -> Self {
        match error {
            ReassemblyError::TooLarge => Self::TOO_LARGE,
            ReassemblyError::TooManyGaps => Self::TOO_MANY_RANGES,
            ReassemblyError::PastEnd | ReassemblyError::TotalMismatch => Self::INCONSISTENT,
        }
    }
}
