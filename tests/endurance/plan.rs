//! What a seed decides at its start.

use std::time::Duration;

use msrp::{Bind, Config, Limits, ReceiveMode, ReportMode, ResponseMode};

use crate::common::Seeded;

pub const ALICE: usize = 0;
pub const BOB: usize = 1;

pub struct Plan {
    /// Nothing breaks and nobody is late, so every message has to succeed.
    pub is_sound: bool,
    pub configs: [Config; 2],
    pub slots: Vec<Slot>,
    pub link: LinkPlan,
    pub apps: [AppPlan; 2],
    pub storm: Duration,
    /// Whether a side says what its transport holds.
    pub says_backlog: [bool; 2],
}

/// A session and its successors.
#[derive(Clone, Copy)]
pub struct Slot {
    pub bind: Bind,
    pub sides: [Taking; 2],
}

#[derive(Clone, Copy)]
pub struct Taking {
    pub receive: ReceiveMode,
    pub responses: ResponseMode,
    pub reports: ReportMode,
    pub max_size: u64,
}

#[derive(Clone, Copy)]
pub struct LinkPlan {
    pub rate: [u64; 2],
    pub delay: Duration,
    pub buffer: usize,
    pub window: usize,
    /// The longest stall.
    pub stall: Option<Duration>,
    pub dies: bool,
    pub nat: Option<Duration>,
}

#[derive(Clone, Copy)]
pub struct AppPlan {
    /// The mean time between two bursts.
    pub pace: Duration,
    /// The most messages of a burst.
    pub burst: u64,
    pub largest: u64,
    /// The longest time in which it takes no events, answers nothing, writes nothing.
    pub slow: Duration,
    pub streams: u64,
    pub aborts: u64,
    pub rejects: u64,
    pub closes: u64,
    pub silent: u64,
}

pub fn pick<T: Copy>(rng: &mut Seeded, from: &[T]) -> T {
    from[rng.below(from.len() as u64) as usize]
}

pub fn chance(rng: &mut Seeded, percent: u64) -> bool {
    rng.below(100) < percent
}

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Plan {
    pub fn new(rng: &mut Seeded) -> Self {
        let is_sound = chance(rng, 35);
        let mut slots: Vec<Slot> = (0..=rng.below(3)).map(|_| slot(rng)).collect();
        // An application that has nothing to say binds a session all the same.
        slots[0].bind = Bind::Bodiless;
        let configs = [(); 2].map(|()| if is_sound { sound_config(rng) } else { config(rng) });
        let mut link = if is_sound { sound_link(rng) } else { link(rng) };
        let mut apps = [(); 2].map(|()| app(rng, is_sound, link.rate));
        if is_sound && chance(rng, 40) {
            // No response stands behind the peer's own octets: the buffer may be deep.
            apps[BOB].burst = 0;
            link.buffer = 4 << 20;
        }
        Self {
            is_sound,
            configs,
            slots,
            link,
            apps,
            storm: secs(pick(rng, &[600, 3_600, 7_200])),
            says_backlog: [(); 2].map(|()| is_sound || chance(rng, 50)),
        }
    }

    /// The same with a sound link and sound applications.
    pub fn calm(&self) -> Self {
        let link = LinkPlan { stall: None, dies: false, nat: None, ..self.link };
        let link = LinkPlan { rate: [12_500_000; 2], ..link };
        Self { link, slots: self.slots.clone(), configs: self.configs.clone(), ..*self }
    }

    /// How long everything that waits may wait at most, one deadline after another.
    pub fn longest_deadline(&self) -> Duration {
        secs(1_200)
    }
}

fn sound_config(rng: &mut Seeded) -> Config {
    let mut config = Config::default();
    config.keep_alive = pick(rng, &[None, Some(secs(15)), Some(secs(60))]);
    config.transmit_octets = pick(rng, &[700, 16_384, 65_536]);
    config.turn_octets = pick(rng, &[0, 16_384, 65_536]);
    config.chunk_octets = pick(rng, &[None, Some(10_000)]);
    config
}

