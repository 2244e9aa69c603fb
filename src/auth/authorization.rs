//! The value of Authorization.

use std::fmt;
use std::str::FromStr;

use super::digest::{Algorithm, Exchange};
use super::error::{AuthError, AuthErrorKind};
use super::params::{self, Quoted, Value, needed, needs_qop_auth};

/// The answer of a client to a challenge: the value of Authorization (RFC 4976
/// section 4.4).
///
/// A [`DigestClient`](super::DigestClient) makes it, a
/// [`DigestServer`](super::DigestServer) checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    pub(super) username: String,
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) uri: Option<String>,
    pub(super) response: String,
    pub(super) algorithm: Algorithm,
    pub(super) cnonce: String,
    pub(super) nc: u32,
    pub(super) opaque: Option<String>,
}

impl Authorization {
    /// Reads a value, which begins with `Digest`.
    ///
    /// # Errors
    ///
    /// [`AuthError`]: another scheme, an algorithm that is not in [`Algorithm`], a `qop`
    /// that is not `auth`, a missing or malformed parameter, or a malformed list of
    /// parameters.
    pub fn parse(value: &str) -> Result<Self, AuthError> {
        Self::read(value).map_err(|kind| params::located(value, kind))
    }

    fn read(value: &str) -> Result<Self, AuthErrorKind> {
        let names = [
            "username",
            "realm",
            "nonce",
            "uri",
            "response",
            "algorithm",
            "cnonce",
            "nc",
            "opaque",
            "qop",
        ];
        let list = params::without_scheme(value)?;
        let [username, realm, nonce, uri, response, algorithm, cnonce, nc, opaque, qop] =
            params::read(list, names)?;
        needs_qop_auth(qop)?;
        let algorithm = Algorithm::read(algorithm)?;
        let response = algorithm.digest_in(&needed(response, "response")?.text());
        Ok(Self {
            username: needed(username, "username")?.owned(),
            realm: needed(realm, "realm")?.owned(),
            nonce: needed(nonce, "nonce")?.owned(),
            uri: uri.map(Value::owned),
            response: response.ok_or(AuthErrorKind::Value("response"))?,
            algorithm,
            cnonce: needed(cnonce, "cnonce")?.owned(),
            nc: needed(nc, "nc")?.nonce_count()?,
            opaque: opaque.map(Value::owned),
        })
    }

    /// The name of the user, within the realm.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The realm of the user.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The nonce of the challenge, or of a `nextnonce`.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The URI of the request, if the client has included it.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// The digest, in lower-case hexadecimal digits.
    #[must_use]
    pub fn response(&self) -> &str {
        &self.response
    }

    /// The algorithm of the digest.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The client's own nonce.
    #[must_use]
    pub fn cnonce(&self) -> &str {
        &self.cnonce
    }

    /// The number of this use of the nonce, counted from one.
    #[must_use]
    pub const fn nonce_count(&self) -> u32 {
        self.nc
    }

    /// The opaque value of the challenge, repeated.
    #[must_use]
    pub fn opaque(&self) -> Option<&str> {
        self.opaque.as_deref()
    }

    /// What the digest covers for a request whose To-Path ends with `uri`.
    pub(super) fn exchange<'a>(&'a self, uri: &'a str) -> Exchange<'a> {
        Exchange { nonce: &self.nonce, nc: self.nc, cnonce: &self.cnonce, uri }
    }
}

impl FromStr for Authorization {
    type Err = AuthError;

    fn from_str(value: &str) -> Result<Self, AuthError> {
        Self::parse(value)
    }
}

impl fmt::Display for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [username, realm, nonce] =
            [&self.username, &self.realm, &self.nonce].map(|it| Quoted(it));
        write!(f, "Digest username={username}, realm={realm}, nonce={nonce}")?;
        if let Some(uri) = &self.uri {
            write!(f, ", uri={}", Quoted(uri))?;
        }
        write!(f, ", qop=auth, nc={:08x}, cnonce={}", self.nc, Quoted(&self.cnonce))?;
        write!(f, ", response=\"{}\", algorithm={}", self.response, self.algorithm)?;
        match &self.opaque {
            Some(opaque) => write!(f, ", opaque={}", Quoted(opaque)),
            None => Ok(()),
        }
    }
}
