//! Messages that have begun and not ended: where their chunks meet, and what
//! is remembered of those that were refused.

use std::sync::Arc;

use bytes::Bytes;

use super::Connection;
use super::config::{ReceiveMode, SessionConfig};
use super::event::{Event, FailReason, IncomingKey, Received};
use super::receive::{Chunk, Current};
use crate::hop::SessionId;
use crate::limits::Limits;
use crate::reassembly::{Reassembler, ReassemblyError, Tracker};
use crate::wire::{Head, MessageId, StatusCode};

/// A message that has begun and not ended.
#[derive(Debug)]
pub(super) struct Receiving {
    pub(super) received: Received,
    pub(super) store: Store,
    /// What the session went by when it began.
    pub(super) terms: Arc<SessionConfig>,
}

#[derive(Debug)]
pub(super) enum Store {
    Whole(Reassembler),
    Pieces(Tracker),
}

impl Store {
    /// Octets in memory.
    const fn held(&self) -> u64 {
        match self {
            Self::Whole(store) => store.received(),
            Self::Pieces(_) => 0,
        }
    }
}

/// Why a chunk is not taken: the answer, and what the application hears.
pub(super) type Refusal = (StatusCode, FailReason);

impl Connection {
    /// Whether one more message can begin.
    pub(super) fn has_room(&self, session: SessionId) -> bool {
        let max = self.config.limits.incoming_messages;
        self.sessions
            .get(session)
            .is_some_and(|owner| owner.incoming.len() + owner.unanswered.len() < max)
    }

    /// Tells the application of a message that is refused at its first chunk,
    /// and remembers it for its later ones; a lack of room can be over by then.
    pub(super) fn refuse_message(
        &mut self,
        session: SessionId,
        message_id: MessageId,
        head: &Head,
        status: StatusCode,
        reason: FailReason,
    ) {
        let message = self.received(session, message_id, head);
        if reason != FailReason::TooManyMessages {
            self.remember_refused(session, message_id, status);
        }
        self.events.push(Event::MessageFailed { message, reason });
    }

    pub(super) fn remember_refused(
        &mut self,
        session: SessionId,
        id: MessageId,
        status: StatusCode,
    ) {
        if let Some(owner) = self.sessions.get_mut(session) {
            owner.refused_messages.insert(id, status);
        }
    }

    /// Opens the place where the chunks of a message meet.
    pub(super) fn start_message(&mut self, chunk: &mut Chunk) -> Result<(), Refusal> {
        if chunk.key.is_some() || self.sessions.get(chunk.session).is_none() {
            return Ok(());
        }
        let (max_size, mode) = (chunk.terms.max_size, chunk.terms.receive);
        let max_ranges = self.config.limits.message_ranges;
        let store = match mode {
            ReceiveMode::Whole => {
                check_room(&self.config.limits, self.held, &chunk.only_piece)?;
                let mut store = Reassembler::new(max_size, max_ranges);
                store.insert(chunk.offset, &chunk.only_piece).map_err(refusal)?;
                chunk.only_piece = Bytes::new();
                Store::Whole(store)
            }
            ReceiveMode::Pieces => Store::Pieces(Tracker::new(max_size, max_ranges)),
        };
        let received = self.received(chunk.session, chunk.message_id, &chunk.head);
        chunk.key = Some(received.key);
        if mode == ReceiveMode::Pieces {
            self.events.push(Event::MessageStarted { message: received.clone() });
        }
        self.remember(Receiving { received, store, terms: chunk.terms.clone() });
        Ok(())
    }

    pub(super) fn received(
        &mut self,
        session: SessionId,
        message_id: MessageId,
        head: &Head,
    ) -> Received {
        let key = IncomingKey(self.next_incoming);
        self.next_incoming += 1;
        let is_duplicate = self.sessions.get(session).is_some_and(|owner| {
            owner.received.contains(&message_id) || owner.unanswered.contains(&message_id)
        });
        Received { key, session, message_id, is_duplicate, head: head.detached() }
    }

