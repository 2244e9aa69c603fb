//! The input of a connection: the frame that is arriving, the messages that
//! have begun, and those that wait for the application's response.
//!
//! The inbox decides and remembers; the [`Connection`](super::Connection)
//! responds, reports and passes the events on.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::chunk::{Chunk, Current, Ended, Fault, Receipt, Refusal, Whole};
use super::event::Event;
use super::mailbox::Mailbox;
use super::open::{Open, Store};
use super::reason::FailReason;
use super::received::Received;
use super::session_config::{ReceiveMode, ResponseMode, SessionConfig};
use crate::footprint::Footprint;
use crate::keys::{IncomingKey, Keys, SessionKey, Tag};
use crate::limits::Limits;
use crate::offset::Offset;
use crate::wire::{Continuation, Head, MessageId, StatusCode};

/// Bodies up to this size are copied out of the input: an application that
/// keeps a short message should not keep the whole read buffer with it.
const DETACHED_BODY: usize = 2048;

#[derive(Debug)]
pub(super) struct Inbox {
    limits: Limits,
    current: Current,
    /// Messages that have begun and not ended.
    open: BTreeMap<IncomingKey, Open>,
    /// Complete messages that wait for the application's response.
    waiting: BTreeMap<IncomingKey, Whole>,
    /// Octets of open messages in memory.
    held: u64,
    /// What each session owns of the above, and remembers.
    /// Boxed, since a node of the map has room for eleven.
    sessions: BTreeMap<SessionKey, Box<Mailbox>>,
    keys: Keys<IncomingKey>,
}

/// What a session leaves behind when it ends.
#[derive(Debug, Default)]
pub(super) struct Remains {
    /// The requests that got no response.
    pub(super) unanswered: Vec<Head>,
    /// The messages that failed.
    pub(super) failed: Vec<Event>,
}

/// A message that the application has refused.
#[derive(Debug)]
pub(super) struct Rejection {
    /// The chunk to respond to. `None` between two chunks.
    pub(super) head: Option<Head>,
    /// `None` if the application already has the whole message.
    pub(super) event: Option<Event>,
}

impl Inbox {
    pub(super) fn new(limits: Limits, tag: Tag) -> Self {
        Self {
            limits,
            current: Current::default(),
            open: BTreeMap::new(),
            waiting: BTreeMap::new(),
            held: 0,
            sessions: BTreeMap::new(),
            keys: Keys::new(tag),
        }
    }

    pub(super) fn open_session(&mut self, session: SessionKey) {
        let mailbox = Box::new(Mailbox::new(self.limits.remembered_messages));
        self.sessions.insert(session, mailbox);
    }

    /// Drops everything of a session that ends.
    pub(super) fn close_session(&mut self, session: SessionKey) -> Remains {
        let mut remains = Remains::default();
        let Some(mailbox) = self.sessions.remove(&session) else { return remains };
        for key in mailbox.waiting_keys() {
            let whole = self.waiting.remove(&key);
            remains.unanswered.extend(whole.map(|whole| whole.last.head));
        }
        if let Some(chunk) = self.take_current(|chunk| chunk.session == session) {
            if chunk.key.is_none() {
                let message = self.received(session, chunk.message_id, &chunk.head);
                remains.failed.push(failed(message, FailReason::SessionClosed));
            }
            remains.unanswered.push(chunk.head);
        }
        for key in mailbox.open_keys() {
            remains.failed.extend(self.lose(key, FailReason::SessionClosed));
        }
        remains
    }

    pub(super) fn footprint(&self, footprint: &mut Footprint) {
        self.sessions.values().for_each(|mailbox| mailbox.footprint(footprint));
        let is_arriving = !matches!(self.current, Current::Skipped);
        footprint.hold("inbox current", usize::from(is_arriving));
        footprint.hold("inbox open", self.open.len());
        footprint.hold("inbox waiting", self.waiting.len());
        footprint.hold("inbox octets", usize::try_from(self.held).unwrap_or(usize::MAX));
        footprint.hold("inbox sessions", self.sessions.len());
    }

    /// The status that refused an earlier chunk of a message.
    pub(super) fn refused(&self, session: SessionKey, id: &MessageId) -> Option<StatusCode> {
        self.sessions.get(&session)?.refused.get(id)
    }

    /// The message of this id, if it has begun and not ended.
    pub(super) fn find(&self, session: SessionKey, id: &MessageId) -> Option<IncomingKey> {
        self.sessions.get(&session)?.find(id)
    }

    // The frame that is arriving.

