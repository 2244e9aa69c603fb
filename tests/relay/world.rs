//! A relay and its peers, which the test plays.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::auth::{Challenge, Credentials, DigestClient, Ha1};
use msrp::relay::{
    ConnectionId, Peer, Relay, RelayClose, RelayConfig, RelayEvent, Security, Verdict,
};

use crate::common::Seeded;
use crate::common::wire::{Raw, Sent, frames};

/// The relay.
pub const RELAY: &str = "msrps://a.example:9000;tcp";
pub const REALM: &str = "a.example";

pub const ALICE: &str = "msrps://alice.example:7965/bar;tcp";
pub const BOB: &str = "msrps://bob.example:8145/foo;tcp";
pub const CAROL: &str = "msrps://carol.example:8146/baz;tcp";

/// The most REPORTs of a step.
const STEP: u64 = 256;

pub const SECOND: Duration = Duration::from_secs(1);

pub fn config() -> RelayConfig {
    RelayConfig::new(RELAY.parse().unwrap(), REALM)
}

pub fn tls() -> Peer {
    Peer::new(Security::Tls)
}

/// One of many sources.
pub fn source(number: usize) -> Peer {
    let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
    tls().address([198, 18, high, low].into())
}

/// Plays a script twice, with the octets of each step at once and one by one. The
/// relay must do the same.
pub fn scripted(script: impl Fn(&mut World)) {
    scripted_with(config(), script);
}

pub fn scripted_with(config: RelayConfig, script: impl Fn(&mut World)) {
    let start = Instant::now();
    let [whole, single] = [usize::MAX, 1].map(|step| {
        let mut world = World::at(start, config.clone(), step);
        script(&mut world);
        world
    });
    assert_eq!(single.transcript, whole.transcript);
    assert_eq!(single.history, whole.history);
}

/// What a peer has sent that the relay has not taken, and what it has received.
#[derive(Default)]
struct End {
    input: BytesMut,
    output: Vec<u8>,
    messages: Vec<Vec<u8>>,
    /// Reads nothing.
    is_stalled: bool,
}

pub struct World {
    pub relay: Relay,
    pub now: Instant,
    /// Whether the application looks users up at once.
    pub knows_users: bool,
    /// The REPORTs that it has made in steps of [`Relay::handle_timeout`].
    pub made_in_steps: u64,
    step: usize,
    ends: BTreeMap<ConnectionId, End>,
    events: Vec<RelayEvent>,
    clients: BTreeMap<(ConnectionId, String), DigestClient>,
    random: Seeded,
    ids: u32,
    transcript: Vec<(ConnectionId, String)>,
    history: Vec<RelayEvent>,
}

impl World {
    pub fn new(config: RelayConfig) -> Self {
        Self::at(Instant::now(), config, usize::MAX)
    }

    pub fn seeded(config: RelayConfig, seed: u64) -> Self {
        let mut world = Self::new(config.clone());
        world.relay = Relay::new(config, Seeded(seed), world.now).unwrap();
        world
    }

    fn at(now: Instant, config: RelayConfig, step: usize) -> Self {
        Self {
            relay: Relay::new(config, Seeded(7), now).unwrap(),
            now,
            knows_users: true,
            made_in_steps: 0,
            step,
            ends: BTreeMap::new(),
            events: Vec::new(),
            clients: BTreeMap::new(),
            random: Seeded(11),
            ids: 0,
            transcript: Vec::new(),
            history: Vec::new(),
        }
    }

    // Connections.

    pub fn accept(&mut self, peer: Peer) -> ConnectionId {
        let link = self.relay.accept(self.now, peer).expect("room");
        self.ends.insert(link, End::default());
        self.settle();
        link
    }

    /// The connections that the relay has asked for.
    pub fn wanted(&mut self) -> Vec<(ConnectionId, String)> {
        self.events_where(|event| match event {
            RelayEvent::Connect { connection, uri } => Some((*connection, uri.to_string())),
            _ => None,
        })
    }

    /// Establishes the one connection that the relay has asked for.
    pub fn dial(&mut self, uri: &str) -> ConnectionId {
        self.dial_as(uri, tls())
    }

