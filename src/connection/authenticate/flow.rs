//! One authentication: which AUTH goes to which relay, and what follows from the
//! response. Each kind of retry happens once, so that no relay can cause a loop.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Authentication, RelayAccount, UriParameter};
use crate::auth::{AuthErrorKind, Authorization, Challenge, Credentials, DigestClient};
use crate::connection::event::authentication::AuthenticationFailure;
use crate::connection::event::route::RelayRoute;
use crate::random::{Random, RandomError};
use crate::time::Instant;
use crate::uri::{MsrpUri, Path};
use crate::wire::{HeadRef, HeaderName, StatusCode};

/// The least time from a route to the next, however short its lifetime.
const LEAST_REFRESH: Duration = Duration::from_secs(1);

/// The next step of an authentication.
pub(super) enum Next {
    /// Send an AUTH.
    Ask,
    /// Every relay has granted its part. The next route is due at `refresh`.
    Done { route: RelayRoute, refresh: Option<Instant> },
    /// No route.
    Failed(AuthenticationFailure),
}

/// The fields of an AUTH.
pub(super) struct Request {
    pub(super) to_path: Path,
    pub(super) expires: Option<u32>,
    pub(super) authorization: Option<Authorization>,
}

#[derive(Debug)]
pub(super) struct Flow {
    local: MsrpUri,
    refreshes: bool,
    fallback_wait: Duration,
    is_asking: bool,
    /// The relay that the current AUTH is for.
    relay: Relay,
    /// The others, in the order in which they follow.
    others: VecDeque<Relay>,
    round: Round,
}

/// A relay, and what is known of it.
#[derive(Debug)]
struct Relay {
    uri: MsrpUri,
    credentials: Option<Credentials>,
    /// The challenge of the relay, and the nonces that it gave later. The
    /// protection space is the relay itself (RFC 4976 section 9.1).
    digest: Option<DigestClient>,
    with_uri: bool,
    /// Whether the other value of `with_uri` may still be tried.
    may_switch: bool,
    expires: Option<u32>,
}

/// The progress towards one route.
#[derive(Debug)]
struct Round {
    /// The number of relays after the current one.
    left: usize,
    /// The Use-Path of the relays before it.
    path: Option<Path>,
    expires: Option<Instant>,
    refresh: Option<Instant>,
    tried: Tried,
}

/// What has been tried with one relay in a round.
#[derive(Debug, Default)]
struct Tried {
    /// Whether the last AUTH was the first answer to its challenge.
    is_fresh: bool,
    stale: bool,
    min_expires: bool,
    max_expires: bool,
}

impl Flow {
    pub(super) fn new(authentication: Authentication) -> Self {
        let Authentication { local, first, outer, credentials, expires, uri_parameter, .. } =
            authentication;
        let relay = |RelayAccount { uri, credentials: own }| Relay {
            uri,
            credentials: own.or_else(|| credentials.clone()),
            digest: None,
            with_uri: uri_parameter != UriParameter::Never,
            may_switch: uri_parameter == UriParameter::Fallback,
            expires,
        };
        let others: VecDeque<Relay> = outer.into_iter().map(relay).collect();
        Self {
            local,
            refreshes: authentication.refreshes,
            fallback_wait: authentication.fallback_wait,
            is_asking: false,
            relay: relay(first),
            round: Round::new(others.len()),
            others,
        }
    }

    pub(super) const fn local(&self) -> &MsrpUri {
        &self.local
    }

    /// The relay that the current AUTH is for.
    pub(super) const fn relay(&self) -> &MsrpUri {
        &self.relay.uri
    }

    /// Whether a route is in progress.
    pub(super) const fn is_asking(&self) -> bool {
        self.is_asking
    }

    /// How long an AUTH waits for its response before the other form is tried.
    pub(super) const fn fallback_wait(&self) -> Duration {
        self.fallback_wait
    }

    /// Whether silence may mean that the relay wants the other form: it has sent a
    /// challenge, and this answer is the first.
    pub(super) const fn may_fall_back(&self) -> bool {
        self.round.tried.is_fresh && self.relay.may_switch
    }

    /// The next AUTH.
    pub(super) fn request(&mut self, random: &mut dyn Random) -> Result<Request, RandomError> {
        self.is_asking = true;
        let relay = &mut self.relay;
        let uri = relay.uri.as_str();
        let authorization = match &mut relay.digest {
            Some(digest) => digest.authorization(uri, relay.with_uri, random)?,
            None => None,
        };
        Ok(Request {
            to_path: match &self.round.path {
                Some(path) => path.with_last(relay.uri.view()),
                None => relay.uri.clone().into(),
            },
            expires: relay.expires,
            authorization,
        })
    }

    /// Takes the response to an AUTH that left at `asked`. `use_path` is its
    /// Use-Path, if it is usable.
    pub(super) fn responded(
        &mut self,
        asked: Instant,
        head: &HeadRef<'_>,
        status: StatusCode,
        use_path: Option<Path>,
    ) -> Next {
        let result = match status {
            status if status.is_success() => return self.accepted(asked, head, use_path),
            StatusCode::UNAUTHORIZED => self.challenged(head),
            StatusCode::OUT_OF_BOUNDS => self.out_of_bounds(head),
            status => Err(AuthenticationFailure::Rejected(status)),
        };
        result.map_or_else(Next::Failed, |()| Next::Ask)
    }

    /// A relay that sends a challenge and does not respond to an Authorization
    /// with `uri` is reachable, so it gets a new AUTH without Authorization.
    pub(super) fn timed_out(&mut self) -> Next {
        if !self.may_fall_back() || !self.relay.switch() {
            return Next::Failed(AuthenticationFailure::TimedOut);
        }
        self.relay.digest = None;
        self.round.tried.is_fresh = false;
        Next::Ask
    }

