//! MSRP URIs and the paths made of them (RFC 4975 sections 6 and 9).
//!
//! Each comes in two kinds: [`UriRef`] and [`PathRef`] borrow a checked text, [`MsrpUri`]
//! and [`Path`] own theirs and are cheap to clone. All of them keep the text exactly as
//! it was written.
//!
//! `==` and [`Hash`](std::hash::Hash) follow RFC 4975 section 6.1 instead of comparing
//! texts, also between the borrowed and the owned kind:
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
//! A URI has at most [`MAX_URI_OCTETS`] octets. The caller of [`PathRef::parse`] limits
//! how many URIs a path may have.

mod builder;
mod class;
pub(crate) mod compare;
mod error;
pub(crate) mod fast;
mod folded;
pub(crate) mod grammar;
mod host;
mod owned;
mod path;
mod path_ref;
pub(crate) mod read;
mod spans;
mod uri_ref;

pub use self::builder::UriBuilder;
pub(crate) use self::compare::UriKey;
pub use self::error::{UriError, UriErrorKind};
#[cfg(feature = "auth")]
pub(crate) use self::folded::folded;
pub use self::host::Host;
pub use self::owned::MsrpUri;
pub use self::path::Path;
pub use self::path_ref::{PathRef, Uris};
pub(crate) use self::spans::{PathShape, Spans};
pub use self::uri_ref::UriRef;
use crate::named::named;

/// The length in octets of the longest URI that can be read. RFC 4975 sets no limit.
pub const MAX_URI_OCTETS: usize = 4096;

/// The port that is registered for MSRP (RFC 4975 section 15.4). It is a recommendation,
/// not a default: a URI without a port differs from one with this port.
pub const RECOMMENDED_PORT: u16 = 2855;

named! {
    /// The scheme of a URI: whether its connection must be secure.
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
    /// Whether the connection must be protected by TLS or DTLS.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Msrps)
    }
}
