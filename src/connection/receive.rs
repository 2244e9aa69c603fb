//! Requests coming in: which session they are for, and what they carry
//! (RFC 4975 sections 7.3 and 7.3.1).

use std::sync::Arc;

use bytes::Bytes;

use super::Connection;
use super::config::{ReceiveMode, ReportMode, SessionConfig};
use super::direction::may_be_control;
use super::event::{Event, FailReason, IncomingKey, Received};
use super::incoming::{Receiving, Refusal, Store, check_room, refusal};
use super::session_ids::only;
use crate::hop::SessionId;
use crate::mime::wrapped_type;
use crate::tolerance::Tolerance;
use crate::uri::UriRef;
use crate::wire::BadHead;
use crate::wire::{ByteRange, Continuation, Head, HeadRef, MessageId, Method, StatusCode};

/// The frame that is coming in.
#[derive(Debug, Default)]
pub(super) enum Current {
    /// None, or one whose octets are of no interest.
    #[default]
    Skipped,
    /// A SEND without a body; answered when its end-line is there.
    Bodiless { session: SessionId, head: Head },
    /// A chunk of a message.
    Chunk(Box<Chunk>),
}

/// A chunk that is coming in.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) session: SessionId,
    pub(super) message_id: MessageId,
    pub(super) head: Head,
    /// Zero-based place of its first octet in the message.
    pub(super) offset: u64,
    /// Octets that have come.
    len: u64,
    /// Its only piece so far, while nothing else of the message is here: a
    /// message that comes in one piece is handed on as it is.
    pub(super) only_piece: Bytes,
    pub(super) key: Option<IncomingKey>,
    /// What the session went by when the message began.
    pub(super) terms: Arc<SessionConfig>,
}

impl Chunk {
    /// The zero-based place behind its last octet.
    pub(super) const fn end(&self) -> u64 {
        self.offset.saturating_add(self.len)
    }

    /// What is needed to answer it and to report on it.
    pub(super) fn without_body(&self) -> Self {
        let only_piece = Bytes::new();
        let head = self.head.detached();
        let terms = self.terms.clone();
        let Self { session, message_id, offset, len, key, .. } = *self;
        Self { session, message_id, head, offset, len, only_piece, key, terms }
    }
}

/// Bodies up to this size are copied out of the input: an application that
/// keeps a short message should not keep the whole read buffer with it.
const DETACHED_BODY: usize = 2048;

impl Connection {
    pub(super) fn request(&mut self, now: crate::time::Instant, head: Head, method: RequestKind) {
        let view = head.view();
        let session = match self.session_of(&view) {
            Ok(session) => session,
            Err(status) => return self.respond(&view, status),
        };
        match method {
            RequestKind::Send if view.has_body() => self.begin_chunk(session, head),
            RequestKind::Send => self.begin_bodiless(session, head),
            RequestKind::Report => self.reported(now, session, &view),
            RequestKind::Nickname if self.gives_nicknames(session) => {
                self.nickname_requested(session, &head);
            }
            // Sections 10.9 and 12: SEND and REPORT are understood always,
            // extensions are not.
            RequestKind::Nickname | RequestKind::Other => {
                self.respond(&view, StatusCode::UNKNOWN_METHOD);
            }
        }
    }

    fn gives_nicknames(&self, session: SessionId) -> bool {
        self.sessions.get(session).is_some_and(|owner| owner.config.nicknames)
    }

    /// A malformed head in intact framing: only the request suffers for it.
    pub(super) fn bad_request(&mut self, bad: &BadHead) {
        if let Some(status) = bad.error().status() {
            self.respond(&bad.head().view(), status);
        }
    }

    /// The session a request is for.
    fn session_of(&mut self, head: &HeadRef<'_>) -> Result<SessionId, StatusCode> {
        // At an endpoint the path has come to its last URI (section 7.3).
        if head.to_path().len() != 1 {
            return Err(StatusCode::NO_SUCH_SESSION);
        }
        let local = head.to_path().first();
        match self.session_at(local, head) {
            Err(StatusCode::NO_SUCH_SESSION) => self.session_by_id_alone(local, head),
            found => found,
        }
    }

    /// The session of exactly this URI. One of the table is bound by the first
    /// request that names it (section 5.4).
    fn session_at(
        &mut self,
        local: UriRef<'_>,
        head: &HeadRef<'_>,
    ) -> Result<SessionId, StatusCode> {
        if let Some(session) = self.sessions.find(local) {
            return Ok(session);
        }
        let table = self.config.table.as_ref().ok_or(StatusCode::NO_SUCH_SESSION)?;
        // A REPORT binds nothing: who sends one has no session to open.
        if self.sessions.len() >= self.config.limits.sessions
            || head.method() == Some(Method::Report)
        {
            return Err(StatusCode::NO_SUCH_SESSION);
        }
        let (config, binding) = table.bind(local)?;
        let remote = config.remote.clone().unwrap_or_else(|| head.from_path().to_path());
        let session = self.add_session(config, remote, Some(binding));
        self.mark_open(session, None);
        Ok(session)
    }

