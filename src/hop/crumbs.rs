//! Octets that are too few for a chunk of their own.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Instant;

/// How long the first octets of a chunk wait for others.
const WAIT: Duration = Duration::from_millis(200);

/// The messages whose octets are too few for a chunk of their own. They wait for others,
/// but not for long: a chunk of few octets is mostly head.
#[derive(Debug)]
pub(super) struct Crumbs<M> {
    /// Those that wait since the hop last learned the time.
    fresh: Vec<M>,
    /// Until when the others wait. Some may have enough octets by now.
    waiting: VecDeque<(Instant, M)>,
}

impl<M> Crumbs<M> {
    pub(super) const fn new() -> Self {
        Self { fresh: Vec::new(), waiting: VecDeque::new() }
    }

    /// A message begins to wait.
    pub(super) fn add(&mut self, message: M) {
        self.fresh.push(message);
    }

    /// Follows the time.
    pub(super) fn tick(&mut self, now: Instant) {
        if !self.fresh.is_empty() {
            let due = now.checked_add(WAIT).unwrap_or(now);
            self.waiting.extend(self.fresh.drain(..).map(|message| (due, message)));
        }
    }

    /// The next message that has waited long enough.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<M> {
        let (due, _) = self.waiting.front()?;
        if *due > now {
            return None;
        }
        self.waiting.pop_front().map(|(_, message)| message)
    }

    /// When the next message has waited long enough. `now` is when the hop last learned
    /// the time.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let waiting = self.waiting.front().map(|(due, _)| *due);
        waiting.or_else(|| if self.fresh.is_empty() { None } else { now.checked_add(WAIT) })
    }

    pub(super) fn clear(&mut self) {
        self.fresh.clear();
        self.waiting.clear();
    }

    /// The number of messages that wait.
    pub(super) fn len(&self) -> usize {
        self.fresh.len() + self.waiting.len()
    }
}
