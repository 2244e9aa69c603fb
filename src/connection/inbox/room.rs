//! Limits and deadlines of the messages that come in: who gives way, and when reading
//! pauses.

use super::chunk::{Current, Fault};
use super::{Dropped, Inbox};
use crate::connection::event::queue::Events;
use crate::keys::{IncomingKey, SessionKey};
use crate::time::Instant;

impl Inbox {
    /// Whether so many messages wait for the application that no others are read.
    pub(in crate::connection) fn is_full(&self) -> bool {
        self.waiting.is_full() || exceeds(self.waiting.weight(), self.limits.incoming_octets)
    }

    /// Whether as many messages of a session are unfinished as may be.
    pub(super) fn has_no_place(&self, session: SessionKey) -> bool {
        self.open.len_of(session) >= self.limits.incoming_messages
    }

    /// Makes a place for one more message of a session: the one without progress for
    /// the longest time gives way.
    pub(super) fn make_place(&mut self, session: SessionKey, events: &mut Events) {
        while self.has_no_place(session) {
            let Some(idlest) = self.open.idlest_of(session) else { return };
            self.evict(idlest, events);
        }
    }

    /// Keeps the limit on octets while a message grows. Of the session that holds most,
    /// the message without progress for the longest time gives way. The growing one is
    /// that only if no other of its session is unfinished.
    pub(super) fn make_room(
        &mut self,
        growing: IncomingKey,
        events: &mut Events,
    ) -> Result<(), Fault> {
        while exceeds(self.open.weight(), self.limits.incoming_octets) {
            match self.open.first_to_go() {
                Some(key) if key != growing => self.evict(key, events),
                Some(_) | None => return Err(Fault::NO_ROOM),
            }
        }
        Ok(())
    }

    /// No chunk of the message is arriving, so there is nothing to respond to.
    fn evict(&mut self, key: IncomingKey, events: &mut Events) {
        events.extend(self.drop_message(key, Fault::EVICTED).and_then(|dropped| dropped.event));
    }

    /// Octets of a message have arrived. This side has read since `since`.
    pub(in crate::connection) fn hear(&mut self, now: Instant, since: Instant) {
        self.quiet.hear(now, since);
    }

    /// When the first unfinished message may be due, if none makes progress. The time
    /// does not run before `since`.
    pub(in crate::connection) fn next_deadline(&self, since: Instant) -> Option<Instant> {
        self.quiet.due(self.open.earliest()?, since)
    }

    /// Drops an unfinished message without progress for too long. One whose chunk is
    /// arriving has the deadline of the frame
    /// ([`Config::frame_timeout`](crate::Config::frame_timeout)).
    pub(in crate::connection) fn expire(
        &mut self,
        now: Instant,
        since: Instant,
    ) -> Option<Dropped> {
        loop {
            let (at, key) = self.open.idlest()?;
            let due = self.quiet.due(at, since)?;
            if due > now || self.quiet.is_now(at, now) {
                return None;
            } else if !self.is_arriving(key) {
                return self.drop_message(key, Fault::TIMED_OUT);
            }
            self.quiet.hear(now, since);
            self.open.touch(self.quiet.time(), key);
        }
    }

    /// Whether a chunk of the message is arriving.
    fn is_arriving(&self, key: IncomingKey) -> bool {
        match &self.current {
            Current::Chunk(chunk) => chunk.key == Some(key),
            Current::Skipped | Current::Bodiless { .. } | Current::Repeated(_) => false,
        }
    }
}

fn exceeds(weight: usize, limit: u64) -> bool {
    weight as u64 > limit
}
