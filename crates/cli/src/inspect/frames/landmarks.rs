//! Where frames begin and end in octets that are not read as such.

use std::collections::HashMap;

use memchr::memmem;

/// What begins a start line.
const START: &[u8] = b"MSRP ";

/// The same, and what begins an end-line, with the end of the line before.
const START_LINE: &[u8] = b"\nMSRP ";
const END_LINE: &[u8] = b"\n-------";

/// The most octets of a start line that begins within another line.
const MAX_START_LINE: usize = 256;

/// The start lines and the end-lines among some octets, found in one pass.
pub(super) struct Landmarks<'a> {
    octets: &'a [u8],
    /// Where the last end-line of each transaction id is.
    ends: HashMap<&'a [u8], usize>,
}

impl<'a> Landmarks<'a> {
    pub(super) fn of(octets: &'a [u8]) -> Self {
        let ends = memmem::find_iter(octets, END_LINE);
        let ends = ends.filter_map(|at| Some((ended_id(octets.get(at + END_LINE.len()..)?)?, at)));
        Self { octets, ends: ends.collect() }
    }

    /// Where frames begin: start lines with an end-line or a To-Path after them. The octets
    /// begin with a line.
    pub(super) fn frames(&self) -> impl Iterator<Item = usize> {
        self.starts().filter(|at| self.is_whole(*at) || has_to_path(self.from(*at)))
    }

    /// The start lines, and the ends of lines that are one before a To-Path.
    fn starts(&self) -> impl Iterator<Item = usize> {
        memmem::find_iter(self.octets, START)
            .filter(|at| self.begins_line(*at) || is_start_line(self.from(*at)))
    }

    fn begins_line(&self, at: usize) -> bool {
        self.octets.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(b"\n"))
    }

    /// Whether the end-line of the frame that begins here follows.
    fn is_whole(&self, start: usize) -> bool {
        started_id(self.from(start)).is_some_and(|id| self.is_ended(id, start))
    }

    fn from(&self, start: usize) -> &'a [u8] {
        self.octets.get(start..).unwrap_or_default()
    }

    /// Whether an end-line of this transaction follows.
    pub(super) fn is_ended(&self, id: &[u8], from: usize) -> bool {
        self.ends.get(id).is_some_and(|end| *end > from)
    }
}

/// Where the line ends before the next frame in octets without a blank line, in which only an
/// end-line ends a head: before the first start line that has one, or the last start line.
pub(super) fn next_hope(octets: &[u8]) -> usize {
    let landmarks = Landmarks::of(octets);
    let mut later = landmarks.starts().filter(|at| *at > 0);
    let whole = later.find(|at| landmarks.is_whole(*at)).map(|at| at - 1);
    whole.or_else(|| memmem::rfind(octets, START_LINE)).unwrap_or_default()
}

/// Whether a frame may begin within these octets.
pub(super) fn has_start(octets: &[u8]) -> bool {
    Landmarks::of(octets).starts().any(|at| at > 0)
}

/// Where a frame begins that was taken for a part of this head.
pub(super) fn start_in_head(head: &[u8]) -> Option<usize> {
    let mut starts = memmem::find_iter(head, START).filter(|at| *at > 0);
    starts.find(|at| head.get(*at..).is_some_and(is_start_line))
}

/// Whether the rest of a line is a start line before a To-Path.
fn is_start_line(rest: &[u8]) -> bool {
    let line = rest.get(..MAX_START_LINE).unwrap_or(rest);
    let mut lines = line.splitn(2, |octet| *octet == b'\n');
    let (Some(line), Some(_)) = (lines.next(), lines.next()) else { return false };
    let word = line.splitn(3, |octet| *octet == b' ').nth(2).and_then(<[u8]>::first);
    let has_word = word.is_some_and(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    has_word && memmem::rfind(line, START) == Some(0) && has_to_path(rest)
}

/// The transaction id of a start line.
fn started_id(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"MSRP ")?;
    let end = rest.iter().position(|octet| matches!(octet, b' ' | b'\n'))?;
    rest.get(..end)
}

/// Whether the line after this one is the first of a head (RFC 4975 section 9).
fn has_to_path(line: &[u8]) -> bool {
    let mut lines = line.split(|octet| *octet == b'\n');
    lines.nth(1).is_some_and(|next| next.starts_with(b"To-Path: "))
}

/// The transaction id at the start of what follows the hyphens of an end-line, before its
/// continuation flag.
fn ended_id(rest: &[u8]) -> Option<&[u8]> {
    let end = rest.iter().position(|octet| *octet == b'\n').unwrap_or(rest.len());
    let (flag, id) = rest.get(..end)?.trim_ascii_end().split_last()?;
    matches!(flag, b'$' | b'+' | b'#').then_some(id)
}
