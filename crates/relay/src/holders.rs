//! The connections whose transports may hold octets. No system tells when a send queue has
//! changed, so they are looked at again.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use msrp::relay::ConnectionId;

/// The least time between two looks at all of them: their timeouts, each of which asks for
/// one, fall at different times.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Holders {
    connections: HashSet<ConnectionId>,
    looked: Instant,
}

impl Holders {
    pub(crate) fn new() -> Self {
        Self { connections: HashSet::new(), looked: Instant::now() }
    }

    pub(crate) fn add(&mut self, connection: ConnectionId) {
        self.connections.insert(connection);
    }

    /// Those to look at, if it is time. They are no longer known.
    pub(crate) fn due(&mut self, now: Instant) -> HashSet<ConnectionId> {
        if now.duration_since(self.looked) < PAUSE {
            return HashSet::new();
        }
        self.looked = now;
        std::mem::take(&mut self.connections)
    }
}
