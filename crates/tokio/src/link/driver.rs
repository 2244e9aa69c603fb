//! The task of a connection: it reads, writes and keeps the time.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::{Framing, Transmit};
use tokio::sync::futures::Notified;
use tokio::time::{Sleep, sleep_until, timeout};
use tracing::Instrument;

use super::wire::Wire;
use super::{Handle, Link, Stream, now};

/// After so many octets the system is asked how many of them have left.
const UNKNOWN_OCTETS: usize = 64 * 1024;

/// How long a peer that does not read holds up the end of a connection.
const LINGER: Duration = Duration::from_secs(10);

/// How long the end of the peer's side is awaited. A socket that is closed with unread
/// octets discards what it has sent last.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs a connection until it has ended and its last octets have left.
pub(crate) async fn drive(link: Arc<Link>, transport: Stream) {
    let span = tracing::debug_span!("connection", hop = %link.hop);
    Driver::new(link, transport).run().instrument(span).await;
}

struct Driver {
    link: Arc<Link>,
    transport: Stream,
    input: BytesMut,
    /// What is being written. It stays here until the transport has been flushed.
    leaving: Option<Transmit>,
    /// Octets that were given to the transport since it was last asked what it holds.
    unknown: usize,
    /// The transport cannot be written.
    is_broken: bool,
    wants_read: bool,
    /// Fires when something is due, or earlier.
    timer: Pin<Box<Sleep>>,
    is_timer_set: bool,
    /// Until when it waits for the peer to read, once the connection has ended.
    lingers_until: Option<Instant>,
    /// Who listens to the heads of its frames.
    wire: Option<Wire>,
}

/// What ends the wait of the driver.
enum Ready {
    Read(io::Result<usize>),
    Written(io::Result<()>),
    Due,
    /// A handle has acted on the state.
    Called,
}

impl Driver {
    fn new(link: Arc<Link>, transport: Stream) -> Self {
        transport.prepare();
        Self {
            link,
            transport,
            input: BytesMut::new(),
            leaving: None,
            unknown: 0,
            is_broken: false,
            wants_read: false,
            timer: Box::pin(sleep_until(tokio::time::Instant::now())),
            is_timer_set: false,
            lingers_until: None,
            wire: Wire::new(),
        }
    }

    async fn run(mut self) {
        // The loop keeps this one link alive; it is not to be borrowed from `self`.
        let link = Arc::clone(&self.link);
        // From the first word on, the connection knows that it hears more.
        self.look_now(&mut link.lock().connection, now());
        while self.turn() {
            let mut called = pin!(link.driver.notified());
            let ready = poll_fn(|cx| self.poll_ready(cx, called.as_mut())).await;
            match ready {
                Ready::Read(read) => self.have_read(read),
                Ready::Written(Ok(())) => self.leaving = None,
                // A peer that rejects a message may close before it has read all of it.
                // Its response is still to be read.
                Ready::Written(Err(error)) => self.fail(error),
                Ready::Due => self.handle_timeout().await,
                Ready::Called => {}
            }
        }
        self.finish().await;
    }

    /// Brings octets and events to where they belong. Returns whether there is more to do.
    fn turn(&mut self) -> bool {
        let link = Arc::clone(&self.link);
        let mut state = link.lock();
        let now = now();
        self.look_at_queue(&mut state.connection, now);
        loop {
            let unread = self.input.len();
            if unread > 0 && state.connection.wants_read() {
                self.receive(&mut state.connection, now);
            }
            state.dispatch(now);
            if self.input.len() == unread || !state.connection.wants_read() {
                break;
            }
        }
        let idle = state.idle_ends(now);
        if idle.is_some_and(|due| due <= now) {
            state.connection.close();
            state.dispatch(now);
        }
        if self.leaving.is_none() && !self.is_broken {
            self.leaving = state.connection.poll_transmit(now);
            state.dispatch(now);
            if let Some(leaving) = &self.leaving {
                self.unknown = self.unknown.saturating_add(leaving.remaining());
                self.wire.iter_mut().for_each(|wire| wire.sent(leaving));
            }
        }
        if state.was_used {
            self.transport.trust();
        }
        self.wants_read = state.connection.wants_read();
        let is_closed = state.connection.is_closed();
        let linger = is_closed.then(|| *self.lingers_until.get_or_insert(now + LINGER));
        if linger.is_some_and(|until| until <= now) {
            self.leaving = None;
            self.is_broken = true;
        }
        let is_over = is_closed && self.leaving.is_none();
        let due = [state.connection.poll_timeout(), state.relief_due(), idle, linger];
        self.set_timer(due.into_iter().flatten().min());
        let bound = std::mem::take(&mut state.bound);
        drop(state);
        for (key, waiting) in bound {
            // If nobody takes it, the handle comes back and closes the session.
            drop(waiting.try_send(Handle::new(&self.link, key)));
        }
        !is_over
    }

