//! The peers of tokens, and the connections on which they have sent (RFC 4976 section
//! 6.4.2).

use std::collections::{BTreeMap, HashMap};

use super::event::{ConnectionId, TokenId};
use crate::uri::{MsrpUri, UriKey, UriRef};

/// Where each peer of a token is reached. A peer is bound to one connection and is
/// forgotten with it, so there are never more than a few for each connection.
#[derive(Debug, Default)]
pub(super) struct Peers {
    by_token: HashMap<TokenId, HashMap<MsrpUri, Bound>>,
    /// The peers of a connection, those that were used last at the end.
    by_link: HashMap<ConnectionId, BTreeMap<u64, (TokenId, MsrpUri)>>,
    /// The number of the next use.
    next: u64,
}

/// The connection to which a peer is bound, and the number of its last use.
#[derive(Clone, Copy, Debug)]
struct Bound {
    connection: ConnectionId,
    used: u64,
}

impl Peers {
    /// The connection of a peer.
    pub(super) fn find(&self, token: TokenId, uri: UriRef<'_>) -> Option<ConnectionId> {
        self.bound(token, uri).map(|bound| bound.connection)
    }

    fn bound(&self, token: TokenId, uri: UriRef<'_>) -> Option<Bound> {
        let key: &dyn UriKey = &uri;
        self.by_token.get(&token)?.get(key).copied()
    }

    /// Notes that a peer is in use on its connection.
    pub(super) fn touch(&mut self, token: TokenId, uri: UriRef<'_>) {
        let Some(bound) = self.bound(token, uri) else { return };
        let Some(of_link) = self.by_link.get_mut(&bound.connection) else { return };
        let is_newest = of_link.last_key_value().is_some_and(|(used, _)| *used == bound.used);
        if !is_newest && let Some(peer) = of_link.remove(&bound.used) {
            self.insert(peer.0, peer.1, bound.connection);
        }
    }

    /// Binds a peer to a connection, instead of the one to which it was bound. Returns
    /// whether the connection has more than `max` peers, and the one that was used least
    /// recently is forgotten for it.
    pub(super) fn bind(
        &mut self,
        token: TokenId,
        uri: UriRef<'_>,
        connection: ConnectionId,
        max: usize,
    ) -> bool {
        if let Some(old) = self.bound(token, uri) {
            self.forget_use(old);
        }
        self.insert(token, uri.to_uri(), connection);
        self.by_link.get(&connection).is_some_and(|of_link| of_link.len() > max)
            && self.forget_oldest(connection)
    }

    fn insert(&mut self, token: TokenId, uri: MsrpUri, connection: ConnectionId) {
        let used = self.next;
        self.next += 1;
        self.by_link.entry(connection).or_default().insert(used, (token, uri.clone()));
        self.by_token.entry(token).or_default().insert(uri, Bound { connection, used });
    }

    fn forget_oldest(&mut self, connection: ConnectionId) -> bool {
        let oldest = self.by_link.get_mut(&connection).and_then(BTreeMap::pop_first);
        let Some((_, (token, uri))) = oldest else { return false };
        self.forget_peer(token, &uri);
        true
    }

    fn forget_use(&mut self, Bound { connection, used }: Bound) {
        if let Some(of_link) = self.by_link.get_mut(&connection) {
            of_link.remove(&used);
            if of_link.is_empty() {
                self.by_link.remove(&connection);
            }
        }
    }

    fn forget_peer(&mut self, token: TokenId, uri: &MsrpUri) {
        if let Some(of_token) = self.by_token.get_mut(&token) {
            of_token.remove(uri);
            if of_token.is_empty() {
                self.by_token.remove(&token);
            }
        }
    }

    /// Forgets the peers of a connection that has ended.
    pub(super) fn forget_link(&mut self, connection: ConnectionId) {
        for (token, uri) in self.by_link.remove(&connection).unwrap_or_default().into_values() {
            self.forget_peer(token, &uri);
        }
    }

    /// Forgets the peers of a token that has ended.
    pub(super) fn forget_token(&mut self, token: TokenId) {
        for bound in self.by_token.remove(&token).unwrap_or_default().into_values() {
            self.forget_use(bound);
        }
    }
}
