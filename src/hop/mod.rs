//! The hop: one transport connection to the next node.
//!
//! It knows chunks, responses and transactions, but not what a message means.
//! Sending is lazy: the hop decides what leaves next when the transport asks for
//! octets. A chunk stays open across such calls while nothing else waits, so that
//! a lone message is one chunk of any size. As soon as a response, a REPORT or
//! another message waits, the chunk ends with `+`, and the rest of its message
//! waits for its next turn (RFC 4975 sections 5.1 and 7.1.1).

mod accounts;
mod backlog;
mod body;
mod control;
mod crumbs;
mod framing;
mod loose;
mod messages;
mod outgoing;
mod owner;
mod pace;
#[cfg(feature = "auth")]
mod passing;
mod priority;
mod queue;
mod respond;
mod rounds;
mod schedule;
mod stream;
mod transaction;
mod transmit;
mod waiting;
mod window;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

#[cfg(feature = "auth")]
pub(crate) use accounts::OUTSTANDING;
pub(crate) use body::BodyQueue;
pub use framing::Framing;
pub(crate) use outgoing::{CHUNK_OVERHEAD, END_LINE_OVERHEAD, Outgoing};
pub(crate) use owner::{Heading, Owner};
#[cfg(feature = "auth")]
pub(crate) use passing::{Missed, Rest, Unsettled};
pub use priority::Priority;
pub(crate) use schedule::Order;
pub(crate) use transaction::{Answers, Overdue, Transaction};
pub use transmit::Transmit;
pub(crate) use waiting::Waiting;

use crate::footprint::Footprint;
use crate::limits::ParseOptions;
use crate::offset::Offset;
use crate::random::{IdSource, Random, RandomError};
use crate::time::Instant;
use crate::tolerance::Tolerances;
use crate::wire::{Continuation, DecodeError, Decoder, Frame, TransactionId};
use accounts::Accounts;
use backlog::Backlog;
use control::Control;
use crumbs::Crumbs;
use messages::Messages;
use schedule::Schedule;
use stream::OpenChunk;
use transaction::Transactions;

/// The most octets of a chunk that need not be interruptible, and the fewest
/// after which an interruptible one is interrupted (RFC 4975 section 7.1.1).
pub(crate) const SHORT_CHUNK: usize = 2048;

/// The configuration of a hop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HopConfig {
    pub(crate) parse: ParseOptions,
    pub(crate) framing: Framing,
    pub(crate) transaction_timeout: Duration,
    pub(crate) max_transactions: usize,
    /// The most body octets of one [`Transmit`].
    pub(crate) transmit_octets: usize,
    /// The octets of a chunk after which another message gets its turn.
    pub(crate) turn_octets: usize,
    /// The most octets of a chunk.
    pub(crate) chunk_octets: Option<usize>,
    /// Whether the messages of one source overtake each other.
    pub(crate) order: Order,
}

/// What the owner of a hop has to know.
#[derive(Debug)]
pub(crate) enum HopEvent<O: Owner> {
    /// The last octet of a chunk has left.
    ChunkSent {
        message: O::Message,
        /// The place in the message after the chunk.
        end: Offset,
        asks_response: bool,
        flag: Continuation,
    },
    /// The body of a message has room for more octets.
    Room(O::Message),
    /// No response arrived in time.
    TimedOut(TransactionId, Transaction<O::Purpose>),
}

/// One transport connection to the next node.
#[derive(Debug)]
pub(crate) struct Hop<O: Owner> {
    config: HopConfig,
    decoder: Decoder,
    ids: IdSource,
    transactions: Transactions<O>,
    messages: Messages<O>,
    schedule: Schedule<O::Source, O::Message>,
    crumbs: Crumbs<O::Message>,
    /// The message of which a part has just left, where each part is a message of the transport.
    /// It lines up behind those that come before the next one leaves.
    interrupted: Option<O::Message>,
    /// Boxed, since an idle connection has none.
    open: Option<Box<OpenChunk<O::Message>>>,
    /// Control frames: complete responses, REPORTs and other short requests.
    control: Control,
    out: BytesMut,
    backlog: Backlog,
    /// The [weights](Outgoing::weight) of the messages that have not left.
    accounts: Accounts<O::Source>,
    /// When the transport last asked for octets.
    now: Instant,
    /// A body of at most so many octets has room for more.
    room_mark: usize,
    /// Whether the owner still takes responses.
    takes_responses: bool,
    /// Why the random source can draw no more ids.
    failure: Option<RandomError>,
    pub(crate) events: VecDeque<HopEvent<O>>,
}

