//! Which messages have octets to send, and octets that are too few for a chunk of their
//! own.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Framing, Hop, Order, Outgoing, Owner, SHORT_CHUNK, Schedule};
use crate::time::Instant;

/// How long the first octets of a chunk wait for others: five heads a second cost little,
/// and a person who waits for octets hardly notices it.
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

    pub(super) fn add(&mut self, message: M) {
        self.fresh.push(message);
    }

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

impl<O: Owner> Outgoing<O> {
    /// Gives it a turn after all others.
    fn queue(&mut self, schedule: &mut Schedule<O::Source, O::Message>, key: O::Message) {
        self.place = Some(schedule.push(self.origin(), key, self.stage(), self.ticket()));
    }
}

impl<O: Owner> Hop<O> {
    /// Whether a message has octets that leave at its turn. Few of them wait for others,
    /// but not for long.
    pub(crate) fn has_octets(&self, key: O::Message) -> bool {
        self.messages.get(key).is_some_and(|message| message.is_ready(1))
    }

    /// Schedules a message if it has something to send. Octets too few for a chunk wait
    /// for others, except the first ones of a message that is alone on a stream.
    pub(crate) fn wake(&mut self, key: O::Message) {
        let stays_open = self.config.framing == Framing::Stream && self.gathers();
        let is_alone = stays_open && self.open.is_none() && self.schedule.is_empty();
        let least = self.least_chunk();
        let Some(message) = self.messages.get_mut(key) else { return };
        if message.place.is_some() {
            return;
        }
        let may_begin = is_alone && !message.has_begun() && message.is_ready(1);
        if may_begin || message.is_ready(least) {
            message.queue(&mut self.schedule, key);
        } else {
            self.gather(key);
        }
    }

    /// Schedules the rest of a message that was interrupted.
    pub(super) fn resume(&mut self, key: O::Message) {
        let least = self.least_chunk();
        if let Some(message) = self.messages.get_mut(key)
            && message.is_ready(least)
        {
            message.place = Some(self.schedule.put_back(message.origin(), key, message.ticket()));
        } else {
            self.gather(key);
        }
    }

    /// Schedules a message whose octets have waited long enough.
    pub(super) fn ripen(&mut self, key: O::Message) {
        let Some(message) = self.messages.get_mut(key) else { return };
        message.is_gathering = false;
        if message.place.is_none() && message.is_ready(1) {
            message.queue(&mut self.schedule, key);
        }
    }

    /// The octets of a message wait for others.
    fn gather(&mut self, key: O::Message) {
        if self.gathers()
            && let Some(message) = self.messages.get_mut(key)
            && message.body.available() > 0
            && !message.is_gathering
        {
            message.is_gathering = true;
            self.crumbs.add(key);
        }
    }

    /// Whether the octets of unfinished bodies leave after a time even if they are few.
    /// A relay knows that the chunk it forwards will end.
    fn gathers(&self) -> bool {
        self.config.order == Order::Turns
    }

    /// The fewest octets of an unfinished body that make a chunk: never more than
    /// the application certainly has room for.
    fn least_chunk(&self) -> usize {
        match self.config.framing.max_message() {
            // Octets that arrive few at a time would leave in chunks that are
            // mostly head.
            None if self.config.order == Order::Arrival => SHORT_CHUNK,
            None => SHORT_CHUNK.min(self.room_mark).max(1),
            Some(max) => SHORT_CHUNK.min(max / 2).min(self.room_mark).max(1),
        }
    }
}
