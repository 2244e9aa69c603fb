//! The sending side.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use memchr::memmem::Finder;

use crate::frames::{Route, SmallMessages, end_line, head};

/// The octets of the large message in one write.
const PIECE: usize = 64 * 1024;

/// The number of chunks of the large message that may wait for their responses.
const CHUNK_WINDOW: usize = 16;

/// The status of a successful response. It occurs nowhere else in the response.
const OK: &[u8] = b" 200 ";

/// A connection that sends SENDs and reads their responses.
pub(crate) struct Sender {
    stream: TcpStream,
    ok: Finder<'static>,
    buffer: Vec<u8>,
    held: usize,
    waiting: usize,
}

impl Sender {
    pub(crate) fn new(stream: TcpStream) -> Self {
        let ok = Finder::new(OK);
        Self { stream, ok, buffer: vec![0; PIECE], held: 0, waiting: 0 }
    }

    /// Sends small messages, at most `window` of them without a response. Returns the
    /// time of the first after the last response.
    pub(crate) fn pump(mut self, route: &Route, count: usize, window: usize) -> Result<Instant> {
        let messages = SmallMessages::new(route);
        let (start, mut sent) = (Instant::now(), 0);
        while sent < count {
            // Half a window at a time, so that each write has many messages.
            if self.waiting <= window / 2 {
                let wanted = (window - self.waiting).min(count - sent);
                let (octets, run) = messages.run(sent, wanted);
                self.stream.write_all(octets)?;
                sent += run;
                self.waiting += run;
            } else {
                self.take_responses()?;
            }
        }
        self.settle()?;
        Ok(start)
    }

    /// Sends one message in chunks of at most `max_chunk` octets.
    pub(crate) fn bulk(mut self, route: &Route, total: usize, max_chunk: usize) -> Result<Instant> {
        let body = vec![b'm'; PIECE];
        let (start, mut sent) = (Instant::now(), 0);
        while sent < total {
            while self.waiting >= CHUNK_WINDOW {
                self.take_responses()?;
            }
            let len = max_chunk.min(total - sent);
            self.chunk(route, (sent, len, total), &body)?;
            sent += len;
        }
        self.settle()?;
        Ok(start)
    }

    fn chunk(
        &mut self,
        route: &Route,
        (offset, len, total): (usize, usize, usize),
        body: &[u8],
    ) -> Result<()> {
        let id = format!("b{offset:012}");
        let mut octets = head(route, &id, "bulk.message", (offset + 1, None, total));
        let mut left = len;
        // The last piece of the body goes into one write with the end-line.
        while octets.len() + left > PIECE {
            let piece = body.get(..left.min(PIECE - octets.len())).unwrap_or_default();
            octets.extend_from_slice(piece);
            self.stream.write_all(&octets)?;
            octets.clear();
            left -= piece.len();
        }
        octets.extend_from_slice(body.get(..left).unwrap_or_default());
        octets.extend(end_line(&id, if offset + len == total { '$' } else { '+' }));
        self.stream.write_all(&octets)?;
        self.waiting += 1;
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        while self.waiting > 0 {
            self.take_responses()?;
        }
        Ok(())
    }

    /// Reads responses, at least a part of one. Only a 200 counts; any other leads to
    /// a timeout of the round.
    fn take_responses(&mut self) -> Result<()> {
        let len = self.stream.read(self.buffer.get_mut(self.held..).unwrap_or_default());
        let len = len.with_context(|| format!("{} SENDs without a 200", self.waiting))?;
        ensure!(len > 0, "the relay hung up on the sender");
        let octets = self.buffer.get(..self.held + len).unwrap_or_default();
        let (mut place, mut count) = (0, 0);
        while let Some(found) = self.ok.find(octets.get(place..).unwrap_or_default()) {
            place += found + OK.len();
            count += 1;
        }
        self.held = (octets.len() - place).min(OK.len() - 1);
        let rest = octets.len() - self.held..octets.len();
        self.buffer.copy_within(rest, 0);
        self.waiting = self.waiting.saturating_sub(count);
        Ok(())
    }
}
