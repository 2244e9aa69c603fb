//! The relay: RFC 4976 without sockets.
//!
//! A [`Relay`] stands between two endpoints that cannot, or should not, connect
//! to each other. Its clients authenticate with AUTH, and each gets a URI, its
//! token, which becomes part of its path. The relay forwards what a client sends
//! or receives under its token, and nothing else.
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
//! 1. Call [`Relay::accept`] for each new connection, [`Relay::receive`] (or
//!    [`Relay::receive_message`] for WebSocket) with the octets that arrive, and
//!    [`Relay::closed`] when the connection ends. Read at most
//!    [`Relay::read_octets`] before the others have their turn. While [`Relay::wants_read`] is
//!    false, do not read the connection: [`RelayEvent::Resume`] names it when it
//!    may be read again.
//! 2. Call [`Relay::poll_transmit`] until it returns `None`. Write each transmit
//!    to the connection it names, and call [`Relay::written`] once all of it is
//!    written. Until then the relay gives nothing more for that connection, so a
//!    slow one costs no memory. If the system says how many octets it holds, pass it
//!    on with [`Relay::transport_holds`].
//! 3. Call [`Relay::poll_event`] until it returns `None`. Respond to
//!    [`RelayEvent::Connect`] and [`RelayEvent::Authorise`] now or later.
//! 4. Wait for I/O, but no longer than until [`Relay::poll_timeout`]; then call
//!    [`Relay::handle_timeout`].
//!
//! # Forwarding
//!
//! - A SEND leaves while it arrives, under a new transaction id. The relay splits
//!   it into more chunks when other traffic waits or the next hop's transport
//!   needs it. The relay responds once the whole chunk has arrived. A later
//!   failure becomes a REPORT to the sender, with the status of the next hop, or
//!   408 if the next hop does not respond or its connection is lost.
//! - The SENDs of a session leave in the order in which they arrived, those without a
//!   body included.
//! - Other requests and all responses are forwarded once they are complete, and
//!   overtake SENDs. The far end responds to these requests.
//! - The relay queues up to [`RelayLimits::queue_octets`] for a connection. Above
//!   that, [`Relay::wants_read`] is false for the connections that send much to it;
//!   other connections are not affected.
//! - A session that sends much through the next relay gets a connection of its own to
//!   it, so that a slow receiver holds up nobody else. It is closed after three minutes
//!   without use. The relay says to the next one for whom it is. On any other connection
//!   of another relay, a session that stays above [`RelayLimits::queue_octets`] for two
//!   seconds gets 408.
//!
//! # Refusals
//!
//! The relay checks every request against RFC 4976 section 6.4: the first URI of
//! its To-Path must be a token, and the request must go to the client that owns
//! the token or come from it. A token is valid on one connection and ends with
//! it, unless it was issued to another relay that has shown its certificate. A
//! path that names this relay too often, or one of its tokens twice in a row, is
//! a loop.
//!
//! # Budgets
//!
//! No client can take what others need. Connections, dials, tokens, memory and work are
//! held by a user, another relay or a source, and at each limit of [`RelayLimits`] the
//! holder gives up something of its own, or else the one that holds most does. Failed
//! AUTHs delay the next ones of that user from that source, and nobody else.

mod accounts;
mod auth;
mod bound;
mod budget;
mod closing;
mod config;
mod divert;
mod drain;
mod event;
mod flows;
mod forward;
mod giving;
mod links;
mod lost;
mod memory;
mod pause;
mod previous;
mod requests;
mod revoke;
mod route;
mod senders;
mod shed;
mod tokens;
mod watch;

use std::collections::{BTreeSet, VecDeque};

use bytes::{Bytes, BytesMut};

pub use config::{Peer, RelayConfig, RelayLimits, Security};
pub use event::{
    AuthFailure, AuthRequest, ConnectionId, RelayClose, RelayError, RelayEvent, Statistics,
    TokenId, Usage, Verdict,
};

