//! What the user sees: in a terminal above the line that is being written, with times and
//! colours; in a pipe as lines, with what went wrong on the standard error.

use std::io::Write;

use msrp_tokio::content::hanging;

use crate::editor::Printer;

pub(crate) struct Screen {
    /// `None` in a pipe.
    printer: Option<Printer>,
    has_colours: bool,
}

/// The most lines of one message.
const MAX_LINES: usize = 100;

const RESET: &str = "\x1b[0m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";

impl Screen {
    pub(crate) fn new(printer: Option<Printer>) -> Self {
        // <https://no-color.org>
        let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { has_colours: printer.is_some() && !is_plain, printer }
    }

    pub(crate) const fn is_terminal(&self) -> bool {
        self.printer.is_some()
    }

    /// Shows what somebody has said, whose name may have any characters.
    pub(crate) fn said(&mut self, name: &str, text: &str) {
        self.line(name, text, colour_of(name));
    }

    /// Shows what has happened.
    pub(crate) fn note(&mut self, text: &str) {
        self.line("*", text, DIM);
    }

    /// Shows what went wrong.
    pub(crate) fn error(&mut self, text: &str) {
        if self.is_terminal() {
            self.line("!", text, RED);
        } else {
            // A closed standard error is no reason to fail.
            let _ = writeln!(std::io::stderr(), "{}", hanging(&format!("! {text}"), usize::MAX));
        }
    }

    /// A line of which the head has a colour.
    fn line(&mut self, head: &str, text: &str, colour: &str) {
        let Some(printer) = &mut self.printer else {
            let line = hanging(&format!("{head} {text}"), usize::MAX);
            let _ = writeln!(std::io::stdout(), "{line}");
            return;
        };
        let time = jiff::ZonedDateTime::now().strftime("%H:%M").to_string();
        let shown = shortened(hanging(&format!("{time} {head} {text}"), width()));
        let plain = format!("{time} {head}");
        // What the function above has changed or broken stays without a colour.
        let shown = match shown.strip_prefix(&plain).filter(|_| self.has_colours) {
            Some(rest) => format!("{DIM}{time}{RESET} {colour}{head}{RESET}{rest}"),
            None => shown,
        };
        let _ = printer.print(shown + "\n");
    }
}

/// The first lines of a message. Nobody fills the screen with one.
fn shortened(mut shown: String) -> String {
    let more = shown.lines().count().saturating_sub(MAX_LINES);
    if let Some((end, _)) = shown.match_indices('\n').nth(MAX_LINES - 1).filter(|_| more > 0) {
        shown.truncate(end);
        shown.push_str(&format!("\n    [and {more} more lines]"));
    }
    shown
}

/// The columns of the terminal. The last one stays free: some terminals begin a new line after
/// it.
fn width() -> usize {
    let size = terminal_size::terminal_size();
    size.map_or(80, |(columns, _)| usize::from(columns.0)).saturating_sub(1)
}

/// The same colour for the same name, of those that are seen on black and on white.
fn colour_of(name: &str) -> &'static str {
    const COLOURS: [&str; 5] = ["\x1b[32m", "\x1b[33m", "\x1b[34m", "\x1b[35m", "\x1b[36m"];
    let number = name.bytes().fold(0_usize, |sum, octet| sum.wrapping_mul(31) + usize::from(octet));
    COLOURS.get(number % COLOURS.len()).copied().unwrap_or(RESET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_hundred_lines_at_most() {
        for (lines, shown) in [(1, 1), (100, 100), (101, 101), (60_000, 101)] {
            let text = shortened("x\n".repeat(lines).trim_end().to_owned());
            assert_eq!(text.lines().count(), shown);
            assert_eq!(text.ends_with(" more lines]"), lines > 100);
        }
    }
}