    /// The session, here or in the table, that is the only one with the
    /// session-id of this URI.
    fn session_by_id_alone(
        &mut self,
        local: UriRef<'_>,
        head: &HeadRef<'_>,
    ) -> Result<SessionId, StatusCode> {
        if !self.config.parse.tolerances.contains(Tolerance::SessionIdAlone) {
            return Err(StatusCode::NO_SUCH_SESSION);
        }
        let uri = local.session_id().and_then(|session_id| {
            let here = self.sessions.find_session_id(session_id);
            match &self.config.table {
                Some(table) => table.find_session_id(session_id, here),
                None => only(here).cloned(),
            }
        });
        let session = self.session_at(uri.ok_or(StatusCode::NO_SUCH_SESSION)?.view(), head)?;
        self.tolerate(Tolerance::SessionIdAlone);
        Ok(session)
    }

    fn begin_bodiless(&mut self, session: SessionId, head: Head) {
        let view = head.view();
        if view.message_id().is_none() && !self.tolerate(Tolerance::MissingMessageId) {
            return self.respond(&view, StatusCode::BAD_REQUEST);
        }
        self.current = Current::Bodiless { session, head };
    }

    fn begin_chunk(&mut self, session: SessionId, head: Head) {
        let view = head.view();
        let Some(message_id) = view.message_id() else {
            return self.respond(&view, StatusCode::BAD_REQUEST);
        };
        let offset = view.byte_range().map_or(0, |range| range.start() - 1);
        let Some(owner) = self.sessions.get(session) else { return };
        if let Some(status) = owner.refused_messages.status_of(&message_id) {
            return self.respond(&view, status);
        }
        let known = owner.incoming.get(&message_id).copied();
        let terms = self.terms_of(known).unwrap_or_else(|| owner.config.clone());
        let refusal = match known {
            Some(_) => self.check_next(&view),
            None => self.check_first(session, &view, offset),
        };
        if let Err((status, reason)) = refusal {
            self.respond(&view, status);
            if known.is_none() {
                self.refuse_message(session, message_id, &head, status, reason);
            }
            return;
        }
        let only_piece = Bytes::new();
        let key = known;
        let in_pieces = terms.receive == ReceiveMode::Pieces;
        let mut chunk = Chunk { session, message_id, head, offset, len: 0, only_piece, key, terms };
        if in_pieces && let Err(refusal) = self.start_message(&mut chunk) {
            return self.refuse_chunk(&mut chunk, refusal);
        }
        self.current = Current::Chunk(Box::new(chunk));
    }

    /// What a message that is known goes by.
    fn terms_of(&self, known: Option<IncomingKey>) -> Option<Arc<SessionConfig>> {
        self.receiving.get(&known?).map(|receiving| receiving.terms.clone())
    }

    /// A chunk of a message that is known.
    fn check_next(&mut self, head: &HeadRef<'_>) -> Result<(), Refusal> {
        if head.content_type().is_none() && !self.tolerate(Tolerance::MissingContentType) {
            return Err((StatusCode::BAD_REQUEST, FailReason::Inconsistent));
        }
        Ok(())
    }

