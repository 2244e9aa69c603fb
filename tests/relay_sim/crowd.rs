//! A crowd that comes while sound clients are slow, and takes all the places of the relays.

use std::net::IpAddr;
use std::time::Duration;

use crate::hostile::{Habit, Hostile};
use crate::plan::pick;
use crate::world::World;

/// Who comes, and how often.
#[derive(Clone, Debug)]
pub struct Crowd {
    pub every: Duration,
    /// The users that it has.
    pub users: u64,
    /// How many of it may be in use at once.
    pub busy: usize,
}

/// Octets a second that are too few to be use, in both directions together.
const TRICKLE: u64 = 15;

/// How long it takes to ask for a token at that rate, and to send as much as a relay passes
/// on together.
const SLACK: Duration = Duration::from_secs(300);

impl World {
    /// Another one comes, to any relay.
    pub fn newcomer(&mut self, crowd: &Crowd) {
        let number = self.hostiles.len();
        let relay = self.rng.below(self.relays.len() as u64) as usize;
        let rate = pick(&mut self.rng, &[TRICKLE, 200, 1_000]);
        let habit = match self.rng.below(4) {
            0 => Habit::Silent,
            1 if rate == TRICKLE || self.busy() < crowd.busy => Habit::Sending(rate),
            _ => Habit::Idle,
        };
        let user = format!("mallory{}", self.rng.below(crowd.users));
        let user = (habit != Habit::Silent).then_some(user);
        let is_user = user.is_some();
        let mut hostile = Hostile::new(number, relay, user, habit);
        hostile.address = Some(IpAddr::from([192, 0, 2, self.rng.below(200) as u8]));
        self.comes(hostile);
        if is_user {
            self.asks(number);
        }
    }

    /// How many of the crowd are in use.
    fn busy(&self) -> usize {
        let are_busy = |it: &&Hostile| matches!(it.habit, Habit::Sending(rate) if rate > TRICKLE);
        self.hostiles.iter().filter(are_busy).filter(|it| self.is_there(it)).count()
    }

    pub fn is_there(&self, hostile: &Hostile) -> bool {
        hostile.wire.is_some_and(|wire| !self.wires[wire].is_gone.contains(&true))
    }

    /// Those of no use do not stay.
    // req: 4976-6.1-2 4976-6.5-1
    pub fn check_crowd(&self) {
        for hostile in &self.hostiles {
            let config = &self.plan.relays[hostile.relay];
            let most = match hostile.habit {
                Habit::Silent => config.probation,
                Habit::Idle | Habit::Sending(TRICKLE) => config.idle,
                Habit::Any | Habit::Sending(_) | Habit::Keeping(_) => continue,
            };
            let is_over = self.now > hostile.since + most + SLACK && self.is_there(hostile);
            assert!(!is_over, "{:?} stays since {:?}", hostile.habit, hostile.since);
        }
    }
}