    /// The head of a chunk. `terms` is the session's configuration.
    pub(super) fn begin(
        &mut self,
        session: SessionKey,
        terms: &Arc<SessionConfig>,
        message_id: MessageId,
        head: Head,
    ) -> Result<Option<Event>, Box<Refusal>> {
        let known = self.find(session, &message_id);
        let terms = known.and_then(|key| self.open.get(&key)).map_or(terms, |open| &open.terms);
        let mut chunk = Box::new(Chunk::new(session, terms.clone(), message_id, head, known));
        match self.begin_message(&mut chunk) {
            Ok(event) => {
                self.current = Current::Chunk(chunk);
                Ok(event)
            }
            Err(fault) => Err(self.refuse(chunk, fault)),
        }
    }

    fn begin_message(&mut self, chunk: &mut Chunk) -> Result<Option<Event>, Fault> {
        if chunk.key.is_some() {
            return Ok(None);
        }
        chunk.check_first()?;
        if !self.has_room(chunk.session) {
            return Err(Fault::TOO_MANY_MESSAGES);
        }
        match chunk.terms.receive {
            ReceiveMode::Whole => Ok(None),
            ReceiveMode::Pieces => {
                self.start(chunk)?;
                let open = chunk.key.and_then(|key| self.open.get(&key));
                Ok(open.map(|open| Event::MessageStarted { received: open.received.clone() }))
            }
        }
    }

    /// The head of a SEND without a body.
    pub(super) fn begin_bodiless(&mut self, session: SessionKey, head: Head) {
        self.current = Current::Bodiless { session, head };
    }

    /// Some octets of the frame.
    pub(super) fn piece(&mut self, piece: Bytes) -> Result<Option<Event>, Box<Refusal>> {
        let Some(mut chunk) = self.take_current(|_| true) else { return Ok(None) };
        match self.take_piece(&mut chunk, piece) {
            Ok(event) => {
                self.current = Current::Chunk(chunk);
                Ok(event)
            }
            Err(fault) => Err(self.refuse(chunk, fault)),
        }
    }

    fn take_piece(&mut self, chunk: &mut Chunk, piece: Bytes) -> Result<Option<Event>, Fault> {
        let offset = chunk.end();
        if Offset::new(offset).plus(piece.len() as u64).is_none() {
            return Err(Fault::INCONSISTENT);
        }
        chunk.len += piece.len() as u64;
        if chunk.key.is_none() && chunk.only_piece.is_empty() {
            let end = offset.checked_add(piece.len() as u64);
            if end.is_none_or(|end| end > chunk.terms.max_size) {
                return Err(Fault::TOO_LARGE);
            }
            chunk.only_piece = piece;
            return Ok(None);
        }
        self.start(chunk)?;
        let room = self.room();
        let Some(open) = chunk.key.and_then(|key| self.open.get_mut(&key)) else {
            return Ok(None);
        };
        self.held += open.store.insert(offset, &piece, room)?;
        let incoming = open.received.key;
        Ok(open.store.is_in_pieces().then_some(Event::Piece { incoming, offset, data: piece }))
    }

    /// Whether Byte-Range agrees with the octets of the frame, whose end-line has
    /// arrived.
    pub(super) fn agrees(&self, flag: Continuation) -> bool {
        match &self.current {
            Current::Chunk(chunk) => chunk.agrees(flag),
            Current::Skipped | Current::Bodiless { .. } => true,
        }
    }

    /// Refuses the chunk that is arriving.
    pub(super) fn refuse_current(&mut self, fault: Fault) -> Option<Box<Refusal>> {
        self.take_current(|_| true).map(|chunk| self.refuse(chunk, fault))
    }

    /// The end-line of the frame.
    pub(super) fn end(&mut self, flag: Continuation) -> Result<Ended, Box<Refusal>> {
        match std::mem::take(&mut self.current) {
            Current::Skipped => Ok(Ended::default()),
            Current::Bodiless { session, head } => self.end_bodiless(session, head, flag),
            Current::Chunk(chunk) => match flag {
                Continuation::Aborted => self.end_aborted(chunk),
                Continuation::Complete if chunk.key.is_none() && chunk.offset == 0 => {
                    self.end_single(chunk)
                }
                Continuation::Complete | Continuation::More => self.end_part(chunk, flag),
            },
        }
    }

    /// A SEND without a body is traffic, not a message (section 7.1); but it
    /// can end one that has begun.
    fn end_bodiless(
        &mut self,
        session: SessionKey,
        head: Head,
        flag: Continuation,
    ) -> Result<Ended, Box<Refusal>> {
        let id = head.view().message_id();
        let known = id.and_then(|id| Some((id, self.find(session, &id)?)));
        let mut event = None;
        if let Some((id, key)) = known {
            match flag {
                Continuation::Aborted => event = self.lose(key, FailReason::Aborted),
                Continuation::Complete => {
                    if let Some(terms) = self.open.get(&key).map(|open| open.terms.clone()) {
                        let chunk = Chunk::new(session, terms, id, head.clone(), Some(key));
                        if chunk.offset > 0 {
                            return self.end_part(Box::new(chunk), flag);
                        }
                    }
                }
                Continuation::More => {}
            }
        }
        Ok(Ended { receipt: Some(Receipt::Traffic(head)), event })
    }

