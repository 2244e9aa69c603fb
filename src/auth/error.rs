//! What can be wrong with digest header fields and the answers to them.

use std::fmt;

use super::MAX_PARAMETERS;
use crate::fault::reader_error;

reader_error! {
    /// A digest header field that cannot be read, or that ends an authentication.
    ///
    /// It says which parameter is wrong and where, and never repeats its value.
    ///
    /// ```
    /// use msrp::auth::{AuthErrorKind, Challenge};
    ///
    /// let error = Challenge::parse(r#"Digest realm="a", nonce="x", qop=auth-int"#).unwrap_err();
    /// assert_eq!(error.kind(), AuthErrorKind::Qop);
    /// assert_eq!(error.place(), 29..41);
    /// ```
    AuthError of AuthErrorKind
}

/// What is wrong with a digest header field, or why no further AUTH helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// The scheme is not Digest. RFC 4976 section 9.1 rules Basic out.
    Scheme,
    /// The value is not a list of parameters: a quote is not closed, say, or it has a
    /// control octet.
    Malformed,
    /// The value has more than [`MAX_PARAMETERS`] parameters.
    TooManyParameters,
    /// A required parameter is missing or empty.
    Missing(&'static str),
    /// A parameter occurs twice, so that two readers could differ.
    Repeated(&'static str),
    /// The value of a parameter is malformed.
    Value(&'static str),
    /// The algorithm is not in [`Algorithm`](super::Algorithm): one with `-sess`, say.
    Algorithm,
    /// The qualities of protection do not include `auth`.
    Qop,
    /// The 401 has no WWW-Authenticate.
    NoChallenge,
    /// The relay refused the answer to a challenge for another reason than its nonce: the
    /// username or the password is wrong.
    Refused,
    /// The relay has challenged several times, each time only because of the nonce.
    NoncesRefused,
    /// The Authentication-Info belongs to another request.
    OtherRequest,
    /// `rspauth` is wrong: the sender of the response does not know the password. Its
    /// URIs should not be used.
    WrongRelay,
}

impl fmt::Display for AuthErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => f.write_str("the authentication scheme must be Digest"),
            Self::Malformed => f.write_str("a digest value must be parameters between commas"),
            Self::TooManyParameters => {
                write!(f, "a digest value may have at most {MAX_PARAMETERS} parameters")
            }
            Self::Missing(name) => write!(f, "missing {name}"),
            Self::Repeated(name) => write!(f, "duplicate {name}"),
            Self::Value(name) => write!(f, "malformed {name}"),
            Self::Algorithm => f.write_str("the digest algorithm must be MD5 or SHA-256"),
            Self::Qop => f.write_str("qop must be auth"),
            Self::NoChallenge => f.write_str("the 401 has no WWW-Authenticate"),
            Self::Refused => f.write_str("the relay refuses the username or the password"),
            Self::NoncesRefused => f.write_str("the relay refuses its own nonces"),
            Self::OtherRequest => f.write_str("the Authentication-Info belongs to another request"),
            Self::WrongRelay => f.write_str("the relay does not know the password"),
        }
    }
}
