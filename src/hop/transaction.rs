//! The open transactions of a connection.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::loose::Loose;
use super::{Owner, Waiting};
use crate::footprint::Footprint;
use crate::offset::Offset;
use crate::time::Instant;
use crate::wire::TransactionId;

/// A request that asks for a response.
#[derive(Debug)]
pub(crate) struct Transaction<P> {
    pub(crate) purpose: P,
    /// The octets of the message that it has carried so far.
    pub(crate) octets: Range<Offset>,
    hold: Hold,
    /// When its last octet left. If the caller does not say what the transport holds,
    /// and until it has left, when it was handed over.
    pub(crate) written: Option<Instant>,
    /// Where it ends among the octets of the connection, once it was handed over.
    pub(super) end: Option<u64>,
    /// How many deadlines may pass while the transport makes progress.
    reprieves: u8,
    serial: u64,
}

/// Whether a transaction holds a place among those of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Yes: it needs its response.
    Place,
    /// No: only errors lead to a response (Failure-Report `partial`).
    Silent,
    /// No: its message has ended.
    Ended,
}

/// How many deadlines of a request may pass while the transport makes progress: a peer
/// that takes octets so slowly has not read all of them that have left. Three more are
/// two minutes by default, in which a link of 64 kbit/s carries the 960 KiB that a
/// network may hold beside the transport. A peer that never responds is found out then.
const REPRIEVES: u8 = 3;

/// Whether this side reads the responses to its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Yes: one that has not come in time is missing.
    Read,
    /// Yes, but after a pause: none is missing before that time.
    ReadFrom(Instant),
    /// Yes, but not all the time: one that has not come may lie in the transport for a while.
    #[cfg(feature = "auth")]
    ReadLate,
    /// No: any may lie in the transport.
    Unread,
}

impl Answers {
    /// When a deadline passes that is reached at `due`.
    pub(crate) fn missing_at(self, due: Instant) -> Option<Instant> {
        match self {
            Self::Read => Some(due),
            #[cfg(feature = "auth")]
            Self::ReadLate => Some(due),
            Self::ReadFrom(from) => Some(due.max(from)),
            Self::Unread => None,
        }
    }

    /// Whether those that have not come may lie in the transport.
    pub(crate) const fn may_be_late(self) -> bool {
        !matches!(self, Self::Read | Self::ReadFrom(_) | Self::Unread)
    }
}

/// A transaction that has ended without a response.
pub(crate) type Unanswered<O> = (TransactionId, Transaction<<O as Owner>::Purpose>);

/// A transaction whose deadline has passed.
#[derive(Debug)]
pub(crate) enum Overdue<O: Owner> {
    /// It has another one.
    PutOff,
    Ended(Unanswered<O>),
}

/// The open transactions of a connection. A deadline starts when the request has
/// left.
#[derive(Debug)]
pub(crate) struct Transactions<O: Owner> {
    open: Waiting<Transaction<O::Purpose>>,
    /// Those that hold a place, by their message.
    of_message: BTreeMap<(O::Message, u64), TransactionId>,
    /// How many hold a place.
    places: usize,
    /// The others.
    loose: Loose<O::Source>,
    next_serial: u64,
}

impl<O: Owner> Transactions<O> {
    /// At most `max` transactions of a source hold no place.
    pub(crate) fn new(timeout: Duration, max: usize) -> Self {
        Self {
            open: Waiting::new(timeout),
            of_message: BTreeMap::new(),
            places: 0,
            loose: Loose::new(max),
            next_serial: 0,
        }
    }

    /// The number of transactions that hold a place.
    #[cfg(feature = "auth")]
    pub(crate) const fn places(&self) -> usize {
        self.places
    }

    pub(crate) fn contains(&self, id: &TransactionId) -> bool {
        self.open.contains(id)
    }

    pub(crate) fn purpose(&self, id: &TransactionId) -> Option<&O::Purpose> {
        self.open.get(id).map(|transaction| &transaction.purpose)
    }

