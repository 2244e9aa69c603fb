//! MSRP URIs and the paths made of them (RFC 4975 sections 6 and 9).
//!
//! Each comes in two kinds: [`UriRef`] and [`PathRef`] borrow a text that was
//! checked, [`MsrpUri`] and [`Path`] own theirs and are cheap to clone. All of
//! them keep the text as it was written and find the parts in it; none ever
//! changes its spelling.
//!
//! `==` and [`Hash`](std::hash::Hash) follow RFC 4975 section 6.1 and not the
//! text, between the borrowed and the owned kind as well:
//!
//! ```
//! use msrp::uri::{MsrpUri, UriRef};
//!
//! let ours: MsrpUri = "msrp://host.example.com:2855/Kx81;tcp".parse()?;
//! let theirs = UriRef::parse("MSRP://bob@Host.EXAMPLE.com:02855/Kx81;TCP;via=lab")?;
//! assert_eq!(ours, theirs);
//!
//! let other = UriRef::parse("msrp://host.example.com:2855/kX81;tcp")?;
//! assert_ne!(ours, other);
//! # Ok::<(), msrp::uri::UriError>(())
//! ```
//!
//! # Limits
//!
//! A URI has at most [`MAX_URI_OCTETS`] octets. How many URIs a path may have
//! is for the caller of [`PathRef::parse`] to say.

mod builder;
mod class;
pub(crate) mod compare;
pub(crate) mod grammar;
mod host;
mod owned;
mod path;
mod path_ref;
mod uri_ref;

use thiserror::Error;

pub use self::builder::UriBuilder;
pub(crate) use self::compare::UriKey;
pub(crate) use self::grammar::PathShape;
pub use self::host::Host;
pub use self::owned::MsrpUri;
pub use self::path::Path;
pub use self::path_ref::{PathRef, Uris};
pub(crate) use self::uri_ref::Spans;
pub use self::uri_ref::UriRef;
use crate::named::named;

/// The most octets of one URI that can be read. RFC 4975 sets no limit.
pub const MAX_URI_OCTETS: usize = 4096;

/// The port that is registered for MSRP (RFC 4975 section 15.4). It is a
/// recommendation and no default: a URI without a port is not one with this.
pub const RECOMMENDED_PORT: u16 = 2855;

named! {
    /// The scheme of a URI: whether its connection has to be secure.
    #[derive(PartialOrd, Ord)]
    pub enum Scheme: "URI scheme", any case {
        /// Any connection.
        Msrp = "msrp",
        /// A connection over TLS, or over DTLS for a data channel (RFC 4975
        /// section 6, RFC 8873 section 7).
        Msrps = "msrps",
    }
}

impl Scheme {
    /// Whether the connection has to be protected with TLS or DTLS.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Msrps)
    }
}

/// Why a text, or what a [`UriBuilder`] was given, makes no MSRP URI.
///
/// Says which part is wrong and never repeats it: a session-id is a secret
/// (RFC 4975 section 14.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UriError {
    /// Longer than [`MAX_URI_OCTETS`].
    #[error("an MSRP URI may have at most {MAX_URI_OCTETS} octets")]
    TooLong,
    /// A space, a control octet or one outside US-ASCII.
    #[error("an MSRP URI holds printable US-ASCII and no spaces")]
    Octet,
    /// Something other than `msrp://` or `msrps://` at the start.
    #[error("an MSRP URI starts with msrp:// or msrps://")]
    Scheme,
    /// A userinfo with an octet that RFC 3986 does not allow there.
    #[error("escape what RFC 3986 does not allow in a userinfo with % and two hex digits")]
    Userinfo,
    /// A password in the userinfo of a URI to be built.
    #[error("leave the password out of the userinfo (RFC 4975 section 6)")]
    Password,
    /// No host, or one that is neither a name, nor an IPv4 address, nor an IPv6
    /// address in brackets.
    #[error("a host is a name, an IPv4 address, or an IPv6 address in brackets")]
    Host,
    /// A port that is empty, no number, zero or above 65,535; also what is left
    /// of an IPv6 address without brackets behind its first colon.
    #[error("a port is a number from 1 to 65535, and an IPv6 address before it needs brackets")]
    Port,
    /// A session-id that is empty or holds an octet not allowed there.
    #[error("a session-id holds letters, digits and - . _ ~ + = /, at least one of them")]
    SessionId,
    /// No transport, or one that holds more than letters and digits.
    #[error("name the transport with letters and digits behind a semicolon, as in ;tcp")]
    Transport,
    /// A parameter behind the transport that is no `token` or `token=token`.
    #[error("a URI parameter is a token, or two tokens around an equals sign")]
    Parameter,
}

/// Why a text, or a list of URIs, makes no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathError {
    /// No URI at all.
    #[error("a path has at least one URI")]
    Empty,
    /// More URIs than the caller allows.
    #[error("the path has more than {limit} URIs")]
    TooMany {
        /// How many are allowed.
        limit: usize,
    },
    /// A space at the start, at the end, or beside the one between two URIs.
    #[error("put one space between two URIs of a path and none elsewhere")]
    ExtraSpace,
    /// One of the URIs is wrong.
    #[error("URI at index {index} of the path: {error}")]
    Uri {
        /// Which one, counted from zero.
        index: usize,
        /// What is wrong with it.
        error: UriError,
    },
}
