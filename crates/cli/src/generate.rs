//! Files that packages install with the command: shell completions and man pages.

use std::io::Write;

use anyhow::{Context, anyhow};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::Ending;

/// Prints a completion script for a shell.
///
/// For bash, for example:
/// msrp completions bash > ~/.local/share/bash-completion/completions/msrp
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell that reads the script.
    shell: Shell,
}

/// Prints a man page in roff.
///
/// To read it: msrp man send | man -l -
#[derive(clap::Args)]
pub(crate) struct Man {
    /// The subcommand to describe, such as "send" or "inspect frames". Default: msrp itself.
    command: Vec<String>,
}

pub(crate) fn completions(arguments: &Completions) -> anyhow::Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "msrp", &mut script);
    print(&script)
}

pub(crate) fn man(arguments: &Man) -> anyhow::Result<Ending> {
    let mut msrp = command();
    // Names the subcommands `msrp send` and not `send`.
    msrp.build();
    let mut described = &msrp;
    for name in &arguments.command {
        let found = described.find_subcommand(name);
        described =
            found.ok_or_else(|| anyhow!("{} has no subcommand {name}", described.get_name()))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(described.clone())
        .source(concat!("msrp ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)?;
    print(&page)
}

fn command() -> clap::Command {
    crate::Arguments::command()
}

fn print(octets: &[u8]) -> anyhow::Result<Ending> {
    std::io::stdout().write_all(octets).context("standard output")?;
    Ok(Ending::Success)
}
