//! Where a stream goes on whose framing is lost.

use memchr::{memchr, memmem};

const START: &[u8] = b"MSRP ";

/// The first header field (RFC 4975 section 9).
const TO_PATH: &[u8] = b"To-Path:";

/// The most octets of a start line that does not begin a line.
const MAX_START_LINE: usize = 256;

/// Where the next frame starts, or else how many octets belong to none. The first octet is
/// one of those that cannot be read, or known to start nothing.
pub(super) fn next_frame(input: &[u8]) -> Result<usize, usize> {
    for at in memmem::find_iter(input, START).filter(|at| *at > 0) {
        match starts_frame(input, at) {
            Some(true) => return Ok(at),
            Some(false) => {}
            None => return Err(at - 1),
        }
    }
    Err(input.len().saturating_sub(START.len()))
}

/// Whether a frame starts here: at the start of a line, or at the end of one before that of
/// a To-Path. `None`: more octets tell.
fn starts_frame(input: &[u8], at: usize) -> Option<bool> {
    let (before, rest) = input.split_at_checked(at)?;
    if before.ends_with(b"\n") {
        return Some(true);
    }
    let line = rest.get(..MAX_START_LINE).unwrap_or(rest);
    let Some(end) = memchr(b'\n', line) else {
        return (line.len() == MAX_START_LINE).then_some(false);
    };
    let (line, next) = rest.split_at_checked(end + 1)?;
    let is_last = memmem::rfind(line, START) == Some(0);
    let is_cut = next.len() < TO_PATH.len() && TO_PATH.starts_with(next);
    (!is_last || !is_cut).then(|| is_last && next.starts_with(TO_PATH))
}
