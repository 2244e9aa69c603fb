//! The throughput of relays: ours beside Kamailio and a plain TCP proxy, in turns
//! within one run.

mod account;
mod frames;
mod measure;
mod memory;
mod pump;
mod receiver;
mod subject;
mod table;

use anyhow::{Context, Result};
use clap::Parser;

/// Measures relays against each other and prints a table.
///
/// Leaves Kamailio out if it is not installed, and our relay if `msrp-relay` is not
/// in the folder of this program.
#[derive(Parser)]
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
    let options = Options::parse();
    let subjects = subject::all();
    let mut results = table::Results::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for subject in &subjects {
            measure::round(subject, &options, &mut results)
                .with_context(|| format!("{:?}", subject.name()))?;
        }
    }
    print!("{results}");
    Ok(())
}
