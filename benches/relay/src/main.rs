//! What a relay forwards in a second: ours beside Kamailio and a plain TCP
//! proxy, in turns within one run.

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
/// Kamailio is left out where it is not installed, and our relay where
/// `msrp-relay` does not lie beside this program.
#[derive(Parser)]
pub(crate) struct Options {
    /// Messages of 200 octets in each round.
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// Octets of the large message.
    #[arg(long, default_value_t = 256 << 20)]
    octets: usize,
    /// SENDs that may wait for their responses.
    #[arg(long, default_value_t = 64)]
    window: usize,
    /// Rounds, of which each measures every subject once; medians count.
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
