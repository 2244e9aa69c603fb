//! How a relay shuts down: what it has acknowledged is delivered and answered, or
//! reported.

use std::time::Duration;

use super::Relay;
use super::event::{ConnectionId, RelayClose};
use super::links::Link;
use super::lost::Loss;
use super::watch::Timer;
use crate::time::Instant;

/// How long nothing happens on a connection before draining closes it. A success REPORT
/// follows the response to the last chunk, more slowly if it comes from further away.
const QUIET: Duration = Duration::from_secs(2);

impl Relay {
    /// Begins to shut down: the relay accepts and opens no more connections. It
    /// closes each one when nothing has happened on it for two seconds, nothing is in
    /// transit, and none of its requests waits for its response elsewhere.
    ///
    /// At the deadline, what has no response is lost: a failure REPORT (408) goes to its
    /// sender, and each connection is closed once its REPORTs have left. A later call can
    /// only bring the deadline forward.
    pub fn drain(&mut self, now: Instant, deadline: Instant) {
        if self.drains_until.is_none_or(|known| deadline < known) {
            let earlier = self.drains_until.replace(deadline);
            self.timers.extend([(deadline, Timer::Drain)]);
            if let Some(earlier) = earlier {
                self.timers.remove(&(earlier, Timer::Drain));
            }
        }
        for id in self.links.ids() {
            self.close_at_rest(now, id);
            self.arm(id);
        }
    }

    /// Whether [`Relay::drain`] was called and no connection is left.
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.is_draining() && self.links.len() == 0
    }

    pub(super) const fn is_draining(&self) -> bool {
        self.drains_until.is_some()
    }

    /// When draining closes a connection, if nothing happens on it before.
    pub(super) fn rests_at(&self, link: &Link) -> Option<Instant> {
        let rests = self.is_draining() && link.is_at_rest();
        link.last_used.max(link.settled).checked_add(QUIET).filter(|_| rests)
    }

    /// Closes a connection that has been at rest for long enough while the relay drains.
    pub(super) fn close_at_rest(&mut self, now: Instant, id: ConnectionId) {
        let Some(link) = self.links.get(id) else { return };
        if self.rests_at(link).is_some_and(|due| due <= now) {
            self.shut(id, RelayClose::Drained);
        }
    }

    /// A request of this connection waits no longer on another. A REPORT on it may follow.
    pub(super) fn settled(&mut self, now: Instant, source: ConnectionId) {
        if let Some(link) = self.links.get_mut(source) {
            link.settled = now;
            if self.is_draining() {
                self.has_octets(source);
            }
        }
    }

    /// The deadline for draining has passed. What is lost is queued first, so that every
    /// REPORT is made before the first connection closes that could carry it.
    pub(super) fn cut_off(&mut self) {
        let ids = self.links.ids();
        for id in &ids {
            if let Some(link) = self.links.get_mut(*id) {
                let unsettled = link.hop.give_up();
                self.lose(Loss::Unanswered(unsettled));
            }
        }
        for id in ids {
            self.shut(id, RelayClose::Drained);
        }
    }
}