    /// Answers a challenge. A second challenge is a refusal, unless the nonce was
    /// stale or the `uri` parameter can be the reason.
    fn challenged(&mut self, head: &HeadRef<'_>) -> Result<(), AuthenticationFailure> {
        let values = || values(head, HeaderName::WwwAuthenticate);
        let tried = &mut self.round.tried;
        if tried.is_fresh {
            let is_stale = values().flat_map(Challenge::each).flatten().any(|it| it.is_stale());
            if is_stale && !tried.stale {
                tried.stale = true;
            } else if is_stale || !self.relay.switch() {
                return Err(AuthenticationFailure::Unauthorized);
            }
        }
        let credentials =
            self.relay.credentials.clone().ok_or(AuthenticationFailure::NoCredentials)?;
        let mut digest = DigestClient::new(credentials);
        digest.challenged(values()).map_err(|_| AuthenticationFailure::Challenge)?;
        self.relay.digest = Some(digest);
        tried.is_fresh = true;
        Ok(())
    }

    /// Asks for a lifetime that the relay allows (section 4.6).
    fn out_of_bounds(&mut self, head: &HeadRef<'_>) -> Result<(), AuthenticationFailure> {
        let (relay, tried) = (&mut self.relay, &mut self.round.tried);
        let min = seconds(head, HeaderName::MinExpires).filter(|_| !tried.min_expires);
        let max = seconds(head, HeaderName::MaxExpires).filter(|_| !tried.max_expires);
        relay.expires = match (min, max, relay.expires) {
            (Some(min), _, asked) if asked.is_none_or(|asked| asked < min) => {
                tried.min_expires = true;
                Some(min)
            }
            (_, Some(max), asked) if asked.is_none_or(|asked| asked > max) => {
                tried.max_expires = true;
                Some(max)
            }
            _ => return Err(AuthenticationFailure::Lifetime),
        };
        // The relay may let a nonce count for one AUTH only.
        tried.is_fresh = false;
        Ok(())
    }

    fn accepted(&mut self, asked: Instant, head: &HeadRef<'_>, use_path: Option<Path>) -> Next {
        let info = values(head, HeaderName::AuthenticationInfo).next();
        if let Some(digest) = &mut self.relay.digest {
            // An unreadable Authentication-Info counts as a missing one.
            let outcome = digest.accepted(info).map_err(|error| error.kind());
            if let Err(AuthErrorKind::OtherRequest | AuthErrorKind::WrongRelay) = outcome {
                return Next::Failed(AuthenticationFailure::Impostor);
            }
            // The form that this relay accepts also serves the next route.
            self.relay.may_switch = false;
        }
        let Some(path) = use_path else {
            return Next::Failed(AuthenticationFailure::NoRoute);
        };
        let lifetime = seconds(head, HeaderName::Expires).or(self.relay.expires);
        let path = self.round.whole(path);
        self.round.limit(asked, lifetime);
        self.turn_to_next();
        if self.round.next(&path) { Next::Ask } else { self.done(path) }
    }

    fn turn_to_next(&mut self) {
        if let Some(next) = self.others.pop_front() {
            self.others.push_back(std::mem::replace(&mut self.relay, next));
        }
    }

    fn done(&mut self, use_path: Path) -> Next {
        let Round { expires, refresh, .. } =
            std::mem::replace(&mut self.round, Round::new(self.others.len()));
        self.is_asking = false;
        let route = RelayRoute::new(self.local.clone(), use_path, expires);
        Next::Done { route, refresh: refresh.filter(|_| self.refreshes) }
    }
}

impl Relay {
    /// Switches to the other form of Authorization, with or without `uri`, once.
    const fn switch(&mut self) -> bool {
        let may_switch = self.may_switch;
        if may_switch {
            self.with_uri = !self.with_uri;
            self.may_switch = false;
        }
        may_switch
    }
}

impl Round {
    /// The Use-Path from the client to this relay. An outer relay should name the
    /// inner ones as well. By another reading of RFC 4976 section 5.1 (errata 1273
    /// and 1276) it names only itself.
    fn whole(&self, path: Path) -> Path {
        match &self.path {
            Some(inner) if inner.first() != path.first() => inner.followed_by(path.view()),
            _ => path,
        }
    }

    fn new(left: usize) -> Self {
        Self { left, path: None, expires: None, refresh: None, tried: Tried::default() }
    }

    /// Continues with the next relay, through those before it. Returns whether
    /// there is one.
    fn next(&mut self, path: &Path) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        self.path = Some(path.clone());
        self.tried = Tried::default();
        true
    }

    /// A route expires with the first of its URIs. Each relay sets a lifetime of
    /// its own (section 5.1).
    fn limit(&mut self, from: Instant, seconds: Option<u32>) {
        let Some(lifetime) = seconds.map(|it| Duration::from_secs(it.into())) else { return };
        self.expires = earlier(self.expires, from.checked_add(lifetime));
        let until_refresh = (lifetime * 3 / 4).max(LEAST_REFRESH);
        self.refresh = earlier(self.refresh, from.checked_add(until_refresh));
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    [one, other].into_iter().flatten().min()
}

fn values<'a>(head: &HeadRef<'a>, name: HeaderName) -> impl Iterator<Item = &'a str> {
    head.headers()
        .filter(move |(found, _)| HeaderName::of(found.as_bytes()) == Some(name))
        .map(|(_, value)| value)
}

/// A whole number of seconds. A number too large for `u32` counts as the largest.
fn seconds(head: &HeadRef<'_>, name: HeaderName) -> Option<u32> {
    let value = values(head, name).next()?;
    let is_number = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| value.parse().unwrap_or(u32::MAX))
}
