//! The endpoint: sessions, messages and reports on one transport connection.

#[cfg(feature = "auth")]
mod authenticate;
mod body;
mod carried;
mod chunk;
mod config;
mod direction;
mod error;
mod event;
mod events;
mod inbox;
mod lifecycle;
mod liveness;
mod mailbox;
mod memory;
mod message;
mod nickname;
mod open;
mod outbox;
mod outcome;
mod reason;
mod receive;
mod received;
mod report;
mod respond;
mod send;
mod session;
mod session_config;
mod session_ids;
mod table;
mod update;

use crate::time::Instant;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

#[cfg(feature = "auth")]
pub use authenticate::{
    AuthenticateError, Authentication, AuthenticationFailure, RelayAccount, RelayRoute,
    UriParameter,
};
pub use body::BodyWriter;
pub use config::{Config, Role};
pub use direction::Direction;
pub use error::{ConnectionError, SendError, SessionError};
pub use event::{Event, Finished, Response};
pub use message::OutgoingMessage;
pub use nickname::NicknameRequest;
pub use reason::{CloseReason, ConnectionEnd, FailReason, Outcome};
pub use received::Received;
pub use session_config::{Bind, ReceiveMode, ReportMode, ResponseMode, SessionConfig};
pub use table::SessionTable;

use crate::hop::{Hop, HopConfig, Order, Transmit};
use crate::keys::{Keys, MessageKey, NicknameKey, SessionKey, Tag};
use crate::random::{Random, RandomError};
use crate::tolerance::{Tolerance, Tolerances};
use crate::wire::{DecodeError, Frame, Head, Method};
#[cfg(feature = "auth")]
use authenticate::Authentications;
use carried::{Endpoint, Purpose};
use events::Events;
use inbox::Inbox;
use receive::RequestKind;
use session::Sessions;

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
    inbox: Inbox,
    #[cfg(feature = "auth")]
    role: Role,
    #[cfg(feature = "auth")]
    authentications: Authentications,
    events: Events,
    /// The sessions that the peer may bind.
    table: Option<SessionTable>,
    /// The tolerances that the application knows of.
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
            inbox,
            #[cfg(feature = "auth")]
            role,
            #[cfg(feature = "auth")]
            authentications: Authentications::new(tag),
            events: Events::default(),
            table: None,
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

    /// Lets the peer bind the sessions of a table by its first request for each. A
    /// listener joins each of its connections to one table, and a client the
    /// connection to its relay.
    #[must_use]
    pub fn with_table(mut self, table: SessionTable) -> Self {
        self.table = Some(table);
        self
    }

    /// Takes octets from the transport off the front of `input`, and leaves there
    /// what it cannot take yet: an unfinished head, or everything while
    /// [`Connection::wants_read`] is false. Call it again when more octets follow
    /// those, or when events have been taken.
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] once the stream cannot be read any further. Write what
    /// [`Connection::poll_transmit`] still gives, then close the transport
    /// connection. [`Event::Closed`] and the outcome of every open
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
    /// ([`Framing::Message`](crate::Framing::Message)), of any size: the
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

    /// The transport connection has ended: the peer closed it, or it failed.
    /// Every session on it has failed (RFC 4975 section 5.4). Responses that
    /// wait to leave are still given by [`Connection::poll_transmit`], for a
    /// peer that has closed its sending side only; they may be dropped.
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

    /// Notes what frames of either framing have brought.
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
            && self.events.octets() <= limits.event_octets
            && self.events.len() <= limits.events
            && self.hop.control_len() <= limits.control_octets
    }

    /// The next octets for the transport. Write them whole before asking
    /// again: asking says that they have been written. With
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
        let due = [
            self.hop.next_deadline(),
            self.sessions.next_report_deadline(),
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

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// Ends every session and the connection. An open chunk ends with `#`:
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

    /// Whether a deviation is tolerated. The application learns of the first one.
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
