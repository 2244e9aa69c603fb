//! The world of a seed: clients, relays, the wires between them, and time.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use bytes::Buf;
use msrp::auth::Ha1;
use msrp::relay::{ConnectionId, Peer, Relay, RelayClose, RelayEvent};
use msrp::{Framing, MsrpUri, Role};

use crate::client::{Client, PASSWORD};
use crate::common::Seeded;
use crate::hostile::{Habit, Hostile};
use crate::ledger::Sent;
use crate::node::RelayNode;
use crate::plan::{Kind, Plan, chance, relay_host};
use crate::tight::Lookup;
use crate::wire::{End, Wire};

/// The steps after which an unfinished seed has failed.
const MAX_STEPS: u64 = 1_000_000;

pub struct World {
    pub plan: Plan,
    pub rng: Seeded,
    base: Instant,
    pub now: Duration,
    pub relays: Vec<RelayNode>,
    pub clients: Vec<Client>,
    pub hostiles: Vec<Hostile>,
    pub wires: Vec<Wire>,
    /// Those of which an end is left.
    pub open: Vec<usize>,
    pub ledger: Vec<Sent>,
    pub step: u64,
    /// A wire of a sound client has ended.
    pub is_disturbed: bool,
    /// Everything flows, also on wires that are new.
    pub is_settling: bool,
    breaks: u32,
    pub lookups: Vec<Lookup>,
    /// How often hostile clients have acted in turn, and when they do so again.
    pub acted: usize,
    pub next_storm: Duration,
    /// The relay that shuts down.
    pub drains: Option<usize>,
    is_told: bool,
    digest: Option<DefaultHasher>,
}

impl World {
    pub fn new(seed: u64, is_told: bool, wants_digest: bool) -> Self {
        let mut rng = Seeded(seed);
        let plan = Plan::new(&mut rng);
        Self::with(plan, rng, is_told, wants_digest)
    }

    pub fn with(plan: Plan, mut rng: Seeded, is_told: bool, wants_digest: bool) -> Self {
        let base = Instant::now();
        let relays = plan.relays.iter().map(|config| {
            let relay = Relay::new(config.clone(), Seeded(rng.next()), base).unwrap();
            RelayNode::new(relay)
        });
        let relays = relays.collect();
        let sides = plan.pairs.iter().flat_map(|pair| &pair.sides).enumerate();
        let clients = sides
            .map(|(number, side)| Client::new(number, side, plan.is_secure, rng.next()))
            .collect();
        Self {
            plan,
            rng,
            base,
            now: Duration::ZERO,
            relays,
            clients,
            hostiles: Vec::new(),
            wires: Vec::new(),
            open: Vec::new(),
            ledger: Vec::new(),
            step: 0,
            is_disturbed: false,
            is_settling: false,
            breaks: 0,
            lookups: Vec::new(),
            acted: 0,
            next_storm: Duration::ZERO,
            drains: None,
            is_told,
            digest: wants_digest.then(DefaultHasher::new),
        }
    }

    /// Runs the seed to its end. Panics if a law is violated.
    pub fn run(mut self) -> u64 {
        self.tell(|world| format!("{:#?}", world.plan));
        self.begin();
        for _ in 0..self.plan.steps {
            self.random_step();
        }
        self.settle();
        self.check_end();
        self.digest.map_or(0, |digest| digest.finish())
    }

    /// Routes and sessions, before anything goes wrong.
    pub fn begin(&mut self) {
        for number in 0..self.clients.len() {
            self.authenticate(number);
        }
        for number in 0..self.plan.hostiles {
            let relay = self.rng.below(self.relays.len() as u64) as usize;
            let user = chance(&mut self.rng, 60).then(|| format!("mallory{number}"));
            self.comes(Hostile::new(number, relay, user, Habit::Any));
        }
        self.storm_comes();
        while self.clients.iter().any(|client| client.session.is_none()) {
            if self.plan.kind == Kind::Slow {
                self.go_on_all();
            }
            self.storm();
            self.turn();
        }
    }

    pub fn tell(&self, text: impl FnOnce(&Self) -> String) {
        if self.is_told {
            eprintln!("{:>6} {:>10.3?} {}", self.step, self.now, text(self));
        }
    }

    pub fn record(&mut self, what: impl FnOnce() -> String) {
        if let Some(digest) = &mut self.digest {
            what().hash(digest);
        }
    }

    pub fn instant(&self) -> Instant {
        self.base + self.now
    }

    pub fn random(&mut self) -> Seeded {
        Seeded(self.rng.next())
    }

    /// Whether a message may be lost.
    pub fn may_fail(&self) -> bool {
        self.plan.kind.may_lose()
    }

