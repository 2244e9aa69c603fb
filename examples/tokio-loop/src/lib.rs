//! The run loop of an [`msrp::Connection`] on tokio: how to embed the crate in
//! an async program.
//!
//! ```no_run
//! use std::{sync::Arc, time::Instant};
//! use msrp::{Config, Connection, Event, OsRandom, OutgoingMessage, Role, SessionConfig};
//! use msrp_tokio_loop::RunLoop;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let stream = tokio::io::empty();
//! let random = OsRandom::new()?;
//! let connection = Connection::new(Arc::new(Config::default()), Role::Active, random, Instant::now())?;
//! let mut run_loop = RunLoop::new(stream, connection);
//! let session = run_loop.connection.open(SessionConfig::new(
//!     "msrp://192.0.2.1:49153/jshA7weztas;tcp".parse()?,
//!     "msrp://192.0.2.7:2855/kjhd37s2s20w2a;tcp".parse()?,
//! ))?;
//! run_loop.connection.send(session, OutgoingMessage::text("Are you there?"))?;
//! while let Some(event) = run_loop.next().await {
//!     if let Event::Finished(message) = event {
//!         println!("{}", message.outcome);
//!         run_loop.connection.close();
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A TCP socket below the stream wants a short queue (`msrp_socket::prepare`), and
//! [`RunLoop::with_backlog`] says what it holds.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::{Connection, Event, Transmit};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::sleep_until;

/// Space in the input buffer for one read, in octets.
const READ_OCTETS: usize = 16 * 1024;

/// How often the connection learns what the socket holds, while that is something.
const TICK: Duration = Duration::from_millis(100);

/// How long a peer that does not read holds up the end of a connection.
const LINGER: Duration = Duration::from_secs(10);

/// A connection and the stream it runs over: TCP, TLS or any other.
#[derive(Debug)]
pub struct RunLoop<S> {
    /// The connection, for the application to act on between two events.
    pub connection: Connection,
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    input: BytesMut,
    /// The chunk or response being written. It stays here until the stream has
    /// been flushed.
    leaving: Option<Transmit>,
    backlog: Option<Backlog>,
    error: Option<io::Error>,
    /// Until when it waits for the peer to read, once the connection has ended.
    lingers_until: Option<Instant>,
}

/// Gives the octets that the socket holds.
struct Backlog(Box<dyn Fn() -> Option<usize> + Send>);

impl std::fmt::Debug for Backlog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Backlog")
    }
}

/// What ended the wait of the loop.
enum Ready {
    Read(io::Result<usize>),
    Written(io::Result<()>),
    Due,
}

