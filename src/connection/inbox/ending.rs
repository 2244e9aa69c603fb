//! The end-line of the frame that is arriving, and the messages that it completes.

use super::chunk::{Chunk, Current, Ended, Fault, Known, Receipt, Refusal, Whole};
use super::open::Open;
use super::{Inbox, failed};
use crate::connection::config::session::ResponseMode;
use crate::connection::event::Event;
use crate::connection::event::queue::Events;
use crate::connection::event::reason::FailReason;
use crate::connection::memory::store::Store;
use crate::keys::{IncomingKey, SessionKey};
use crate::offset::Offset;
use crate::wire::{ByteRange, Continuation, Head, HeadRef, MessageId};

impl Inbox {
    /// The end-line of the frame.
    pub(in crate::connection) fn end(
        &mut self,
        flag: Continuation,
        events: &mut Events,
    ) -> Result<Ended, Box<Refusal>> {
        match std::mem::take(&mut self.current) {
            Current::Skipped => Ok(Ended::default()),
            Current::Bodiless { session, head } => self.end_bodiless((session, head), flag, events),
            Current::Repeated(chunk) => Ok(self.end_repeated(chunk)),
            Current::Chunk(chunk) => match flag {
                Continuation::Complete if chunk.key.is_none() && chunk.offset == 0 => {
                    self.end_single(chunk)
                }
                Continuation::More | Continuation::Aborted if chunk.known == Known::Complete => {
                    Ok(self.end_repeated(chunk))
                }
                Continuation::Aborted => Ok(self.end_aborted(chunk)),
                Continuation::Complete | Continuation::More => self.end_part(chunk, flag, events),
            },
        }
    }

    /// A SEND without a body is traffic, not a message (section 7.1); but it
    /// can end one that has begun.
    fn end_bodiless(
        &mut self,
        (session, head): (SessionKey, Head),
        flag: Continuation,
        events: &mut Events,
    ) -> Result<Ended, Box<Refusal>> {
        let id = head.view().message_id();
        let open = id.and_then(|id| Some((id, self.open.find(session, &id)?)));
        if open.is_none()
            && let Some(id) = id.filter(|_| is_of_octets(&head.view(), flag))
        {
            return Ok(self.end_known((session, id), head));
        }
        let mut event = None;
        if let Some((id, key)) = open {
            match flag {
                Continuation::Aborted => event = self.lose(key, FailReason::Aborted),
                Continuation::Complete => {
                    if let Some(terms) = self.open.get(key).map(|open| open.terms.clone()) {
                        let chunk = Chunk::new(session, terms, id, head.clone(), Known::Begun(key));
                        if chunk.offset > 0 {
                            return self.end_part(Box::new(chunk), flag, events);
                        }
                    }
                }
                Continuation::More => {}
            }
        }
        Ok(Ended { session: Some(session), receipt: Some(Receipt::Traffic(head)), event })
    }

    /// The end of a message that has ended here already. It gets the answer to that: a
    /// 200 would be the last word on a message whose chunks were accepted one by one
    /// before it failed.
    fn end_known(&mut self, (session, id): (SessionKey, MessageId), head: Head) -> Ended {
        let terms = self.waiting.find(session, &id).map(|whole| whole.last.terms.clone());
        let receipt = match (self.refused(session, &id), terms) {
            (Some(status), _) => Some(Receipt::Refused(head, status)),
            (None, Some(terms)) => {
                let chunk = Chunk::new(session, terms, id, head, Known::Complete);
                self.answer_repeated(Box::new(chunk))
            }
            (None, None) => Some(Receipt::Traffic(head)),
        };
        let is_refused = matches!(receipt, Some(Receipt::Refused(..)));
        Ended { session: (!is_refused).then_some(session), receipt, event: None }
    }

    /// The sender has aborted the message. One of which nothing else has come needs no
    /// place for that.
    fn end_aborted(&mut self, chunk: Box<Chunk>) -> Ended {
        let event = match chunk.key {
            Some(key) => self.lose(key, FailReason::Aborted),
            None => {
                let present = chunk.take_kept().map(|store| store.present()).unwrap_or_default();
                Some(failed(self.received(&chunk, present), FailReason::Aborted))
            }
        };
        Ended { session: Some(chunk.session), receipt: Some(Receipt::Traffic(chunk.head)), event }
    }

