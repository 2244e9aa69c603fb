//! What the user types, and the signals that stop the program.

use std::future::pending;
use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::thread;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::call::Call;
use crate::editor::{LineEditor, Restored};
use crate::failure::Failure;
use crate::tell::Teller;

/// What the user wants.
pub(crate) enum Wish {
    /// Write on.
    Write,
    /// Say this.
    Say(String),
    /// Send this file.
    Send(PathBuf),
    /// Hang up once everything is delivered.
    HangUp,
    /// Hang up, and end the program.
    Stop,
}

/// The most octets of a line. A longer one counts as several.
const MAX_LINE_OCTETS: usize = 64 * 1024;

/// What the user types, line by line, and whether the program is to stop.
pub(crate) struct Console {
    typed: Option<mpsc::Receiver<Typed>>,
    /// Gives the terminal its state back.
    #[expect(dead_code, reason = "it acts when it is dropped")]
    terminal: Option<Restored>,
    stop: CancellationToken,
}

/// What has come from standard input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A part of a line that the other side is told of.
    Part,
    Line(String),
}

impl Typed {
    /// Whether the other side is told that this line is being written. A command is nobody's
    /// business.
    pub(crate) fn is_told(line: &[u8]) -> bool {
        line.first().is_some_and(|first| *first != b'/')
    }
}

impl Console {
    /// What the user types in a terminal, or pipes; and how the user is told what happens. A
    /// script reads nothing, and is told by objects.
    pub(crate) fn open(is_script: bool, stop: CancellationToken) -> (Self, Teller) {
        if is_script {
            return (Self { typed: None, terminal: None, stop }, Teller::for_programs());
        }
        let (sender, typed) = mpsc::channel(1);
        let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        let restored = is_terminal.then(Restored::later);
        // Not a task: nothing interrupts a read of standard input when the program ends.
        let teller = match is_terminal.then(LineEditor::open).flatten() {
            Some((editor, printer)) => {
                let stop = stop.clone();
                thread::spawn(move || editor.read(&sender, &stop));
                Teller::above(printer)
            }
            None => {
                thread::spawn(move || {
                    read(io::stdin().lock(), |it| sender.blocking_send(it).is_ok());
                });
                Teller::for_output()
            }
        };
        (Self { typed: Some(typed), terminal: restored, stop }, teller)
    }

    /// The next line. `None` at the end of the input; after that it waits for ever, as
    /// without input. Cancel safe.
    pub(crate) async fn line(&mut self) -> Option<String> {
        loop {
            match self.typed().await? {
                Typed::Part => {}
                Typed::Line(line) => return Some(line),
            }
        }
    }

    async fn typed(&mut self) -> Option<Typed> {
        let Some(typed) = &mut self.typed else { return pending().await };
        let next = typed.recv().await;
        if next.is_none() {
            self.typed = None;
        }
        next
    }

    /// Whether nothing more comes.
    pub(crate) const fn is_over(&self) -> bool {
        self.typed.is_none()
    }

    /// What the user wants next. Cancel safe.
    pub(crate) async fn wish(&mut self) -> Wish {
        let stop = self.stop.clone();
        loop {
            let typed = tokio::select! {
                typed = self.typed() => typed,
                () = stop.cancelled() => return Wish::Stop,
            };
            match typed {
                Some(Typed::Part) => return Wish::Write,
                Some(Typed::Line(line)) if line.is_empty() => {}
                Some(Typed::Line(line)) => return wish(line),
                None => return Wish::HangUp,
            }
        }
    }
}

/// Reads lines until the end of the input, or until `take` takes no more.
fn read(mut input: impl BufRead, mut take: impl FnMut(Typed) -> bool) {
    let mut line = Vec::new();
    loop {
        let octets = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.unwrap_or_default(),
        };
        let is_over = octets.is_empty();
        let room = octets.len().min(MAX_LINE_OCTETS - line.len());
        let octets = octets.get(..room).unwrap_or_default();
        let end = octets.iter().position(|octet| *octet == b'\n').map(|at| at + 1);
        let len = end.unwrap_or(room);
        line.extend_from_slice(octets.get(..len).unwrap_or_default());
        input.consume(len);
        let is_whole = end.is_some() || line.len() == MAX_LINE_OCTETS || is_over;
        let typed = match line.is_empty() {
            false if is_whole => Some(Typed::Line(text(&std::mem::take(&mut line)))),
            _ => Typed::is_told(&line).then_some(Typed::Part),
        };
        if is_over && typed.is_none() || typed.is_some_and(|typed| !take(typed)) {
            return;
        }
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']).to_owned()
}

fn wish(line: String) -> Wish {
    match line.split_once(' ').unwrap_or((&line, "")) {
        ("/send", path) => Wish::Send(path.trim().into()),
        ("/bye", "") => Wish::HangUp,
        _ => Wish::Say(line),
    }
}

/// Does what the user wants until one side hangs up. `None` if the other side does.
pub(crate) async fn converse(
    call: &mut Call,
    mut next: impl AsyncFnMut() -> Wish,
) -> Result<Option<()>, Failure> {
    loop {
        let Some(wish) = call.meanwhile(next()).await? else { return Ok(None) };
        let done = match wish {
            Wish::Write => call.write().await.map(Some),
            Wish::Say(text) => call.say(text).await.map(Some),
            Wish::Send(path) => call.send(path).await,
            Wish::HangUp => return call.settle().await,
            Wish::Stop => return Ok(Some(())),
        };
        match done {
            Ok(Some(())) => {}
            Ok(None) => return Ok(None),
            Err(failure) => call.tell_failed(&failure),
        }
    }
}

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{BufReader, Read};

    use super::*;

    /// Gives its octets in these pieces.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(piece) = self.0.first_mut() else { return Ok(0) };
            let read = piece.read(buffer)?;
            self.0.retain(|piece| !piece.is_empty());
            Ok(read)
        }
    }

    fn typed(pieces: &[&'static [u8]]) -> Vec<Typed> {
        let mut all = Vec::new();
        read(BufReader::new(Pieces(pieces.to_vec())), |typed| {
            all.push(typed);
            true
        });
        all
    }

    fn line(text: &str) -> Typed {
        Typed::Line(text.into())
    }

    #[test]
    fn a_line_that_has_begun_is_told_and_a_command_is_not() {
        assert_eq!(
            typed(&[b"Are ", b"you ", b"there?\r\n/sen", b"d x\nYes"]),
            [
                Typed::Part,
                Typed::Part,
                line("Are you there?"),
                line("/send x"),
                Typed::Part,
                line("Yes")
            ]
        );
        assert_eq!(typed(&[]), []);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let endless: &[u8] = &[b'a'; 10 * MAX_LINE_OCTETS + 7];
        let lines = typed(&[endless]).into_iter().filter_map(|typed| match typed {
            Typed::Line(line) => Some(line.len()),
            Typed::Part => None,
        });
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), 11);
        assert!(lines.iter().all(|len| *len <= MAX_LINE_OCTETS));
    }
}
