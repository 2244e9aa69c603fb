//! Files to be sent and stored: what a program needs beside a session (RFC 5547).
//!
//! Nothing here opens a file. The values of the session description are in
//! [`sdp`](crate::sdp); around them a receiver does this:
//!
//! 1. [`safe_name`] makes of the name in the offer one for its file system.
//! 2. `FileVerifier` (feature `hash`) gets the octets of the file as they are
//!    stored and says at the end whether it is the file that was offered. The hash
//!    is over the whole file: octets that were there before a transfer was resumed
//!    go in first.
//! 3. [`FileRange::missing`](crate::sdp::FileRange::missing) is what to ask for
//!    when the transfer broke.
//!
//! A sender reads its file once for `FileHasher` (feature `hash`), and
//! [`ContentDisposition`] says in the message what the offer said of the file.

mod disposition;
#[cfg(feature = "hash")]
mod hash;
mod name;

pub use self::disposition::{ContentDisposition, ContentDispositionError};
#[cfg(feature = "hash")]
pub use self::hash::{FileHasher, FileMismatch, FileVerifier};
pub use self::name::{DEFAULT_NAME, MAX_NAME_OCTETS, safe_name};
