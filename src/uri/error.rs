//! What can be wrong with URIs and paths.

use std::fmt;

use super::MAX_URI_OCTETS;
use crate::fault::reader_error;

reader_error! {
    /// A text that is no MSRP URI or path, or parts that make none.
    ///
    /// It says which part is wrong and where, and never repeats it: a session-id
    /// is a secret (RFC 4975 section 14.1).
    ///
    /// ```
    /// use msrp::uri::{UriErrorKind, UriRef};
    ///
    /// let error = UriRef::parse("msrp://a.example:0/s;tcp").unwrap_err();
    /// assert_eq!(error.kind(), UriErrorKind::Port);
    /// assert_eq!(error.place(), 17..18);
    /// ```
    UriError of UriErrorKind
}

/// What is wrong with a URI or a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriErrorKind {
    /// A URI is longer than [`MAX_URI_OCTETS`].
    TooLong,
    /// A space, a control octet or an octet outside US-ASCII.
    Octet,
    /// The URI starts with neither `msrp://` nor `msrps://`.
    Scheme,
    /// The userinfo has an octet that RFC 3986 does not allow there.
    Userinfo,
    /// The userinfo of a URI to be built has a password.
    Password,
    /// The host is missing, or is neither a name, nor an IPv4 address, nor an
    /// IPv6 address in brackets.
    Host,
    /// The port is empty, no number, zero or above 65,535. An IPv6 address
    /// without brackets gives this error too, for what follows its first colon.
    Port,
    /// The session-id is empty or has an octet that is not allowed there.
    SessionId,
    /// The transport is missing, or has more than letters and digits.
    Transport,
    /// A parameter after the transport is neither `token` nor `token=token`.
    Parameter,
    /// The path has no URI.
    EmptyPath,
    /// The path has more URIs than the caller allows.
    TooManyUris {
        /// How many are allowed.
        limit: usize,
    },
    /// The path has a space at its start or end, or several between two URIs.
    ExtraSpace,
}

impl fmt::Display for UriErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "an MSRP URI may have at most {MAX_URI_OCTETS} octets"),
            Self::TooManyUris { limit } => write!(f, "a path may have at most {limit} URIs"),
            Self::Octet => f.write_str("an MSRP URI must be printable US-ASCII without spaces"),
            Self::Scheme => f.write_str("an MSRP URI must start with msrp:// or msrps://"),
            Self::Userinfo => {
                f.write_str("escape the octets of a userinfo that RFC 3986 does not allow")
            }
            Self::Password => f.write_str("a userinfo must not have a password"),
            Self::Host => f.write_str(
                "the host must be a name, an IPv4 address, or an IPv6 address in brackets",
            ),
            Self::Port => f.write_str(
                "the port must be a number from 1 to 65535; an IPv6 address needs brackets",
            ),
            Self::SessionId => {
                f.write_str("the session-id must be letters, digits and - . _ ~ + = /")
            }
            Self::Transport => f.write_str(
                "the transport must be letters and digits after a semicolon, as in ;tcp",
            ),
            Self::Parameter => {
                f.write_str("a URI parameter must be a token, or two tokens around an equals sign")
            }
            Self::EmptyPath => f.write_str("a path must have at least one URI"),
            Self::ExtraSpace => {
                f.write_str("a path must have one space between two URIs and none elsewhere")
            }
        }
    }
}
