//! Which message sends next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::pace::Pace;
use super::priority::Priority;
pub(crate) use super::queue::Stage;
use super::queue::{Queue, Turn};
use super::rounds::Rounds;
use crate::footprint::Footprint;
use crate::time::Instant;

/// Whether the messages of one source overtake each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// They take turns, so that a large one does not hold up the others.
    Turns,
    /// Each leaves whole before the next: what comes from one previous hop
    /// keeps its order (RFC 4976 section 3).
    Arrival,
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin<S> {
    pub(crate) source: S,
    /// Who has sent it: the source itself, or one of several sources.
    pub(crate) sender: S,
}

/// What the schedule has to know of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) priority: Priority,
    /// Whether its chunks have a response, and need a place among the transactions of
    /// its source.
    pub(crate) needs_place: bool,
}

/// Where a message is in the queues of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    ticket: Ticket,
    number: i64,
}

/// The messages that have octets to send, by turns: higher priorities first, then senders
/// take turns on the connection, their sources in theirs, and the messages of a source in its
/// own, so that neither a sender with many sources, a source with many messages nor a large
/// message holds up others (RFC 4975 section 7.1.1).
///
/// A source that has as many transactions as it may, or that has sent as much as its
/// rate allows, is set aside and costs the others nothing.
#[derive(Debug)]
pub(crate) struct Schedule<S, M> {
    order: Order,
    /// The most places of a source.
    max_places: usize,
    /// The queues that have a message that may leave, in the order of their turns.
    turns: BTreeMap<(Reverse<Priority>, Turn), S>,
    next_turn: u64,
    rounds: Rounds<S>,
    /// Boxed, since a map has room for more of them than most connections need.
    sources: BTreeMap<S, Box<Source<S, M>>>,
    /// The messages in all queues, those set aside included.
    queued: usize,
    /// The sources that wait for their rate.
    paced: BTreeSet<(Instant, S)>,
    /// How many sources have a rate.
    rates: usize,
}

/// The messages of one source, and what it uses.
#[derive(Debug)]
struct Source<S, M> {
    /// Who sends its messages.
    sender: Option<S>,
    /// The most urgent first.
    queues: [(Priority, Queue<M>); 3],
    /// Transactions that wait for a response.
    places: usize,
    pace: Option<Pace>,
    /// Until when it waits for its rate.
    waits: Option<Instant>,
    /// Whether its owner holds it back.
    is_held: bool,
}

impl<S: Copy + Ord, M: Copy + Eq> Schedule<S, M> {
    pub(crate) fn new(order: Order, max_places: usize) -> Self {
        Self {
            order,
            max_places,
            turns: BTreeMap::new(),
            next_turn: 0,
            rounds: Rounds::new(),
            sources: BTreeMap::new(),
            queued: 0,
            paced: BTreeSet::new(),
            rates: 0,
        }
    }

    // Messages.

    /// Queues the rest of a message that was interrupted.
    pub(crate) fn put_back(&mut self, origin: Origin<S>, message: M, ticket: Ticket) -> Place {
        match self.order {
            Order::Turns => self.push(origin, message, Stage::Begun, ticket),
            Order::Arrival => self.add(origin, ticket, |queue, ticket| {
                queue.push_front(message, Stage::Begun, ticket.needs_place)
            }),
        }
    }

    /// Queues a message after all others of its source.
    pub(crate) fn push(
        &mut self,
        origin: Origin<S>,
        message: M,
        stage: Stage,
        ticket: Ticket,
    ) -> Place {
        match self.order {
            Order::Turns => self.add(origin, ticket, |queue, ticket| {
                queue.push(message, stage, ticket.needs_place)
            }),
            // Messages that keep their order have no others to begin before.
            Order::Arrival => self.add(origin, ticket, |queue, ticket| {
                queue.push(message, Stage::Begun, ticket.needs_place)
            }),
        }
    }

    fn add(
        &mut self,
        Origin { source, sender }: Origin<S>,
        ticket: Ticket,
        add: impl FnOnce(&mut Queue<M>, Ticket) -> i64,
    ) -> Place {
        // What keeps its order waits for a place together.
        let needs_place = ticket.needs_place || self.order == Order::Arrival;
        let ticket = Ticket { needs_place, ..ticket };
        let owner = self.sources.entry(source).or_default();
        owner.sender = Some(sender);
        let number = add(owner.queue(ticket.priority), ticket);
        self.queued += 1;
        self.refresh(source);
        Place { ticket, number }
    }

