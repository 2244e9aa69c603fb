//! The configuration of a seed's world.

use std::time::Duration;

use msrp::{
    Bind, Config, Framing, MediaTypes, MsrpUri, Path, ReceiveMode, ReportMode, ResponseMode,
    SessionConfig, Tolerances,
};

use crate::common::Seeded;

pub const ALICE: usize = 0;
pub const BOB: usize = 1;
pub const TYPES: [&str; 4] = ["text/plain", "application/octet-stream", "image/png", "text/html"];
const LISTS: [&str; 4] = ["text/plain", "text/plain application/octet-stream", "text/*", "*"];

/// The kind of trouble in a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None: the link loses nothing, and both sides are sound.
    Sound,
    /// The link may break.
    Breaking,
    /// The random source repeats the same octets.
    Repeating,
    /// Octets change on the link.
    Hostile,
}

pub struct Plan {
    pub kind: Kind,
    pub configs: [Config; 2],
    /// Whether the links carry messages, each of them whole or not at all.
    pub is_framed: bool,
    pub repeats: [Option<u8>; 2],
    pub sessions: Vec<SessionPlan>,
    pub links: [LinkPlan; 2],
    pub steps: u64,
    pub chatter: u64,
}

pub struct SessionPlan {
    pub opener: usize,
    pub uris: [MsrpUri; 2],
    /// Whether it is in the table of the side that does not open it.
    pub is_expected: bool,
    pub sides: [Taking; 2],
    pub responses: ResponseMode,
}

/// What one side of a session accepts.
#[derive(Clone, Debug)]
pub struct Taking {
    pub types: &'static str,
    pub max_size: u64,
    pub receive: ReceiveMode,
    pub reports: ReportMode,
    /// Whether the peer knows the types and the size.
    pub is_told: bool,
}

#[derive(Clone, Debug)]
pub struct LinkPlan {
    pub capacity: usize,
    pub delay_ms: u64,
    pub break_at: Option<u64>,
    pub mutates_every: Option<u64>,
    pub stalls: bool,
}

pub fn pick<T: Copy>(rng: &mut Seeded, from: &[T]) -> T {
    from[rng.below(from.len() as u64) as usize]
}

pub fn chance(rng: &mut Seeded, percent: u64) -> bool {
    rng.below(100) < percent
}

impl Plan {
    pub fn new(rng: &mut Seeded) -> Self {
        let kind = match rng.below(20) {
            0..11 => Kind::Sound,
            11..14 => Kind::Breaking,
            14..16 => Kind::Repeating,
            _ => Kind::Hostile,
        };
        let mut configs = [config(rng), config(rng)];
        if kind == Kind::Repeating {
            // A late response would complete the next request.
            for config in &mut configs {
                config.transaction_timeout = Duration::from_secs(1_000_000);
                config.keep_alive = None;
            }
        }
        let sessions = (0..rng.below(4) + 1).map(|n| session(rng, n)).collect();
        Self {
            kind,
            configs,
            is_framed: false,
            // Different on both sides, or their ids would be the same.
            repeats: [0, 1].map(|side| {
                let octet = 2 * rng.below(128) as u8 + side;
                (kind == Kind::Repeating && chance(rng, 70)).then_some(octet)
            }),
            sessions,
            links: [link(rng, kind), link(rng, kind)],
            steps: 50 + rng.below(350),
            chatter: pick(rng, &[5, 15, 40]),
        }
    }

    /// The same world over links that carry messages: WebSockets or data
    /// channels.
    pub fn framed(rng: &mut Seeded) -> Self {
        let mut plan = Self::new(rng);
        plan.is_framed = true;
        for config in &mut plan.configs {
            let max_octets = pick(rng, &[0, 2_048, 3_000, 5_000, 20_000, 65_536]);
            config.framing = Framing::Message { max_octets };
        }
        plan
    }

    /// The most octets of a message that `side` may send, if the links carry
    /// messages.
    pub fn max_message(&self, side: usize) -> Option<usize> {
        match self.configs[side].framing {
            Framing::Message { max_octets } => Some(max_octets.max(Framing::MIN_MESSAGE)),
            _ => None,
        }
    }
}

