//! Bodies of several parts: multipart/mixed, /alternative and /related
//! (RFC 2046 section 5.1, RFC 2387).
//!
//! Every MSRP endpoint has to take mixed and alternative ones (RFC 4975
//! section 7.3.1). [`Multipart`] walks through the parts of a body where they
//! are, [`MultipartBuilder`] writes one:
//!
//! ```
//! use msrp::MediaType;
//! use msrp_cpim::multipart::{Multipart, MultipartBuilder, Part};
//!
//! // The boundary is best a fresh random one, such as `msrp::session_id` gives.
//! let (content_type, body) = MultipartBuilder::alternative("2nb5wkgqa7")
//!     .part(&MediaType::text_plain(), &[], b"Lunch?")
//!     .part(&MediaType::new("text/html")?, &[], b"<b>Lunch?</b>")
//!     .build()?;
//!
//! let read = Multipart::new(content_type.as_str(), &body)?;
//! let parts: Vec<Part> = read.parts().collect::<Result<_, _>>()?;
//! assert_eq!(parts[1].content_type(), "text/html");
//! let best: Option<Part> = read.preferred(|part| part.essence() == "text/plain");
//! assert_eq!(best.map(|part| part.body()), Some(&b"Lunch?"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Reading copies no part: they are found one after the other, in time that grows
//! with the body. Boundaries have at most [`MAX_BOUNDARY_OCTETS`], the
//! header fields of a part at most [`MAX_PART_HEAD_OCTETS`], and parts inside
//! parts go at most [`MAX_DEPTH`] deep.

mod builder;
mod read;

pub use self::builder::{MultipartBuildError, MultipartBuilder};
pub use self::read::{
    MAX_BOUNDARY_OCTETS, MAX_DEPTH, MAX_PART_HEAD_OCTETS, Multipart, MultipartError, Part,
};
