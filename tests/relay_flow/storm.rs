//! Hostile clients of every kind, by seed.

use std::net::IpAddr;
use std::time::Duration;

use msrp::Outcome;
use msrp::relay::RelayConfig;

use crate::common::seeds::Simulator;
use crate::common::wire::Raw;
use crate::wire::End;
use crate::world::*;

const SEEDS: u64 = 6;

/// What a hostile client does, all of it fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Anything.
    Any,
    /// One action again and again: the number of one of them.
    One(u64),
    /// It connects again and again, from many addresses, and asks for a challenge or says
    /// nothing at all.
    Strangers,
}

/// A hostile client, its token, and the path to another, which may not read.
struct Hostile {
    kind: Kind,
    raw: usize,
    token: String,
    accomplice: String,
}

/// The path of one raw client to another.
fn to(token: &str, other_token: &str, other: &str) -> String {
    format!("{token} {other_token} {other}")
}

impl World {
    fn hostiles(&mut self) -> Vec<Hostile> {
        let count = 4 + self.rng.below(4);
        let hostiles = (0..count).map(|_| {
            let kind = match self.rng.below(4) {
                0 => Kind::Strangers,
                1 => Kind::Any,
                _ => Kind::One(self.rng.below(ACTIONS)),
            };
            let [one, two] = [(); 2].map(|()| self.rng.below(2) as usize);
            let (raw, token) = self.raw_client(one);
            let (other, other_token) = self.raw_client(two);
            let rate = [0, 0, 500, 50_000][self.rng.below(4) as usize];
            self.slow(End::Raw(other), rate);
            if self.rng.below(3) == 0 {
                self.slow(End::Raw(raw), 0);
            }
            let accomplice = to(&token, &other_token, &self.raws[other].own);
            Hostile { kind, raw, token, accomplice }
        });
        hostiles.collect()
    }

    /// Some come from a new address each time, others from the same few.
    fn strangers(&mut self, relay: usize) {
        for _ in 0..1 + self.rng.below(4) {
            let [few, many] = [4, 60_000].map(|most| self.rng.below(most));
            let host = (if self.rng.below(2) == 0 { few } else { many }) as u32;
            let raw = self.stranger(relay, IpAddr::V4((0x0a00_0000 + host).into()));
            for _ in 0..self.rng.below(12) {
                let id = self.raws[raw].id();
                let own = self.raws[raw].own.clone();
                let auth = Raw::new("AUTH", &id).to(&relay_uri(relay).to_string()).from(&own);
                self.raws[raw].says(&auth);
            }
        }
    }

    fn misbehave(&mut self, hostile: &mut Hostile) {
        let action = match hostile.kind {
            Kind::Any => self.rng.below(ACTIONS),
            Kind::One(action) => action,
            Kind::Strangers => return self.strangers(self.raws[hostile.raw].relay),
        };
        let raw = &mut self.raws[hostile.raw];
        let own = raw.own.clone();
        let (path, body) = (&hostile.accomplice, "x".repeat(20_000));
        let failure = ["yes", "no", "partial"][self.rng.below(3) as usize];
        let count = 1 + self.rng.below(60);
        for _ in 0..count {
            let id = raw.id();
            let chunk = |range: &str, len: usize, flag| {
                Raw::chunk(&id, &id, range, &body[..len], flag).to(path).from(&own)
            };
            let frame = match action {
                // Floods of short and long messages, with and without their size, and of
                // messages that never end.
                0 => chunk("1-100/100", 100, '$').reports(failure, "no"),
                1 => chunk("1-20000/20000", 20_000, '$').reports(failure, "no"),
                2 => chunk("1-*/*", 20_000, '$').reports(failure, "no"),
                3 => chunk("1-20000/90000000", 20_000, '+').reports(failure, "no"),
                4 => chunk("1-20000/10", 20_000, '+').reports(failure, "no"),
                // As if from a relay, from somebody else each time.
                5 => {
                    let from = format!("msrps://nowhere.example:2855/{id};tcp {own}");
                    chunk("1-20000/20000", 20_000, '$').from(&from)
                }
                // To nowhere.
                6 if count < 20 => {
                    let nowhere = format!("msrps://nowhere{id}.example:2855/x;tcp");
                    let path = format!("{} {nowhere}", hostile.token);
                    Raw::chunk(&id, &id, "1-5/5", "hello", '$').to(&path).from(&own)
                }
                // One AUTH after the other.
                _ => Raw::new("AUTH", &id).to(&relay_uri(raw.relay).to_string()).from(&own),
            };
            raw.says(&frame);
        }
        // It says nothing at all.
        if action == 7 {
            let relay = self.raws[hostile.raw].relay;
            self.raw(relay, Vec::new());
        }
    }
}

/// What a hostile client can do, in [`World::misbehave`].
const ACTIONS: u64 = 8;

/// How long the messages of a pair take without anybody else: three wires, and a round
/// trip between the relays if the pair has sent so much that it changes its connection.
const PROMPT: Duration = millis(60);

/// Relays with few places and little memory in every other world: somebody has to give way
/// all the time.
fn tight(relay: usize, is_tight: bool) -> RelayConfig {
    let mut config = config(relay);
    if is_tight {
        config.limits.connections = 60;
        config.limits.memory_octets = 16 * 1024 * 1024;
        config.limits.pending_auths = 16;
        config.limits.tokens = 100;
    }
    config
}

fn run(seed: u64) {
    let configs = (0..2).map(|relay| tight(relay, seed % 2 == 1)).collect();
    let mut world = World::with(configs, seed);
    let pairs = [world.pair([&[0], &[0]]), world.pair([&[0], &[1]])];
    let mut hostiles = world.hostiles();
    let mut sent = Vec::new();
    for _ in 0..60 {
        for pair in pairs {
            for (from, to) in [(pair[0], pair[1]), (pair[1], pair[0])] {
                let len = [10, 1_000, 20_000][world.rng.below(3) as usize];
                sent.push((from, to, world.send(from, len), world.now));
            }
        }
        let pause = world.rng.below(800);
        world.run(millis(pause));
        for hostile in &mut hostiles {
            if world.rng.below(3) == 0 {
                world.misbehave(hostile);
            }
        }
    }
    world.run(seconds(1));
    for (from, to, message, at) in sent {
        let delay = world.arrival(to, message).map(|arrival| arrival - at);
        assert!(
            delay.is_some_and(|delay| delay <= PROMPT),
            "{message} from {from} to {to}, sent at {at:?}, took {delay:?}"
        );
        assert_eq!(world.clients[from].finished.get(&message), Some(&Outcome::Accepted));
    }
    for client in &world.clients {
        assert!(client.ends.is_empty(), "{:?}", client.ends);
    }
    assert!(!world.lost_tokens.iter().any(|user| user.starts_with("client")));
}

/// A sound pair on one relay, and one across two.
#[test]
fn sound_pairs_notice_nothing_of_hostile_clients() {
    let run = |seed, _| run(seed);
    Simulator { test: "relay_flow", variable: "MSRP_RELAY_FLOW", run }.run(SEEDS);
}