impl<O: Owner> Hop<O> {
    pub(crate) fn new(
        config: HopConfig,
        random: impl Random + Send + 'static,
        body_writer_octets: usize,
        now: Instant,
    ) -> Self {
        Self {
            decoder: Decoder::new(config.parse),
            ids: IdSource::new(random),
            transactions: Transactions::new(config.transaction_timeout, config.max_transactions),
            messages: match config.order {
                Order::Turns => Messages::new(),
                Order::Arrival => Messages::by_source(),
            },
            schedule: Schedule::new(config.order, config.max_transactions),
            crumbs: Crumbs::new(),
            interrupted: None,
            open: None,
            control: Control::default(),
            out: BytesMut::new(),
            backlog: Backlog::new(now),
            accounts: match config.order {
                Order::Turns => Accounts::sum(),
                Order::Arrival => Accounts::by_source(body_writer_octets / 2),
            },
            now,
            room_mark: body_writer_octets / 2,
            takes_responses: true,
            failure: None,
            events: VecDeque::new(),
            config,
        }
    }

    // Coming in.

    /// Sets the most octets of a head.
    #[cfg(feature = "auth")]
    pub(crate) const fn limit_heads(&mut self, octets: usize) {
        self.decoder.limit_heads(octets);
    }

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

    /// Whether a request with this id waits for its response.
    pub(crate) fn awaits_response(&self, id: &TransactionId) -> bool {
        self.transactions.contains(id)
    }

    /// The purpose of the request with this id.
    pub(crate) fn purpose(&self, id: &TransactionId) -> Option<&O::Purpose> {
        self.transactions.purpose(id)
    }

    /// Ends the transaction with this id, whose response has arrived: its request has
    /// left the transport, whatever the caller said last. `None` if there is no such
    /// transaction, or it has ended before.
    pub(crate) fn answered(
        &mut self,
        id: &TransactionId,
        now: Instant,
    ) -> Option<Transaction<O::Purpose>> {
        let transaction = self.complete(id)?;
        if let Some(end) = transaction.end {
            self.backlog.arrived(end, now);
            self.start_deadlines(now);
        }
        Some(transaction)
    }

    /// Ends the transaction with this id. `None` if there is no such transaction, or it
    /// has ended before.
    pub(crate) fn complete(&mut self, id: &TransactionId) -> Option<Transaction<O::Purpose>> {
        let transaction = self.transactions.complete(id)?;
        self.free_place(&transaction);
        Some(transaction)
    }

    /// Forgets every transaction and every deadline. No response is taken any more.
    pub(crate) fn forget_transactions(&mut self) {
        self.takes_responses = false;
        self.crumbs.clear();
        if let Some(open) = &mut self.open {
            open.forget_idle();
        }
        self.transactions.clear();
        self.backlog.forget_requests();
        self.schedule.free_places();
    }

    /// Gives back the place of a transaction that has ended.
    fn free_place(&mut self, transaction: &Transaction<O::Purpose>) {
        if transaction.holds_place()
            && let Some(source) = O::source_of(&transaction.purpose)
        {
            self.schedule.free_place(source);
            let octets = transaction.octets_len();
            self.accounts.answered(source, octets, self.schedule.places(source) == 0);
        }
    }

    // Going out.

    pub(crate) fn ids(&mut self) -> &mut IdSource {
        &mut self.ids
    }

    /// The buffer for control frames.
    pub(crate) const fn control(&mut self) -> &mut BytesMut {
        self.control.buffer()
    }

    /// Octets of control frames that have not left.
    pub(crate) fn control_len(&self) -> usize {
        self.control.len()
    }

    /// A new id for a control request. With a purpose, its transaction begins.
    /// `None` if the random source has failed.
    pub(crate) fn begin_control_request(
        &mut self,
        purpose: Option<O::Purpose>,
    ) -> Option<TransactionId> {
        let transactions = &self.transactions;
        let id = self.ids.transaction_id(|id| !transactions.contains(id));
        let id = self.drawn(id)?;
        if let Some(purpose) = purpose {
            if let Some(source) = O::source_of(&purpose) {
                self.schedule.hold_place(source);
            }
            self.transactions.begin(id, purpose, Offset::START);
            self.control.begin_request(id);
        }
        Some(id)
    }

    /// Since when a request waits for its response.
    #[cfg(feature = "auth")]
    pub(crate) fn waits_since(&self, id: &TransactionId) -> Option<Instant> {
        self.transactions.waits_since(id)
    }