    /// Takes the message whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<M> {
        let ((Reverse(priority), turn), source) = self.turns.pop_first()?;
        self.rounds.begin(turn.round);
        let owner = self.sources.get_mut(&source)?;
        let has_place = owner.places < self.max_places;
        let queue = owner.queue(priority);
        queue.turn = None;
        let message = queue.pop(has_place)?;
        self.queued -= 1;
        self.refresh(source);
        Some(message)
    }

    /// Removes a message, if it is in the queue, without a search.
    pub(crate) fn remove(&mut self, source: S, message: M, place: Place) {
        let Some(owner) = self.sources.get_mut(&source) else { return };
        let Place { ticket, number } = place;
        if owner.queue(ticket.priority).remove(message, number, ticket.needs_place) {
            self.queued -= 1;
        }
        self.refresh(source);
    }

    pub(crate) fn clear(&mut self) {
        self.turns.clear();
        self.rounds = Rounds::new();
        self.sources.clear();
        self.queued = 0;
        self.paced.clear();
        self.rates = 0;
    }

    /// The highest priority of the messages that may leave.
    pub(crate) fn first(&self) -> Option<Priority> {
        self.turns.first_key_value().map(|((Reverse(priority), _), _)| *priority)
    }

    /// The highest priority of the messages that wait for the end of a chunk of `source`.
    /// The messages of a source that keeps its order leave behind it in any case.
    pub(crate) fn first_beside(&self, source: S) -> Option<Priority> {
        match self.order {
            Order::Turns => self.first().max(self.first_without_place(source)),
            Order::Arrival => {
                let mut others = self.turns.iter().filter(|(_, other)| **other != source);
                others.next().map(|((Reverse(priority), _), _)| *priority)
            }
        }
    }

    /// The highest priority of the messages of a source that waits for a place. They
    /// get one when a chunk that is open has ended.
    fn first_without_place(&self, source: S) -> Option<Priority> {
        let owner = if self.queued > 0 { self.sources.get(&source)? } else { return None };
        let is_free = owner.waits.is_none() && !owner.is_held;
        let waits = owner.places >= self.max_places && is_free;
        let mut queues = owner.queues.iter().filter(|(_, queue)| waits && !queue.is_empty());
        queues.next().map(|(priority, _)| *priority)
    }

    /// Whether no message may leave now.
    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Whether any message is in a queue, even if it may not leave now.
    #[cfg(feature = "auth")]
    pub(crate) const fn has_queued(&self) -> bool {
        self.queued > 0
    }

    // Places.

    /// A transaction of the source begins to wait for its response.
    pub(crate) fn hold_place(&mut self, source: S) {
        let owner = self.sources.entry(source).or_default();
        owner.places += 1;
        if owner.places == self.max_places {
            self.refresh(source);
        }
    }

    /// A transaction of the source waits no longer, or holds up nobody.
    pub(crate) fn free_place(&mut self, source: S) {
        let Some(owner) = self.sources.get_mut(&source) else { return };
        let was_full = owner.places >= self.max_places;
        owner.places = owner.places.saturating_sub(1);
        if was_full || owner.places == 0 {
            self.refresh(source);
        }
    }

    /// No transaction waits any longer.
    pub(crate) fn free_places(&mut self) {
        let sources: Vec<S> = self.sources.keys().copied().collect();
        for source in sources {
            if let Some(owner) = self.sources.get_mut(&source) {
                owner.places = 0;
            }
            self.refresh(source);
        }
    }

    /// The transactions of a source that wait for a response.
    pub(crate) fn places(&self, source: S) -> usize {
        self.sources.get(&source).map_or(0, |owner| owner.places)
    }

    /// Holds a source back, or lets it go on.
    #[cfg(feature = "auth")]
    pub(crate) fn hold(&mut self, source: S, is_held: bool) {
        self.sources.entry(source).or_default().is_held = is_held;
        self.refresh(source);
    }

    // Rates.

    /// Sets the rate of a source, in octets a second.
    pub(crate) fn set_rate(&mut self, source: S, rate: Option<u64>, now: Instant) {
        if rate.is_none() && self.rates == 0 {
            return;
        }
        let owner = self.sources.entry(source).or_default();
        self.rates = self.rates + usize::from(rate.is_some()) - usize::from(owner.pace.is_some());
        owner.pace = rate.map(|rate| Pace::new(rate, now));
        if let Some(due) = owner.waits.take() {
            self.paced.remove(&(due, source));
        }
        self.refresh(source);
    }

    pub(crate) fn spend(&mut self, source: S, octets: usize, now: Instant) {
        if self.rates == 0 {
            return;
        }
        let Some(owner) = self.sources.get_mut(&source) else { return };
        let Some(pace) = &mut owner.pace else { return };
        pace.spend(octets, now);
        let waits = pace.busy_until(now);
        if let Some(due) = std::mem::replace(&mut owner.waits, waits) {
            self.paced.remove(&(due, source));
        }
        self.paced.extend(waits.map(|due| (due, source)));
        self.refresh(source);
    }

    /// The most octets that the source may send at once.
    pub(crate) fn piece(&self, source: S) -> usize {
        let owner = if self.rates > 0 { self.sources.get(&source) } else { None };
        let Some(owner) = owner else { return usize::MAX };
        match (owner.waits, &owner.pace) {
            (Some(_), _) => 0,
            (None, Some(pace)) => pace.piece(),
            (None, None) => usize::MAX,
        }
    }

    /// When a source that waits for its rate may send again.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.paced.first().map(|(due, _)| *due)
    }

    /// Lets the sources go on that have waited for their rate.
    pub(crate) fn wake(&mut self, now: Instant) {
        while let Some((due, source)) = self.paced.first().copied()
            && due <= now
        {
            self.paced.pop_first();
            if let Some(owner) = self.sources.get_mut(&source) {
                owner.waits = None;
            }
            self.refresh(source);
        }
    }

    /// Gives the queues of a source a turn, or takes it, after a change. Forgets a
    /// source that uses nothing.
    fn refresh(&mut self, source: S) {
        let Self { max_places, turns, next_turn, rounds, sources, .. } = self;
        let Some(owner) = sources.get_mut(&source) else { return };
        let sender = owner.sender.unwrap_or(source);
        let has_place = owner.places < *max_places;
        let is_free = owner.waits.is_none() && !owner.is_held;
        for (priority, queue) in &mut owner.queues {
            match (queue.turn, is_free && queue.may_send(has_place)) {
                (None, true) => {
                    let turn = Turn { round: rounds.add(sender), number: *next_turn };
                    turns.insert((Reverse(*priority), turn), source);
                    queue.turn = Some(turn);
                    *next_turn += 1;
                }
                (Some(turn), false) => {
                    turns.remove(&(Reverse(*priority), turn));
                    rounds.take_back(sender, turn.round);
                    queue.turn = None;
                }
                (None, false) | (Some(_), true) => {}
            }
        }
        if owner.is_unused() {
            sources.remove(&source);
        }
    }

    pub(crate) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("schedule turns", self.turns.len());
        footprint.hold("schedule messages", self.queued);
        footprint.hold("schedule places", self.sources.values().map(|it| it.places).sum());
        footprint.hold("schedule paced", self.paced.len());
    }
}

