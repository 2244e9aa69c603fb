//! Two connections joined in memory, in virtual time.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

pub mod corpus;
pub mod seeds;
pub mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::{
    Config, Connection, Event, FailReason, Path, Random, Refused, Role, SessionConfig, SessionKey,
    SessionTable,
};

pub const ALICE: &str = "msrp://alice.example:7654/jshA7weztas;tcp";
pub const BOB: &str = "msrp://bob.example:12763/kjhd37s2s20w2a;tcp";

/// A transmit holds few octets of a body, so that other frames can interrupt it.
pub fn small_steps() -> Config {
    let mut config = Config::default();
    config.transmit_octets = 1500;
    config.turn_octets = 4096;
    config
}

/// Why messages failed, in the order of the events.
pub fn failures(events: &[Event]) -> Vec<FailReason> {
    let reason = |event: &Event| match event {
        Event::MessageFailed { reason, .. } => Some(*reason),
        _ => None,
    };
    events.iter().filter_map(reason).collect()
}

/// Random octets that are the same in every run.
pub struct Seeded(pub u64);

impl Random for Seeded {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        for octet in octets {
            *octet = (self.next() >> 32) as u8;
        }
        Ok(())
    }
}

/// Gives this many random octets and then fails.
pub struct Failing {
    pub left: usize,
    random: Seeded,
}

impl Failing {
    pub fn after(octets: usize) -> Self {
        Self { left: octets, random: Seeded(5) }
    }
}

impl Random for Failing {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        let left = self.left.checked_sub(octets.len());
        self.left = left.ok_or_else(|| msrp::RandomError::new("the source has run dry"))?;
        self.random.fill(octets)
    }
}

impl Seeded {
    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// One side: a connection and its input.
pub struct Side {
    pub connection: Connection,
    pub input: BytesMut,
    pub events: Vec<Event>,
    /// The frames that were refused outside of any message.
    pub refused: Vec<Refused>,
    /// Every octet it has sent.
    pub sent: Vec<u8>,
}

impl Side {
    pub fn new(config: Config, role: Role, seed: u64, now: Instant) -> Self {
        Self {
            connection: Connection::new(Arc::new(config), role, Seeded(seed), now).unwrap(),
            input: BytesMut::new(),
            events: Vec::new(),
            refused: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Feeds octets and collects the events.
    pub fn feed(&mut self, now: Instant, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        loop {
            let before = self.input.len();
            let result = self.connection.receive(now, &mut self.input);
            self.take_events();
            if result.is_err() || self.input.len() == before || self.input.is_empty() {
                return;
            }
        }
    }

    pub fn take_events(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Refused(refused) => self.refused.push(*refused),
                event => self.events.push(event),
            }
        }
    }

    /// Everything it has to send now.
    pub fn drain(&mut self, now: Instant) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(mut transmit) = self.connection.poll_transmit(now) {
            while transmit.has_remaining() {
                let len = transmit.chunk().len();
                out.extend_from_slice(transmit.chunk());
                transmit.advance(len);
            }
        }
        self.take_events();
        self.sent.extend_from_slice(&out);
        out
    }

    /// Lets the peer bind the sessions of the table.
    pub fn with_table(mut self, table: &SessionTable) -> Self {
        self.connection = self.connection.with_table(table.clone());
        self
    }

    /// Takes the events so far.
    pub fn events(&mut self) -> Vec<Event> {
        self.take_events();
        std::mem::take(&mut self.events)
    }

    pub fn outcomes(&mut self) -> Vec<msrp::Finished> {
        self.events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Finished(outcome) => Some(*outcome),
                _ => None,
            })
            .collect()
    }

    pub fn sent_text(&self) -> String {
        String::from_utf8_lossy(&self.sent).into_owned()
    }
}

/// Alice, who is active, and Bob, who is passive.
pub struct Pair {
    pub alice: Side,
    pub bob: Side,
    pub table: SessionTable,
    pub now: Instant,
}

impl Pair {
    pub fn new() -> Self {
        Self::with(Config::default(), Config::default(), bob_expects())
    }

    pub fn with(alice: Config, bob: Config, expected: SessionConfig) -> Self {
        let now = Instant::now();
        let table = SessionTable::new(16);
        table.insert(expected).unwrap();
        Self {
            alice: Side::new(alice, Role::Active, 1, now),
            bob: Side::new(bob, Role::Passive, 2, now).with_table(&table),
            table,
            now,
        }
    }

    /// Opens the session and lets both sides settle.
    pub fn opened() -> (Self, SessionKey) {
        let mut pair = Self::new();
        let session = pair.open();
        (pair, session)
    }

    pub fn open(&mut self) -> SessionKey {
        let session = self.alice.connection.open(alice_opens()).unwrap();
        self.settle();
        self.alice.events();
        self.bob.events();
        session
    }

    /// Carries octets in both directions until neither side has any to send.
    pub fn settle(&mut self) {
        loop {
            let to_bob = self.alice.drain(self.now);
            self.bob.feed(self.now, &to_bob);
            let to_alice = self.bob.drain(self.now);
            self.alice.feed(self.now, &to_alice);
            if to_bob.is_empty() && to_alice.is_empty() {
                return;
            }
        }
    }

    /// Lets time pass on both sides.
    pub fn advance(&mut self, by: Duration) {
        self.now += by;
        self.alice.connection.handle_timeout(self.now);
        self.bob.connection.handle_timeout(self.now);
        self.alice.take_events();
        self.bob.take_events();
    }
}

pub fn alice_opens() -> SessionConfig {
    SessionConfig::new(ALICE.parse().unwrap(), path(BOB))
}

pub fn bob_expects() -> SessionConfig {
    SessionConfig::expected(BOB.parse().unwrap())
}

pub fn path(text: &str) -> Path {
    text.parse().unwrap()
}
