//! The open transactions of a connection.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use super::Waiting;
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
    /// Whether only errors lead to a response (Failure-Report `partial`).
    is_silent: bool,
    /// When its last octet left. If the caller does not say what the transport holds,
    /// and until it has left, when it was handed over.
    pub(crate) written: Option<Instant>,
    /// Where it ends among the octets of the connection, once it was handed over.
    end: Option<u64>,
    /// How many deadlines may pass while the transport makes progress.
    reprieves: u8,
}

/// How many deadlines of a request may pass while the transport makes progress: a peer
/// that takes octets so slowly has not read all of them that have left.
const REPRIEVES: u8 = 3;

/// The open transactions of a connection. A deadline starts when the request has
/// left.
#[derive(Debug)]
pub(crate) struct Transactions<P> {
    open: Waiting<Transaction<P>>,
    /// Those with `is_silent`, oldest first. Some may have ended.
    silent: VecDeque<TransactionId>,
    silent_len: usize,
}

impl<P> Transactions<P> {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { open: Waiting::new(timeout), silent: VecDeque::new(), silent_len: 0 }
    }

    /// The number of transactions in which silence is a failure.
    pub(crate) fn len(&self) -> usize {
        self.open.len() - self.silent_len
    }

    pub(crate) fn contains(&self, id: &TransactionId) -> bool {
        self.open.contains(id)
    }

    pub(crate) fn purpose(&self, id: &TransactionId) -> Option<&P> {
        self.open.get(id).map(|transaction| &transaction.purpose)
    }

    /// A request begins to leave; its response may come from now on.
    pub(crate) fn begin(&mut self, id: TransactionId, purpose: P, offset: Offset) {
        self.insert(id, purpose, offset, false);
    }

    /// Begins a transaction in which silence is success. If there are more than
    /// `max` of them, the oldest ends and is returned.
    pub(crate) fn begin_silent(
        &mut self,
        id: TransactionId,
        purpose: P,
        offset: Offset,
        max: usize,
    ) -> Option<(TransactionId, Transaction<P>)> {
        self.insert(id, purpose, offset, true);
        self.silent.push_back(id);
        self.silent_len += 1;
        while self.silent_len > max.max(1) {
            let oldest = self.silent.pop_front()?;
            if self.open.get(&oldest).is_some_and(|transaction| transaction.is_silent) {
                return self.complete(&oldest).map(|transaction| (oldest, transaction));
            }
        }
        None
    }

    fn insert(&mut self, id: TransactionId, purpose: P, offset: Offset, is_silent: bool) {
        let octets = offset..offset;
        let transaction = Transaction {
            purpose,
            octets,
            is_silent,
            written: None,
            end: None,
            reprieves: REPRIEVES,
        };
        self.open.insert(id, transaction);
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

    /// Ends the transaction whose response has arrived.
    pub(crate) fn complete(&mut self, id: &TransactionId) -> Option<Transaction<P>> {
        let transaction = self.open.remove(id)?;
        self.ended(&transaction);
        Some(transaction)
    }

    /// Ends every transaction, in the same order in every run.
    #[cfg(feature = "auth")]
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Transaction<P>> {
        self.silent.clear();
        self.silent_len = 0;
        self.open.drain()
    }

    /// Keeps only the transactions whose response is still of use.
    pub(crate) fn forget(&mut self, is_wanted: impl Fn(&Transaction<P>) -> bool) {
        self.open.retain(is_wanted);
        self.silent_len = self.open.values().filter(|transaction| transaction.is_silent).count();
        self.drop_ended();
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.open.next_deadline()
    }

    /// Ends one transaction whose deadline has passed. While the transport `is_moving`,
    /// those that need a response wait on, a few times.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        is_moving: bool,
    ) -> Option<(TransactionId, Transaction<P>)> {
        loop {
            let (id, mut transaction) = self.open.expire(now)?;
            if transaction.is_silent || !is_moving || transaction.reprieves == 0 {
                self.ended(&transaction);
                return Some((id, transaction));
            }
            transaction.reprieves -= 1;
            self.open.insert(id, transaction);
            self.open.start(id, now);
        }
    }

    pub(crate) fn footprint(&self, footprint: &mut Footprint) {
        self.open.footprint(footprint);
        footprint.hold("transactions silent", self.silent_len);
        footprint.remember("transactions silent order", self.silent.len());
    }

    fn ended(&mut self, transaction: &Transaction<P>) {
        self.silent_len -= usize::from(transaction.is_silent);
        self.drop_ended();
    }

    fn drop_ended(&mut self) {
        if self.silent.len() > 2 * self.open.len() + 64 {
            self.silent.retain(|id| self.open.contains(id));
        }
    }
}
