//! The command `msrp`: sends messages, receives them and probes sessions over
//! MSRP (RFC 4975), with or without TLS and relays, and inspects recordings.

#![deny(clippy::wildcard_enum_match_arm)]

mod client;
mod connect;
mod failure;
mod generate;
mod inspect;
mod interrupt;
mod output;
mod receive;
mod receiver;
mod send;

use std::future::Future;
use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Sends and receives messages over MSRP (RFC 4975).
///
/// send, receive, connect and inspect print JSON objects on standard output, one per line,
/// and messages for people on standard error.
///
/// Exit status: 0 success, 1 the exchange failed or the input is not read, 2 wrong usage.
#[derive(Parser)]
#[command(name = "msrp", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Send(send::Arguments),
    Receive(receive::Arguments),
    Connect(connect::Arguments),
    Inspect(inspect::Arguments),
    Completions(generate::Completions),
    Man(generate::Man),
}

/// The result of a command that was used correctly.
enum Ending {
    Success,
    Failed,
}

impl From<bool> for Ending {
    fn from(is_success: bool) -> Self {
        if is_success { Self::Success } else { Self::Failed }
    }
}

fn main() -> ExitCode {
    let ending = match Arguments::parse().command {
        Command::Send(arguments) => block_on(send::run(arguments)),
        Command::Receive(arguments) => block_on(receive::run(arguments)),
        Command::Connect(arguments) => block_on(connect::run(arguments)),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Completions(arguments) => generate::completions(&arguments),
        Command::Man(arguments) => generate::man(&arguments),
    };
    match ending {
        Ok(Ending::Success) => ExitCode::SUCCESS,
        Ok(Ending::Failed) => ExitCode::FAILURE,
        Err(error) => {
            output::tell(format_args!("error: {error:#}\n\nFor more information, try '--help'."));
            // The same status as clap's for an unknown option.
            ExitCode::from(2)
        }
    }
}

/// Runs a command that uses the network.
fn block_on(command: impl Future<Output = anyhow::Result<Ending>>) -> anyhow::Result<Ending> {
    let level = EnvFilter::try_from_env("MSRP_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr);
    log.without_time().with_target(false).with_ansi(std::io::stderr().is_terminal()).init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let ending = runtime.block_on(command);
    // Nothing ends a thread that reads standard input.
    runtime.shutdown_background();
    ending
}
