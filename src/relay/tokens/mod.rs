//! Tokens: the URIs that a relay has issued in a Use-Path, and their owners (RFC
//! 4976 sections 6.3 and 6.4).

pub(super) mod peers;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::accounts::charge::{Charge, Pool};
use super::event::{ConnectionId, TokenId, Usage};
use super::links::Link;
use crate::time::Instant;
use crate::uri::{MsrpUri, UriRef};

/// Where a token is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// On the connection of the client to which it was issued.
    Connection(ConnectionId),
    /// On any connection with the relay of this name.
    Relay(String),
}

impl Owner {
    pub(super) fn is(&self, id: ConnectionId, link: &Link) -> bool {
        match self {
            Self::Connection(owner) => *owner == id,
            Self::Relay(name) => {
                link.peer.relay_names.iter().any(|known| known.eq_ignore_ascii_case(name))
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Token {
    pub(super) id: TokenId,
    pub(super) uri: MsrpUri,
    pub(super) owner: Owner,
    /// The next hop back towards the client.
    pub(super) back: MsrpUri,
    /// The user who has authenticated for it.
    pub(super) username: Arc<str>,
    pub(super) expires: Instant,
    pub(super) usage: Usage,
    pub(super) _charge: Charge,
}

/// The valid tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    // The relay counts up these ids, and draws session-ids with the tokens: no peer can choose
    // them, and they need no hasher with a key.
    by_id: FxHashMap<TokenId, Token>,
    by_session_id: FxHashMap<Box<str>, TokenId>,
    next: u64,
    /// Counts what is kept of all of them.
    pub(super) pool: Pool,
}

impl Tokens {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) const fn next_id(&mut self) -> TokenId {
        self.next += 1;
        TokenId(self.next)
    }

    pub(super) fn insert(&mut self, token: Token) {
        self.by_session_id.insert(session_id(token.uri.view()).into(), token.id);
        self.by_id.insert(token.id, token);
    }

    /// Whether a token has the session-id of this URI.
    pub(super) fn contains(&self, uri: &MsrpUri) -> bool {
        self.by_session_id.contains_key(session_id(uri.view()))
    }

    /// The token with this URI, unless it has expired (RFC 4976 section 6.3).
    pub(super) fn find(&self, uri: UriRef<'_>, now: Instant) -> Option<&Token> {
        self.of(uri).filter(|token| now < token.expires)
    }

    /// The token that has this URI, even if its time has just run out.
    pub(super) fn id_of(&self, uri: UriRef<'_>) -> Option<TokenId> {
        self.of(uri).map(|token| token.id)
    }

    fn of(&self, uri: UriRef<'_>) -> Option<&Token> {
        let id = self.by_session_id.get(session_id(uri))?;
        self.get(*id).filter(|token| token.uri == uri)
    }

    pub(super) fn get(&self, id: TokenId) -> Option<&Token> {
        self.by_id.get(&id)
    }

    /// Whether anything was relayed under a token.
    pub(super) fn is_used(&self, id: TokenId) -> bool {
        self.get(id).is_some_and(|token| token.usage != Usage::default())
    }

    /// Counts what was relayed under some tokens.
    pub(super) fn count(&mut self, tokens: &[TokenId], usage: Usage) {
        for id in tokens {
            if let Some(token) = self.by_id.get_mut(id) {
                token.usage.chunks += usage.chunks;
                token.usage.octets += usage.octets;
            }
        }
    }

    /// The tokens of the users that meet a condition, in the order of their issue.
    pub(super) fn where_user(&self, is_meant: impl Fn(&str) -> bool) -> Vec<TokenId> {
        let tokens = self.by_id.values().filter(|token| is_meant(&token.username));
        let mut ids: Vec<_> = tokens.map(|token| token.id).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn remove(&mut self, id: TokenId) -> Option<Token> {
        let token = self.by_id.remove(&id)?;
        self.by_session_id.remove(session_id(token.uri.view()));
        Some(token)
    }
}

/// The session-id of a token, which no other token has.
fn session_id(uri: UriRef<'_>) -> &str {
    uri.session_id().unwrap_or_default()
}
