//! The hop: one transport connection to the next node.
//!
//! It knows chunks, responses and transactions, and nothing of what a message
//! means. Sending is lazy: what leaves next is decided when the transport asks
//! for octets. A chunk stays open across such calls while nobody else wants
//! the connection, so that a lone message is one chunk whatever its size; as
//! soon as a response, a REPORT or another message waits, it is closed with
//! `+` and its rest waits for its next turn (RFC 4975 sections 5.1 and 7.1.1).

mod framing;
mod outgoing;
mod relayed;
mod respond;
mod schedule;
mod transaction;
mod transmit;

use crate::time::Instant;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

pub use framing::Framing;
pub(crate) use outgoing::{BodyQueue, Envelope, Heading, Outgoing};
pub(crate) use relayed::{Passed, Relayed, way_back, write_passed};
pub(crate) use schedule::Order;
pub(crate) use transaction::{Purpose, Transaction};
pub use transmit::Transmit;

use crate::keys::MessageKey;
use crate::limits::ParseOptions;
use crate::random::{IdSource, Random, RandomError};
use crate::tolerance::Tolerances;
use crate::wire::scan::EndLineGuard;
use crate::wire::{Continuation, TransactionId, write_end_line};
use crate::wire::{DecodeError, Decoder, Frame};
use schedule::Schedule;
use transaction::Transactions;

/// The most octets of a chunk that need not be interruptible, and the fewest
/// of one that is interrupted (RFC 4975 section 7.1.1).
pub(crate) const SHORT_CHUNK: usize = 2048;

/// Heads, control frames and small bodies are written together up to so many
/// octets; beyond it the next transmit takes over.
const BATCH: usize = 16 * 1024;

/// Body pieces up to this size are copied in behind their head: cheaper than
/// one more slice in the vectored write, or a write of its own.
const COPIED_PIECE: usize = 1024;

/// How a hop is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HopConfig {
    pub(crate) parse: ParseOptions,
    pub(crate) framing: Framing,
    pub(crate) transaction_timeout: Duration,
    pub(crate) max_transactions: usize,
    /// The most body octets of one [`Transmit`].
    pub(crate) transmit_octets: usize,
    /// The octets of a chunk after which another waiting message has its turn.
    pub(crate) turn_octets: usize,
    /// The most octets of a chunk.
    pub(crate) chunk_octets: Option<usize>,
    /// Whether the messages of one session overtake each other.
    pub(crate) order: Order,
}

/// What the upper floor has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HopEvent {
    /// A chunk has left whole.
    ChunkSent {
        message: MessageKey,
        /// Octets of the message that have left with it and before.
        octets: u64,
        asks_response: bool,
        flag: Continuation,
    },
    /// A body has room for more octets.
    Room(MessageKey),
    /// No response came in time.
    TimedOut(TransactionId, Transaction),
}

/// The chunk that is leaving.
#[derive(Debug)]
struct OpenChunk {
    message: MessageKey,
    transaction: TransactionId,
    guard: EndLineGuard,
    sent: usize,
    /// The body would have spelt the end-line: close it, whoever waits.
    must_end: bool,
}

#[derive(Debug)]
pub(crate) struct Hop {
    config: HopConfig,
    decoder: Decoder,
    ids: IdSource,
    transactions: Transactions,
    messages: BTreeMap<MessageKey, Outgoing>,
    schedule: Schedule,
    open: Option<OpenChunk>,
    /// Responses, REPORTs and bodiless requests, whole, and the transactions
    /// that begin with them.
    control: BytesMut,
    control_requests: Vec<TransactionId>,
    out: BytesMut,
    /// Octets of the messages that have not left, near enough.
    waiting: usize,
    /// When the transport last asked for octets.
    now: Instant,
    room_mark: usize,
    /// Why no id can be drawn any more.
    failure: Option<RandomError>,
    pub(crate) events: VecDeque<HopEvent>,
}

/// What one step of sending came to.
enum Step {
    /// Nothing may leave now.
    Idle,
    /// Octets were put into `out`.
    Wrote,
    /// `out` is to be followed by this slice.
    Body(Bytes),
}

