//! The terminal: lines scroll up above the one that the user is writing. A pipe
//! has only the lines.

use std::io::{IsTerminal, Write};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use crossterm::terminal;
use msrp_chat::words;

const PROMPT: &str = "> ";

#[derive(Debug)]
pub(crate) struct Screen {
    /// The line that the user is writing; `None` in a pipe.
    written: Option<String>,
}

/// The effect of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The line is complete.
    Line(String),
    /// The line has text.
    Text,
    /// The line is empty.
    Nothing,
    /// The user leaves.
    Leave,
}

impl Screen {
    pub(crate) const fn plain() -> Self {
        Self { written: None }
    }

    /// The terminal, in raw mode from now on. Without a terminal, a pipe.
    pub(crate) fn of_terminal() -> Self {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let written = (is_terminal && terminal::enable_raw_mode().is_ok()).then(String::new);
        let screen = Self { written };
        screen.draw("");
        screen
    }

    /// Restores the terminal.
    pub(crate) fn end(&self) {
        if self.written.is_some() {
            let _ = terminal::disable_raw_mode();
            print("\r\x1b[K");
        }
    }

    /// Shows a line. It may hold text of other users.
    pub(crate) fn show(&self, line: &str) {
        let line = words::shown(line);
        match self.written {
            Some(_) => self.draw(&format!("{line}\r\n")),
            None => print(&format!("{line}\n")),
        }
    }

    pub(crate) fn error(&self, line: &str) {
        self.show(&format!("! {line}"));
    }

    /// Puts lines above the one that the user is writing. If that is longer than
    /// the screen is wide, its end is visible.
    fn draw(&self, lines: &str) {
        let Some(written) = &self.written else { return };
        let width = terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        let room = width.saturating_sub(PROMPT.len() + 1);
        let hidden = written.chars().count().saturating_sub(room);
        let visible: String = written.chars().skip(hidden).collect();
        print(&format!("\r\x1b[K{lines}{PROMPT}{visible}"));
    }

    pub(crate) fn key(&mut self, key: KeyEvent) -> Edit {
        let Some(written) = &mut self.written else { return Edit::Nothing };
        let edit = edit(written, key);
        self.draw("");
        edit
    }
}

fn edit(written: &mut String, key: KeyEvent) -> Edit {
    let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => return Edit::Line(std::mem::take(written)),
        KeyCode::Char('c') if has_control => return Edit::Leave,
        KeyCode::Char('d') if has_control && written.is_empty() => return Edit::Leave,
        KeyCode::Char('u') if has_control => written.clear(),
        KeyCode::Char('w') if has_control => drop_word(written),
        KeyCode::Char(letter) if !has_control => written.push(letter),
        KeyCode::Backspace => drop(written.pop()),
        _ => {}
    }
    if written.is_empty() { Edit::Nothing } else { Edit::Text }
}

fn drop_word(written: &mut String) {
    let without = written.trim_end();
    let end = without.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    written.truncate(end);
}

fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    // A closed terminal is no reason to fail.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(written: &mut String, code: KeyCode, modifiers: KeyModifiers) -> Edit {
        edit(written, KeyEvent::new(code, modifiers))
    }

    #[test]
    fn keys_make_a_line() {
        let mut written = String::new();
        for letter in "two wordsé".chars() {
            let edit = press(&mut written, KeyCode::Char(letter), KeyModifiers::NONE);
            assert_eq!(edit, Edit::Text);
        }
        press(&mut written, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(written, "two words");
        press(&mut written, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(written, "two ");
        let line = press(&mut written, KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(line, Edit::Line("two ".into()));
        assert_eq!(press(&mut written, KeyCode::Backspace, KeyModifiers::NONE), Edit::Nothing);
        assert_eq!(press(&mut written, KeyCode::Char('d'), KeyModifiers::CONTROL), Edit::Leave);
    }
}
