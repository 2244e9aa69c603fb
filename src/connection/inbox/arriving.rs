//! The frame that is arriving: its head and its octets.

use std::sync::Arc;

use bytes::Bytes;

use super::Inbox;
use super::chunk::{Chunk, Current, Fault, Known, Refusal};
use super::open::{Open, Progress};
use crate::connection::config::session::{ReceiveMode, SessionConfig};
use crate::connection::event::Event;
use crate::connection::event::queue::Events;
use crate::connection::memory::store::Store;
use crate::keys::SessionKey;
use crate::offset::Offset;
use crate::wire::{Continuation, Head, MessageId};

impl Inbox {
    /// The head of a SEND without a body.
    pub(in crate::connection) fn begin_bodiless(&mut self, session: SessionKey, head: Head) {
        self.current = Current::Bodiless { session, head };
    }

    /// The head of a chunk. `terms` is the session's configuration.
    pub(in crate::connection) fn begin(
        &mut self,
        session: SessionKey,
        terms: &Arc<SessionConfig>,
        (message_id, head): (MessageId, Head),
        events: &mut Events,
    ) -> Result<Option<Event>, Box<Refusal>> {
        let known = self.known(session, terms, &message_id);
        let open = if let Known::Begun(key) = known { self.open.get(key) } else { None };
        let terms = open.map_or(terms, |open| &open.terms).clone();
        let mut chunk = Box::new(Chunk::new(session, terms, message_id, head, known));
        let is_in_pieces = chunk.terms.receive == ReceiveMode::Pieces;
        if known == Known::Complete
            && (chunk.offset > 0 || (is_in_pieces && self.has_no_place(session)))
        {
            self.current = Current::Repeated(chunk);
            return Ok(None);
        }
        match self.begin_message(&mut chunk, events) {
            Ok(event) => {
                self.current = Current::Chunk(chunk);
                Ok(event)
            }
            Err(fault) => Err(self.refuse(chunk, fault)),
        }
    }

    fn begin_message(
        &mut self,
        chunk: &mut Chunk,
        events: &mut Events,
    ) -> Result<Option<Event>, Fault> {
        if chunk.key.is_some() {
            return Ok(None);
        }
        chunk.check_first()?;
        if self.limits.incoming_messages == 0 {
            return Err(Fault::TOO_MANY_MESSAGES);
        }
        match chunk.terms.receive {
            ReceiveMode::Whole => Ok(None),
            ReceiveMode::Pieces => {
                self.start(chunk, events)?;
                let open = chunk.key.and_then(|key| self.open.get(key));
                Ok(open.map(|open| Event::MessageStarted { received: open.received.clone() }))
            }
        }
    }

    /// Some octets of the frame.
    pub(in crate::connection) fn piece(
        &mut self,
        piece: Bytes,
        events: &mut Events,
    ) -> Result<Option<Event>, Box<Refusal>> {
        match std::mem::take(&mut self.current) {
            Current::Chunk(chunk) if self.lacks_place(&chunk) => {
                self.current = Current::Repeated(chunk);
                self.piece(piece, events)
            }
            Current::Chunk(mut chunk) => match self.take_piece(&mut chunk, piece, events) {
                Ok(event) => {
                    self.current = Current::Chunk(chunk);
                    Ok(event)
                }
                Err(fault) => Err(self.refuse(chunk, fault)),
            },
            Current::Repeated(mut chunk) => {
                chunk.len = chunk.len.saturating_add(piece.len() as u64);
                self.current = Current::Repeated(chunk);
                Ok(None)
            }
            other @ (Current::Skipped | Current::Bodiless { .. }) => {
                self.current = other;
                Ok(None)
            }
        }
    }

    fn take_piece(
        &mut self,
        chunk: &mut Chunk,
        piece: Bytes,
        events: &mut Events,
    ) -> Result<Option<Event>, Fault> {
        if !chunk.has_place() {
            return Err(Fault::INCONSISTENT);
        }
        let offset = chunk.end();
        let end = Offset::new(offset).plus(piece.len() as u64).ok_or(Fault::INCONSISTENT)?;
        chunk.len += piece.len() as u64;
        if chunk.key.is_none() && chunk.only_piece.is_empty() {
            if end.get() > chunk.terms.max_size {
                return Err(Fault::TOO_LARGE);
            }
            chunk.only_piece = piece;
            return Ok(None);
        }
        self.start(chunk, events)?;
        let Some(incoming) = chunk.key else { return Ok(None) };
        self.open.add(self.quiet.time(), incoming, offset, &piece)?;
        self.make_room(incoming, events)?;
        let is_in_pieces = self.open.get(incoming).is_some_and(|open| open.store.is_in_pieces());
        Ok(is_in_pieces.then(|| Event::Piece { incoming, offset, data: self.detached(piece) }))
    }

    /// Whether a message that was complete before needs a place now, which it takes from
    /// no other.
    fn lacks_place(&self, chunk: &Chunk) -> bool {
        chunk.known == Known::Complete
            && chunk.key.is_none()
            && !chunk.only_piece.is_empty()
            && self.has_no_place(chunk.session)
    }

    /// Opens the place where the chunks of a message meet, unless it is open.
    pub(super) fn start(&mut self, chunk: &mut Chunk, events: &mut Events) -> Result<(), Fault> {
        if chunk.key.is_some() {
            return Ok(());
        }
        let kept = chunk.take_kept();
        let present = kept.as_ref().map(Store::present).unwrap_or_default();
        let mut store = kept.unwrap_or_else(|| self.new_store(&chunk.terms));
        let only_piece = std::mem::take(&mut chunk.only_piece);
        store.insert(chunk.offset, &only_piece)?;
        self.make_place(chunk.session, events);
        let received = self.received(chunk, present);
        let (key, terms, progress) =
            (received.key, chunk.terms.clone(), Progress::new(self.quiet.time()));
        chunk.key = Some(key);
        self.open.insert(Open { received, store, terms, progress });
        self.make_room(key, events)
    }

    fn new_store(&self, terms: &SessionConfig) -> Store {
        let (max_size, max_ranges) = (terms.max_size, self.limits.message_ranges);
        match terms.receive {
            ReceiveMode::Whole => Store::whole(max_size, max_ranges),
            ReceiveMode::Pieces => Store::pieces(max_size, max_ranges),
        }
    }

    /// Whether Byte-Range agrees with the octets of the frame, whose end-line has
    /// arrived.
    pub(in crate::connection) fn agrees(&self, flag: Continuation) -> bool {
        match &self.current {
            Current::Chunk(chunk) => chunk.agrees(flag),
            Current::Skipped | Current::Bodiless { .. } | Current::Repeated(_) => true,
        }
    }
}
