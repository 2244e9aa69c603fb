//! AUTH: granting tokens (RFC 4976 section 6.3).

use crate::time::Instant;
use std::time::Duration;

use super::Relay;
use super::event::{AuthRequest, ConnectionId, RelayClose, RelayEvent, Verdict};
use super::principal::Principal;
use super::token::{Owner, Token};
use super::watch::Timer;
use crate::auth::{AuthenticationInfo, Authorization, Rejection};
use crate::random::{RandomError, session_id};
use crate::uri::{MsrpUri, Path, UriRef};
use crate::wire::{Head, HeadRef, HeaderName, StatusCode};

/// An AUTH with credentials whose user the application is looking up.
#[derive(Debug)]
pub(super) struct PendingAuth {
    pub(super) source: ConnectionId,
    head: Head,
    authorization: Authorization,
    due: Instant,
}

/// Why an AUTH is not granted.
enum Denied {
    /// With this status.
    Status(StatusCode),
    /// The requested lifetime is too short or too long (section 6.3).
    Expires(HeaderName, Duration),
    /// With a challenge.
    Challenge { stale: bool },
    /// No nonce or token can be drawn: the connection is closed.
    NoRandom(RandomError),
}

impl From<RandomError> for Denied {
    fn from(error: RandomError) -> Self {
        Self::NoRandom(error)
    }
}

impl Relay {
    pub(super) fn auth(&mut self, now: Instant, source: ConnectionId, head: &Head) {
        let view = head.view();
        if !self.is_own(view.to_path().first()) {
            self.counters.refused += 1;
            return self.shut(source, RelayClose::NotForThisRelay);
        }
        if let Err(denied) = self.authenticate(now, source, head) {
            let has_credentials = view.header(HeaderName::Authorization).is_some();
            let is_wrong = has_credentials && matches!(denied, Denied::Challenge { stale: false });
            self.deny(now, source, &view, denied);
            if is_wrong {
                self.counters.auth_failed += 1;
                self.auth_failed(source);
            }
        }
    }

    /// Decides on the AUTH of a [`RelayEvent::Authorise`]. Nothing happens if the
    /// AUTH has timed out or its connection has closed since.
    pub fn authorise(&mut self, now: Instant, request: AuthRequest, verdict: Verdict) {
        let Some(pending) = self.pending_auths.remove(&request) else { return };
        self.timers.remove(&(pending.due, Timer::Auth(request)));
        let PendingAuth { source, head, authorization, .. } = pending;
        let view = head.view();
        let outcome = self
            .verify(now, &view, &authorization, &verdict)
            .and_then(|info| self.grant(now, source, &view, authorization.username(), Some(&info)));
        if let Err(denied) = outcome {
            self.counters.auth_failed += 1;
            let is_wrong = matches!(denied, Denied::Challenge { stale: false });
            self.deny(now, source, &view, denied);
            if is_wrong {
                self.auth_failed(source);
            }
        }
    }

    pub(super) fn auth_timed_out(&mut self, now: Instant, request: AuthRequest) {
        if let Some(pending) = self.pending_auths.remove(&request) {
            self.deny(
                now,
                pending.source,
                &pending.head.view(),
                Denied::Status(StatusCode::TIMEOUT),
            );
        }
    }

    /// Counts a failed AUTH of a client (section 6.3).
    pub(super) fn auth_failed(&mut self, source: ConnectionId) {
        if let Some(link) = self.links.get_mut(source) {
            link.auth_failures = link.auth_failures.saturating_add(1);
        }
        self.end_failures(source);
    }

    /// Counts a challenge: a client that never answers one only makes work.
    fn challenged(&mut self, source: ConnectionId) {
        if let Some(link) = self.links.get_mut(source) {
            link.challenges = link.challenges.saturating_add(1);
        }
        self.end_failures(source);
    }

    /// Closes the connection of a client whose AUTHs have failed too often. Those of a
    /// relay do not count: they are those of many clients. Before each failure, a client
    /// may need a challenge.
    fn end_failures(&mut self, source: ConnectionId) {
        let max = self.config.max_failures;
        let has_failed = self.links.get(source).is_some_and(|link| {
            let is_over = link.auth_failures >= max || link.challenges >= max.saturating_mul(2);
            is_over && !link.peer.is_relay()
        });
        if has_failed {
            self.shut(source, RelayClose::AuthFailures);
        }
    }

