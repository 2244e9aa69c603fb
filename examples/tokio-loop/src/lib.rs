//! The run loop of an [`msrp::Connection`] on tokio: the recipe to embed the
//! crate in an async program.
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
//!     "msrp://192.0.2.1:9/jshA7weztas;tcp".parse()?,
//!     "msrp://192.0.2.7:2855/kjhd37s2s20w2a;tcp".parse()?,
//! ))?;
//! run_loop.connection.send(session, OutgoingMessage::text("Are you there?"))?;
//! while let Some(event) = run_loop.next().await {
//!     if let Event::Finished(outcome) = event {
//!         println!("{:?}", outcome.outcome);
//!         run_loop.connection.close();
//!     }
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io;
use std::time::Instant;

use bytes::BytesMut;
use msrp::{Connection, Event, Transmit};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::sleep_until;

/// Room in the input buffer for one read, in octets.
const READ_OCTETS: usize = 16 * 1024;

/// A connection and the stream it runs over: TCP, TLS, or any other.
#[derive(Debug)]
pub struct RunLoop<S> {
    /// The connection, for the application to act on between two events.
    pub connection: Connection,
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    input: BytesMut,
    /// What is being written. It stays until the stream has been flushed.
    leaving: Option<Transmit>,
    error: Option<io::Error>,
}

/// What the loop has waited for.
enum Ready {
    Read(io::Result<usize>),
    Written(io::Result<()>),
    Due,
}

impl<S: AsyncRead + AsyncWrite> RunLoop<S> {
    /// Joins a connection to its stream.
    pub fn new(stream: S, connection: Connection) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { connection, reader, writer, input: BytesMut::new(), leaving: None, error: None }
    }

    /// Runs the connection up to its next event. `None` once it has ended,
    /// everything has been written and the stream is shut down.
    ///
    /// Safe to cancel, and so at home in a `select!` beside the commands of an
    /// application: what was read or half written is kept for the next call.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            self.receive();
            if let Some(event) = self.connection.poll_event() {
                return Some(event);
            }
            if self.leaving.is_none() && self.error.is_none() {
                self.leaving = self.connection.poll_transmit(Instant::now());
            }
            if self.connection.is_closed() && self.leaving.is_none() {
                // The peer may be gone already; there is nobody left to tell.
                let _ = self.writer.shutdown().await;
                return None;
            }
            match self.ready().await {
                Ready::Read(Ok(0)) => self.connection.receive_eof(),
                Ready::Read(Ok(_)) => {}
                Ready::Read(Err(error)) => {
                    self.fail(error);
                    self.connection.receive_eof();
                }
                Ready::Written(Ok(())) => self.leaving = None,
                // A peer that refuses a message may close before it has read
                // it: its answer is still to be read.
                Ready::Written(Err(error)) => self.fail(error),
                Ready::Due => self.connection.handle_timeout(Instant::now()),
            }
        }
    }

    /// What was wrong with the stream, if anything was.
    #[must_use]
    pub const fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Feeds what was read. What the connection leaves, it takes when events
    /// have been taken or more octets are behind it.
    fn receive(&mut self) {
        if !self.input.is_empty() && self.connection.wants_read() {
            // An error is told by the last event as well.
            let _ = self.connection.receive(Instant::now(), &mut self.input);
        }
    }

    /// Reading goes on while something is written: two sides that only write
    /// would wait for each other for ever.
    async fn ready(&mut self) -> Ready {
        let Self { connection, reader, writer, input, leaving, .. } = self;
        let (wants_read, due) = (connection.wants_read(), connection.poll_timeout());
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

/// Writes all of it. TLS keeps octets to itself until it is flushed.
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