    /// The sender has aborted the message.
    fn end_aborted(&mut self, mut chunk: Box<Chunk>) -> Result<Ended, Box<Refusal>> {
        if let Err(fault) = self.start(&mut chunk) {
            return Err(self.refuse(chunk, fault));
        }
        let event = chunk.key.and_then(|key| self.lose(key, FailReason::Aborted));
        Ok(Ended { receipt: Some(Receipt::Traffic(chunk.head)), event })
    }

    /// The whole message in one chunk, in one piece.
    fn end_single(&mut self, mut chunk: Box<Chunk>) -> Result<Ended, Box<Refusal>> {
        let received = self.received(chunk.session, chunk.message_id, &chunk.head);
        let body = std::mem::take(&mut chunk.only_piece);
        if let Err(fault) = chunk.check_whole(received.content_type(), &body) {
            return Err(self.refuse(chunk, fault));
        }
        let whole = Whole { last: chunk, first: None, total: body.len() as u64 };
        let receipt = self.take_whole(received.key, whole);
        let event = Some(Event::Message { received, body: detached(body) });
        Ok(Ended { receipt, event })
    }

    /// A chunk of a message that has others.
    fn end_part(
        &mut self,
        mut chunk: Box<Chunk>,
        flag: Continuation,
    ) -> Result<Ended, Box<Refusal>> {
        match self.add_part(&mut chunk, flag) {
            Ok(Some(open)) => self.end_message(chunk, open),
            Ok(None) => Ok(Ended { receipt: Some(Receipt::Part(chunk)), event: None }),
            Err(fault) => Err(self.refuse(chunk, fault)),
        }
    }

    /// Adds a chunk to its message, and takes the message if it is complete.
    fn add_part(&mut self, chunk: &mut Chunk, flag: Continuation) -> Result<Option<Open>, Fault> {
        self.start(chunk)?;
        let Some(key) = chunk.key else { return Ok(None) };
        let Some(open) = self.open.get_mut(&key) else { return Ok(None) };
        if flag == Continuation::Complete {
            open.store.finish(chunk.end())?;
        }
        if !open.store.is_complete() {
            return Ok(None);
        }
        // From here on it is treated like a message that came in one chunk.
        chunk.key = None;
        Ok(self.forget(key))
    }

    fn end_message(&mut self, chunk: Box<Chunk>, open: Open) -> Result<Ended, Box<Refusal>> {
        let Open { received, store, .. } = open;
        let first = Some(received.head.clone());
        match store {
            Store::Whole(store) => {
                let body = store.into_body().unwrap_or_default();
                if let Err(fault) = chunk.check_whole(received.content_type(), &body) {
                    return Err(self.refuse(chunk, fault));
                }
                let whole = Whole { last: chunk, first, total: body.len() as u64 };
                let receipt = self.take_whole(received.key, whole);
                Ok(Ended { receipt, event: Some(Event::Message { received, body }) })
            }
            Store::Pieces(tracker) => {
                let total = tracker.received();
                let receipt = self.take_whole(received.key, Whole { last: chunk, first, total });
                Ok(Ended { receipt, event: Some(Event::MessageCompleted { received, total }) })
            }
        }
    }

    /// A message is complete: it is accepted, or waits for the application.
    fn take_whole(&mut self, key: IncomingKey, mut whole: Whole) -> Option<Receipt> {
        match whole.last.terms.responses {
            ResponseMode::Received => {
                self.remember_received(&whole.last);
                Some(Receipt::Whole(whole))
            }
            ResponseMode::Application => {
                whole.last.detach();
                if let Some(mailbox) = self.sessions.get_mut(&whole.last.session) {
                    mailbox.add_waiting(whole.last.message_id, key);
                    self.waiting.insert(key, whole);
                }
                None
            }
        }
    }

    // Responses of the application.

    /// Accepts a message that waits for it.
    pub(super) fn accept(&mut self, key: IncomingKey) -> Option<Receipt> {
        let whole = self.take_waiting(key)?;
        self.remember_received(&whole.last);
        Some(Receipt::Whole(whole))
    }

    /// Refuses a message that waits, or has begun and not ended.
    pub(super) fn reject(&mut self, key: IncomingKey, status: StatusCode) -> Option<Rejection> {
        if let Some(Whole { last, .. }) = self.take_waiting(key) {
            self.remember_refused(last.session, last.message_id, status);
            return Some(Rejection { head: Some(last.head), event: None });
        }
        let Open { received, .. } = self.forget(key)?;
        self.remember_refused(received.session, received.message_id, status);
        let current = self.take_current(|chunk| chunk.key == Some(key));
        let event = Some(failed(received, FailReason::Rejected));
        Some(Rejection { head: current.map(|chunk| chunk.head), event })
    }

