//! Runs the relay until SIGTERM or Ctrl-C, or prints a line for its users file.

#![deny(clippy::wildcard_enum_match_arm)]

mod signals;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use msrp_relay::{Command, CommandLine, Handle, HashOptions, Options, Server, user_line};
use tracing_subscriber::EnvFilter;

use signals::{Asked, Signals};

// One thread serves all connections: see README.md.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let line = CommandLine::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        .init();
    let result = match line.command {
        Some(Command::Hash(options)) => hash(&options),
        _ => relay(line.options).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn relay(options: Options) -> anyhow::Result<()> {
    let signals = Signals::new()?;
    let server = Server::bind(options)?;
    for uri in server.uris() {
        tracing::info!("reachable as {uri}");
    }
    if let Some(metrics) = server.addresses().metrics {
        tracing::info!("http://{metrics}/metrics");
    }
    tokio::spawn(obey(server.handle(), signals));
    Ok(server.run().await?)
}

async fn obey(relay: Handle, mut signals: Signals) {
    loop {
        match signals.next().await {
            Asked::Drain => relay.drain(),
            #[cfg(unix)]
            Asked::Reload => relay.reload(),
        }
    }
}

fn hash(options: &HashOptions) -> anyhow::Result<()> {
    let password = match &options.password_file {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("--password-file {}", file.display()))?,
        None => std::io::read_to_string(std::io::stdin())?,
    };
    let password = password.lines().next().unwrap_or_default();
    let line = user_line(&options.user, &options.realm, password)
        .context("user and realm must not be empty or contain a colon or a line end")?;
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
