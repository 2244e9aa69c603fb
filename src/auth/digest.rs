//! The digest: its algorithms and what it covers (RFC 7616 section 3.4).

use std::fmt;

use hmac::digest::Digest;
use md5::Md5;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::error::AuthErrorKind;
use super::params::Value;
use crate::named::named;

named! {
    /// A digest algorithm. RFC 4976 section 9.1 rules out those with `-sess`.
    #[non_exhaustive]
    pub enum Algorithm: "digest algorithm", any case {
        /// The algorithm of RFC 4976, which every deployed relay knows.
        Md5 = "MD5",
        /// SHA-256 (RFC 7616).
        Sha256 = "SHA-256",
    }
}

impl Algorithm {
    /// The value of `algorithm`. Without one, it is MD5.
    pub(super) fn read(value: Option<Value<'_>>) -> Result<Self, AuthErrorKind> {
        let Some(value) = value else { return Ok(Self::Md5) };
        value.text().parse().map_err(|_| AuthErrorKind::Algorithm)
    }

    /// How many hexadecimal digits a digest has.
    const fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 => 64,
        }
    }

    /// The digest in lower case, if the text is one in any letter case.
    pub(super) fn digest_in(self, text: &str) -> Option<String> {
        let is_digest =
            text.len() == self.digits() && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        is_digest.then(|| text.to_ascii_lowercase())
    }

    /// The digest of the parts with colons between them.
    fn hash(self, parts: &[&str]) -> String {
        match self {
            Self::Md5 => hex_digest::<Md5>(parts),
            Self::Sha256 => hex_digest::<Sha256>(parts),
        }
    }
}

fn hex_digest<D: Digest>(parts: &[&str]) -> String {
    let mut digest = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    hex(&digest.finalize())
}

/// Octets in lower-case hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    let digits = octets.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// H(A1), the digest of `username:realm:password` (RFC 7616 section 3.4.2).
///
/// A relay need not keep more of a password. Within its realm, it is as good as the
/// password, so `Debug` does not show it, and `==` takes the same time for all values of
/// one length.
///
/// ```
/// use msrp::auth::{Algorithm, Ha1};
///
/// let ha1 = Ha1::new(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
/// assert_eq!(ha1.to_hex(), "939e7578ed9e3c518a452acee763bce9");
/// assert_eq!(Ha1::from_hex(Algorithm::Md5, &ha1.to_hex()), Some(ha1));
/// ```
#[derive(Clone)]
pub struct Ha1 {
    algorithm: Algorithm,
    /// Lower-case hexadecimal digits.
    digits: String,
}

impl Ha1 {
    /// Hashes a password.
    #[must_use]
    pub fn new(algorithm: Algorithm, username: &str, realm: &str, password: &str) -> Self {
        Self { algorithm, digits: algorithm.hash(&[username, realm, password]) }
    }

    /// Reads the digits of [`Ha1::to_hex`], in any letter case: 32 for MD5, 64 for
    /// SHA-256. `None` if `hex` is anything else.
    #[must_use]
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Option<Self> {
        Some(Self { algorithm, digits: algorithm.digest_in(hex)? })
    }

    /// The algorithm that made it, and that its digests must use.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The value in lower-case hexadecimal digits. Store it as a secret.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.digits.clone()
    }

    /// The digest of a request, the value of `response`.
    pub(super) fn response(&self, exchange: Exchange<'_>) -> String {
        self.digest("AUTH", exchange)
    }

    /// The digest of the relay's response, the value of `rspauth`: its A2 has no method
    /// (RFC 7616 section 3.5).
    pub(super) fn rspauth(&self, exchange: Exchange<'_>) -> String {
        self.digest("", exchange)
    }

    fn digest(&self, method: &str, exchange: Exchange<'_>) -> String {
        let Exchange { nonce, nc, cnonce, uri } = exchange;
        let ha2 = self.algorithm.hash(&[method, uri]);
        let nc = format!("{nc:08x}");
        self.algorithm.hash(&[&self.digits, nonce, &nc, cnonce, "auth", &ha2])
    }
}

impl PartialEq for Ha1 {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && is_same(&self.digits, &other.digits)
    }
}

impl Eq for Ha1 {}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ha1").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// What the digests of a request and of its response have in common.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) nonce: &'a str,
    pub(super) nc: u32,
    pub(super) cnonce: &'a str,
    /// The rightmost URI of To-Path (RFC 4976 section 9.1).
    pub(super) uri: &'a str,
}

/// Whether two digests are equal, in a time that does not reveal where they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 section 3.9.1 and RFC 2617 section 3.5, whose method is GET.
    // req: 4976-7-4
    #[test]
    fn digests_of_the_rfcs() {
        let seven = Exchange {
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            nc: 1,
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            uri: "/dir/index.html",
        };
        let two =
            Exchange { nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", cnonce: "0a4f113b", ..seven };
        let get = |algorithm, realm, password, exchange| {
            Ha1::new(algorithm, "Mufasa", realm, password).digest("GET", exchange)
        };
        let new = "http-auth@example.org";
        assert_eq!(
            get(Algorithm::Md5, new, "Circle of Life", seven),
            "8ca523f5e9506fed4657c9700eebdbec"
        );
        assert_eq!(
            get(Algorithm::Sha256, new, "Circle of Life", seven),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
        assert_eq!(
            get(Algorithm::Md5, "testrealm@host.com", "Circle Of Life", two),
            "6629fae49393a05397450978507c4ef1"
        );
    }

    // req: 4976-9.1-9
    #[test]
    fn digests_of_an_auth_and_its_answer() {
        let ha1 = Ha1::new(Algorithm::Md5, "alice", "example.com", "secret");
        let exchange = Exchange {
            nonce: "UvtfpVL7XnnJ63EE244fXDthfLihlMHOY4+dd4A=",
            nc: 1,
            cnonce: "zic5ml401prb",
            uri: "msrps://alice@a.example.com:443;ws",
        };
        assert_eq!(ha1.response(exchange), "c856164ffca85fea5d96544c76224390");
        assert_eq!(ha1.rspauth(exchange), "5283ccdba3ce9452645475841730e391");
    }
}