impl<S: AsyncRead + AsyncWrite> RunLoop<S> {
    /// Joins a connection to its stream.
    pub fn new(stream: S, connection: Connection) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let input = BytesMut::new();
        Self {
            connection,
            reader,
            writer,
            input,
            leaving: None,
            backlog: None,
            error: None,
            lingers_until: None,
        }
    }

    /// The same with the octets that the socket below the stream holds, which makes the
    /// deadlines of requests start when their octets have left. `held` gives `None` where
    /// the system does not say it. For TCP:
    ///
    /// ```no_run
    /// # use msrp_tokio_loop::RunLoop;
    /// # #[cfg(unix)]
    /// # fn run(stream: tokio::net::TcpStream, connection: msrp::Connection) -> std::io::Result<()> {
    /// use std::os::fd::AsFd;
    ///
    /// msrp_socket::prepare(&stream)?;
    /// let socket = stream.as_fd().try_clone_to_owned()?;
    /// let run_loop = RunLoop::new(stream, connection)
    ///     .with_backlog(move || msrp_socket::octets_held(&socket));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_backlog(mut self, held: impl Fn() -> Option<usize> + Send + 'static) -> Self {
        self.backlog = Some(Backlog(Box::new(held)));
        self
    }

    /// Runs the connection up to its next event. Returns `None` once it has
    /// ended, everything has been written and the stream is shut down.
    ///
    /// Cancel safe, so it can stand in a `select!` beside the commands of an
    /// application: octets that were read or half written are kept for the next
    /// call.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            self.receive();
            if let Some(event) = self.connection.poll_event() {
                return Some(event);
            }
            let held = self.look_at_queue();
            let until = self.linger();
            if self.leaving.is_none() && self.error.is_none() {
                self.leaving = self.connection.poll_transmit(Instant::now());
            }
            if self.connection.is_closed() && self.leaving.is_none() {
                // The peer may have closed first, so an error means nothing here.
                let _ = self.writer.shutdown().await;
                return None;
            }
            let tick = (held > 0).then(|| Instant::now() + TICK);
            match self.ready(tick.into_iter().chain(until).min()).await {
                Ready::Read(read) => self.have_read(read),
                Ready::Written(Ok(())) => self.leaving = None,
                // A peer that rejects a message may close before it has read all
                // of it. Its response is still to be read.
                Ready::Written(Err(error)) => self.fail(error),
                Ready::Due => {
                    self.read_at_once().await;
                    self.look_at_queue();
                    self.connection.handle_timeout(Instant::now());
                }
            }
        }
    }

    /// The first error of the stream, if there was one.
    #[must_use]
    pub const fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Feeds the input to the connection. It takes the rest when events have
    /// been taken or more octets have arrived.
    fn receive(&mut self) {
        if !self.input.is_empty() && self.connection.wants_read() {
            // The last event reports an error too.
            let _ = self.connection.receive(Instant::now(), &mut self.input);
        }
    }

    /// Until when a connection that has ended waits for its peer to read. It has no
    /// deadline itself.
    fn linger(&mut self) -> Option<Instant> {
        if !self.connection.is_closed() {
            return None;
        }
        let now = Instant::now();
        let until = *self.lingers_until.get_or_insert(now + LINGER);
        if until <= now {
            self.fail(io::ErrorKind::TimedOut.into());
        }
        Some(until)
    }

    /// Takes what has arrived, which may be what a deadline waits for: the application
    /// may have taken its time since the last event.
    async fn read_at_once(&mut self) {
        if !self.connection.wants_read() {
            return;
        }
        let read = tokio::select! {
            biased;
            read = self.reader.read_buf(&mut self.input) => read,
            () = std::future::ready(()) => return,
        };
        self.have_read(read);
        self.receive();
    }

    fn have_read(&mut self, read: io::Result<usize>) {
        match read {
            Ok(0) => self.connection.receive_eof(),
            Ok(_) => {}
            Err(error) => {
                self.fail(error);
                self.connection.receive_eof();
            }
        }
    }

    /// Tells the connection what has not left yet, and returns how much.
    fn look_at_queue(&mut self) -> usize {
        let Some(queued) = self.backlog.as_ref().and_then(|backlog| (backlog.0)()) else {
            return 0;
        };
        let unwritten = self.leaving.as_ref().map_or(0, Buf::remaining);
        let held = queued.saturating_add(unwritten);
        self.connection.transport_holds(Instant::now(), held);
        held
    }

    /// Waits for the stream, the tick or a deadline. It reads while it writes: two sides
    /// that only write would wait for each other without end.
    async fn ready(&mut self, tick: Option<Instant>) -> Ready {
        let Self { connection, reader, writer, input, leaving, .. } = self;
        let wants_read = connection.wants_read();
        let due = connection.poll_timeout().into_iter().chain(tick).min();
        input.reserve(READ_OCTETS);
        tokio::select! {
            read = reader.read_buf(input), if wants_read => Ready::Read(read),
            written = write(writer, leaving) => Ready::Written(written),
            () = sleep(due) => Ready::Due,
        }
    }

    fn fail(&mut self, error: io::Error) {
        self.leaving = None;
        self.error.get_or_insert(error);
    }
}

/// Writes all octets and flushes: TLS buffers what has not been flushed.
async fn write<S: AsyncWrite>(
    writer: &mut WriteHalf<S>,
    leaving: &mut Option<Transmit>,
) -> io::Result<()> {
    let Some(transmit) = leaving else { return std::future::pending().await };
    writer.write_all_buf(transmit).await?;
    writer.flush().await
}

async fn sleep(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
