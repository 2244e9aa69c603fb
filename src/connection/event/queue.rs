//! The events that the application has not taken.

use std::collections::VecDeque;

use super::Event;
use crate::footprint::Footprint;
use crate::spare::Spare;

/// The events that the application has not taken.
#[derive(Debug, Default)]
pub(in crate::connection) struct Events {
    queue: VecDeque<Event>,
    weight: usize,
}

impl Events {
    pub(in crate::connection) fn push(&mut self, event: Event) {
        self.weight += event.weight();
        self.queue.push_back(event);
    }

    pub(in crate::connection) fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.push(event);
        }
    }

    pub(in crate::connection) fn pop(&mut self) -> Option<Event> {
        let event = self.queue.pop_front()?;
        self.weight -= event.weight();
        self.queue.give_back();
        Some(event)
    }

    pub(in crate::connection) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("events", self.queue.len());
        footprint.hold("events octets", self.weight);
    }

    pub(in crate::connection) fn len(&self) -> usize {
        self.queue.len()
    }

    /// What the events weigh together.
    pub(in crate::connection) const fn weight(&self) -> usize {
        self.weight
    }
}
