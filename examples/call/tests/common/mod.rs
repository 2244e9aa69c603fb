//! `msrp-call` as a process, and what it prints.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A running `msrp-call`. Dropping it kills it.
pub(crate) struct Call {
    process: Child,
    events: BufReader<ChildStdout>,
    input: Option<ChildStdin>,
}

impl Call {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(program())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let events = BufReader::new(process.stdout.take().unwrap());
        let input = process.stdin.take();
        Self { process, events, input }
    }

    /// Waits for calls, and stores files in `folder`. Returns its URI as well.
    pub(crate) fn listen(folder: &Path, arguments: &[&str]) -> (Self, String) {
        let fixed = ["listen", "--sip", "127.0.0.1:0", "--out", folder.to_str().unwrap()];
        let mut call = Self::start(&[&fixed, arguments].concat());
        let listening = call.expect("listening");
        (call, listening["sip"].as_str().unwrap().to_owned())
    }

    pub(crate) fn dial(uri: &str, arguments: &[&str]) -> Self {
        Self::start(&[&["dial", uri], arguments].concat())
    }

    /// The next event; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let len = self.events.read_line(&mut line).unwrap();
        (len > 0).then(|| line.parse().unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// The next event, which is this one.
    pub(crate) fn expect(&mut self, event: &str) -> Value {
        let next = self.next().unwrap_or_else(|| panic!("no {event}"));
        assert_eq!(next["event"], event, "{next}");
        next
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.type_part(&format!("{line}\n"));
    }

    /// Types a part of a line.
    pub(crate) fn type_part(&mut self, part: &str) {
        self.input.as_mut().unwrap().write_all(part.as_bytes()).unwrap();
    }

    /// Types no more.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// The exit status, and the events that were not looked at.
    pub(crate) fn end(mut self) -> (i32, Vec<Value>) {
        let events = std::iter::from_fn(|| self.next()).collect();
        (self.process.wait().unwrap().code().unwrap(), events)
    }

    /// Asks it to stop, as the system does when it shuts down.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
    }
}

/// Cargo gives the path of the command to the tests of its own package. The tests of
/// another are in target/debug/deps/, next to target/debug/msrp-call.
fn program() -> PathBuf {
    match option_env!("CARGO_BIN_EXE_msrp-call") {
        Some(program) => program.into(),
        None => {
            let test = std::env::current_exe().unwrap();
            test.parent().and_then(Path::parent).unwrap().join("msrp-call")
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
