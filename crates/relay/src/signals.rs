//! What signals ask of the relay: SIGTERM and Ctrl-C to drain, SIGHUP to reload. Windows has
//! Ctrl-C alone.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, ctrl_c};

/// What a signal asks for.
pub(crate) enum Asked {
    Drain,
    #[cfg(unix)]
    Reload,
}

#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

#[cfg(unix)]
impl Signals {
    /// Those that come from now on.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Drain,
            _ = self.terminate.recv() => Asked::Drain,
            _ = self.hang_up.recv() => Asked::Reload,
        }
    }
}

#[cfg(windows)]
pub(crate) struct Signals {
    interrupt: CtrlC,
}

#[cfg(windows)]
impl Signals {
    /// Those that come from now on.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()? })
    }

    pub(crate) async fn next(&mut self) -> Asked {
        self.interrupt.recv().await;
        Asked::Drain
    }
}
