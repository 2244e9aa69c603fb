//! The relay: RFC 4976 without sockets.
//!
//! A [`Relay`] stands between two ends that cannot reach each other, or should
//! not. Its clients authenticate to it and get a URI each, a token, that is
//! part of their path from then on; what comes from a client or goes to it
//! under its token is passed on, and nothing else.
//!
//! ```text
//!                  poll_event: Connect, Authorise, Close, Resume, ...
//!                       ▲
//!  octets ── receive ──▶│ Relay │── poll_transmit ──▶ (connection, octets)
//!                       ▲
//!     accept, connected, closed, written, authorise, handle_timeout
//! ```
//!
//! # The loop
//!
//! One relay serves all its connections, on one thread:
//!
//! 1. A connection comes in: [`Relay::accept`]. Octets come in:
//!    [`Relay::receive`], or [`Relay::receive_message`] for WebSocket. It ends:
//!    [`Relay::closed`]. A connection whose [`Relay::wants_read`] is false is
//!    not read until [`RelayEvent::Resume`] names it.
//! 2. [`Relay::poll_transmit`] until it gives `None`: write what it gives to
//!    the connection that it names, and say [`Relay::written`] when all of it
//!    is. Nothing more is given for a connection until then, so that a slow
//!    one costs no memory.
//! 3. [`Relay::poll_event`] until it gives `None`. [`RelayEvent::Connect`] and
//!    [`RelayEvent::Authorise`] ask for something, now or later.
//! 4. Wait for any of these, or until [`Relay::poll_timeout`], and then
//!    [`Relay::handle_timeout`].
//!
//! # What is passed on, and how
//!
//! - A SEND leaves while it arrives, under a transaction id of its own, in as
//!   many chunks as what else waits and the next hop's transport ask for. It is
//!   answered when it has arrived whole; what becomes of it later is told to
//!   its sender by a REPORT: a status of the next hop, 408 where that is silent
//!   or lost.
//! - Chunks that came in on one connection leave in the order in which they
//!   came.
//! - Other requests and responses are passed on whole. Their far end answers.
//! - What goes to a connection that does not take it is held up to
//!   [`RelayLimits::queue_octets`]; then those who send there are not read, and
//!   nobody else notices.
//!
//! # What is refused
//!
//! Every request is checked against section 6.4: the first URI of its To-Path
//! is a token, and it goes to the client that got this token, or comes from it.
//! A token is valid on one connection and ends with it, unless it was given to
//! another relay that has shown its certificate. A path that names this relay
//! too often, or one of its tokens twice in a row, is a loop.

mod auth;
mod config;
mod directory;
mod event;
mod forward;
mod link;
mod relayed;
mod route;
mod token;
mod watch;

use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::{Bytes, BytesMut};

pub use config::{Peer, RelayConfig, RelayLimits, Security};
pub use event::{
    AuthRequest, ConnectionId, RelayClose, RelayError, RelayEvent, Statistics, TokenId, Usage,
    Verdict,
};

use crate::auth::DigestServer;
use crate::hop::{Hop, HopConfig, Order, Transmit};
use crate::random::{Random, RandomError, RandomPool};
use auth::PendingAuth;
use directory::Directory;
use link::{Current, Link, Links, State};
use token::Tokens;
use watch::Timer;

/// A relay, with all its connections. See the [module](self).
#[derive(Debug)]
pub struct Relay {
    config: RelayConfig,
    links: Links,
    tokens: Tokens,
    directory: Directory,
    digest: DigestServer,
    random: RandomPool,
    pending_auths: BTreeMap<AuthRequest, PendingAuth>,
    next_auth: u64,
    /// The connections that may have octets to send.
    ready: VecDeque<ConnectionId>,
    events: VecDeque<RelayEvent>,
    timers: BTreeSet<(Instant, Timer)>,
    counters: Statistics,
    is_draining: bool,
}

impl Relay {
    /// A relay without connections. `random` has to be a cryptographic source:
    /// tokens and nonces are made of it.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails. Should it fail later, each connection
    /// that needs it is closed with [`RelayClose::RandomFailed`].
    pub fn new(
        config: RelayConfig,
        random: impl Random + Send + 'static,
        now: Instant,
    ) -> Result<Self, RandomError> {
        let mut random = RandomPool::new(random);
        let algorithms = config.algorithms.clone();
        let digest = DigestServer::new(config.realm.clone(), algorithms, now, &mut random)?
            .nonce_lifetime(config.nonce_lifetime);
        Ok(Self {
            config,
            links: Links::default(),
            tokens: Tokens::default(),
            directory: Directory::default(),
            digest,
            random,
            pending_auths: BTreeMap::new(),
            next_auth: 0,
            ready: VecDeque::new(),
            events: VecDeque::new(),
            timers: BTreeSet::new(),
            counters: Statistics::default(),
            is_draining: false,
        })
    }

    /// A transport connection has come in. `None`: there is no room for it, or
    /// the relay is being drained; close it.
    pub fn accept(&mut self, now: Instant, peer: Peer) -> Option<ConnectionId> {
        if self.is_draining || !self.make_room(now) {
            return None;
        }
        self.counters.accepted += 1;
        let id = self.add_link(now, peer, State::Up);
        self.arm(id);
        Some(id)
    }

