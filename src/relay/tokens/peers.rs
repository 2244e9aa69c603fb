//! The peers of tokens, and the connections on which they have sent (RFC 4976 section
//! 6.4.2).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rustc_hash::FxHashMap;

use crate::relay::accounts::charge::{Charge, Pool};
use crate::relay::accounts::portions::Portions;
use crate::relay::accounts::principal::Principal;
use crate::relay::event::{ConnectionId, TokenId};
use crate::uri::{MsrpUri, UriKey, UriRef};

/// Where each peer of a token is reached. A peer is bound to one connection and is
/// forgotten with it, so there are never more than a few for each connection.
#[derive(Debug, Default)]
pub(in crate::relay) struct Peers {
    // The relay counts up its ids. Peers choose their URIs, which need a hasher with a key.
    by_token: FxHashMap<TokenId, HashMap<MsrpUri, Bound>>,
    by_link: FxHashMap<ConnectionId, OfLink>,
    /// The connections of each holder that have peers, by the octets of these.
    by_holder: BTreeMap<Principal, BTreeSet<(usize, ConnectionId)>>,
    /// The octets of the peers of each holder.
    octets: Portions,
    /// The number of the next use.
    next: u64,
    /// Counts what is kept of all of them.
    pub(in crate::relay) pool: Pool,
}

/// The peers of one connection.
#[derive(Debug)]
struct OfLink {
    holder: Principal,
    /// Those that were used last at the end.
    by_use: BTreeMap<u64, Peer>,
    octets: usize,
}

#[derive(Debug)]
struct Peer {
    token: TokenId,
    uri: MsrpUri,
    charge: Charge,
}

/// The connection to which a peer is bound, and the number of its last use.
#[derive(Clone, Copy, Debug)]
struct Bound {
    connection: ConnectionId,
    used: u64,
}

impl Peers {
    /// The connection of a peer.
    pub(in crate::relay) fn find(&self, token: TokenId, uri: UriRef<'_>) -> Option<ConnectionId> {
        self.bound(token, uri).map(|bound| bound.connection)
    }

    fn bound(&self, token: TokenId, uri: UriRef<'_>) -> Option<Bound> {
        let key: &dyn UriKey = &uri;
        self.by_token.get(&token)?.get(key).copied()
    }

    /// Notes that a peer is in use on this connection, if it is bound to it. Returns the
    /// connection to which it is bound.
    pub(in crate::relay) fn touch(
        &mut self,
        token: TokenId,
        uri: UriRef<'_>,
        connection: ConnectionId,
    ) -> Option<ConnectionId> {
        let bound = self.bound(token, uri)?;
        if bound.connection == connection {
            self.renew(token, uri, bound);
        }
        Some(bound.connection)
    }

    fn renew(&mut self, token: TokenId, uri: UriRef<'_>, bound: Bound) {
        let Bound { connection, used } = bound;
        let Some(of_link) = self.by_link.get_mut(&connection) else { return };
        let is_newest = of_link.by_use.last_key_value().is_some_and(|(newest, _)| *newest == used);
        if !is_newest && let Some(peer) = of_link.by_use.remove(&used) {
            of_link.by_use.insert(self.next, peer);
            let key: &dyn UriKey = &uri;
            if let Some(bound) = self.by_token.get_mut(&token).and_then(|it| it.get_mut(key)) {
                bound.used = self.next;
            }
            self.next += 1;
        }
    }

    /// Binds a peer to a connection of this holder, instead of the one to which it was bound.
    pub(in crate::relay) fn bind(
        &mut self,
        token: TokenId,
        uri: UriRef<'_>,
        connection: ConnectionId,
        holder: &Principal,
        charge: Charge,
    ) {
        if let Some(old) = self.bound(token, uri) {
            self.remove(old);
        }
        let (uri, used) = (uri.to_uri(), self.next);
        self.next += 1;
        self.by_token.entry(token).or_default().insert(uri.clone(), Bound { connection, used });
        let octets = charge.octets();
        let of_link = self.by_link.entry(connection).or_insert_with(|| OfLink {
            holder: holder.clone(),
            by_use: BTreeMap::new(),
            octets: 0,
        });
        of_link.by_use.insert(used, Peer { token, uri, charge });
        self.resize(connection, |known| known + octets);
    }

    /// How many peers a connection has.
    pub(in crate::relay) fn of_link(&self, connection: ConnectionId) -> usize {
        self.by_link.get(&connection).map_or(0, |of_link| of_link.by_use.len())
    }

