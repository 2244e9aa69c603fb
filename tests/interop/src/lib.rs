//! Other software, started and stopped for tests: Kamailio as a relay, tshark as a decoder,
//! SIPp as the far side of calls and a client in Python; and our own relay as another process.
//!
//! Tests of software that is not installed are skipped. With `MSRP_INTEROP=require`
//! in the environment a skip is a failure.

mod kamailio;
mod ours;
mod python;
mod sipp;
mod tshark;

pub use kamailio::Kamailio;
pub use ours::OurRelay;
pub use python::PythonClient;
pub use sipp::Sipp;
pub use tshark::{Dissected, capture, dissect, dissect_capture};

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The realm of every relay.
pub const REALM: &str = "relay.test";

/// The user that every relay knows. Kamailio accepts any other too.
pub const USER: &str = "alice";

/// The password of the user.
pub const PASSWORD: &str = "secret";

/// Why some software cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InteropError {
    /// The software, or something that it needs, is not installed.
    #[error("{0}")]
    Missing(String),
    /// The software did not do what it was started for.
    #[error("{0}")]
    Failed(String),
    /// An operation of the system failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The value, or `None` and a line on stderr if the software is missing.
///
/// # Panics
///
/// If the software fails, or is missing and `MSRP_INTEROP` is `require`.
#[must_use]
#[expect(clippy::panic, reason = "it makes a test fail")]
pub fn needed<T>(result: Result<T, InteropError>) -> Option<T> {
    let is_required = std::env::var_os("MSRP_INTEROP").is_some_and(|value| value == "require");
    match result {
        Ok(value) => Some(value),
        Err(InteropError::Missing(what)) if !is_required => {
            eprintln!("skipped: {what}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// A program of this workspace, in the folder of the running program, or for a test
/// in the folder above.
///
/// # Errors
///
/// [`InteropError::Missing`] if it has not been built, with the arguments for
/// `cargo build`.
pub fn built(name: &str, arguments: &str) -> Result<PathBuf, InteropError> {
    let own = std::env::current_exe()?;
    let mut places = own.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    places.find(|program| program.exists()).ok_or_else(|| {
        InteropError::Missing(format!("{name} is not built: cargo build {arguments}"))
    })
}
