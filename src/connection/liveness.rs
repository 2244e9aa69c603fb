//! Signs of life: keep-alives, and the end of a connection whose peer gives none.

use std::time::Duration;

use super::Connection;
use super::carried::Purpose;
use super::event::reason::ConnectionEnd;
use crate::hop::Answers;
use crate::time::Instant;

/// How often a side that does not read gives a sign of life within its
/// `silence_timeout`, so that the peer gets one even if some are late.
const SIGNS_OF_LIFE: u32 = 3;

impl Connection {
    /// When a deadline of the connection itself is due: its end for want of a sign of
    /// life, or a keep-alive.
    pub(super) fn next_of_life(&self) -> Option<Instant> {
        if self.is_closed {
            return None;
        }
        let end = self.given_up_at().map(|(due, _)| due);
        end.into_iter().chain(self.keep_alive_due()).chain(self.sign_of_life_due()).min()
    }

    /// Ends the connection if its peer gives no sign of life. Returns whether it did.
    pub(super) fn give_up_if_due(&mut self, now: Instant) -> bool {
        self.observe(now);
        if self.is_closed {
            return false;
        }
        let Some((due, end)) = self.given_up_at() else { return false };
        let is_due = due <= now;
        if is_due {
            let reads = !matches!(end, ConnectionEnd::Silent | ConnectionEnd::Stalled);
            self.fail(end);
            if !reads {
                self.hop.clear();
            }
        }
        is_due
    }

    /// When the connection ends if nothing moves until then, and how.
    fn given_up_at(&self) -> Option<(Instant, ConnectionEnd)> {
        let ends = [
            (self.stalled_at(), ConnectionEnd::Stalled),
            (self.silent_at(), ConnectionEnd::Silent),
            (self.unbound_until(), ConnectionEnd::NotBound),
            (self.unfinished_until(), ConnectionEnd::FrameTimeout),
        ];
        let due = ends.into_iter().filter_map(|(due, end)| due.map(|due| (due, end)));
        due.min_by_key(|(due, _)| *due)
    }

    /// When the connection ends because the peer does not read. Nothing is read from
    /// it meanwhile, so that two such endpoints would wait for each other without
    /// end.
    fn stalled_at(&self) -> Option<Instant> {
        self.life.stalled_at(self.config.transaction_timeout)
    }

    /// When the connection ends because no octet moves although something waits.
    fn silent_at(&self) -> Option<Instant> {
        if !self.wants_read() {
            return None;
        }
        self.life.silent_at(self.config.silence_timeout, self.hop.may_send())
    }

    fn unbound_until(&self) -> Option<Instant> {
        if self.is_bound || !self.wants_read() {
            return None;
        }
        self.life.unbound_until()
    }

    fn unfinished_until(&self) -> Option<Instant> {
        let is_unfinished = self.life.has_unread() || !self.hop.is_between_frames();
        if !is_unfinished || !self.wants_read() {
            return None;
        }
        self.life.unfinished_until(self.config.frame_timeout?)
    }

    fn keep_alive_due(&self) -> Option<Instant> {
        let interval = self.config.keep_alive?;
        if self.hop.may_send() || !self.may_keep_alive() {
            return None;
        }
        self.life.keep_alive_due(interval)
    }

    /// Whether there is anyone to send a keep-alive to.
    fn may_keep_alive(&self) -> bool {
        #[cfg(feature = "auth")]
        if self.authentications.has_relay() {
            return true;
        }
        self.sessions.first_open().is_some()
    }

    /// Sends a keep-alive if one is due: in an open session, or else to the relay that
    /// has granted a route. What comes back does not matter, since any octet is a sign
    /// of life.
    pub(super) fn keep_alive_if_due(&mut self, now: Instant) {
        if self.keep_alive_due().is_none_or(|due| due > now) {
            return;
        }
        self.life.keep_alive_sent(now);
        match self.sessions.first_open() {
            Some(session) => self.send_bodiless(session, Purpose::KeepAlive(Some(session))),
            #[cfg(feature = "auth")]
            None => self.keep_relay_alive(),
            #[cfg(not(feature = "auth"))]
            None => {}
        }
    }

    /// When the peer needs a sign of life, since this side does not read: what the peer
    /// has to send waits, and its own `silence_timeout` runs.
    fn sign_of_life_due(&self) -> Option<Instant> {
        let is_quiet = self.hop.in_transport() == 0 && !self.hop.may_send();
        if self.wants_read() || !is_quiet || self.sessions.first_open().is_none() {
            return None;
        }
        self.life.sign_of_life_due(self.config.silence_timeout / SIGNS_OF_LIFE)
    }

    /// Sends a request that asks for no response, since this side would not read it.
    pub(super) fn give_sign_of_life_if_due(&mut self, now: Instant) {
        if self.sign_of_life_due().is_some_and(|due| due <= now)
            && let Some(session) = self.sessions.first_open()
        {
            self.send_sign_of_life(session);
        }
    }

    /// Whether the responses of the peer are read. A pause of this side is no silence of
    /// the peer.
    pub(super) fn answers(&self) -> Answers {
        if !self.wants_read() {
            Answers::Unread
        } else {
            self.life
                .caught_up_at(self.config.transaction_timeout)
                .map_or(Answers::Read, Answers::ReadFrom)
        }
    }

    /// When the REPORTs of a message, whose deadline has passed, are missing. `None` if
    /// they are missing now.
    pub(super) fn reports_missing_at(&self, now: Instant, timeout: Duration) -> Option<Instant> {
        let due = if self.wants_read() {
            self.life.caught_up_at(timeout)
        } else {
            now.checked_add(timeout / 8)
        };
        due.filter(|due| *due > now)
    }

    /// Notes what has moved and what has begun to wait since the last call with a time.
    pub(super) fn observe(&mut self, now: Instant) {
        let is_full = self.hop.control_len() > self.config.limits.control_octets;
        let is_leaving = self.hop.in_transport() > 0 || self.hop.may_send();
        self.life.left(self.hop.last_left());
        self.life.is_leaving(now, is_leaving);
        self.life.is_full(now, is_full);
        self.life.reads(now, self.wants_read());
    }
}
