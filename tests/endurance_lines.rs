//! Lines of every speed behind the queue of a system, which takes more than leaves in a
//! second: what is urgent is never far behind what is large, and no line is left idle.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use common::{Pair, bob_expects};
use msrp::{Config, Event, Outcome, OutgoingMessage, ReceiveMode, SessionKey};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(1_000);

/// How long a text may take behind a file: a second of what the transport holds, the rest
/// of a turn, and the text itself.
const BEHIND: Duration = Duration::from_secs(3);

/// A line of so many octets a second, behind the queue of a system.
struct Line {
    rate: f64,
    /// How long an octet is on its way, and its acknowledgement.
    round_trip: Duration,
    /// The octets that the system takes ahead of the line.
    queue: usize,
    /// What is not acknowledged: when it has reached the far end, and its octets.
    segments: VecDeque<(Instant, Bytes)>,
    busy_until: Instant,
}

/// The octets of a packet.
const PACKET: usize = 1_400;

impl Line {
    fn new(rate: u64, round_trip: Duration, queue: usize, now: Instant) -> Self {
        let (rate, segments) = (rate as f64, VecDeque::new());
        Self { rate, round_trip, queue, segments, busy_until: now }
    }

    fn takes(&self, now: Instant) -> bool {
        let ahead = self.busy_until.saturating_duration_since(now).as_secs_f64() * self.rate;
        ahead < self.queue as f64
    }

    fn take(&mut self, now: Instant, octets: Bytes) {
        let packet = PACKET.max(octets.len() / 8);
        let mut rest = octets;
        while !rest.is_empty() {
            let segment = rest.split_to(packet.min(rest.len()));
            let time = Duration::from_secs_f64(segment.len() as f64 / self.rate);
            self.busy_until = self.busy_until.max(now) + time;
            self.segments.push_back((self.busy_until + self.round_trip / 2, segment));
        }
    }

    /// The octets that have not left or are not acknowledged.
    fn holds(&self) -> usize {
        self.segments.iter().map(|(_, segment)| segment.len()).sum()
    }

    /// What has reached the far end and is acknowledged now.
    fn arrived(&mut self, now: Instant) -> Vec<Bytes> {
        let has_arrived = |at: Instant| at + self.round_trip / 2 <= now;
        let count = self.segments.iter().take_while(|(at, _)| has_arrived(*at)).count();
        self.segments.drain(..count).map(|(_, segment)| segment).collect()
    }

    /// When an acknowledgement arrives, or the system takes octets that it did not take.
    fn next_due(&self, now: Instant) -> Option<Instant> {
        let (first, _) = self.segments.front()?;
        let ahead = Duration::from_secs_f64((self.queue as f64 - 1.0) / self.rate);
        let takes = self.busy_until.checked_sub(ahead).filter(|at| *at > now);
        let acknowledged = *first + self.round_trip / 2;
        Some(takes.map_or(acknowledged, |takes| takes.min(acknowledged)))
    }
}

/// Alice at one end of a line, and Bob at the other.
struct World {
    pair: Pair,
    session: SessionKey,
    line: Line,
    /// When each message had its outcome, in this order.
    accepted: Vec<Instant>,
}

impl World {
    fn new(rate: u64, round_trip: Duration, queue: usize) -> Self {
        let mut config = Config::default();
        config.transmit_octets = 64 * 1024;
        let expected = bob_expects().max_size(u64::MAX).receive(ReceiveMode::Pieces);
        let mut pair = Pair::with(config, Config::default(), expected);
        let session = pair.open();
        pair.alice.connection.transport_holds(pair.now, 0);
        let line = Line::new(rate, round_trip, queue, pair.now);
        Self { pair, session, line, accepted: Vec::new() }
    }

    fn send(&mut self, octets: Bytes) {
        let message = OutgoingMessage::new("application/octet-stream".parse().unwrap(), octets);
        self.pair.alice.connection.send(self.session, message).unwrap();
    }

