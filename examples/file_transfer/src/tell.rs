//! What the user is told: a JSON object per file for programs, lines for people, progress.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};
use msrp_sdp::file::FileRange;
use msrp_tokio::content::{visible_json, visible_line};
use serde_json::{Value, json};

use crate::failure::Failure;

/// The result for one file.
pub(crate) struct Done {
    /// Its media line, counted from zero.
    pub(crate) line: usize,
    pub(crate) name: String,
    /// The range to transfer.
    pub(crate) range: FileRange,
    /// The octets that this transfer has carried.
    pub(crate) bytes: u64,
    /// The path of the received file.
    pub(crate) path: Option<PathBuf>,
    pub(crate) failure: Option<Failure>,
}

/// Prints results and progress.
pub(crate) struct Teller {
    /// Whether standard output is for the session description.
    is_out_taken: bool,
    is_for_people: bool,
    bars: MultiProgress,
}

impl Teller {
    pub(crate) fn new(sdp_out: &Path) -> Self {
        let is_out_taken = sdp_out == Path::new("-");
        let is_for_people =
            if is_out_taken { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
        Self { is_out_taken, is_for_people, bars: MultiProgress::new() }
    }

    pub(crate) fn done(&self, done: &Done) {
        if self.is_for_people {
            self.print(&visible_line(&done.line()));
        } else {
            self.print(&visible_json(&done.object().to_string()));
        }
    }

    /// Tells why there is no transfer at all.
    pub(crate) fn failed(&self, failure: &Failure) {
        if self.is_for_people {
            self.print(&visible_line(&format!("error: {}", failure.message())));
        } else {
            let object = json!({ "success": false, "error": failure.to_json() });
            self.print(&visible_json(&object.to_string()));
        }
    }

    /// Tells people what they can do.
    pub(crate) fn hint(&self, hint: &str) {
        if self.is_for_people {
            self.print(hint);
        }
    }

    fn print(&self, line: &str) {
        // A closed output is no reason to fail.
        self.bars.suspend(|| {
            let _ = match self.is_out_taken {
                true => writeln!(io::stderr(), "{line}"),
                false => writeln!(io::stdout(), "{line}"),
            };
        });
    }

    /// A progress bar for a file. It shows on stderr if that is a terminal.
    pub(crate) fn bar(&self, name: &str, octets: Option<u64>) -> ProgressBar {
        let bar = octets.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let style = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        let style = ProgressStyle::with_template(style);
        let bar = style.map_or(bar.clone(), |style| bar.with_style(style));
        self.bars.add(bar.with_message(visible_line(name)))
    }
}

impl Done {
    /// A file that is not transferred.
    pub(crate) fn refused(line: usize, name: &str, range: FileRange, failure: Failure) -> Self {
        Self { line, name: name.into(), range, bytes: 0, path: None, failure: Some(failure) }
    }

    pub(crate) const fn is_success(&self) -> bool {
        self.failure.is_none()
    }

    fn object(&self) -> Value {
        json!({
            "line": self.line,
            "name": self.name,
            "success": self.is_success(),
            "range": self.range.to_string(),
            "bytes": self.bytes,
            "path": self.path,
            "error": self.failure.as_ref().map(Failure::to_json),
        })
    }

    fn line(&self) -> String {
        let name = if self.name.is_empty() { "a file" } else { &self.name };
        match (&self.failure, &self.path) {
            (Some(failure), _) => format!("{name}: {}", failure.message()),
            (None, Some(path)) => {
                format!("received {}, {}", path.display(), HumanBytes(self.bytes))
            }
            (None, None) => format!("sent {name}, {}", HumanBytes(self.bytes)),
        }
    }
}

/// Prints a line on stderr.
pub(crate) fn words(message: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", visible_line(&message.to_string()));
}