    fn remember(&mut self, receiving: Receiving) {
        let Received { key, session, message_id, .. } = receiving.received;
        if let Some(owner) = self.sessions.get_mut(session) {
            self.held += receiving.store.held();
            owner.incoming.insert(message_id, key);
            self.receiving.insert(key, receiving);
        }
    }

    pub(super) fn forget_message(&mut self, key: IncomingKey) -> Option<Receiving> {
        let receiving = self.receiving.remove(&key)?;
        self.held -= receiving.store.held();
        if let Some(owner) = self.sessions.get_mut(receiving.received.session) {
            owner.incoming.remove(&receiving.received.message_id);
        }
        Some(receiving)
    }

    /// Drops a message that has begun, and refuses what is still to come of it.
    pub(super) fn fail_message(
        &mut self,
        key: IncomingKey,
        status: StatusCode,
        reason: FailReason,
    ) {
        if let Some(Receiving { received, .. }) = self.forget_message(key) {
            self.remember_refused(received.session, received.message_id, status);
            self.events.push(Event::MessageFailed { message: received, reason });
        }
    }

    /// Refuses a message that is coming in: the chunk that is on its way and
    /// every further one of it are answered with `status`, of which 413 tells
    /// the sender to stop. Says whether the message was still coming in, or
    /// waited for its answer ([`AnswerMode::Application`](crate::AnswerMode)). What
    /// has been told of it by then, [`Event::MessageCompleted`] for one, is not
    /// taken back.
    pub fn reject(&mut self, message: IncomingKey, status: StatusCode) -> bool {
        if self.reject_whole(message, status) {
            return true;
        }
        let is_coming = self.receiving.contains_key(&message);
        if is_coming {
            self.fail_message(message, status, FailReason::Rejected);
            if let Current::Chunk(chunk) = &self.current
                && chunk.key == Some(message)
            {
                let head = chunk.head.clone();
                self.current = Current::Skipped;
                self.respond(&head.view(), status);
            }
        }
        is_coming
    }

    /// Drops a message that will not go on, and tells of it.
    pub(super) fn lose_message(&mut self, key: IncomingKey, reason: FailReason) {
        if let Some(Receiving { received, .. }) = self.forget_message(key) {
            self.events.push(Event::MessageFailed { message: received, reason });
        }
    }

    pub(super) fn mark_received(&mut self, received: &Received) {
        if let Some(owner) = self.sessions.get_mut(received.session) {
            owner.received.insert(received.message_id);
        }
    }

    /// Every incoming message of a session that ends has failed.
    pub(super) fn drop_incoming(&mut self, session: SessionId) {
        self.drop_unanswered(session);
        if matches!(&self.current, Current::Chunk(chunk) if chunk.session == session)
            && let Current::Chunk(chunk) = std::mem::take(&mut self.current)
        {
            self.respond(&chunk.head.view(), StatusCode::NO_SUCH_SESSION);
            if chunk.key.is_none() {
                let message = self.received(session, chunk.message_id, &chunk.head);
                let reason = FailReason::SessionClosed;
                self.events.push(Event::MessageFailed { message, reason });
            }
        }
        let keys: Vec<IncomingKey> = self
            .receiving
            .iter()
            .filter(|(_, receiving)| receiving.received.session == session)
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            self.lose_message(key, FailReason::SessionClosed);
        }
    }
}

/// Whether a connection that holds so much may hold a piece more.
pub(super) fn check_room(limits: &Limits, held: u64, piece: &[u8]) -> Result<(), Refusal> {
    if piece.len() as u64 > limits.incoming_octets.saturating_sub(held) {
        return Err((StatusCode::STOP_SENDING, FailReason::NoRoom));
    }
    Ok(())
}

pub(super) fn refusal(error: ReassemblyError) -> Refusal {
    match error {
        ReassemblyError::TooLarge => (StatusCode::STOP_SENDING, FailReason::TooLarge),
        ReassemblyError::TooManyGaps => (StatusCode::STOP_SENDING, FailReason::TooManyRanges),
        ReassemblyError::PastEnd | ReassemblyError::TotalMismatch => {
            (StatusCode::BAD_REQUEST, FailReason::Inconsistent)
        }
    }
}
