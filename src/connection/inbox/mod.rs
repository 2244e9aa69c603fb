//! The input of a connection: the frame that is arriving, the messages that
//! have begun, and those that wait for the application's response.
//!
//! The inbox decides and remembers; the [`Connection`](super::Connection)
//! responds, reports and passes the events on.

mod arriving;
pub(super) mod chunk;
mod ending;
pub(super) mod input;
pub(super) mod open;
mod room;
pub(super) mod unfinished;
pub(super) mod waiting;

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;

use super::config::session::SessionConfig;
use super::event::Event;
use super::event::reason::FailReason;
use super::event::received::Received;
use super::memory::mailbox::Mailbox;
use super::quiet::Quiet;
use crate::footprint::Footprint;
use crate::keys::{IncomingKey, Keys, SessionKey, Tag};
use crate::limits::Limits;
use crate::wire::{Head, MessageId, StatusCode};
use chunk::{Chunk, Current, Fault, Known, Receipt, Refusal, Whole};
use input::InputBuffer;
use open::Open;
use unfinished::Unfinished;
use waiting::Waiting;

/// So many octets are copied out of the input in any case, which costs little.
const COPIED: usize = 2048;

#[derive(Debug)]
pub(super) struct Inbox {
    limits: Limits,
    /// The buffer that the current frame lies in.
    buffer: InputBuffer,
    current: Current,
    /// Messages that have begun and not ended.
    open: Unfinished,
    quiet: Quiet,
    /// Complete messages that wait for the application's response.
    waiting: Waiting,
    /// What each session remembers, from its first message on.
    mailboxes: HashMap<SessionKey, Box<Mailbox>>,
    keys: Keys<IncomingKey>,
    /// Dropped messages whose sender has to be told.
    lost: Vec<Lost>,
}

/// Octets that were acknowledged, and dropped afterwards.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) received: Received,
    pub(super) octets: Range<u64>,
    /// Why: the response to what is still to come of it.
    pub(super) status: StatusCode,
}

/// What a session leaves behind when it ends.
#[derive(Debug, Default)]
pub(super) struct Remains {
    /// The requests that got no response.
    pub(super) unanswered: Vec<Head>,
    /// The messages that failed.
    pub(super) failed: Vec<Event>,
}

/// A message that failed by no fault of the chunk that is arriving.
#[derive(Debug)]
pub(super) struct Dropped {
    /// The chunks to respond to. None between two chunks.
    pub(super) heads: Vec<Head>,
    pub(super) status: StatusCode,
    /// `None` if the application already has the whole message.
    pub(super) event: Option<Event>,
}

impl Inbox {
    pub(super) fn new(limits: Limits, tag: Tag, quiet: Quiet) -> Self {
        Self {
            limits,
            buffer: InputBuffer::default(),
            current: Current::default(),
            open: Unfinished::default(),
            quiet,
            waiting: Waiting::new(limits.incoming_messages),
            mailboxes: HashMap::new(),
            keys: Keys::new(tag),
            lost: Vec::new(),
        }
    }

    pub(super) const fn buffer(&mut self) -> &mut InputBuffer {
        &mut self.buffer
    }

    /// Drops everything of a session that ends.
    /// `is_lost` says whether that was not this side's choice.
    pub(super) fn close_session(&mut self, session: SessionKey, is_lost: bool) -> Remains {
        let mut remains = Remains::default();
        for key in self.waiting.keys_of(session) {
            let whole = self.waiting.remove(key);
            remains.unanswered.extend(whole.into_iter().flat_map(Whole::into_heads));
        }
        if let Some(chunk) = self.take_current(|chunk| chunk.session == session) {
            if chunk.key.is_none() && chunk.known == Known::Nothing {
                let message = self.received(&chunk, Box::default());
                remains.failed.push(failed(message, FailReason::SessionClosed));
            }
            remains.unanswered.push(chunk.head);
        }
        if self.is_arriving_in(session) {
            remains.unanswered.extend(self.take_bodiless().map(|(_, head)| head));
        }
        for key in self.open.keys_of(session) {
            remains.failed.extend(self.interrupt(key, is_lost));
        }
        self.mailboxes.remove(&session);
        remains
    }

