//! Fingerprints of certificates (RFC 8122 section 5).

use std::fmt;
use std::str::FromStr;

use crate::named::named;
use crate::token::is_blank;
use crate::tolerance::{Reading, SdpTolerance};
use crate::{Error, ErrorKind, pairs};

named! {
    /// The hash function of a [`Fingerprint`], the weakest first.
    ///
    /// MD2 and MD5 are unknown: they must not be used (RFC 8122 section 5).
    #[derive(PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum HashFunction ("hash function" of "fingerprint", any case) {
        /// `sha-1`. It protects nothing: two certificates can be made to share one.
        Sha1 = "sha-1",
        /// `sha-224`.
        Sha224 = "sha-224",
        /// `sha-256`, which every endpoint supports.
        Sha256 = "sha-256",
        /// `sha-384`.
        Sha384 = "sha-384",
        /// `sha-512`.
        Sha512 = "sha-512",
    }
}

impl HashFunction {
    /// The number of octets of its hashes.
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

/// The hash of a certificate, the value of `a=fingerprint`. The peer that shows this
/// certificate is the author of the description. It is as trustworthy as the channel
/// that carried the description (RFC 6714 section 7.7).
///
/// The application's TLS computes the hash.
///
/// ```
/// use msrp_sdp::{Fingerprint, HashFunction};
///
/// let fingerprint = Fingerprint::new(HashFunction::Sha1, &[0xAB; 20])?;
/// assert!(fingerprint.to_string().starts_with("sha-1 AB:AB:"));
/// assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
/// # Ok::<(), msrp_sdp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    function: HashFunction,
    octets: Box<[u8]>,
}

impl Fingerprint {
    /// The fingerprint with these octets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::HashLength`] if the hash function gives more or fewer octets.
    pub fn new(function: HashFunction, octets: &[u8]) -> Result<Self, Error> {
        let expected = function.len();
        if octets.len() == expected {
            Ok(Self { function, octets: octets.into() })
        } else {
            Err(Error::of("fingerprint", ErrorKind::HashLength { expected }))
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

    /// Reads a fingerprint whose hash function may be spelt in another way.
    pub(crate) fn read(text: &str, reading: &mut Reading) -> Result<Self, Error> {
        let value = text.trim_matches(is_blank);
        let Some(respelt) = pairs::with_hyphen(value) else { return text.parse() };
        let error = Error::of("fingerprint", ErrorKind::Unknown).with_part("hash function");
        reading.tolerate(SdpTolerance::HashName, error.within(text, value))?;
        let whole = |error: Error| Error::of("fingerprint", error.kind()).within(text, value);
        respelt.parse().map_err(whole)
    }

    /// Those of a peer's fingerprints that count: the ones of the strongest hash
    /// function among them. The certificate must match one of these (RFC 8122
    /// section 5.1).
    pub fn strongest(fingerprints: &[Self]) -> impl Iterator<Item = &Self> {
        let strongest = fingerprints.iter().map(Self::function).max();
        fingerprints.iter().filter(move |it| Some(it.function) == strongest)
    }
}

/// A hash function, a space and pairs of hexadecimal digits, in either case.
impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = Error::of("fingerprint", ErrorKind::Malformed);
        let Some((name, digits)) = text.trim_matches(is_blank).split_once(is_blank) else {
            return Err(malformed.with_expected("sha-256 4A:AD:B9:…").within(text, text));
        };
        let function: HashFunction =
            name.parse().map_err(|error: Error| error.within(text, name))?;
        let digits = digits.trim_start_matches(is_blank);
        let octets = pairs::read(digits).ok_or_else(|| {
            let error = malformed.with_part("hash").with_expected("pairs of hexadecimal digits");
            error.within(text, digits)
        })?;
        Self::new(function, &octets).map_err(|error| error.within(text, digits))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.function)?;
        pairs::write(f, &self.octets)
    }
}
