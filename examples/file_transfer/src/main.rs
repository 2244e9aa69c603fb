//! File transfer over MSRP (RFC 5547).
//!
//! There is no SIP here: the two session descriptions travel as files, through
//! pipes or by hand. The rest is what a SIP client does.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answer;
mod describe;
mod desk;
mod endpoint;
mod exchange;
mod fetch;
mod kept;
mod offer;
mod options;
mod part;
mod policy;
mod receive;
mod send;
mod source;
mod tell;
mod wrapper;

use std::process::ExitCode;

use clap::Parser;
use options::{Arguments, Command};

/// Why the program stops before any transfer.
type Failure = Box<dyn std::error::Error>;

/// The transfer fails, and the command line is not to blame.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TransferFailure(pub(crate) String);

/// Exit status: at least one file was not transferred.
const FAILED: u8 = 1;
/// Exit status: wrong usage, the same as clap's own.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let result = match &command {
        Command::Offer(options) => offer::run(options),
        Command::Fetch(options) => fetch::run(options),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(error) => {
            tell::words(format_args!("error: {}", tell::text(&*error)));
            if error.is::<TransferFailure>() {
                return ExitCode::from(FAILED);
            }
            tell::words("For more information, try '--help'.");
            ExitCode::from(USAGE)
        }
    }
}
