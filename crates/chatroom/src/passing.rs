//! Messages that are passed on while they come in (RFC 7701 section 6.1): for
//! whom they are, and how long their next chunk may take.

use msrp::Instant;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::message::{Recipients, answer, check_type};
use super::room::{Room, Seat};
use msrp::{MessageId, StatusCode};
use msrp_cpim::CpimRef;

/// A message that will not go on. Its recipients may be told, with the flag `#`
/// ([`Connection::abort`](msrp::Connection::abort)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Abandoned {
    /// The session it came from.
    pub from: Seat,
    /// Its Message-ID there.
    pub message_id: MessageId,
    /// Those who have had its first chunks. None where it was not known yet for
    /// whom it is.
    pub recipients: Vec<Seat>,
}

/// The messages that are passed on.
#[derive(Debug, Default)]
pub(super) struct Passing {
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
    /// `None` until the headers of its wrapper are there.
    recipients: Option<Recipients>,
    /// How many octets of its start say nothing yet.
    seen: usize,
    deadline: Option<Instant>,
}

impl Room {
    /// Who gets a message of which the first octets have come. `None` until the
    /// headers of its wrapper are there: come back with `start` and what has
    /// followed, which is never more than
    /// [`cpim::MAX_HEAD_OCTETS`](msrp_cpim::MAX_HEAD_OCTETS). What was looked
    /// at is not read again before a blank line comes, so that crumbs cost
    /// little.
    ///
    /// Every later chunk goes to the same recipients
    /// ([`Room::message_goes_on`]), whoever has joined meanwhile; at its end
    /// there is [`Room::end_message`]. Message-IDs are those of the session it
    /// came from.
    ///
    /// # Errors
    ///
    /// What its sender is to be answered: as [`Room::message`] says, and 413
    /// where too many messages are passed on. The message is over then.
    pub fn begin_message(
        &mut self,
        now: Instant,
        from: Seat,
        message_id: MessageId,
        content_type: &str,
        start: &[u8],
    ) -> Result<Option<Recipients>, StatusCode> {
        let seen = self.passing.seen(from, message_id);
        let recipients = self.recipients_of_start(from, content_type, start, seen);
        let result = recipients.and_then(|recipients| {
            let number = self.number_of(from, message_id)?;
            let due = now.checked_add(self.config().chunk_timeout);
            self.passing.has_seen(number, start.len());
            Ok(self.passing.go_on(number, due, recipients))
        });
        if result.is_err() {
            self.end_message(from, message_id);
        }
        result
    }

    /// Another chunk of a message has come: says to whom it goes, and waits
    /// anew for the next. `None` until it is known for whom the message is: go
    /// on with [`Room::begin_message`].
    ///
    /// # Errors
    ///
    /// 413 where there is no such message, because it was given up
    /// ([`Room::handle_timeout`]), is over or never began: what still comes of
    /// it is answered so and goes to nobody.
    pub fn message_goes_on(
        &mut self,
        now: Instant,
        from: Seat,
        message_id: MessageId,
    ) -> Result<Option<Recipients>, StatusCode> {
        let due = now.checked_add(self.config().chunk_timeout);
        let number = self.passing.find(from, message_id).ok_or(StatusCode::STOP_SENDING)?;
        Ok(self.passing.go_on(number, due, None))
    }

    /// The last chunk of a message has come, or its sender has given it up:
    /// nothing more is known of it. Says to whom it went.
    pub fn end_message(&mut self, from: Seat, message_id: MessageId) -> Option<Recipients> {
        let number = self.passing.find(from, message_id)?;
        self.passing.remove(number)?.recipients
    }