    fn random_step(&mut self) {
        self.step += 1;
        let client = self.rng.below(self.clients.len() as u64) as usize;
        match self.rng.below(100) {
            0..20 => self.act(client),
            20..35 => drop(self.events(client)),
            35..40 => self.let_time_pass(),
            40..45 if !self.hostiles.is_empty() => {
                let number = self.rng.below(self.hostiles.len() as u64) as usize;
                self.misbehave(number);
            }
            45..46 => self.disturb(),
            46..60 => {
                let relay = self.rng.below(self.relays.len() as u64) as usize;
                self.poll_relay(relay);
            }
            _ => {
                let wire = self.rng.below(self.wires.len() as u64) as usize;
                let side = self.rng.below(2) as usize;
                self.write(wire, side);
                self.read(wire, 1 - side);
            }
        }
        self.check_bounds();
    }

    /// Takes the octets and events of a relay. Returns whether there were any.
    fn poll_relay(&mut self, relay: usize) -> bool {
        let now = self.instant();
        let mut has_moved = false;
        while let Some((id, mut transmit)) = self.relays[relay].relay.poll_transmit(now) {
            has_moved = true;
            let wire = self.relays[relay].wires[&id];
            let side = usize::from(self.wires[wire].ends[1] == End::Relay(relay, id));
            let held = &mut self.wires[wire].held[side];
            assert!(held.is_empty(), "octets for a wire that has not written the last ones");
            *held = transmit.copy_to_bytes(transmit.remaining());
            assert!(!held.is_empty(), "a transmit of nothing");
        }
        while let Some(event) = self.relays[relay].relay.poll_event() {
            has_moved = true;
            self.tell(|_| format!("relay {relay}: {event:?}"));
            self.relay_event(relay, event);
        }
        has_moved
    }

    fn relay_event(&mut self, relay: usize, event: RelayEvent) {
        match event {
            RelayEvent::Connect { connection, uri } => self.connect(relay, connection, &uri),
            RelayEvent::Authorise { request, username, realm, algorithm, .. } => {
                let secret = Ha1::new(algorithm, &username, &realm, PASSWORD);
                self.look_up(relay, request, secret);
            }
            RelayEvent::TokenEnded { username, has_expired, .. } => {
                let is_sound = username.starts_with("client");
                let may_end = has_expired || self.is_disturbed || self.drains.is_some();
                let is_lost = is_sound && !may_end && self.plan.storm.is_some();
                assert!(!is_lost, "{username} loses its token");
            }
            RelayEvent::Close { connection, reason } => {
                let wire = self.relays[relay].wires.get(&connection).copied();
                if let Some(wire) = wire {
                    self.check_use(relay, wire, &reason);
                    self.check_place(wire, &reason);
                }
                self.relays[relay].relay.closed(connection);
                if let Some(wire) = wire {
                    let is_idle = matches!(reason, RelayClose::Idle | RelayClose::Probation);
                    self.wires[wire].is_idle |= is_idle;
                    let is_second = self.wires[wire].ends[1] == End::Relay(relay, connection);
                    self.hang_up(wire, usize::from(is_second));
                }
            }
            _ => {}
        }
    }

    fn connect(&mut self, relay: usize, id: ConnectionId, uri: &MsrpUri) {
        let now = self.instant();
        let host = uri.view().host_str().to_owned();
        let other = (0..self.relays.len()).find(|other| relay_host(*other) == host);
        let client = self.clients.iter().position(|client| client.local == *uri);
        let mut peer = Peer::new(self.security());
        // Nothing listens on another port of a relay's host, or when it shuts down.
        if other.is_some() && (uri.port() != Some(2855) || other == self.drains) {
            return self.relays[relay].relay.closed(id);
        }
        if let Some(other) = other.filter(|other| *other != relay) {
            peer = peer.relay_names(vec![host]);
            let Some(wire) = self.accept(other, End::Relay(relay, id), Framing::Stream, None)
            else {
                return self.relays[relay].relay.closed(id);
            };
            self.tell(|_| format!("relay {relay} has wire {wire} to relay {other}"));
        } else if let Some(number) = client.filter(|it| self.clients[*it].connection.is_none()) {
            let ends = [End::Relay(relay, id), End::Client(number)];
            let wire = self.join(ends, Framing::Stream);
            self.attach(number, wire, Role::Passive);
        } else {
            return self.relays[relay].relay.closed(id);
        }
        self.relays[relay].relay.connected(now, id, peer);
    }

    /// Lets a little time pass; deadlines are handled when everything else is at rest.
    fn let_time_pass(&mut self) {
        let most = if self.plan.kind == Kind::Calm { 20 } else { 500 };
        self.now += Duration::from_millis(self.rng.below(most));
        self.handle_timeouts();
    }

