//! Fingerprints of certificates (RFC 8122 section 5).

use std::fmt::{self, Write};
use std::str::FromStr;

use ring::digest;

use crate::TlsError;

macro_rules! hash_functions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A hash function that is safe for fingerprints. RFC 8122 names weaker
        /// ones: MD2 and MD5 must not be used, and SHA-1 has collisions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum HashFunction {
            $($(#[$doc])* $variant,)+
        }

        impl HashFunction {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in `a=fingerprint`, in lower case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

hash_functions! {
    /// `sha-256`, which every implementation supports.
    Sha256 = "sha-256",
    /// `sha-384`.
    Sha384 = "sha-384",
    /// `sha-512`.
    Sha512 = "sha-512",
}

impl HashFunction {
    fn digest(self, octets: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, octets)
    }
}

impl fmt::Display for HashFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HashFunction {
    type Err = TlsError;

    /// Ignores case.
    fn from_str(name: &str) -> Result<Self, TlsError> {
        let mut all = Self::ALL.iter().copied();
        all.find(|function| function.as_str().eq_ignore_ascii_case(name))
            .ok_or(TlsError::HashFunction)
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
/// assert_eq!(text.parse::<Fingerprint>()?, fingerprint);
/// # Ok::<(), msrp_tls::TlsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    function: HashFunction,
    octets: Box<[u8]>,
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
    type Err = TlsError;

    fn from_str(text: &str) -> Result<Self, TlsError> {
        let (name, digits) = text.split_once(' ').ok_or(TlsError::FingerprintSyntax)?;
        let function: HashFunction = name.parse()?;
        let octets: Option<Box<[u8]>> = digits.split(':').map(octet).collect();
        let octets = octets.ok_or(TlsError::FingerprintSyntax)?;
        let len = function.digest(&[]).as_ref().len();
        if octets.len() == len {
            Ok(Self { function, octets })
        } else {
            Err(TlsError::FingerprintLength(len))
        }
    }
}

/// RFC 8122 requires upper case; lower case is accepted, too.
fn octet(pair: &str) -> Option<u8> {
    let are_digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    if are_digits { u8::from_str_radix(pair, 16).ok() } else { None }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.as_str())?;
        let mut separator = ' ';
        for octet in &self.octets {
            f.write_char(separator)?;
            write!(f, "{octet:02X}")?;
            separator = ':';
        }
        Ok(())
    }
}
