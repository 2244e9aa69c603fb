//! The header fields of a MIME part, folded lines among them.

use std::borrow::Cow;
use std::iter::FusedIterator;

use memchr::memchr_iter;

use super::value::MimeValue;

/// The MIME header fields of a part, in the order in which they stand.
///
/// Names are compared without regard to letter case, and a line that begins
/// with a blank continues the one before (RFC 2045 section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MimeHeaders<'a> {
    /// Lines whose fields count only where they are `Content-…`.
    mixed: &'a str,
    lines: &'a str,
}

impl<'a> MimeHeaders<'a> {
    /// The fields of these lines.
    pub const fn new(lines: &'a str) -> Self {
        Self { mixed: "", lines }
    }

    /// The same and those that stand in `mixed`, before them.
    pub const fn after(self, mixed: &'a str) -> Self {
        Self { mixed, lines: self.lines }
    }

    /// The fields, one after the other.
    pub fn iter(self) -> impl Iterator<Item = MimeHeader<'a>> + use<'a> {
        let mixed = logical_lines(self.mixed).filter(|line| is_content_field(line));
        mixed.chain(logical_lines(self.lines)).filter_map(MimeHeader::read)
    }

    /// The first field of this name.
    #[must_use]
    pub fn get(self, name: &str) -> Option<MimeHeader<'a>> {
        self.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// One MIME header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MimeHeader<'a> {
    name: &'a str,
    raw: &'a str,
}

impl<'a> MimeHeader<'a> {
    /// Reads a field that may be folded, without the end of its last line.
    pub fn read(line: &'a str) -> Option<Self> {
        let (name, raw) = line.split_once(':')?;
        let is_name = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic());
        (is_name && is_text(raw)).then(|| Self { name, raw: raw.trim_matches(is_blank) })
    }

    /// The name as it is written.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The value as it is written, with the line ends inside it.
    #[must_use]
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// The value on one line.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        unfolded(self.raw)
    }

    /// The value and its parameters.
    #[must_use]
    pub const fn value(&self) -> MimeValue<'a> {
        MimeValue::new(self.raw)
    }
}

/// Lines before a blank line, and what is behind it.
pub type Block<'a> = (&'a [u8], &'a [u8]);

/// No blank line within the limit.
pub struct TooLong;

/// The most lines of a block, those that continue others among them, so that
/// looking at one that comes in crumbs costs little.
const MAX_LINES: usize = 512;

/// The lines before the first blank line, and what is behind it; `None` where
/// it has not come within the first `limit` octets and `MAX_LINES` and still
/// may.
pub fn head_block(octets: &[u8], limit: usize) -> Result<Option<Block<'_>>, TooLong> {
    let searched = octets.get(..limit).unwrap_or(octets);
    let mut start = 0;
    for (line, end) in memchr_iter(b'\n', searched).enumerate() {
        if matches!(searched.get(start..end), Some(b"" | b"\r")) {
            let (lines, rest) = octets.split_at(start);
            return Ok(Some((lines, rest.split_at(end + 1 - start).1)));
        }
        if line >= MAX_LINES {
            return Err(TooLong);
        }
        start = end + 1;
    }
    if octets.len() < limit { Ok(None) } else { Err(TooLong) }
}

/// Lines without their ends, each with those that continue it.
pub fn logical_lines(lines: &str) -> LogicalLines<'_> {
    LogicalLines(lines)
}

/// Walks lines without their ends, each with those that continue it.
#[derive(Clone, Copy, Debug)]
pub struct LogicalLines<'a>(&'a str);

impl<'a> LogicalLines<'a> {
    /// What has not been walked yet.
    pub const fn rest(&self) -> &'a str {
        self.0
    }
}

impl<'a> Iterator for LogicalLines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let end = end_of_line(self.0.as_bytes());
        let (line, rest) = end.map_or((self.0, ""), |at| self.0.split_at(at));
        self.0 = rest.strip_prefix('\n').unwrap_or(rest);
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

impl FusedIterator for LogicalLines<'_> {}

/// The first line of octets that need be no text, with the lines that continue
/// it and without its end, and what is behind it. It is empty where it is a
/// blank line, which none continues.
pub(crate) fn logical_line(octets: &[u8]) -> Option<Block<'_>> {
    if octets.is_empty() {
        return None;
    }
    let end = end_of_line(octets);
    let (line, rest) = end.map_or((octets, &[][..]), |at| octets.split_at(at));
    let rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// The place of the LF behind the first line and those that continue it.
fn end_of_line(octets: &[u8]) -> Option<usize> {
    let is_blank = octets.starts_with(b"\n") || octets.starts_with(b"\r\n");
    let is_end = |at: &usize| is_blank || !matches!(octets.get(at + 1), Some(b' ' | b'\t'));
    memchr_iter(b'\n', octets).find(is_end)
}

/// Whether a line is one of MIME's own fields: `Content-…`.
pub fn is_content_field(line: &str) -> bool {
    const PREFIX: &str = "content-";
    line.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// Whether there are no control characters but tabs and the line ends of folds.
/// A CR alone is none of those, and ends a line for some readers.
fn is_text(raw: &str) -> bool {
    let is_allowed = |(octet, next): (u8, Option<&u8>)| match octet {
        b'\t' | b'\n' => true,
        b'\r' => next == Some(&b'\n'),
        _ => !octet.is_ascii_control(),
    };
    let behind = raw.as_bytes().iter().skip(1).map(Some).chain([None]);
    raw.bytes().zip(behind).all(is_allowed)
}

pub(crate) fn unfolded(raw: &str) -> Cow<'_, str> {
    if raw.contains(['\r', '\n']) {
        Cow::Owned(raw.replace(['\r', '\n'], ""))
    } else {
        Cow::Borrowed(raw)
    }
}

/// White space in a folded value.
pub(crate) const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}
