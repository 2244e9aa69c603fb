//! The user's input: keys of a terminal, or lines of a pipe, read in a thread of
//! its own.

use std::io::{BufRead, IsTerminal};

use crossterm::event::{Event, KeyEvent, KeyEventKind};
use tokio::sync::mpsc;

#[derive(Debug)]
pub(crate) enum Input {
    Line(String),
    Key(KeyEvent),
}

#[derive(Debug)]
pub(crate) struct Source(mpsc::Receiver<Input>);

/// The most lines and keys that wait.
const QUEUE: usize = 64;

impl Source {
    pub(crate) fn start() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let is_terminal = std::io::stdin().is_terminal();
        std::thread::spawn(move || if is_terminal { keys(&sender) } else { lines(&sender) });
        Self(receiver)
    }

    /// `None` at the end of the input. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Input> {
        self.0.recv().await
    }
}

fn lines(sender: &mpsc::Sender<Input>) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if sender.blocking_send(Input::Line(line)).is_err() {
            return;
        }
    }
}

fn keys(sender: &mpsc::Sender<Input>) {
    while let Ok(event) = crossterm::event::read() {
        let Event::Key(key) = event else { continue };
        if key.kind != KeyEventKind::Release && sender.blocking_send(Input::Key(key)).is_err() {
            return;
        }
    }
}
