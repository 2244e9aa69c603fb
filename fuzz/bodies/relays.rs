//! A client and relays that answer as the input says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::auth::Credentials;
use msrp::wire::{Decoder, Frame, Head, Method};
use msrp::{
    AuthKey, Authentication, Config, Connection, Event, MsrpUri, Random, RelayRoute, Role,
    UriParameter,
};

use super::input::Input;

const OWN: &str = "msrps://alice.example:9892/98cjs;tcp";
const INNER: &str = "msrps://intra.example;tcp";
const OUTER: &str = "msrps://extra.example;tcp";

/// The most AUTHs that one relay is sent for one route.
const MOST_REQUESTS: u32 = 9;

const NAMES: [&str; 7] = [
    "WWW-Authenticate",
    "Use-Path",
    "Expires",
    "Min-Expires",
    "Max-Expires",
    "Authentication-Info",
    "X-Other",
];

/// What relays say, so that the input need not spell it.
const VALUES: [&str; 7] = [
    "Digest realm=\"intra.example\", qop=\"auth\", nonce=\"dcd98b71\"",
    "Digest realm=\"intra.example\", qop=\"auth\", nonce=\"8b710dcd\", stale=true",
    "msrps://intra.example:9000/jui787s2f;tcp",
    "msrps://intra.example:9000/jui787s2f;tcp msrps://extra.example:9000/mywdEe1233;tcp",
    "900",
    "60",
    "nextnonce=\"bz8V080G\", qop=auth",
];

const STATUSES: [&str; 4] =
    ["200 OK", "401 Unauthorized", "423 Interval Out-of-Bounds", "403 Forbidden"];

pub(crate) fn run(data: &[u8]) {
    let mut input = Input(data);
    let mut client = Client::new();
    while !input.is_empty() && !client.connection.is_closed() {
        match input.below(8) {
            0 => client.ask(&mut input),
            1 => client.stop(&mut input),
            2 => client.pass(Duration::from_secs(input.short().into())),
            3 => client.feed(input.string()),
            _ => client.answer(&mut input),
        }
        client.settle();
    }
    client.finish();
}

/// What is known of one authentication.
#[derive(Debug)]
struct Asked {
    relays: u32,
    refreshes: bool,
    is_over: bool,
}

struct Client {
    connection: Connection,
    now: Instant,
    input: BytesMut,
    asked: BTreeMap<AuthKey, Asked>,
    /// Requests without an answer.
    requests: Vec<Head>,
    /// AUTHs since the last event, of all authentications.
    sent: u32,
}

impl Client {
    fn new() -> Self {
        let now = Instant::now();
        let mut config = Config::default();
        config.limits.authentications = 3;
        let connection = Connection::new(Arc::new(config), Role::Active, Cheap(1), now).unwrap();
        let (asked, requests) = (BTreeMap::new(), Vec::new());
        Self { connection, now, input: BytesMut::new(), asked, requests, sent: 0 }
    }

    fn ask(&mut self, input: &mut Input<'_>) {
        let mut asks = Authentication::over_tls(uri(OWN), uri(INNER));
        let (has_outer, refreshes) = (input.bool(), input.bool());
        if has_outer {
            asks = asks.outer(uri(OUTER));
        }
        if input.bool() {
            asks = asks.credentials(Credentials::new(input.text(), input.text()));
        }
        if input.bool() {
            asks = asks.expires(Duration::from_secs(input.short().into()));
        }
        asks = asks.refresh(refreshes).uri_parameter(match input.below(3) {
            0 => UriParameter::Fallback,
            1 => UriParameter::Always,
            _ => UriParameter::Never,
        });
        if let Ok(key) = self.connection.authenticate(asks) {
            let relays = if has_outer { 2 } else { 1 };
            let before = self.asked.insert(key, Asked { relays, refreshes, is_over: false });
            assert!(before.is_none(), "a key is used twice");
        }
    }

