//! The stream below a connection: TCP, or TLS over it.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use msrp::Transmit;

use super::secure::Secure;

/// Octets to read from the socket at a time.
const READ_OCTETS: usize = 64 * 1024;

/// A stream that one thread reads while another writes.
pub(crate) enum Stream {
    Plain(TcpStream),
    Secure(Box<Secure>),
}

impl From<TcpStream> for Stream {
    fn from(socket: TcpStream) -> Self {
        Self::Plain(socket)
    }
}

impl From<Secure> for Stream {
    fn from(secure: Secure) -> Self {
        Self::Secure(Box::new(secure))
    }
}

impl Stream {
    pub(crate) const fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Secure(secure) => secure.socket(),
        }
    }

    /// Waits for octets and appends them to `input`. Returns how many there
    /// were; 0 at the end of the stream.
    pub(crate) fn read_more(&self, input: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => read_more(socket, input),
            Self::Secure(secure) => secure.read_more(input),
        }
    }

    /// Waits until the peer has sent something, or ended its side. Returns false if it
    /// has done neither before the timeout.
    pub(crate) fn wait_for_octets(&self, timeout: Duration) -> io::Result<bool> {
        if let Self::Secure(secure) = self
            && secure.has_octets()
        {
            return Ok(true);
        }
        self.socket().set_read_timeout(Some(timeout))?;
        let peeked = self.socket().peek(&mut [0]);
        self.socket().set_read_timeout(None)?;
        match peeked {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes all octets, and subtracts from `unwritten` those that the socket has taken.
    pub(crate) fn write_all(&self, transmit: Transmit, unwritten: &AtomicUsize) -> io::Result<()> {
        match self {
            Self::Plain(socket) => write_all(socket, transmit, unwritten),
            Self::Secure(secure) => secure.write_all(transmit, unwritten),
        }
    }

    /// Tells the peer that no more octets will come.
    pub(crate) fn end(&self) {
        if let Self::Secure(secure) = self {
            // Fails if the peer has gone, which needs no close_notify.
            let _ = secure.close();
        }
        let _ = self.socket().shutdown(Shutdown::Write);
    }
}

/// Reads once and appends the octets to `buffer`. Returns how many there were.
pub(crate) fn read_more(from: impl Read, buffer: &mut BytesMut) -> io::Result<usize> {
    let start = buffer.len();
    buffer.resize(start + READ_OCTETS, 0);
    let result = read(from, buffer.get_mut(start..).unwrap_or_default());
    buffer.truncate(start + result.as_ref().map_or(0, |read| *read));
    result
}

/// Reads once; a signal does not interrupt it.
pub(crate) fn read(mut from: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn write_all(
    mut socket: &TcpStream,
    mut transmit: Transmit,
    unwritten: &AtomicUsize,
) -> io::Result<()> {
    while transmit.has_remaining() {
        let mut slices = [IoSlice::new(&[]); 3];
        let count = transmit.chunks_vectored(&mut slices);
        let written = match socket.write_vectored(slices.get(..count).unwrap_or_default()) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        transmit.advance(written);
        unwritten.store(transmit.remaining(), Ordering::Release);
    }
    Ok(())
}
