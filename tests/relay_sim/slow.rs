//! Worlds in which sound clients send or receive little a second, for minutes or hours,
//! while a crowd takes the places of their relays.

use std::time::Duration;

use msrp::relay::RelayConfig;

use crate::common::Seeded;
use crate::crowd::Crowd;
use crate::plan::{
    Kind, LinkPlan, Pace, PairPlan, Plan, READ, SidePlan, chance, pick, relay_config, side,
};
use crate::world::World;

/// When the crowd begins to come: by then it can be told what is in use.
const ALONE: Duration = Duration::from_secs(90);

/// The most octets of a message.
const MOST: u64 = 600_000;

impl World {
    pub fn slow(seed: u64, is_told: bool) -> (Self, Slow) {
        let mut rng = Seeded(seed);
        let slow = Slow::new(&mut rng);
        let plan = slow.plan(&mut rng);
        (Self::with(plan, rng, is_told, false), slow)
    }

    /// Runs a slow world to its end. Panics if a law is violated.
    pub fn run_slowly(mut self, slow: &Slow) {
        self.tell(|world| format!("{:#?}", world.plan));
        self.begin();
        let mut next = self.now + ALONE;
        let end = next + slow.time;
        while self.now < end {
            self.go_on_all();
            if self.now >= next {
                // One now and then, or as many at once as there are places.
                for _ in 0..pick(&mut self.rng, &[1, 1, 1, 1, 1, 1, 1, slow.places]) {
                    self.newcomer(&slow.crowd);
                }
                next = self.now + slow.crowd.every;
                self.check_crowd();
            }
            self.turn();
        }
        self.settle();
        self.check_end();
    }

    /// All clients that send go on.
    pub fn go_on_all(&mut self) {
        for number in 0..self.clients.len() {
            self.goes_on(number);
        }
    }

    /// A client that sends at all sends one message after the other.
    fn goes_on(&mut self, number: usize) {
        self.go_on(number, true);
        let is_sending =
            self.ledger.iter().any(|sent| sent.from == number && sent.outcome.is_none());
        if self.clients[number].plan.message_octets.is_some() && !is_sending {
            self.send(number);
        }
    }
}

/// What is slow about a world.
pub struct Slow {
    time: Duration,
    idle: Duration,
    crowd: Crowd,
    places: usize,
}

impl Slow {
    fn new(rng: &mut Seeded) -> Self {
        let seconds = pick(rng, &[240, 240, 240, 600, 600, 600, 1_200, 4_500]);
        let idle = if seconds > 3_600 { 3_600 } else { pick(rng, &[60, 120, 600]) };
        let places = pick(rng, &[26, 40, 60]);
        Self {
            time: Duration::from_secs(seconds),
            idle: Duration::from_secs(idle),
            crowd: Crowd {
                every: Duration::from_secs_f64(seconds as f64 / 40.0),
                // Few who hold much, or many who hold no more than anybody else.
                users: pick(rng, &[2, 5, 10_000]),
                busy: places / 4,
            },
            places,
        }
    }

    fn plan(&self, rng: &mut Seeded) -> Plan {
        let is_secure = chance(rng, 50);
        let relays: Vec<_> =
            (0..1 + rng.below(2) as usize).map(|it| self.relay(rng, it, is_secure)).collect();
        let pairs = (0..1 + rng.below(2)).map(|_| self.pair(rng, relays.len())).collect();
        Plan {
            kind: Kind::Slow,
            is_secure,
            relays,
            pairs,
            hostiles: 0,
            links: LinkPlan {
                capacity: pick(rng, &[3_000, 100_000]),
                delay_ms: 20,
                pace: Some(Pace { rate: 1_000_000, lump: READ }),
            },
            tells_held: true,
            steps: 0,
            most_messages: 100_000,
            storm: None,
            rest: self.idle / 4,
        }
    }

    fn relay(&self, rng: &mut Seeded, number: usize, is_secure: bool) -> RelayConfig {
        let mut config = relay_config(rng, number, is_secure);
        config.transmit_octets = pick(rng, &[300, 700]);
        config.transaction_timeout = Duration::from_secs(30);
        config.idle = self.idle;
        config.default_expires = 4 * self.time;
        config.limits.transactions = 2048;
        config.limits.connections = self.places;
        config
    }

    /// One of the two sends. One that is called has a relay: otherwise the caller
    /// would hold more than its share.
    fn pair(&self, rng: &mut Seeded, relays: usize) -> PairPlan {
        let mut sides = [side(rng, relays), side(rng, relays)];
        let opener = rng.below(2) as usize;
        if sides[1 - opener].relays.is_empty() {
            sides[1 - opener].relays.push(rng.below(relays as u64) as usize);
        }
        for side in &mut sides {
            side.makes_empties = false;
            side.config.transmit_octets = pick(rng, &[10, 300, 700]);
            side.config.chunk_octets = pick(rng, &[None, None, Some(10_000)]);
            side.config.limits.event_octets = 1 << 20;
            side.config.limits.transactions = 1_024;
        }
        let first = rng.below(2) as usize;
        self.flow(rng, &mut sides, first);
        PairPlan { opener, sides }
    }

    /// From one side to the other, at the pace of one or both of them.
    fn flow(&self, rng: &mut Seeded, sides: &mut [SidePlan; 2], from: usize) {
        let is_at = rng.below(3);
        // A fast client begins its next message when the receiver has taken the last one, and
        // nothing flows meanwhile: at less than this, that one would not be in use.
        let rate = if is_at == 0 {
            pick(rng, &[200, 1_000, 5_000])
        } else {
            pick(rng, &[110, 130, 200, 1_000, 5_000])
        };
        // Each 30 seconds hold enough lumps.
        let longest = ((30 * rate - 3_200) / rate).min(6);
        let lump = pick(rng, &[rate, longest.max(1) * rate]) as usize;
        let pace = Some(Pace { rate, lump });
        if is_at != 0 {
            sides[from].paces[0] = pace;
        }
        if is_at != 1 {
            sides[1 - from].paces[1] = pace;
        }
        let time = pick(rng, &[self.time.as_secs(), self.time.as_secs() / 4, 20]);
        sides[from].message_octets = Some((rate * time).min(MOST) as usize);
    }
}
