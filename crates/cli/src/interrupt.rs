//! Signals that ask the command to end.

use std::future::{Future, pending};

/// Ends with Ctrl-C, or with SIGTERM where there is one, from now on.
#[cfg(unix)]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        // Without a handler, the signal ends the command by itself.
        let [Ok(mut interrupt), Ok(mut terminate)] = signals else { return pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let interrupt = tokio::signal::windows::ctrl_c();
    async move {
        let Ok(mut interrupt) = interrupt else { return pending().await };
        interrupt.recv().await;
    }
}