    pub fn dial_as(&mut self, uri: &str, peer: Peer) -> ConnectionId {
        let wanted = self.wanted();
        let [(link, asked)] = &wanted[..] else { panic!("{wanted:?}") };
        assert_eq!(asked, uri);
        self.ends.insert(*link, End::default());
        self.relay.connected(self.now, *link, peer);
        self.settle();
        *link
    }

    pub fn close(&mut self, link: ConnectionId) {
        self.relay.closed(link);
        self.settle();
    }

    /// Shuts the relay down within a time.
    pub fn drain(&mut self, within: Duration) {
        self.relay.drain(self.now, self.now + within);
        self.settle();
    }

    pub fn stall(&mut self, link: ConnectionId) {
        self.end(link).is_stalled = true;
    }

    /// Lets a peer read again.
    pub fn unstall(&mut self, link: ConnectionId) {
        self.end(link).is_stalled = false;
        self.relay.written(link);
        self.settle();
    }

    fn end(&mut self, link: ConnectionId) -> &mut End {
        self.ends.entry(link).or_default()
    }

    // Octets.

    /// Gives octets of a peer to the relay, and lets it write.
    pub fn give(&mut self, link: ConnectionId, octets: &[u8]) {
        self.feed(link, octets);
        self.settle();
    }

    /// Gives octets of a peer to the relay.
    pub fn feed(&mut self, link: ConnectionId, octets: &[u8]) {
        for piece in octets.chunks(self.step.min(octets.len()).max(1)) {
            let end = self.ends.entry(link).or_default();
            end.input.extend_from_slice(piece);
            if self.relay.receive(self.now, link, &mut end.input).is_err() {
                return;
            }
        }
    }

    pub fn give_message(&mut self, link: ConnectionId, octets: &[u8]) {
        let taken = self.relay.receive_message(self.now, link, octets.to_vec());
        assert_eq!(taken, Ok(()));
        self.settle();
    }

    /// Lets the relay do what is due, and write all that it can.
    pub fn settle(&mut self) {
        self.write();
        while self.relay.poll_timeout().is_some_and(|due| due <= self.now) {
            self.step();
        }
    }

    /// Lets the relay do a step of what is due.
    pub fn step(&mut self) {
        let before = self.relay.statistics().reports;
        self.relay.handle_timeout(self.now);
        let made = self.relay.statistics().reports - before;
        assert!(made <= STEP, "{made} REPORTs in a step");
        self.made_in_steps += made;
        self.write();
    }

    /// Lets the relay write all that it can.
    fn write(&mut self) {
        loop {
            self.take_events();
            let Some((link, mut transmit)) = self.relay.poll_transmit(self.now) else {
                self.take_events();
                return;
            };
            let octets = transmit.copy_to_bytes(transmit.remaining()).to_vec();
            let end = self.ends.entry(link).or_default();
            end.output.extend_from_slice(&octets);
            end.messages.push(octets);
            if !end.is_stalled {
                self.relay.written(link);
            }
        }
    }

    /// The octets that a peer has received since the last call.
    pub fn octets(&mut self, link: ConnectionId) -> Vec<u8> {
        let end = self.end(link);
        end.messages.clear();
        let octets = std::mem::take(&mut end.output);
        self.transcript.push((link, String::from_utf8_lossy(&octets).into_owned()));
        octets
    }

    /// The same as text.
    pub fn text(&mut self, link: ConnectionId) -> String {
        String::from_utf8(self.octets(link)).unwrap()
    }

    /// The same, one item for each transmit.
    pub fn messages(&mut self, link: ConnectionId) -> Vec<Vec<u8>> {
        let messages = std::mem::take(&mut self.end(link).messages);
        self.octets(link);
        messages
    }

    /// The frames that a peer has received since the last call.
    pub fn sent(&mut self, link: ConnectionId) -> Vec<Sent> {
        frames(&self.octets(link))
    }

    /// The SENDs among them.
    pub fn sends(&mut self, link: ConnectionId) -> Vec<Sent> {
        self.sent(link).into_iter().filter(|it| it.what == "SEND").collect()
    }

