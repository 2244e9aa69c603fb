//! Session descriptions (RFC 8866) of MSRP sessions.

mod file;

pub(crate) use self::file::percent_decoded;
pub use self::file::*;
