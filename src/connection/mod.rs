//! The endpoint: sessions, messages and reports on one transport connection.

#[cfg(feature = "auth")]
mod authenticate;
mod carried;
mod chunk;
mod config;
mod direction;
mod event;
mod inbox;
mod mailbox;
mod memory;
mod nickname;
mod open;
mod outcome;
mod receive;
mod report;
mod respond;
mod send;
mod session;
mod session_ids;
mod table;
mod update;

use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use thiserror::Error;

#[cfg(feature = "auth")]
pub use authenticate::{
    AuthenticateError, Authentication, AuthenticationFailure, RelayAccount, RelayRoute,
    UriParameter,
};
pub use config::{
    AnswerMode, Bind, Config, OutgoingMessage, ReceiveMode, ReportMode, Role, SessionConfig,
};
pub use direction::Direction;
pub use event::{
    Answer, CloseReason, ConnectionEnd, ConnectionError, Event, FailReason, MessageOutcome,
    Outcome, Received,
};
pub use nickname::{AskError, NicknameRequest};
pub use report::ReportError;
pub use send::{BodyError, BodyWriter, SendError};
pub use table::{SessionTable, TableError};
pub use update::UpdateError;

use crate::hop::{Hop, HopConfig, Order, Transmit};
use crate::keys::{Keys, MessageKey, NicknameKey, SessionKey, Tag};
use crate::random::{Random, RandomError};
use crate::tolerance::{Tolerance, Tolerances};
use crate::uri::{Path, PathRef};
use crate::wire::{ByteRange, Continuation, Head, HeadWriter, Method};
use crate::wire::{DecodeError, Frame};
#[cfg(feature = "auth")]
use authenticate::Authentications;
use carried::{Endpoint, Purpose};
use inbox::Inbox;
use outcome::Tell;
use receive::RequestKind;
use send::Sending;
use session::{Session, Sessions};
use table::Binding;

/// Why a session cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The session has no path to the peer; the rendezvous gives it.
    #[error("the session has no remote path; make it with SessionConfig::new")]
    NoRemotePath,
    /// Another session on this connection has the same local URI.
    #[error("a session on this connection has this local URI; make a new URI")]
    UriInUse,
    /// The connection has as many sessions as
    /// [`Limits::sessions`](crate::Limits::sessions) allows.
    #[error("the connection has {max} sessions; close one or raise Limits::sessions")]
    TooManySessions {
        /// The limit that was reached.
        max: usize,
    },
    /// The peer opened the connection and has not said yet who it is
    /// (RFC 4975 section 5.4).
    #[error("nothing is sent on a passive connection before the peer has bound a session")]
    NotBound,
    /// The connection has ended.
    #[error("the connection is closed")]
    Closed,
}

/// One transport connection of an endpoint, and the sessions on it.
///
/// It does no I/O: octets from the transport go into [`Connection::receive`],
/// octets for it come out of [`Connection::poll_transmit`], what happens comes
/// out of [`Connection::poll_event`], and [`Connection::poll_timeout`] says
/// when [`Connection::handle_timeout`] is due. The crate's front page has the
/// loop that joins them.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    hop: Hop<Endpoint>,
    sessions: Sessions,
    sending: BTreeMap<MessageKey, Sending>,
    inbox: Inbox,
    report_deadlines: BTreeSet<(Instant, MessageKey)>,
    #[cfg(feature = "auth")]
    role: Role,
    #[cfg(feature = "auth")]
    authentications: Authentications,
    events: Events,
    /// What tolerances were told of.
    tolerated: Tolerances,
    /// Whether it is known who the peer is.
    is_bound: bool,
    is_closed: bool,
    last_sent: Instant,
    /// Since when more waits for the peer than the limit, and none of it moves.
    full_since: Option<Instant>,
    keeps_alive: Option<SessionKey>,
    message_keys: Keys<MessageKey>,
    nickname_keys: Keys<NicknameKey>,
    next_nickname_request: u64,
}

