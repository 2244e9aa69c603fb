//! A [`Connection`] on a blocking TCP or TLS stream.
//!
//! Three threads share it. One reads and one writes, so that two sides which
//! both send more than the network holds do not block each other. The third is
//! the application's: it takes the events and handles the timeouts. All of them
//! sleep unless there is something to do.
//!
//! What leaves next is decided when the socket takes it, and the connection learns what
//! the socket still holds: its deadlines start when the last octet has left.

mod secure;
mod stream;

use std::io;
use std::net::Shutdown;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::{Config, Connection, Event, Transmit};

pub(crate) use self::secure::Secure;
pub(crate) use self::stream::{Stream, read_more};

/// How long [`Link::finish`] waits for the peer to end its side: closing a
/// socket that holds unread octets discards what it has sent last.
const LINGER: Duration = Duration::from_secs(1);

/// How often the connection learns what the socket holds, while that is something.
const TICK: Duration = Duration::from_millis(100);

/// The body octets to decide on at a time, and the turn of a message: the queue of a
/// prepared socket.
const STEP: usize = msrp_socket::UNSENT_OCTETS as usize;

/// The configuration of a connection on a link.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.transmit_octets = STEP;
    config.turn_octets = STEP;
    config
}

/// A connection and its threads. Clones share it.
#[derive(Clone)]
pub(crate) struct Link(Arc<Shared>);

struct Shared {
    stream: Stream,
    state: Mutex<State>,
    /// Octets that the connection has given to the writer and the socket has not taken.
    unwritten: AtomicUsize,
    /// Wakes the writer: there may be octets to send.
    output: Condvar,
    /// Wakes the reader: there is room again for events or octets.
    room: Condvar,
    /// Wakes the application: octets have arrived or left.
    news: Condvar,
}

struct State {
    connection: Connection,
    /// When octets were last handed to the writer.
    last_transmit: Instant,
    /// The stream has been read to its end.
    is_read_out: bool,
    /// Octets that have not left this machine, as far as its system says so.
    held: usize,
}

impl Link {
    pub(crate) fn new(stream: impl Into<Stream>, connection: Connection) -> io::Result<Self> {
        let stream = stream.into();
        msrp_socket::prepare(stream.socket())?;
        let now = Instant::now();
        let state = State { connection, last_transmit: now, is_read_out: false, held: 0 };
        let shared = Arc::new(Shared {
            stream,
            state: Mutex::new(state),
            unwritten: AtomicUsize::new(0),
            output: Condvar::new(),
            room: Condvar::new(),
            news: Condvar::new(),
        });
        let (reader, writer) = (Arc::clone(&shared), Arc::clone(&shared));
        thread::Builder::new().name("reader".into()).spawn(move || reader.read())?;
        thread::Builder::new().name("writer".into()).spawn(move || writer.write())?;
        Ok(Self(shared))
    }

    /// Calls `action` with the connection and wakes the reader and the writer.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut Connection) -> T) -> T {
        let result = action(&mut self.0.lock().connection);
        self.0.output.notify_one();
        self.0.room.notify_one();
        result
    }

    /// The stream below the connection.
    pub(crate) fn stream(&self) -> &Stream {
        &self.0.stream
    }

    /// The next event, or `None` when the deadline has passed.
    pub(crate) fn next_event(&self, deadline: Option<Instant>) -> Option<Event> {
        self.wait(deadline, |state| state.connection.poll_event())
    }

    /// Waits until `ready` finds what it looks for in the connection.
    pub(crate) fn wait_for<T>(&self, mut ready: impl FnMut(&mut Connection) -> Option<T>) -> T {
        loop {
            if let Some(found) = self.wait(None, |state| ready(&mut state.connection)) {
                return found;
            }
        }
    }

    /// The time since octets were last handed to the socket.
    pub(crate) fn since_last_transmit(&self) -> Duration {
        self.0.lock().last_transmit.elapsed()
    }

    /// Ends the connection: sends what is left, and gives the peer a moment to
    /// end its side.
    pub(crate) fn finish(self) {
        self.with(Connection::close);
        let deadline = Instant::now().checked_add(LINGER);
        self.wait(deadline, |state| state.is_read_out.then_some(()));
        let _ = self.0.stream.socket().shutdown(Shutdown::Both);
    }

    fn wait<T>(
        &self,
        deadline: Option<Instant>,
        mut ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.0.lock();
        loop {
            let now = Instant::now();
            self.0.look_at_queue(&mut state, now);
            if state.connection.poll_timeout().is_some_and(|due| due <= now) {
                state.connection.handle_timeout(now);
                self.0.output.notify_one();
            }
            if let Some(found) = ready(&mut state) {
                self.0.room.notify_one();
                return Some(found);
            } else if deadline.is_some_and(|deadline| deadline <= now) {
                return None;
            }
            let tick = (state.held > 0).then(|| now + TICK);
            let due = [deadline, state.connection.poll_timeout(), tick].into_iter().flatten().min();
            state = wait(&self.0.news, state, due.map(|due| due.saturating_duration_since(now)));
        }
    }
}

