//! The hash of a file.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::super::pairs;
use super::text;

/// What a hash is computed by, under its name in IANA's registry of Hash Function
/// Textual Names, in lower case.
///
/// RFC 5547 knows [`SHA_1`](Self::SHA_1) alone, and RFC 8873 shows
/// [`SHA_256`](Self::SHA_256). Others are read, kept and written, but nothing in
/// this crate computes them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HashAlgorithm(Cow<'static, str>);

impl HashAlgorithm {
    /// `sha-1`, of 20 octets. It tells files apart and protects none (RFC 5547
    /// section 6).
    pub const SHA_1: Self = Self(Cow::Borrowed("sha-1"));
    /// `sha-256`, of 32 octets.
    pub const SHA_256: Self = Self(Cow::Borrowed("sha-256"));

    /// The name in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How long a hash is, for the algorithms that this crate knows.
    fn octets(&self) -> Option<usize> {
        match self.as_str() {
            "sha-1" => Some(20),
            "sha-256" => Some(32),
            _ => None,
        }
    }
}

impl FromStr for HashAlgorithm {
    type Err = FileHashError;

    fn from_str(name: &str) -> Result<Self, FileHashError> {
        text::token(name, &["sha-1", "sha-256"]).map(Self).ok_or(FileHashError::Algorithm)
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The hash over a whole file, such as `sha-1:72:24:5F:…`, whatever range of the
/// file is transferred (RFC 5547 section 6).
///
/// The hexadecimal digits are read in either letter case and written in upper case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FileHash {
    algorithm: HashAlgorithm,
    octets: Box<[u8]>,
}

/// Why something is no hash of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileHashError {
    /// No name of an algorithm.
    #[error("a hash begins with the name of its algorithm and a colon, as in sha-1:")]
    Algorithm,
    /// Something other than pairs of hexadecimal digits between colons.
    #[error("a hash is pairs of hexadecimal digits with colons between them")]
    Octets,
    /// The algorithm makes hashes of another length.
    #[error("a hash of sha-1 has 20 octets, one of sha-256 has 32")]
    Length,
}

impl FileHash {
    /// A hash of these octets.
    ///
    /// # Errors
    ///
    /// [`FileHashError::Length`] where the algorithm makes others, and
    /// [`FileHashError::Octets`] where there are none.
    pub fn new(
        algorithm: HashAlgorithm,
        octets: impl Into<Box<[u8]>>,
    ) -> Result<Self, FileHashError> {
        let octets = octets.into();
        if octets.is_empty() {
            return Err(FileHashError::Octets);
        }
        if algorithm.octets().is_some_and(|len| len != octets.len()) {
            return Err(FileHashError::Length);
        }
        Ok(Self { algorithm, octets })
    }

    #[cfg(feature = "hash")]
    pub(crate) fn computed(algorithm: HashAlgorithm, octets: &[u8]) -> Self {
        Self { algorithm, octets: octets.into() }
    }

    /// What it was computed by.
    #[must_use]
    pub const fn algorithm(&self) -> &HashAlgorithm {
        &self.algorithm
    }

    /// The octets of the hash.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl FromStr for FileHash {
    type Err = FileHashError;

    fn from_str(text: &str) -> Result<Self, FileHashError> {
        let (algorithm, value) = text.split_once(':').ok_or(FileHashError::Algorithm)?;
        let algorithm = algorithm.parse()?;
        Self::new(algorithm, pairs::read(value).ok_or(FileHashError::Octets)?)
    }
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
