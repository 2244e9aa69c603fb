//! Bodies of several parts: multipart/mixed, /alternative and /related
//! (RFC 2046 section 5.1, RFC 2387).
//!
//! Every MSRP endpoint must accept mixed and alternative bodies (RFC 4975 section
//! 7.3.1). [`Multipart`] reads the parts of a body without copying them, and
//! [`MultipartBuilder`] writes a body:
//!
//! ```
//! use msrp::MediaType;
//! use msrp_cpim::multipart::{Multipart, MultipartBuilder, Part};
//!
//! // Use a fresh random boundary, such as `msrp::session_id` makes.
//! let (content_type, body) = MultipartBuilder::alternative("2nb5wkgqa7")
//!     .part(&MediaType::text_plain(), &[], b"Lunch?")
//!     .part(&MediaType::new("text/html")?, &[], b"<b>Lunch?</b>")
//!     .build()?;
//!
//! let read = Multipart::parse(content_type.as_str(), &body)?;
//! let parts: Vec<Part> = read.parts().collect::<Result<_, _>>()?;
//! assert_eq!(parts[1].content_type(), "text/html");
//! let best: Option<Part> = read.preferred(|part| part.essence() == "text/plain");
//! assert_eq!(best.map(|part| part.body()), Some(&b"Lunch?"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Reading takes time in proportion to the body, and no memory for its parts.
//!
//! | Of | At most | Beyond it |
//! |---|---|---|
//! | octets of a boundary | [`MAX_BOUNDARY_OCTETS`] | [`ParseErrorKind::Boundary`] |
//! | octets in the header fields of a part | [`MAX_PART_HEAD_OCTETS`] | [`ParseErrorKind::TooLong`] for that part |
//! | lines in the header fields of a part | 512 | [`ParseErrorKind::TooLong`] for that part |
//! | multipart bodies inside one another | [`MAX_DEPTH`] | [`ParseErrorKind::TooDeep`] |
//!
//! [`ParseErrorKind::Boundary`]: crate::ParseErrorKind::Boundary
//! [`ParseErrorKind::TooLong`]: crate::ParseErrorKind::TooLong
//! [`ParseErrorKind::TooDeep`]: crate::ParseErrorKind::TooDeep

mod builder;
mod read;

pub use self::builder::MultipartBuilder;
pub use self::read::{Multipart, Part};
pub use crate::limits::{MAX_BOUNDARY_OCTETS, MAX_DEPTH, MAX_PART_HEAD_OCTETS};