    /// Checks everything that does not need the user's secret, then asks the
    /// application for the secret.
    fn authenticate(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &Head,
    ) -> Result<(), Denied> {
        let view = head.view();
        let link = self.links.get(source).ok_or(Denied::Status(StatusCode::FORBIDDEN))?;
        let peer = &link.peer;
        let is_named = peer.relay_names.is_empty() || self.relay_name(source, &view).is_some();
        if self.is_draining() || !is_named || !(peer.is_secure() || self.config.plain_auth) {
            return Err(Denied::Status(StatusCode::FORBIDDEN));
        }
        if let Some(user) = peer.user.clone() {
            return self.grant(now, source, &view, &user, None);
        }
        let value = view.header(HeaderName::Authorization);
        let value = value.ok_or(Denied::Challenge { stale: false })?;
        let authorization =
            Authorization::parse(value).map_err(|_| Denied::Status(StatusCode::BAD_REQUEST))?;
        let uri = view.to_path().last();
        self.digest.check(now, &authorization, uri.as_str()).map_err(rejected)?;
        self.ask(now, source, head, authorization)
    }

    fn ask(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &Head,
        authorization: Authorization,
    ) -> Result<(), Denied> {
        let due = now.checked_add(self.config.transaction_timeout);
        let is_full = self.pending_auths.len() >= self.config.limits.pending_auths;
        let Some(due) = due.filter(|_| !is_full) else {
            return Err(Denied::Status(StatusCode::FORBIDDEN));
        };
        self.next_auth += 1;
        let request = AuthRequest(self.next_auth);
        self.events.push_back(RelayEvent::Authorise {
            request,
            connection: source,
            username: authorization.username().to_owned(),
            realm: self.digest.realm().to_owned(),
            algorithm: authorization.algorithm(),
        });
        let pending = PendingAuth { source, head: head.detached(), authorization, due };
        self.pending_auths.insert(request, pending);
        self.timers.insert((due, Timer::Auth(request)));
        Ok(())
    }

    fn verify(
        &mut self,
        now: Instant,
        head: &HeadRef<'_>,
        authorization: &Authorization,
        verdict: &Verdict,
    ) -> Result<AuthenticationInfo, Denied> {
        let ha1 = match verdict {
            Verdict::Known(ha1) => ha1,
            Verdict::Unknown => return Err(Denied::Challenge { stale: false }),
            Verdict::Forbidden => return Err(Denied::Status(StatusCode::FORBIDDEN)),
        };
        let uri = head.to_path().last();
        self.digest
            .verify(now, authorization, uri.as_str(), ha1, &mut self.random)
            .map_err(rejected)
    }

    /// Issues a token and responds with it.
    fn grant(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'_>,
        username: &str,
        info: Option<&AuthenticationInfo>,
    ) -> Result<(), Denied> {
        let expires = self.expires(head)?;
        let use_path = self.issue(now, source, head, username, expires)?;
        let Some(link) = self.links.get_mut(source) else { return Ok(()) };
        let info = info.map(ToString::to_string);
        let from = head.to_path().first();
        let written = link.hop.respond_with(head, StatusCode::OK, from, |response| {
            let response = response
                .header(HeaderName::UsePath.as_str(), use_path.as_str())
                .header(HeaderName::Expires.as_str(), &expires.as_secs().to_string());
            match &info {
                Some(info) => response.header(HeaderName::AuthenticationInfo.as_str(), info),
                None => response,
            }
        });
        debug_assert!(written.is_ok(), "a Use-Path can be written");
        link.is_proven = true;
        (link.auth_failures, link.challenges) = (0, 0);
        self.counters.auth_accepted += 1;
        self.has_octets(source);
        Ok(())
    }

    /// The lifetime of a token: the requested one, if it is within the limits
    /// (section 6.3).
    fn expires(&self, head: &HeadRef<'_>) -> Result<Duration, Denied> {
        let (min, max) = (self.config.min_expires, self.config.max_expires);
        let Some(wanted) = head.header(HeaderName::Expires) else {
            return Ok(self.config.default_expires);
        };
        let is_number = !wanted.is_empty() && wanted.bytes().all(|octet| octet.is_ascii_digit());
        if !is_number {
            return Err(Denied::Status(StatusCode::BAD_REQUEST));
        }
        // A value that overflows exceeds every maximum.
        let wanted = Duration::from_secs(wanted.parse().unwrap_or(u64::MAX));
        if wanted < min {
            Err(Denied::Expires(HeaderName::MinExpires, min))
        } else if wanted > max {
            Err(Denied::Expires(HeaderName::MaxExpires, max))
        } else {
            Ok(wanted)
        }
    }

