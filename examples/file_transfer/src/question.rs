//! Asks the user about each file before it is accepted.

use std::io::{self, BufRead, IsTerminal, Write};

use indicatif::HumanBytes;
use msrp_sdp::file::FileSelector;
use msrp_tokio::content::visible_line;

/// Whether offered files are accepted, and whether that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Each file is asked about.
    Each,
    /// All files are accepted.
    All,
    /// No file is.
    None,
}

impl Question {
    /// A question for each file, if there is somebody to answer it.
    pub(crate) fn new(is_yes: bool) -> Self {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        if is_terminal && !is_yes { Self::Each } else { Self::All }
    }

    /// Whether the user wants this file.
    pub(crate) fn wants(&mut self, file: &FileSelector) -> bool {
        if *self == Self::Each {
            return self.ask(file, io::stdin().lock(), io::stderr());
        }
        *self == Self::All
    }

    /// The end of the input is a no. Empty lines may belong to a pasted description.
    fn ask(&mut self, file: &FileSelector, mut input: impl BufRead, mut out: impl Write) -> bool {
        let prompt = format!("accept {}? [y/n/all/none] ", described(file));
        loop {
            let mut answer = String::new();
            let _ = write!(out, "{}", visible_line(&prompt)).and_then(|()| out.flush());
            if !input.read_line(&mut answer).is_ok_and(|octets| octets > 0) {
                *self = Self::None;
            }
            match answer.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return true,
                "n" | "no" => return false,
                "all" => *self = Self::All,
                "none" => *self = Self::None,
                _ => {}
            }
            if *self != Self::Each {
                return *self == Self::All;
            }
        }
    }
}

/// What is known of a file before it comes.
fn described(file: &FileSelector) -> String {
    let name = file.name().unwrap_or("a file without a name").to_owned();
    let media_type = file.media_type().map(|it| it.essence().to_owned());
    let size = file.size().map(|size| HumanBytes(size).to_string());
    let parts: Vec<String> = [Some(name), media_type, size].into_iter().flatten().collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The answers to three files, and what was shown.
    fn answered(typed: &str) -> ([bool; 3], String) {
        let (mut question, mut input, mut out) = (Question::Each, typed.as_bytes(), Vec::new());
        let files = ["name:\"a\" size:2048", "name:\"b%1B[2J\"", "type:image/png"];
        let wants = files.map(|file| {
            let file = file.parse().unwrap();
            match question {
                Question::Each => question.ask(&file, &mut input, &mut out),
                _ => question.wants(&file),
            }
        });
        (wants, String::from_utf8(out).unwrap())
    }

    #[test]
    fn each_file_is_asked_about() {
        assert_eq!(answered("y\nn\nYES\n").0, [true, false, true]);
        assert_eq!(answered("\n\r\nwhat\nno\ny\ny\n").0, [false, true, true]);
        assert_eq!(answered("n\nall\n").0, [false, true, true]);
        assert_eq!(answered("y\nnone\n").0, [true, false, false]);
    }

    #[test]
    fn without_an_answer_nothing_is_accepted() {
        assert_eq!(answered("").0, [false; 3]);
        assert_eq!(answered("y\n").0, [true, false, false]);
    }

    #[test]
    fn the_question_tells_what_is_known_and_rules_no_terminal() {
        let (_, shown) = answered("y\ny\ny\n");
        assert!(shown.contains("accept a, 2.00 KiB? "), "{shown}");
        assert!(shown.contains("accept a file without a name, image/png? "), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
