//! Room for what arrives: who is slowed down when a reader is slow.
//!
//! MSRP has no window: a receiver can leave the connection unread, or refuse. So a
//! connection is not read while one of its sessions has no room. If others share it, the
//! session has some time to make room; then what arrives in it is refused with 413, and the
//! others go on. Responses leave all the time.
//!
//! A session whose message is waited for has four times the room: the octets of that message
//! may be behind those of others. Whoever waits in a full session, for a message or for the
//! octets of one, waits for those who read the others. If nobody takes an octet for as long
//! as the patience lasts, those are refused.
//!
//! A session that has its connection for itself and that nobody reads gets more room step by
//! step, up to the same four times: what lies unread in the system has no response, and its
//! sender awaits one for 30 seconds (RFC 4975 section 7.1.1). Then messages are refused,
//! unless a large one is under way: that is held back, as its sender can see.

use std::time::{Duration, Instant};

use msrp::{IncomingKey, SessionKey, StatusCode};

use super::State;
use super::session::SessionState;

/// So many times its room a session may take while its reader waits for octets, or after
/// nobody has read it for long.
const MOST_ROOM: usize = 4;

/// How long a session that nobody reads is held before it gets more room. An octet that lies
/// in the system waits for a few of them.
const STEP_TIME: Duration = Duration::from_secs(5);

/// This part of its room it gets then.
const STEP_PART: usize = 4;

/// After so many steps, it has all that it may take.
const MAX_STEPS: usize = (MOST_ROOM - 1) * STEP_PART;

/// What is done about sessions that have no room.
#[derive(Clone, Copy)]
enum Remedy {
    Widen,
    Refuse,
}

impl SessionState {
    /// How many octets it may take. `room` is what it has in any case.
    const fn most_octets(&self, room: usize) -> usize {
        if self.awaited > 0 {
            room.saturating_mul(MOST_ROOM)
        } else {
            room.saturating_add((room / STEP_PART).saturating_mul(self.steps))
        }
    }
}

impl State {
    /// Looks again at how full a session is.
    pub(super) fn weigh(&mut self, key: SessionKey) {
        let room = self.room.octets;
        let Some(session) = self.sessions.get(&key) else { return };
        if session.octets > room && session.unannounced > 0 {
            self.announce_all(key);
        }
        // One that has ended takes nothing more, and holds nobody back.
        let open = self.sessions.get_mut(&key).filter(|session| !session.has_ended());
        let Some(session) = open else { return };
        if session.octets <= room / 2 {
            session.steps = 0;
        }
        let most = session.most_octets(room);
        let most = if self.full.contains(&key) { most / 2 } else { most };
        if session.octets > most && !session.is_refusing {
            self.full.insert(key);
        } else {
            self.full.remove(&key);
        }
        if session.is_refusing && session.octets <= room / 2 {
            session.is_refusing = false;
            self.limit(key);
        }
    }

    /// Holds the connection while a session is full.
    pub(super) fn balance(&mut self, now: Instant) {
        let is_held = !self.full.is_empty();
        if is_held != self.held_since.is_some() {
            self.held_since = is_held.then_some(now);
            self.connection.hold_reading(now, is_held);
        }
    }

    /// When something is done about full sessions.
    pub(super) fn relief_due(&self) -> Option<Instant> {
        self.remedy().map(|(due, _)| due)
    }

    /// Does what is due about full sessions.
    pub(super) fn relieve(&mut self, now: Instant) {
        let Some((_, remedy)) = self.remedy().filter(|(due, _)| *due <= now) else { return };
        for key in self.full.clone() {
            match remedy {
                Remedy::Widen => self.widen(key),
                Remedy::Refuse => self.refuse(key),
            }
            self.weigh(key);
        }
        self.balance(now);
    }

    /// What is to be done about full sessions, and when: for the sake of other sessions, of
    /// somebody who waits in the full one, or of senders who wait for responses.
    fn remedy(&self) -> Option<(Instant, Remedy)> {
        let since = self.held_since?;
        let after = |since: Instant, time| since.checked_add(time);
        if self.connection.sessions().nth(1).is_some() {
            return Some((after(since, self.room.patience)?, Remedy::Refuse));
        }
        let session = self.sessions.get(self.full.first()?)?;
        let since = self.taken_at.max(Some(since))?;
        if session.is_awaited() {
            Some((after(since, self.room.patience)?, Remedy::Refuse))
        } else if session.steps < MAX_STEPS {
            Some((after(since, STEP_TIME)?, Remedy::Widen))
        } else if session.large == 0 {
            Some((after(since, STEP_TIME)?, Remedy::Refuse))
        } else {
            None
        }
    }

    /// Gives a session more room.
    fn widen(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.steps += 1;
            self.full.remove(&key);
        }
    }

    /// Refuses messages of a session that have not ended, and those to come.
    fn refuse(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.is_refusing = true;
        tracing::warn!(session = %key, "no room: messages are refused until others are read");
        for message in self.in_the_way(key) {
            let _ = self.connection.reject(message, StatusCode::STOP_SENDING);
        }
        self.limit(key);
    }

    /// The messages whose octets nobody reads, or else the one that is read most slowly.
    fn in_the_way(&self, key: SessionKey) -> Vec<IncomingKey> {
        let unfinished = self
            .arrivals_of(key)
            .filter(|(_, arrival)| !arrival.has_ended() && !arrival.is_awaited());
        let (read, unread): (Vec<_>, Vec<_>) =
            unfinished.partition(|(_, arrival)| arrival.is_read());
        let slowest = read.into_iter().max_by_key(|(_, arrival)| arrival.octets());
        let chosen = if unread.is_empty() { Vec::from_iter(slowest) } else { unread };
        chosen.into_iter().map(|(message, _)| message).collect()
    }

    /// Tells the connection how large the messages of a session may be.
    fn limit(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get(&key) else { return };
        let Ok(config) = self.connection.session(key) else { return };
        let max_size = if session.is_refusing { 0 } else { session.max_size };
        let config = config.clone().max_size(max_size);
        // The session has not ended, and this is its own configuration.
        let _ = self.connection.update_session(key, &config);
    }

    /// Hands on all messages of a session, in their order, so that somebody can make room.
    fn announce_all(&mut self, key: SessionKey) {
        let waiting = self.arrivals_of(key).filter(|(_, arrival)| !arrival.is_announced);
        let waiting: Vec<IncomingKey> = waiting.map(|(message, _)| message).collect();
        for message in waiting {
            self.announce(message);
        }
    }
}