    /// The only one.
    pub fn one(&mut self, link: ConnectionId) -> Sent {
        let mut sent = self.sent(link);
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    /// A summary of each frame that a peer has received, such as `200` or
    /// `SEND 1-5/5$`.
    pub fn told(&mut self, link: ConnectionId) -> Vec<String> {
        let sent = self.sent(link);
        sent.iter().map(|it| if it.what == "SEND" { it.short() } else { it.what.clone() }).collect()
    }

    /// A peer responds to a request.
    pub fn answer(&mut self, link: ConnectionId, request: &Sent, status: &str) {
        self.give(link, &response(request, status, &[]));
    }

    // Time and events.

    pub fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(due) = self.relay.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step();
        }
        self.now = end;
    }

    fn take_events(&mut self) {
        while let Some(event) = self.relay.poll_event() {
            if let RelayEvent::Authorise { request, username, realm, algorithm, .. } = &event
                && self.knows_users
            {
                let verdict = match &username[..] {
                    "mallory" => Verdict::Unknown,
                    "banned" => Verdict::Forbidden,
                    user => Verdict::Known(Ha1::new(*algorithm, user, realm, "secret")),
                };
                self.relay.authorise(self.now, *request, verdict);
            }
            self.history.push(event.clone());
            self.events.push(event);
        }
    }

    /// Takes the events of a kind.
    pub fn events_where<T>(&mut self, wanted: impl Fn(&RelayEvent) -> Option<T>) -> Vec<T> {
        self.take_events();
        let mut found = Vec::new();
        self.events.retain(|event| match wanted(event) {
            Some(value) => {
                found.push(value);
                false
            }
            None => true,
        });
        found
    }

    /// The connections that the relay asks to close.
    pub fn closes(&mut self) -> Vec<(ConnectionId, RelayClose)> {
        self.events_where(|event| match event {
            RelayEvent::Close { connection, reason } => Some((*connection, reason.clone())),
            _ => None,
        })
    }

    pub fn resumes(&mut self) -> Vec<ConnectionId> {
        self.events_where(|event| match event {
            RelayEvent::Resume { connection: link } => Some(*link),
            _ => None,
        })
    }

    /// The connections of which the relay asks what their transports hold.
    pub fn looks(&mut self) -> Vec<ConnectionId> {
        self.events_where(|event| match event {
            RelayEvent::Look { connection } => Some(*connection),
            _ => None,
        })
    }

    // AUTH.

    pub fn id(&mut self) -> String {
        self.ids += 1;
        format!("t{:05}", self.ids)
    }

    /// A client with a token.
    pub fn client(&mut self, own: &str) -> (ConnectionId, String) {
        let link = self.accept(tls());
        let token = self.token(link, own);
        (link, token)
    }

    /// A client of this user, and its token.
    pub fn client_of(&mut self, user: &str) -> (ConnectionId, String) {
        let link = self.accept(tls());
        let granted = self.auth_as(link, ALICE, user, "secret", &[]);
        assert_eq!(granted.what, "200", "{}", granted.head);
        (link, granted.header("Use-Path").unwrap().to_owned())
    }

    /// A token, granted after a challenge.
    pub fn token(&mut self, link: ConnectionId, from: &str) -> String {
        let granted = self.auth_as(link, from, "alice", "secret", &[]);
        assert_eq!(granted.what, "200", "{}", granted.head);
        granted.header("Use-Path").unwrap().rsplit(' ').next().unwrap().to_string()
    }

    /// The response to an AUTH that answers the challenge.
    pub fn auth_as(
        &mut self,
        link: ConnectionId,
        from: &str,
        user: &str,
        password: &str,
        headers: &[(&str, &str)],
    ) -> Sent {
        let request = self.credentials(link, from, user, password, headers);
        self.give(link, &request);
        self.one(link)
    }

    /// An AUTH with credentials, after a challenge if there was none yet.
    pub fn credentials(
        &mut self,
        link: ConnectionId,
        from: &str,
        user: &str,
        password: &str,
        headers: &[(&str, &str)],
    ) -> Vec<u8> {
        let id = self.id();
        self.give(link, &auth(&id, from).octets());
        let challenge = self.one(link);
        assert_eq!(challenge.what, "401", "{}", challenge.head);
        self.challenged(link, from, user, password, &challenge, headers)
    }

    /// An AUTH with credentials, after this challenge.
    pub fn challenged(
        &mut self,
        link: ConnectionId,
        from: &str,
        user: &str,
        password: &str,
        challenge: &Sent,
        headers: &[(&str, &str)],
    ) -> Vec<u8> {
        let mut client = DigestClient::new(Credentials::new(user, password));
        client.challenged(values(challenge, "WWW-Authenticate").into_iter()).unwrap();
        let value =
            client.authorization(RELAY, true, &mut self.random).unwrap().unwrap().to_string();
        self.clients.insert((link, from.into()), client);
        let id = self.id();
        let mut request = auth(&id, from);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.header("Authorization", &value).octets()
    }

    /// The digest client of the last AUTH from this URI.
    pub fn digest(&mut self, link: ConnectionId, from: &str) -> &mut DigestClient {
        self.clients.get_mut(&(link, from.into())).unwrap()
    }

    pub fn random(&mut self) -> &mut Seeded {
        &mut self.random
    }

    // Scenes.

    /// Alice has a token, and the relay a connection to Bob.
    pub fn talk(&mut self) -> Talk {
        let (alice, token) = self.client(ALICE);
        let bob = self.reach(alice, &token, BOB);
        Talk { alice, bob, token }
    }

    /// A bodiless SEND opens the connection to a peer.
    pub fn reach(&mut self, from: ConnectionId, token: &str, peer: &str) -> ConnectionId {
        let id = self.id();
        let open = Raw::send(&id).to(&format!("{token} {peer}")).from(ALICE);
        self.give(from, &open.message("open").range("1-0/0").octets());
        let link = self.dial(peer);
        assert_eq!(self.one(from).what, "200");
        let request = self.one(link);
        self.answer(link, &request, "200 OK");
        link
    }
}