use crate::auth::DigestServer;
use crate::hop::{Hop, HopConfig, HopEvent, Order, Transmit};
use crate::limits::ParseOptions;
use crate::random::{Random, RandomError, RandomPool};
use crate::time::Instant;
use crate::tolerance::Tolerance;
use accounts::holdings::Holdings;
use accounts::principal::Principal;
use accounts::search::Search;
use auth::guesses::Guesses;
use auth::pending::PendingAuths;
use flows::table::Flows;
use giving::Giving;
use links::directory::Directory;
use links::own::Owns;
use links::{Link, Links, State};
use lost::Losses;
use requests::Relaying;
use senders::Senders;
use tokens::Tokens;
use tokens::peers::Peers;
use watch::Timer;

/// A relay with all its connections. See the [module](self).
#[derive(Debug)]
pub struct Relay {
    config: RelayConfig,
    links: Links,
    tokens: Tokens,
    holdings: Holdings,
    directory: Directory,
    peers: Peers,
    flows: Flows,
    owns: Owns,
    giving: Giving,
    /// That for those who hold most of the memory.
    search: Search,
    senders: Senders,
    digest: DigestServer,
    random: RandomPool,
    pending_auths: PendingAuths,
    guesses: Guesses,
    /// The connections that may have octets to send.
    ready: VecDeque<ConnectionId>,
    events: VecDeque<RelayEvent>,
    timers: BTreeSet<(Instant, Timer)>,
    /// The time of the last call that has told it.
    now: Instant,
    losses: Losses,
    counters: Statistics,
    /// The deadline for draining.
    drains_until: Option<Instant>,
    /// The connections of which a chunk has just left elsewhere.
    has_sent: Vec<ConnectionId>,
    /// Those that have begun to close since the last [`Relay::poll_transmit`].
    has_shut: Vec<ConnectionId>,
    /// Those that began to close before, the oldest first, and some that have ended since.
    closing: VecDeque<ConnectionId>,
}

impl Relay {
    /// A relay without connections. `random` must be a cryptographic source: the
    /// relay draws tokens and nonces from it.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails. If it fails later, the relay closes
    /// each connection that needs it with [`RelayClose::RandomFailed`].
    pub fn new(
        config: RelayConfig,
        random: impl Random + Send + 'static,
        now: Instant,
    ) -> Result<Self, RandomError> {
        let mut random = RandomPool::new(random);
        let algorithms = config.algorithms.clone();
        let digest = DigestServer::new(config.realm.clone(), algorithms, now, &mut random)?
            .nonce_lifetime(config.nonce_lifetime);
        let flows = Flows::new(memory::lasting(config.limits.memory_octets));
        Ok(Self {
            guesses: Guesses::new(config.max_failures),
            config,
            links: Links::default(),
            tokens: Tokens::default(),
            holdings: Holdings::new(),
            directory: Directory::default(),
            peers: Peers::default(),
            flows,
            owns: Owns::default(),
            giving: Giving::default(),
            search: Search::default(),
            senders: Senders::default(),
            digest,
            random,
            pending_auths: PendingAuths::default(),
            ready: VecDeque::new(),
            events: VecDeque::new(),
            timers: BTreeSet::new(),
            now,
            losses: Losses::default(),
            counters: Statistics::default(),
            drains_until: None,
            has_sent: Vec::new(),
            has_shut: Vec::new(),
            closing: VecDeque::new(),
        })
    }

    /// Takes a new transport connection, best before its handshake, so that this counts
    /// as one and can give way: [`Relay::connected`] follows it. `None` if there is no room for it or the
    /// relay is draining: close the transport.
    pub fn accept(&mut self, now: Instant, peer: Peer) -> Option<ConnectionId> {
        let principal = Principal::of(&peer);
        if self.is_draining() || !self.make_room(now, principal.as_ref()) {
            return None;
        }
        self.counters.accepted += 1;
        let id = self.add_link(now, peer, principal, State::Up);
        self.arm(id);
        Some(id)
    }