    /// One step of the run loop that `Connection::transport_holds` describes.
    fn step(&mut self, until: Instant) {
        let Self { pair: Pair { alice, now, .. }, line, .. } = self;
        while line.takes(*now)
            && let Some(mut transmit) = alice.connection.poll_transmit(*now)
        {
            line.take(*now, transmit.copy_to_bytes(transmit.remaining()));
            alice.connection.transport_holds(*now, line.holds());
        }
        let dues = [alice.connection.poll_timeout(), line.next_due(*now)];
        let due = dues.into_iter().flatten().filter(|due| due > now).min();
        *now = due.unwrap_or(until).max(*now + MILLISECOND).min(until);
        self.carry();
        let Pair { alice, now, .. } = &mut self.pair;
        alice.connection.transport_holds(*now, self.line.holds());
        alice.connection.handle_timeout(*now);
        for event in alice.events() {
            if let Event::Finished(it) = event {
                assert_eq!(it.outcome, Outcome::Accepted);
                self.accepted.push(*now);
            }
        }
    }

    /// Brings Bob what has arrived, and Alice his responses.
    fn carry(&mut self) {
        let Pair { alice, bob, now, .. } = &mut self.pair;
        for octets in self.line.arrived(*now) {
            bob.feed(*now, &octets);
            bob.events();
        }
        alice.feed(*now, &bob.drain(*now));
    }

    fn run(&mut self, time: Duration) {
        let until = self.pair.now + time;
        while self.pair.now < until {
            self.step(until);
        }
    }

    /// How long it takes until so many messages have their outcome.
    fn until_accepted(&mut self, messages: usize) -> Duration {
        let start = self.pair.now;
        while self.accepted.len() < messages {
            assert!(self.pair.now < start + PATIENCE);
            self.step(start + PATIENCE);
        }
        self.pair.now - start
    }
}

/// Whatever the system takes ahead of the line.
#[test]
fn a_text_is_not_far_behind_a_file_on_a_slow_line() {
    for rate in [5_000, 20_000, 100_000] {
        for queue in [16, 64, 1024].map(|kib| kib * 1024) {
            let mut world = World::new(rate, 100 * MILLISECOND, queue);
            world.send(vec![0; 60 * rate as usize].into());
            for seconds in [1, 7, 11] {
                world.run(seconds * SECOND);
                world.send("text".into());
                let sent = world.accepted.len() + 1;
                let behind = world.until_accepted(sent);
                assert!(behind <= BEHIND, "{rate}, {queue}, {seconds}: {behind:?}");
            }
        }
    }
}

/// As long as octets wait, there are some for the line, whether it is long or short.
#[test]
fn a_line_is_never_idle() {
    for (rate, round_trip, file) in [
        (5_000, 100, 200_000),
        (5_000, 1_500, 200_000),
        (100_000, 20, 4_000_000),
        (100_000, 1_500, 4_000_000),
        (2_500_000, 100, 64_000_000),
        (125_000_000, 1, 64_000_000),
        (125_000_000, 100, 128_000_000),
    ] {
        let round_trip = round_trip * MILLISECOND;
        // Twice as much as is on its way.
        let queue = 64 * 1024 + (2.0 * rate as f64 * round_trip.as_secs_f64()) as usize;
        let mut world = World::new(rate, round_trip, queue);
        world.send(vec![0; file].into());
        let took = world.until_accepted(1);
        // TCP needs as many round trips until it knows a long line.
        let most = Duration::from_secs_f64(1.05 * file as f64 / rate as f64) + 8 * round_trip;
        assert!(took <= most, "{rate}, {round_trip:?}: {took:?}, not {most:?}");
    }
}

/// A line that becomes slow holds what it was given by then, and takes no more for long.
#[test]
fn a_line_that_becomes_slow_is_given_little() {
    let mut world = World::new(1_000_000, 20 * MILLISECOND, 64 * 1024);
    world.send(vec![0; 4_000_000].into());
    world.run(2 * SECOND);
    world.line.rate = 5_000.0;
    world.run(60 * SECOND);
    world.send("text".into());
    let behind = world.until_accepted(1);
    assert!(behind <= BEHIND, "{behind:?}");
}
