//! Output: JSON objects for programs, lines for people.

use std::io::Write;
use std::time::Duration;

use msrp::StatusCode;
use msrp_tokio::content::visible_json;
use serde_json::Value;

/// Writes one JSON object as a line on standard output, with escapes for what terminals act on
/// and what others take for the end of a line.
pub(crate) fn print(object: &Value) {
    print_line(visible_json(&object.to_string()));
}

/// Writes a line on standard output. A closed output is no reason to fail.
pub(crate) fn print_line(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes a line for people on standard error.
pub(crate) fn tell(message: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// Sets one field of an object.
pub(crate) fn set(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.into(), value.into());
    }
}

/// Sets the fields of a status, with the peer's comment if it has sent one.
pub(crate) fn set_status(object: &mut Value, status: StatusCode, comment: Option<&str>) {
    set(object, "statusCode", status.as_u16());
    set(object, "statusText", comment.unwrap_or_else(|| status.reason()));
}

/// A duration in milliseconds, to the microsecond.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