impl Hop {
    pub(crate) fn new(
        config: HopConfig,
        random: impl Random + Send + 'static,
        body_writer_octets: usize,
        now: Instant,
    ) -> Self {
        Self {
            decoder: Decoder::new(config.parse),
            ids: IdSource::new(random),
            transactions: Transactions::new(config.transaction_timeout),
            messages: BTreeMap::new(),
            schedule: Schedule::new(config.order),
            open: None,
            control: BytesMut::new(),
            control_requests: Vec::new(),
            out: BytesMut::new(),
            waiting: 0,
            now,
            room_mark: body_writer_octets / 2,
            failure: None,
            events: VecDeque::new(),
            config,
        }
    }

    // Coming in.

    pub(crate) fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, DecodeError> {
        self.decoder.decode(input)
    }

    pub(crate) fn decode_message(&mut self, message: Bytes) -> Result<Vec<Frame>, DecodeError> {
        self.decoder.decode_message(message)
    }

    pub(crate) const fn tolerated(&self) -> Tolerances {
        self.decoder.tolerated()
    }

    pub(crate) fn is_between_frames(&self) -> bool {
        self.decoder.is_between_frames()
    }

    /// Requests that wait for their response.
    pub(crate) fn open_requests(&self) -> usize {
        self.transactions.len()
    }

    /// Whether a request of this id waits for its response.
    pub(crate) fn awaits_response(&self, id: &TransactionId) -> bool {
        self.transactions.contains(id)
    }

    /// What a response of this id answers.
    pub(crate) fn purpose(&self, id: &TransactionId) -> Option<&Purpose> {
        self.transactions.purpose(id)
    }

    /// Ends the transaction that a response answers; nothing where there is
    /// none, or its answer has come before.
    pub(crate) fn complete(&mut self, id: &TransactionId) -> Option<Transaction> {
        self.transactions.complete(id)
    }

    pub(crate) fn forget_transactions(&mut self, wanted: impl Fn(&Purpose) -> bool) {
        self.transactions.forget(|transaction| wanted(&transaction.purpose));
    }

    // Going out.

    pub(crate) fn ids(&mut self) -> &mut IdSource {
        &mut self.ids
    }

    /// The place for a whole response, REPORT or bodiless request.
    pub(crate) fn control(&mut self) -> &mut BytesMut {
        &mut self.control
    }

    /// Octets of control frames that wait to leave.
    pub(crate) fn control_len(&self) -> usize {
        self.control.len()
    }

    /// A fresh id for a control request, whose transaction starts with it.
    /// `None` after the random source has failed.
    pub(crate) fn begin_control_request(
        &mut self,
        purpose: Option<Purpose>,
    ) -> Option<TransactionId> {
        let transactions = &self.transactions;
        let id = self.ids.transaction_id(|id| !transactions.contains(id));
        let id = self.drawn(id)?;
        if let Some(purpose) = purpose {
            self.transactions.begin(id, purpose, 0);
            self.control_requests.push(id);
        }
        Some(id)
    }

    /// Why no id can be drawn. Nothing begins to leave any more: the owner ends
    /// the connection.
    pub(crate) const fn failure(&self) -> Option<&RandomError> {
        self.failure.as_ref()
    }

    /// Notes the failure of the random source. No id is ever made without it.
    pub(crate) fn drawn<T>(&mut self, drawn: Result<T, RandomError>) -> Option<T> {
        match drawn {
            Ok(drawn) => Some(drawn),
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }

    /// Whether a chunk may begin to leave.
    fn may_begin(&self) -> bool {
        self.transactions.len() < self.config.max_transactions && self.failure.is_none()
    }

    /// Octets that wait to leave, heads and control frames among them, near
    /// enough.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting + self.control.len()
    }

    pub(crate) fn insert(&mut self, key: MessageKey, message: Outgoing) {
        self.waiting += message.weight();
        self.messages.insert(key, message);
        self.wake(key);
    }

    /// Adds octets to the body of a message.
    pub(crate) fn push(&mut self, key: MessageKey, piece: Bytes) {
        if let Some(message) = self.messages.get_mut(&key) {
            self.waiting += piece.len();
            message.body.push(piece);
            self.wake(key);
        }
    }

    /// Ends a chunk that is passed on.
    pub(crate) fn finish_chunk(&mut self, key: MessageKey, flag: Continuation) {
        if let Some(message) = self.messages.get_mut(&key) {
            message.finish_chunk(flag);
            self.wake(key);
        }
    }

