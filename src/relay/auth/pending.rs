//! The AUTHs with credentials that wait, and which of them gives way.

use std::collections::{BTreeMap, BTreeSet};

use super::guesses::Pair;
use super::shares::AuthShares;
use crate::auth::Authorization;
use crate::relay::accounts::charge::Charge;
use crate::relay::accounts::principal::Principal;
use crate::relay::event::{AuthRequest, ConnectionId};
use crate::relay::flows::FlowId;
use crate::time::Instant;
use crate::wire::Head;

/// An AUTH with credentials.
#[derive(Debug)]
pub(in crate::relay) struct PendingAuth {
    pub(super) source: ConnectionId,
    /// Who holds its connection.
    pub(super) holder: Principal,
    /// Its connection, or the client of another relay that has sent it.
    pub(super) sender: FlowId,
    pub(super) head: Head,
    pub(super) authorization: Authorization,
    pub(super) pair: Pair,
    pub(in crate::relay) charge: Charge,
    /// When its turn has come, or the application must have decided.
    pub(super) due: Instant,
    /// Whether the application has been asked.
    pub(super) is_asked: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(in crate::relay) struct PendingAuths {
    auths: BTreeMap<AuthRequest, PendingAuth>,
    shares: AuthShares,
    /// Those whose turn has not come.
    delayed: BTreeSet<(Instant, AuthRequest)>,
    last: u64,
}

impl PendingAuths {
    pub(super) fn insert(&mut self, auth: PendingAuth) -> AuthRequest {
        self.last += 1;
        let request = AuthRequest(self.last);
        self.shares.add(&auth.holder, auth.sender, request);
        self.delayed.insert((auth.due, request));
        self.auths.insert(request, auth);
        request
    }

    pub(super) fn remove(&mut self, request: AuthRequest) -> Option<PendingAuth> {
        let auth = self.auths.remove(&request)?;
        self.shares.remove(&auth.holder, auth.sender, request);
        self.delayed.remove(&(auth.due, request));
        Some(auth)
    }

    /// The turn of one has come, and the application has to decide until then.
    pub(super) fn ask(&mut self, request: AuthRequest, due: Instant) -> Option<&PendingAuth> {
        let auth = self.auths.get_mut(&request)?;
        self.delayed.remove(&(auth.due, request));
        (auth.is_asked, auth.due) = (true, due);
        Some(auth)
    }

    pub(in crate::relay) fn get(&self, request: AuthRequest) -> Option<&PendingAuth> {
        self.auths.get(&request)
    }

    pub(super) fn len(&self) -> usize {
        self.auths.len()
    }

    /// The one that gives way to another of this sender, as [`AuthShares::to_give`] says.
    pub(super) fn to_give(&self, holder: &Principal, sender: FlowId) -> Option<AuthRequest> {
        self.shares.to_give(holder, sender)
    }

    /// The one whose turn comes last, if it has not come.
    pub(super) fn last_delayed(&self) -> Option<AuthRequest> {
        self.delayed.last().map(|(_, request)| *request)
    }

    /// The oldest first.
    pub(in crate::relay) fn requests(&self) -> Vec<AuthRequest> {
        self.auths.keys().copied().collect()
    }
}
