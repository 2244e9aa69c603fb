//! What is said: a JSON object for each file to machines, words and progress to
//! people.

use std::io::Write;
use std::path::{Path, PathBuf};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use msrp_sdp::file::FileRange;
use serde_json::json;

/// What became of one file.
pub(crate) struct Done {
    /// Its media line, counted from zero.
    pub(crate) line: usize,
    pub(crate) name: String,
    /// The part that was to be transferred.
    pub(crate) range: FileRange,
    /// Octets that were transferred now.
    pub(crate) bytes: u64,
    /// Where the file is, on the side that has got it.
    pub(crate) path: Option<PathBuf>,
    pub(crate) error: Option<String>,
}

/// Tells of files as they are done.
pub(crate) struct Teller {
    /// Whether the standard output is for the session description.
    is_out_taken: bool,
    bars: MultiProgress,
}

impl Teller {
    pub(crate) fn new(sdp_out: &Path) -> Self {
        Self { is_out_taken: sdp_out == Path::new("-"), bars: MultiProgress::new() }
    }

    pub(crate) fn done(&self, done: &Done) {
        let object = json!({
            "line": done.line,
            "name": done.name,
            "success": done.error.is_none(),
            "range": done.range.to_string(),
            "bytes": done.bytes,
            "path": done.path,
            "error": done.error,
        });
        let object = harmless(&object.to_string());
        // A reader that has gone away is no reason to fail.
        if self.is_out_taken {
            let _ = writeln!(std::io::stderr(), "{object}");
        } else {
            let _ = writeln!(std::io::stdout(), "{object}");
        }
    }

    /// A bar for a file. It shows on stderr, and only where that is a terminal.
    pub(crate) fn bar(&self, name: &str, octets: Option<u64>) -> ProgressBar {
        let bar = octets.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let style = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        let style = ProgressStyle::with_template(style);
        let bar = style.map_or(bar.clone(), |style| bar.with_style(style));
        self.bars.add(bar.with_message(msrp_sdp::file::safe_name(name)))
    }
}

/// Tells people something on stderr.
pub(crate) fn words(message: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{}", harmless(&message.to_string()));
}

/// The same text, with `\u` before the numbers of letters which a terminal obeys or
/// which turn the direction of others: a peer may have chosen them. JSON has them
/// inside of strings only, and stays the same JSON.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_harmful(letter) {
            harmless += &format!("\\u{:04x}", u32::from(letter));
        } else {
            harmless.push(letter);
        }
    }
    harmless
}

/// All of them have four digits.
fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_spelt_out_and_json_stays_json() {
        for code in 0..=0x2_ffff_u32 {
            let Some(letter) = char::from_u32(code) else { continue };
            let object = json!({ "name": format!("a{letter}b") });
            let text = harmless(&object.to_string());
            assert_eq!(text.parse::<serde_json::Value>().unwrap(), object);
            assert!(!text.chars().any(is_harmful), "{code:x}");
        }
        assert_eq!(harmless("\u{9b}2J\u{202e}\u{e9}"), "\\u009b2J\\u202e\u{e9}");
    }
}