    /// Why no id can be drawn. No further chunk begins to leave, and the owner
    /// closes the connection.
    pub(crate) const fn failure(&self) -> Option<&RandomError> {
        self.failure.as_ref()
    }

    /// Notes a failure of the random source. No id is made without it.
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
    const fn may_begin(&self) -> bool {
        self.failure.is_none()
    }

    pub(crate) fn insert(&mut self, key: O::Message, message: Box<Outgoing<O>>) {
        self.accounts.queue(message.source, message.sender, message.weight());
        let is_ready = message.is_ready(1);
        self.messages.insert(key, message);
        if is_ready {
            self.wake(key);
        }
    }

    /// Adds octets to the body of a message, unless 64 bits cannot count them.
    pub(crate) fn push(&mut self, key: O::Message, piece: Bytes) {
        if let Some(message) = self.messages.get_mut(key)
            && message.end_with(piece.len()).is_some()
        {
            self.accounts.queue(message.source, message.sender, piece.len());
            message.body.push(piece);
            self.wake(key);
        }
    }

    /// A message has all its octets.
    pub(crate) fn finish(&mut self, key: O::Message) {
        if let Some(message) = self.messages.get_mut(key) {
            message.finish();
            self.wake(key);
        }
    }

    fn remove(&mut self, key: O::Message) -> Option<Box<Outgoing<O>>> {
        let message = self.messages.remove(key)?;
        self.accounts.unqueue(message.source, message.sender, message.weight());
        Some(message)
    }

    pub(crate) fn message(&mut self, key: O::Message) -> Option<&mut Outgoing<O>> {
        self.messages.get_mut(key)
    }

    pub(crate) fn message_ref(&self, key: O::Message) -> Option<&Outgoing<O>> {
        self.messages.get(key)
    }

    /// Sets the rate of a source, in octets a second.
    pub(crate) fn set_rate(&mut self, source: O::Source, rate: Option<u64>) {
        self.schedule.set_rate(source, rate, self.now);
    }

    /// Aborts a message. An open chunk ends with `#`. If no chunk of it is open and
    /// some of it has left, `tell` decides whether an empty chunk with `#` follows.
    pub(crate) fn abort(&mut self, key: O::Message, tell: bool) {
        while let Some((source, oldest)) = self.transactions.release(key) {
            self.schedule.free_place(source);
            self.events.extend(oldest.map(|(id, oldest)| HopEvent::TimedOut(id, oldest)));
        }
        let is_open = self.open.as_ref().is_some_and(|open| open.message == key);
        let Some(message) = self.messages.get_mut(key) else { return };
        self.accounts.unqueue(message.source, message.sender, message.body.len());
        message.abort();
        if is_open {
            return;
        }
        let is_told = tell && message.has_begun();
        if let Some(place) = message.place.take() {
            self.schedule.remove(message.source, key, place);
        }
        if is_told {
            self.wake(key);
        } else {
            self.remove(key);
        }
    }

    /// Drops every message and transaction. Queued control frames still leave.
    pub(crate) fn drop_messages(&mut self) {
        self.messages.clear();
        self.accounts.clear();
        self.schedule.clear();
        self.interrupted = None;
        self.open = None;
        self.forget_transactions();
    }

    /// Drops every octet that has not left.
    pub(crate) fn clear(&mut self) {
        self.drop_messages();
        self.control.clear();
    }

    /// The key of the message whose chunk is leaving.
    pub(crate) fn open_key(&self) -> Option<O::Message> {
        self.open.as_ref().map(|open| open.message)
    }

    /// Whether a chunk is leaving and has not ended.
    pub(crate) const fn is_within_chunk(&self) -> bool {
        self.open.is_some()
    }

    /// Whether the transport would get octets if it asked.
    pub(crate) fn may_send(&self) -> bool {
        !self.control.is_empty()
            || match self.leaving_message() {
                Some(message) => {
                    self.due_end().is_some()
                        || (message.body.available() > 0 && self.allowance() > 0)
                }
                None => self.may_begin() && self.has_next(),
            }
    }

    /// Whether a message has something to send.
    fn has_next(&self) -> bool {
        !self.schedule.is_empty() || self.interrupted.is_some_and(|key| self.has_octets(key))
    }

    /// Whether everything has left.
    pub(crate) fn is_idle(&self) -> bool {
        self.control.is_empty() && self.messages.is_empty()
    }

