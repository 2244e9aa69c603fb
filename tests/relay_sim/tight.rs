//! Worlds of little memory, in which hostile clients make the relays keep as much as they may:
//! sound clients notice nothing.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use msrp::Framing;
use msrp::auth::Ha1;
use msrp::relay::{AuthRequest, RelayClose, RelayConfig, Verdict};

use crate::common::Seeded;
use crate::hostile::{Habit, Hostile};
use crate::keeping::Kept;
use crate::plan::{LinkPlan, Plan, SidePlan, Storm, chance, pick};
use crate::wire::End;
use crate::world::World;

/// The memory of a relay with a crowd.
const MEMORY: usize = 2 * 1024 * 1024;

/// The most that waits for a connection: more than enough of them take all of that memory.
const QUEUE: usize = 40_000;

/// What the transport of a hostile client takes that does not read.
const UNREAD: usize = 3_000;

/// The least octets of a chunk that others interrupt.
const TURN: usize = 2_048;

/// A user who is being looked up.
pub struct Lookup {
    pub due: Duration,
    relay: usize,
    request: AuthRequest,
    secret: Ha1,
}

impl World {
    pub fn tight(seed: u64, is_told: bool) -> Self {
        let mut rng = Seeded(seed);
        let plan = tight(&mut rng);
        Self::with(plan, rng, is_told, false)
    }

    /// The hostile clients come.
    pub fn storm_comes(&mut self) {
        let Some(storm) = self.plan.storm.clone() else { return };
        for (relay, kept) in storm.kept {
            let number = self.hostiles.len();
            // Some of them are one user, or have one address.
            let name = self.rng.below(storm.names);
            let user = kept.is_known().then(|| format!("mallory{name}"));
            let mut hostile = Hostile::new(number, relay, user, Habit::Keeping(kept));
            hostile.address = Some(IpAddr::from([192, 0, 2, name as u8]));
            self.comes(hostile);
            if kept.is_known() {
                self.asks(number);
            }
        }
    }

    /// The next of them act, if it is time.
    pub fn storm(&mut self) {
        let Some(storm) = &self.plan.storm else { return };
        let (every, at_once) = (storm.every, storm.at_once);
        if self.now >= self.next_storm {
            for _ in 0..at_once {
                self.misbehave(self.acted % self.hostiles.len());
                self.acted += 1;
            }
            self.next_storm = self.now + every;
        }
    }

    /// A sound client is about to answer a challenge: its user has to type the password.
    pub fn thinks(&mut self, wire: usize, side: usize, number: usize, octets: &Bytes) {
        let Some(storm) = &self.plan.storm else { return };
        let field = b"\r\nAuthorization: ";
        let has_no_route = self.clients[number].route.is_none();
        if has_no_route && octets.windows(field.len()).any(|it| it == field) {
            self.wires[wire].pipes[side].stall(self.now + storm.thinks);
        }
    }

    /// What a link is like. In a storm, that of a hostile client takes little: the relay has to
    /// keep what is not read.
    pub fn link(&self, ends: [End; 2]) -> LinkPlan {
        let is_hostile = ends.iter().any(|end| matches!(end, End::Hostile(_)));
        let most = if self.plan.storm.is_some() && is_hostile { UNREAD } else { usize::MAX };
        let link = self.plan.links.clone();
        LinkPlan { capacity: link.capacity.min(most), ..link }
    }

    /// A relay looks a user up.
    pub fn look_up(&mut self, relay: usize, request: AuthRequest, secret: Ha1) {
        let lookup = self.plan.storm.as_ref().map_or(Duration::ZERO, |storm| storm.lookup);
        self.lookups.push(Lookup { due: self.now + lookup, relay, request, secret });
        self.decide();
    }

    /// Tells the relays of the users that are found.
    pub fn decide(&mut self) {
        let now = self.now;
        let found: Vec<_> = self.lookups.extract_if(.., |lookup| lookup.due <= now).collect();
        for Lookup { relay, request, secret, .. } in found {
            let now = self.instant();
            self.relays[relay].relay.authorise(now, request, Verdict::Known(secret));
        }
    }

