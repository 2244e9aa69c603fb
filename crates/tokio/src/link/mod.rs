//! One transport connection: what its driver and the handles of its sessions share.
//!
//! ```text
//!   Session, Message, Sent ──▶ Handle ──▶ Link ◀── Driver ──▶ Transport
//!                                          │
//!                            State: msrp::Connection, and for each session
//!                            what it has received and what it sends
//! ```
//!
//! Handles lock the state, act on it at once, and wake the driver. The driver alone
//! touches the transport, and never waits for a handle.

mod arrival;
mod dispatch;
mod driver;
mod expected;
mod flow;
mod handle;
mod nicknames;
mod notice;
mod octets;
mod routes;
mod sending;
mod session;
mod transport;
mod turns;
#[cfg(feature = "websocket")]
mod websocket;
mod wire;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use msrp::wire::ByteRange;
use msrp::{
    AuthKey, Bind, Connection, ConnectionEnd, Direction, IncomingKey, MessageId, MessageKey,
    NicknameKey, Outcome, OutgoingMessage, Received, ReportMode, SendError, SessionConfig,
    SessionError, SessionKey, StatusCode, UnknownKey,
};
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio_rustls::rustls::pki_types::CertificateDer;

pub(crate) use self::arrival::{Arrival, LARGE, Step};
pub(crate) use self::driver::drive;
pub(crate) use self::expected::{Expected, Waiting};
pub(crate) use self::handle::Handle;
pub use self::notice::Notice;
pub(crate) use self::routes::{Asked, Grant};
pub(crate) use self::sending::End;
pub use self::sending::Progress;
use self::sending::{Past, Sending};
pub(crate) use self::session::{Acceptance, Stage};
pub use self::transport::Stream;
pub(crate) use self::turns::{Turn, Turns};

use self::session::SessionState;

/// The time by the clock of tokio, which tests can stop.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// What the sessions of a connection may hold for their readers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Octets of a session that wait for its readers.
    pub(crate) octets: usize,
    /// How long a session without room holds back others on its connection.
    pub(crate) patience: Duration,
    /// Above so many octets a message is handed on before it is whole.
    pub(crate) whole: u64,
}

/// A connection that its driver and its handles share.
#[derive(Debug)]
pub(crate) struct Link {
    state: Mutex<State>,
    /// Wakes the driver.
    driver: Notify,
    /// The other end, for people.
    pub(crate) hop: Arc<str>,
    /// The address of this end, if it has one.
    pub(crate) local: Option<SocketAddr>,
    /// The version of TLS.
    pub(crate) tls_version: Option<&'static str>,
}

/// What a link knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) connection: Connection,
    sessions: HashMap<SessionKey, SessionState>,
    arrivals: HashMap<IncomingKey, Arrival>,
    sending: HashMap<MessageKey, Sending>,
    past: Past,
    routes: HashMap<AuthKey, watch::Sender<Grant>>,
    /// Who waits for the response to a NICKNAME.
    nicknames: HashMap<NicknameKey, oneshot::Sender<Outcome>>,
    /// The sessions that peers may bind.
    expected: Arc<Expected>,
    /// Sessions that were bound, and who waits for them.
    bound: Vec<(SessionKey, mpsc::Sender<Arc<Handle>>)>,
    room: Room,
    /// The sessions that have no room. Meanwhile the connection is not read.
    full: BTreeSet<SessionKey>,
    /// Since when reading is held.
    held_since: Option<Instant>,
    /// When a reader last took octets.
    taken_at: Option<Instant>,
    /// After its last session, the connection ends after this.
    idle_timeout: Duration,
    /// It has had a session. Until then, its own deadline is
    /// [`Config::bind_timeout`](msrp::Config::bind_timeout).
    was_used: bool,
    idle_since: Option<Instant>,
    /// The first error of the transport.
    error: Option<Arc<io::Error>>,
    end: Option<ConnectionEnd>,
    hop: Arc<str>,
    /// What the other end has shown under TLS.
    certificate: Option<CertificateDer<'static>>,
}

