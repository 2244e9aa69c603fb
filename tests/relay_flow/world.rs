//! Relays, clients and wires, and time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use msrp::MsrpUri;
use msrp::auth::Ha1;
use msrp::relay::{ConnectionId, Peer, Relay, RelayConfig, RelayEvent, Security, Verdict};

use crate::client::Client;
use crate::common::Seeded;
use crate::raw::RawPeer;
use crate::wire::{End, READ, Wire, octets};

/// How long anything that is waited for may take.
const PATIENCE: Duration = Duration::from_secs(100);

pub struct Node {
    pub relay: Relay,
    wires: BTreeMap<ConnectionId, usize>,
}

pub struct World {
    base: Instant,
    pub now: Duration,
    pub rng: Seeded,
    pub relays: Vec<Node>,
    pub clients: Vec<Client>,
    pub raws: Vec<RawPeer>,
    pub wires: Vec<Wire>,
    /// Messages of sound clients.
    pub messages: u64,
    /// The limit of wires between relays, as if the other refused more.
    pub most_between_relays: usize,
    /// Whether nothing says that it refused them, as behind a firewall.
    pub are_refusals_lost: bool,
    /// Whether relays show each other their certificates.
    pub are_relays_known: bool,
    /// Whether the first connection to another relay is there after the second.
    pub is_first_late: bool,
    late: Option<(usize, ConnectionId, MsrpUri)>,
    /// The hosts of raw peers to which relays connect, with the names of their certificates.
    pub listening: BTreeMap<String, Vec<String>>,
    /// The users of tokens that have ended.
    pub lost_tokens: Vec<String>,
}

pub fn relay_host(relay: usize) -> String {
    format!("relay{relay}.example")
}

pub fn relay_uri(relay: usize) -> MsrpUri {
    format!("msrps://{}:2855;tcp", relay_host(relay)).parse().unwrap()
}

pub fn config(relay: usize) -> RelayConfig {
    RelayConfig::new(relay_uri(relay), relay_host(relay))
}

pub const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

impl World {
    /// Relays of the default configuration.
    pub fn new(relays: usize) -> Self {
        Self::with((0..relays).map(config).collect(), 1)
    }

    pub fn with(configs: Vec<RelayConfig>, seed: u64) -> Self {
        let base = Instant::now();
        let mut rng = Seeded(seed);
        let relays = configs.into_iter().map(|config| Node {
            relay: Relay::new(config, Seeded(rng.next()), base).unwrap(),
            wires: BTreeMap::new(),
        });
        Self {
            relays: relays.collect(),
            base,
            now: Duration::ZERO,
            rng,
            clients: Vec::new(),
            raws: Vec::new(),
            wires: Vec::new(),
            messages: 0,
            most_between_relays: usize::MAX,
            are_refusals_lost: false,
            are_relays_known: true,
            is_first_late: false,
            late: None,
            listening: BTreeMap::new(),
            lost_tokens: Vec::new(),
        }
    }

    pub fn instant(&self) -> Instant {
        self.base + self.now
    }

    // Connections.

    /// A relay accepts a connection; `names` are those of a relay's certificate.
    pub fn accept(&mut self, relay: usize, from: End, names: Vec<String>) {
        assert!(self.comes(relay, from, names), "there is room");
    }

    /// Somebody connects to a relay. Returns whether it has room.
    pub fn comes(&mut self, relay: usize, from: End, names: Vec<String>) -> bool {
        let peer = Peer::new(Security::Tls).relay_names(names.clone());
        let peer = match from {
            // Raw clients do not compute digests.
            End::Raw(number) if names.is_empty() => match self.raws[number].address {
                Some(address) => peer.address(address),
                None => peer.user(format!("raw{number}")),
            },
            End::Relay(..) => peer.address("192.0.2.1".parse().unwrap()),
            End::Raw(_) | End::Client(_) => peer,
        };
        let now = self.instant();
        let id = self.relays[relay].relay.accept(now, peer);
        if let Some(id) = id {
            self.join([from, End::Relay(relay, id)]);
        }
        id.is_some()
    }

