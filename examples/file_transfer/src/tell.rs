//! Output: a JSON object per file for programs, text and progress for people.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use msrp_sdp::file::FileRange;
use msrp_tokio::content::{visible_json, visible_line};
use serde_json::json;

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
    pub(crate) error: Option<String>,
}

/// Prints results and progress.
pub(crate) struct Teller {
    /// Whether standard output is for the session description.
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
        let object = visible_json(&object.to_string());
        // A closed output is no reason to fail.
        if self.is_out_taken {
            let _ = writeln!(std::io::stderr(), "{object}");
        } else {
            let _ = writeln!(std::io::stdout(), "{object}");
        }
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

/// Prints a line on stderr.
pub(crate) fn words(message: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{}", visible_line(&message.to_string()));
}

/// An error and its causes, on one line.
pub(crate) fn text<'a>(error: impl Into<Box<dyn Error + 'a>>) -> String {
    let error = error.into();
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
