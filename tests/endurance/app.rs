//! An application: it sends in bursts, streams, is slow, retries and gives up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use msrp::{IncomingKey, MessageKey, SessionKey};

use crate::common::Seeded;
use crate::endurance::plan::AppPlan;

pub struct App {
    pub plan: AppPlan,
    pub is_calm: bool,
    pub next_burst: Duration,
    /// It takes no events until then.
    pub slow_until: Duration,
    /// The open sessions: the slot of each, and its number in the world.
    sessions: BTreeMap<SessionKey, (usize, usize)>,
    /// The sessions that the peer has accepted.
    pub bound: BTreeSet<SessionKey>,
    /// Messages that wait for its response, and when that is due.
    pub unanswered: VecDeque<(Duration, IncomingKey)>,
    pub streams: Vec<Stream>,
    /// Messages to send again: the slot and the length.
    pub retries: Vec<(usize, usize)>,
    pub incoming: BTreeMap<IncomingKey, usize>,
    /// Sessions whose end has been told.
    pub ended: BTreeSet<SessionKey>,
}

/// A streamed body.
pub struct Stream {
    pub key: MessageKey,
    pub index: usize,
    pub written: usize,
    pub len: usize,
    pub piece: usize,
    /// When the next piece comes. A later event about room does not hurry it.
    pub next: Option<Duration>,
    pub pause: Duration,
    pub waits_for_room: bool,
    /// It is left alone after this many octets.
    pub is_left_at: usize,
}

impl App {
    pub fn new(plan: AppPlan, rng: &mut Seeded, now: Duration) -> Self {
        Self {
            next_burst: now + random(rng, plan.pace),
            plan,
            is_calm: false,
            slow_until: Duration::ZERO,
            sessions: BTreeMap::new(),
            bound: BTreeSet::new(),
            unanswered: VecDeque::new(),
            streams: Vec::new(),
            retries: Vec::new(),
            incoming: BTreeMap::new(),
            ended: BTreeSet::new(),
        }
    }

    /// Whatever belonged to the connection is gone.
    pub fn connection_ended(&mut self) {
        self.sessions.clear();
        self.bound.clear();
        self.unanswered.clear();
        self.streams.clear();
        self.incoming.clear();
        self.ended.clear();
    }

    pub fn open(&mut self, key: SessionKey, slot: usize, number: usize) {
        self.sessions.insert(key, (slot, number));
    }

    /// The slot and the number of a session that was open.
    pub fn close(&mut self, key: SessionKey) -> Option<(usize, usize)> {
        self.bound.remove(&key);
        self.sessions.remove(&key)
    }

    /// The newest session of a slot.
    pub fn session(&self, slot: usize) -> Option<SessionKey> {
        self.sessions.iter().rev().find(|(_, it)| it.0 == slot).map(|(key, _)| *key)
    }

    pub fn numbered(&self, number: usize) -> Option<SessionKey> {
        self.sessions.iter().find(|(_, it)| it.1 == number).map(|(key, _)| *key)
    }

    pub fn slot(&self, key: SessionKey) -> Option<usize> {
        self.sessions.get(&key).map(|(slot, _)| *slot)
    }

    pub fn has_sessions(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// All moments at which it wants to act.
    pub fn dues(&self) -> impl Iterator<Item = Duration> {
        let burst = (!self.is_calm).then_some(self.next_burst);
        let answers = self.unanswered.front().map(|(due, _)| *due);
        let streams = self.streams.iter().filter_map(|stream| stream.next);
        burst.into_iter().chain(answers).chain(streams).chain([self.slow_until])
    }
}

pub fn random(rng: &mut Seeded, most: Duration) -> Duration {
    let most = u64::try_from(most.as_millis()).unwrap();
    Duration::from_millis(rng.below(2 * most + 1))
}
