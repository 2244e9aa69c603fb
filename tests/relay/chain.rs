//! Chains of relays, connected in memory (RFC 4976 sections 3 and 5.1).

use std::collections::BTreeMap;

use msrp::auth::{Credentials, DigestClient};
use msrp::relay::{ConnectionId, RelayClose, RelayConfig};

use crate::common::Seeded;
use crate::common::wire::{Raw, Sent};
use crate::world::*;

const NAMES: [&str; 3] = ["a.example", "b.example", "c.example"];

/// One end of a connection: the relay, and its id there.
type End = (usize, ConnectionId);

/// Three relays that can connect to each other, and the peers to which they have
/// connected.
struct Chain {
    relays: Vec<World>,
    wires: BTreeMap<End, End>,
    called: BTreeMap<String, End>,
}

fn address(relay: usize) -> String {
    format!("msrps://{}:9000;tcp", NAMES[relay])
}

impl Chain {
    fn new() -> Self {
        let relays = NAMES.iter().zip(100..).enumerate().map(|(n, (name, seed))| {
            World::seeded(RelayConfig::new(address(n).parse().unwrap(), *name), seed)
        });
        Self { relays: relays.collect(), wires: BTreeMap::new(), called: BTreeMap::new() }
    }

    /// Carries octets between the relays until none are left.
    fn settle(&mut self) {
        loop {
            let mut is_quiet = true;
            for n in 0..self.relays.len() {
                for (link, uri) in self.relays[n].wanted() {
                    is_quiet = false;
                    self.connect(n, link, &uri);
                }
            }
            for (from, to) in self.wires.clone() {
                let octets = self.relays[from.0].octets(from.1);
                is_quiet &= octets.is_empty();
                self.relays[to.0].give(to.1, &octets);
            }
            if is_quiet {
                return;
            }
        }
    }

    fn connect(&mut self, from: usize, link: ConnectionId, uri: &str) {
        let of = |n: usize| tls().relay_names(vec![NAMES[n].to_string()]);
        let now = self.relays[from].now;
        let Some(to) = NAMES.iter().position(|name| uri.contains(&format!("//{name}"))) else {
            self.called.insert(uri.to_string(), (from, link));
            self.relays[from].relay.connected(now, link, tls());
            return self.relays[from].settle();
        };
        let other = self.relays[to].accept(of(from));
        self.wires.insert((from, link), (to, other));
        self.wires.insert((to, other), (from, link));
        self.relays[from].relay.connected(now, link, of(to));
        self.relays[from].settle();
    }

    fn give(&mut self, (relay, link): End, octets: &[u8]) {
        self.relays[relay].give(link, octets);
        self.settle();
    }

    fn one(&mut self, (relay, link): End) -> Sent {
        self.relays[relay].one(link)
    }

    fn sent(&mut self, (relay, link): End) -> Vec<Sent> {
        self.relays[relay].sent(link)
    }

    fn advance(&mut self, by: std::time::Duration) {
        for relay in &mut self.relays {
            relay.advance(by);
        }
        self.settle();
    }

    /// Authenticates a client of the first relay to every relay, each through those
    /// before it. Returns the last Use-Path.
    fn enter(&mut self, own: &str) -> (End, String) {
        let end = (0, self.relays[0].accept(tls()));
        let mut path = String::new();
        for n in 0..NAMES.len() {
            let to = format!("{path} {}", address(n)).trim().to_string();
            let ask = Raw::new("AUTH", "ask1").to(&to).from(own);
            self.give(end, &ask.octets());
            let challenge = self.one(end);
            assert_eq!(challenge.what, "401", "{}", challenge.head);
            let mut digest = DigestClient::new(Credentials::new("alice", "secret"));
            digest.challenged(values(&challenge, "WWW-Authenticate").into_iter()).unwrap();
            let value =
                digest.authorization(&address(n), true, &mut Seeded(n as u64)).unwrap().unwrap();
            self.give(end, &ask.header("Authorization", &value.to_string()).octets());
            let granted = self.one(end);
            assert_eq!((&granted.what[..], &granted.id[..]), ("200", "ask1"), "{}", granted.head);
            assert_eq!(granted.header("To-Path"), Some(own));
            digest.accepted(granted.header("Authentication-Info")).unwrap();
            let use_path = granted.header("Use-Path").unwrap();
            assert!(use_path.starts_with(&path), "{use_path}");
            path = use_path.to_string();
        }
        (end, path)
    }
}

fn reversed(path: &str) -> String {
    path.split(' ').rev().collect::<Vec<_>>().join(" ")
}

/// Alice at the first of three relays, and Bob after the last.
struct Session {
    chain: Chain,
    alice: End,
    bob: End,
    path: String,
}

impl Session {
    fn new() -> Self {
        let mut chain = Chain::new();
        let (alice, path) = chain.enter(ALICE);
        let open = Raw::send("open1").to(&format!("{path} {BOB}")).from(ALICE);
        chain.give(alice, &open.message("open").range("1-0/0").octets());
        let bob = chain.called[BOB];
        let request = chain.one(bob);
        chain.give(bob, &response(&request, "200 OK", &[]));
        assert_eq!(chain.one(alice).what, "200");
        Self { chain, alice, bob, path }
    }

