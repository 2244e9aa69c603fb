//! Requests that have ended without a response, which may still come.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;

use super::carried::Purpose;
use crate::footprint::Footprint;
use crate::keys::SessionKey;
use crate::wire::TransactionId;

/// A request that has ended without a response.
#[derive(Clone, Debug)]
pub(super) struct EndedRequest {
    pub(super) purpose: Purpose,
    /// The octets of its message that it carried.
    pub(super) octets: Range<u64>,
}

/// The most recent requests of each session that have ended without a response. One
/// session does not push out those of others.
#[derive(Debug)]
pub(super) struct EndedRequests {
    max: usize,
    by_id: HashMap<TransactionId, EndedRequest>,
    /// Oldest first. Some may have had their response.
    sessions: BTreeMap<SessionKey, VecDeque<TransactionId>>,
}

impl EndedRequests {
    /// Remembers at most `max` requests of a session.
    pub(super) fn new(max: usize) -> Self {
        Self { max, by_id: HashMap::new(), sessions: BTreeMap::new() }
    }

    pub(super) fn insert(&mut self, session: SessionKey, id: TransactionId, request: EndedRequest) {
        if self.max == 0 {
            return;
        }
        let ids = self.sessions.entry(session).or_default();
        if ids.len() == self.max
            && let Some(oldest) = ids.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        ids.push_back(id);
        self.by_id.insert(id, request);
    }

    /// The request whose response has come.
    pub(super) fn take(&mut self, id: &TransactionId) -> Option<EndedRequest> {
        self.by_id.remove(id)
    }

    /// A session has ended: a late response says nothing any more.
    pub(super) fn forget(&mut self, session: SessionKey) {
        for id in self.sessions.remove(&session).into_iter().flatten() {
            self.by_id.remove(&id);
        }
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        footprint.remember("ended requests", self.by_id.len());
        let ids = self.sessions.values().map(VecDeque::len);
        footprint.remember("ended requests, in order", ids.sum());
    }
}