    /// A request begins to leave; its response may come from now on.
    pub(crate) fn begin(&mut self, id: TransactionId, purpose: O::Purpose, offset: Offset) {
        self.places += 1;
        if let Some(message) = O::message_of(&purpose) {
            self.of_message.insert((message, self.next_serial), id);
        }
        self.insert(id, purpose, offset, Hold::Place);
    }

    /// Begins a transaction in which silence is success. If its source has too many
    /// without a place, one ends and is returned.
    pub(crate) fn begin_silent(
        &mut self,
        id: TransactionId,
        purpose: O::Purpose,
        offset: Offset,
    ) -> Option<Unanswered<O>> {
        let source = O::source_of(&purpose);
        self.insert(id, purpose, offset, Hold::Silent);
        let one_too_many = self.loose.add_silent(source?, id, |id| has_no_place(&self.open, id));
        self.give_up(one_too_many)
    }

    fn insert(&mut self, id: TransactionId, purpose: O::Purpose, offset: Offset, hold: Hold) {
        let transaction = Transaction {
            purpose,
            octets: offset..offset,
            hold,
            written: None,
            end: None,
            reprieves: REPRIEVES,
            serial: self.next_serial,
        };
        self.next_serial += 1;
        self.open.insert(id, transaction);
    }

    /// Takes one place of a message that has ended: its response is awaited, but holds
    /// up nobody. Returns the source of the place, and a transaction that ends because
    /// its source has too many without one. `None` if the message holds no place.
    pub(crate) fn release(
        &mut self,
        message: O::Message,
    ) -> Option<(O::Source, Option<Unanswered<O>>)> {
        let (place, id) = self.of_message.range((message, 0)..=(message, u64::MAX)).next()?;
        let (place, id) = (*place, *id);
        self.of_message.remove(&place);
        let transaction = self.open.get_mut(&id)?;
        transaction.hold = Hold::Ended;
        self.places -= 1;
        let source = O::source_of(&transaction.purpose)?;
        let one_too_many = self.loose.add_of_ended(source, id, |id| has_no_place(&self.open, id));
        Some((source, self.give_up(one_too_many)))
    }

    fn give_up(&mut self, id: Option<TransactionId>) -> Option<Unanswered<O>> {
        let id = id?;
        self.complete(&id).map(|transaction| (id, transaction))
    }

    /// The chunk of this transaction has reached the place `end` of its message.
    pub(crate) fn reached(&mut self, id: TransactionId, end: Offset) {
        if let Some(transaction) = self.open.get_mut(&id) {
            transaction.octets.end = end;
        }
    }

    /// The caller has the last octet of a request. The response can arrive before
    /// it is known that the octet has left.
    pub(crate) fn handed_over(&mut self, id: &TransactionId, end: u64, now: Instant) {
        if let Some(transaction) = self.open.get_mut(id) {
            transaction.written = Some(now);
            transaction.end = Some(end);
        }
    }

    /// Stops the deadlines of the requests that end after the first `left` octets of
    /// the connection, and returns these in their order.
    pub(crate) fn recall(&mut self, left: u64) -> Vec<(u64, TransactionId)> {
        let open = self.open.iter().filter_map(|(id, transaction)| Some((transaction.end?, *id)));
        let mut recalled: Vec<_> = open.filter(|(end, _)| *end > left).collect();
        recalled.sort_unstable_by_key(|(end, _)| *end);
        for (_, id) in &recalled {
            self.open.stop(id);
        }
        recalled
    }

    /// The last octet of a request has left: its deadline starts (RFC 4975 section
    /// 7.1.1). `at` is when it left, if that is known exactly.
    pub(crate) fn left(&mut self, id: TransactionId, now: Instant, at: Option<Instant>) {
        if let Some(transaction) = self.open.start(id, now) {
            transaction.written = at.or(transaction.written);
        }
    }