    /// A message that was complete before comes again, and not whole in this chunk: it
    /// is no duplicate to be told of, and its chunks are all there is to respond to.
    fn end_repeated(&mut self, chunk: Box<Chunk>) -> Ended {
        let open = chunk.key.and_then(|key| self.open.remove(key));
        let told = open.filter(|open| open.store.is_in_pieces());
        let event = told.map(|open| failed(open.received, FailReason::Duplicate));
        Ended { session: Some(chunk.session), receipt: self.answer_repeated(chunk), event }
    }

    /// What the sender of a repeated chunk gets: the answer to its message, as soon as
    /// there is one.
    fn answer_repeated(&mut self, chunk: Box<Chunk>) -> Option<Receipt> {
        let chunk = self.waiting.join(chunk).err()?;
        Some(match self.refused(chunk.session, &chunk.message_id) {
            Some(status) => Receipt::Refused(chunk.head, status),
            None => Receipt::Repeated(chunk),
        })
    }

    /// The whole message in one chunk, in one piece.
    fn end_single(&mut self, mut chunk: Box<Chunk>) -> Result<Ended, Box<Refusal>> {
        let received = self.received(&chunk, Box::default());
        let body = std::mem::take(&mut chunk.only_piece);
        if let Err(fault) = chunk.check_whole(received.content_type(), &body) {
            return Err(self.refuse(chunk, fault));
        }
        let session = Some(chunk.session);
        let whole = Whole::new(chunk, None, body.len() as u64);
        let receipt = self.take_whole(received.key, whole);
        let event = Some(Event::Message { received, body: self.detached(body) });
        Ok(Ended { session, receipt, event })
    }

    /// A chunk of a message that has others.
    fn end_part(
        &mut self,
        mut chunk: Box<Chunk>,
        flag: Continuation,
        events: &mut Events,
    ) -> Result<Ended, Box<Refusal>> {
        let part = self.start(&mut chunk, events).and_then(|()| self.add_part(&mut chunk, flag));
        match part {
            Ok(Some(open)) => self.end_message(chunk, open),
            Ok(None) => {
                let session = Some(chunk.session);
                Ok(Ended { session, receipt: Some(Receipt::Part(chunk)), event: None })
            }
            Err(fault) => Err(self.refuse(chunk, fault)),
        }
    }

    /// Adds a chunk to its message, and takes the message if it is complete.
    fn add_part(&mut self, chunk: &mut Chunk, flag: Continuation) -> Result<Option<Open>, Fault> {
        let Some(key) = chunk.key else { return Ok(None) };
        if chunk.len > 0 {
            self.open.touch(self.quiet.time(), key);
        }
        if flag == Continuation::Complete {
            self.open.finish(key, chunk.end())?;
        }
        if !self.open.get(key).is_some_and(|open| open.store.is_complete()) {
            return Ok(None);
        }
        // From here on it is treated like a message that came in one chunk.
        chunk.key = None;
        Ok(self.open.remove(key))
    }

    fn end_message(&mut self, chunk: Box<Chunk>, open: Open) -> Result<Ended, Box<Refusal>> {
        let Open { received, store, .. } = open;
        let session = Some(chunk.session);
        let first = Some(received.head.clone());
        match store {
            Store::Whole(store) => {
                let body = store.into_body().unwrap_or_default();
                if let Err(fault) = chunk.check_whole(received.content_type(), &body) {
                    return Err(self.refuse(chunk, fault));
                }
                let whole = Whole::new(chunk, first, body.len() as u64);
                let receipt = self.take_whole(received.key, whole);
                Ok(Ended { session, receipt, event: Some(Event::Message { received, body }) })
            }
            Store::Pieces(tracker) => {
                let total = tracker.received();
                let receipt = self.take_whole(received.key, Whole::new(chunk, first, total));
                Ok(Ended {
                    session,
                    receipt,
                    event: Some(Event::MessageCompleted { received, total }),
                })
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
                self.waiting.insert(key, whole);
                None
            }
        }
    }
}

/// Whether a SEND without a body says something of the octets of its message.
fn is_of_octets(head: &HeadRef<'_>, flag: Continuation) -> bool {
    let says = |range: ByteRange| {
        range.offset() > Offset::START || range.total().is_some_and(|total| total > 0)
    };
    flag != Continuation::Aborted && head.byte_range().is_some_and(says)
}