impl<S, M: Copy + Eq> Source<S, M> {
    const fn queue(&mut self, priority: Priority) -> &mut Queue<M> {
        let [(_, interactive), (_, normal), (_, bulk)] = &mut self.queues;
        match priority {
            Priority::Interactive => interactive,
            Priority::Normal => normal,
            Priority::Bulk => bulk,
        }
    }

    fn is_unused(&self) -> bool {
        self.places == 0
            && !self.is_held
            && self.pace.is_none()
            && self.queues.iter().all(|(_, queue)| queue.is_empty())
    }
}

impl<S, M: Copy + Eq> Default for Source<S, M> {
    fn default() -> Self {
        let priorities = [Priority::Interactive, Priority::Normal, Priority::Bulk];
        Self {
            sender: None,
            queues: priorities.map(|priority| (priority, Queue::new())),
            places: 0,
            pace: None,
            waits: None,
            is_held: false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used)]

    use super::super::queue::MAX_BEGUN;
    use super::*;

    const NORMAL: Ticket = Ticket { priority: Priority::Normal, needs_place: true };

    /// A source that is its own sender.
    const fn one(source: char) -> Origin<char> {
        Origin { source, sender: source }
    }

    fn drained(mut schedule: Schedule<char, u8>) -> Vec<u8> {
        std::iter::from_fn(|| schedule.pop()).collect()
    }