    fn disturb(&mut self) {
        let wire = self.rng.below(self.wires.len() as u64) as usize;
        match self.plan.kind {
            Kind::Calm | Kind::Slow => {}
            Kind::Draining if chance(&mut self.rng, 30) => self.drain(),
            Kind::Rough | Kind::Draining => {
                let until = self.now + Duration::from_millis(self.rng.below(20_000));
                let side = self.rng.below(2) as usize;
                self.wires[wire].pipes[side].stall(until);
            }
            Kind::Breaking if self.breaks == 0 && !self.wires[wire].is_hostile() => {
                self.tell(|_| format!("wire {wire} breaks"));
                self.breaks += 1;
                self.wires[wire].pipes.iter_mut().for_each(|pipe| pipe.break_off());
            }
            Kind::Breaking => {}
        }
    }

    /// Shuts a relay down, or hurries it.
    fn drain(&mut self) {
        let relay = self.drains.unwrap_or(self.rng.below(self.relays.len() as u64) as usize);
        self.drains = Some(relay);
        let now = self.instant();
        let deadline = now + Duration::from_millis(self.rng.below(20_000));
        self.tell(|_| format!("relay {relay} drains"));
        self.relays[relay].relay.drain(now, deadline);
    }

    fn next_due(&self) -> Option<Duration> {
        let clients = self.clients.iter().filter(|client| !client.is_closed());
        let clients = clients.filter_map(|client| client.connection.as_ref()?.poll_timeout());
        let relays = self.relays.iter().filter_map(|node| node.relay.poll_timeout());
        let timers = clients.chain(relays).map(|due| due.saturating_duration_since(self.base));
        let pipes = self.open.iter().flat_map(|wire| &self.wires[*wire].pipes);
        let lookups = self.lookups.iter().map(|lookup| lookup.due);
        timers.chain(lookups).chain(pipes.filter_map(|pipe| pipe.next_due(self.now))).min()
    }

    fn handle_timeouts(&mut self) {
        let now = self.instant();
        self.decide();
        for connection in self.clients.iter_mut().filter_map(|it| it.connection.as_mut()) {
            if connection.poll_timeout().is_some_and(|due| due <= now) {
                connection.handle_timeout(now);
                let next = connection.poll_timeout();
                assert!(next.is_none_or(|next| next > now), "a timeout is due again at once");
            }
        }
        for place in 0..self.open.len() {
            self.tell_held(self.open[place], 0);
            self.tell_held(self.open[place], 1);
        }
        for node in &mut self.relays {
            node.handle_timeout(now);
        }
    }

    /// Moves everything that can move; if nothing can, time passes.
    pub fn turn(&mut self) {
        if !self.moves() {
            self.pass_time();
        }
    }

    /// Moves octets and events. Returns whether there were any.
    fn moves(&mut self) -> bool {
        self.step += 1;
        assert!(self.step < MAX_STEPS, "no end: {}", self.without_outcome());
        let mut has_moved = false;
        for number in 0..self.clients.len() {
            has_moved |= self.events(number);
        }
        for relay in 0..self.relays.len() {
            has_moved |= self.poll_relay(relay);
        }
        for place in 0..self.open.len() {
            for side in [0, 1] {
                has_moved |= self.write(self.open[place], side);
                has_moved |= self.read(self.open[place], side);
            }
        }
        let wires = &self.wires;
        self.open.retain(|wire| wires[*wire].is_gone.contains(&false));
        self.check_bounds();
        has_moved
    }

    /// Until something is due.
    fn pass_time(&mut self) {
        let due = self.next_due().expect("something is due");
        self.now = self.now.max(due);
        self.handle_timeouts();
    }

    /// Lets everything come to rest and every deadline pass.
    pub fn settle(&mut self) {
        self.tell(|_| "settle".into());
        for client in &mut self.clients {
            client.slow_until = 0;
        }
        for hostile in &mut self.hostiles {
            hostile.rests();
        }
        self.is_settling = true;
        self.wires.iter_mut().flat_map(|wire| &mut wire.pipes).for_each(|pipe| pipe.flow());
        while self.ledger.iter().any(|sent| sent.outcome.is_none()) {
            for number in 0..self.clients.len() {
                self.go_on(number, true);
            }
            self.turn();
        }
        let end = self.now + self.plan.rest;
        loop {
            while self.moves() {}
            if self.is_quiet() && self.next_due().is_none_or(|due| due >= end) {
                break;
            }
            self.pass_time();
        }
        for number in 0..self.clients.len() {
            self.events(number);
        }
        // What the last deadlines have ended.
        for relay in 0..self.relays.len() {
            self.poll_relay(relay);
        }
    }

    fn is_quiet(&self) -> bool {
        self.wires.iter().all(|wire| {
            [0, 1].into_iter().all(|side| {
                let is_gone = wire.is_gone[side];
                is_gone || (wire.held[side].is_empty() && wire.pipes[1 - side].is_empty())
            }) && wire.behind.is_empty()
        })
    }

    fn without_outcome(&self) -> String {
        let open = self.ledger.iter().enumerate().filter(|(_, sent)| sent.outcome.is_none());
        let serials: Vec<_> = open.map(|(serial, sent)| (serial, sent.from)).collect();
        format!("without outcome: {serials:?}")
    }
}
