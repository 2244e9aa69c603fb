//! What the user is told: JSON objects for programs, lines for people.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use msrp_sdp::file::FileHash;
use msrp_tokio::content::{hanging, visible_json};
use serde_json::{Value, json};
use terminal_size::{Width, terminal_size};

use crate::editor::Printer;
use crate::failure::Failure;

/// Tells what happens in a call.
#[derive(Clone)]
pub(crate) struct Teller {
    is_for_programs: bool,
    /// What prints above the line that the user writes.
    printer: Option<Arc<Mutex<Printer>>>,
}

/// Something that happens in a call. What the other side has chosen is made safe here.
pub(crate) enum Told<'a> {
    /// This side waits for calls under a URI.
    Listening(&'a str),
    /// This other side calls.
    Ringing(&'a str),
    /// It has given up.
    Cancelled,
    /// The call stands, with this other side, and TLS protects what is said.
    Connected { peer: &'a str, is_secure: bool },
    /// The other side says something.
    Message(&'a str),
    /// The other side writes, or has stopped.
    Typing(bool),
    /// A file has arrived.
    File { path: &'a Path, sha256: &'a FileHash },
    /// A text or a file of this side has been delivered.
    Delivered(&'a str),
    /// Something has failed.
    Failed(&'a Failure),
    /// The call is over.
    Ended,
}

impl Teller {
    /// Tells programs.
    pub(crate) const fn for_programs() -> Self {
        Self { is_for_programs: true, printer: None }
    }

    /// Tells people if standard output is a terminal.
    pub(crate) fn for_output() -> Self {
        Self { is_for_programs: !io::stdout().is_terminal(), printer: None }
    }

    /// Tells people who write meanwhile.
    pub(crate) fn above(printer: Printer) -> Self {
        Self { is_for_programs: false, printer: Some(Arc::new(Mutex::new(printer))) }
    }

    /// Prints it at once. A closed output is no reason to fail.
    pub(crate) fn tell(&self, told: &Told<'_>) {
        let told = if self.is_for_programs {
            Some(visible_json(&told.object().to_string()))
        } else {
            told.line().map(|line| hanging(&line, columns()))
        };
        let Some(told) = told else { return };
        if let Some(printer) = &self.printer {
            let mut printer = printer.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = printer.print(told + "\n");
        } else {
            let mut out = io::stdout().lock();
            let _ = writeln!(out, "{told}").and_then(|()| out.flush());
        }
    }
}

/// The columns of the terminal. The last one stays free: some terminals begin a new line after
/// it.
fn columns() -> usize {
    let columns = terminal_size().map_or(usize::MAX, |(Width(columns), _)| columns.into());
    columns.saturating_sub(1)
}

impl Told<'_> {
    fn object(&self) -> Value {
        match self {
            Self::Listening(uri) => json!({ "event": "listening", "sip": uri }),
            Self::Ringing(caller) => json!({ "event": "ringing", "peer": caller }),
            Self::Cancelled => json!({ "event": "cancelled" }),
            Self::Connected { peer, is_secure } => {
                json!({ "event": "connected", "peer": peer, "tls": is_secure })
            }
            Self::Message(text) => json!({ "event": "message", "text": text }),
            Self::Typing(is_active) => json!({ "event": "typing", "active": is_active }),
            Self::File { path, sha256 } => json!({
                "event": "file", "name": name(path), "path": path, "sha256": hex(sha256.octets()),
            }),
            Self::Delivered(what) => json!({ "event": "delivered", "what": what }),
            Self::Failed(failure) => json!({ "event": "failed", "error": failure.to_json() }),
            Self::Ended => json!({ "event": "ended" }),
        }
    }

    fn line(&self) -> Option<String> {
        Some(match self {
            Self::Listening(uri) => format!("* waiting for calls to {uri}"),
            Self::Ringing(caller) => format!("* {caller} calls; answer? [Y/n]"),
            Self::Cancelled => "* the caller has given up".into(),
            Self::Connected { peer, is_secure } => {
                let protection = if *is_secure { "TLS" } else { "no TLS" };
                format!("* connected to {peer}, {protection}; /send FILE sends, /bye hangs up")
            }
            Self::Message(text) => format!("< {text}"),
            Self::Typing(true) => "* the other side is writing".into(),
            Self::Typing(false) => return None,
            Self::File { path, .. } => format!("* received {}", path.display()),
            Self::Delivered(_) => return None,
            Self::Failed(failure) => format!("* {}", failure.message()),
            Self::Ended => "* the call is over".into(),
        })
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use msrp_tokio::content::visible_line;

    use super::*;

    #[test]
    fn what_the_other_side_says_rules_no_terminal() {
        let text = "\u{9b}2J\x1b[2J\u{202e}\n* received /etc/passwd";
        let object = visible_json(&Told::Message(text).object().to_string());
        assert_eq!(visible_line(&object), object);
        assert_eq!(object.parse::<Value>().unwrap()["text"], text);
        let lines = hanging(&Told::Message(text).line().unwrap(), 80);
        assert!(lines.starts_with("< ") && !lines.contains("\n*"), "{lines}");
    }
}
