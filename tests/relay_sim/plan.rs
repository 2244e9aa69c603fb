//! The plan of a seed's world.

use std::time::Duration;

use msrp::relay::{RelayConfig, RelayLimits};
use msrp::{Config, Framing};

use crate::common::Seeded;
use crate::keeping::Kept;

/// The most octets of one read from a transport.
pub const READ: usize = 16_384;

/// The kind of trouble that a seed makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing goes wrong: everything that is sent arrives.
    Calm,
    /// Links stall, and applications take no events for a while.
    Rough,
    /// A link breaks.
    Breaking,
    /// A relay shuts down.
    Draining,
    /// Everything that is sent arrives, though it may take hours, while others come and go.
    Slow,
}

impl Kind {
    /// Whether a message may be lost.
    pub const fn may_lose(self) -> bool {
        !matches!(self, Self::Calm | Self::Slow)
    }
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub kind: Kind,
    /// Whether all of it goes over TLS.
    pub is_secure: bool,
    pub relays: Vec<RelayConfig>,
    pub pairs: Vec<PairPlan>,
    pub hostiles: usize,
    pub links: LinkPlan,
    /// Whether the relays know what their transports hold.
    pub tells_held: bool,
    pub steps: u64,
    pub most_messages: usize,
    /// What else happens while clients authenticate.
    pub storm: Option<Storm>,
    /// How long nothing is sent at the end.
    pub rest: Duration,
}

/// Hostile clients that make the relays keep all that they may.
#[derive(Clone, Debug)]
pub struct Storm {
    /// What each of them wants kept, and by which relay.
    pub kept: Vec<(usize, Kept)>,
    /// How many users and addresses they have.
    pub names: u64,
    /// How many of them act at once.
    pub at_once: usize,
    /// How often some of them act.
    pub every: Duration,
    /// How long a sound client takes to answer a challenge.
    pub thinks: Duration,
    /// How long the relays take to look a user up.
    pub lookup: Duration,
}

/// Two clients that talk to each other.
#[derive(Clone, Debug)]
pub struct PairPlan {
    /// The side that binds the session.
    pub opener: usize,
    pub sides: [SidePlan; 2],
}

#[derive(Clone, Debug)]
pub struct SidePlan {
    /// Its relays, the nearest first.
    pub relays: Vec<usize>,
    pub config: Config,
    pub takes_pieces: bool,
    pub reports_chunks: bool,
    /// Whether it sends chunks without a body among the others.
    pub makes_empties: bool,
    /// How fast its connection takes what it sends, and gives it what it receives.
    pub paces: [Option<Pace>; 2],
    /// The octets of all of its messages, if not any.
    pub message_octets: Option<usize>,
}

/// How fast octets come out of a pipe.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Octets a second.
    pub rate: u64,
    /// How many come out together.
    pub lump: usize,
}

#[derive(Clone, Debug)]
pub struct LinkPlan {
    pub capacity: usize,
    pub delay_ms: u64,
    pub pace: Option<Pace>,
}

impl Pace {
    /// How long so many octets take.
    pub fn time(self, octets: usize) -> Duration {
        Duration::from_secs_f64(octets as f64 / self.rate as f64)
    }
}

impl LinkPlan {
    /// The same at a pace, of which it holds four seconds.
    pub fn at(self, pace: Option<Pace>) -> Self {
        let Some(Pace { rate, .. }) = pace else { return self };
        Self { capacity: self.capacity.min(4 * rate as usize), pace, ..self }
    }
}

pub fn pick<T: Copy>(rng: &mut Seeded, from: &[T]) -> T {
    from[rng.below(from.len() as u64) as usize]
}

pub fn chance(rng: &mut Seeded, percent: u64) -> bool {
    rng.below(100) < percent
}