impl Link {
    pub(crate) fn new(
        connection: Connection,
        expected: Arc<Expected>,
        room: Room,
        idle_timeout: Duration,
        stream: &Stream,
    ) -> Arc<Self> {
        let hop: Arc<str> = stream.hop().into();
        let state = State {
            connection,
            sessions: HashMap::new(),
            arrivals: HashMap::new(),
            sending: HashMap::new(),
            past: Past::default(),
            routes: HashMap::new(),
            nicknames: HashMap::new(),
            expected,
            bound: Vec::new(),
            room,
            full: BTreeSet::new(),
            held_since: None,
            taken_at: None,
            idle_timeout,
            was_used: false,
            idle_since: None,
            error: None,
            end: None,
            hop: Arc::clone(&hop),
            certificate: stream.certificate(),
        };
        let (state, driver) = (Mutex::new(state), Notify::new());
        let (local, tls_version) = (stream.local_address(), stream.tls_version());
        Arc::new(Self { state, driver, hop, local, tls_version })
    }

    /// Opens a session. Nothing of it leaves before the driver runs.
    pub(crate) fn open(
        self: &Arc<Self>,
        config: SessionConfig,
    ) -> Result<Arc<Handle>, SessionError> {
        let key = self.with(|state| state.open(config))?;
        Ok(Handle::new(self, key))
    }