/// The events that the application has not taken.
#[derive(Debug, Default)]
struct Events {
    queue: VecDeque<Event>,
    octets: usize,
}

impl Events {
    fn push(&mut self, event: Event) {
        self.octets += event.octets();
        self.queue.push_back(event);
    }

    fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.push(event);
        }
    }

    fn pop(&mut self) -> Option<Event> {
        let event = self.queue.pop_front()?;
        self.octets -= event.octets();
        Some(event)
    }
}

impl Connection {
    /// A connection whose transport has just been established.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source of random octets fails. Should it fail
    /// later, the connection ends with [`ConnectionEnd::RandomFailed`].
    pub fn new(
        config: Arc<Config>,
        role: Role,
        mut random: impl Random + Send + 'static,
        now: Instant,
    ) -> Result<Self, RandomError> {
        let hop_config = HopConfig {
            parse: config.parse,
            framing: config.framing,
            transaction_timeout: config.transaction_timeout,
            max_transactions: config.limits.transactions,
            transmit_octets: config.transmit_octets.max(1),
            turn_octets: config.turn_octets,
            chunk_octets: config.chunk_octets,
            order: Order::Turns,
        };
        let tag = Tag::draw(&mut random)?;
        let inbox = Inbox::new(config.limits, tag);
        Ok(Self {
            hop: Hop::new(hop_config, random, config.limits.body_writer_room(), now),
            config,
            sessions: Sessions::new(tag),
            sending: BTreeMap::new(),
            inbox,
            report_deadlines: BTreeSet::new(),
            #[cfg(feature = "auth")]
            role,
            #[cfg(feature = "auth")]
            authentications: Authentications::new(tag),
            events: Events::default(),
            tolerated: Tolerances::none(),
            is_bound: role == Role::Active,
            is_closed: false,
            last_sent: now,
            full_since: None,
            keeps_alive: None,
            message_keys: Keys::new(tag),
            nickname_keys: Keys::new(tag),
            next_nickname_request: 0,
        })
    }

    /// Opens a session on this connection: the SEND that binds it leaves at
    /// once (RFC 4975 section 5.4). [`Event::SessionOpened`] tells that the
    /// peer has accepted it; messages need not wait for that.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing leaves then.
    pub fn open(&mut self, session: SessionConfig) -> Result<SessionKey, OpenError> {
        let remote = session.remote.clone().ok_or(OpenError::NoRemotePath)?;
        let max = self.config.limits.sessions;
        if self.is_closed {
            return Err(OpenError::Closed);
        } else if !self.is_bound {
            return Err(OpenError::NotBound);
        } else if self.sessions.find(session.local.view()).is_some() {
            return Err(OpenError::UriInUse);
        } else if self.sessions.len() >= max {
            return Err(OpenError::TooManySessions { max });
        }
        let bind = session.bind;
        let id = self.add_session(session, remote, None);
        if bind == Bind::Bodiless {
            self.send_bodiless(id, Purpose::Bind(id));
        }
        Ok(id)
    }

