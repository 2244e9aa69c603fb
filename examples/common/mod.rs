//! What the examples share.
#![allow(dead_code, reason = "no example uses all of it")]

pub(crate) mod client;
pub(crate) mod expected;
pub(crate) mod failure;
pub(crate) mod link;
pub(crate) mod next_hop;
pub(crate) mod receiver;
pub(crate) mod relayed;
pub(crate) mod relays;
pub(crate) mod secure;
pub(crate) mod store;
pub(crate) mod stream;

use std::io::Write;
use std::process::ExitCode;

use serde_json::Value;

/// Exit status: the exchange failed.
pub(crate) const FAILED: u8 = 1;
/// Exit status: wrong usage, the same as clap's own.
pub(crate) const USAGE: u8 = 2;

/// Writes one JSON object as a line on stdout. A reader that has gone away is
/// no reason to fail.
pub(crate) fn print(object: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{object}").and_then(|()| out.flush());
}

/// Tells people something on stderr.
pub(crate) fn tell(message: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// Says what is wrong with the command line.
pub(crate) fn usage_error(message: impl std::fmt::Display) -> ExitCode {
    tell(format_args!("error: {message}\n\nFor more information, try '--help'."));
    ExitCode::from(USAGE)
}