impl Shared {
    fn read(&self) {
        let mut input = BytesMut::new();
        while let Ok(1..) = self.stream.read_more(&mut input) {
            if !self.receive(&mut input) {
                break;
            }
        }
        let mut state = self.lock();
        state.connection.receive_eof();
        state.is_read_out = true;
        self.output.notify_one();
        self.news.notify_all();
    }

    /// Gives octets to the connection when it wants them. Returns whether the reader
    /// should continue.
    fn receive(&self, input: &mut BytesMut) -> bool {
        let mut state = self.lock();
        while !state.connection.is_closed() {
            let result = state.connection.receive(Instant::now(), input);
            self.output.notify_one();
            self.news.notify_all();
            if result.is_err() || state.connection.wants_read() {
                return result.is_ok();
            }
            while !state.connection.wants_read() && !state.connection.is_closed() {
                state = wait(&self.room, state, None);
            }
        }
        // The connection has ended; only the end of the stream matters now.
        input.clear();
        true
    }

    fn write(&self) {
        // If the socket cannot be written, the reader finds its end, too.
        while let Some(transmit) = self.next_transmit() {
            let is_written = self.stream.write_all(transmit, &self.unwritten).is_ok();
            // What leaves next is decided when it can leave.
            if !is_written || msrp_socket::wait_writable(self.stream.socket(), None).is_err() {
                return;
            }
        }
        self.stream.end();
    }

    /// Waits for octets to send; `None` when the connection has ended.
    fn next_transmit(&self) -> Option<Transmit> {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            self.look_at_queue(&mut state, now);
            let transmit = state.connection.poll_transmit(now);
            // Even `None` is news: everything before it has been written.
            self.news.notify_all();
            if transmit.is_some() {
                self.room.notify_one();
                state.last_transmit = now;
                let octets = transmit.as_ref().map_or(0, Buf::remaining);
                self.unwritten.store(octets, Ordering::Release);
                return transmit;
            } else if state.connection.is_closed() {
                return None;
            }
            state = wait(&self.output, state, None);
        }
    }

    /// Tells the connection what has not left yet, if the system says so.
    fn look_at_queue(&self, state: &mut State, now: Instant) {
        // In this order an octet may count twice while it is written, but never not at all.
        let unwritten = self.unwritten.load(Ordering::Acquire);
        let queued = msrp_socket::octets_held(self.stream.socket());
        state.held = queued.map_or(0, |queued| queued.saturating_add(unwritten));
        if queued.is_some() {
            state.connection.transport_holds(now, state.held);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a>(
    condition: &Condvar,
    state: MutexGuard<'a, State>,
    timeout: Option<Duration>,
) -> MutexGuard<'a, State> {
    match timeout {
        Some(timeout) => {
            condition.wait_timeout(state, timeout).unwrap_or_else(PoisonError::into_inner).0
        }
        None => condition.wait(state).unwrap_or_else(PoisonError::into_inner),
    }
}
