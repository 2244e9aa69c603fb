//! A relay whose memory is counted, and what its peers do with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::Transmit;
use msrp::auth::{Credentials, DigestClient};
use msrp::relay::{ConnectionId, Peer, Relay, RelayConfig, RelayEvent, RelayLimits, Security};

use crate::common::Seeded;
use crate::common::wire::{Raw, Sent, frames};
use crate::heap::{counted, held};

pub const RELAY: &str = "msrps://a.example:9000;tcp";
pub const ALICE: &str = "msrps://alice.example:7965/bar;tcp";

/// The octets of one read.
pub const READ: usize = 16 * KIB;
const KIB: usize = 1024;
/// The octets of a URI, just within the limit.
const URI: usize = 4_000;

/// A relay with so little memory that each means alone would need more.
fn config() -> RelayConfig {
    let mut config = RelayConfig::new(RELAY.parse().unwrap(), "a.example");
    config.limits.connections = 128;
    config.limits.tokens = 2_000;
    config.limits.memory_octets = 4 * 1024 * KIB;
    config
}

/// The formula of [`RelayLimits`], without nonces and guesses, of which there are none.
fn bound(config: &RelayConfig, connections: usize, tokens: usize) -> usize {
    let RelayLimits { memory_octets, whole_octets, .. } = config.limits;
    let arriving = 2 * (config.parse.head_octets + whole_octets);
    memory_octets + connections * (3 * READ + arriving + 16 * KIB) + tokens * 2 * KIB
}

pub struct Flood {
    relay: Relay,
    config: RelayConfig,
    now: Instant,
    /// The incomplete frames of each connection.
    rests: BTreeMap<ConnectionId, BytesMut>,
    /// What the transports of those hold that take nothing.
    leaving: Vec<(ConnectionId, Transmit)>,
    /// What WebSockets hold of messages.
    halves: BTreeMap<ConnectionId, Vec<u8>>,
    /// The connections that take what they get.
    readers: BTreeSet<ConnectionId>,
    received: BTreeMap<ConnectionId, Vec<u8>>,
    /// The connections that the relay has asked for.
    wanted: Vec<ConnectionId>,
    before: isize,
    /// The most octets, connections and tokens at a time.
    most: isize,
    connections: u64,
    tokens: u64,
    numbers: usize,
}

impl Flood {
    pub fn new() -> Self {
        let (config, now) = (config(), Instant::now());
        let before = held();
        let relay = counted(|| Relay::new(config.clone(), Seeded(1), now).unwrap());
        Self {
            relay,
            config,
            now,
            rests: BTreeMap::new(),
            halves: BTreeMap::new(),
            leaving: Vec::new(),
            readers: BTreeSet::new(),
            received: BTreeMap::new(),
            wanted: Vec::new(),
            before,
            most: 0,
            connections: 0,
            tokens: 0,
            numbers: 0,
        }
    }

    pub fn stays_within_its_bound(&self, name: &str) {
        let (connections, tokens) = (self.connections as usize, self.tokens as usize);
        let (most, bound) = (self.most as usize, bound(&self.config, connections, tokens));
        assert!(most <= bound, "{name}: {} KiB of {} KiB", most / KIB, bound / KIB);
    }

    // Connections.

    /// A connection that takes nothing.
    pub fn deaf(&mut self, peer: Peer) -> ConnectionId {
        let Self { relay, now, .. } = self;
        counted(|| relay.accept(*now, peer)).expect("room")
    }

    /// A connection that takes what it gets.
    pub fn reader(&mut self, peer: Peer) -> ConnectionId {
        let link = self.deaf(peer);
        self.readers.insert(link);
        link
    }

    /// A client of a user of its own, with a token, that takes what it gets.
    pub fn client(&mut self) -> (ConnectionId, String) {
        let user = format!("user{}", self.number());
        let link = self.reader(tls().user(user));
        let token = self.token(link, ALICE).expect("a token");
        (link, token)
    }

    /// The same, which takes nothing else.
    pub fn deaf_client(&mut self) -> (ConnectionId, String) {
        let (link, token) = self.client();
        self.is_deaf(link);
        (link, token)
    }

    pub fn token(&mut self, link: ConnectionId, own: &str) -> Option<String> {
        let id = self.id();
        self.give(link, &Raw::new("AUTH", &id).to(RELAY).from(own).octets());
        self.told(link).last()?.header("Use-Path").map(str::to_owned)
    }

    /// A peer of a token, which takes what it gets. Its first request was accepted, so it
    /// may send long heads.
    pub fn peer(&mut self, token: &str) -> ConnectionId {
        let [.., a, b, c] = self.number().to_be_bytes();
        let link = self.reader(tls().address([10, a, b, c].into()));
        self.begin(link, token, "msrps://peer.example:9/x;tcp");
        link
    }

    /// Another relay, which has sent to a token.
    pub fn relay(&mut self, name: &str, token: &str) -> ConnectionId {
        let link = self.reader(tls().relay_names(vec![name.to_owned()]));
        self.begin(link, token, &format!("msrps://{name}:2855/x;tcp msrps://bob.example:9/b;tcp"));
        link
    }