    fn chunk(&self, id: &str, range: &str, body: &str) -> Vec<u8> {
        let chunk = Raw::chunk(id, "m1", range, body, '$').header("Success-Report", "yes");
        chunk.to(&format!("{} {BOB}", self.path)).from(ALICE).octets()
    }
}

// req: 4976-5.1-8 4976-4.2-2 4976-6.4.3-5 4976-6.3-1
#[test]
fn each_relay_is_asked_through_those_before() {
    let mut chain = Chain::new();
    let (_, path) = chain.enter(ALICE);
    let hosts: Vec<_> = path.split(' ').collect();
    assert_eq!(hosts.len(), 3);
    for (uri, name) in hosts.iter().zip(NAMES) {
        assert!(uri.starts_with(&format!("msrps://{name}:9000/")), "{uri}");
    }
    assert_eq!(chain.wires.len(), 4);
    for relay in &chain.relays {
        assert_eq!(relay.relay.statistics().tokens, 1);
    }
}

// req: 4976-3-1 4976-6.4.1-2 4976-6.4.1-9
#[test]
fn a_message_crosses_them_all_and_its_report_comes_back() {
    let mut session = Session::new();
    let octets = session.chunk("c1", "1-5/5", "hello");
    session.chain.give(session.alice, &octets);
    let answer = session.chain.one(session.alice);
    let first = session.path.split(' ').next();
    assert_eq!((answer.header("To-Path"), answer.header("From-Path")), (Some(ALICE), first));
    let sent = session.chain.one(session.bob);
    let back = format!("{} {ALICE}", reversed(&session.path));
    assert_eq!((sent.header("To-Path"), sent.header("From-Path")), (Some(BOB), Some(&back[..])));
    assert_eq!(sent.body.as_deref(), Some(&b"hello"[..]));
    session.chain.give(session.bob, &response(&sent, "200 OK", &[]));

    let report = Raw::new("REPORT", "r1").to(&back).from(BOB).message("m1").range("1-5/5");
    session.chain.give(session.bob, &report.header("Status", "000 200 OK").octets());
    let told = session.chain.one(session.alice);
    assert_eq!((&told.what[..], told.header("Status")), ("REPORT", Some("000 200 OK")));
    assert_eq!(told.header("To-Path"), Some(ALICE));
    assert_eq!(told.header("From-Path"), Some(&*format!("{} {BOB}", session.path)));
    assert!(session.chain.sent(session.bob).is_empty());
}

/// The last relay sends the REPORT, and the others forward it.
// req: 4976-6.4.1-4 4976-6.4.1-5
#[test]
fn a_failure_far_away_comes_back() {
    for status in [None, Some("415")] {
        let mut session = Session::new();
        let octets = session.chunk("c1", "1-5/5", "hello");
        session.chain.give(session.alice, &octets);
        session.chain.one(session.alice);
        let sent = session.chain.one(session.bob);
        match status {
            Some(status) => {
                session.chain.give(session.bob, &response(&sent, &format!("{status} No"), &[]));
            }
            None => session.chain.advance(30 * SECOND),
        }
        let told = session.chain.one(session.alice);
        let expected = format!("000 {}", status.unwrap_or("408"));
        assert_eq!(told.what, "REPORT");
        assert!(told.header("Status").unwrap().starts_with(&expected), "{}", told.head);
        assert_eq!(told.header("From-Path"), Some(&session.path[..]));
        assert_eq!((told.header("To-Path"), told.range()), (Some(ALICE), "1-5/*"));
    }
}

// req: 4976-3-2
#[test]
fn a_large_message_stays_in_order() {
    let mut session = Session::new();
    let body: String = (b'a'..=b'z').cycle().take(300_000).map(char::from).collect();
    let octets = session.chunk("c1", "1-*/300000", &body);
    for piece in octets.chunks(60_000) {
        session.chain.give(session.alice, piece);
    }
    let mut joined = Vec::new();
    for part in session.chain.sent(session.bob) {
        assert!(part.range().starts_with(&format!("{}-", joined.len() + 1)));
        joined.extend_from_slice(part.body.as_deref().unwrap());
    }
    assert!(joined == body.as_bytes());
}

/// A token that was issued to a relay is not valid on a connection with another
/// peer.
// req: 4976-6.3-2 4976-6.4-2
#[test]
fn a_stranger_cannot_use_the_path_of_another() {
    let mut session = Session::new();
    let stranger = (2, session.chain.relays[2].accept(tls()));
    let last = session.path.rsplit(' ').next().unwrap();
    let chunk = Raw::chunk("c1", "m1", "1-2/2", "hi", '$').to(&format!("{last} {BOB}"));
    session.chain.give(stranger, &chunk.from(ALICE).octets());
    assert_eq!(session.chain.one(stranger).what, "403");
    assert!(session.chain.sent(session.bob).is_empty());
    let foreign = Raw::new("AUTH", "a1").to(&address(1)).from(ALICE);
    session.chain.give(stranger, &foreign.octets());
    let closes = session.chain.relays[2].closes();
    assert_eq!(closes, [(stranger.1, RelayClose::NotForThisRelay)]);
}
