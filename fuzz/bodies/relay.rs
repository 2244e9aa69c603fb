//! A relay between two connections that are up to no good, and that know their
//! own tokens and each other's.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::relay::{
    ConnectionId, Peer, Relay, RelayConfig, RelayEvent, RelayLimits, Security, Verdict,
};
use msrp::wire::{Decoder, Frame, Head, Method, TransactionId};
use msrp::{ParseOptions, Random};

use super::input::Input;

const OWN: [&str; 2] = ["msrps://a.example:7/own;tcp", "msrps://b.example:7/own;tcp"];

/// More polls than one step can lead to.
const MANY: usize = 10_000;

pub(crate) fn run(data: &[u8]) {
    let mut world = World::new();
    let mut input = Input(data);
    while !input.is_empty() {
        world.step(&mut input);
        world.poll();
    }
    world.pass(Duration::from_secs(7200));
    world.poll();
}

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

struct Hostile {
    id: Option<ConnectionId>,
    /// What the relay has not taken.
    pending: BytesMut,
    sent: Ids,
    heard: Ids,
    token: String,
}

/// How often each id has come by, of requests that may be answered and of
/// responses.
struct Ids {
    decoder: Decoder,
    input: BytesMut,
    requests: HashMap<TransactionId, usize>,
    responses: HashMap<TransactionId, usize>,
    is_lost: bool,
}

impl Ids {
    fn new() -> Self {
        Self {
            decoder: Decoder::new(ParseOptions::default()),
            input: BytesMut::new(),
            requests: HashMap::new(),
            responses: HashMap::new(),
            is_lost: false,
        }
    }

    fn read(&mut self, octets: &[u8], mut each: impl FnMut(&Head)) {
        self.input.extend_from_slice(octets);
        while !self.is_lost {
            match self.decoder.decode(&mut self.input) {
                Ok(Some(Frame::Head(head))) => {
                    self.count(&head);
                    each(&head);
                }
                Ok(Some(Frame::BadHead(bad))) => self.count(bad.head()),
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => self.is_lost = true,
            }
        }
    }

    fn count(&mut self, head: &Head) {
        let view = head.view();
        let ids = match (view.status_code(), view.method()) {
            (Some(_), _) => &mut self.responses,
            (None, Some(Method::Report)) => return,
            _ => &mut self.requests,
        };
        *ids.entry(view.transaction_id()).or_default() += 1;
    }
}

