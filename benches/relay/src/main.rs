//! The throughput of relays: ours beside Kamailio and a plain TCP proxy, in turns
//! within one run.

mod account;
mod cpu;
mod frames;
mod measure;
mod memory;
mod pump;
mod receiver;
mod soak;
mod subject;
mod table;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

/// Measures relays against each other and prints a table.
///
/// Leaves Kamailio out if it is not installed, and our relay if `msrp-relay` is not
/// in the folder of this program.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Task {
    /// Keeps our relay busy with sound and hostile clients, and fails if a message of a
    /// sound one is lost or the memory grows.
    Soak(soak::Options),
}

#[derive(Args)]
pub(crate) struct Options {
    /// Number of 200-octet messages in each round.
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// Size of the large message in octets.
    #[arg(long, default_value_t = 256 << 20)]
    octets: usize,
    /// Number of SENDs that may wait for their responses.
    #[arg(long, default_value_t = 64)]
    window: usize,
    /// Number of rounds. Each measures every subject once, and the medians count.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

fn main() -> Result<()> {
    let CommandLine { task, options } = CommandLine::parse();
    match task {
        Some(Task::Soak(options)) => soak::run(&options),
        None => compare(&options),
    }
}

fn compare(options: &Options) -> Result<()> {
    let subjects = subject::all();
    let mut results = table::Results::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for subject in &subjects {
            measure::round(subject, options, &mut results)
                .with_context(|| format!("{:?}", subject.name()))?;
        }
    }
    println!("at most {} messages without a response\n", options.window);
    print!("{results}");
    Ok(())
}
