//! What the user types, or a pipe brings. A thread of its own reads.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use msrp_chat::signals::terminated;
use tokio::sync::{Notify, mpsc};

/// The most octets of a line. Rooms take messages of 64 KiB, with their wrapper.
const MAX_LINE: u64 = 60 * 1024;

/// The most lines that wait.
const QUEUE: usize = 64;

/// Something from the user.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A line, without its end.
    Line(String),
    /// A line has more than [`MAX_LINE`] octets. They are gone.
    TooLong,
    /// The line that is being written has text for the others, or no longer has.
    Writing(bool),
}

/// What the reading thread has.
#[derive(Clone, Debug)]
pub(crate) struct Keyboard {
    pub(crate) inputs: mpsc::Sender<Input>,
    /// The user does not want to wait for anything.
    pub(crate) leave: Arc<Notify>,
}

/// What the program has.
#[derive(Debug)]
pub(crate) struct Source {
    inputs: mpsc::Receiver<Input>,
    leave: Arc<Notify>,
}

impl Source {
    /// Starts a thread that reads. SIGTERM counts as the wish to leave.
    pub(crate) fn start(read: impl FnOnce(&Keyboard) + Send + 'static) -> Self {
        let (sender, inputs) = mpsc::channel(QUEUE);
        let leave = Arc::new(Notify::new());
        let keyboard = Keyboard { inputs: sender, leave: Arc::clone(&leave) };
        tokio::spawn({
            let (leave, terminated) = (Arc::clone(&leave), terminated());
            async move {
                terminated.await;
                leave.notify_one();
            }
        });
        std::thread::spawn(move || read(&keyboard));
        Self { inputs, leave }
    }

    /// `None` at the end of the input. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Input> {
        self.inputs.recv().await
    }

    /// Notified when the user, or the system, wants the program to end.
    pub(crate) fn leave(&self) -> Arc<Notify> {
        Arc::clone(&self.leave)
    }

    /// Whether lines wait that nobody has taken.
    pub(crate) fn has_lines(&mut self) -> bool {
        let mut waiting = std::iter::from_fn(|| self.inputs.try_recv().ok());
        waiting.any(|input| !matches!(input, Input::Writing(_)))
    }
}

/// The lines of a pipe.
pub(crate) fn pipe(keyboard: &Keyboard) {
    let mut input = io::stdin().lock();
    while let Ok(Some(line)) = next_line(&mut input) {
        if keyboard.inputs.blocking_send(line).is_err() {
            return;
        }
    }
}

/// The next line, of which no more than [`MAX_LINE`] octets are ever kept.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Input>> {
    let mut line = Vec::new();
    if input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let is_whole = line.last() == Some(&b'\n');
    if !is_whole && line.len() as u64 > MAX_LINE {
        input.skip_until(b'\n')?;
        return Ok(Some(Input::TooLong));
    }
    let text = String::from_utf8_lossy(&line);
    Ok(Some(Input::Line(text.trim_end_matches(['\r', '\n']).to_owned())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_an_end_takes_bounded_memory() {
        let endless = io::BufReader::new(io::repeat(b'x').take(10 * MAX_LINE));
        let mut input = endless.chain(&b"\nnext\r\nlast"[..]);
        assert_eq!(next_line(&mut input).unwrap(), Some(Input::TooLong));
        for line in ["next", "last"] {
            assert_eq!(next_line(&mut input).unwrap(), Some(Input::Line(line.into())));
        }
        assert_eq!(next_line(&mut input).unwrap(), None);
    }
}
