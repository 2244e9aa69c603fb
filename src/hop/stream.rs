//! Sending on a stream: chunks that stay open while nothing else waits (RFC 4975
//! sections 5.1 and 7.1.1).

use std::cmp::Ordering;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::{Heading, Hop, HopEvent, Outgoing, Owner, Priority, SHORT_CHUNK, Transmit};
use crate::offset::Offset;
use crate::time::Instant;
use crate::wire::scan::EndLineGuard;
use crate::wire::{Continuation, TransactionId, write_end_line};

/// One transmit gathers heads, control frames and small bodies until it has so
/// many octets, or the portion that a slow transport takes.
const BATCH: usize = 16 * 1024;

/// A transmit of more than so many octets is of control frames that have piled up.
const LARGE: usize = 2 * BATCH;

/// Body pieces of up to this size are copied after their head, which is cheaper
/// than another slice in a vectored write, or a separate write.
const COPIED_PIECE: usize = 1024;

/// The chunk that is leaving.
#[derive(Debug)]
pub(super) struct OpenChunk<M> {
    pub(super) message: M,
    pub(super) transaction: TransactionId,
    guard: EndLineGuard,
    sent: usize,
    /// The end-line would occur in the body: the chunk ends before it.
    must_end: bool,
    /// Since when it has had nothing to send.
    idle: Option<Instant>,
    /// Whether that is too long.
    is_idle: bool,
}

/// How long a chunk stays open without an octet. A receiver must not take it for dead:
/// a third of the default of [`Config::frame_timeout`](crate::Config::frame_timeout).
const IDLE: Duration = Duration::from_secs(10);

impl<M> OpenChunk<M> {
    /// When it ends because it has nothing to send.
    pub(super) fn idle_until(&self) -> Option<Instant> {
        self.idle.filter(|_| !self.is_idle)?.checked_add(IDLE)
    }

    pub(super) const fn forget_idle(&mut self) {
        self.idle = None;
    }

    pub(super) fn end_if_idle(&mut self, now: Instant) {
        self.is_idle |= self.idle_until().is_some_and(|due| due <= now);
    }
}

/// The result of one step of sending.
enum Step {
    /// Nothing may leave now.
    Idle,
    /// Octets were written to `out`.
    Wrote,
    /// This slice follows `out`.
    Body(Bytes),
}

