//! The content of a message: read piece by piece, and compared by its digest.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Octets to send. Their number is known.
pub struct Content {
    source: Box<dyn Read + Send>,
    octets: u64,
}

impl Content {
    /// The first `octets` of a source.
    pub fn new(source: impl Read + Send + 'static, octets: u64) -> Self {
        Self { source: Box::new(source.take(octets)), octets }
    }

    /// The number of octets.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The next octets, at most `most`. Empty at the end.
    pub(crate) fn read(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(most);
        (&mut self.source).take(most as u64).read_to_end(&mut piece)?;
        Ok(piece)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("octets", &self.octets).finish_non_exhaustive()
    }
}

/// An endless pattern of octets that does not repeat within a message.
#[derive(Clone, Copy, Debug)]
pub struct Pattern(pub u64);

impl Read for Pattern {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for eight in buffer.chunks_mut(8) {
            // Xorshift: fast, and not for secrets.
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            eight.copy_from_slice(self.0.to_le_bytes().get(..eight.len()).unwrap_or_default());
        }
        Ok(buffer.len())
    }
}

/// The number of octets and their SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digested {
    /// Their number.
    pub octets: u64,
    /// Their digest.
    pub sha256: [u8; 32],
}

/// A digest that is computed piece by piece.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digesting {
    octets: u64,
    state: Sha256,
}

impl Digesting {
    /// The number of octets so far, and so the offset of the next piece.
    pub(crate) const fn octets(&self) -> u64 {
        self.octets
    }

    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.octets += piece.len() as u64;
        self.state.update(piece);
    }

    pub(crate) fn finish(self) -> Digested {
        Digested { octets: self.octets, sha256: self.state.finalize().into() }
    }
}

impl fmt::Display for Digested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets, sha256 ", self.octets)?;
        self.sha256.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}
