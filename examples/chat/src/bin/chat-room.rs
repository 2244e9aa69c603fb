//! Runs a chat room until SIGTERM or Ctrl-C.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
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
    let (addresses, handle) = (server.addresses(), server.handle());
    let _ = writeln!(std::io::stdout(), "{room} at {}", addresses.rendezvous);
    tokio::spawn(async move {
        tokio::select! {
            () = terminated() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        handle.stop();
    });
    server.run().await;
    Ok(())
}

/// Waits for SIGTERM, where there is one.
async fn terminated() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            terminate.recv().await;
            return;
        }
    }
    std::future::pending().await
}