    /// Takes octets from the transport off the front of `input`, and leaves
    /// there what it cannot take yet: an unfinished head, or everything while
    /// [`Connection::wants_read`] is false. Call it again with more octets
    /// behind those, or when events have been taken.
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] once the stream cannot be read on; the transport
    /// connection is to be closed when what [`Connection::poll_transmit`] still
    /// gives has been written. [`Event::Closed`] and the outcome of every open
    /// message are among the events.
    pub fn receive(&mut self, now: Instant, input: &mut BytesMut) -> Result<(), ConnectionError> {
        if self.is_closed {
            return Err(ConnectionError::Closed);
        }
        while self.wants_read() {
            match self.hop.decode(input) {
                Ok(Some(frame)) => self.frame(now, frame),
                Ok(None) => break,
                Err(error) => return Err(self.fail_to_read(error)),
            }
        }
        self.have_received(now);
        Ok(())
    }

    /// Takes one message of a transport that carries messages
    /// ([`Framing::Message`](crate::Framing::Message)), of whatever size: the
    /// transport has its own limit. Text and binary messages are octets alike
    /// (RFC 7977 section 4.2). Give it one while [`Connection::wants_read`] is
    /// true.
    ///
    /// A message of nothing but CRLFs, or of nothing, passes for a keep-alive
    /// under [`Tolerance::BlankLinesBetweenFrames`].
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] where the message is not exactly one chunk or
    /// response (RFC 7977 section 5.1): nothing of it is taken, and the
    /// connection has ended as after an error of [`Connection::receive`]. Close
    /// the transport connection; WebSocket has status 1002 for it.
    pub fn receive_message(
        &mut self,
        now: Instant,
        message: impl Into<Bytes>,
    ) -> Result<(), ConnectionError> {
        if self.is_closed {
            return Err(ConnectionError::Closed);
        }
        let frames = match self.hop.decode_message(message.into()) {
            Ok(frames) => frames,
            Err(error) => return Err(self.fail_to_read(error)),
        };
        for frame in frames {
            self.frame(now, frame);
        }
        self.have_received(now);
        Ok(())
    }

    /// The transport connection has ended, by the peer's doing or by a fault.
    /// Every session on it has failed (RFC 4975 section 5.4). Responses that
    /// wait to leave are still given by [`Connection::poll_transmit`], for a
    /// peer that has closed its sending side only; they may be thrown away.
    pub fn receive_eof(&mut self) {
        if self.is_closed {
            return;
        }
        if self.hop.is_between_frames() {
            self.fail(ConnectionEnd::Peer);
        } else {
            self.fail(ConnectionEnd::Failed(DecodeError::Truncated));
        }
    }

    /// What there is to note when frames have come in, by either framing.
    fn have_received(&mut self, now: Instant) {
        self.tell_tolerated(self.hop.tolerated());
        self.watch_control(now, false);
    }

    /// What comes in cannot be read.
    fn fail_to_read(&mut self, error: DecodeError) -> ConnectionError {
        self.tell_tolerated(self.hop.tolerated());
        self.fail(ConnectionEnd::Failed(error.clone()));
        error.into()
    }

    /// The transport has failed this side. A peer that has only stopped
    /// sending, or sent what is not MSRP, can still read what answers its
    /// frames before, though not behind half a chunk.
    fn fail(&mut self, end: ConnectionEnd) {
        self.end(end, Outcome::ConnectionLost);
        self.drop_unsent();
    }

    /// Ends a connection whose random source has failed.
    fn check_random(&mut self) {
        let Some(error) = self.hop.failure() else { return };
        if self.is_closed {
            self.drop_unsent();
        } else {
            let end = ConnectionEnd::RandomFailed(error.clone());
            self.fail(end);
        }
    }

    fn drop_unsent(&mut self) {
        if self.hop.is_within_chunk() {
            self.hop.clear();
        } else {
            self.hop.drop_messages();
        }
    }

    /// Whether octets are taken from the transport now. `false` while the
    /// application has events to take, or the peer responses to read.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        let limits = &self.config.limits;
        !self.is_closed
            && self.events.octets <= limits.event_octets
            && self.events.queue.len() <= limits.events
            && self.hop.control_len() <= limits.control_octets
    }

    /// The next octets for the transport. Write them whole before asking
    /// again: that counts as word that they have been written. With
    /// [`Framing::Message`](crate::Framing::Message) they are one message.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmit> {
        let transmit = self.hop.poll_transmit(now);
        self.drain_hop(now);
        self.check_random();
        if transmit.is_some() {
            self.last_sent = now;
            self.watch_control(now, true);
        }
        transmit
    }

    /// When [`Connection::handle_timeout`] is due, if nothing else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let reports = self.report_deadlines.first().map(|(deadline, _)| *deadline);
        let due = [
            self.hop.next_deadline(),
            reports,
            self.keep_alive_due(),
            self.stalled_at(),
            #[cfg(feature = "auth")]
            self.authentications.next_refresh(),
        ];
        due.into_iter().flatten().min()
    }

    /// Lets time pass: deadlines of transactions and REPORTs, keep-alives.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.stalled_at().is_some_and(|due| due <= now) {
            self.end(ConnectionEnd::Stalled, Outcome::ConnectionLost);
            self.hop.clear();
            return;
        }
        self.hop.handle_timeout(now);
        self.drain_hop(now);
        self.expire_reports(now);
        #[cfg(feature = "auth")]
        self.refresh_routes(now);
        if self.keep_alive_due().is_some_and(|due| due <= now)
            && let Some(session) = self.sessions.first_open()
        {
            self.last_sent = now;
            self.send_bodiless(session, Purpose::KeepAlive(session));
        }
    }

    /// Ends a session: what has not left stays here, its URI leaves the
    /// [`SessionTable`] it came from, and later requests for it are answered
    /// 481. Says whether there was such a session.
    pub fn close_session(&mut self, session: SessionKey) -> bool {
        self.retire_session(session, CloseReason::Local, Outcome::SessionClosed, None)
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// Ends every session and the connection. An open chunk is ended with `#`:
    /// write what [`Connection::poll_transmit`] still gives, then close the
    /// transport connection.
    pub fn close(&mut self) {
        if !self.is_closed {
            self.end(ConnectionEnd::Local, Outcome::SessionClosed);
        }
    }

    /// Whether the connection has ended. Its last events, and after
    /// [`Connection::close`] its last octets, may still be there to take.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether everything that was to leave has been handed to the transport.
    /// Streamed messages without their last octets count as not yet left.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.hop.is_idle()
    }

    /// The sessions on this connection, in the order in which they began.
    pub fn sessions(&self) -> impl Iterator<Item = SessionKey> {
        self.sessions.ids()
    }

    /// What a session goes by: what it was set up with, and what
    /// [`Connection::update_session`] has changed.
    #[must_use]
    pub fn session(&self, session: SessionKey) -> Option<&SessionConfig> {
        self.sessions.get(session).map(|session| &*session.config)
    }

    fn frame(&mut self, now: Instant, frame: Frame) {
        match frame {
            Frame::Head(head) => self.head(now, head),
            Frame::BadHead(bad) => self.bad_request(&bad),
            Frame::Body(piece) => self.body_piece(piece),
            Frame::End(flag) => self.end_line(flag),
        }
    }

    fn head(&mut self, now: Instant, head: Head) {
        let view = head.view();
        self.tell_tolerated(view.tolerated());
        let kind = match (view.status_code(), view.method()) {
            (Some(status), _) => return self.response(now, &view, status),
            (None, Some(Method::Send)) => RequestKind::Send,
            (None, Some(Method::Report)) => RequestKind::Report,
            (None, Some(Method::Nickname)) => RequestKind::Nickname,
            (None, _) => RequestKind::Other,
        };
        self.request(now, head, kind);
    }

    fn add_session(
        &mut self,
        config: SessionConfig,
        remote: Path,
        binding: Option<Binding>,
    ) -> SessionKey {
        let remembered = self.config.limits.remembered_messages;
        let session = self.sessions.insert(Session::new(config, remote, binding, remembered));
        self.inbox.open_session(session);
        session
    }

    fn mark_open(&mut self, id: SessionKey, answer: Option<Answer>) {
        self.is_bound = true;
        if let Some(session) = self.sessions.get_mut(id)
            && !session.is_open
        {
            session.is_open = true;
            let remote = session.remote.clone();
            self.events.push(Event::SessionOpened { session: id, remote, answer });
        }
    }

    /// The bodiless SEND that binds a session or keeps a connection alive, as
    /// most stacks write it: with a Message-ID and the range of nothing.
    fn send_bodiless(&mut self, id: SessionKey, purpose: Purpose) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Purpose::KeepAlive(_) = purpose {
            self.keeps_alive = Some(id);
        }
        let message_id = self.hop.ids().message_id();
        let Some(message_id) = self.hop.drawn(message_id) else { return };
        let Some(transaction) = self.hop.begin_control_request(Some(purpose)) else { return };
        session.requests.insert(transaction);
        session.bodiless = Some(message_id);
        let (to, from) = (session.remote.view(), PathRef::from(session.config.local.view()));
        let out = self.hop.control();
        let written = HeadWriter::request(out, &transaction, Method::Send, to, from)
            .message_id(&message_id)
            .byte_range(ByteRange::EMPTY)
            .bodiless(Continuation::Complete);
        debug_assert!(written.is_ok());
    }

    /// When a peer that does not read is given up. Nothing is read from it
    /// while its responses wait; should it do the same, both would wait for
    /// ever.
    fn stalled_at(&self) -> Option<Instant> {
        self.full_since?.checked_add(self.config.transaction_timeout)
    }

    /// Notes since when the peer has read nothing of what waits for it.
    fn watch_control(&mut self, now: Instant, has_moved: bool) {
        // What a closed connection has left to say, it says or not.
        let is_full = !self.is_closed && self.hop.control_len() > self.config.limits.control_octets;
        self.full_since = match self.full_since {
            Some(since) if is_full && !has_moved => Some(since),
            _ => is_full.then_some(now),
        };
    }

    fn keep_alive_due(&self) -> Option<Instant> {
        let interval = self.config.keep_alive?;
        let is_quiet = self.hop.control_len() == 0 && self.keeps_alive.is_none();
        if self.is_closed || !is_quiet || self.sessions.first_open().is_none() {
            return None;
        }
        self.last_sent.checked_add(interval)
    }

    /// Ends a session for good: what is still on its way to it must not bind
    /// it anew, and to go on needs new URIs (RFC 4975 section 5.4).
    fn retire_session(
        &mut self,
        id: SessionKey,
        reason: CloseReason,
        outcome: Outcome,
        answer: Option<Answer>,
    ) -> bool {
        if let Some(binding) = self.sessions.get(id).and_then(Session::binding) {
            binding.retire();
        }
        self.end_session(id, reason, outcome, answer)
    }

    /// Ends a session, and every message in it. Says whether it was there.
    fn end_session(
        &mut self,
        id: SessionKey,
        reason: CloseReason,
        outcome: Outcome,
        answer: Option<Answer>,
    ) -> bool {
        // A peer that has refused the session is sent nothing more in it
        // (RFC 4975 sections 10.8 and 10.10).
        let tell = if reason == CloseReason::Local { Tell::Peer } else { Tell::Nothing };
        self.settle_all(id, outcome, tell);
        self.drop_nicknames(id, outcome);
        self.drop_incoming(id);
        if self.keeps_alive == Some(id) {
            self.keeps_alive = None;
        }
        let Some(session) = self.sessions.remove(id) else { return false };
        for request in &session.requests {
            self.hop.complete(request);
        }
        self.events.push(Event::SessionClosed { session: id, reason, answer });
        true
    }

    fn end(&mut self, end: ConnectionEnd, outcome: Outcome) {
        let reason = match end {
            ConnectionEnd::Local => CloseReason::Local,
            _ => CloseReason::ConnectionClosed,
        };
        let ids: Vec<SessionKey> = self.sessions.ids().collect();
        for id in ids {
            self.end_session(id, reason, outcome, None);
        }
        #[cfg(feature = "auth")]
        self.end_authentications();
        self.hop.forget_transactions(|_| false);
        self.is_closed = true;
        self.full_since = None;
        self.events.push(Event::Closed(end));
    }

    /// Whether a deviation may pass; told of once on a connection.
    fn tolerate(&mut self, tolerance: Tolerance) -> bool {
        let is_tolerated = self.config.parse.tolerances.contains(tolerance);
        if is_tolerated {
            self.tell_tolerated(Tolerances::none().with(tolerance));
        }
        is_tolerated
    }

    fn tell_tolerated(&mut self, tolerated: Tolerances) {
        let fresh = tolerated.minus(self.tolerated);
        if !fresh.is_empty() {
            self.tolerated = self.tolerated.union(fresh);
            for tolerance in fresh.iter() {
                self.events.push(Event::Tolerated(tolerance));
            }
        }
    }
}