    /// The connection with the largest peers, of the holder with the largest.
    pub(in crate::relay) fn largest(&self) -> Option<ConnectionId> {
        let holder = self.octets.largest()?;
        self.by_holder.get(holder)?.last().map(|(_, connection)| *connection)
    }

    /// A connection has another holder.
    pub(in crate::relay) fn belongs_to(&mut self, connection: ConnectionId, holder: &Principal) {
        let Some(of_link) = self.by_link.get_mut(&connection) else { return };
        let octets = std::mem::take(&mut of_link.octets);
        let before = std::mem::replace(&mut of_link.holder, holder.clone());
        self.recount(&before, connection, octets, 0);
        self.resize(connection, |_| octets);
    }

    /// Forgets the peer of a connection that was used least recently.
    pub(in crate::relay) fn forget_oldest(&mut self, connection: ConnectionId) {
        let of_link = self.by_link.get(&connection);
        let oldest = of_link.and_then(|of_link| of_link.by_use.keys().next().copied());
        if let Some(peer) = oldest.and_then(|used| self.remove(Bound { connection, used })) {
            self.unbind(&peer);
        }
    }

    /// Takes a peer from its connection.
    fn remove(&mut self, Bound { connection, used }: Bound) -> Option<Peer> {
        let of_link = self.by_link.get_mut(&connection)?;
        let peer = of_link.by_use.remove(&used)?;
        let is_last = of_link.by_use.is_empty();
        self.resize(connection, |known| known - peer.charge.octets());
        if is_last {
            self.by_link.remove(&connection);
        }
        Some(peer)
    }

    fn resize(&mut self, connection: ConnectionId, change: impl FnOnce(usize) -> usize) {
        let Some(of_link) = self.by_link.get_mut(&connection) else { return };
        let before = of_link.octets;
        of_link.octets = change(before);
        let (now, holder) = (of_link.octets, of_link.holder.clone());
        self.recount(&holder, connection, before, now);
    }

    /// The peers of one of a holder's connections take so many octets, instead of others.
    fn recount(&mut self, holder: &Principal, connection: ConnectionId, before: usize, now: usize) {
        self.octets.set(holder, self.octets.count(holder) - before + now);
        let links = self.by_holder.entry(holder.clone()).or_default();
        links.remove(&(before, connection));
        if now > 0 {
            links.insert((now, connection));
        }
        if links.is_empty() {
            self.by_holder.remove(holder);
        }
    }

    fn unbind(&mut self, peer: &Peer) {
        if let Some(of_token) = self.by_token.get_mut(&peer.token) {
            of_token.remove(&peer.uri);
            if of_token.is_empty() {
                self.by_token.remove(&peer.token);
            }
        }
    }

    /// Forgets the peers of a connection that has ended.
    pub(in crate::relay) fn forget_link(&mut self, connection: ConnectionId) {
        let Some(of_link) = self.by_link.remove(&connection) else { return };
        self.recount(&of_link.holder, connection, of_link.octets, 0);
        for peer in of_link.by_use.into_values() {
            self.unbind(&peer);
        }
    }

    /// Forgets the peers of a token that has ended.
    pub(in crate::relay) fn forget_token(&mut self, token: TokenId) {
        for bound in self.by_token.remove(&token).unwrap_or_default().into_values() {
            self.remove(bound);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::relay::accounts::charge::Account;

    #[test]
    fn nothing_is_known_of_connections_that_have_gone() {
        let mut peers = Peers::default();
        let [first, second, third] = [1, 2, 3].map(ConnectionId);
        let [one, other] = [first, third].map(Principal::Connection);
        let account = Account::default();
        let peers_of = [(&one, first), (&one, second), (&other, third), (&other, third)];
        for (number, (holder, connection)) in peers_of.into_iter().enumerate() {
            let uri: MsrpUri = format!("msrp://{number}.example:9/x;tcp").parse().unwrap();
            peers.bind(TokenId(1), uri.view(), connection, holder, account.charge(100 + number));
        }
        assert_eq!(peers.largest(), Some(third));
        peers.forget_link(second);
        assert_eq!(peers.by_holder.values().map(BTreeSet::len).sum::<usize>(), 2);
        peers.forget_link(third);
        assert_eq!(peers.largest(), Some(first));
        peers.forget_oldest(first);
        assert!(peers.by_token.is_empty() && peers.by_link.is_empty());
        assert!(peers.by_holder.is_empty() && peers.octets.largest().is_none());
        assert_eq!(account.total(), 0);
    }
}