    fn stop(&mut self, input: &mut Input<'_>) {
        let nth = input.below(self.asked.len().max(1));
        let Some((key, asked)) = self.asked.iter_mut().nth(nth) else { return };
        assert_eq!(self.connection.stop_authentication(*key).is_ok(), !asked.is_over);
        asked.is_over = true;
    }

    fn answer(&mut self, input: &mut Input<'_>) {
        if self.requests.is_empty() {
            return;
        }
        let request = self.requests.remove(input.below(self.requests.len()));
        let view = request.view();
        let (id, to, from) = (view.transaction_id(), view.from_path(), view.to_path());
        let status = STATUSES[input.below(STATUSES.len())];
        let mut text = format!("MSRP {id} {status}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n");
        for _ in 0..input.below(5) {
            let name = NAMES[input.below(NAMES.len())];
            let value = match VALUES.get(input.below(VALUES.len() + 1)) {
                Some(value) => value,
                None => input.text(),
            };
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("-------{id}$\r\n");
        self.feed(text.as_bytes());
    }

    fn feed(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        let _ = self.connection.receive(self.now, &mut self.input);
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        // Each deadline in its time: a refresh begins with what is due then.
        for _ in 0..64 {
            let Some(due) = self.connection.poll_timeout().filter(|due| *due <= end) else { break };
            self.now = due.max(self.now);
            self.connection.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
        self.connection.handle_timeout(end);
    }

    /// Takes what leaves and what is told.
    fn settle(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            self.event(event);
        }
        let mut octets = BytesMut::new();
        while let Some(mut transmit) = self.connection.poll_transmit(self.now) {
            octets.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
        }
        let mut decoder = Decoder::default();
        while let Ok(Some(frame)) = decoder.decode(&mut octets) {
            let Frame::Head(head) = frame else { continue };
            if head.view().method() == Some(Method::Auth) {
                assert_eq!(head.view().from_path().as_str(), OWN);
                self.requests.push(head);
                self.sent += 1;
            }
        }
        assert!(octets.is_empty(), "what leaves is whole frames");
        let relays: u32 = self.asked.values().map(|asked| asked.relays).sum();
        assert!(self.sent <= relays * MOST_REQUESTS, "relays make their client ask for ever");
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Authenticated { key, route } => {
                let asked = self.asked.get_mut(&key).unwrap();
                assert!(!asked.is_over, "more is told of {asked:?}");
                asked.is_over = !asked.refreshes || route.expires().is_none();
                self.sent = 0;
                assert_can_be_told(&route);
            }
            Event::AuthenticationFailed { key, .. } => {
                let asked = self.asked.get_mut(&key).unwrap();
                assert!(!asked.is_over, "more is told of {asked:?}");
                asked.is_over = true;
                self.sent = 0;
            }
            _ => {}
        }
    }

    /// Nobody answers any more: what waits for a first route is over soon.
    fn finish(&mut self) {
        for _ in 0..4 {
            self.pass(Duration::from_secs(30));
            self.settle();
        }
        self.connection.close();
        self.settle();
        for asked in self.asked.values() {
            assert!(asked.is_over || asked.refreshes, "nothing is told of {asked:?}");
        }
        assert_eq!(self.connection.poll_timeout(), None);
    }
}

fn assert_can_be_told(route: &RelayRoute) {
    let path = route.path();
    assert_eq!(path.last(), uri(OWN).view());
    let peer = uri("msrps://bob.example:8145/foofoofoo;tcp").into();
    let to = route.to_path(&peer);
    assert_eq!(to.len(), path.len());
    assert_eq!(to.reversed().as_str().parse(), Ok(to.reversed()));
    assert_eq!(to.first(), route.use_path().first());
}

fn uri(text: &str) -> MsrpUri {
    text.parse().unwrap()
}

/// Octets that differ, and are the same in every run.
struct Cheap(u64);

impl Random for Cheap {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        for octet in octets {
            self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(11);
            *octet = (self.0 >> 56) as u8;
        }
        Ok(())
    }
}