struct World {
    relay: Relay,
    hostiles: [Hostile; 2],
    in_hand: Vec<ConnectionId>,
    wanted: Vec<ConnectionId>,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let mut config =
            RelayConfig::new("msrps://relay.example:2855;tcp".parse().unwrap(), "example");
        let mut limits = RelayLimits::default();
        limits.queue_octets = 4096;
        limits.control_octets = 4096;
        limits.transactions = 4;
        limits.tokens = 8;
        config.limits = limits;
        let relay = Relay::new(config, Cheap(7), now).unwrap();
        let hostile = || Hostile {
            id: None,
            pending: BytesMut::new(),
            sent: Ids::new(),
            heard: Ids::new(),
            token: String::new(),
        };
        let mut world = Self {
            relay,
            hostiles: [hostile(), hostile()],
            in_hand: Vec::new(),
            wanted: Vec::new(),
            now,
        };
        world.join(0);
        world.join(1);
        world
    }

    /// Connects and gets a token.
    fn join(&mut self, side: usize) {
        let peer = Peer::new(Security::Tls).user(format!("user {side}"));
        let hostile = &mut self.hostiles[side];
        hostile.id = self.relay.accept(self.now, peer);
        (hostile.sent, hostile.heard) = (Ids::new(), Ids::new());
        hostile.pending.clear();
        let auth = format!(
            "MSRP auth AUTH\r\nTo-Path: msrps://relay.example:2855;tcp\r\n\
             From-Path: {}\r\n-------auth$\r\n",
            OWN[side]
        );
        self.say(side, auth.as_bytes());
        self.poll();
        self.write();
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let side = input.below(2);
        match input.below(8) {
            0 => self.pass(Duration::from_millis(u64::from(input.short()))),
            1 => self.write(),
            2 => self.leave(side),
            3 => self.connect(input.bool()),
            4 => self.relay.drain(self.now, self.now + Duration::from_secs(30)),
            _ => {
                let octets = self.filled_in(input.string());
                self.say(side, &octets);
            }
        }
    }

    /// Octets 1 to 4 stand for the tokens and the URIs of both.
    fn filled_in(&self, template: &[u8]) -> Vec<u8> {
        let mut octets = Vec::new();
        for octet in template {
            match octet {
                1 | 2 => {
                    let owner = &self.hostiles[usize::from(octet - 1)];
                    octets.extend_from_slice(owner.token.as_bytes());
                }
                3 | 4 => octets.extend_from_slice(OWN[usize::from(octet - 3)].as_bytes()),
                5 => octets.extend_from_slice(&[b'x'; 3000]),
                other => octets.push(*other),
            }
        }
        octets
    }

    fn say(&mut self, side: usize, octets: &[u8]) {
        let hostile = &mut self.hostiles[side];
        let Some(id) = hostile.id else { return };
        hostile.sent.read(octets, |_| {});
        hostile.pending.extend_from_slice(octets);
        drop(self.relay.receive(self.now, id, &mut hostile.pending));
    }

    fn leave(&mut self, side: usize) {
        if let Some(id) = self.hostiles[side].id.take() {
            self.relay.closed(id);
            self.in_hand.retain(|other| *other != id);
            assert!(!self.relay.wants_read(id));
        }
        self.join(side);
    }

    fn connect(&mut self, succeeds: bool) {
        let Some(id) = self.wanted.pop() else { return };
        if succeeds {
            self.relay.connected(self.now, id, Peer::new(Security::Tls));
        } else {
            self.relay.closed(id);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.relay.handle_timeout(self.now);
        let next = self.relay.poll_timeout();
        assert!(next.is_none_or(|due| due > self.now), "due again at once");
    }

    /// What was in hand has been written.
    fn write(&mut self) {
        for id in std::mem::take(&mut self.in_hand) {
            self.relay.written(id);
        }
    }

    fn poll(&mut self) {
        for _ in 0..MANY {
            if let Some((id, transmit)) = self.relay.poll_transmit(self.now) {
                self.transmit(id, transmit);
            } else if let Some(event) = self.relay.poll_event() {
                self.event(event);
            } else {
                return;
            }
        }
        panic!("the relay has always something more");
    }

    fn transmit(&mut self, id: ConnectionId, mut transmit: impl Buf) {
        assert!(!self.in_hand.contains(&id), "one at a time");
        self.in_hand.push(id);
        let octets = transmit.copy_to_bytes(transmit.remaining());
        assert!(!octets.is_empty(), "a transmit of nothing");
        let Some(side) = self.hostiles.iter().position(|it| it.id == Some(id)) else { return };
        let hostile = &mut self.hostiles[side];
        let token = &mut hostile.token;
        hostile.heard.read(&octets, |head| {
            if let Some(path) = head.view().header(msrp::wire::HeaderName::UsePath) {
                path.clone_into(token);
            }
        });
        assert!(!hostile.heard.is_lost, "what a relay writes can be read");
        for (id, answers) in &hostile.heard.responses {
            let asked = hostile.sent.requests.get(id).copied().unwrap_or_default();
            assert!(*answers <= asked, "{id} was asked {asked} times and answered {answers} times");
        }
    }

    fn event(&mut self, event: RelayEvent) {
        match event {
            RelayEvent::Connect { connection, .. } => self.wanted.push(connection),
            RelayEvent::Authorise { request, .. } => {
                self.relay.authorise(self.now, request, Verdict::Unknown);
            }
            RelayEvent::Close { connection, .. } => {
                self.relay.closed(connection);
                self.in_hand.retain(|id| *id != connection);
                for hostile in &mut self.hostiles {
                    if hostile.id == Some(connection) {
                        hostile.id = None;
                    }
                }
            }
            _ => {}
        }
    }
}