    /// Makes a token and its Use-Path, which the client puts before the path of
    /// its peer: the relays between the client and this one, then the token.
    fn issue(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'_>,
        username: &str,
        expires: Duration,
    ) -> Result<Path, Denied> {
        let refused = Denied::Status(StatusCode::FORBIDDEN);
        let name = self.relay_name(source, head);
        let user = Principal::user(username);
        if !self.make_token_room(&user) {
            return Err(refused);
        }
        let ends = now.checked_add(expires);
        let (Some(uri), Some(ends)) = (self.fresh_uri(source)?, ends) else { return Err(refused) };
        let id = self.tokens.next_id();
        let token = Token {
            id,
            owner: name.map_or(Owner::Connection(source), Owner::Relay),
            back: head.from_path().first().to_uri(),
            username: username.into(),
            expires: ends,
            usage: Default::default(),
        };
        if let (Owner::Connection(_), Some(link)) = (&token.owner, self.links.get_mut(source)) {
            link.tokens.push(id);
        }
        let use_path = use_path(head, &uri);
        self.tokens.insert(uri, token);
        self.holdings.add_token(&user, id);
        if !self.links.get(source).is_some_and(|link| link.peer.is_relay()) {
            self.belongs_to(source, user);
        }
        self.timers.insert((ends, Timer::Token(id)));
        self.events.push_back(RelayEvent::TokenIssued {
            token: id,
            connection: source,
            username: username.to_owned(),
            lifetime: expires,
        });
        Ok(use_path)
    }

    /// A URI of this relay that is hard to guess: it has 100 random bits, and
    /// section 6.3 asks for 64. `None` if it cannot be made or is in use.
    fn fresh_uri(&mut self, source: ConnectionId) -> Result<Option<MsrpUri>, RandomError> {
        let session_id = session_id(&mut self.random)?;
        Ok(self.uri_with(source, &session_id))
    }

    fn uri_with(&self, source: ConnectionId, session_id: &str) -> Option<MsrpUri> {
        let is_secure = self.links.get(source)?.peer.is_secure();
        let over_tcp =
            |uri: &&MsrpUri| uri.transport().eq_ignore_ascii_case("tcp") && uri.port().is_some();
        let addresses = &self.config.addresses;
        let address = addresses
            .iter()
            .filter(over_tcp)
            .find(|uri| uri.is_secure() == is_secure)
            .or_else(|| addresses.first())?;
        let uri = address.with_session_id(session_id).ok()?;
        // A source that repeats itself must not issue one token twice.
        (!self.tokens.contains(&uri)).then_some(uri)
    }

    /// The name of the relay that sent an AUTH. It must be in the certificate and
    /// be the host of the first From-Path URI (section 6.3).
    fn relay_name(&self, source: ConnectionId, head: &HeadRef<'_>) -> Option<String> {
        let names = &self.links.get(source)?.peer.relay_names;
        let host = head.from_path().first().host_str();
        names.iter().find(|name| name.eq_ignore_ascii_case(host)).cloned()
    }

    fn deny(&mut self, now: Instant, source: ConnectionId, head: &HeadRef<'_>, denied: Denied) {
        let is_challenge = matches!(denied, Denied::Challenge { .. });
        let (status, fields) = match denied {
            Denied::Status(status) => return self.refuse(source, head, status),
            Denied::NoRandom(error) => {
                return self.shut(source, RelayClose::RandomFailed(error));
            }
            Denied::Expires(name, limit) => {
                (StatusCode::OUT_OF_BOUNDS, vec![(name, limit.as_secs().to_string())])
            }
            Denied::Challenge { stale } => {
                let challenges = match self.digest.challenges(now, stale, &mut self.random) {
                    Ok(challenges) => challenges,
                    Err(error) => return self.deny(now, source, head, error.into()),
                };
                let name = HeaderName::WwwAuthenticate;
                let fields = challenges.iter().map(|challenge| (name, challenge.to_string()));
                (StatusCode::UNAUTHORIZED, fields.collect())
            }
        };
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
        if is_challenge {
            self.challenged(source);
        }
    }
}

fn rejected(rejection: Rejection) -> Denied {
    // RFC 7616 section 3.4.6.
    if rejection == Rejection::OtherUri {
        return Denied::Status(StatusCode::BAD_REQUEST);
    }
    Denied::Challenge { stale: rejection.is_stale() }
}

/// The whole path: the relays through which the AUTH has come, in the order in
/// which they follow the client, then the URI of this relay.
fn use_path(head: &HeadRef<'_>, own: &MsrpUri) -> Path {
    let relays = head.from_path().iter().rev().skip(1).map(UriRef::to_uri);
    Path::new(relays.chain([own.clone()])).unwrap_or_else(|_| own.clone().into())
}