    fn remove(&mut self, key: MessageKey) -> Option<Outgoing> {
        let message = self.messages.remove(&key)?;
        self.waiting -= message.weight();
        Some(message)
    }

    pub(crate) fn message(&mut self, key: MessageKey) -> Option<&mut Outgoing> {
        self.messages.get_mut(&key)
    }

    pub(crate) fn message_ref(&self, key: MessageKey) -> Option<&Outgoing> {
        self.messages.get(&key)
    }

    /// Puts a message in turn if it has something to send.
    pub(crate) fn wake(&mut self, key: MessageKey) {
        let least = self.least_chunk();
        if let Some(message) = self.messages.get_mut(&key)
            && !message.scheduled
            && message.is_ready(least)
        {
            message.scheduled = true;
            self.schedule.push(message.session, key);
        }
    }

    /// Gives a message up: the peer is told with `#` where it has seen a part
    /// of the message and `tell` says so; an open chunk ends with `#` anyway.
    pub(crate) fn abort(&mut self, key: MessageKey, tell: bool) {
        let is_open = self.open.as_ref().is_some_and(|open| open.message == key);
        let Some(message) = self.messages.get_mut(&key) else { return };
        self.waiting -= message.body.len();
        message.abort();
        if is_open || (tell && message.offset > 0) {
            self.wake(key);
        } else {
            let session = message.session;
            self.remove(key);
            self.schedule.remove(session, key);
        }
    }

    /// Drops every message and its transactions. What waits as a whole frame
    /// may still leave.
    pub(crate) fn drop_messages(&mut self) {
        self.messages.clear();
        self.waiting = 0;
        self.schedule.clear();
        self.open = None;
        self.transactions.forget(|_| false);
    }

    /// Drops what a relay passes on over this connection, and tells what that
    /// is: chunks that have not left, or have left without an answer so far.
    /// An open one ends with `#`.
    pub(crate) fn lost(&mut self) -> Vec<(Arc<Relayed>, Range<u64>)> {
        // What has left of the open chunk is as lost as what has not.
        if let Some(open) = &self.open
            && let Some(message) = self.messages.get(&open.message)
        {
            self.transactions.reached(open.transaction, message.offset);
        }
        let answered = self.transactions.drain().filter_map(|transaction| {
            let Purpose::Relayed(relayed) = transaction.purpose else { return None };
            Some((relayed, transaction.octets))
        });
        let mut lost: Vec<_> = answered.collect();
        for message in std::mem::take(&mut self.messages).into_values() {
            let Heading::Relayed(relayed) = &message.heading else { continue };
            let end = message.offset + message.body.len() as u64;
            lost.push((Arc::clone(relayed), message.offset..end));
        }
        if let Some(open) = self.open.take() {
            write_end_line(&mut self.out, &open.transaction, Continuation::Aborted);
        }
        self.drop_messages();
        lost.sort_by(|(one, octets), (other, others)| {
            one.order(other).then(octets.start.cmp(&others.start))
        });
        lost
    }

    /// Drops every octet that has not left.
    pub(crate) fn clear(&mut self) {
        self.drop_messages();
        self.control.clear();
        self.control_requests.clear();
    }

    /// Whether a chunk has begun to leave and not ended.
    pub(crate) const fn is_within_chunk(&self) -> bool {
        self.open.is_some()
    }

    /// Whether everything has left.
    pub(crate) fn is_idle(&self) -> bool {
        self.control.is_empty() && self.messages.is_empty()
    }

    /// Whether nothing leaves before more octets come: what waits are heads of
    /// chunks and the ends of bodies that go on.
    pub(crate) fn is_starved(&self) -> bool {
        let open = self.open.as_ref().and_then(|open| self.messages.get(&open.message));
        self.control.is_empty()
            && self.schedule.is_empty()
            && open.is_none_or(|message| message.body.available() == 0 && !message.is_ready(1))
    }

