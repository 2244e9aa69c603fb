//! TLS on a blocking socket that one thread reads while another writes.
//!
//! rustls keeps both directions in one object. It is locked to encrypt and to
//! decrypt but never while a thread waits for the socket, so that no direction
//! waits for the other. Only the writer writes: a key update or an alert that
//! results from reading precedes the next octets that are written, or the
//! close_notify.

use std::io::{self, BufRead, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::Transmit;
use rustls::{Connection, ProtocolVersion};

use super::stream::read;

/// Octets to read from the socket at a time: the longest record.
const READ_OCTETS: usize = 5 + (1 << 14) + 2048;

/// A TLS connection whose handshake is over.
pub(crate) struct Secure {
    socket: TcpStream,
    tls: Mutex<Connection>,
}

impl Secure {
    /// Completes the handshake.
    pub(crate) fn new(
        socket: TcpStream,
        tls: impl Into<Connection>,
        deadline: Instant,
    ) -> io::Result<Self> {
        let mut tls = tls.into();
        tls.complete_io(&mut Timed { socket: &socket, deadline })?;
        socket.set_read_timeout(None)?;
        socket.set_write_timeout(None)?;
        Ok(Self { socket, tls: Mutex::new(tls) })
    }

    pub(crate) const fn socket(&self) -> &TcpStream {
        &self.socket
    }

    pub(crate) fn version(&self) -> &'static str {
        match self.lock().protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "unknown",
        }
    }

    /// Waits for octets and appends them to `input`. Returns how many there
    /// were; 0 at the end of the stream.
    pub(crate) fn read_more(&self, input: &mut BytesMut) -> io::Result<usize> {
        let start = input.len();
        let mut records = [0; READ_OCTETS];
        // Octets of the stream may have arrived with the end of the handshake.
        let mut is_open = take(&mut self.lock(), input)?;
        while is_open && input.len() == start {
            let count = read(&self.socket, &mut records)?;
            is_open = count > 0 && self.decrypt(records.get(..count).unwrap_or_default(), input)?;
        }
        Ok(input.len() - start)
    }

    /// Returns whether there may be more.
    fn decrypt(&self, mut records: &[u8], input: &mut BytesMut) -> io::Result<bool> {
        let mut tls = self.lock();
        let mut is_open = true;
        while is_open && !records.is_empty() {
            tls.read_tls(&mut records)?;
            tls.process_new_packets().map_err(io::Error::other)?;
            is_open = take(&mut tls, input)?;
        }
        Ok(is_open)
    }

    /// Whether decrypted octets wait to be read.
    pub(super) fn has_octets(&self) -> bool {
        self.lock().reader().fill_buf().is_ok_and(|octets| !octets.is_empty())
    }

    /// Writes all octets, and subtracts from `unwritten` those that the socket has taken.
    pub(crate) fn write_all(
        &self,
        mut transmit: Transmit,
        unwritten: &AtomicUsize,
    ) -> io::Result<()> {
        let mut records = Vec::new();
        while transmit.has_remaining() {
            self.encrypt(&mut transmit, &mut records)?;
            (&self.socket).write_all(&records)?;
            records.clear();
            unwritten.store(transmit.remaining(), Ordering::Release);
        }
        Ok(())
    }

    /// Encrypts as much of `transmit` as rustls has room for.
    fn encrypt(&self, transmit: &mut Transmit, records: &mut Vec<u8>) -> io::Result<()> {
        let mut slices = [IoSlice::new(&[]); 3];
        let count = transmit.chunks_vectored(&mut slices);
        let mut tls = self.lock();
        let taken = tls.writer().write_vectored(slices.get(..count).unwrap_or_default())?;
        transmit.advance(taken);
        take_records(&mut tls, records)
    }

    /// Ends this direction with a close_notify, which the network cannot forge
    /// (RFC 8446 section 6.1).
    pub(crate) fn close(&self) -> io::Result<()> {
        let mut records = Vec::new();
        let mut tls = self.lock();
        tls.send_close_notify();
        take_records(&mut tls, &mut records)?;
        drop(tls);
        (&self.socket).write_all(&records)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes all octets that are decrypted. Returns whether there may be more.
fn take(tls: &mut Connection, input: &mut BytesMut) -> io::Result<bool> {
    let mut reader = tls.reader();
    loop {
        let count = match reader.fill_buf() {
            Ok(octets) => {
                input.extend_from_slice(octets);
                octets.len()
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        };
        if count == 0 {
            return Ok(false);
        }
        reader.consume(count);
    }
}

fn take_records(tls: &mut Connection, records: &mut Vec<u8>) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(records)?;
    }
    Ok(())
}

/// A socket with a deadline that holds however slowly the peer sends.
struct Timed<'a> {
    socket: &'a TcpStream,
    deadline: Instant,
}

impl Timed<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        match self.deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(Some(left)),
        }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(self.left()?)?;
        self.socket.read(buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(self.left()?)?;
        self.socket.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