    /// Acts on the state, and wakes the driver.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        let result = action(&mut self.lock());
        self.driver.notify_one();
        result
    }

    /// Takes something that has arrived, and wakes the driver if that makes room.
    pub(crate) fn take<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let (was_held, was_due) = (state.held_since.is_some(), state.relief_due());
        let result = action(&mut state);
        state.balance(now());
        let is_held = state.held_since.is_some();
        // A timer that fires too early does no harm, one that is too late does.
        let is_earlier = state.relief_due().is_some_and(|due| was_due.is_none_or(|was| due < was));
        if is_held != was_held || is_earlier {
            self.driver.notify_one();
        }
        result
    }

    /// A panic under the lock cannot leave the state inconsistent.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self, mut config: SessionConfig) -> Result<SessionKey, SessionError> {
        let reports = session::takes_over_reports(&mut config);
        let max_size = config.max_size;
        let waits = config.bind == Bind::Bodiless;
        let remote = config.remote.clone();
        let key = self.connection.open(config)?;
        let session = SessionState::new(max_size, reports);
        if let Some(remote) = remote.filter(|_| !waits) {
            session.is_used_at_once(remote);
        }
        self.sessions.insert(key, session);
        self.was_used = true;
        Ok(key)
    }

    pub(crate) fn session(&mut self, key: SessionKey) -> Option<&mut SessionState> {
        self.sessions.get_mut(&key)
    }

    /// Somebody listens to a session. `None` if it has ended.
    pub(crate) fn listen(&mut self, key: SessionKey) -> Option<broadcast::Receiver<Notice>> {
        let session = self.sessions.get_mut(&key).filter(|session| !session.has_ended())?;
        Some(session.listeners.listen())
    }

    /// The next message of a session, also one that has failed; `None` after its last one.
    pub(crate) fn poll_message(
        &mut self,
        key: SessionKey,
        cx: &Context<'_>,
    ) -> Poll<Option<IncomingKey>> {
        let Some(session) = self.sessions.get_mut(&key) else { return Poll::Ready(None) };
        if let Some(message) = session.ready.pop_front() {
            if let Some(arrival) = self.arrivals.get_mut(&message) {
                arrival.is_taken = true;
            }
            return Poll::Ready(Some(message));
        } else if session.has_ended() {
            return Poll::Ready(None);
        }
        session.reader = Some(cx.waker().clone());
        self.weigh(key);
        Poll::Pending
    }

    /// The next octets of a message that was taken from the queue of its session.
    pub(crate) fn poll_step(&mut self, key: IncomingKey, cx: &Context<'_>) -> Poll<Step> {
        let Some(arrival) = self.arrivals.get_mut(&key) else {
            return Poll::Ready(Step::Failed(msrp::FailReason::SessionClosed));
        };
        let session = arrival.received.session();
        let was_awaited = arrival.is_awaited();
        let step = arrival.poll_step(cx);
        if let Some(owner) = self.sessions.get_mut(&session) {
            match &step {
                Poll::Ready(Step::Piece(_, octets)) => {
                    owner.octets -= octets.len();
                    self.taken_at = Some(now());
                }
                Poll::Ready(_) => {}
                Poll::Pending => owner.awaited += usize::from(!was_awaited),
            }
        }
        self.weigh(session);
        step
    }

    pub(crate) fn arrival(&self, key: IncomingKey) -> Option<&Arrival> {
        self.arrivals.get(&key)
    }

    /// The messages of a session that nobody has taken whole, in their order.
    fn arrivals_of(&self, key: SessionKey) -> impl Iterator<Item = (IncomingKey, &Arrival)> {
        let keys = self.sessions.get(&key).map(|session| session.arrivals.iter());
        keys.into_iter().flatten().filter_map(|key| Some((*key, self.arrivals.get(key)?)))
    }

    /// Nobody reads a message any more. If it has not ended, or waits for its response, its
    /// sender learns that. If it is complete and not reported on, it counts as read.
    pub(crate) fn drop_message(&mut self, key: IncomingKey, reports: bool) {
        let Some(arrival) = self.forget(key) else { return };
        if let Some(total) = arrival.total().filter(|_| reports) {
            self.report(&arrival.received, total);
        }
        // Without effect on a message that has failed or has its response.
        let _ = self.connection.reject(key, StatusCode::STOP_SENDING);
        self.weigh(arrival.received.session());
    }

    /// Refuses a message: by the response that it still waits for or, if it is complete with
    /// `total` octets, by a REPORT. An error if it has failed, or the connection has reported
    /// on it.
    pub(crate) fn refuse_message(
        &mut self,
        received: &Received,
        status: StatusCode,
        total: Option<u64>,
    ) -> Result<(), UnknownKey> {
        let Err(unknown) = self.connection.reject(received.key(), status) else { return Ok(()) };
        let total = total.ok_or(unknown)?;
        if self.connection.session(received.session())?.reports != ReportMode::Manual {
            return Err(unknown);
        }
        // The sender may want no REPORTs.
        let _ = self.connection.report(received, status, ByteRange::whole(total));
        Ok(())
    }

    /// Takes a message out, with its weight.
    pub(crate) fn forget(&mut self, key: IncomingKey) -> Option<Arrival> {
        let arrival = self.arrivals.remove(&key)?;
        if let Some(session) = self.sessions.get_mut(&arrival.received.session()) {
            session.octets -= arrival.octets() + session::HEAD_WEIGHT;
            session.awaited -= usize::from(arrival.is_awaited());
            session.unannounced -= usize::from(!arrival.is_announced);
            session.large -= usize::from(arrival.is_large());
            session.arrivals.remove(&key);
        }
        Some(arrival)
    }

    /// Reports the success of a message that its reader is done with. `false` if that is left
    /// to the application or the connection.
    pub(crate) fn report(&mut self, received: &Received, total: u64) -> bool {
        let reports = self.sessions.get(&received.session()).is_some_and(|it| it.reports);
        if reports {
            // The sender may not have asked, or the session has ended.
            let _ = self.connection.report(received, StatusCode::OK, ByteRange::whole(total));
        }
        reports
    }

    /// Sends a message, and gives its Message-ID.
    pub(crate) fn send(
        &mut self,
        key: SessionKey,
        message: OutgoingMessage,
    ) -> Result<(MessageKey, MessageId, watch::Receiver<Progress>), SendError> {
        let message = self.connection.send(key, message)?;
        let id = self.connection.message_id(message)?;
        let sending = Sending::new(id, &self.connection.progress(message)?);
        let progress = sending.subscribe();
        self.sending.insert(message, sending);
        if let Some(session) = self.sessions.get_mut(&key) {
            session.leaving += 1;
            session.watched.insert(message);
        }
        Ok((message, id, progress))
    }

    /// Writes as much of a piece to the body of a message as there is room for.
    pub(crate) fn poll_write(
        &mut self,
        key: MessageKey,
        piece: &mut Bytes,
        cx: &Context<'_>,
    ) -> Poll<Result<(), SendError>> {
        let mut body = self.connection.body(key)?;
        let len = body.room().min(piece.len());
        if len > 0 || piece.is_empty() {
            return Poll::Ready(body.write(piece.split_to(len)));
        }
        if let Some(sending) = self.sending.get_mut(&key) {
            sending.writer = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Gives up a message whose octets do not come. Its sender learns why, its peer that it
    /// ends (`#`).
    pub(crate) fn abort_upload(&mut self, key: MessageKey, error: io::Error) {
        if let Some(sending) = self.sending.get_mut(&key) {
            sending.failed = Some(Arc::new(error));
            // It may just have its outcome.
            let _ = self.connection.abort(key);
        }
    }

    /// Changes what the two sides accept.
    pub(crate) fn update(
        &mut self,
        key: SessionKey,
        config: &SessionConfig,
    ) -> Result<(), SessionError> {
        let session = self.sessions.get_mut(&key).ok_or(UnknownKey)?;
        let most = if session.is_refusing { 0 } else { config.max_size };
        self.connection.update_session(key, &config.clone().max_size(most))?;
        session.max_size = config.max_size;
        Ok(())
    }

    /// Nobody takes the messages of a session any more.
    pub(crate) fn stop_receiving(&mut self, key: SessionKey) {
        let unread = self.arrivals_of(key).filter(|(_, arrival)| !arrival.is_taken);
        let unread: Vec<IncomingKey> = unread.map(|(message, _)| message).collect();
        for message in unread {
            self.drop_message(message, false);
        }
        let Ok(config) = self.connection.session(key) else { return };
        let direction = match config.direction {
            Direction::SendReceive | Direction::SendOnly => Direction::SendOnly,
            Direction::ReceiveOnly | Direction::Inactive => Direction::Inactive,
        };
        let config = config.clone().direction(direction);
        // The session has not ended, and this is its own configuration.
        let _ = self.connection.update_session(key, &config);
    }

    /// The last handle of a session is gone.
    fn forget_session(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.has_handles = false;
            self.release(key);
        }
    }

    /// Ends a session once all that it sends has its outcome.
    pub(crate) fn release(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(&key) {
            session.is_released = true;
            self.close_if_released(key);
        }
    }

    fn close_if_released(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get(&key).filter(|it| it.is_released) else { return };
        if session.has_ended() {
            if !session.has_handles {
                self.remove_session(key);
            }
        } else if session.leaving == 0 && !self.is_watched(key) {
            // It may have ended in the meantime.
            let _ = self.connection.close_session(key);
        }
    }

    /// Whether somebody waits for more than the acceptance of what a session sends. Nobody
    /// begins to watch a message late, so that none is looked at twice in vain.
    fn is_watched(&mut self, key: SessionKey) -> bool {
        let Some(session) = self.sessions.get_mut(&key) else { return false };
        while let Some(message) = session.watched.first() {
            if self.sending.get(message).is_some_and(Sending::is_watched) {
                return true;
            }
            session.watched.pop_first();
        }
        false
    }

    /// Every session ends once all that it sends has its outcome, and the connection after
    /// them.
    pub(crate) fn drain(&mut self) {
        (self.idle_timeout, self.was_used) = (Duration::ZERO, true);
        let keys: Vec<SessionKey> = self.sessions.keys().copied().collect();
        for key in keys {
            self.release(key);
        }
    }

    /// Forgets a session that has ended, and what nobody can read any more.
    fn remove_session(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.remove(&key) else { return };
        for message in session.arrivals {
            self.arrivals.remove(&message);
        }
    }
}