    // Time.

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.transactions.next_deadline()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some((id, transaction)) = self.transactions.expire(now) {
            self.events.push_back(HopEvent::TimedOut(id, transaction));
        }
    }

    // The transport asks for octets.

    pub(crate) fn poll_transmit(&mut self, now: Instant) -> Option<Transmit> {
        self.now = now;
        self.transactions.written(now);
        match self.config.framing.max_message() {
            Some(max) => self.next_message(max),
            None => self.next_of_stream(),
        }
    }

    fn next_of_stream(&mut self) -> Option<Transmit> {
        let mut body = Bytes::new();
        while self.out.len() < BATCH {
            match self.step() {
                Step::Wrote => {}
                Step::Idle => break,
                Step::Body(slice) => {
                    body = slice;
                    break;
                }
            }
        }
        if self.out.is_empty() && body.is_empty() {
            return None;
        }
        let head = self.out.split().freeze();
        let mut tail = Bytes::new();
        if !body.is_empty() && self.close_if_due() {
            tail = self.out.split().freeze();
        }
        Some(Transmit::new(head, body, tail))
    }

    fn step(&mut self) -> Step {
        if self.open.is_some() {
            if self.close_if_due() { Step::Wrote } else { self.continue_chunk() }
        } else if !self.control.is_empty() {
            self.write_control();
            Step::Wrote
        } else {
            self.begin_chunk()
        }
    }

    fn write_control(&mut self) {
        self.out.put_slice(&self.control);
        self.control.clear();
        for id in self.control_requests.drain(..) {
            self.transactions.handed_over(id, self.now);
        }
    }

    fn begin_chunk(&mut self) -> Step {
        if !self.may_begin() {
            return Step::Idle;
        }
        while let Some(key) = self.schedule.pop() {
            let Some(message) = self.messages.get(&key) else { continue };
            if message.aborted {
                self.tell_aborted(key);
            } else if let Some(rest) = message.short_rest() {
                self.send_rest(key, rest);
            } else {
                self.open_chunk(key);
            }
            return Step::Wrote;
        }
        Step::Idle
    }

    /// Sends what is left as one chunk that is not interruptible.
    fn send_rest(&mut self, key: MessageKey, rest: usize) {
        let Some(mut message) = self.remove(key) else { return };
        // The writer refuses an id that occurs in the body, so another one is
        // chosen (RFC 4975 section 7.1).
        let (out, transactions) = (&mut self.out, &self.transactions);
        let id = self.ids.transaction_id(|id| {
            !transactions.contains(id) && message.write_rest(out, id, rest).is_ok()
        });
        let Some(id) = self.drawn(id) else { return self.insert(key, message) };
        let offset = message.offset;
        message.offset += rest as u64;
        let asks_response = message.asks_response();
        if asks_response {
            self.begin_transaction(id, message.purpose(key), offset, message.is_silent());
        }
        self.chunk_left(id, key, message.offset, asks_response, message.end);
    }

    fn open_chunk(&mut self, key: MessageKey) {
        let transactions = &self.transactions;
        let id = self.ids.transaction_id(|id| !transactions.contains(id));
        let Some(id) = self.drawn(id) else { return };
        let Some(message) = self.messages.get(&key) else { return };
        if message.heading.write(&mut self.out, &id, message.open_range()).is_err() {
            // `Heading::check` has written the same fields before.
            self.remove(key);
            return;
        }
        let guard = EndLineGuard::new(id.as_bytes());
        self.open =
            Some(OpenChunk { message: key, transaction: id, guard, sent: 0, must_end: false });
        if message.asks_response() {
            let (purpose, offset) = (message.purpose(key), message.offset);
            let is_silent = message.is_silent();
            self.begin_transaction(id, purpose, offset, is_silent);
        }
    }

    /// Chunks that are answered in case of errors alone do not keep others from
    /// leaving: beyond the limit the silence of the oldest counts as consent.
    fn begin_transaction(
        &mut self,
        id: TransactionId,
        purpose: Purpose,
        offset: u64,
        is_silent: bool,
    ) {
        if !is_silent {
            return self.transactions.begin(id, purpose, offset);
        }
        let max = self.config.max_transactions;
        if let Some((id, oldest)) = self.transactions.begin_silent(id, purpose, offset, max) {
            self.events.push_back(HopEvent::TimedOut(id, oldest));
        }
    }

    /// Tells the peer that a message it has seen a part of will not go on. The
    /// chunk carries nothing, so its answer would say nothing either.
    fn tell_aborted(&mut self, key: MessageKey) {
        let Some(id) = self.begin_control_request(None) else { return };
        let Some(message) = self.remove(key) else { return };
        // The fields have been written before, see `Heading::check`.
        let written = message.heading.write(&mut self.out, &id, message.open_range());
        debug_assert!(written.is_ok());
        write_end_line(&mut self.out, &id, Continuation::Aborted);
    }

    /// Sends more of the open chunk, as far as its body, the size of a
    /// transmit and the patience of others allow.
    fn continue_chunk(&mut self) -> Step {
        let max = self.allowance();
        let Some(open) = &mut self.open else { return Step::Idle };
        let Some(message) = self.messages.get_mut(&open.message) else { return Step::Idle };
        let mut piece = message.body.take(max);
        if piece.is_empty() {
            return Step::Idle;
        }
        let allowed = open.guard.allow(&piece);
        if allowed < piece.len() {
            message.body.put_back(piece.split_off(allowed));
            open.must_end = true;
        }
        self.waiting -= piece.len();
        open.sent = open.sent.saturating_add(piece.len());
        message.offset += piece.len() as u64;
        if message.has_room_again(self.room_mark) {
            self.events.push_back(HopEvent::Room(open.message));
        }
        if piece.len() <= COPIED_PIECE {
            self.out.put_slice(&piece);
            Step::Wrote
        } else {
            Step::Body(piece)
        }
    }

    /// Octets that the open chunk may send before others are looked at again.
    fn allowance(&self) -> usize {
        let sent = self.open.as_ref().map_or(0, |open| open.sent);
        let chunk = self.patience().unwrap_or(usize::MAX).min(self.most_of_chunk());
        chunk.saturating_sub(sent).min(self.config.transmit_octets)
    }

    /// After how many octets an open chunk ends, whoever waits.
    fn most_of_chunk(&self) -> usize {
        self.config.chunk_octets.map_or(usize::MAX, |most| most.max(SHORT_CHUNK))
    }

    /// After how many octets an open chunk makes way for whoever waits.
    fn patience(&self) -> Option<usize> {
        if !self.control.is_empty() {
            Some(SHORT_CHUNK)
        } else if !self.schedule.is_empty() {
            Some(self.config.turn_octets.max(SHORT_CHUNK))
        } else {
            None
        }
    }

    /// Writes the end-line of the open chunk if it is time for it.
    fn close_if_due(&mut self) -> bool {
        let Some(open) = &self.open else { return false };
        let Some(message) = self.messages.get(&open.message) else { return false };
        let is_full = open.sent >= self.most_of_chunk();
        let make_way = self.patience().is_some_and(|patience| open.sent >= patience);
        let stalled = message.body.available() == 0 && self.patience().is_some();
        let flag = if message.aborted {
            Continuation::Aborted
        } else if message.has_left() {
            message.end
        } else if open.must_end || is_full || make_way || stalled {
            Continuation::More
        } else {
            return false;
        };
        self.close_chunk(flag);
        true
    }

    fn close_chunk(&mut self, flag: Continuation) {
        let Some(OpenChunk { message: key, transaction: id, .. }) = self.open.take() else {
            return;
        };
        write_end_line(&mut self.out, &id, flag);
        let Some(message) = self.messages.get_mut(&key) else { return };
        let end = message.offset;
        let asks_response = message.asks_response();
        message.scheduled = false;
        if message.has_left() {
            self.remove(key);
        } else {
            self.resume(key);
        }
        self.chunk_left(id, key, end, asks_response, flag);
    }

    /// The rest of a message that was interrupted waits for its next turn.
    fn resume(&mut self, key: MessageKey) {
        let least = self.least_chunk();
        if let Some(message) = self.messages.get_mut(&key)
            && message.is_ready(least)
        {
            message.scheduled = true;
            self.schedule.put_back(message.session, key);
        }
    }

    fn chunk_left(
        &mut self,
        id: TransactionId,
        message: MessageKey,
        octets: u64,
        asks_response: bool,
        flag: Continuation,
    ) {
        self.transactions.reached(id, octets);
        self.transactions.handed_over(id, self.now);
        self.events.push_back(HopEvent::ChunkSent { message, octets, asks_response, flag });
    }
}
