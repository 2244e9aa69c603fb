//! Runs a chat room until SIGTERM or Ctrl-C.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use msrp_chat::{Options, Server, StartError, words};
use tokio::signal::unix::{SignalKind, signal};

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
    let (addresses, handle) = (server.addresses(), server.handle());
    let _ = writeln!(std::io::stdout(), "{room} at {}", addresses.rendezvous);
    let mut terminate = signal(SignalKind::terminate()).ok();
    tokio::spawn(async move {
        let terminated = async {
            match &mut terminate {
                Some(terminate) => drop(terminate.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = terminated => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        handle.stop();
    });
    server.run().await;
    Ok(())
}
