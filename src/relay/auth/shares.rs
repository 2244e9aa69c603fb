//! Whose AUTHs wait, and which of them gives way.

use std::collections::{BTreeMap, BTreeSet};

use crate::relay::accounts::principal::Principal;
use crate::relay::accounts::shares::Shares;
use crate::relay::event::AuthRequest;
use crate::relay::flows::FlowId;

/// The AUTHs that wait, by their sources and the senders of each.
#[derive(Debug, Default)]
pub(super) struct AuthShares {
    sources: Shares<Principal>,
    senders: BTreeMap<Principal, Shares<FlowId>>,
    requests: BTreeSet<(Principal, FlowId, AuthRequest)>,
}

impl AuthShares {
    pub(super) fn add(&mut self, source: &Principal, sender: FlowId, request: AuthRequest) {
        if self.requests.insert((source.clone(), sender, request)) {
            self.sources.add(source);
            self.senders.entry(source.clone()).or_default().add(&sender);
        }
    }

    pub(super) fn remove(&mut self, source: &Principal, sender: FlowId, request: AuthRequest) {
        if self.requests.remove(&(source.clone(), sender, request)) {
            self.sources.remove(source);
            if let Some(senders) = self.senders.get_mut(source) {
                senders.remove(&sender);
                if senders.is_empty() {
                    self.senders.remove(source);
                }
            }
        }
    }

    /// The AUTH that gives way to one more of this sender: the oldest of the sender with most
    /// of them, of the source with most of them or else of the same source. `None` if nobody
    /// has more.
    pub(super) fn to_give(&self, source: &Principal, sender: FlowId) -> Option<AuthRequest> {
        let (most, largest) = self.sources.most()?;
        let gives = if most > self.sources.count(source) + 1 { largest } else { source };
        let senders = self.senders.get(gives)?;
        let (most, largest) = senders.most()?;
        if gives == source && most <= senders.count(&sender) + 1 {
            return None;
        }
        let of_largest = (gives.clone(), *largest, AuthRequest(0));
        self.requests.range(of_largest..).next().map(|(.., request)| *request)
    }
}
