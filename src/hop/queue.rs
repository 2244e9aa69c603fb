//! The messages of one source and one priority that have octets to send.

use std::collections::BTreeMap;

/// The most messages of a source of which the receiver has a part at a time, while
/// they have octets to send. A receiver holds each of them until it is complete: eight of
/// the default of 1 MiB are half of what it holds by default.
pub(super) const MAX_BEGUN: usize = 8;

/// How far a message is that has its next turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing of it has left, and it may take more than one chunk.
    Fresh,
    /// Nothing of it has left, and one chunk takes all of it.
    Short,
    /// A part of it has left.
    Begun,
}

/// When a queue has its turn on the connection: in this round, and there in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub(super) round: u64,
    pub(super) number: u64,
}

/// Messages in the order of their turns. Those whose chunks have a response need a
/// place among the transactions of their source; the others do not wait for one.
#[derive(Debug)]
pub(super) struct Queue<M> {
    /// Its turn on the connection, if one of its messages may leave.
    pub(super) turn: Option<Turn>,
    placed: Line<M>,
    placeless: Line<M>,
}

impl<M: Copy + Eq> Queue<M> {
    pub(super) const fn new() -> Self {
        Self { turn: None, placed: Line::new(), placeless: Line::new() }
    }

    /// Adds a message after all others. Returns its number.
    pub(super) fn push(&mut self, message: M, stage: Stage, needs_place: bool) -> i64 {
        let last = self.placed.last().max(self.placeless.last());
        let number = last.map_or(0, |last| last + 1);
        self.line(needs_place).insert(number, message, stage);
        number
    }

    /// Adds a message before all others. Returns its number.
    pub(super) fn push_front(&mut self, message: M, stage: Stage, needs_place: bool) -> i64 {
        let first = self.placed.first().into_iter().chain(self.placeless.first()).min();
        let number = first.map_or(0, |first| first - 1);
        self.line(needs_place).insert(number, message, stage);
        number
    }

    /// Removes a message, if it has this number. Returns whether it had.
    pub(super) fn remove(&mut self, message: M, number: i64, needs_place: bool) -> bool {
        self.line(needs_place).remove(message, number)
    }

    pub(super) fn pop(&mut self, has_place: bool) -> Option<M> {
        let placed = self.placed.next().filter(|_| has_place);
        match (placed, self.placeless.next()) {
            (Some(placed), Some(placeless)) if placed < placeless => self.placed.take(placed),
            (_, Some(placeless)) => self.placeless.take(placeless),
            (Some(placed), None) => self.placed.take(placed),
            (None, None) => None,
        }
    }

    pub(super) fn may_send(&self, has_place: bool) -> bool {
        !self.placeless.is_empty() || (has_place && !self.placed.is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.placed.is_empty() && self.placeless.is_empty()
    }

    const fn line(&mut self, needs_place: bool) -> &mut Line<M> {
        if needs_place { &mut self.placed } else { &mut self.placeless }
    }
}

/// Messages by number. Of the long ones, [`MAX_BEGUN`] take turns until one of them has
/// left whole; the next one begins then.
#[derive(Debug)]
struct Line<M> {
    /// Those that may leave at their turn, and how far they are.
    ready: BTreeMap<i64, (M, Stage)>,
    /// How many of those have begun.
    begun: usize,
    /// Those that may begin while few others have.
    fresh: BTreeMap<i64, M>,
}

impl<M: Copy + Eq> Line<M> {
    const fn new() -> Self {
        Self { ready: BTreeMap::new(), begun: 0, fresh: BTreeMap::new() }
    }

    fn insert(&mut self, number: i64, message: M, stage: Stage) {
        match stage {
            Stage::Fresh => drop(self.fresh.insert(number, message)),
            Stage::Short | Stage::Begun => {
                self.begun += usize::from(stage == Stage::Begun);
                self.ready.insert(number, (message, stage));
            }
        }
    }

    fn remove(&mut self, message: M, number: i64) -> bool {
        let ready = self.ready.get(&number).map(|(ready, _)| *ready);
        let is_here = ready.or_else(|| self.fresh.get(&number).copied()) == Some(message);
        is_here && self.take(number).is_some()
    }

    /// The number of the message whose turn it is.
    fn next(&self) -> Option<i64> {
        let ready = self.ready.first_key_value().map(|(number, _)| *number);
        let fresh = self.fresh.first_key_value().map(|(number, _)| *number);
        match (ready, fresh) {
            (Some(ready), Some(fresh)) if fresh > ready || self.begun >= MAX_BEGUN => Some(ready),
            (ready, fresh) => fresh.or(ready),
        }
    }

    fn take(&mut self, number: i64) -> Option<M> {
        let Some((message, stage)) = self.ready.remove(&number) else {
            return self.fresh.remove(&number);
        };
        self.begun -= usize::from(stage == Stage::Begun);
        Some(message)
    }

    fn first(&self) -> Option<i64> {
        let ready = self.ready.first_key_value().map(|(number, _)| *number);
        let fresh = self.fresh.first_key_value().map(|(number, _)| *number);
        ready.into_iter().chain(fresh).min()
    }

    fn last(&self) -> Option<i64> {
        let ready = self.ready.last_key_value().map(|(number, _)| *number);
        let fresh = self.fresh.last_key_value().map(|(number, _)| *number);
        ready.max(fresh)
    }

    fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.fresh.is_empty()
    }
}