    pub(crate) fn footprint(&self, footprint: &mut Footprint) {
        self.transactions.footprint(footprint);
        self.schedule.footprint(footprint);
        footprint.hold("hop messages", self.messages.len());
        footprint.hold("hop weight", self.accounts.waiting());
        footprint.hold("hop open chunk", usize::from(self.open.is_some()));
        footprint.hold("hop control octets", self.control.len());
        footprint.hold("hop control requests", self.control.requests());
        footprint.hold("hop requests in the transport", self.backlog.requests());
        footprint.hold("hop octets in the transport", self.in_transport() as usize);
        footprint.hold("hop out octets", self.out.len());
        footprint.hold("hop crumbs", self.crumbs.len());
        footprint.hold("hop events", self.events.len());
    }

    // Time.

    pub(crate) fn next_deadline(&self, answers: Answers) -> Option<Instant> {
        let due = [
            self.transactions.next_deadline(answers),
            self.schedule.next_deadline(),
            self.crumbs.next_deadline(self.now),
            self.open.as_deref().and_then(OpenChunk::idle_until),
            self.look_at(),
        ];
        due.into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, answers: Answers) {
        self.pass_time(now);
        while let Some(overdue) = self.next_overdue(now, answers) {
            if let Overdue::Ended((id, transaction)) = overdue {
                self.events.push_back(HopEvent::TimedOut(id, transaction));
            }
        }
    }

    /// Handles every deadline but those of transactions. Returns whether the caller has to
    /// say what the transport holds.
    pub(crate) fn pass_time(&mut self, now: Instant) -> bool {
        self.tick(now);
        let is_due = self.look_at().is_some_and(|due| due <= now);
        if is_due {
            self.backlog.look(now);
        }
        is_due
    }

    /// When the caller has to say again what the transport holds.
    fn look_at(&self) -> Option<Instant> {
        let has_waiting = self.is_full() && !self.messages.is_empty();
        let is_of_use = self.takes_responses || has_waiting;
        self.backlog.look_at().filter(|_| is_of_use)
    }

    /// Whether the transport is given nothing that can wait before some octets have left it.
    fn is_full(&self) -> bool {
        self.backlog.is_full(self.now)
    }

    /// The next transaction whose deadline has passed.
    pub(crate) fn next_overdue(&mut self, now: Instant, answers: Answers) -> Option<Overdue<O>> {
        let is_moving = self.backlog.is_moving(now) || answers.may_be_late();
        let overdue = self.transactions.expire(now, answers, is_moving)?;
        if let Overdue::Ended((_, transaction)) = &overdue {
            self.free_place(transaction);
        }
        Some(overdue)
    }

    /// Follows the time.
    fn tick(&mut self, now: Instant) {
        self.now = now;
        self.schedule.wake(now);
        self.crumbs.tick(now);
        while let Some(key) = self.crumbs.next_due(now) {
            self.ripen(key);
        }
        if let Some(open) = &mut self.open {
            open.end_if_idle(now);
        }
    }

    // The transport.

    /// The transport holds so many of the octets that it was given.
    pub(crate) fn transport_holds(&mut self, now: Instant, octets: usize) {
        if self.backlog.holds(octets, now) {
            self.backlog.recall(self.transactions.recall(self.backlog.left()));
        }
        self.start_deadlines(now);
    }

    /// The octets that the transport was given and that have not left it, as far as
    /// the caller has said.
    pub(crate) const fn in_transport(&self) -> u64 {
        self.backlog.octets()
    }

    /// When an octet last left the transport.
    pub(crate) const fn last_left(&self) -> Instant {
        self.backlog.last_left()
    }

    /// Starts the deadlines of the requests that have left.
    fn start_deadlines(&mut self, now: Instant) {
        let at = self.backlog.is_told().then_some(now);
        while let Some(id) = self.backlog.next_left() {
            self.transactions.left(id, now, at);
        }
    }

    /// The transport is given the last octet of a request, or after `ahead` others.
    fn hand_over(&mut self, id: TransactionId, ahead: usize) {
        let end = self.backlog.give_request(id, ahead);
        self.transactions.handed_over(&id, end, self.now);
    }

    pub(crate) fn poll_transmit(&mut self, now: Instant) -> Option<Transmit> {
        self.tick(now);
        self.backlog.asked(now);
        self.start_deadlines(now);
        match self.config.framing.max_message() {
            Some(max) => self.next_message(max),
            None => self.next_of_stream(),
        }
    }
}
