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
mod error;
pub(crate) mod fast;
pub(crate) mod grammar;
mod host;
mod owned;
mod path;
mod path_ref;
mod uri_ref;

pub use self::builder::UriBuilder;
pub(crate) use self::compare::UriKey;
pub use self::error::{UriError, UriErrorKind};
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