    fn join(&mut self, ends: [End; 2]) {
        let wire = self.wires.len();
        for end in ends {
            if let End::Relay(relay, id) = end {
                self.relays[relay].wires.insert(id, wire);
            }
        }
        self.wires.push(Wire::new(ends));
    }

    fn connect(&mut self, relay: usize, id: ConnectionId, uri: &MsrpUri) {
        let host = uri.view().host_str().to_owned();
        let Some(other) = (0..self.relays.len()).find(|other| relay_host(*other) == host) else {
            return self.connect_raw(relay, id, &host);
        };
        if std::mem::take(&mut self.is_first_late) {
            self.late = Some((relay, id, uri.clone()));
            return;
        }
        if self.between_relays() >= self.most_between_relays {
            if !self.are_refusals_lost {
                self.relays[relay].relay.closed(id);
            }
            return;
        }
        let names = |relay| if self.are_relays_known { vec![relay_host(relay)] } else { vec![] };
        let (own, theirs) = (names(relay), names(other));
        if !self.comes(other, End::Relay(relay, id), own) {
            return self.relays[relay].relay.closed(id);
        }
        let peer = Peer::new(Security::Tls).relay_names(theirs);
        let now = self.instant();
        self.relays[relay].relay.connected(now, id, peer);
        if let Some((relay, id, uri)) = self.late.take() {
            self.connect(relay, id, &uri);
        }
    }

    /// Connects to a raw peer. If nobody is there, nothing says so.
    fn connect_raw(&mut self, relay: usize, id: ConnectionId, host: &str) {
        let Some(names) = self.listening.get(host).cloned() else { return };
        let raw = self.new_raw(relay);
        self.join([End::Relay(relay, id), End::Raw(raw)]);
        let now = self.instant();
        self.relays[relay].relay.connected(now, id, Peer::new(Security::Tls).relay_names(names));
    }

    /// How many wires there are between relays.
    pub fn between_relays(&self) -> usize {
        let open = self.wires.iter().filter(|wire| !wire.is_closed);
        open.filter(|wire| wire.ends.iter().all(|end| matches!(end, End::Relay(..)))).count()
    }

    fn wire_of(&mut self, end: End) -> &mut Wire {
        self.wires.iter_mut().find(|wire| wire.ends.contains(&end)).unwrap()
    }

    /// From now on, a client or raw peer reads so many octets a second.
    pub fn slow(&mut self, end: End, rate: u64) {
        let wire = self.wire_of(end);
        let side = wire.side(end);
        wire.pipes[1 - side].rate = Some(rate);
    }

    /// A client or raw peer closes its connection.
    pub fn leave(&mut self, end: End) {
        let wire = self.wires.iter().position(|wire| wire.ends.contains(&end)).unwrap();
        self.hang_up(wire);
    }

    /// The connection of a wire ends.
    pub fn hang_up(&mut self, wire: usize) {
        if std::mem::replace(&mut self.wires[wire].is_closed, true) {
            return;
        }
        for end in self.wires[wire].ends {
            match end {
                End::Relay(relay, id) => {
                    self.relays[relay].wires.remove(&id);
                    self.relays[relay].relay.closed(id);
                }
                End::Client(number) => self.clients[number].connection.receive_eof(),
                End::Raw(_) => {}
            }
        }
    }

