//! AUTHs that are not granted (RFC 4976 section 6.3).

use std::time::Duration;

use crate::auth::Rejection;
use crate::random::RandomError;
use crate::relay::Relay;
use crate::relay::event::{AuthFailure, ConnectionId, RelayClose, RelayEvent};
use crate::time::Instant;
use crate::wire::{HeadRef, HeaderName, StatusCode};

/// Why an AUTH is not granted.
pub(super) enum Denied {
    /// With this status.
    Status(StatusCode),
    /// The requested lifetime is too short or too long (section 6.3).
    Expires(HeaderName, Duration),
    /// With a challenge.
    Challenge { stale: bool },
    /// The credentials of this user are not good, with this status.
    Failed { username: String, reason: AuthFailure, status: StatusCode },
    /// No nonce or token can be drawn: the connection is closed.
    NoRandom(RandomError),
}

impl From<RandomError> for Denied {
    fn from(error: RandomError) -> Self {
        Self::NoRandom(error)
    }
}

impl Denied {
    pub(super) fn rejected(rejection: Rejection, username: &str) -> Self {
        let (reason, status) = match rejection {
            Rejection::Stale | Rejection::Replayed => return Self::Challenge { stale: true },
            Rejection::Wrong => (AuthFailure::WrongPassword, StatusCode::UNAUTHORIZED),
            Rejection::OtherRealm | Rejection::OtherAlgorithm => {
                (AuthFailure::NotForThisRelay, StatusCode::UNAUTHORIZED)
            }
            // RFC 7616 section 3.4.6.
            Rejection::OtherUri => (AuthFailure::NotForThisRelay, StatusCode::BAD_REQUEST),
        };
        Self::failed(username, reason, status)
    }

    pub(super) fn failed(username: &str, reason: AuthFailure, status: StatusCode) -> Self {
        Self::Failed { username: username.to_owned(), reason, status }
    }
}

impl Relay {
    pub(super) fn deny(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'_>,
        denied: Denied,
    ) {
        match denied {
            Denied::Status(status) => self.refuse(source, head, status),
            Denied::NoRandom(error) => self.shut(source, RelayClose::RandomFailed(error)),
            Denied::Expires(name, limit) => {
                let fields = [(name, limit.as_secs().to_string())];
                self.deny_with(source, head, StatusCode::OUT_OF_BOUNDS, &fields);
            }
            Denied::Challenge { stale } => self.challenge(now, source, head, stale),
            Denied::Failed { username, reason, status } => {
                if status == StatusCode::UNAUTHORIZED {
                    self.challenge(now, source, head, false);
                } else {
                    self.refuse(source, head, status);
                }
                self.has_failed(now, source, head, username, reason);
            }
        }
    }

    fn challenge(&mut self, now: Instant, source: ConnectionId, head: &HeadRef<'_>, stale: bool) {
        let challenges = match self.digest.challenges(now, stale, &mut self.random) {
            Ok(challenges) => challenges,
            Err(error) => return self.shut(source, RelayClose::RandomFailed(error)),
        };
        let name = HeaderName::WwwAuthenticate;
        let fields: Vec<_> =
            challenges.iter().map(|challenge| (name, challenge.to_string())).collect();
        self.deny_with(source, head, StatusCode::UNAUTHORIZED, &fields);
        // A client that never answers one only makes work.
        if let Some(link) = self.links.get_mut(source) {
            link.challenges = link.challenges.saturating_add(1);
        }
        self.end_failures(source);
    }

    fn deny_with(
        &mut self,
        source: ConnectionId,
        head: &HeadRef<'_>,
        status: StatusCode,
        fields: &[(HeaderName, String)],
    ) {
        let Some(link) = self.links.get_mut(source) else { return };
        let from = head.to_path().first();
        let written = link.hop.respond_with(head, status, from, |response| {
            fields
                .iter()
                .fold(response, |response, (name, value)| response.header(name.as_str(), value))
        });
        debug_assert!(written.is_ok(), "a challenge can be written");
        self.counters.refused += 1;
        self.has_octets(source);
        self.hold_back_itself(source);
    }

    /// Counts credentials that are not good, and delays the next ones of this user from
    /// this source.
    fn has_failed(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'_>,
        username: String,
        reason: AuthFailure,
    ) {
        self.counters.count_failure(reason);
        if reason != AuthFailure::NotForThisRelay
            && let Some((sender, _)) = self.sender(source, head.from_path(), None)
        {
            let pair = self.pair(source, sender, &username);
            self.guesses.failed(now, &pair);
        }
        let peer = self.links.get(source).map(|link| &link.peer);
        // A relay is not the client that has failed.
        let address = peer.filter(|peer| !peer.is_relay()).and_then(|peer| peer.address);
        let address = address.map(|address| address.to_canonical());
        self.events.push_back(RelayEvent::AuthFailed {
            connection: source,
            address,
            username,
            reason,
        });
        self.auth_failed(source);
    }

    /// Counts a failed AUTH of a client (section 6.3).
    pub(in crate::relay) fn auth_failed(&mut self, source: ConnectionId) {
        if let Some(link) = self.links.get_mut(source) {
            link.auth_failures = link.auth_failures.saturating_add(1);
        }
        self.end_failures(source);
    }

    /// Closes the connection of a client whose AUTHs have failed too often. Those of a
    /// relay do not count: they are those of many clients. Before each failure, a client
    /// may need a challenge.
    fn end_failures(&mut self, source: ConnectionId) {
        let max = self.config.max_failures;
        let is_over = self.links.get(source).is_some_and(|link| {
            let is_over = link.auth_failures >= max || link.challenges >= max.saturating_mul(2);
            is_over && !link.peer.is_relay()
        });
        if is_over {
            self.shut(source, RelayClose::AuthFailures);
        }
    }
}
