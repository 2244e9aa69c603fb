//! A client, and the scripted relays that it uses.

use std::time::{Duration, Instant};

use msrp::auth::{Algorithm, Authorization, Challenge, Credentials, DigestServer, Ha1};
use msrp::{
    AuthKey, Authentication, AuthenticationFailure, Config, Event, MsrpUri, RelayRoute, Role,
};

use crate::common::wire::{Sent, frames};
use crate::common::{Seeded, Side};

pub const OWN: &str = "msrps://alice.example:9892/98cjs;tcp";
pub const INTRA: &str = "msrps://intra.example;tcp";
pub const EXTRA: &str = "msrps://extra.example;tcp";
pub const INTRA_TOKEN: &str = "msrps://intra.example:9000/jui787s2f;tcp";
pub const EXTRA_TOKEN: &str = "msrps://extra.example:9000/mywdEe1233;tcp";
pub const CHALLENGE: &str = "Digest realm=\"intra.example\", qop=\"auth\", nonce=\"dcd98b71\"";
pub const STALE: &str =
    "Digest realm=\"intra.example\", qop=\"auth\", nonce=\"8b710dcd\", stale=TRUE";

pub fn uri(text: &str) -> MsrpUri {
    text.parse().unwrap()
}

/// One relay, with credentials.
pub fn one() -> Authentication {
    Authentication::over_tls(uri(OWN), uri(INTRA)).credentials(Credentials::new("alice", "secret"))
}

/// The client of relays.
pub struct Client {
    pub side: Side,
    pub now: Instant,
}

impl Client {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        let now = Instant::now();
        Self { side: Side::new(config, Role::Active, 3, now), now }
    }

    pub fn ask(&mut self, authentication: Authentication) -> AuthKey {
        self.side.connection.authenticate(authentication).unwrap()
    }

    /// The octets that leave now.
    pub fn sent(&mut self) -> Vec<Sent> {
        frames(&self.side.drain(self.now))
    }

    /// The one AUTH that leaves now.
    pub fn auth(&mut self) -> Sent {
        let mut sent = self.sent();
        assert_eq!(sent.iter().map(|it| &it.what[..]).collect::<Vec<_>>(), ["AUTH"]);
        sent.remove(0)
    }

    pub fn respond(&mut self, request: &Sent, status: &str, headers: &[(&str, &str)]) {
        self.side.feed(self.now, &response(request, status, headers));
    }

    /// Responds to the AUTH that leaves now.
    pub fn respond_next(&mut self, status: &str, headers: &[(&str, &str)]) -> Sent {
        let request = self.auth();
        self.respond(&request, status, headers);
        request
    }

    pub fn challenge(&mut self) -> Sent {
        self.respond_next("401 Unauthorized", &[("WWW-Authenticate", CHALLENGE)])
    }

    pub fn advance(&mut self, by: Duration) {
        self.now += by;
        self.side.connection.handle_timeout(self.now);
        self.side.take_events();
    }

    pub fn events(&mut self) -> Vec<Event> {
        self.side.events()
    }

    /// The only event.
    pub fn event(&mut self) -> Event {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    pub fn route(&mut self) -> RelayRoute {
        match self.event() {
            Event::Authenticated { route, .. } => route,
            other => panic!("{other:?}"),
        }
    }

    pub fn failure(&mut self) -> (String, AuthenticationFailure) {
        match self.event() {
            Event::AuthenticationFailed { relay, reason, .. } => (relay.to_string(), reason),
            other => panic!("{other:?}"),
        }
    }
}

/// The response of a relay to an AUTH, back along the whole path.
pub fn response(request: &Sent, status: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let (to, from) = (request.header("From-Path").unwrap(), request.header("To-Path").unwrap());
    let mut text =
        format!("MSRP {} {status}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n", request.id);
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("-------{}$\r\n", request.id);
    text.into_bytes()
}

pub fn authorization(request: &Sent) -> Option<Authorization> {
    request.header("Authorization").map(|value| Authorization::parse(value).unwrap())
}

/// The parameters of a header field with digest parameters, as they are
/// written.
pub fn parameter<'a>(request: &'a Sent, name: &str) -> Option<&'a str> {
    let value = request.header("Authorization")?.strip_prefix("Digest ")?;
    value.split(", ").find_map(|it| it.strip_prefix(name)?.strip_prefix('='))
}

/// A relay that checks the credentials.
pub struct Relay {
    pub digest: DigestServer,
    pub token: String,
    pub lifetime: u32,
    secret: Ha1,
    random: Seeded,
}

impl Relay {
    pub fn new(realm: &str, token: &str, user: &str, password: &str, now: Instant) -> Self {
        let mut random = Seeded(8);
        Self {
            digest: DigestServer::new(realm, vec![Algorithm::Md5], now, &mut random)
                .unwrap()
                .nonce_lifetime(Duration::from_secs(3600)),
            token: token.into(),
            lifetime: 900,
            secret: Ha1::new(Algorithm::Md5, user, realm, password),
            random,
        }
    }

    /// The response to an AUTH, and whether it is a success.
    pub fn respond(&mut self, now: Instant, request: &Sent) -> (Vec<u8>, bool) {
        let last = request.header("To-Path").unwrap().split(' ').next_back().unwrap();
        let accepted = authorization(request).and_then(|authorization| {
            let random = &mut self.random;
            self.digest.verify(now, &authorization, last, Some(&self.secret), random).ok()
        });
        let Some(info) = accepted else {
            let challenges = self.digest.challenges(now, false, &mut self.random).unwrap();
            let challenge = challenges.first().map(Challenge::to_string).unwrap();
            let headers = [("WWW-Authenticate", &challenge[..])];
            return (response(request, "401 Unauthorized", &headers), false);
        };
        let (info, lifetime) = (info.to_string(), self.lifetime.to_string());
        let headers =
            [("Use-Path", &self.token[..]), ("Authentication-Info", &info), ("Expires", &lifetime)];
        (response(request, "200 OK", &headers), true)
    }
}
