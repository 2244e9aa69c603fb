//! An endpoint: the sessions, messages and REPORTs on one transport connection.

mod answer;
#[cfg(feature = "auth")]
mod authenticate;
mod body;
mod carried;
mod config;
mod ended;
mod error;
mod event;
mod footprint;
mod inbox;
mod late;
mod life;
mod lifecycle;
mod liveness;
mod memory;
mod nickname;
mod outbox;
mod outcome;
mod progress;
mod quiet;
mod receive;
mod refusing;
mod report;
mod reported;
mod respond;
mod scope;
mod send;
mod session;
mod session_ids;
mod table;
mod transport;
mod update;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

#[cfg(feature = "auth")]
pub use authenticate::{Authentication, RelayAccount, UriParameter};
pub use body::BodyWriter;
pub use config::direction::Direction;
pub use config::session::{Bind, ReceiveMode, ReportMode, ResponseMode, SessionConfig};
pub use config::{Config, Role};
pub use error::{ConnectionError, SendError, SessionError};
#[cfg(feature = "auth")]
pub use event::authentication::{AuthenticateError, AuthenticationFailure};
pub use event::reason::{CloseReason, ConnectionEnd, FailReason, Outcome};
pub use event::received::Received;
pub use event::refused::Refused;
#[cfg(feature = "auth")]
pub use event::route::RelayRoute;
pub use event::{Event, Finished, Progress, Response};
pub use memory::messages::MessageMemory;
pub use outbox::message::OutgoingMessage;
pub use table::SessionTable;

use crate::hop::{Hop, HopConfig, Order, Transmit};
use crate::keys::{Keys, MessageKey, NicknameKey, NicknameRequest, Tag};
use crate::random::{Random, RandomError};
use crate::time::Instant;
use crate::tolerance::{Tolerance, Tolerances};
use crate::wire::{DecodeError, Frame, Head, Method};
#[cfg(feature = "auth")]
use authenticate::Authentications;
use carried::Endpoint;
use ended::EndedRequests;
use event::queue::Events;
use inbox::Inbox;
use life::Life;
use quiet::Quiet;
use receive::RequestKind;
use session::Sessions;

/// One transport connection of an endpoint, and the sessions on it.
///
/// It does no I/O. [`Connection::receive`] takes octets from the transport,
/// [`Connection::poll_transmit`] returns octets for it, and
/// [`Connection::poll_event`] returns what has happened.
/// [`Connection::poll_timeout`] says when [`Connection::handle_timeout`] is due.
/// The front page of the crate shows the loop that joins them.
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
    /// The tolerances that the application has been informed of.
    tolerated: Tolerances,
    /// Whether the identity of the peer is known.
    is_bound: bool,
    is_closed: bool,
    /// The application has no room for more.
    is_held: bool,
    life: Life,
    /// Requests that ended without a response, which may still come.
    ended_requests: EndedRequests,
    message_keys: Keys<MessageKey>,
    nickname_keys: Keys<NicknameKey>,
    nickname_requests: Keys<NicknameRequest>,
}

