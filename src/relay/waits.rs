//! The requests of a connection that wait on others for their end.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::ConnectionId;

/// Those on which nothing waits any more are kept up to this number.
const FEW: usize = 16;

/// On which connections requests of one connection wait: to leave, or for a response.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    on: BTreeMap<ConnectionId, Arc<()>>,
    /// The number of connections above which it looks for those to forget.
    crowd: usize,
}

/// One request that waits, until this is dropped.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    _one: Arc<()>,
}

impl Outstanding {
    /// A request begins to wait on a connection.
    pub(super) fn begin(&mut self, on: ConnectionId) -> Waits {
        let waits = Waits { _one: Arc::clone(self.on.entry(on).or_default()) };
        if self.on.len() > self.crowd.max(FEW) {
            self.on.retain(|_, one| has_any(one));
            self.crowd = 2 * self.on.len();
        }
        waits
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.on.values().any(has_any)
    }

    /// The connections on which any waits.
    pub(super) fn connections(&self) -> Vec<ConnectionId> {
        let on = self.on.iter().filter(|(_, one)| has_any(one));
        on.map(|(connection, _)| *connection).collect()
    }
}

fn has_any(one: &Arc<()>) -> bool {
    Arc::strong_count(one) > 1
}