    /// The connection that [`RelayEvent::Connect`] asked for is there.
    /// Where the relay has asked meanwhile to close it, that still stands.
    pub fn connected(&mut self, now: Instant, connection: ConnectionId, peer: Peer) {
        let Some(link) = self.links.get_mut(connection) else { return };
        if link.state != State::Connecting {
            return;
        }
        link.state = State::Up;
        link.last_used = now;
        // Whom this relay has chosen to connect to has nothing to prove.
        link.is_proven = true;
        self.directory.note_names(&peer.relay_names, connection);
        link.peer = peer;
        self.has_octets(connection);
        self.arm(connection);
    }

    /// The connection that [`RelayEvent::Connect`] asked for cannot be
    /// made, or is not allowed. What waits for it is reported as lost.
    pub fn connect_failed(&mut self, now: Instant, connection: ConnectionId) {
        self.closed(now, connection);
    }

    /// Takes octets of a stream off the front of `input`, and leaves an
    /// unfinished head there; call it again with more octets after those.
    ///
    /// # Errors
    ///
    /// [`RelayError`] once the stream cannot be read on. The connection is
    /// closed by [`RelayEvent::Close`] when what answers earlier requests has
    /// left.
    pub fn receive(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        input: &mut BytesMut,
    ) -> Result<(), RelayError> {
        loop {
            let link = self.links.get_mut(connection).filter(|link| link.is_up());
            let link = link.ok_or(RelayError::Closed)?;
            match link.hop.decode(input) {
                Ok(Some(frame)) => self.frame(now, connection, frame),
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.shut(now, connection, RelayClose::Unreadable(error.clone()));
                    return Err(error.into());
                }
            }
        }
    }

    /// Takes one message of a transport that carries messages: exactly one
    /// chunk or response (RFC 7977 section 5.1).
    ///
    /// # Errors
    ///
    /// [`RelayError`], as for [`Relay::receive`].
    pub fn receive_message(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        message: impl Into<Bytes>,
    ) -> Result<(), RelayError> {
        let link = self.links.get_mut(connection).filter(|link| link.is_up());
        let link = link.ok_or(RelayError::Closed)?;
        match link.hop.decode_message(message.into()) {
            Ok(frames) => {
                for frame in frames {
                    self.frame(now, connection, frame);
                }
                Ok(())
            }
            Err(error) => {
                self.shut(now, connection, RelayClose::Unreadable(error.clone()));
                Err(error.into())
            }
        }
    }

    /// The transport connection is gone: by the peer's doing, by a fault, or
    /// because [`RelayEvent::Close`] asked for it. What waited for it is
    /// reported as lost, and its tokens end.
    pub fn closed(&mut self, now: Instant, connection: ConnectionId) {
        self.give_up(now, connection);
        if let Some(link) = self.links.remove(connection) {
            self.directory.forget(connection, &link.peer.relay_names);
            if let Some(due) = link.due {
                self.timers.remove(&(due, Timer::Link(connection)));
            }
        }
    }

    /// Whether octets of this connection are taken now. False while those it
    /// sends to have no room for them; [`RelayEvent::Resume`] tells of the
    /// change.
    #[must_use]
    pub fn wants_read(&self, connection: ConnectionId) -> bool {
        let link = self.links.get(connection);
        link.is_some_and(|link| link.is_up() && link.blocked_on == 0)
    }

    /// The next octets, and the connection to write them to: whole, before
    /// [`Relay::written`]. With [`Framing::Message`](crate::Framing::Message)
    /// they are one message.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<(ConnectionId, Transmit)> {
        while let Some(id) = self.ready.pop_front() {
            let Some(link) = self.links.get_mut(id) else { continue };
            link.is_queued = false;
            if link.in_flight.is_some() || link.state == State::Connecting {
                continue;
            }
            let transmit = link.hop.poll_transmit(now);
            // Of silence that counts as consent there is nobody to tell.
            link.hop.events.clear();
            let failure = link.hop.failure().filter(|_| link.takes_requests()).cloned();
            if transmit.is_some() {
                link.in_flight = Some(now);
                link.last_used = now;
            }
            // What the waiting senders still have may be all that is missing.
            self.resume_waiters(id);
            self.arm(id);
            if let Some(error) = failure {
                self.shut(now, id, RelayClose::RandomFailed(error));
            }
            match transmit {
                Some(transmit) => return Some((id, transmit)),
                None => self.finish_closing(now, id),
            }
        }
        None
    }

    /// What [`Relay::poll_transmit`] gave for this connection is written.
    pub fn written(&mut self, _now: Instant, connection: ConnectionId) {
        if let Some(link) = self.links.get_mut(connection) {
            link.in_flight = None;
            self.has_octets(connection);
        }
    }

    /// The next thing that the application has to do or know.
    pub fn poll_event(&mut self) -> Option<RelayEvent> {
        self.events.pop_front()
    }

    /// Begins to stop: no connection is taken and none is opened. Each is
    /// closed as soon as nothing is on its way over it and what has left is
    /// answered.
    pub fn drain(&mut self, now: Instant) {
        self.is_draining = true;
        for id in self.links.ids() {
            self.drain_link(now, id);
        }
    }

    /// Whether the relay was drained and no connection is left.
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.is_draining && self.links.len() == 0
    }

    /// What was done so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            connections: self.links.len() as u64,
            tokens: self.tokens.len() as u64,
            ..self.counters
        }
    }

    fn add_link(&mut self, now: Instant, peer: Peer, state: State) -> ConnectionId {
        let config = &self.config;
        let hop_config = HopConfig {
            parse: config.parse,
            framing: peer.framing,
            chunk_octets: None,
            transaction_timeout: config.transaction_timeout,
            max_transactions: config.limits.transactions,
            transmit_octets: config.transmit_octets.max(1),
            turn_octets: config.turn_octets,
            order: Order::Arrival,
        };
        let hop = Hop::new(hop_config, self.random.clone(), config.limits.queue_octets, now);
        let names = peer.relay_names.clone();
        let id = self.links.insert(|_| Link::new(hop, peer, state, now));
        self.directory.note_names(&names, id);
        id
    }

    /// Puts a connection in the queue of those that have octets to send.
    fn has_octets(&mut self, id: ConnectionId) {
        if let Some(link) = self.links.get_mut(id)
            && !link.is_queued
            && link.in_flight.is_none()
        {
            link.is_queued = true;
            self.ready.push_back(id);
        }
    }

    /// Stops reading a connection while what it sends to is too full.
    fn hold_back(&mut self, source: ConnectionId, destination: ConnectionId) {
        let max = self.config.limits.queue_octets;
        let Some(next) = self.links.get_mut(destination) else { return };
        if next.hop.waiting() > max && !next.waiters.contains(&source) {
            next.waiters.push(source);
            if let Some(link) = self.links.get_mut(source) {
                link.blocked_on += 1;
            }
        }
    }

    /// Stops reading a connection that does not read what answers it.
    fn hold_back_itself(&mut self, _now: Instant, source: ConnectionId) {
        let max = self.config.limits.control_octets;
        if self.links.get(source).is_some_and(|link| link.hop.control_len() > max)
            && let Some(link) = self.links.get_mut(source)
            && !link.waiters.contains(&source)
        {
            link.waiters.push(source);
            link.blocked_on += 1;
        }
    }

    /// Lets those be read again that wait for room in this connection.
    fn resume_waiters(&mut self, id: ConnectionId) {
        let low = self.config.limits.queue_octets / 2;
        let Some(link) = self.links.get_mut(id) else { return };
        let has_room = link.hop.waiting() <= low || link.hop.is_starved();
        if link.waiters.is_empty() || !has_room {
            return;
        }
        let waiters = std::mem::take(&mut link.waiters);
        self.let_go(waiters);
    }

    /// One reason less not to read these.
    fn let_go(&mut self, waiters: Vec<ConnectionId>) {
        for waiter in waiters {
            if let Some(link) = self.links.get_mut(waiter) {
                link.blocked_on = link.blocked_on.saturating_sub(1);
                if link.blocked_on == 0 && link.is_up() {
                    self.events.push_back(RelayEvent::Resume(waiter));
                }
            }
        }
    }

    /// Closes a connection as soon as what waits for it as a whole has left.
    fn shut(&mut self, now: Instant, id: ConnectionId, reason: RelayClose) {
        if self.links.get(id).is_some_and(Link::takes_requests) {
            self.give_up(now, id);
            if let Some(link) = self.links.get_mut(id) {
                link.state = State::Closing(reason);
            }
            self.has_octets(id);
            self.arm(id);
        }
    }

    /// Tells the application to close a connection that has nothing left to
    /// send.
    fn finish_closing(&mut self, now: Instant, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id) else { return };
        if let State::Closing(reason) = &link.state {
            let reason = reason.clone();
            link.state = State::Closed;
            self.events.push_back(RelayEvent::Close { connection: id, reason });
        } else if self.is_draining && link.is_at_rest() {
            self.shut(now, id, RelayClose::Drained);
        }
    }

    /// Ends all that a connection takes part in but its responses: tokens,
    /// what it was sending, and what was to be sent to it.
    fn give_up(&mut self, now: Instant, id: ConnectionId) {
        let Some(link) = self.links.get_mut(id).filter(|link| link.state != State::Closed) else {
            return;
        };
        let tokens = std::mem::take(&mut link.tokens);
        let current = std::mem::take(&mut link.current);
        let waiters = std::mem::take(&mut link.waiters);
        let unsettled = link.hop.give_up();
        for token in tokens {
            self.end_token(token, false);
        }
        if let Current::Passing { destination, key, .. } = current
            && let Some(next) = self.links.get_mut(destination)
        {
            next.hop.abort(key, true);
            self.has_octets(destination);
        }
        self.pending_auths.retain(|_, pending| pending.source != id);
        self.report_lost(now, id, unsettled);
        self.let_go(waiters);
    }
}