    /// The transport of a connection is established: of one that
    /// [`RelayEvent::Connect`] asked for, or of an accepted one whose handshake has
    /// taken a while. Only then are the peer's [`relay_names`](Peer::relay_names)
    /// known; its framing stays as it was. A [`RelayEvent::Close`] for the connection
    /// since then still applies.
    pub fn connected(&mut self, now: Instant, connection: ConnectionId, peer: Peer) {
        let Some(link) = self.links.get_mut(connection) else { return };
        let is_accepted = link.state == State::Up && !link.is_proven && !link.peer.is_relay();
        if link.state == State::Connecting {
            // This relay chose the peer: no probation.
            (link.state, link.is_proven) = (State::Up, true);
            self.holdings.end_dial(&link.principal, connection);
        } else if !is_accepted {
            return;
        }
        link.last_used = now;
        // What leads to a relay by its name is for all flows.
        if link.own.is_none() {
            self.directory.note_names(&peer.relay_names, connection);
        }
        // A user for whom the relay has connected holds the connection with an endpoint.
        let holder = Principal::of(&peer).filter(|holder| is_accepted || holder.is_relay());
        link.peer = peer;
        if let Some(holder) = holder {
            self.belongs_to(connection, holder);
        }
        self.has_octets(connection);
        self.arm(connection);
    }

