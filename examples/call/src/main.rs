//! A SIP call that carries chat and files over MSRP.
//!
//! It shows what a SIP stack has to do for MSRP. `call.rs` is the place to begin.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod call;
mod console;
mod dial;
mod editor;
mod failure;
mod file;
mod hear;
mod house;
mod listen;
mod means;
mod options;
mod sessions;
mod sip;
mod talk;
mod tell;
mod terms;

use std::process::ExitCode;

use clap::Parser;

use failure::Failure;
use options::{Arguments, Command};
use tell::{Teller, Told};

/// Exit status: something was not delivered, or not received.
const FAILED: u8 = 1;
/// Exit status: wrong usage, the same as clap's own.
const USAGE: u8 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let (done, is_script) = match &command {
        Command::Listen(options) => (listen::run(options).await, options.once),
        Command::Dial(options) => (dial::run(options).await, options.is_script()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(Failure::Usage(message)) => {
            eprintln!("error: {message}\n\nFor more information, try '--help'.");
            ExitCode::from(USAGE)
        }
        Err(failure) => {
            let teller = if is_script { Teller::for_programs() } else { Teller::for_output() };
            teller.tell(&Told::Failed(&failure));
            ExitCode::from(FAILED)
        }
    }
}
