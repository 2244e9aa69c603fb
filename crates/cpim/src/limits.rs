//! What a reader accepts at most, so that no input costs much.

/// The most octets before the body of a message/cpim.
pub const MAX_HEAD_OCTETS: usize = 64 * 1024;

/// The most message headers, the most MIME header fields, and the most names in
/// Require headers.
pub const MAX_HEADERS: usize = 128;

/// The most lines before a blank line, continuation lines among them, so that it
/// stays cheap to look again at headers that arrive in small pieces.
pub(crate) const MAX_HEAD_LINES: usize = 512;

/// The most octets of a boundary. RFC 2046 allows 70, and no more are written.
pub const MAX_BOUNDARY_OCTETS: usize = 256;

/// The most octets in the header fields of one part. They have at most 512
/// lines.
pub const MAX_PART_HEAD_OCTETS: usize = 16 * 1024;

/// The most multipart bodies inside one another.
pub const MAX_DEPTH: usize = 8;