    /// The status that refused an earlier chunk of a message.
    pub(super) fn refused(&self, session: SessionKey, id: &MessageId) -> Option<StatusCode> {
        self.mailboxes.get(&session)?.refused.get(id)
    }

    /// What is known of the message of this id.
    pub(super) fn known(
        &self,
        session: SessionKey,
        terms: &SessionConfig,
        id: &MessageId,
    ) -> Known {
        match self.open.find(session, id) {
            Some(key) => Known::Begun(key),
            None if self.had(session, terms, id) => Known::Complete,
            None => Known::Nothing,
        }
    }

    /// Whether a message of this id was complete before.
    fn had(&self, session: SessionKey, terms: &SessionConfig, id: &MessageId) -> bool {
        terms.memory.as_ref().is_some_and(|memory| memory.is_complete(id))
            || self.mailboxes.get(&session).is_some_and(|mailbox| mailbox.received.contains(id))
            || self.waiting.find(session, id).is_some()
    }

    // Responses of the application.

    /// Accepts a message that waits for it.
    pub(super) fn accept(&mut self, key: IncomingKey) -> Option<Receipt> {
        let whole = self.waiting.remove(key)?;
        self.remember_received(&whole.last);
        Some(Receipt::Whole(whole))
    }

    /// Refuses a message that waits, or has begun and not ended.
    pub(super) fn reject(&mut self, key: IncomingKey, status: StatusCode) -> Option<Dropped> {
        if let Some(whole) = self.waiting.remove(key) {
            self.remember_refused(whole.last.session, whole.last.message_id, status);
            return Some(Dropped { heads: whole.into_heads(), status, event: None });
        }
        self.drop_message(key, Fault { status, reason: FailReason::Rejected })
    }

    // Messages that end.

    /// Drops a message that has not ended, and refuses what is still to come of it.
    fn drop_message(&mut self, key: IncomingKey, fault: Fault) -> Option<Dropped> {
        let Open { received, store, .. } = self.open.remove(key)?;
        self.remember_refused(received.session, received.message_id, fault.status);
        let current = self.take_current(|chunk| chunk.key == Some(key));
        // Without a chunk to respond to, only a REPORT says it.
        if current.is_none()
            && let Some(octets) = store.first_octets()
        {
            let status = fault.status;
            self.lost.push(Lost { received: received.clone(), octets, status });
        }
        let event = Some(failed(received, fault.reason));
        let heads = current.into_iter().map(|chunk| chunk.head).collect();
        Some(Dropped { heads, status: fault.status, event })
    }

    /// What has been dropped since the last call.
    pub(super) fn take_lost(&mut self) -> Vec<Lost> {
        std::mem::take(&mut self.lost)
    }

    /// Drops a message whose session ends. If it was lost, what has arrived is kept for
    /// a later session.
    fn interrupt(&mut self, key: IncomingKey, is_lost: bool) -> Option<Event> {
        let Open { received, store, terms, .. } = self.open.remove(key)?;
        let memory = terms.memory.as_ref().filter(|_| is_lost && !received.is_duplicate);
        let Some(memory) = memory else { return Some(failed(received, FailReason::SessionClosed)) };
        memory.keep(received.message_id, store);
        Some(failed(received, FailReason::Interrupted))
    }

    /// Drops a message whose rest will not come.
    fn lose(&mut self, key: IncomingKey, reason: FailReason) -> Option<Event> {
        self.open.remove(key).map(|open| failed(open.received, reason))
    }

    /// Refuses the chunk that is arriving.
    pub(super) fn refuse_current(&mut self, fault: Fault) -> Option<Box<Refusal>> {
        self.take_current(|_| true).map(|chunk| self.refuse(chunk, fault))
    }

