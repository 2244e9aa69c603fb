//! Fingerprints of certificates (RFC 8122 section 5).

use std::fmt::{self, Write};
use std::str::FromStr;

use ring::digest;
use thiserror::Error;

/// A hash function that is safe for fingerprints. RFC 8122 names weaker ones;
/// MD2 and MD5 must not be used, and two certificates of the same SHA-1 can be
/// made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashFunction {
    /// `sha-256`, which everybody has.
    Sha256,
    /// `sha-384`.
    Sha384,
    /// `sha-512`.
    Sha512,
}

impl HashFunction {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    fn digest(self, octets: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, octets)
    }
}

/// The fingerprint of a certificate as it stands in SDP's `a=fingerprint`:
///
/// ```
/// use msrp_tls::{Fingerprint, HashFunction};
///
/// let fingerprint = Fingerprint::of(HashFunction::Sha256, b"a certificate in DER");
/// let text = fingerprint.to_string();
/// assert!(text.starts_with("sha-256 68:EB:"));
/// assert_eq!(text.parse(), Ok(fingerprint));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    function: HashFunction,
    octets: Box<[u8]>,
}

/// Why a text is no fingerprint that could be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// Not a hash function, a space and pairs of digits.
    #[error(
        "a fingerprint is written as in \"sha-256 4A:AD:B9:...\", one pair of hexadecimal digits an octet"
    )]
    Syntax,
    /// A hash function that is not safe or not known.
    #[error("take the fingerprint with sha-256, sha-384 or sha-512")]
    Function,
    /// More or fewer octets than the hash function gives.
    #[error("a fingerprint of this hash function has {0} octets")]
    Length(usize),
}

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    #[must_use]
    pub fn of(function: HashFunction, certificate: &[u8]) -> Self {
        Self { function, octets: function.digest(certificate).as_ref().into() }
    }

    /// Whether a certificate in DER has this fingerprint.
    #[must_use]
    pub fn matches(&self, certificate: &[u8]) -> bool {
        *self == Self::of(self.function, certificate)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let (name, digits) = text.split_once(' ').ok_or(FingerprintError::Syntax)?;
        let function = HashFunction::ALL
            .into_iter()
            .find(|function| function.name().eq_ignore_ascii_case(name))
            .ok_or(FingerprintError::Function)?;
        let octets: Option<Box<[u8]>> = digits.split(':').map(octet).collect();
        let octets = octets.ok_or(FingerprintError::Syntax)?;
        let len = function.digest(&[]).as_ref().len();
        if octets.len() == len {
            Ok(Self { function, octets })
        } else {
            Err(FingerprintError::Length(len))
        }
    }
}

/// RFC 8122 writes upper case; lower case is as clear.
fn octet(pair: &str) -> Option<u8> {
    let are_digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    if are_digits { u8::from_str_radix(pair, 16).ok() } else { None }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.name())?;
        let mut separator = ' ';
        for octet in &self.octets {
            f.write_char(separator)?;
            write!(f, "{octet:02X}")?;
            separator = ':';
        }
        Ok(())
    }
}