    // Time.

    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while self.next_due().is_some_and(|due| due <= end) {
            self.step();
        }
        self.now = end;
        self.settle();
    }

    pub fn run_until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let end = self.now + PATIENCE;
        self.settle();
        while !is_so(self) {
            assert!(self.now < end, "it does not happen");
            self.step();
        }
    }

    /// Goes to the next time at which anything happens.
    fn step(&mut self) {
        let due = self.next_due().expect("something is due");
        self.now = self.now.max(due);
        let now = self.instant();
        for client in &mut self.clients {
            client.connection.handle_timeout(now);
        }
        for node in &mut self.relays {
            node.relay.handle_timeout(now);
        }
        self.settle();
    }

    fn next_due(&self) -> Option<Duration> {
        let clients = self.clients.iter().filter_map(|it| it.connection.poll_timeout());
        let relays = self.relays.iter().filter_map(|node| node.relay.poll_timeout());
        let timers = clients.chain(relays).map(|due| due.saturating_duration_since(self.base));
        timers.chain(self.wires.iter().filter_map(|wire| wire.next_due(self.now))).min()
    }

    /// Moves everything that can move now.
    fn settle(&mut self) {
        let mut has_moved = true;
        while has_moved {
            has_moved = false;
            for relay in 0..self.relays.len() {
                has_moved |= self.poll_relay(relay);
            }
            for client in 0..self.clients.len() {
                has_moved |= self.events(client);
            }
            for wire in 0..self.wires.len() {
                for side in [0, 1] {
                    has_moved |= self.write(wire, side) | self.read(wire, side);
                }
            }
        }
    }

    fn poll_relay(&mut self, relay: usize) -> bool {
        let now = self.instant();
        let mut has_moved = false;
        while let Some((id, transmit)) = self.relays[relay].relay.poll_transmit(now) {
            has_moved = true;
            if let Some(wire) = self.relays[relay].wires.get(&id).copied() {
                let side = self.wires[wire].side(End::Relay(relay, id));
                self.wires[wire].held[side] = octets(transmit);
            }
        }
        while let Some(event) = self.relays[relay].relay.poll_event() {
            has_moved = true;
            self.relay_event(relay, event);
        }
        has_moved
    }

    fn relay_event(&mut self, relay: usize, event: RelayEvent) {
        let now = self.instant();
        match event {
            RelayEvent::Connect { connection, uri } => self.connect(relay, connection, &uri),
            RelayEvent::Authorise { request, username, realm, algorithm, .. } => {
                let secret = Ha1::new(algorithm, &username, &realm, "open sesame");
                self.relays[relay].relay.authorise(now, request, Verdict::Known(secret));
            }
            RelayEvent::TokenEnded { username, .. } => self.lost_tokens.push(username),
            RelayEvent::Close { connection, .. } => {
                match self.relays[relay].wires.get(&connection).copied() {
                    Some(wire) => self.hang_up(wire),
                    None => self.relays[relay].relay.closed(connection),
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, wire: usize, side: usize) -> bool {
        let now = self.instant();
        if self.wires[wire].is_closed {
            return false;
        }
        let end = self.wires[wire].ends[side];
        if self.wires[wire].held[side].is_empty() {
            let next = match end {
                End::Relay(..) => None,
                End::Client(number) => {
                    self.clients[number].connection.poll_transmit(now).map(octets)
                }
                End::Raw(number) => self.raws[number].out.pop_front(),
            };
            self.wires[wire].held[side] = next.unwrap_or_default();
        }
        let has_moved = self.wires[wire].write(self.now, side);
        if let End::Relay(relay, id) = end
            && self.wires[wire].held[side].is_empty()
        {
            // A relay without an outstanding transmit does not mind.
            if has_moved {
                self.relays[relay].relay.written(id);
            }
        }
        has_moved
    }

    fn read(&mut self, wire: usize, side: usize) -> bool {
        let end = self.wires[wire].ends[side];
        let is_taking = match end {
            End::Relay(relay, id) => self.relays[relay].relay.wants_read(id),
            End::Client(number) => self.clients[number].connection.wants_read(),
            End::Raw(_) => true,
        };
        if self.wires[wire].is_closed || !is_taking {
            return false;
        }
        let most = match end {
            End::Relay(relay, id) => READ.min(self.relays[relay].relay.read_octets(id)),
            End::Client(_) | End::Raw(_) => READ,
        };
        let octets = self.wires[wire].pipes[1 - side].read(self.now, most);
        self.feed(wire, side, &octets)
    }

    /// Gives an end what has arrived. Returns whether it took any.
    fn feed(&mut self, wire: usize, side: usize, octets: &Bytes) -> bool {
        let now = self.instant();
        let Wire { ends, inputs, .. } = &mut self.wires[wire];
        let input = &mut inputs[side];
        let before = input.len();
        input.extend_from_slice(octets);
        match ends[side] {
            End::Relay(relay, id) => {
                let _ = self.relays[relay].relay.receive(now, id, input);
            }
            End::Client(number) => {
                let _ = self.clients[number].connection.receive(now, input);
            }
            End::Raw(number) => self.raws[number].hears(input),
        }
        !octets.is_empty() || self.wires[wire].inputs[side].len() != before
    }
}
