//! Whose AUTHs wait, and which of them gives way.

use std::collections::{BTreeMap, BTreeSet};

use crate::relay::accounts::portions::Portions;
use crate::relay::accounts::principal::Principal;
use crate::relay::accounts::shares::Shares;
use crate::relay::event::AuthRequest;
use crate::relay::flows::FlowId;

/// The AUTHs that wait, by their holders and the senders of each.
#[derive(Debug, Default)]
pub(super) struct AuthShares {
    holders: Portions,
    senders: BTreeMap<Principal, Shares<FlowId>>,
    requests: BTreeSet<(Principal, FlowId, AuthRequest)>,
}

impl AuthShares {
    pub(super) fn add(&mut self, holder: &Principal, sender: FlowId, request: AuthRequest) {
        if self.requests.insert((holder.clone(), sender, request)) {
            self.holders.add(holder);
            self.senders.entry(holder.clone()).or_default().add(&sender);
        }
    }

    pub(super) fn remove(&mut self, holder: &Principal, sender: FlowId, request: AuthRequest) {
        if self.requests.remove(&(holder.clone(), sender, request)) {
            self.holders.remove(holder);
            if let Some(senders) = self.senders.get_mut(holder) {
                senders.remove(&sender);
                if senders.is_empty() {
                    self.senders.remove(holder);
                }
            }
        }
    }

    /// The AUTH that gives way to one more of this sender: the oldest of the sender with most
    /// of them, of the holder with most of them or else of the same holder. `None` if nobody
    /// has more.
    pub(super) fn to_give(&self, holder: &Principal, sender: FlowId) -> Option<AuthRequest> {
        let gives = self.holders.gives_way_to(holder).unwrap_or(holder);
        let senders = self.senders.get(gives)?;
        let (most, largest) = senders.most()?;
        if gives == holder && most <= senders.count(&sender) + 1 {
            return None;
        }
        let of_largest = (gives.clone(), *largest, AuthRequest(0));
        self.requests.range(of_largest..).next().map(|(.., request)| *request)
    }
}