impl<O: Owner> Hop<O> {
    /// The octets of the next transmit.
    pub(super) fn next_of_stream(&mut self) -> Option<Transmit> {
        let mut body = Bytes::new();
        let batch = BATCH.min(self.backlog.portion());
        while self.out.len() < batch {
            match self.step() {
                Step::Wrote => {}
                Step::Idle => {
                    self.note_idle();
                    break;
                }
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
        if head.len() > LARGE {
            // The buffer would keep the memory of all of them.
            self.out = BytesMut::new();
        }
        self.backlog.give(head.len() + body.len(), self.now);
        let mut tail = Bytes::new();
        if !body.is_empty() && self.close_if_due() {
            tail = self.out.split().freeze();
            self.backlog.give(tail.len(), self.now);
        }
        Some(Transmit::new(head, body, tail))
    }

    /// Nothing leaves of the open chunk, although the transport takes more.
    fn note_idle(&mut self) {
        let (now, is_full) = (self.now, self.is_full());
        if let Some(open) = self.open.as_mut().filter(|_| !is_full) {
            open.idle.get_or_insert(now);
        }
    }

    fn step(&mut self) -> Step {
        if self.close_if_due() {
            Step::Wrote
        } else if self.open.is_none() && !self.control.is_empty() {
            self.write_control();
            Step::Wrote
        } else if self.is_full() {
            Step::Idle
        } else if self.open.is_some() {
            self.continue_chunk()
        } else {
            self.begin_chunk()
        }
    }

    fn write_control(&mut self) {
        self.control.take_all(&mut self.out);
        while let Some(id) = self.control.next_taken() {
            self.hand_over(id, self.out.len());
        }
    }

    fn begin_chunk(&mut self) -> Step {
        if !self.may_begin() {
            return Step::Idle;
        }
        while let Some(key) = self.schedule.pop() {
            let Some(message) = self.messages.get(key) else { continue };
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

    /// Sends the rest of a message as one chunk that is not interruptible.
    fn send_rest(&mut self, key: O::Message, rest: usize) {
        let Some(mut message) = self.remove(key) else { return };
        // An id whose end-line occurs in the body is refused, and another one
        // drawn (RFC 4975 section 7.1).
        let before = self.out.len();
        let (out, transactions) = (&mut self.out, &self.transactions);
        let id = self.ids.transaction_id(|id| {
            !transactions.contains(id) && message.write_rest(out, id, rest).is_ok()
        });
        let Some(id) = self.drawn(id) else { return self.insert(key, message) };
        self.schedule.spend(message.source, self.out.len() - before, self.now);
        let offset = message.offset;
        message.advance(rest);
        self.accounts.hand_over(message.source, rest, message.needs_response(), self.now);
        let asks_response = message.asks_response();
        if asks_response {
            self.begin_transaction(id, message.purpose(key), offset, message.is_silent());
        }
        self.chunk_left(id, key, message.offset, asks_response, message.end);
    }

    fn open_chunk(&mut self, key: O::Message) {
        let transactions = &self.transactions;
        let id = self.ids.transaction_id(|id| !transactions.contains(id));
        let Some(id) = self.drawn(id) else { return };
        let Some(message) = self.messages.get(key) else { return };
        let before = self.out.len();
        if message.heading.write(&mut self.out, &id, message.open_range()).is_err() {
            // `Heading::check` has written the same fields before.
            self.remove(key);
            return;
        }
        self.schedule.spend(message.source, self.out.len() - before, self.now);
        let guard = EndLineGuard::new(id.as_bytes());
        self.open = Some(Box::new(OpenChunk {
            message: key,
            transaction: id,
            guard,
            sent: 0,
            must_end: false,
            idle: None,
            is_idle: false,
        }));
        if message.asks_response() {
            let (purpose, offset) = (message.purpose(key), message.offset);
            let is_silent = message.is_silent();
            self.begin_transaction(id, purpose, offset, is_silent);
        }
    }

    /// Chunks to which only errors lead to a response do not keep others from
    /// leaving: above the limit, the silence on the oldest counts as success.
    pub(super) fn begin_transaction(
        &mut self,
        id: TransactionId,
        purpose: O::Purpose,
        offset: Offset,
        is_silent: bool,
    ) {
        if is_silent {
            let oldest = self.transactions.begin_silent(id, purpose, offset);
            self.events.extend(oldest.map(|(id, oldest)| HopEvent::TimedOut(id, oldest)));
        } else {
            if let Some(source) = O::source_of(&purpose) {
                self.schedule.hold_place(source);
            }
            self.transactions.begin(id, purpose, offset);
        }
    }

    /// Sends an empty chunk with `#` for a message of which the peer has a part. Its
    /// response says nothing of any octets, and is missed by nobody; but it may say that
    /// the peer does not have the session.
    pub(super) fn tell_aborted(&mut self, key: O::Message) {
        let Some(id) = self.begin_control_request(None) else { return };
        let Some(message) = self.remove(key) else { return };
        // `Heading::check` has written the same fields before.
        let written = message.heading.write(&mut self.out, &id, message.open_range());
        debug_assert!(written.is_ok());
        write_end_line(&mut self.out, &id, Continuation::Aborted);
        let purpose = message.purpose(key);
        let is_of_message = O::message_of(&purpose).is_some();
        if is_of_message && self.takes_responses && message.asks_response() {
            self.begin_transaction(id, purpose, message.offset, true);
            self.hand_over(id, self.out.len());
        }
    }

    /// Sends more of the open chunk, as far as its body, its turn and the size of a
    /// transmit allow.
    fn continue_chunk(&mut self) -> Step {
        let max = self.allowance();
        let Some(open) = &mut self.open else { return Step::Idle };
        let Some(message) = self.messages.get_mut(open.message) else { return Step::Idle };
        let mut piece = message.body.take(max);
        if piece.is_empty() {
            return Step::Idle;
        }
        let allowed = open.guard.allow(&piece);
        if allowed < piece.len() {
            message.body.put_back(piece.split_off(allowed));
            open.must_end = true;
        }
        self.schedule.spend(message.source, piece.len(), self.now);
        self.accounts.unqueue(message.source, message.sender, piece.len());
        self.accounts.hand_over(message.source, piece.len(), message.needs_response(), self.now);
        open.sent = open.sent.saturating_add(piece.len());
        open.idle = None;
        open.is_idle = false;
        message.advance(piece.len());
        if message.has_room_again() {
            self.events.push_back(HopEvent::Room(open.message));
        }
        if piece.len() <= COPIED_PIECE {
            self.out.put_slice(&piece);
            Step::Wrote
        } else {
            Step::Body(piece)
        }
    }

    /// Octets that the open chunk may send before its turn is checked again.
    pub(super) fn allowance(&self) -> usize {
        let sent = self.open.as_ref().map_or(0, |open| open.sent);
        let chunk = self.patience().unwrap_or(usize::MAX).min(self.most_of_chunk());
        let portion = self.backlog.portion().saturating_sub(self.out.len());
        let transmit = self.config.transmit_octets.min(portion);
        chunk.saturating_sub(sent).min(transmit).min(self.paced_piece())
    }

    /// Octets that the rate of the open chunk's source allows now.
    fn paced_piece(&self) -> usize {
        self.leaving_message().map_or(usize::MAX, |message| self.schedule.piece(message.source))
    }

    /// The message of the open chunk.
    pub(super) fn leaving_message(&self) -> Option<&Outgoing<O>> {
        self.message_ref(self.open.as_ref()?.message)
    }

    /// The octets after which an open chunk ends in any case.
    fn most_of_chunk(&self) -> usize {
        self.config.chunk_octets.map_or(usize::MAX, |most| most.max(SHORT_CHUNK))
    }

    /// The octets after which an open chunk makes way for what waits. `None` if
    /// nothing waits, or only what is less urgent.
    fn patience(&self) -> Option<usize> {
        if !self.control.is_empty() {
            return Some(SHORT_CHUNK);
        }
        let first = self.first_waiting()?;
        let own = self.leaving_message().map_or(first, |message| message.priority);
        match first.cmp(&own) {
            Ordering::Greater => Some(SHORT_CHUNK),
            Ordering::Equal => Some(self.turn()),
            Ordering::Less => None,
        }
    }

    /// The octets of a turn: no more than a slow transport is given at once.
    fn turn(&self) -> usize {
        let portion = if self.backlog.is_told() { self.backlog.portion() } else { usize::MAX };
        self.config.turn_octets.min(portion).max(SHORT_CHUNK)
    }

    /// The highest priority of the messages that wait for the end of the open chunk.
    fn first_waiting(&self) -> Option<Priority> {
        match self.leaving_message() {
            Some(open) => self.schedule.first_beside(open.source),
            None => self.schedule.first(),
        }
    }

    /// Whether anything waits for the end of the open chunk.
    fn others_wait(&self) -> bool {
        !self.control.is_empty() || self.first_waiting().is_some()
    }

    /// Ends the open chunk if its end is due. Returns whether it was.
    fn close_if_due(&mut self) -> bool {
        let flag = self.due_end();
        if let Some(flag) = flag {
            self.close_chunk(flag);
        }
        flag.is_some()
    }

    /// The flag with which the open chunk ends, if its end is due.
    pub(super) fn due_end(&self) -> Option<Continuation> {
        let open = self.open.as_ref()?;
        let message = self.messages.get(open.message)?;
        let is_full = open.sent >= self.most_of_chunk();
        let make_way = self.patience().is_some_and(|patience| open.sent >= patience);
        let has_none = message.body.available() == 0 || self.paced_piece() == 0;
        let stalled = has_none && (open.is_idle || self.others_wait());
        if message.aborted {
            Some(Continuation::Aborted)
        } else if message.has_left() {
            Some(message.end)
        } else if open.must_end || is_full || make_way || stalled {
            Some(Continuation::More)
        } else {
            None
        }
    }

    fn close_chunk(&mut self, flag: Continuation) {
        let Some(open) = self.open.take() else { return };
        let OpenChunk { message: key, transaction: id, .. } = *open;
        write_end_line(&mut self.out, &id, flag);
        let Some(message) = self.messages.get_mut(key) else { return };
        let end = message.offset;
        let asks_response = message.asks_response();
        message.place = None;
        if message.has_left() {
            self.remove(key);
        } else {
            self.resume(key);
        }
        self.chunk_left(id, key, end, asks_response, flag);
    }

    pub(super) fn chunk_left(
        &mut self,
        id: TransactionId,
        message: O::Message,
        end: Offset,
        asks_response: bool,
        flag: Continuation,
    ) {
        self.transactions.reached(id, end);
        if asks_response {
            self.hand_over(id, self.out.len());
        }
        self.events.push_back(HopEvent::ChunkSent { message, end, asks_response, flag });
    }
}
