//! The relay and its connections, owned by one thread. Octets that one connection
//! reads are written to another from here, without a task in between.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::BytesMut;
use msrp::MsrpUri;
use msrp::auth::Algorithm;
use msrp::relay::{ConnectionId, Peer, Relay, RelayClose, RelayEvent, Statistics, Verdict};
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;

use crate::alarm::Alarm;
use crate::close::close_at_once;
use crate::files::AcceptErrors;
use crate::link::Link;
use crate::opening::Opening;
use crate::reads::{keep_rest, make_room};
use crate::secure::Secure;
use crate::transport::{Input, Transport};
use crate::turns::Turns;
use crate::users::Users;

/// Work that needs its own task, because it takes longer than a step.
#[derive(Debug)]
pub(crate) enum Job {
    Dial {
        connection: ConnectionId,
        uri: MsrpUri,
    },
    /// Read and write an established connection.
    Tend(ConnectionId),
    /// Close a connection that the peer has closed.
    Follow(Box<Link>),
    /// Close a connection that the relay closes.
    Close {
        connection: ConnectionId,
        link: Box<Link>,
        reason: RelayClose,
    },
}

pub(crate) struct Core {
    relay: Relay,
    links: HashMap<ConnectionId, Link>,
    /// The connections that are being established, incoming or outgoing.
    opening: HashMap<ConnectionId, Opening>,
    accept_errors: AcceptErrors,
    users: Users,
    realm: String,
    /// The buffer for all reads without a remainder of the read before.
    buffer: BytesMut,
    jobs: mpsc::UnboundedSender<Job>,
    alarm: Alarm,
    /// The deadline for draining.
    drains_until: Option<Instant>,
    /// Whether it has passed: what still arrives does not count.
    is_over: bool,
    turns: Turns,
    /// Notified when a connection begins to wait for its turn.
    pub(crate) waiting: Arc<Notify>,
    /// Notified if the alarm is too late, or the relay is drained.
    pub(crate) attention: Arc<Notify>,
}

impl Core {
    pub(crate) fn new(
        relay: Relay,
        users: Users,
        realm: String,
        jobs: mpsc::UnboundedSender<Job>,
    ) -> Self {
        Self {
            relay,
            links: HashMap::new(),
            opening: HashMap::new(),
            accept_errors: AcceptErrors::default(),
            users,
            realm,
            buffer: BytesMut::new(),
            jobs,
            alarm: Alarm::default(),
            drains_until: None,
            is_over: false,
            turns: Turns::default(),
            waiting: Arc::new(Notify::new()),
            attention: Arc::new(Notify::new()),
        }
    }

    /// Counts an incoming connection, whose handshake begins.
    pub(crate) fn accept(&mut self, peer: Peer) -> Option<ConnectionId> {
        let now = Instant::now();
        let connection = self.relay.accept(now, peer);
        match connection {
            Some(connection) => drop(self.opening.insert(connection, Opening::default())),
            None if self.is_draining() => {}
            None => self.accept_errors.add(&"all places of --max-connections are in use"),
        }
        self.turn(now);
        connection
    }

    /// The system did not hand over an incoming connection.
    pub(crate) fn not_accepted(&mut self, error: &io::Error) {
        self.accept_errors.add(error);
    }

    /// A task has begun to establish a connection. It is aborted if the relay gives the
    /// connection up, or has done so.
    pub(crate) fn opens(&mut self, connection: ConnectionId, task: AbortHandle) {
        match self.opening.get_mut(&connection) {
            Some(opening) => opening.begins(task),
            None => task.abort(),
        }
    }

    /// Ready when a handshake has its turn among what strangers ask for, or is given up.
    pub(crate) fn poll_turn(&mut self, connection: ConnectionId, cx: &Context<'_>) -> Poll<()> {
        let Self { opening, turns, waiting, .. } = self;
        let Some(opening) = opening.get_mut(&connection) else { return Poll::Ready(()) };
        opening.poll_turn(cx, || {
            if turns.wait(connection, true) {
                waiting.notify_one();
            }
        })
    }

