//! The messages that a room passes on while they arrive (RFC 7701 section 6.1):
//! who receives them, and when their next chunk is due.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use msrp::{Instant, MessageId};

use crate::recipients::Recipients;
use crate::seat::Seat;

/// A message whose rest does not come. The application may tell its recipients
/// with the flag `#` ([`Connection::abort`](msrp::Connection::abort)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Abandoned {
    /// The session that sent it.
    pub from: Seat,
    /// Its Message-ID in that session.
    pub message_id: MessageId,
    /// The sessions that received its first chunks. Empty if the message ended
    /// before its recipients were known.
    pub recipients: Vec<Seat>,
}

/// The messages that are being passed on.
#[derive(Debug, Default)]
pub(crate) struct Passing {
    /// In the order in which they began.
    messages: BTreeMap<u64, Message>,
    by_id: HashMap<(Seat, MessageId), u64>,
    deadlines: BTreeSet<(Instant, u64)>,
    next: u64,
}

#[derive(Debug)]
struct Message {
    from: Seat,
    id: MessageId,
    /// `None` until the headers of its wrapper are complete.
    recipients: Option<Recipients>,
    /// The number of octets at its start in which the headers do not end.
    seen: usize,
    deadline: Option<Instant>,
}

impl Passing {
    pub(crate) fn find(&self, from: Seat, id: MessageId) -> Option<u64> {
        self.by_id.get(&(from, id)).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn count_from(&self, from: Seat) -> usize {
        self.messages.values().filter(|message| message.from == from).count()
    }

    /// The number of octets in which the headers of a message do not end. Zero
    /// once its recipients are known.
    pub(crate) fn seen(&self, from: Seat, id: MessageId) -> usize {
        let message = self.find(from, id).and_then(|number| self.messages.get(&number));
        message.filter(|message| message.recipients.is_none()).map_or(0, |message| message.seen)
    }

    pub(crate) fn set_seen(&mut self, number: u64, octets: usize) {
        if let Some(message) = self.messages.get_mut(&number) {
            message.seen = octets;
        }
    }

    pub(crate) fn begin(&mut self, from: Seat, id: MessageId) -> u64 {
        let number = self.next;
        self.next += 1;
        self.by_id.insert((from, id), number);
        let message = Message { from, id, recipients: None, seen: 0, deadline: None };
        self.messages.insert(number, message);
        number
    }

    /// Waits for the next chunk until `due`. The first recipients that are
    /// given stay.
    pub(crate) fn wait(
        &mut self,
        number: u64,
        due: Option<Instant>,
        recipients: Option<Recipients>,
    ) -> Option<Recipients> {
        let message = self.messages.get_mut(&number)?;
        if let Some(deadline) = message.deadline {
            self.deadlines.remove(&(deadline, number));
        }
        self.deadlines.extend(due.map(|due| (due, number)));
        message.deadline = due;
        message.recipients = message.recipients.take().or(recipients);
        message.recipients.clone()
    }

    /// Forgets a message, and says who received its chunks.
    pub(crate) fn end(&mut self, number: u64) -> Option<Recipients> {
        self.remove(number)?.recipients
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(due, _)| *due)
    }

    /// Forgets the first message whose next chunk was due by `now`.
    pub(crate) fn take_overdue(&mut self, now: Instant) -> Option<Abandoned> {
        let (_, number) = self.deadlines.first().copied().filter(|(due, _)| *due <= now)?;
        self.remove(number).map(Message::abandoned)
    }

    /// Forgets a session that has left: it receives no more chunks, and the
    /// messages that it was sending end.
    pub(crate) fn leave(&mut self, seat: Seat) -> Vec<Abandoned> {
        for message in self.messages.values_mut() {
            if let Some(recipients) = &mut message.recipients {
                recipients.seats.retain(|recipient| *recipient != seat);
            }
        }
        let own = self.messages.iter().filter(|(_, message)| message.from == seat);
        let own: Vec<u64> = own.map(|(number, _)| *number).collect();
        own.into_iter().filter_map(|number| self.remove(number)).map(Message::abandoned).collect()
    }

    fn remove(&mut self, number: u64) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.by_id.remove(&(message.from, message.id));
        if let Some(deadline) = message.deadline {
            self.deadlines.remove(&(deadline, number));
        }
        Some(message)
    }
}

impl Message {
    fn abandoned(self) -> Abandoned {
        let recipients = self.recipients.map(|recipients| recipients.seats).unwrap_or_default();
        Abandoned { from: self.from, message_id: self.id, recipients }
    }
}
