//! What a connection holds, counted.

use super::Connection;
use crate::footprint::Footprint;

impl Connection {
    /// The length of every table, queue and weight, for tests. It has no stability
    /// guarantee.
    #[doc(hidden)]
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        let mut footprint = Footprint::default();
        self.hop.footprint(&mut footprint);
        self.sessions.footprint(&mut footprint);
        self.inbox.footprint(&mut footprint);
        self.ended_requests.footprint(&mut footprint);
        self.events.footprint(&mut footprint);
        #[cfg(feature = "auth")]
        self.authentications.footprint(&mut footprint);
        footprint
    }
}