    fn begin(&mut self, link: ConnectionId, token: &str, from: &str) {
        let id = self.id();
        let send = Raw::send(&id).to(&format!("{token} {ALICE}")).from(from).message(&id);
        self.give(link, &send.range("1-0/0").reports("no", "no").octets());
        assert!(self.relay.is_proven(link));
    }

    /// It takes nothing from now on.
    pub fn is_deaf(&mut self, link: ConnectionId) {
        self.readers.remove(&link);
    }

    /// Credentials that could be right.
    pub fn credentials(&mut self, link: ConnectionId) -> String {
        let id = self.id();
        self.received.remove(&link);
        self.give(link, &Raw::new("AUTH", &id).to(RELAY).from(ALICE).octets());
        let challenge = self.told(link).remove(0);
        let mut client = DigestClient::new(Credentials::new("alice", "secret"));
        client.challenged(challenge.header("WWW-Authenticate").into_iter()).unwrap();
        client.authorization(RELAY, true, &mut Seeded(2)).unwrap().unwrap().to_string()
    }

    /// The connections that the relay has asked for since the last call. They take what they
    /// get.
    pub fn wanted(&mut self) -> Vec<ConnectionId> {
        let wanted = std::mem::take(&mut self.wanted);
        self.readers.extend(&wanted);
        wanted
    }

    pub fn connected(&mut self, link: ConnectionId, peer: Peer) {
        let Self { relay, now, .. } = self;
        counted(|| relay.connected(*now, link, peer));
        self.settle();
    }

    pub fn close(&mut self, link: ConnectionId) {
        let relay = &mut self.relay;
        counted(|| relay.closed(link));
        self.rests.remove(&link);
        self.halves.remove(&link);
        self.leaving.retain(|(other, _)| *other != link);
        self.readers.remove(&link);
        self.received.remove(&link);
        self.settle();
    }

    /// The octets that are held for whoever is there.
    pub fn held(&self) -> isize {
        held() - self.before
    }

    // Time.

    pub fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.relay.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let (relay, now) = (&mut self.relay, self.now);
            counted(|| relay.handle_timeout(now));
            self.settle();
        }
        self.now = end;
    }

    // Octets.

    /// Gives octets of a peer to the relay, as long as it reads them.
    pub fn give(&mut self, link: ConnectionId, octets: &[u8]) {
        for piece in octets.chunks(READ) {
            if !self.relay.wants_read(link) {
                return;
            }
            let (relay, now) = (&mut self.relay, self.now);
            let rest = self.rests.remove(&link);
            let rest = counted(|| {
                let mut input =
                    BytesMut::with_capacity(READ + rest.as_ref().map_or(0, |it| it.len()));
                input.extend_from_slice(&rest.unwrap_or_default());
                input.extend_from_slice(piece);
                relay.receive(now, link, &mut input).is_ok().then_some(input)
            });
            self.rests.extend(rest.filter(|rest| !rest.is_empty()).map(|rest| (link, rest)));
            self.settle();
        }
    }

    /// A connection that takes what it gets and whose WebSocket has so much of a message.
    pub fn half_message(&mut self, octets: usize) {
        let (link, _) = self.client();
        self.halves.insert(link, Vec::new());
        for _ in (0..octets).step_by(READ) {
            let Some(half) = self.halves.get_mut(&link) else { return };
            let relay = &mut self.relay;
            counted(|| {
                half.extend_from_slice(&[0; READ]);
                relay.input_holds(link, half.len());
            });
            self.settle();
        }
    }

    /// Lets the relay write all that its peers take.
    fn settle(&mut self) {
        let now = self.now;
        loop {
            let relay = &mut self.relay;
            while let Some(event) = counted(|| relay.poll_event()) {
                match event {
                    RelayEvent::Close { connection, .. } => return self.close(connection),
                    RelayEvent::Connect { connection, .. } => self.wanted.push(connection),
                    _ => {}
                }
            }
            let Some((link, mut transmit)) = counted(|| relay.poll_transmit(now)) else { break };
            if self.readers.contains(&link) {
                let received = self.received.entry(link).or_default();
                received.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
                counted(|| relay.written(link));
            } else {
                self.leaving.push((link, transmit));
            }
        }
        self.most = self.most.max(held() - self.before);
        let now = self.relay.statistics();
        self.connections = self.connections.max(now.connections);
        self.tokens = self.tokens.max(now.tokens);
    }

    /// The frames that a reader has got since the last call.
    pub fn told(&mut self, link: ConnectionId) -> Vec<Sent> {
        frames(&self.received.remove(&link).unwrap_or_default())
    }

    // What has not been before.

    pub fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    pub fn id(&mut self) -> String {
        format!("t{:07}", self.number())
    }

    /// A long URI.
    pub fn uri(&mut self, host: &str) -> String {
        format!("msrps://{host}:2855/{:0URI$};tcp", self.number())
    }
}

pub fn tls() -> Peer {
    Peer::new(Security::Tls)
}

/// The response along the whole path of a request.
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
