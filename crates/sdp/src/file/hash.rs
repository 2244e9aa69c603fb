//! The hash of a file.

use std::fmt;
use std::str::FromStr;

use crate::named::named;
use crate::tolerance::{Reading, SdpTolerance};
use crate::{Error, ErrorKind, pairs};

named! {
    /// The algorithm of a file's hash: its name in IANA's registry of Hash Function
    /// Textual Names, in lower case.
    ///
    /// RFC 5547 knows [`SHA_1`](Self::SHA_1) alone, and RFC 8873 shows
    /// [`SHA_256`](Self::SHA_256). Others are read, kept and written, but nothing in
    /// this crate computes them.
    pub struct HashAlgorithm ("hash algorithm" of "file-selector") {
        /// `sha-1`, of 20 octets. It distinguishes files and protects none (RFC 5547
        /// section 6).
        SHA_1 = "sha-1",
        /// `sha-256`, of 32 octets.
        SHA_256 = "sha-256",
    }
}

impl HashAlgorithm {
    /// The number of octets of its hashes, if this crate knows the algorithm.
    fn len(&self) -> Option<usize> {
        let known = [(Self::SHA_1, 20), (Self::SHA_256, 32)];
        known.iter().find(|(it, _)| it == self).map(|(_, len)| *len)
    }
}

/// The hash of a whole file, such as `sha-1:72:24:5F:…`, even if only a range of the
/// file is transferred (RFC 5547 section 6).
///
/// The hexadecimal digits are read in either case and written in upper case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FileHash {
    algorithm: HashAlgorithm,
    octets: Box<[u8]>,
}

impl FileHash {
    /// A hash with these octets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HashLength`] if the algorithm gives more or fewer octets, and
    /// [`ErrorKind::Malformed`] if there are none, or the algorithm has the name of an
    /// octet, such as `4a`.
    pub fn new(algorithm: HashAlgorithm, octets: impl Into<Box<[u8]>>) -> Result<Self, Error> {
        let octets = octets.into();
        match algorithm.len() {
            _ if octets.is_empty() => Err(malformed()),
            // Digits alone have no algorithm.
            _ if pairs::read(algorithm.as_str()).is_some() => Err(no_algorithm()),
            Some(expected) if expected != octets.len() => {
                Err(Error::of("file-selector", ErrorKind::HashLength { expected }))
            }
            Some(_) | None => Ok(Self { algorithm, octets }),
        }
    }

    #[cfg(feature = "hash")]
    pub(super) fn computed(algorithm: HashAlgorithm, octets: &[u8]) -> Self {
        Self { algorithm, octets: octets.into() }
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> &HashAlgorithm {
        &self.algorithm
    }

    /// The octets of the hash.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Reads a hash whose algorithm may be spelt in another way.
    pub(super) fn read(text: &str, reading: &mut Reading) -> Result<Self, Error> {
        let Some(respelt) = pairs::with_hyphen(text) else { return text.parse() };
        let error = Error::of("file-selector", ErrorKind::Unknown).with_part("hash algorithm");
        reading.tolerate(SdpTolerance::HashName, error)?;
        respelt.parse().map_err(|_| malformed())
    }
}

/// An algorithm, a colon and pairs of hexadecimal digits.
impl FromStr for FileHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text.split_once(':').ok_or_else(|| no_algorithm().within(text, text));
        let (name, digits) = parts?;
        let algorithm = name.parse().map_err(|error: Error| error.within(text, name))?;
        let octets = pairs::read(digits).ok_or_else(malformed);
        let hash = octets.and_then(|octets| Self::new(algorithm, octets));
        hash.map_err(|error| error.within(text, digits))
    }
}

const fn no_algorithm() -> Error {
    Error::of("file-selector", ErrorKind::Malformed).with_part("hash algorithm")
}

fn malformed() -> Error {
    let error = Error::of("file-selector", ErrorKind::Malformed).with_part("hash");
    error.with_expected("pairs of hexadecimal digits")
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.algorithm)?;
        pairs::write(f, &self.octets)
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileHash({self})")
    }
}
