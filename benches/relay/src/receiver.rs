//! The receiving side: counts SENDs and responds to them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use memchr::memmem::Finder;

const BUFFER: usize = 256 * 1024;

/// CRLF and seven hyphens, which occur in no body of the bench.
const END_LINE: &[u8] = b"\r\n-------";

/// What a receiver waits for: a number of messages, and the sum of their octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) messages: usize,
    pub(crate) octets: usize,
}

/// A connection that receives SENDs. It implements only enough of MSRP to count
/// them and respond, so that the relay dominates the measurement.
pub(crate) struct Receiver {
    stream: TcpStream,
    chunks: Chunks,
}

/// Splits the input into chunks.
struct Chunks {
    head_end: Finder<'static>,
    end_line: Finder<'static>,
    in_body: bool,
    received: Expected,
    /// The paths of every response, and the responses that wait to leave.
    paths: String,
    responses: Vec<u8>,
}

impl Receiver {
    /// A receiver at the URI `own`, whose responses go to `previous`.
    pub(crate) fn new(stream: TcpStream, previous: &str, own: &str) -> Self {
        let chunks = Chunks {
            head_end: Finder::new("\r\n\r\n"),
            end_line: Finder::new(END_LINE),
            in_body: false,
            received: Expected { messages: 0, octets: 0 },
            paths: format!("To-Path: {previous}\r\nFrom-Path: {own}\r\n"),
            responses: Vec::new(),
        };
        Self { stream, chunks }
    }

    /// Receives everything that is expected. Returns the time of the end.
    pub(crate) fn run(mut self, expected: Expected) -> Result<Instant> {
        let mut buffer = vec![0; BUFFER];
        let mut held = 0;
        while self.chunks.received.messages < expected.messages {
            let len = self
                .stream
                .read(buffer.get_mut(held..).unwrap_or_default())
                .with_context(|| format!("after {:?}", self.chunks.received))?;
            ensure!(len > 0, "the stream ended after {:?}", self.chunks.received);
            held += len;
            let taken = self.chunks.take(buffer.get(..held).unwrap_or_default())?;
            buffer.copy_within(taken..held, 0);
            held -= taken;
            self.stream.write_all(&self.chunks.responses)?;
            self.chunks.responses.clear();
        }
        let end = Instant::now();
        ensure!(self.chunks.received == expected, "{:?} came", self.chunks.received);
        Ok(end)
    }
}

impl Chunks {
    /// Takes complete parts of the input. Returns the number of octets taken.
    fn take(&mut self, octets: &[u8]) -> Result<usize> {
        let mut place = 0;
        while let Some(step) = self.step(octets.get(place..).unwrap_or_default())? {
            place += step;
        }
        Ok(place)
    }

    fn step(&mut self, octets: &[u8]) -> Result<Option<usize>> {
        if !self.in_body {
            let end = self.head_end.find(octets).map(|end| end + "\r\n\r\n".len());
            self.in_body = end.is_some();
            return Ok(end);
        }
        let Some(len) = self.end_line.find(octets) else {
            // The last octets may be the start of an end-line.
            let body = octets.len().saturating_sub(END_LINE.len() - 1);
            self.received.octets += body;
            return Ok((body > 0).then_some(body));
        };
        self.received.octets += len;
        let rest = octets.get(len + END_LINE.len()..).unwrap_or_default();
        match rest.iter().position(|octet| *octet == b'\n') {
            Some(end) => {
                self.end(rest.get(..end).unwrap_or_default())?;
                Ok(Some(len + END_LINE.len() + end + 1))
            }
            None => Ok((len > 0).then_some(len)),
        }
    }

    /// The rest of an end-line after its hyphens, up to its LF.
    fn end(&mut self, line: &[u8]) -> Result<()> {
        let (flag, id) = line.strip_suffix(b"\r").and_then(<[u8]>::split_last).context("a flag")?;
        self.in_body = false;
        self.received.messages += usize::from(*flag == b'$');
        for part in [b"MSRP ", id, b" 200 OK\r\n", self.paths.as_bytes(), b"-------", id, b"$\r\n"]
        {
            self.responses.extend_from_slice(part);
        }
        Ok(())
    }
}
