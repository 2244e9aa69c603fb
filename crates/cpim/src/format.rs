//! What RFC 3862 fixes, and the limits of a reader.

/// The media type of the format.
pub const CPIM_TYPE: &str = "message/cpim";

/// The namespace of the headers that RFC 3862 defines. A name without a prefix
/// belongs to it unless an NS header says otherwise.
pub const CPIM_NAMESPACE: &str = "urn:ietf:params:cpim-headers:";

/// The most octets before the body that a reader accepts.
pub const MAX_HEAD_OCTETS: usize = 64 * 1024;

/// The most message headers, the most MIME header fields, and the most names in
/// Require headers that a reader accepts.
pub const MAX_HEADERS: usize = 128;

/// The headers that RFC 3862 defines.
pub(crate) const CORE_HEADERS: [&str; 7] =
    ["From", "To", "cc", "DateTime", "Subject", "NS", "Require"];