    /// Gives the connection what has arrived.
    fn receive(&mut self, connection: &mut msrp::Connection, now: Instant) {
        // The last event reports an error too.
        let _ = match self.transport.framing() {
            Framing::Stream => connection.receive(now, &mut self.input),
            _ => connection.receive_message(now, self.input.split()),
        };
    }

    /// Tells the connection what has not left yet, if that may have become clear: to ask
    /// each time would be one more system call for each write.
    fn look_at_queue(&mut self, connection: &mut msrp::Connection, now: Instant) {
        let is_stuck = self.leaving.is_some() && self.unknown > 0;
        if is_stuck || self.unknown >= UNKNOWN_OCTETS {
            self.look_now(connection, now);
        }
    }

    fn look_now(&mut self, connection: &mut msrp::Connection, now: Instant) {
        self.unknown = 0;
        if let Some(queued) = self.transport.octets_held() {
            let unwritten = self.leaving.as_ref().map_or(0, Buf::remaining);
            connection.transport_holds(now, queued.saturating_add(unwritten));
        }
    }

    /// A timer that fires too early costs less than one that is set anew each time.
    fn set_timer(&mut self, due: Option<Instant>) {
        let Some(due) = due.map(tokio::time::Instant::from_std) else { return };
        if !self.is_timer_set || due < self.timer.deadline() {
            self.timer.as_mut().reset(due);
            self.is_timer_set = true;
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>, called: Pin<&mut Notified<'_>>) -> Poll<Ready> {
        if self.wants_read {
            if self.has_message() {
                return Poll::Ready(Ready::Called);
            }
            if let Poll::Ready(read) = self.transport.poll_input(cx, &mut self.input) {
                return Poll::Ready(Ready::Read(read));
            }
        }
        if let Some(leaving) = &mut self.leaving
            && let Poll::Ready(written) = self.transport.poll_output(cx, leaving)
        {
            return Poll::Ready(Ready::Written(written));
        }
        if called.poll(cx).is_ready() {
            return Poll::Ready(Ready::Called);
        }
        if self.is_timer_set {
            ready!(self.timer.as_mut().poll(cx));
            self.is_timer_set = false;
            return Poll::Ready(Ready::Due);
        }
        Poll::Pending
    }

    /// A whole message could not be taken yet.
    fn has_message(&self) -> bool {
        self.transport.framing() != Framing::Stream && !self.input.is_empty()
    }

    fn have_read(&mut self, read: io::Result<usize>) {
        match read {
            Ok(0) => self.link.lock().connection.receive_eof(),
            Ok(len) => {
                let arrived = self.input.len().saturating_sub(len);
                if let (Some(wire), Some(octets)) = (&mut self.wire, self.input.get(arrived..)) {
                    wire.received(octets);
                }
            }
            Err(error) => {
                self.fail(error);
                self.link.lock().connection.receive_eof();
            }
        }
    }

    async fn handle_timeout(&mut self) {
        self.read_at_once().await;
        self.turn();
        let link = Arc::clone(&self.link);
        let mut state = link.lock();
        let now = now();
        // The queue of the system changes without a word.
        self.look_now(&mut state.connection, now);
        state.connection.handle_timeout(now);
        state.dispatch(now);
        state.relieve(now);
    }

    /// Takes what has arrived, which may be what a deadline waits for.
    async fn read_at_once(&mut self) {
        if !self.wants_read || self.has_message() {
            return;
        }
        let read = poll_fn(|cx| match self.transport.poll_input(cx, &mut self.input) {
            Poll::Ready(read) => Poll::Ready(Some(read)),
            Poll::Pending => Poll::Ready(None),
        });
        if let Some(read) = read.await {
            self.have_read(read);
        }
    }

    fn fail(&mut self, error: io::Error) {
        self.leaving = None;
        self.is_broken = true;
        let mut state = self.link.lock();
        state.error.get_or_insert_with(|| Arc::new(error));
    }

    /// The connection has ended and everything has been written.
    async fn finish(mut self) {
        let end = self.link.lock().end.clone();
        // The peer may have closed first, so an error means nothing here.
        let _ = timeout(LINGER, self.transport.close(end.as_ref())).await;
        let rest = poll_fn(|cx| {
            while !matches!(ready!(self.transport.poll_input(cx, &mut self.input)), Ok(0) | Err(_))
            {
                self.input.clear();
            }
            Poll::Ready(())
        });
        let _ = timeout(LAST_WORDS, rest).await;
    }
}

/// However the task ends, the handles learn that nothing comes any more.
impl Drop for Driver {
    fn drop(&mut self) {
        let mut state = self.link.lock();
        state.connection.receive_eof();
        state.dispatch(now());
    }
}
