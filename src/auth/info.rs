//! The value of Authentication-Info.

use std::fmt;
use std::str::FromStr;

use super::digest::Algorithm;
use super::error::{AuthError, AuthErrorKind};
use super::params::{self, Quoted, Value, needs_qop_auth};

/// What a relay adds to the 200 of an AUTH: the value of Authentication-Info
/// (RFC 4976 section 4.5).
///
/// In a value that is read, every parameter may be missing. Writing adds `qop=auth` to
/// those that are present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationInfo {
    pub(super) nextnonce: Option<String>,
    pub(super) rspauth: Option<String>,
    pub(super) cnonce: Option<String>,
    pub(super) nc: Option<u32>,
}

impl AuthenticationInfo {
    /// Reads a value.
    ///
    /// # Errors
    ///
    /// [`AuthError`]: a `qop` that is not `auth`, a malformed parameter, or a malformed
    /// list of parameters.
    pub fn parse(value: &str) -> Result<Self, AuthError> {
        Self::read(value).map_err(|kind| params::located(value, kind))
    }

    fn read(value: &str) -> Result<Self, AuthErrorKind> {
        let names = ["nextnonce", "rspauth", "cnonce", "nc", "qop"];
        let [nextnonce, rspauth, cnonce, nc, qop] = params::read(value, names)?;
        if qop.is_some() {
            needs_qop_auth(qop)?;
        }
        Ok(Self {
            nextnonce: nextnonce.map(Value::owned),
            rspauth: rspauth.map(digest).transpose()?,
            cnonce: cnonce.map(Value::owned),
            nc: nc.map(Value::nonce_count).transpose()?,
        })
    }

    /// The nonce that the next AUTH must use.
    #[must_use]
    pub fn nextnonce(&self) -> Option<&str> {
        self.nextnonce.as_deref()
    }

    /// The relay's own digest, in lower-case hexadecimal digits, which proves that the
    /// relay knows the password.
    #[must_use]
    pub fn rspauth(&self) -> Option<&str> {
        self.rspauth.as_deref()
    }

    /// The client's nonce of the request.
    #[must_use]
    pub fn cnonce(&self) -> Option<&str> {
        self.cnonce.as_deref()
    }

    /// The nonce count of the request.
    #[must_use]
    pub const fn nonce_count(&self) -> Option<u32> {
        self.nc
    }
}

/// A digest of either algorithm: the header field does not say which.
fn digest(value: Value<'_>) -> Result<String, AuthErrorKind> {
    let text = value.text();
    let mut digests = Algorithm::ALL.iter();
    let digest = digests.find_map(|algorithm| algorithm.digest_in(&text));
    digest.ok_or(AuthErrorKind::Value("rspauth"))
}

impl FromStr for AuthenticationInfo {
    type Err = AuthError;

    fn from_str(value: &str) -> Result<Self, AuthError> {
        Self::parse(value)
    }
}

impl fmt::Display for AuthenticationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("qop=auth")?;
        if let Some(nextnonce) = &self.nextnonce {
            write!(f, ", nextnonce={}", Quoted(nextnonce))?;
        }
        if let Some(rspauth) = &self.rspauth {
            write!(f, ", rspauth=\"{rspauth}\"")?;
        }
        if let Some(cnonce) = &self.cnonce {
            write!(f, ", cnonce={}", Quoted(cnonce))?;
        }
        self.nc.map_or(Ok(()), |nc| write!(f, ", nc={nc:08x}"))
    }
}