/// Alice, who has a token, and Bob.
pub struct Talk {
    pub alice: ConnectionId,
    pub bob: ConnectionId,
    pub token: String,
}

impl Talk {
    /// A request of Alice to Bob.
    pub fn request(&self, method: &str, id: &str) -> Raw {
        Raw::new(method, id).to(&format!("{} {BOB}", self.token)).from(ALICE)
    }

    /// A chunk of Alice for Bob.
    pub fn chunk(&self, id: &str, message: &str, range: &str, body: &str, flag: char) -> Raw {
        let path = format!("{} {BOB}", self.token);
        Raw::chunk(id, message, range, body, flag).to(&path).from(ALICE)
    }

    /// A request of Bob to Alice.
    pub fn back(&self, method: &str, id: &str) -> Raw {
        Raw::new(method, id).to(&format!("{} {ALICE}", self.token)).from(BOB)
    }
}

pub fn auth(id: &str, from: &str) -> Raw {
    Raw::new("AUTH", id).to(RELAY).from(from)
}

/// The values of all header fields of a name.
pub fn values<'a>(frame: &'a Sent, name: &str) -> Vec<&'a str> {
    let lines = frame.head.split("\r\n");
    lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
}

pub fn challenges(frame: &Sent) -> Vec<Challenge> {
    values(frame, "WWW-Authenticate").into_iter().map(|it| Challenge::parse(it).unwrap()).collect()
}

/// The response of the peer that receives a request: to the previous hop if it is a
/// SEND, or else along the whole path.
pub fn response(request: &Sent, status: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let from = request.header("From-Path").unwrap();
    let to = if request.what == "SEND" { from.split(' ').next().unwrap() } else { from };
    let own = request.header("To-Path").unwrap();
    let own = if request.what == "SEND" { own.split(' ').next().unwrap() } else { own };
    let mut text = format!("MSRP {} {status}\r\nTo-Path: {to}\r\nFrom-Path: {own}\r\n", request.id);
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("-------{}$\r\n", request.id);
    text.into_bytes()
}
