//! Signals that ask the program to stop.

use std::io;

use tokio_util::sync::CancellationToken;

/// Cancelled when a signal asks the program to stop.
pub(crate) fn stop_signal() -> CancellationToken {
    let (stop, signalled) = (CancellationToken::new(), signalled());
    let stopped = stop.clone();
    tokio::spawn(async move {
        // Without a handler, the signal ends the program by itself.
        if let Ok(signalled) = signalled {
            signalled.await;
            stopped.cancel();
        }
    });
    stop
}

#[cfg(unix)]
fn signalled() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn signalled() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
