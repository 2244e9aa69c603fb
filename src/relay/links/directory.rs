//! Connections to reuse.

use std::collections::HashMap;

use super::target::Target;
use super::{Link, Links};
use crate::relay::event::ConnectionId;
use crate::uri::UriRef;

/// Connections that can be reused, by the host and port to which this relay has
/// connected, and by the name of the relay at the other end.
#[derive(Debug, Default)]
pub(in crate::relay) struct Directory {
    by_target: HashMap<Target, ConnectionId>,
    by_name: HashMap<String, Vec<ConnectionId>>,
}

impl Directory {
    pub(in crate::relay) fn note_target(&mut self, target: Target, connection: ConnectionId) {
        self.by_target.insert(target, connection);
    }

    pub(in crate::relay) fn note_names(&mut self, names: &[String], connection: ConnectionId) {
        for name in names {
            self.by_name.entry(name.to_ascii_lowercase()).or_default().push(connection);
        }
    }

    /// A connection that this relay has opened to the same host and port, by
    /// the same scheme.
    pub(in crate::relay) fn leading_to(
        &self,
        uri: UriRef<'_>,
        links: &Links,
    ) -> Option<ConnectionId> {
        let connection = *self.by_target.get(&Target::of(uri))?;
        links.get(connection).filter(|link| link.takes_requests()).map(|_| connection)
    }

    /// A connection with the relay of this name.
    pub(in crate::relay) fn with_relay(&self, name: &str, links: &Links) -> Option<ConnectionId> {
        let known = self.by_name.get(&name.to_ascii_lowercase())?;
        known.iter().copied().find(|id| links.get(*id).is_some_and(Link::takes_requests))
    }

    pub(in crate::relay) fn forget(&mut self, connection: ConnectionId, link: &Link) {
        if let Some(target) = &link.target
            && self.by_target.get(target) == Some(&connection)
        {
            self.by_target.remove(target);
        }
        for name in &link.peer.relay_names {
            let name = name.to_ascii_lowercase();
            if let Some(known) = self.by_name.get_mut(&name) {
                known.retain(|other| *other != connection);
                if known.is_empty() {
                    self.by_name.remove(&name);
                }
            }
        }
    }
}
