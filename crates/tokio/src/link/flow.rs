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

use std::time::Instant;

use msrp::{IncomingKey, SessionKey, StatusCode};

use super::State;

/// So many times its room a session may take while its reader waits for octets.
const AWAITED_ROOM: usize = 4;

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
        let room = if session.awaited > 0 { room.saturating_mul(AWAITED_ROOM) } else { room };
        let most = if session.is_full { room / 2 } else { room };
        let is_full = session.octets > most && !session.is_refusing;
        self.full += usize::from(is_full);
        self.full -= usize::from(session.is_full);
        session.is_full = is_full;
        if session.is_refusing && session.octets <= self.room.octets / 2 {
            session.is_refusing = false;
            self.limit(key);
        }
    }

    /// A session has ended, and holds nobody back any more.
    pub(super) fn forget_fullness(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            self.full -= usize::from(std::mem::take(&mut session.is_full));
        }
    }

    /// Holds the connection while a session is full.
    pub(super) fn balance(&mut self, now: Instant) {
        let is_held = self.full > 0;
        if is_held != self.held_since.is_some() {
            self.held_since = is_held.then_some(now);
            self.connection.hold_reading(now, is_held);
        }
    }

    /// When the patience with full sessions is over: for the sake of other sessions, or of
    /// somebody who waits in the full one.
    pub(super) fn patience_ends(&self) -> Option<Instant> {
        let since = self.held_since?;
        let since = if self.connection.sessions().nth(1).is_some() {
            since
        } else if self.sessions.values().any(|it| it.is_full && it.is_awaited()) {
            self.taken_at.max(Some(since))?
        } else {
            return None;
        };
        since.checked_add(self.room.patience)
    }

    /// Refuses what arrives in full sessions if others have waited for long enough.
    pub(super) fn lose_patience(&mut self, now: Instant) {
        if self.patience_ends().is_none_or(|due| due > now) {
            return;
        }
        let full = self.sessions.iter().filter(|(_, session)| session.is_full);
        let full: Vec<SessionKey> = full.map(|(key, _)| *key).collect();
        for key in full {
            self.refuse(key);
            self.weigh(key);
        }
        self.balance(now);
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
        let unfinished = self.arrivals.iter().filter(|(_, arrival)| {
            arrival.received.session() == key && !arrival.has_ended() && !arrival.is_awaited()
        });
        let (read, unread): (Vec<_>, Vec<_>) =
            unfinished.partition(|(_, arrival)| arrival.is_read());
        let slowest = read.into_iter().max_by_key(|(_, arrival)| arrival.octets());
        let chosen = if unread.is_empty() { Vec::from_iter(slowest) } else { unread };
        chosen.into_iter().map(|(message, _)| *message).collect()
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

    /// Hands on all messages of a session, so that somebody can make room.
    fn announce_all(&mut self, key: SessionKey) {
        let waiting = self
            .arrivals
            .iter()
            .filter(|(_, arrival)| arrival.received.session() == key && !arrival.is_announced);
        let mut waiting: Vec<IncomingKey> = waiting.map(|(message, _)| *message).collect();
        waiting.sort_unstable();
        for message in waiting {
            self.announce(message);
        }
    }
}