fn config(rng: &mut Seeded) -> Config {
    let mut config = Config::default();
    if chance(rng, 50) {
        config.parse.tolerances = Tolerances::none();
    }
    config.transaction_timeout = Duration::from_millis(pick(rng, &[1_000, 5_000, 30_000]));
    config.keep_alive = chance(rng, 30).then(|| Duration::from_millis(pick(rng, &[700, 20_000])));
    config.transmit_octets = pick(rng, &[1, 10, 700, 5_000, 65_536]);
    config.turn_octets = pick(rng, &[0, 2_048, 5_000, 65_536]);
    config.chunk_octets = pick(rng, &[None, Some(0), Some(3_000), Some(10_000)]);
    let limits = &mut config.limits;
    if chance(rng, 50) {
        limits.event_octets = pick(rng, &[0, 1, 1_000, 20_000]);
        limits.events = pick(rng, &[0, 1, 5, 100]);
        limits.control_octets = pick(rng, &[0, 300, 2_000]);
    }
    if chance(rng, 50) {
        limits.transactions = pick(rng, &[1, 2, 5, 50]);
        limits.incoming_messages = pick(rng, &[0, 1, 3, 20]);
        limits.message_ranges = pick(rng, &[0, 1, 2, 20]);
        limits.outgoing_messages = pick(rng, &[1, 3, 10]);
        limits.remembered_messages = pick(rng, &[0, 1, 3, 20]);
        limits.incoming_octets = pick(rng, &[0, 100, 10_000, 1_000_000]);
    }
    limits.body_writer_octets = pick(rng, &[64, 100, 3_000, 262_144]);
    config
}

fn session(rng: &mut Seeded, number: u64) -> SessionPlan {
    let uri = |host, port, rng: &mut Seeded| -> MsrpUri {
        let id = rng.next();
        format!("msrp://{host}.example:{port}/s{number}x{id:x};tcp").parse().unwrap()
    };
    SessionPlan {
        opener: if number > 0 && chance(rng, 25) { BOB } else { ALICE },
        uris: [uri("alice", 7654, rng), uri("bob", 12763, rng)],
        is_expected: number == 0 || chance(rng, 90),
        sides: [taking(rng), taking(rng)],
        responses: ResponseMode::Received,
    }
}

fn taking(rng: &mut Seeded) -> Taking {
    Taking {
        types: if chance(rng, 60) { "*" } else { pick(rng, &LISTS) },
        max_size: if chance(rng, 75) { 1 << 20 } else { pick(rng, &[0, 1, 2_047, 2_048, 6_000]) },
        receive: pick(rng, &[ReceiveMode::Whole, ReceiveMode::Pieces]),
        reports: pick(rng, &[ReportMode::Whole, ReportMode::EachChunk, ReportMode::Manual]),
        is_told: chance(rng, 40),
    }
}

fn link(rng: &mut Seeded, kind: Kind) -> LinkPlan {
    let breaks = kind == Kind::Breaking && chance(rng, 70);
    LinkPlan {
        capacity: pick(rng, &[50, 3_000, 100_000]),
        delay_ms: pick(rng, &[0, 20, 300, 4_000]),
        break_at: breaks.then(|| rng.below(40_000)),
        mutates_every: (kind == Kind::Hostile && chance(rng, 70))
            .then(|| pick(rng, &[20, 300, 5_000])),
        stalls: chance(rng, 40),
    }
}

impl SessionPlan {
    pub fn config(&self, side: usize, knows_peer: bool, bind: Bind) -> SessionConfig {
        let (mine, theirs) = (&self.sides[side], &self.sides[1 - side]);
        let local = self.uris[side].clone();
        let mut config = if knows_peer {
            SessionConfig::new(local, Path::from(self.uris[1 - side].clone()))
        } else {
            SessionConfig::expected(local)
        };
        config = config
            .bind(bind)
            .responses(self.responses)
            .nicknames(true)
            .accept_types(MediaTypes::new(mine.types).unwrap())
            .max_size(mine.max_size)
            .receive(mine.receive)
            .reports(mine.reports);
        if theirs.is_told {
            config = config
                .peer_accept_types(MediaTypes::new(theirs.types).unwrap())
                .peer_max_size(theirs.max_size);
        }
        config
    }
}

impl Taking {
    pub fn takes(&self, content_type: &str) -> bool {
        self.types.split(' ').any(|listed| {
            listed == "*"
                || listed == content_type
                || listed.strip_suffix('*').is_some_and(|main| content_type.starts_with(main))
        })
    }
}