    fn take_waiting(&mut self, key: IncomingKey) -> Option<Whole> {
        let whole = self.waiting.remove(&key)?;
        if let Some(mailbox) = self.sessions.get_mut(&whole.last.session) {
            mailbox.remove_waiting(&whole.last.message_id, key);
        }
        Some(whole)
    }

    // Messages that have begun.

    /// Opens the place where the chunks of a message meet, unless it is open.
    fn start(&mut self, chunk: &mut Chunk) -> Result<(), Fault> {
        if chunk.key.is_some() {
            return Ok(());
        }
        let mut store = Store::new(&chunk.terms, &self.limits);
        let only_piece = std::mem::take(&mut chunk.only_piece);
        if !only_piece.is_empty() {
            store.insert(chunk.offset, &only_piece, self.room())?;
        }
        let received = self.received(chunk.session, chunk.message_id, &chunk.head);
        chunk.key = Some(received.key);
        self.remember_open(Open { received, store, terms: chunk.terms.clone() });
        Ok(())
    }

    /// The event at the first chunk of a message, if there is one.
    fn received(&mut self, session: SessionKey, message_id: MessageId, head: &Head) -> Received {
        let key = self.keys.fresh();
        let mailbox = self.sessions.get(&session);
        let is_duplicate = mailbox.is_some_and(|mailbox| mailbox.had(&message_id));
        Received { key, session, message_id, is_duplicate, head: head.detached() }
    }

    fn remember_open(&mut self, open: Open) {
        let Received { key, session, message_id, .. } = open.received;
        if let Some(mailbox) = self.sessions.get_mut(&session) {
            self.held += open.store.held();
            mailbox.add_open(message_id, key);
            self.open.insert(key, open);
        }
    }

    fn forget(&mut self, key: IncomingKey) -> Option<Open> {
        let open = self.open.remove(&key)?;
        self.held -= open.store.held();
        if let Some(mailbox) = self.sessions.get_mut(&open.received.session) {
            mailbox.remove_open(&open.received.message_id);
        }
        Some(open)
    }

    /// Drops a message whose rest will not come.
    fn lose(&mut self, key: IncomingKey, reason: FailReason) -> Option<Event> {
        self.forget(key).map(|open| failed(open.received, reason))
    }

    /// Drops the message of a chunk with a fault. A response as soon as that is
    /// known lets a sender in the middle of the chunk stop (section 10.5).
    fn refuse(&mut self, chunk: Box<Chunk>, fault: Fault) -> Box<Refusal> {
        let (session, message_id) = (chunk.session, chunk.message_id);
        let message = match chunk.key.and_then(|key| self.forget(key)) {
            Some(open) => open.received,
            None => self.received(session, message_id, &chunk.head),
        };
        // There can be room for the next chunk. Other faults remain.
        if fault != Fault::TOO_MANY_MESSAGES {
            self.remember_refused(session, message_id, fault.status);
        }
        let event = failed(message, fault.reason);
        Box::new(Refusal { head: chunk.head, status: fault.status, event })
    }

    /// Octets that open messages may take up beyond those they have.
    const fn room(&self) -> u64 {
        self.limits.incoming_octets.saturating_sub(self.held)
    }

    /// Whether one more message can begin.
    fn has_room(&self, session: SessionKey) -> bool {
        let max = self.limits.incoming_messages;
        self.sessions.get(&session).is_some_and(|mailbox| mailbox.len < max)
    }

    fn remember_received(&mut self, last: &Chunk) {
        if let Some(mailbox) = self.sessions.get_mut(&last.session) {
            mailbox.received.insert(last.message_id, ());
        }
    }

    fn remember_refused(&mut self, session: SessionKey, id: MessageId, status: StatusCode) {
        if let Some(mailbox) = self.sessions.get_mut(&session) {
            mailbox.refused.insert(id, status);
        }
    }

    /// Takes the chunk that is arriving if it is `wanted`; the rest of it is
    /// skipped.
    fn take_current(&mut self, wanted: impl FnOnce(&Chunk) -> bool) -> Option<Box<Chunk>> {
        match std::mem::take(&mut self.current) {
            Current::Chunk(chunk) if wanted(&chunk) => Some(chunk),
            other @ (Current::Skipped | Current::Bodiless { .. } | Current::Chunk(_)) => {
                self.current = other;
                None
            }
        }
    }
}

fn failed(received: Received, reason: FailReason) -> Event {
    Event::MessageFailed { received, reason }
}

fn detached(body: Bytes) -> Bytes {
    if body.len() <= DETACHED_BODY { Bytes::copy_from_slice(&body) } else { body }
}
