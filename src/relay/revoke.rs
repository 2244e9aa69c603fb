//! Users and peers who may no longer use the relay.

use super::Relay;
use super::event::{ConnectionId, RelayClose, TokenId};
use super::links::{Current, Link};

impl Relay {
    /// Ends all tokens of the users for whom `may_use` is false, such as those whom the
    /// operator has removed or given another password. A chunk under such a token is
    /// cut; its sender gets 408. The connection of a client who has no other token is
    /// closed.
    pub fn retain_users(&mut self, may_use: impl Fn(&str) -> bool) {
        let ended = self.tokens.where_user(|user| !may_use(user));
        for id in self.links.ids() {
            let Some(link) = self.links.get(id) else { continue };
            if owns_only(link, &ended) {
                self.shut(id, RelayClose::Revoked);
            } else if passes_under(link, &ended) {
                self.cut(id);
            }
        }
        for token in ended {
            self.end_token(token, false);
        }
    }

    /// Closes the connection of a peer that may no longer use the relay, such as another
    /// relay whose certificate is no longer good. Its requests without a response are
    /// reported first (RFC 4976 section 6.4.1).
    pub fn revoke(&mut self, connection: ConnectionId) {
        self.shut(connection, RelayClose::Revoked);
    }

    /// Ends the chunk that arrives on a connection, as if its destination were lost.
    fn cut(&mut self, source: ConnectionId) {
        let Some(link) = self.links.get(source) else { return };
        let Current::Passing { destination, key, .. } = link.current else { return };
        self.lose_arriving(source);
        if let Some(next) = self.links.get_mut(destination) {
            next.hop.abort(key, true);
            self.has_octets(destination);
        }
    }
}

/// Whether the tokens of a client are all among these.
fn owns_only(link: &Link, tokens: &[TokenId]) -> bool {
    !link.tokens.is_empty() && link.tokens.iter().all(|own| tokens.binary_search(own).is_ok())
}

/// Whether the chunk that arrives is forwarded under one of these tokens.
fn passes_under(link: &Link, ended: &[TokenId]) -> bool {
    match &link.current {
        Current::Passing { tokens, .. } => {
            tokens.iter().any(|token| ended.binary_search(token).is_ok())
        }
        Current::Skipped | Current::Lost { .. } | Current::Whole { .. } => false,
    }
}