    /// Takes octets of a stream off the front of `input` and leaves an incomplete
    /// head there. Append further octets and call this again.
    ///
    /// # Errors
    ///
    /// [`RelayError`] if the stream cannot be decoded or the connection is closed.
    /// [`RelayEvent::Close`] follows once the responses to earlier requests have
    /// left.
    pub fn receive(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        input: &mut BytesMut,
    ) -> Result<(), RelayError> {
        loop {
            match self.decoding(connection)?.decode(input) {
                Ok(Some(frame)) => self.frame(now, connection, frame),
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.shut(connection, RelayClose::Unreadable(error.clone()));
                    return Err(error.into());
                }
            }
        }
    }

    /// Takes one message of a message transport: exactly one chunk or response
    /// (RFC 7977 section 5.1).
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
        match self.decoding(connection)?.decode_message(message.into()) {
            Ok(frames) => {
                for frame in frames {
                    self.frame(now, connection, frame);
                }
                Ok(())
            }
            Err(error) => {
                self.shut(connection, RelayClose::Unreadable(error.clone()));
                Err(error.into())
            }
        }
    }

    /// The hop of a connection that is read. A stranger may send short heads only.
    fn decoding(&mut self, connection: ConnectionId) -> Result<&mut Hop<Relaying>, RelayError> {
        let link = self.links.get_mut(connection).filter(|link| link.is_up());
        let link = link.ok_or(RelayError::Closed)?;
        let most = self.config.parse.head_octets;
        let strangers = self.config.limits.unproven_octets.min(most);
        link.hop.limit_heads(if link.is_proven { most } else { strangers });
        Ok(&mut link.hop)
    }

    /// The transport connection has ended: the peer closed it, it failed,
    /// [`RelayEvent::Close`] asked for it, or the connection that
    /// [`RelayEvent::Connect`] asked for cannot be established. The tokens of the
    /// connection end, and what waited for it is lost: [`Relay::handle_timeout`], which
    /// is due at once, reports it.
    pub fn closed(&mut self, connection: ConnectionId) {
        self.own_failed(connection);
        self.give_up(connection);
        if let Some(link) = self.links.remove(connection) {
            self.directory.forget(connection, &link);
            self.peers.forget_link(connection);
            if let Some(due) = link.due {
                self.timers.remove(&(due, Timer::Link(connection)));
            }
        }
    }

    /// Whether a request of this connection has been accepted, or the relay has asked
    /// for it. Until then, hold little for it: it may be anyone's.
    #[must_use]
    pub fn is_proven(&self, connection: ConnectionId) -> bool {
        self.links.get(connection).is_some_and(|link| link.is_proven)
    }

    /// The next octets to write, and the connection to write them to. Write all
    /// of them, then call [`Relay::written`]. With
    /// [`Framing::Message`](crate::Framing::Message) they are one message.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<(ConnectionId, Transmit)> {
        self.now = now;
        self.make_memory(now);
        self.time_closing(now);
        while let Some(id) = self.ready.pop_front() {
            let Some(link) = self.links.get_mut(id) else { continue };
            link.is_queued = false;
            if link.in_flight.is_some() || link.state == State::Connecting {
                continue;
            }
            let had_control = link.hop.control_len() > 0;
            let transmit = link.poll_transmit(now, &self.config);
            self.has_sent.extend(link.hop.events.drain(..).filter_map(source_of_sent));
            if had_control || !self.has_sent.is_empty() {
                link.last_used = now;
            }
            let failure = link.hop.failure().filter(|_| link.takes_requests()).cloned();
            while let Some(source) = self.has_sent.pop() {
                self.settled(now, source);
            }
            self.share_use(now, id);
            // The hop may need octets of the connections that it holds back.
            self.resume_waiters(now, id);
            self.arm(id);
            if let Some(error) = failure {
                self.shut(id, RelayClose::RandomFailed(error));
            }
            match transmit {
                Some(transmit) => return Some((id, transmit)),
                None => self.finish_closing(now, id),
            }
        }
        None
    }

    /// The last [`Transmit`] for this connection has been written.
    pub fn written(&mut self, connection: ConnectionId) {
        if let Some(link) = self.links.get_mut(connection) {
            link.in_flight = None;
            self.has_octets(connection);
        }
    }

    /// Says how many of the octets that [`Relay::poll_transmit`] has given for a connection
    /// are still in its transport: in the send queue of the system, in the buffers of TLS or
    /// WebSocket, or in a [`Transmit`] that is not written yet.
    ///
    /// Say it once at the beginning, when the transport has not taken all of a write, after
    /// each 256 KiB or so, and for each [`RelayEvent::Look`]. That comes four times a second
    /// while the transport holds octets, since no system tells when a send queue has changed,
    /// and more often if it gets no more before some have left: from the first call on, it
    /// holds no more than leaves it within a second, as far as that is known. The deadline of a
    /// forwarded chunk (RFC 4976 section 6.4.1) then starts when its last octet has left, and a
    /// connection has stalled when no octet leaves for [`RelayConfig::stall`]. A program that
    /// never calls this says by [`Relay::written`] that everything has left.
    pub fn transport_holds(&mut self, now: Instant, connection: ConnectionId, octets: usize) {
        if let Some(link) = self.links.get_mut(connection) {
            link.transport_holds(now, octets, &self.config);
            self.share_use(now, connection);
            self.resume_waiters(now, connection);
            self.has_octets(connection);
            self.arm(connection);
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<RelayEvent> {
        self.events.pop_front()
    }

    /// The counters so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            connections: self.links.len() as u64,
            tokens: self.tokens.len() as u64,
            ..self.counters
        }
    }

    fn add_link(
        &mut self,
        now: Instant,
        peer: Peer,
        principal: Option<Principal>,
        state: State,
    ) -> ConnectionId {
        let config = &self.config;
        let hop_config = HopConfig {
            parse: strict_in_responses(config.parse),
            framing: peer.framing,
            chunk_octets: None,
            transaction_timeout: config.transaction_timeout,
            max_transactions: config.limits.transactions,
            transmit_octets: config.transmit_octets.max(1),
            turn_octets: config.turn_octets,
            order: Order::Arrival,
        };
        let share = bound::share(config.limits.queue_octets);
        let hop = Hop::new(hop_config, self.random.clone(), share, now);
        let names = peer.relay_names.clone();
        let id = self.links.insert(|id| {
            let principal = principal.unwrap_or(Principal::Connection(id));
            let holding = self.holdings.add_connection(&principal, id);
            let link = Link::new(hop, peer, principal, holding, state, now);
            if link.state == State::Connecting {
                self.holdings.begin_dial(&link.principal, id);
            }
            link
        });
        self.directory.note_names(&names, id);
        id
    }

    /// Queues a connection that may have octets to send.
    fn has_octets(&mut self, id: ConnectionId) {
        if let Some(link) = self.links.get_mut(id)
            && !link.is_queued
            && link.in_flight.is_none()
        {
            link.is_queued = true;
            self.ready.push_back(id);
        }
    }
}

/// The source of a chunk whose last octet has left. The other events of a relay's hop are
/// silences that count as success.
fn source_of_sent(event: HopEvent<Relaying>) -> Option<ConnectionId> {
    match event {
        HopEvent::ChunkSent { message, .. } => Some(message.source),
        HopEvent::Room(_) | HopEvent::TimedOut(..) => None,
    }
}

/// A relay drops a response that it cannot parse (RFC 4976 section 6.4.3).
fn strict_in_responses(mut parse: ParseOptions) -> ParseOptions {
    parse.tolerances = parse.tolerances.without(Tolerance::MalformedResponse);
    parse
}
