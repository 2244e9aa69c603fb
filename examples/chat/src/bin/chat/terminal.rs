//! The state of the terminal, for the end of the program: the editor may be reading then.

use std::io::Write;

/// Restores the terminal when it is dropped.
#[derive(Debug)]
pub(crate) struct Restored {
    #[cfg(unix)]
    before: Option<nix::sys::termios::Termios>,
}

impl Restored {
    /// Remembers the state that the terminal has now.
    pub(crate) fn later() -> Self {
        Self {
            #[cfg(unix)]
            before: nix::sys::termios::tcgetattr(std::io::stdin()).ok(),
        }
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(before) = &self.before {
            use nix::sys::termios::{SetArg, tcsetattr};
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, before);
        }
        // The line that was being written, and bracketed paste.
        let _ = write!(std::io::stdout(), "\r\x1b[K\x1b[?2004l");
        let _ = std::io::stdout().flush();
    }
}
