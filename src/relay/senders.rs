//! The clients of other relays, and what is kept for each.
//!
//! Another relay sends for many on its connections, and is one principal. Who of them has
//! sent a request, the first URI of From-Path says. That is the token under which the other
//! relay has forwarded the request (RFC 4976 section 6.4). The relay writes it itself, so no
//! client can send as another. Everything behind it is the client's own word: it may differ
//! in each request, and does not count. Neither does the connection. A client with many
//! tokens is many senders, but each of those has no more than others have.
//!
//! A client that claims to be a relay could be another sender in each request. Its token tells
//! who it is: the URI to which that leads back is the one as which its owner sends.

use std::hash::{BuildHasher, RandomState};

use rustc_hash::FxHashMap;

use super::Relay;
use super::accounts::charge::Account;
use super::accounts::principal::{Principal, SenderId};
use super::event::{ConnectionId, TokenId};
use super::flows::FlowId;
use super::tokens::Owner;
use crate::uri::{PathRef, UriRef};

/// Those for whom nothing is kept are known up to this number.
const FEW: usize = 16;

/// Those for whom something is kept.
#[derive(Debug, Default)]
pub(super) struct Senders {
    hasher: RandomState,
    /// An entry is small, and needs no weight beside that of what is kept. The ids are hashes
    /// with a key already.
    accounts: FxHashMap<SenderId, Account>,
    /// The number above which it looks for those to forget.
    crowd: usize,
}

impl Senders {
    /// A hash with a key that nobody knows: some URIs are long.
    fn id(&self, principal: &Principal, first: UriRef<'_>) -> SenderId {
        SenderId(self.hasher.hash_one((principal, first)))
    }

    fn account(&mut self, id: SenderId, principal: &Account) -> Account {
        if self.accounts.len() > self.crowd.max(FEW) {
            self.tidy();
        }
        self.accounts.entry(id).or_insert_with(|| principal.behind()).clone()
    }

    /// Those behind a principal.
    pub(super) fn behind(&self, principal: &Account) -> impl Iterator<Item = &Account> {
        let senders = self.accounts.values();
        senders.filter(|sender| sender.of().is_some_and(|of| of.is(principal)))
    }

    /// Forgets those for whom nothing is kept.
    pub(super) fn tidy(&mut self) {
        self.accounts.retain(|_, account| account.is_known());
        self.accounts.shrink_to(2 * self.accounts.len());
        self.crowd = 2 * self.accounts.len();
    }
}

impl Relay {
    /// The flow of a request, unless it is that of a session, and what counts what is kept
    /// for its sender: the owner of this token, if it comes from one. `None` if its connection
    /// has ended.
    pub(super) fn sender(
        &mut self,
        source: ConnectionId,
        from: PathRef<'_>,
        owned: Option<TokenId>,
    ) -> Option<(FlowId, Account)> {
        let is_behind = from.len() > 1 && owned.is_none_or(|it| self.may_send_as(it, from.first()));
        let link = self.links.get(source)?;
        if !is_behind {
            return Some((FlowId::Connection(source), link.account.clone()));
        }
        let id = self.senders.id(&link.principal, from.first());
        Some((FlowId::Sender(id), self.senders.account(id, &link.account)))
    }

    /// Who sends a flow: the holder of its connection, with all that it has, or a client of
    /// another relay.
    pub(super) fn sender_of(&self, id: FlowId) -> FlowId {
        let sender = self.flows.sender_of(id).unwrap_or(id);
        let FlowId::Connection(source) = sender else { return sender };
        let client = self.links.get(source).filter(|link| !link.principal.is_relay());
        client.map_or(sender, |link| FlowId::Holder(link.holder))
    }

    /// The flow of a sender's requests that are no SENDs. Nobody vouches for senders behind a
    /// connection without a certificate: their requests are those of the connection.
    pub(super) fn flow_of_requests(&self, source: ConnectionId, sender: FlowId) -> FlowId {
        let is_relay = self.links.get(source).is_some_and(|link| link.peer.is_relay());
        if is_relay { sender } else { FlowId::Connection(source) }
    }

    /// Whether the owner of a token may send as a client of another relay. One that has shown
    /// its certificate is a relay, whichever of its clients uses the token.
    fn may_send_as(&self, token: TokenId, uri: UriRef<'_>) -> bool {
        self.tokens.get(token).is_some_and(|token| match token.owner {
            Owner::Relay(_) => true,
            Owner::Connection(_) => token.back == uri,
        })
    }
}
