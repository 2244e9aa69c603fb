//! AUTH: granting tokens (RFC 4976 section 6.3).

mod denied;
pub(super) mod guesses;
mod lookup;
pub(super) mod pending;
mod shares;

use std::time::Duration;

use super::Relay;
use super::accounts::principal::Principal;
use super::event::{AuthFailure, AuthRequest, ConnectionId, RelayClose, RelayEvent, Verdict};
use super::tokens::{Owner, Token};
use super::watch::Timer;
use crate::auth::{Algorithm, AuthenticationInfo, Authorization, Rejection};
use crate::random::{RandomError, session_id};
use crate::time::Instant;
use crate::uri::{MsrpUri, Path, UriRef};
use crate::wire::{Head, HeadRef, HeaderName, StatusCode};
use denied::Denied;
use pending::PendingAuth;

impl Relay {
    pub(super) fn auth(&mut self, now: Instant, source: ConnectionId, head: &Head) {
        let view = head.view();
        if !self.is_own(view.to_path().first()) {
            self.counters.refused += 1;
            return self.shut(source, RelayClose::NotForThisRelay);
        }
        if let Err(denied) = self.authenticate(now, source, head) {
            self.deny(now, source, &view, denied);
        }
    }

    /// Decides on the AUTH of a [`RelayEvent::Authorise`]. Nothing happens if the
    /// AUTH has timed out or its connection has closed since.
    pub fn authorise(&mut self, now: Instant, request: AuthRequest, verdict: Verdict) {
        let Some(PendingAuth { source, head, authorization, pair, .. }) = self.asked(request)
        else {
            return;
        };
        let view = head.view();
        let outcome = self.verify(now, &view, &authorization, &verdict).and_then(|info| {
            self.guesses.succeeded(&pair);
            self.grant(now, source, &view, authorization.username(), Some(&info))
        });
        if let Err(denied) = outcome {
            self.deny(now, source, &view, denied);
        }
    }

    /// Offers these algorithms in challenges from now on, instead of
    /// [`RelayConfig::algorithms`](super::RelayConfig::algorithms).
    pub fn set_algorithms(&mut self, algorithms: &[Algorithm]) {
        self.digest.set_algorithms(algorithms);
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
        self.digest
            .check(now, &authorization, uri.as_str())
            .map_err(|rejection| Denied::rejected(rejection, authorization.username()))?;
        self.ask(now, source, head, authorization)
    }

    fn verify(
        &mut self,
        now: Instant,
        head: &HeadRef<'_>,
        authorization: &Authorization,
        verdict: &Verdict,
    ) -> Result<AuthenticationInfo, Denied> {
        let username = authorization.username();
        let ha1 = match verdict {
            Verdict::Known(ha1) => Some(ha1),
            Verdict::Unknown | Verdict::Forbidden => None,
        };
        let uri = head.to_path().last();
        let verified = self.digest.verify(now, authorization, uri.as_str(), ha1, &mut self.random);
        verified.map_err(|rejection| match verdict {
            Verdict::Forbidden => {
                Denied::failed(username, AuthFailure::Forbidden, StatusCode::FORBIDDEN)
            }
            Verdict::Unknown if rejection == Rejection::Wrong => {
                Denied::failed(username, AuthFailure::UnknownUser, StatusCode::UNAUTHORIZED)
            }
            Verdict::Known(_) | Verdict::Unknown => Denied::rejected(rejection, username),
        })
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
        self.hold_back_itself(source);
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
        let (id, use_path) = (self.tokens.next_id(), use_path(head, &uri));
        let back = head.from_path().first();
        let account = self.holdings.add_token(&user, id);
        let charge = account.charge_in(&self.tokens.pool, back.as_str().len());
        let token = Token {
            id,
            uri,
            owner: name.map_or(Owner::Connection(source), Owner::Relay),
            back: back.to_uri(),
            username: username.into(),
            expires: ends,
            usage: Default::default(),
            _charge: charge,
        };
        if let (Owner::Connection(_), Some(link)) = (&token.owner, self.links.get_mut(source)) {
            link.tokens.push(id);
        }
        self.tokens.insert(token);
        // On the connection of another relay, others send as well.
        let is_from_relay = head.from_path().len() > 1;
        if !is_from_relay && !self.links.get(source).is_some_and(|link| link.peer.is_relay()) {
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
}

/// The whole path: the relays through which the AUTH has come, in the order in
/// which they follow the client, then the URI of this relay.
fn use_path(head: &HeadRef<'_>, own: &MsrpUri) -> Path {
    let relays = head.from_path().iter().rev().skip(1).map(UriRef::to_uri);
    Path::new(relays.chain([own.clone()])).unwrap_or_else(|_| own.clone().into())
}