    /// Drops the message of a chunk with a fault. A response as soon as that is
    /// known lets a sender in the middle of the chunk stop (section 10.5).
    fn refuse(&mut self, chunk: Box<Chunk>, fault: Fault) -> Box<Refusal> {
        let (session, message_id) = (chunk.session, chunk.message_id);
        let message = match chunk.key.and_then(|key| self.open.remove(key)) {
            Some(open) => open.received,
            None => self.received(&chunk, Box::default()),
        };
        self.remember_refused(session, message_id, fault.status);
        let Fault { status, reason } = fault;
        Box::new(Refusal { head: chunk.head, status, message, reason })
    }

    /// Whether a SEND of a session is arriving that is not refused.
    pub(super) fn is_arriving_in(&self, wanted: SessionKey) -> bool {
        match &self.current {
            Current::Skipped => false,
            Current::Bodiless { session, .. } => *session == wanted,
            Current::Chunk(chunk) | Current::Repeated(chunk) => chunk.session == wanted,
        }
    }

    /// Takes the chunk that is arriving if it is `wanted`; the rest of it is
    /// skipped.
    fn take_current(&mut self, wanted: impl FnOnce(&Chunk) -> bool) -> Option<Box<Chunk>> {
        let is_wanted = match &self.current {
            Current::Chunk(chunk) | Current::Repeated(chunk) => wanted(chunk),
            Current::Skipped | Current::Bodiless { .. } => false,
        };
        if !is_wanted {
            return None;
        }
        match std::mem::take(&mut self.current) {
            Current::Chunk(chunk) | Current::Repeated(chunk) => Some(chunk),
            Current::Skipped | Current::Bodiless { .. } => None,
        }
    }

    /// Takes the SEND without a body that is arriving.
    pub(super) fn take_bodiless(&mut self) -> Option<(SessionKey, Head)> {
        match std::mem::take(&mut self.current) {
            Current::Bodiless { session, head } => Some((session, head)),
            other @ (Current::Skipped | Current::Chunk(_) | Current::Repeated(_)) => {
                self.current = other;
                None
            }
        }
    }

    /// Octets for the application, which may keep them.
    fn detached(&self, octets: Bytes) -> Bytes {
        let is_slice = octets.len() > COPIED && self.buffer.is_worth(octets.len());
        if is_slice { octets } else { Bytes::copy_from_slice(&octets) }
    }

    // What is remembered.

    /// The head of a message, at its first chunk.
    fn received(&mut self, chunk: &Chunk, present: Box<[Range<u64>]>) -> Received {
        let Chunk { session, message_id, ref terms, .. } = *chunk;
        let key = self.keys.fresh();
        let is_duplicate = self.had(session, terms, &message_id);
        Received { key, session, message_id, is_duplicate, head: chunk.head.detached(), present }
    }

    fn remember_received(&mut self, last: &Chunk) {
        if let Some(memory) = &last.terms.memory {
            memory.complete(last.message_id);
        }
        self.mailbox(last.session).received.insert(last.message_id, ());
    }

    fn remember_refused(&mut self, session: SessionKey, id: MessageId, status: StatusCode) {
        self.mailbox(session).refused.insert(id, status);
    }

    fn mailbox(&mut self, session: SessionKey) -> &mut Mailbox {
        let remembered = self.limits.remembered_messages;
        self.mailboxes.entry(session).or_insert_with(|| Box::new(Mailbox::new(remembered)))
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        let is_arriving = !matches!(self.current, Current::Skipped);
        footprint.hold("inbox current", usize::from(is_arriving));
        footprint.remember("inbox mailboxes", self.mailboxes.len());
        self.mailboxes.values().for_each(|mailbox| mailbox.footprint(footprint));
        self.open.footprint(footprint);
        self.waiting.footprint(footprint);
    }
}

fn failed(received: Received, reason: FailReason) -> Event {
    Event::MessageFailed { received, reason }
}
