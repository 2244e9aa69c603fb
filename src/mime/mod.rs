//! Values of MIME header fields and their parameters (RFC 2045, RFC 2183,
//! RFC 2231), and the types of what a container holds.

mod contained;
mod fields;
mod value;
mod wrapped;
mod write;

pub(crate) use self::contained::{contained_types, is_multipart};
pub use self::value::MimeValue;
pub use self::wrapped::wrapped_type;
pub(crate) use self::wrapped::{has_whole_head, is_cpim};
pub use self::write::MimeValueBuilder;
