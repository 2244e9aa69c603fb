//! Runs a chat room until SIGTERM or Ctrl-C.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use msrp_chat::signals::interrupted;
use msrp_chat::{Options, Server, StartError, words};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}", words::of_error(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), StartError> {
    let room = options.room.clone();
    let server = Server::bind(options).await?;
    let (addresses, handle, interrupted) = (server.addresses(), server.handle(), interrupted());
    let _ = writeln!(std::io::stdout(), "{room} at {}", addresses.rendezvous);
    tokio::spawn(async move {
        interrupted.await;
        handle.stop();
    });
    server.run().await;
    Ok(())
}
