//! Signals that ask the program to stop.

use std::io;

use tokio_util::sync::CancellationToken;

/// Cancelled when a signal asks the program to stop.
pub(crate) fn stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        // Without a handler, the signal ends the program by itself.
        if signalled().await.is_ok() {
            stopped.cancel();
        }
    });
    stop
}

#[cfg(unix)]
async fn signalled() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signalled() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