    /// The first chunk of a message to arrive, which need not be its first.
    fn check_first(
        &mut self,
        session: SessionId,
        head: &HeadRef<'_>,
        offset: u64,
    ) -> Result<(), Refusal> {
        let Some(owner) = self.sessions.get(session) else {
            return Err((StatusCode::NO_SUCH_SESSION, FailReason::SessionClosed));
        };
        let Some(content_type) = head.content_type() else {
            return Err((StatusCode::BAD_REQUEST, FailReason::Inconsistent));
        };
        if !owner.config.direction.may_receive() && !may_be_control(content_type, None) {
            return Err((StatusCode::FORBIDDEN, FailReason::NotReceiving));
        }
        if !owner.config.accept.accepts(content_type) {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, FailReason::UnsupportedType));
        }
        let announced = head.byte_range().and_then(|range| range.total()).unwrap_or(offset);
        if announced.max(offset) > owner.config.max_size {
            return Err((StatusCode::STOP_SENDING, FailReason::TooLarge));
        }
        if !self.has_room(session) {
            return Err((StatusCode::STOP_SENDING, FailReason::TooManyMessages));
        }
        Ok(())
    }

    /// Some octets of the frame that is coming in.
    pub(super) fn body_piece(&mut self, piece: Bytes) {
        let Current::Chunk(mut chunk) = std::mem::take(&mut self.current) else { return };
        match self.take_piece(&mut chunk, piece) {
            Ok(()) => self.current = Current::Chunk(chunk),
            Err(refusal) => self.refuse_chunk(&mut chunk, refusal),
        }
    }

    fn take_piece(&mut self, chunk: &mut Chunk, piece: Bytes) -> Result<(), Refusal> {
        let offset = chunk.end();
        chunk.len += piece.len() as u64;
        if chunk.key.is_none() && chunk.only_piece.is_empty() {
            let end = offset.checked_add(piece.len() as u64);
            if end.is_none_or(|end| end > chunk.terms.max_size) {
                return Err((StatusCode::STOP_SENDING, FailReason::TooLarge));
            }
            chunk.only_piece = piece;
            return Ok(());
        }
        self.start_message(chunk)?;
        let Some(receiving) = chunk.key.and_then(|key| self.receiving.get_mut(&key)) else {
            return Ok(());
        };
        match &mut receiving.store {
            Store::Whole(store) => {
                check_room(&self.config.limits, self.held, &piece)?;
                let before = store.received();
                store.insert(offset, &piece).map_err(refusal)?;
                self.held += store.received() - before;
                Ok(())
            }
            Store::Pieces(tracker) => {
                tracker.insert(offset, piece.len() as u64).map_err(refusal)?;
                let message = receiving.received.key;
                self.events.push(Event::Piece { message, offset, data: piece });
                Ok(())
            }
        }
    }

    /// Answers a chunk with an error as soon as that is known: a sender in the
    /// middle of it can stop (section 10.5). Its message is lost.
    fn refuse_chunk(&mut self, chunk: &mut Chunk, (status, reason): Refusal) {
        self.respond(&chunk.head.view(), status);
        match chunk.key {
            Some(key) => self.fail_message(key, status, reason),
            None => {
                self.refuse_message(chunk.session, chunk.message_id, &chunk.head, status, reason);
            }
        }
    }

    /// The end-line of the frame that is coming in.
    pub(super) fn end_line(&mut self, flag: Continuation) {
        match std::mem::take(&mut self.current) {
            Current::Skipped => {}
            Current::Bodiless { session, head } => self.end_bodiless(session, &head, flag),
            Current::Chunk(mut chunk) => match self.end_chunk(&mut chunk, flag) {
                Ok(()) => {}
                Err(refusal) => self.refuse_chunk(&mut chunk, refusal),
            },
        }
    }

    /// A SEND without a body is traffic, not a message (section 7.1); but it
    /// can end one that has begun.
    fn end_bodiless(&mut self, session: SessionId, head: &Head, flag: Continuation) {
        let view = head.view();
        let known = view.message_id().and_then(|id| {
            self.sessions.get(session).and_then(|owner| owner.incoming.get(&id)).copied()
        });
        let offset = view.byte_range().map_or(0, |range| range.start() - 1);
        match (known.zip(self.terms_of(known)), view.message_id(), flag) {
            (Some((key, _)), _, Continuation::Aborted) => {
                self.lose_message(key, FailReason::Aborted)
            }
            (Some((_, terms)), Some(message_id), Continuation::Complete) if offset > 0 => {
                let (head, only_piece) = (head.clone(), Bytes::new());
                let (len, key) = (0, known);
                let mut chunk =
                    Chunk { session, message_id, head, offset, len, only_piece, key, terms };
                if let Err(refusal) = self.part_of_message(&mut chunk, offset, flag) {
                    self.refuse_chunk(&mut chunk, refusal);
                }
                return;
            }
            _ => {}
        }
        self.respond(&view, StatusCode::OK);
    }

    fn end_chunk(&mut self, chunk: &mut Chunk, flag: Continuation) -> Result<(), Refusal> {
        let end = chunk.end();
        if !self.agrees(chunk, end, flag) && !self.tolerate(Tolerance::WrongByteRange) {
            return Err((StatusCode::BAD_REQUEST, FailReason::Inconsistent));
        }
        match flag {
            Continuation::Aborted => {
                self.start_message(chunk)?;
                self.respond(&chunk.head.view(), StatusCode::OK);
                if let Some(key) = chunk.key {
                    self.lose_message(key, FailReason::Aborted);
                }
                Ok(())
            }
            Continuation::Complete if chunk.key.is_none() && chunk.offset == 0 => {
                self.single_chunk(chunk)
            }
            _ => self.part_of_message(chunk, end, flag),
        }
    }

    /// Whether Byte-Range says what came.
    fn agrees(&self, chunk: &Chunk, end: u64, flag: Continuation) -> bool {
        let Some(range) = chunk.head.view().byte_range() else { return true };
        let total = range.total().filter(|_| flag == Continuation::Complete);
        range.end().is_none_or(|said| said == end || flag == Continuation::Aborted)
            && total.is_none_or(|said| said == end)
    }

    /// The whole message in one chunk, in one piece.
    fn single_chunk(&mut self, chunk: &mut Chunk) -> Result<(), Refusal> {
        let received = self.received(chunk.session, chunk.message_id, &chunk.head);
        let body = std::mem::take(&mut chunk.only_piece);
        check_wrapped(&chunk.terms, &received, &body)?;
        self.answer_whole(chunk, &received, body.len() as u64);
        self.events.push(Event::Message { message: received, body: detached(body) });
        Ok(())
    }

    fn part_of_message(
        &mut self,
        chunk: &mut Chunk,
        end: u64,
        flag: Continuation,
    ) -> Result<(), Refusal> {
        self.start_message(chunk)?;
        let Some(key) = chunk.key else { return Ok(()) };
        let Some(receiving) = self.receiving.get_mut(&key) else { return Ok(()) };
        let ends = flag == Continuation::Complete;
        let is_complete = match &mut receiving.store {
            Store::Whole(store) => {
                if ends {
                    store.finish(end).map_err(refusal)?;
                }
                store.is_complete()
            }
            Store::Pieces(tracker) => {
                if ends {
                    tracker.finish(end).map_err(refusal)?;
                }
                tracker.is_complete()
            }
        };
        if is_complete {
            return self.complete_message(chunk, key);
        }
        self.respond(&chunk.head.view(), StatusCode::OK);
        self.report_chunk(chunk, end);
        Ok(())
    }

    fn complete_message(&mut self, chunk: &mut Chunk, key: IncomingKey) -> Result<(), Refusal> {
        let Some(Receiving { received, store, .. }) = self.forget_message(key) else {
            return Ok(());
        };
        // Should the whole be refused, then like one that came in one chunk.
        chunk.key = None;
        match store {
            Store::Whole(store) => {
                let body = store.into_body().unwrap_or_default();
                check_wrapped(&chunk.terms, &received, &body)?;
                self.answer_whole(chunk, &received, body.len() as u64);
                self.events.push(Event::Message { message: received, body });
            }
            Store::Pieces(tracker) => {
                let total = tracker.received();
                self.answer_whole(chunk, &received, total);
                self.events.push(Event::MessageCompleted { message: received, total });
            }
        }
        Ok(())
    }

    pub(super) fn report_whole(&mut self, received: &Received, total: u64) {
        let head = received.head();
        if self.reports_by(received.session, ReportMode::Whole) && head.success_report() {
            let range = ByteRange::whole(total);
            let id = &received.message_id;
            self.write_report(received.session, id, &head, StatusCode::OK, range);
        }
    }

    /// `end` is the zero-based place behind the last octet of the chunk.
    pub(super) fn report_chunk(&mut self, chunk: &Chunk, end: u64) {
        let head = chunk.head.view();
        if self.reports_by(chunk.session, ReportMode::EachChunk) && head.success_report() {
            let total = head.byte_range().and_then(|range| range.total());
            let total = total.filter(|total| end <= *total);
            let range = ByteRange::from_offsets(chunk.offset, Some(end), total);
            let id = &chunk.message_id;
            self.write_report(chunk.session, id, &head, StatusCode::OK, range);
        }
    }

    fn reports_by(&self, session: SessionId, mode: ReportMode) -> bool {
        self.sessions.get(session).is_some_and(|owner| owner.config.reports == mode)
    }
}

/// Types that are accepted in containers only need a look inside one, and so
/// does what may come against the direction. Only `message/cpim` says at its
/// start what it wraps.
fn check_wrapped(terms: &SessionConfig, received: &Received, body: &[u8]) -> Result<(), Refusal> {
    if !terms.direction.may_receive() && !may_be_control(received.content_type(), Some(body)) {
        return Err((StatusCode::FORBIDDEN, FailReason::NotReceiving));
    }
    match wrapped_type(received.content_type(), body) {
        Some(inner) if !terms.accept.accepts_wrapped(&inner) => {
            Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, FailReason::UnsupportedType))
        }
        _ => Ok(()),
    }
}

/// What is done with a request, by its method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Send,
    Report,
    Nickname,
    Other,
}

fn detached(body: Bytes) -> Bytes {
    if body.len() <= DETACHED_BODY { Bytes::copy_from_slice(&body) } else { body }
}
