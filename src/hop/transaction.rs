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
    /// When its last octet was written; until that is known, when it was handed
    /// over.
    pub(crate) written: Option<Instant>,
}

/// The open transactions of a connection. A deadline starts when the request has
/// been written.
#[derive(Debug)]
pub(crate) struct Transactions<P> {
    open: Waiting<Transaction<P>>,
    /// Handed over completely, but not yet known to be written.
    unwritten: Vec<TransactionId>,
    /// Those with `is_silent`, oldest first. Some may have ended.
    silent: VecDeque<TransactionId>,
    silent_len: usize,
}

impl<P> Transactions<P> {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            open: Waiting::new(timeout),
            unwritten: Vec::new(),
            silent: VecDeque::new(),
            silent_len: 0,
        }
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
        self.open.insert(id, Transaction { purpose, octets, is_silent, written: None });
    }

    /// The chunk of this transaction has reached the place `end` of its message.
    pub(crate) fn reached(&mut self, id: TransactionId, end: Offset) {
        if let Some(transaction) = self.open.get_mut(&id) {
            transaction.octets.end = end;
        }
    }

    /// The caller has the last octet of a request. The response can arrive before
    /// the caller confirms the write.
    pub(crate) fn handed_over(&mut self, id: TransactionId, now: Instant) {
        if let Some(transaction) = self.open.get_mut(&id) {
            transaction.written = Some(now);
            self.unwritten.push(id);
        }
    }

    /// The caller has written everything that was handed over: deadlines start
    /// (RFC 4975 section 7.1.1).
    pub(crate) fn written(&mut self, now: Instant) {
        for id in self.unwritten.drain(..) {
            if let Some(transaction) = self.open.start(id, now) {
                transaction.written = Some(now);
            }
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
        self.unwritten.clear();
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

    /// Ends one transaction whose deadline has passed.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<(TransactionId, Transaction<P>)> {
        let (id, transaction) = self.open.expire(now)?;
        self.ended(&transaction);
        Some((id, transaction))
    }

    pub(crate) fn footprint(&self, footprint: &mut Footprint) {
        self.open.footprint(footprint);
        footprint.hold("transactions unwritten", self.unwritten.len());
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