    /// A client has its route as soon as it would have without a storm.
    pub fn check_authenticated(&self, number: usize) {
        let Some(storm) = &self.plan.storm else { return };
        let trip = Duration::from_millis(self.plan.links.delay_ms);
        let relays = self.clients[number].plan.relays.len() as u32;
        let most = (storm.thinks + storm.lookup + 8 * trip) * relays;
        assert!(self.now <= most, "{number} has to wait for its route until {:?}", self.now);
    }

    /// Nobody takes the place of a sound client.
    pub fn check_place(&self, wire: usize, reason: &RelayClose) {
        let is_sound = self.wires[wire].ends.iter().any(|end| matches!(end, End::Client(_)));
        let is_evicted = *reason == RelayClose::Evicted && self.plan.storm.is_some();
        assert!(!is_sound || !is_evicted, "a sound client gives way on wire {wire}");
    }
}

/// A world of any kind with little memory.
fn tight(rng: &mut Seeded) -> Plan {
    let mut plan = Plan::new(rng);
    let is_crowded = chance(rng, 50);
    let memory = if is_crowded { MEMORY } else { 8 * MEMORY };
    plan.relays.iter_mut().for_each(|relay| tighten(relay, memory));
    plan.most_messages = plan.most_messages.min(15);
    if is_crowded {
        plan.pairs.truncate(1);
        plan.links.capacity = 100_000;
        // Two keep more than half of an equal share among some fifty others.
        plan.most_messages = 1;
        plan.relays.iter_mut().for_each(|relay| relay.limits.queue_octets = QUEUE);
    }
    let message_octets = is_crowded.then_some(200);
    let sides = plan.pairs.iter_mut().flat_map(|pair| &mut pair.sides);
    sides.for_each(|side| lighten(side, message_octets));
    plan.storm = Some(Storm {
        kept: if is_crowded { crowd(rng, &plan) } else { few(rng, &plan) },
        names: if is_crowded { 250 } else { 6 },
        // Of a crowd, each has taken all that it can before the next one comes.
        at_once: if is_crowded { 2 } else { 10 },
        every: Duration::from_millis(if is_crowded { 10 } else { 50 }),
        thinks: Duration::from_secs(if is_crowded { 2 } else { 1 }),
        lookup: Duration::from_millis(pick(rng, &[0, 0, 100, 500])),
    });
    plan
}

/// So many at a relay of sound clients that the last one finds nothing, unless the others
/// have to give it back.
fn crowd(rng: &mut Seeded, plan: &Plan) -> Vec<(usize, Kept)> {
    let relay = relays_of_clients(plan).next().unwrap();
    let most = pick(rng, &[Kept::Heads, Kept::Bodies]);
    let others = (0..20).map(|_| pick(rng, &Kept::ALL));
    [most; 60].into_iter().chain(others).map(|kept| (relay, kept)).collect()
}

/// One that uses up nonces where each sound client authenticates, and some anywhere.
fn few(rng: &mut Seeded, plan: &Plan) -> Vec<(usize, Kept)> {
    let relays = plan.relays.len() as u64;
    let count = 3 + rng.below(6);
    let anywhere = (0..count).map(|_| (rng.below(relays) as usize, pick(rng, &Kept::ALL)));
    relays_of_clients(plan).map(|relay| (relay, Kept::Nonces)).chain(anywhere).collect()
}

fn relays_of_clients(plan: &Plan) -> impl Iterator<Item = usize> {
    let sides = plan.pairs.iter().flat_map(|pair| &pair.sides);
    let relays: BTreeSet<usize> = sides.flat_map(|side| side.relays.iter().copied()).collect();
    relays.into_iter()
}

/// A sound client has few requests that wait, so that the relays keep less than half of an
/// equal share for it.
fn lighten(side: &mut SidePlan, message_octets: Option<usize>) {
    side.message_octets = message_octets;
    side.makes_empties = false;
    side.config.turn_octets = side.config.turn_octets.max(TURN);
    if let Framing::Message { max_octets } = &mut side.config.framing {
        *max_octets = TURN.max(*max_octets);
    }
}

/// The limits are about what all of them need if nobody takes more than others.
fn tighten(relay: &mut RelayConfig, memory: usize) {
    relay.turn_octets = relay.turn_octets.max(TURN);
    let limits = &mut relay.limits;
    limits.memory_octets = memory;
    limits.queue_octets = limits.queue_octets.min(QUEUE);
    limits.pending_auths = 12;
    limits.tokens = 100;
}
