//! The line that the user writes in a terminal. `rustyline` knows widths, history and
//! pasting, and tells of each key.

use std::io::Write;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, ExternalPrinter, Helper};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::console::Typed;

const PROMPT: &str = "> ";

/// Puts lines above the one that the user writes.
pub(crate) type Printer = Box<dyn ExternalPrinter + Send>;

/// Reads lines from a terminal.
pub(crate) struct LineEditor(Editor<Keys, MemHistory>);

impl LineEditor {
    /// An editor, and what prints above it. `None` without a terminal.
    pub(crate) fn open() -> Option<(Self, Printer)> {
        let config = Config::builder().auto_add_history(true).build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history).ok()?;
        let printer = editor.create_external_printer().ok()?;
        Some((Self(editor), Box::new(printer)))
    }

    /// Reads to the end of the input, or until nobody wants more. Control-C cancels `stop`.
    pub(crate) fn read(mut self, typed: &mpsc::Sender<Typed>, stop: &CancellationToken) {
        self.0.set_helper(Some(Keys(typed.clone())));
        loop {
            let is_over = match self.0.readline(PROMPT) {
                Ok(line) => typed.blocking_send(Typed::Line(line)).is_err(),
                Err(ReadlineError::Interrupted) => return stop.cancel(),
                Err(_) => true,
            };
            if is_over {
                return;
            }
        }
    }
}

/// Tells of each key.
struct Keys(mpsc::Sender<Typed>);

impl Hinter for Keys {
    type Hint = String;

    /// Called with each change of the line. There is nothing to hint at.
    fn hint(&self, line: &str, _: usize, _: &Context<'_>) -> Option<String> {
        if Typed::is_told(line.as_bytes()) {
            // One that is lost does no harm: the next key follows.
            let _ = self.0.try_send(Typed::Part);
        }
        None
    }
}

impl Completer for Keys {
    type Candidate = String;
}

impl Highlighter for Keys {}
impl Validator for Keys {}
impl Helper for Keys {}

/// Gives the terminal its state back when it is dropped: the editor may be reading then.
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
        let mut out = std::io::stdout();
        let _ = write!(out, "\r\x1b[K\x1b[?2004l").and_then(|()| out.flush());
    }
}
