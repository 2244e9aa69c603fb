//! The line that the user writes in a terminal: `rustyline` knows widths, history and pasting.
//! It was chosen before `reedline`, which needs a newer Rust than this workspace.

use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, ExternalPrinter, Helper};

use crate::command::{self, Command};
use crate::input::{Input, Keyboard};

const PROMPT: &str = "> ";

/// The names that can be completed.
pub(crate) type Names = Arc<Mutex<Vec<String>>>;

/// Puts lines above the one that the user is writing.
pub(crate) type Printer = Box<dyn ExternalPrinter + Send>;

pub(crate) struct LineEditor {
    editor: Editor<Assistant, MemHistory>,
}

impl LineEditor {
    /// An editor for the terminal, and what prints above it. `None` without a terminal.
    pub(crate) fn new(names: Names) -> Option<(Self, Printer)> {
        let config = Config::builder().auto_add_history(true).build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history).ok()?;
        let printer = editor.create_external_printer().ok()?;
        editor.set_helper(Some(Assistant { names, keyboard: None }));
        Some((Self { editor }, Box::new(printer)))
    }

    /// Reads lines to the end of the input, or until the user leaves.
    pub(crate) fn read(mut self, keyboard: &Keyboard) {
        if let Some(assistant) = self.editor.helper_mut() {
            assistant.keyboard = Some(keyboard.clone());
        }
        loop {
            match self.editor.readline(PROMPT) {
                Ok(line) => {
                    // What is shown from now on would wait for the next line.
                    let is_last = Command::read(&line) == Command::Quit;
                    if keyboard.inputs.blocking_send(Input::Line(line)).is_err() || is_last {
                        return;
                    }
                }
                Err(ReadlineError::Interrupted) => return keyboard.leave.notify_one(),
                Err(_) => return,
            }
        }
    }
}

/// Completes names and commands, and notices that the user is writing.
struct Assistant {
    names: Names,
    keyboard: Option<Keyboard>,
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let written = line.get(..at).unwrap_or(line);
        Ok(command::completions(written, &names))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    /// Called with each change of the line. There is nothing to hint at.
    fn hint(&self, line: &str, _: usize, _: &Context<'_>) -> Option<String> {
        if let Some(keyboard) = &self.keyboard {
            // One that is lost does no harm.
            let _ = keyboard.inputs.try_send(Input::Writing(command::is_for_all(line)));
        }
        None
    }
}

impl Highlighter for Assistant {}
impl Validator for Assistant {}
impl Helper for Assistant {}