    /// Since when a request waits for its response.
    #[cfg(feature = "auth")]
    pub(crate) fn waits_since(&self, id: &TransactionId) -> Option<Instant> {
        self.open.started(id)
    }

    /// Ends the transaction whose response has arrived.
    pub(crate) fn complete(&mut self, id: &TransactionId) -> Option<Transaction<O::Purpose>> {
        let transaction = self.open.remove(id)?;
        self.ended(&transaction);
        Some(transaction)
    }

    /// The open transactions of these requests, the oldest first.
    #[cfg(feature = "auth")]
    pub(crate) fn of(&self, is_one: impl Fn(&O::Purpose) -> bool) -> Vec<TransactionId> {
        let open = self.open.iter().filter(|(_, transaction)| is_one(&transaction.purpose));
        let mut open: Vec<_> = open.map(|(id, transaction)| (transaction.serial, *id)).collect();
        open.sort_unstable_by_key(|(serial, _)| *serial);
        open.into_iter().map(|(_, id)| id).collect()
    }

    /// Ends every transaction, however many there are, without looking at one.
    #[cfg(feature = "auth")]
    pub(crate) fn take(&mut self) -> Waiting<Transaction<O::Purpose>> {
        let open = self.open.take();
        self.clear();
        open
    }

    /// Forgets every transaction.
    pub(crate) fn clear(&mut self) {
        self.of_message.clear();
        self.places = 0;
        self.loose.clear();
        self.open.clear();
    }

    pub(crate) fn next_deadline(&self, answers: Answers) -> Option<Instant> {
        answers.missing_at(self.open.next_deadline()?)
    }

    /// The next transaction whose deadline has passed. While the transport `is_moving`,
    /// those that need a response wait on, a few times.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        answers: Answers,
        is_moving: bool,
    ) -> Option<Overdue<O>> {
        answers.missing_at(now).filter(|due| *due <= now)?;
        let (id, mut transaction) = self.open.expire(now)?;
        if transaction.hold != Hold::Place || !is_moving || transaction.reprieves == 0 {
            self.ended(&transaction);
            return Some(Overdue::Ended((id, transaction)));
        }
        transaction.reprieves -= 1;
        self.open.insert(id, transaction);
        self.open.start(id, now);
        Some(Overdue::PutOff)
    }

    pub(crate) fn footprint(&self, footprint: &mut Footprint) {
        self.open.footprint(footprint);
        footprint.hold("transactions with a place", self.places);
        footprint.hold("transactions by message", self.of_message.len());
        self.loose.footprint(footprint);
    }

    fn ended(&mut self, transaction: &Transaction<O::Purpose>) {
        let purpose = &transaction.purpose;
        match (transaction.hold, O::source_of(purpose)) {
            (Hold::Place, _) => {
                self.places -= 1;
                if let Some(message) = O::message_of(purpose) {
                    self.of_message.remove(&(message, transaction.serial));
                }
            }
            (Hold::Silent | Hold::Ended, Some(source)) => {
                self.loose.ended(source, |id| has_no_place(&self.open, id));
            }
            (Hold::Silent | Hold::Ended, None) => {}
        }
    }
}

/// Whether a transaction is open and holds no place.
fn has_no_place<P>(open: &Waiting<Transaction<P>>, id: &TransactionId) -> bool {
    open.get(id).is_some_and(|transaction| !transaction.holds_place())
}

impl<P> Transaction<P> {
    /// Whether it holds a place among those of its source.
    pub(crate) fn holds_place(&self) -> bool {
        self.hold == Hold::Place
    }

    /// Whether its request has not left, or needs its response.
    #[cfg(feature = "auth")]
    pub(crate) fn is_missed(&self) -> bool {
        self.holds_place() || self.written.is_none()
    }

    /// How many octets of the message it has carried.
    pub(crate) const fn octets_len(&self) -> usize {
        self.octets.end.get().saturating_sub(self.octets.start.get()) as usize
    }
}
