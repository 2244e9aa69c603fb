//! The authentications of a connection, and what each of them waits for.

use std::collections::{BTreeMap, BTreeSet};

use super::flow::Flow;
use crate::footprint::Footprint;
use crate::keys::{AuthKey, Keys, Tag};
use crate::time::Instant;
use crate::uri::MsrpUri;
use crate::wire::TransactionId;

/// The authentications of a connection.
#[derive(Debug)]
pub(in crate::connection) struct Authentications {
    pub(super) running: BTreeMap<AuthKey, Running>,
    pub(super) refreshes: BTreeSet<(Instant, AuthKey)>,
    /// Those whose AUTH may be in the wrong form.
    pub(super) undecided: BTreeSet<AuthKey>,
    /// The relay that granted the last route.
    pub(super) relay: Option<Box<Granted>>,
    keys: Keys<AuthKey>,
}

/// An authentication, and what it waits for.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) flow: Flow,
    pub(super) waits_for: WaitsFor,
}

/// What moves an authentication on.
#[derive(Clone, Copy, Debug)]
pub(super) enum WaitsFor {
    /// Nothing: the random source has failed, and the connection ends.
    Nothing,
    Response(TransactionId),
    Refresh(Instant),
}

/// Where the client waits for its peers: what a keep-alive is addressed to.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) local: MsrpUri,
    pub(super) relay: MsrpUri,
}

impl Authentications {
    pub(in crate::connection) const fn new(tag: Tag) -> Self {
        Self {
            running: BTreeMap::new(),
            refreshes: BTreeSet::new(),
            undecided: BTreeSet::new(),
            relay: None,
            keys: Keys::new(tag),
        }
    }

    /// Whether a relay has granted a route on this connection.
    pub(in crate::connection) const fn has_relay(&self) -> bool {
        self.relay.is_some()
    }

    /// A relay has granted a route. By then the flow has come back to the first relay.
    pub(super) fn granted(&mut self, key: AuthKey) {
        if let Some(Running { flow, .. }) = self.running.get(&key) {
            let (local, relay) = (flow.local().clone(), flow.relay().clone());
            self.relay = Some(Box::new(Granted { local, relay }));
        }
    }

    /// When the next route is to be refreshed.
    pub(in crate::connection) fn next_refresh(&self) -> Option<Instant> {
        self.refreshes.first().map(|(due, _)| *due)
    }

    pub(in crate::connection) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("authentications", self.running.len());
        footprint.hold("authentication refreshes", self.refreshes.len());
        footprint.hold("authentications undecided", self.undecided.len());
    }

    pub(super) fn insert(&mut self, flow: Flow) -> AuthKey {
        let key = self.keys.fresh();
        self.running.insert(key, Running { flow, waits_for: WaitsFor::Nothing });
        key
    }

    pub(super) fn flow(&mut self, key: AuthKey) -> Option<&mut Flow> {
        self.running.get_mut(&key).map(|running| &mut running.flow)
    }

    /// Another route is due then.
    pub(super) fn refresh_at(&mut self, key: AuthKey, due: Instant) {
        if let Some(running) = self.running.get_mut(&key) {
            running.waits_for = WaitsFor::Refresh(due);
            self.refreshes.insert((due, key));
        }
    }
}
