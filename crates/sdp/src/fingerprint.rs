//! Fingerprints of certificates (RFC 8122 section 5).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::pairs;

/// The hash function of a [`Fingerprint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HashFunction {
    /// `sha-1`: read for what it is, and no protection. Two certificates of one
    /// SHA-1 can be made.
    Sha1,
    /// `sha-224`.
    Sha224,
    /// `sha-256`, which everybody has to have.
    Sha256,
    /// `sha-384`.
    Sha384,
    /// `sha-512`.
    Sha512,
}

impl HashFunction {
    const ALL: [Self; 5] = [Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Its name in SDP.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha-1",
            Self::Sha224 => "sha-224",
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// How many octets it gives.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no hash is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// The hash of a certificate, as `a=fingerprint` has it: whoever shows that
/// certificate is who wrote the description. It is as good as the way on which
/// the description came (RFC 6714 section 7.7).
///
/// The hash is computed where the certificate is, by the application's TLS.
///
/// ```
/// use msrp_sdp::{Fingerprint, HashFunction};
///
/// let fingerprint = Fingerprint::new(HashFunction::Sha1, &[0xAB; 20])?;
/// assert!(fingerprint.to_string().starts_with("sha-1 AB:AB:"));
/// assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
/// # Ok::<(), msrp_sdp::FingerprintError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    function: HashFunction,
    octets: Box<[u8]>,
}

/// Why a text, or a number of octets, is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// Not a hash function, a space and pairs of digits.
    #[error("a fingerprint is written as in \"sha-256 4A:AD:B9:...\"")]
    Syntax,
    /// A hash function that must not be used (MD2, MD5) or is not known.
    #[error("take the fingerprint with sha-256, sha-384 or sha-512")]
    Function,
    /// More or fewer octets than the hash function gives.
    #[error("a fingerprint of this hash function has {0} octets")]
    Length(usize),
}

impl Fingerprint {
    /// The fingerprint of these octets.
    ///
    /// # Errors
    ///
    /// [`FingerprintError::Length`] where the hash function gives more or fewer.
    pub fn new(function: HashFunction, octets: &[u8]) -> Result<Self, FingerprintError> {
        if octets.len() == function.len() {
            Ok(Self { function, octets: octets.into() })
        } else {
            Err(FingerprintError::Length(function.len()))
        }
    }

    /// The hash function.
    #[must_use]
    pub const fn function(&self) -> HashFunction {
        self.function
    }

    /// The hash.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Those of a peer's fingerprints that count: the ones of the strongest hash
    /// function among them. The certificate has to match one of these (RFC 8122
    /// section 5.1).
    pub fn strongest(fingerprints: &[Self]) -> impl Iterator<Item = &Self> {
        let strongest = fingerprints.iter().map(Self::function).max();
        fingerprints.iter().filter(move |it| Some(it.function) == strongest)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let (name, digits) = text.trim().split_once(' ').ok_or(FingerprintError::Syntax)?;
        let mut functions = HashFunction::ALL.into_iter();
        let function = functions.find(|function| function.as_str().eq_ignore_ascii_case(name));
        let function = function.ok_or(FingerprintError::Function)?;
        let octets = pairs::read(digits.trim_start()).ok_or(FingerprintError::Syntax)?;
        Self::new(function, &octets)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.function.as_str())?;
        pairs::write(f, &self.octets)
    }
}
