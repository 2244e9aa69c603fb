//! Other people's MSRP software, started and stopped for tests: Kamailio as a
//! relay, tshark as a decoder. Beside them our own relay, as another process.
//!
//! What is not installed is skipped, so that the project can be tested without
//! it. With `MSRP_INTEROP=require` in the environment a skip is a failure.

mod kamailio;
mod ours;
mod tshark;

pub use kamailio::Kamailio;
pub use ours::OurRelay;
pub use tshark::{Dissected, dissect};

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The realm of every relay.
pub const REALM: &str = "relay.test";

/// The user that every relay knows; to Kamailio any other is as good.
pub const USER: &str = "alice";

/// The password of the user.
pub const PASSWORD: &str = "secret";

/// Why some software cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InteropError {
    /// It is not installed, or what it needs is not there.
    #[error("{0}")]
    Missing(String),
    /// It is there and did not do what it was started for.
    #[error("{0}")]
    Failed(String),
    /// Something around it failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The value, or `None` and a line on stderr where the software is missing.
///
/// # Panics
///
/// Where the software is there and fails, or is missing and `MSRP_INTEROP` is
/// `require`.
#[must_use]
#[expect(clippy::panic, reason = "to fail a test is what it is for")]
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

/// A program of this workspace: beside the one that runs, or beside the folder
/// of that one, as it is for a test.
///
/// # Errors
///
/// [`InteropError::Missing`] where `cargo build` has not made it, with the
/// arguments that do.
pub fn built(name: &str, arguments: &str) -> Result<PathBuf, InteropError> {
    let own = std::env::current_exe()?;
    let mut places = own.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    places.find(|program| program.exists()).ok_or_else(|| {
        InteropError::Missing(format!("{name} is not built: cargo build {arguments}"))
    })
}
