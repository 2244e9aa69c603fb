//! Session descriptions as text (RFC 8866), as far as MSRP needs them.

mod attribute;
mod field;
mod lines;
mod origin;
mod read;
mod section;
mod session;

pub use self::attribute::Attribute;
pub use self::origin::Origin;
pub use self::section::MediaDescription;
pub use self::session::SessionDescription;

/// The most octets of a session description that is read.
pub const MAX_SDP_OCTETS: usize = 64 * 1024;

/// The most media sections of a session description that is read.
pub const MAX_SECTIONS: usize = 64;

/// The most attributes of a section of media `message` or `application`, with those
/// that it inherits from the session. Sections of other media have no limit.
pub const MAX_ATTRIBUTES: usize = 256;

/// What an error calls the text as a whole.
const DESCRIPTION: &str = "session description";