    /// When [`Room::handle_timeout`] is due, if nothing else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.passing.deadlines.first().map(|(due, _)| *due)
    }

    /// A message whose next chunk has not come in time: it counts as given up.
    /// Call it until there is none.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Abandoned> {
        let (_, number) = self.passing.deadlines.first().copied().filter(|(due, _)| *due <= now)?;
        self.passing.remove(number).map(Message::abandoned)
    }

    fn recipients_of_start(
        &self,
        from: Seat,
        content_type: &str,
        start: &[u8],
        seen: usize,
    ) -> Result<Option<Recipients>, StatusCode> {
        check_type(content_type)?;
        if self.participant(from).is_none() {
            return Err(StatusCode::FORBIDDEN);
        }
        if !CpimRef::head_may_end(start, seen) {
            return Ok(None);
        }
        let head = CpimRef::parse_start(start).map_err(answer)?;
        head.map(|head| self.recipients(from, &head)).transpose()
    }

    /// The number of a message, which may be a new one.
    fn number_of(&mut self, from: Seat, id: MessageId) -> Result<u64, StatusCode> {
        if let Some(number) = self.passing.find(from, id) {
            return Ok(number);
        }
        let (max, max_of_session) = (self.config().messages, self.config().messages_of_session);
        let is_full = self.passing.messages.len() >= max;
        if is_full || self.passing.count_from(from) >= max_of_session {
            return Err(StatusCode::STOP_SENDING);
        }
        Ok(self.passing.insert(from, id))
    }
}

impl Passing {
    fn find(&self, from: Seat, id: MessageId) -> Option<u64> {
        self.by_id.get(&(from, id)).copied()
    }

    /// How many octets of a message were in vain. None of one that is settled.
    fn seen(&self, from: Seat, id: MessageId) -> usize {
        let message = self.find(from, id).and_then(|number| self.messages.get(&number));
        message.filter(|message| message.recipients.is_none()).map_or(0, |message| message.seen)
    }

    fn has_seen(&mut self, number: u64, octets: usize) {
        if let Some(message) = self.messages.get_mut(&number) {
            message.seen = octets;
        }
    }

    fn count_from(&self, from: Seat) -> usize {
        self.messages.values().filter(|message| message.from == from).count()
    }

    fn insert(&mut self, from: Seat, id: MessageId) -> u64 {
        let number = self.next;
        self.next += 1;
        self.by_id.insert((from, id), number);
        let message = Message { from, id, recipients: None, seen: 0, deadline: None };
        self.messages.insert(number, message);
        number
    }

    /// Waits for the next chunk until `due`. Recipients that are settled stay.
    fn go_on(
        &mut self,
        number: u64,
        due: Option<Instant>,
        recipients: Option<Recipients>,
    ) -> Option<Recipients> {
        let message = self.messages.get_mut(&number)?;
        for (deadline, insert) in [(message.deadline, false), (due, true)] {
            match deadline {
                Some(deadline) if insert => drop(self.deadlines.insert((deadline, number))),
                Some(deadline) => drop(self.deadlines.remove(&(deadline, number))),
                None => {}
            }
        }
        message.deadline = due;
        message.recipients = message.recipients.take().or(recipients);
        message.recipients.clone()
    }

    fn remove(&mut self, number: u64) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.by_id.remove(&(message.from, message.id));
        if let Some(deadline) = message.deadline {
            self.deadlines.remove(&(deadline, number));
        }
        Some(message)
    }

    /// Somebody has left: they get no more chunks, and their own messages do not
    /// go on.
    pub(super) fn left(&mut self, seat: Seat) -> Vec<Abandoned> {
        for message in self.messages.values_mut() {
            if let Some(recipients) = &mut message.recipients {
                recipients.seats.retain(|recipient| *recipient != seat);
            }
        }
        let own = self.messages.iter().filter(|(_, message)| message.from == seat);
        let own: Vec<u64> = own.map(|(number, _)| *number).collect();
        own.into_iter().filter_map(|number| self.remove(number)).map(Message::abandoned).collect()
    }
}

impl Message {
    fn abandoned(self) -> Abandoned {
        let recipients = self.recipients.map(|recipients| recipients.seats).unwrap_or_default();
        Abandoned { from: self.from, message_id: self.id, recipients }
    }
}