impl Connection {
    /// A connection whose transport has just been established.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source of random octets fails. If it fails later, the
    /// connection ends with [`ConnectionEnd::RandomFailed`].
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
        let inbox = Inbox::new(config.limits, tag, Quiet::new(now, config.incoming_timeout));
        let finds_session_ids = config.parse.tolerances.contains(Tolerance::SessionIdAlone);
        let life = Life::new(now, config.bind_timeout);
        Ok(Self {
            ended_requests: EndedRequests::new(config.limits.remembered_messages),
            hop: Hop::new(hop_config, random, config.limits.body_writer_room(), now),
            config,
            sessions: Sessions::new(tag, now, finds_session_ids),
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
            is_held: false,
            life,
            message_keys: Keys::new(tag),
            nickname_keys: Keys::new(tag),
            nickname_requests: Keys::new(tag),
        })
    }

    /// Joins the connection to a table: the peer binds a session of the table by its
    /// first request for it. A listener joins all of its connections to one table. A
    /// client joins the connection to its relay to one.
    #[must_use]
    pub fn with_table(mut self, table: SessionTable) -> Self {
        self.table = Some(table);
        self
    }

    /// Takes octets from the transport off the front of `input`. It leaves what it
    /// cannot take yet: an unfinished head, or everything while
    /// [`Connection::wants_read`] is false. Append later octets to those, and call it
    /// again when more have arrived or when `wants_read` has become true.
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] if the stream cannot be read any further. Write what
    /// [`Connection::poll_transmit`] still returns, then close the transport
    /// connection. The outcomes of all messages and [`Event::Closed`] are among the
    /// events.
    pub fn receive(&mut self, now: Instant, input: &mut BytesMut) -> Result<(), ConnectionError> {
        if self.is_closed {
            return Err(ConnectionError::Closed);
        }
        self.life.reads(now, self.wants_read());
        self.life.arrived(now, input.len());
        self.inbox.buffer().begin(input.capacity());
        while self.wants_read() {
            match self.hop.decode(input) {
                Ok(Some(frame)) => self.frame(now, frame),
                Ok(None) => break,
                Err(error) => return Err(self.fail_to_read(error)),
            }
        }
        self.life.keep_unread(input.len());
        self.inbox.buffer().end(input.capacity());
        self.have_received(now);
        Ok(())
    }

    /// Takes one message of a transport that carries messages
    /// ([`Framing::Message`](crate::Framing::Message)), of any size: the transport
    /// has a limit of its own. Text and binary messages are equivalent (RFC 7977
    /// section 4.2). Call it only while [`Connection::wants_read`] is true.
    ///
    /// An empty message, or one of CRLFs alone, counts as a keep-alive with
    /// [`Tolerance::BlankLinesBetweenFrames`].
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] if the message is not exactly one chunk or response (RFC
    /// 7977 section 5.1). Nothing of it is taken, and the connection has ended as
    /// after an error of [`Connection::receive`]. Close the transport connection; the
    /// status for a WebSocket is 1002.
    pub fn receive_message(
        &mut self,
        now: Instant,
        message: impl Into<Bytes>,
    ) -> Result<(), ConnectionError> {
        if self.is_closed {
            return Err(ConnectionError::Closed);
        }
        let message = message.into();
        self.inbox.buffer().begin(message.len());
        let frames = match self.hop.decode_message(message) {
            Ok(frames) => frames,
            Err(error) => return Err(self.fail_to_read(error)),
        };
        self.life.reads(now, self.wants_read());
        self.life.arrived(now, usize::MAX);
        for frame in frames {
            self.frame(now, frame);
        }
        self.have_received(now);
        Ok(())
    }

    /// The transport connection has ended: the peer closed it, or it failed. Every
    /// session on it fails (RFC 4975 section 5.4). [`Connection::poll_transmit`]
    /// still returns responses, for a peer that has closed only its sending side.
    /// They may be dropped.
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

    /// Follows the frames of one call, with either framing.
    fn have_received(&mut self, now: Instant) {
        self.tell_tolerated(self.hop.tolerated());
        self.observe(now);
    }

    /// Ends the connection because its input cannot be read.
    fn fail_to_read(&mut self, error: DecodeError) -> ConnectionError {
        self.tell_tolerated(self.hop.tolerated());
        self.fail(ConnectionEnd::Failed(error.clone()));
        error.into()
    }

    /// Ends a connection that has failed. A peer that has stopped sending, or has
    /// sent what is not MSRP, can still read the responses to its earlier frames,
    /// but not after half a chunk.
    pub(super) fn fail(&mut self, end: ConnectionEnd) {
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

    /// Whether octets are taken from the transport now. `false` while too many events
    /// or complete messages wait for the application, or too many responses for the
    /// peer, and while the application [holds](Connection::hold_reading) it. Reading goes on after [`Connection::poll_event`], [`Connection::accept`] or
    /// [`Connection::reject`], [`Connection::poll_transmit`], or the end of a session.
    ///
    /// Meanwhile the deadlines for octets of the peer do not run. The peer cannot send,
    /// and may take that for a dead connection. Each third of
    /// [`Config::silence_timeout`] this side therefore sends a bodiless SEND with
    /// Failure-Report `no` in an open session, as a sign of life. A peer that counts only
    /// responses to its own requests still gives up, after 30 seconds by RFC 4975
    /// section 7.1.1: to such peers, respond sooner.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        let limits = &self.config.limits;
        !self.is_closed
            && !self.is_held
            && self.events.weight() <= limits.event_octets
            && self.events.len() <= limits.events
            && self.hop.control_len() <= limits.control_octets
            && !self.inbox.is_full()
    }

    /// Stops taking octets from the transport, or goes on. A program that keeps events in
    /// queues of its own calls it when one of them is full, and again when there is room:
    /// [`Limits::events`](crate::Limits::events) counts only the events that wait here.
    /// While it is held, [`Connection::wants_read`] is false, with all that this means for
    /// deadlines. Everything else goes on.
    pub fn hold_reading(&mut self, now: Instant, is_held: bool) {
        self.is_held = is_held;
        self.observe(now);
    }

    /// The next octets for the transport. Write all of them before the next call,
    /// which starts the deadlines of the requests among them. With
    /// [`Framing::Message`](crate::Framing::Message) they are one message.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmit> {
        let transmit = self.hop.poll_transmit(now);
        self.drain_hop(now);
        self.watch_progress(now);
        self.check_random();
        self.observe(now);
        transmit
    }

    /// When [`Connection::handle_timeout`] is due, if nothing else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = [
            self.hop.next_deadline(self.answers()),
            self.sessions.next_deadline(),
            self.next_of_life(),
            self.next_incoming_deadline(),
            #[cfg(feature = "auth")]
            self.authentications.next_refresh(),
            #[cfg(feature = "auth")]
            self.next_fallback(),
        ];
        due.into_iter().flatten().min()
    }

    /// Handles what is due: deadlines of transactions, messages and REPORTs,
    /// keep-alives, and the end of a connection that gives no sign of life. Pass on
    /// first what has arrived.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.give_up_if_due(now) {
            return;
        }
        self.hop.handle_timeout(now, self.answers());
        self.drain_hop(now);
        self.expire_messages(now);
        self.expire_incoming(now);
        #[cfg(feature = "auth")]
        self.refresh_routes(now);
        #[cfg(feature = "auth")]
        self.fall_back(now);
        self.keep_alive_if_due(now);
        self.give_sign_of_life_if_due(now);
        self.observe(now);
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            let event = self.events.pop()?;
            if let Some(event) = self.current(event) {
                return Some(event);
            }
        }
    }

    /// Ends every session and the connection. An open chunk ends with `#`:
    /// write what [`Connection::poll_transmit`] still gives, then close the
    /// transport connection. No deadline is left: a program that waits for a peer to
    /// read needs a bound of its own.
    pub fn close(&mut self) {
        if !self.is_closed {
            self.end(ConnectionEnd::Local, Outcome::SessionClosed);
        }
    }

    /// Whether the connection has ended. Its last events and octets may still wait.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether [`Connection::poll_transmit`] has returned all octets. A streamed
    /// message that is not finished counts as octets that have not left.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.hop.is_idle()
    }

    fn frame(&mut self, now: Instant, frame: Frame) {
        match frame {
            Frame::Head(head) => self.head(now, head),
            Frame::BadHead(bad) => self.bad_request(&bad),
            Frame::Body(piece) => self.body_piece(now, piece),
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

    /// Whether a deviation is tolerated. The first one becomes an event.
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