fn config(rng: &mut Seeded) -> Config {
    let mut config = sound_config(rng);
    config.transaction_timeout = secs(pick(rng, &[5, 30]));
    if chance(rng, 60) {
        config.limits = tight(rng);
        config.chunk_octets = Some(2_048);
    }
    config
}

/// Limits of 1 to 8.
pub fn tight(rng: &mut Seeded) -> Limits {
    let mut limits = Limits::default();
    let mut few = || 1 + rng.below(8) as usize;
    limits.incoming_messages = few();
    limits.message_ranges = few();
    limits.outgoing_messages = few();
    limits.transactions = few();
    limits.remembered_messages = few();
    limits.events = few();
    limits.nicknames = few();
    limits.incoming_octets = pick(rng, &[20_000, 300_000]);
    limits.event_octets = pick(rng, &[1_000, 20_000]);
    limits.control_octets = pick(rng, &[300, 2_000, 524_288]);
    limits.body_writer_octets = pick(rng, &[64, 3_000, 262_144]);
    limits
}

fn slot(rng: &mut Seeded) -> Slot {
    Slot {
        bind: pick(rng, &[Bind::Bodiless, Bind::FirstMessage]),
        sides: [(); 2].map(|()| Taking {
            receive: pick(rng, &[ReceiveMode::Whole, ReceiveMode::Pieces]),
            responses: pick(rng, &[ResponseMode::Received, ResponseMode::Application]),
            reports: pick(rng, &[ReportMode::Whole, ReportMode::EachChunk, ReportMode::Manual]),
            max_size: 1 << 20,
        }),
    }
}

/// The buffer of a sound link empties within the time that a response may take:
/// one that stands behind the peer's own octets for longer comes too late.
fn sound_link(rng: &mut Seeded) -> LinkPlan {
    let rate = pick(rng, &[1_000, 4_000, 16_000, 250_000, 12_500_000]);
    LinkPlan {
        rate: [rate; 2],
        delay: Duration::from_millis(pick(rng, &[1, 50, 300])),
        buffer: usize::try_from((6 * rate).min(4 << 20)).unwrap(),
        window: 65_536,
        stall: None,
        dies: false,
        nat: None,
    }
}

fn link(rng: &mut Seeded) -> LinkPlan {
    let rates = [1_000, 4_000, 16_000, 125_000, 1_000_000, 12_500_000];
    LinkPlan {
        rate: [(); 2].map(|()| pick(rng, &rates)),
        delay: Duration::from_millis(pick(rng, &[1, 50, 300])),
        buffer: pick(rng, &[4_096, 65_536, 4 << 20]),
        window: pick(rng, &[4_096, 65_536, 1 << 20]),
        stall: pick(rng, &[None, Some(secs(10)), Some(secs(120))]),
        dies: chance(rng, 30),
        nat: chance(rng, 25).then_some(secs(20)),
    }
}

fn app(rng: &mut Seeded, is_sound: bool, rate: [u64; 2]) -> AppPlan {
    let largest = pick(rng, &[100, 3_000, 20_000, 200_000]);
    let ever = |rng: &mut Seeded, percent| if chance(rng, 40) { percent } else { 0 };
    AppPlan {
        pace: secs(pick(rng, &[20, 200, 1_000])),
        burst: pick(rng, &[1, 4, 20, 70]),
        // No burst takes longer than a few minutes to leave.
        largest: if is_sound { largest.min(rate[0] * 3) } else { largest },
        slow: secs(if is_sound { pick(rng, &[0, 2, 10]) } else { pick(rng, &[0, 20, 100]) }),
        streams: ever(rng, 40),
        aborts: ever(rng, 10),
        rejects: if is_sound { 0 } else { ever(rng, 20) },
        closes: ever(rng, 10),
        silent: ever(rng, 40),
    }
}
