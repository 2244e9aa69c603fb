//! Signals that ask a program to end.

use std::future::{Future, pending};

/// Ends with Ctrl-C, or with SIGTERM where there is one, from now on.
pub fn interrupted() -> impl Future<Output = ()> {
    let (interrupt, terminate) = (interrupt(), terminated());
    async move {
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
}

/// Ends with SIGTERM, where there is one, from now on.
#[cfg(unix)]
pub fn terminated() -> impl Future<Output = ()> {
    received(tokio::signal::unix::SignalKind::terminate())
}

/// Ends with SIGTERM, where there is one, from now on.
#[cfg(windows)]
pub fn terminated() -> impl Future<Output = ()> {
    pending()
}

#[cfg(unix)]
fn interrupt() -> impl Future<Output = ()> {
    received(tokio::signal::unix::SignalKind::interrupt())
}

#[cfg(windows)]
fn interrupt() -> impl Future<Output = ()> {
    let signal = tokio::signal::windows::ctrl_c();
    async move {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => pending().await,
        }
    }
}

#[cfg(unix)]
fn received(kind: tokio::signal::unix::SignalKind) -> impl Future<Output = ()> {
    let signal = tokio::signal::unix::signal(kind);
    async move {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            // Without a handler, the signal ends the program by itself.
            Err(_) => pending().await,
        }
    }
}
