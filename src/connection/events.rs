//! The events that the application has not taken.

use std::collections::VecDeque;

use super::event::Event;
use crate::footprint::Footprint;
use crate::spare::Spare;

/// The events that the application has not taken.
#[derive(Debug, Default)]
pub(super) struct Events {
    queue: VecDeque<Event>,
    octets: usize,
}

impl Events {
    pub(super) fn push(&mut self, event: Event) {
        self.octets += event.octets();
        self.queue.push_back(event);
    }

    pub(super) fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.push(event);
        }
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        let event = self.queue.pop_front()?;
        self.octets -= event.octets();
        self.queue.give_back();
        Some(event)
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        footprint.hold("events", self.queue.len());
        footprint.hold("events octets", self.octets);
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Octets that the events hold on behalf of the peer.
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }
}
