//! The value of WWW-Authenticate.

use std::fmt;
use std::str::FromStr;

use super::digest::Algorithm;
use super::error::{AuthError, AuthErrorKind};
use super::params::{self, Quoted, needed, needs_qop_auth};

/// The challenge of a relay: the value of one WWW-Authenticate (RFC 4976 section 4.3).
///
/// A challenge without `algorithm` means MD5. Reading ignores `domain` and unknown
/// parameters. Writing adds `qop="auth"`, and nothing that RFC 4976 section 9.1 rules out.
///
/// ```
/// use msrp::auth::{Algorithm, Challenge};
///
/// let challenge: Challenge = r#"Digest realm="a.example", qop="auth", nonce="x1""#.parse()?;
/// assert_eq!(challenge.algorithm(), Algorithm::Md5);
/// assert_eq!(
///     challenge.to_string(),
///     r#"Digest realm="a.example", nonce="x1", algorithm=MD5, qop="auth""#,
/// );
/// # Ok::<(), msrp::auth::AuthError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) opaque: Option<String>,
    pub(super) stale: bool,
    pub(super) algorithm: Algorithm,
}

impl Challenge {
    /// Reads a value, which begins with `Digest`.
    ///
    /// # Errors
    ///
    /// [`AuthError`]: another scheme, an algorithm that is not in [`Algorithm`], a `qop`
    /// without `auth`, a missing realm, nonce or qop, or a malformed list of parameters.
    pub fn parse(value: &str) -> Result<Self, AuthError> {
        Self::read(value).map_err(|kind| params::located(value, kind))
    }

    /// Reads each challenge of a field. Most fields have one.
    pub(crate) fn each(field: &str) -> impl Iterator<Item = Result<Self, AuthError>> {
        params::challenges(field).map(Self::parse)
    }

    fn read(value: &str) -> Result<Self, AuthErrorKind> {
        let names = ["realm", "nonce", "opaque", "stale", "algorithm", "qop"];
        let list = params::without_scheme(value)?;
        let [realm, nonce, opaque, stale, algorithm, qop] = params::read(list, names)?;
        needs_qop_auth(qop)?;
        Ok(Self {
            realm: needed(realm, "realm")?.owned(),
            nonce: needed(nonce, "nonce")?.owned(),
            opaque: opaque.map(params::Value::owned),
            // Any other value counts as false (RFC 7616 section 3.3).
            stale: stale.is_some_and(|value| value.text().eq_ignore_ascii_case("true")),
            algorithm: Algorithm::read(algorithm)?,
        })
    }

    /// The realm whose users may answer.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The nonce that the answer must use.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The value that the answer must repeat.
    #[must_use]
    pub fn opaque(&self) -> Option<&str> {
        self.opaque.as_deref()
    }

    /// Whether the previous answer was refused only for its nonce, so that the same
    /// password is worth another try.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.stale
    }

    /// The algorithm that the answer must use.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl FromStr for Challenge {
    type Err = AuthError;

    fn from_str(value: &str) -> Result<Self, AuthError> {
        Self::parse(value)
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}, nonce={}", Quoted(&self.realm), Quoted(&self.nonce))?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", Quoted(opaque))?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        write!(f, ", algorithm={}, qop=\"auth\"", self.algorithm)
    }
}
