//! File transfer over MSRP (RFC 5547).
//!
//! There is no SIP here: the two session descriptions travel as files, through
//! pipes or by hand. The rest is what a SIP client does.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answer;
mod describe;
mod exchange;
mod failure;
mod fetch;
mod kept;
mod offer;
mod options;
mod part;
mod place;
mod policy;
mod question;
mod receive;
mod room;
mod send;
mod source;
mod stop;
mod tell;
mod transfers;
mod wrapper;

use std::process::ExitCode;

use clap::Parser;
use failure::Failure;
use options::{Arguments, Command};
use tell::Teller;

/// Exit status: at least one file was not transferred.
const FAILED: u8 = 1;
/// Exit status: wrong usage, the same as clap's own.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let teller = Teller::new(&command.session().sdp_out);
    let result = match &command {
        Command::Offer(options) => offer::run(options, &teller),
        Command::Fetch(options) => fetch::run(options, &teller),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(Failure::Usage(message)) => {
            tell::words(format_args!("error: {message}"));
            tell::words("For more information, try '--help'.");
            ExitCode::from(USAGE)
        }
        Err(failure) => {
            teller.failed(&failure);
            ExitCode::from(FAILED)
        }
    }
}
