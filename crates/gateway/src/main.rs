//! Runs the gateway until SIGTERM or Ctrl-C.

#![deny(clippy::wildcard_enum_match_arm)]

mod stop;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use msrp_gateway::{Gateway, Options};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        .init();
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<()> {
    let stopped = stop::stopped()?;
    let gateway = Gateway::bind(options).await?;
    tracing::info!("listening on http://{}", gateway.local_addr());
    gateway.run(stopped).await;
    Ok(())
}