    /// A connection is established.
    pub(crate) fn opened(&mut self, connection: ConnectionId, peer: Peer, transport: Transport) {
        if self.opening.remove(&connection).is_some() {
            let now = Instant::now();
            transport.limit_unread(&peer);
            self.links.insert(connection, Link::new(transport, !peer.relay_names.is_empty()));
            self.job(Job::Tend(connection));
            self.relay.connected(now, connection, peer);
            self.look_at(now, connection);
            self.turn(now);
        }
    }

    /// A connection cannot be established.
    pub(crate) fn not_opened(&mut self, connection: ConnectionId) {
        if self.opening.remove(&connection).is_some() {
            self.closed(connection);
        }
    }

    /// One step of the task that tends a connection. Ready when the connection no
    /// longer exists.
    pub(crate) fn poll(&mut self, connection: ConnectionId, cx: &mut Context<'_>) -> Poll<()> {
        let Some(link) = self.links.get_mut(&connection) else { return Poll::Ready(()) };
        link.tended_by(cx);
        if link.is_writing() {
            match link.poll_written() {
                Poll::Ready(Ok(())) => self.written(connection),
                Poll::Ready(Err(_)) => self.lost(connection),
                Poll::Pending => {}
            }
        }
        if self.relay.is_proven(connection) {
            self.read(connection);
        } else {
            self.wait_for_turn(connection);
        }
        if self.links.contains_key(&connection) { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Lets the next connections have their turns. Returns whether others wait.
    pub(crate) fn take_turns(&mut self) -> bool {
        for connection in self.turns.next() {
            if let Some(link) = self.links.get_mut(&connection) {
                link.waits = false;
                self.read(connection);
            } else if let Some(opening) = self.opening.get_mut(&connection) {
                opening.take_turn();
            }
        }
        !self.turns.is_empty()
    }

    /// One turn of a connection, unless it waits for one.
    fn read(&mut self, connection: ConnectionId) {
        let turn = self.relay.read_octets(connection);
        let mut left = turn;
        // The last octets of a turn are not worth a read and a write of their own.
        while left > turn / 4 {
            let Some(link) = self.links.get_mut(&connection) else { return };
            if self.is_over {
                return link.read_out();
            }
            if link.waits || !self.relay.wants_read(connection) {
                return;
            }
            make_room(&mut self.buffer, &mut link.rest);
            match link.poll_input(&mut self.buffer, left) {
                Poll::Ready((input, octets)) => {
                    left = left.saturating_sub(octets);
                    self.take(connection, input);
                }
                Poll::Pending => {
                    keep_rest(&mut self.buffer, &mut link.rest);
                    return self.hold_partial(connection);
                }
            }
        }
        self.wait_for_turn(connection);
    }

    fn wait_for_turn(&mut self, connection: ConnectionId) {
        let is_stranger = !self.relay.is_proven(connection);
        let Some(link) = self.links.get_mut(&connection).filter(|link| !link.waits) else { return };
        link.waits = true;
        if self.turns.wait(connection, is_stranger) {
            self.waiting.notify_one();
        }
    }

    fn take(&mut self, connection: ConnectionId, input: Input) {
        let now = Instant::now();
        let is_message = matches!(input, Input::Message(_));
        let taken = match input {
            Input::Octets => self.relay.receive(now, connection, &mut self.buffer),
            Input::Message(message) => self.relay.receive_message(now, connection, message),
            Input::Sign => Ok(()),
            Input::End => return self.ended(connection),
        };
        if let Err(error) = taken {
            tracing::debug!(?connection, "{:#}", anyhow::Error::from(error));
        }
        if let Some(link) = self.links.get_mut(&connection) {
            keep_rest(&mut self.buffer, &mut link.rest);
        }
        self.turn(now);
        if is_message {
            self.trust(connection);
            self.hold_partial(connection);
        }
    }

    /// Tells the relay what a WebSocket holds of a message.
    fn hold_partial(&mut self, connection: ConnectionId) {
        if let Some(octets) = self.links.get_mut(&connection).and_then(Link::partial_news) {
            self.relay.input_holds(connection, octets);
            self.turn(Instant::now());
        }
    }

    /// Lets a peer send long messages once a request of it has been accepted.
    fn trust(&mut self, connection: ConnectionId) {
        if self.relay.is_proven(connection)
            && let Some(link) = self.links.get_mut(&connection)
        {
            link.trust();
        }
    }

    fn written(&mut self, connection: ConnectionId) {
        let now = Instant::now();
        self.relay.written(connection);
        self.look_at(now, connection);
        self.turn(now);
    }

    /// A connection was given octets. To ask for what its transport holds each time would
    /// be one more system call for each write.
    fn given(&mut self, now: Instant, connection: ConnectionId) {
        if self.links.get(&connection).is_some_and(Link::is_worth_asking) {
            self.look_at(now, connection);
        }
    }

    /// Tells the relay what the transport of a connection holds, where the system says so.
    fn look_at(&mut self, now: Instant, connection: ConnectionId) {
        if let Some(octets) = self.links.get_mut(&connection).and_then(Link::octets_held) {
            self.relay.transport_holds(now, connection, octets);
        }
    }

    /// Tells the relay what all transports hold, of which much may have left since it last asked.
    fn look_at_all(&mut self, now: Instant) {
        let connections: Vec<_> = self.links.keys().copied().collect();
        connections.into_iter().for_each(|connection| self.look_at(now, connection));
        self.turn(now);
    }

    /// The peer has closed.
    fn ended(&mut self, connection: ConnectionId) {
        self.buffer.clear();
        if let Some(link) = self.remove(connection) {
            self.job(Job::Follow(Box::new(link)));
        }
        self.closed(connection);
    }

    /// The transport is gone.
    fn lost(&mut self, connection: ConnectionId) {
        self.remove(connection);
        self.closed(connection);
    }

    fn remove(&mut self, connection: ConnectionId) -> Option<Link> {
        let link = self.links.remove(&connection);
        // Its task ends when it finds no link to tend.
        link.inspect(Link::wake)
    }

    /// The transport was closed.
    pub(crate) fn closed(&mut self, connection: ConnectionId) {
        self.relay.closed(connection);
        self.turn(Instant::now());
    }

    pub(crate) fn handle_timeout(&mut self) {
        let now = Instant::now();
        if !self.alarm.rings(now) {
            return self.look_at_all(now);
        }
        self.relay.handle_timeout(now);
        self.turn(now);
        let is_past = |deadline| self.relay.poll_timeout().is_none_or(|due| due > deadline);
        if !self.is_over && self.drains_until.is_some_and(is_past) {
            self.is_over = true;
            self.links.values().for_each(Link::wake);
        }
    }

    /// Carries out the relay's requests until it has none left.
    fn turn(&mut self, now: Instant) {
        loop {
            while let Some((connection, transmit)) = self.relay.poll_transmit(now) {
                let Some(link) = self.links.get_mut(&connection) else { continue };
                match link.write(transmit) {
                    Poll::Ready(Ok(())) => self.relay.written(connection),
                    Poll::Ready(Err(_)) => {
                        self.remove(connection);
                        self.relay.closed(connection);
                    }
                    Poll::Pending => {}
                }
                self.given(now, connection);
            }
            match self.relay.poll_event() {
                Some(event) => self.handle(now, event),
                None => break,
            }
        }
        self.set_alarm();
    }

    fn handle(&mut self, now: Instant, event: RelayEvent) {
        match event {
            RelayEvent::Connect { connection, uri } => {
                self.opening.insert(connection, Opening::default());
                self.job(Job::Dial { connection, uri });
            }
            RelayEvent::Authorise { request, username, realm, algorithm, .. } => {
                let secret = self.users.secret(&username, &realm, algorithm);
                let verdict = secret.map_or(Verdict::Unknown, Verdict::Known);
                self.relay.authorise(now, request, verdict);
            }
            RelayEvent::Close { connection, reason } => self.close(connection, reason),
            RelayEvent::Resume { connection } => {
                if let Some(link) = self.links.get(&connection) {
                    link.wake();
                }
            }
            RelayEvent::Look { connection } => self.look_at(now, connection),
            RelayEvent::AuthFailed { address, username, reason, .. } => {
                let address = address.map_or_else(|| "-".to_owned(), |address| address.to_string());
                tracing::warn!(
                    "authentication failed: address={address} user={username:?} ({reason})"
                );
            }
            RelayEvent::TokenIssued { token, username, lifetime, .. } => {
                tracing::info!(?token, username, ?lifetime, "token issued");
            }
            RelayEvent::TokenEnded { token, username, usage, has_expired } => {
                let (chunks, octets) = (usage.chunks, usage.octets);
                tracing::info!(?token, username, chunks, octets, has_expired, "token ended");
            }
            _ => {}
        }
    }

    fn close(&mut self, connection: ConnectionId, reason: RelayClose) {
        tracing::debug!(?connection, ?reason, "closing");
        if let Some(opening) = self.opening.remove(&connection) {
            opening.abort();
        }
        match self.remove(connection) {
            Some(link) if reason == RelayClose::Evicted => {
                close_at_once(link, &reason);
                self.relay.closed(connection);
            }
            Some(link) => self.job(Job::Close { connection, link: Box::new(link), reason }),
            None => self.relay.closed(connection),
        }
    }

    /// Queues a job. The relay's limit of connections also limits the jobs.
    fn job(&self, job: Job) {
        // The receiver lives as long as the relay runs.
        let _ = self.jobs.send(job);
    }

    /// Sets the alarm and returns when to call [`Self::handle_timeout`].
    pub(crate) fn alarm(&mut self) -> Option<Instant> {
        self.alarm.set(self.relay.poll_timeout())
    }

    /// Moves the alarm only if it is too late. An early alarm costs one call, less
    /// than moving it with every message.
    fn set_alarm(&mut self) {
        let due = self.relay.poll_timeout();
        if self.alarm.misses(due) || self.relay.is_drained() {
            self.alarm.set(due);
            self.attention.notify_one();
        }
    }

    /// Pings WebSockets, and drops those that have been silent for too long.
    pub(crate) fn ping(&mut self) {
        let relay = &self.relay;
        // The pong of a connection that is not being read cannot arrive.
        let is_gone = |(connection, link): (&ConnectionId, &mut Link)| {
            (relay.wants_read(*connection) && !link.ping()).then_some(*connection)
        };
        let gone: Vec<ConnectionId> = self.links.iter_mut().filter_map(is_gone).collect();
        for connection in gone {
            tracing::debug!(?connection, "silent");
            self.lost(connection);
        }
    }

    /// Replaces the users. Those who are missing or have another password lose what they
    /// hold. The others are offered these algorithms. Returns the old users.
    pub(crate) fn set_users(&mut self, users: Users, offered: &[Algorithm]) -> Users {
        let old = std::mem::replace(&mut self.users, users);
        self.relay.set_algorithms(offered);
        self.relay.retain_users(|user| self.users.agrees(&old, user, &self.realm));
        self.turn(Instant::now());
        old
    }

    /// Ends the connections with relays that are none under these certificates.
    pub(crate) fn check_relays(&mut self, secure: &Secure) {
        let were_relays = self.links.iter().filter(|(_, link)| link.was_relay(secure));
        let ended: Vec<ConnectionId> = were_relays.map(|(connection, _)| *connection).collect();
        for connection in ended {
            tracing::info!(?connection, "--ca no longer vouches for this relay");
            self.relay.revoke(connection);
        }
        self.turn(Instant::now());
    }

    /// Accepts nothing new and waits for sessions to become quiet, until the deadline.
    pub(crate) fn drain(&mut self, deadline: Instant) {
        let now = Instant::now();
        self.drains_until = Some(self.drains_until.map_or(deadline, |known| known.min(deadline)));
        self.relay.drain(now, deadline);
        self.turn(now);
    }

    pub(crate) const fn is_draining(&self) -> bool {
        self.drains_until.is_some()
    }

    pub(crate) fn dials_with(&self, connection: ConnectionId) -> usize {
        self.relay.dials_with(connection)
    }

    /// Whether the deadline for draining has passed.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.relay.is_drained()
    }

    pub(crate) const fn accept_errors(&self) -> u64 {
        self.accept_errors.count()
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.relay.statistics()
    }
}