    #[test]
    fn sources_take_turns_and_so_do_their_messages() {
        let mut schedule = Schedule::new(Order::Turns, 4);
        for (source, message) in [('a', 1), ('a', 2), ('a', 3), ('b', 4), ('b', 5)] {
            schedule.push(one(source), message, Stage::Fresh, NORMAL);
        }
        assert_eq!(schedule.pop(), Some(1));
        schedule.put_back(one('a'), 1, NORMAL);
        assert_eq!(drained(schedule), [4, 2, 5, 3, 1]);
    }

    /// However many sources one has.
    #[test]
    fn senders_take_turns() {
        let mut schedule = Schedule::new(Order::Arrival, 4);
        for (source, message) in [('x', 1), ('y', 2), ('z', 3)] {
            schedule.push(Origin { source, sender: 'a' }, message, Stage::Fresh, NORMAL);
        }
        schedule.push(one('b'), 4, Stage::Fresh, NORMAL);
        schedule.push(one('b'), 5, Stage::Fresh, NORMAL);
        assert_eq!(schedule.pop(), Some(1));
        schedule.push(one('c'), 6, Stage::Fresh, NORMAL);
        schedule.put_back(Origin { source: 'x', sender: 'a' }, 1, NORMAL);
        assert_eq!(drained(schedule), [4, 6, 2, 5, 3, 1]);
    }

    #[test]
    fn what_arrived_first_is_put_back_first() {
        let mut schedule = Schedule::new(Order::Arrival, 4);
        schedule.push(one('a'), 1, Stage::Fresh, NORMAL);
        schedule.push(one('a'), 2, Stage::Fresh, NORMAL);
        assert_eq!(schedule.pop(), Some(1));
        schedule.put_back(one('a'), 1, NORMAL);
        assert_eq!(drained(schedule), [1, 2]);
    }

    #[test]
    fn a_message_that_leaves_the_queue_takes_its_turn_with_it() {
        let mut schedule = Schedule::new(Order::Turns, 4);
        let places: Vec<Place> =
            (0..3).map(|message| schedule.push(one('a'), message, Stage::Fresh, NORMAL)).collect();
        schedule.push(one('b'), 9, Stage::Fresh, NORMAL);
        schedule.remove('a', 1, places[1]);
        // It has left before.
        schedule.remove('a', 1, places[1]);
        schedule.remove('a', 0, places[0]);
        schedule.remove('a', 2, places[2]);
        schedule.push(one('a'), 7, Stage::Fresh, NORMAL);
        assert_eq!(drained(schedule), [9, 7]);
    }

    #[test]
    fn a_place_is_of_one_message() {
        let mut schedule = Schedule::new(Order::Turns, 4);
        let place = schedule.push(one('a'), 1, Stage::Fresh, NORMAL);
        assert_eq!(schedule.pop(), Some(1));
        assert!(schedule.is_empty());
        assert_eq!(schedule.push(one('a'), 2, Stage::Fresh, NORMAL), place);
        schedule.remove('a', 1, place);
        assert_eq!(drained(schedule), [2]);
    }

    #[test]
    fn few_long_messages_have_begun_at_a_time() {
        let mut schedule = Schedule::new(Order::Turns, 4);
        for message in 0..20 {
            schedule.push(one('a'), message, Stage::Fresh, NORMAL);
        }
        for turn in 0..2 * MAX_BEGUN {
            let message = schedule.pop().unwrap();
            assert_eq!(usize::from(message), turn % MAX_BEGUN);
            schedule.put_back(one('a'), message, NORMAL);
        }
        // A short one does not wait for them.
        schedule.push(one('a'), 100, Stage::Short, NORMAL);
        let turns: Vec<u8> = std::iter::from_fn(|| schedule.pop()).collect();
        assert_eq!(
            turns,
            [0, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 1, 2, 3, 4, 5, 6, 7, 100]
        );
    }
}