impl Plan {
    pub fn new(rng: &mut Seeded) -> Self {
        let kinds = [Kind::Calm, Kind::Calm, Kind::Rough, Kind::Breaking, Kind::Draining];
        let kind = pick(rng, &kinds);
        let is_secure = chance(rng, 50);
        let mut relays: Vec<_> = (0..1 + rng.below(4) as usize)
            .map(|number| relay_config(rng, number, is_secure))
            .collect();
        let mut pairs: Vec<_> = (0..1 + rng.below(3)).map(|_| pair(rng, relays.len())).collect();
        let is_calm = kind == Kind::Calm;
        if is_calm {
            hurry(&mut relays, &mut pairs);
        }
        Self {
            kind,
            is_secure,
            relays,
            pairs,
            hostiles: pick(rng, &[0, 0, 1, 3]),
            links: LinkPlan {
                capacity: pick(rng, &[3_000, 8_000, 100_000]),
                delay_ms: if is_calm { 20 } else { pick(rng, &[0, 20, 300]) },
                pace: None,
            },
            tells_held: chance(rng, 50),
            steps: 200 + rng.below(1_200),
            most_messages: pick(rng, &[4, 15, 60]),
            storm: None,
            rest: Duration::from_secs(200),
        }
    }
}

/// In a calm world, nothing is so slow that a transaction times out.
fn hurry(relays: &mut [RelayConfig], pairs: &mut [PairPlan]) {
    for relay in relays {
        relay.transmit_octets = relay.transmit_octets.max(5_000);
        relay.transaction_timeout = Duration::from_secs(30);
        relay.limits.transactions = RelayLimits::default().transactions;
    }
    for side in pairs.iter_mut().flat_map(|pair| &mut pair.sides) {
        side.config.transmit_octets = side.config.transmit_octets.max(5_000);
    }
}

pub fn relay_config(rng: &mut Seeded, number: usize, is_secure: bool) -> RelayConfig {
    let host = relay_host(number);
    let scheme = scheme(is_secure);
    let address = format!("{scheme}://{host}:2855;tcp").parse().unwrap();
    let mut config = RelayConfig::new(address, host.clone());
    config.addresses.push(format!("{scheme}://{host}:443;ws").parse().unwrap());
    config.plain_auth = !is_secure;
    config.transmit_octets = pick(rng, &[10, 700, 5_000, 65_536]);
    config.turn_octets = pick(rng, &[0, 2_048, 5_000, 65_536]);
    config.transaction_timeout = Duration::from_secs(pick(rng, &[10, 30]));
    let mut limits = RelayLimits::default();
    limits.queue_octets = pick(rng, &[0, 1_000, 5_000, 40_000, 262_144]);
    // A chunk to which only errors lead to a response takes a transaction until
    // its deadline.
    limits.transactions = pick(rng, &[300, 1_024]);
    config.limits = limits;
    config
}

fn pair(rng: &mut Seeded, relays: usize) -> PairPlan {
    let mut sides = [side(rng, relays), side(rng, relays)];
    if sides.iter().all(|side| side.relays.is_empty()) {
        sides[0].relays.push(rng.below(relays as u64) as usize);
    }
    for side in &mut sides {
        // A client without a relay cannot be reached by WebSocket.
        if !side.relays.is_empty() && chance(rng, 30) {
            let max_octets = pick(rng, &[0, 3_000, READ]);
            side.config.framing = Framing::Message { max_octets };
        }
    }
    PairPlan { opener: rng.below(2) as usize, sides }
}

pub fn side(rng: &mut Seeded, relays: usize) -> SidePlan {
    let mut own = Vec::new();
    for _ in 0..pick(rng, &[0, 1, 1, 2]) {
        let relay = rng.below(relays as u64) as usize;
        if !own.contains(&relay) {
            own.push(relay);
        }
    }
    let mut config = Config::default();
    config.transmit_octets = pick(rng, &[10, 700, 5_000, 65_536]);
    config.turn_octets = pick(rng, &[0, 2_048, 65_536]);
    config.chunk_octets = pick(rng, &[None, Some(0), Some(10_000)]);
    config.limits.event_octets = pick(rng, &[1_000, 20_000, 1 << 20]);
    config.limits.transactions = pick(rng, &[300, 1_024]);
    config.limits.body_writer_octets = pick(rng, &[100, 3_000, 262_144]);
    SidePlan {
        relays: own,
        config,
        takes_pieces: chance(rng, 50),
        reports_chunks: chance(rng, 30),
        makes_empties: chance(rng, 50),
        paces: [None; 2],
        message_octets: None,
    }
}

pub const fn scheme(is_secure: bool) -> &'static str {
    if is_secure { "msrps" } else { "msrp" }
}

pub fn relay_host(number: usize) -> String {
    format!("relay{number}.example")
}

pub fn client_host(number: usize) -> String {
    format!("client{number}.example")
}
