//! Requests that wait for their response.

use crate::time::Instant;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::{Passed, Relayed};
#[cfg(feature = "auth")]
use crate::keys::AuthKey;
use crate::keys::{MessageKey, NicknameKey, SessionKey};
use crate::wire::TransactionId;

/// A request that asks for a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) purpose: Purpose,
    /// The octets of the message that it carries, zero-based; so many as have
    /// left.
    pub(crate) octets: Range<u64>,
    /// Whether only an error is answered (Failure-Report `partial`).
    pub(crate) is_silent: bool,
    /// When its last octet was handed over, or known to be written.
    pub(crate) written: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A chunk of an outgoing message.
    Chunk(MessageKey),
    /// The SEND that binds a session to this connection.
    Bind(SessionKey),
    /// A bodiless SEND that keeps the connection alive.
    KeepAlive(SessionKey),
    /// A NICKNAME in a session.
    Nickname(SessionKey, NicknameKey),
    /// A SEND that a relay passes on, in part or whole.
    Relayed(Arc<Relayed>),
    /// Any other request that a relay passes on; its response goes back.
    Passed(Passed),
    /// An AUTH to a relay.
    #[cfg(feature = "auth")]
    Auth(AuthKey),
}

/// The open transactions of a connection and their deadlines.
///
/// All of them wait equally long, so that deadlines run out in the order in
/// which they were set: a queue is enough. Entries of answered transactions
/// are dropped when they come to the front or outnumber the open ones.
#[derive(Debug)]
pub(crate) struct Transactions {
    open: HashMap<TransactionId, Transaction>,
    deadlines: VecDeque<(Instant, TransactionId)>,
    /// Handed to the transport whole, and not known to be written yet.
    unwritten: Vec<TransactionId>,
    /// Those that are most likely not answered, the oldest first.
    silent: VecDeque<TransactionId>,
    silent_len: usize,
    timeout: Duration,
}

impl Transactions {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            open: HashMap::new(),
            deadlines: VecDeque::new(),
            unwritten: Vec::new(),
            silent: VecDeque::new(),
            silent_len: 0,
            timeout,
        }
    }

    /// Those whose answer is sure to come, or its absence a failure.
    pub(crate) fn len(&self) -> usize {
        self.open.len() - self.silent_len
    }

    pub(crate) fn contains(&self, id: &TransactionId) -> bool {
        self.open.contains_key(id)
    }

    pub(crate) fn purpose(&self, id: &TransactionId) -> Option<&Purpose> {
        self.open.get(id).map(|transaction| &transaction.purpose)
    }

    /// A request begins to leave; its response may come from now on.
    pub(crate) fn begin(&mut self, id: TransactionId, purpose: Purpose, offset: u64) {
        let octets = offset..offset;
        self.open.insert(id, Transaction { purpose, octets, is_silent: false, written: None });
    }

    /// The same for one of which only an error is answered. Where there are more
    /// of them than `max`, the oldest has been silent for long enough.
    pub(crate) fn begin_silent(
        &mut self,
        id: TransactionId,
        purpose: Purpose,
        offset: u64,
        max: usize,
    ) -> Option<(TransactionId, Transaction)> {
        self.begin(id, purpose, offset);
        if let Some(transaction) = self.open.get_mut(&id) {
            transaction.is_silent = true;
            self.silent.push_back(id);
            self.silent_len += 1;
        }
        while self.silent_len > max.max(1) {
            let oldest = self.silent.pop_front()?;
            if self.open.get(&oldest).is_some_and(|transaction| transaction.is_silent) {
                return self.complete(&oldest).map(|transaction| (oldest, transaction));
            }
        }
        None
    }

    fn remove(&mut self, id: &TransactionId) -> Option<Transaction> {
        let transaction = self.open.remove(id)?;
        self.silent_len -= usize::from(transaction.is_silent);
        Some(transaction)
    }

    /// The chunk of this transaction has come to this place of its message.
    pub(crate) fn reached(&mut self, id: TransactionId, end: u64) {
        if let Some(transaction) = self.open.get_mut(&id) {
            transaction.octets.end = end;
        }
    }

    /// The last octet of a request is in the hands of the caller. A response
    /// can come before word that it has been written.
    pub(crate) fn handed_over(&mut self, id: TransactionId, now: Instant) {
        if let Some(transaction) = self.open.get_mut(&id) {
            transaction.written = Some(now);
            self.unwritten.push(id);
        }
    }

    /// The caller has written all that was handed over: deadlines start
    /// (RFC 4975 section 7.1.1).
    pub(crate) fn written(&mut self, now: Instant) {
        for id in self.unwritten.drain(..) {
            if let Some(transaction) = self.open.get_mut(&id) {
                transaction.written = Some(now);
                if let Some(deadline) = now.checked_add(self.timeout) {
                    self.deadlines.push_back((deadline, id));
                }
            }
        }
    }

    /// Ends the transaction that a response answers.
    pub(crate) fn complete(&mut self, id: &TransactionId) -> Option<Transaction> {
        let transaction = self.remove(id)?;
        self.drop_answered();
        Some(transaction)
    }

    /// Ends every transaction. In the order of their ids, so that every run does
    /// the same.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Transaction> {
        self.deadlines.clear();
        self.unwritten.clear();
        self.silent.clear();
        self.silent_len = 0;
        let mut open: Vec<_> = self.open.drain().collect();
        open.sort_unstable_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
        open.into_iter().map(|(_, transaction)| transaction)
    }

    /// Ends a transaction that nobody waits for any more.
    pub(crate) fn forget(&mut self, wanted: impl Fn(&Transaction) -> bool) {
        self.open.retain(|_, transaction| wanted(transaction));
        self.silent_len = self.open.values().filter(|transaction| transaction.is_silent).count();
        self.drop_answered();
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }

    /// Ends one transaction whose deadline has passed.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<(TransactionId, Transaction)> {
        while let Some((deadline, id)) = self.deadlines.front().copied() {
            if deadline > now {
                break;
            }
            self.deadlines.pop_front();
            // The id may have been used again since.
            let is_due = self.open.get(&id).is_some_and(|transaction| {
                transaction.written.and_then(|at| at.checked_add(self.timeout)) == Some(deadline)
            });
            if is_due && let Some(transaction) = self.remove(&id) {
                self.drop_answered();
                return Some((id, transaction));
            }
        }
        None
    }

    fn drop_answered(&mut self) {
        let open = &self.open;
        while self.deadlines.front().is_some_and(|(_, id)| !open.contains_key(id)) {
            self.deadlines.pop_front();
        }
        if self.silent.len() > 2 * self.open.len() + 64 {
            self.silent.retain(|id| open.contains_key(id));
        }
        if self.deadlines.len() > 2 * self.open.len() + 64 {
            self.deadlines.retain(|(_, id)| open.contains_key(id));
        }
    }
}
