//! MIME header fields, folded ones among them (RFC 2045 section 3), and the
//! blocks of lines that end with a blank line.

use std::borrow::Cow;

use memchr::memchr_iter;
use msrp::mime::MimeValue;

use crate::grammar::UNREADABLE;
use crate::limits::MAX_HEAD_LINES;

/// Blanks of one line.
pub(crate) const BLANKS: [char; 2] = [' ', '\t'];

/// The MIME header fields of a message or a part, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MimeHeaders<'a> {
    /// Lines of which only the `Content-…` fields count.
    mixed: &'a str,
    lines: &'a str,
}

impl<'a> MimeHeaders<'a> {
    /// The fields in these lines.
    pub(crate) const fn new(lines: &'a str) -> Self {
        Self { mixed: "", lines }
    }

    /// The same fields, after the `Content-…` fields in `mixed`.
    pub(crate) const fn after(self, mixed: &'a str) -> Self {
        Self { mixed, lines: self.lines }
    }

    /// The fields, one after the other.
    pub fn iter(self) -> impl Iterator<Item = MimeHeader<'a>> + use<'a> {
        let mixed = logical_lines(self.mixed).filter(|line| is_content_field(line));
        mixed.chain(logical_lines(self.lines)).filter_map(MimeHeader::parse)
    }

    /// The first field of this name. Letter case does not matter.
    #[must_use]
    pub fn get(self, name: &str) -> Option<MimeHeader<'a>> {
        self.iter().find(|field| field.is(name))
    }
}

/// One MIME header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MimeHeader<'a> {
    name: &'a str,
    raw: &'a str,
}

impl<'a> MimeHeader<'a> {
    /// Reads a field that may be folded, without the end of its last line. Blanks before the
    /// colon do not count. `None` if it has control characters.
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let (name, raw) = (Self::name_of(line)?, line.split_once(':')?.1);
        let field = Self { name: name.trim_end_matches(BLANKS), raw: raw.trim_matches(is_blank) };
        is_text(raw).then_some(field)
    }

    /// What stands before the colon of a line, if it is the name of a field.
    pub(crate) fn name_of(line: &'a str) -> Option<&'a str> {
        let (name, _) = line.split_once(':')?;
        is_field_name(name.trim_end_matches(BLANKS)).then_some(name)
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
        if self.raw.contains(['\r', '\n']) {
            Cow::Owned(self.raw.replace(['\r', '\n'], ""))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// The value with its parameters.
    #[must_use]
    pub const fn value(&self) -> MimeValue<'a> {
        MimeValue::new(self.raw)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The lines before a blank line, and what follows it.
type Block<'a> = (&'a [u8], &'a [u8]);

/// Splits at the first blank line. `None` if there is none yet and the limits
/// leave room for one. The error is the empty slice at the limit.
pub(crate) fn head_block(octets: &[u8], max: usize) -> Result<Option<Block<'_>>, &[u8]> {
    let searched = octets.get(..max).unwrap_or(octets);
    let limit = |at| octets.get(at..at).unwrap_or_default();
    let mut start = 0;
    for (line, end) in memchr_iter(b'\n', searched).enumerate() {
        if matches!(searched.get(start..end), Some(b"" | b"\r")) {
            let (lines, rest) = octets.split_at(start);
            return Ok(Some((lines, rest.split_at(end + 1 - start).1)));
        }
        if line >= MAX_HEAD_LINES {
            return Err(limit(start));
        }
        start = end + 1;
    }
    if octets.len() < max { Ok(None) } else { Err(limit(max)) }
}

/// Whether any line is a field, or one whose name is no UTF-8.
pub(crate) fn has_fields(lines: &str) -> bool {
    let is_named = |line: &str| line.contains(':') && is_unreadable_name(line);
    logical_lines(lines).any(|line| MimeHeader::name_of(line).is_some() || is_named(line))
}

/// Whether the octets before the colon of a header, or of a line without one, are in part
/// no UTF-8.
pub(crate) fn is_unreadable_name(line: &str) -> bool {
    line.split(':').next().is_some_and(|name| name.contains(UNREADABLE))
}

/// Lines without their ends, each with the lines that continue it.
pub(crate) fn logical_lines(lines: &str) -> impl Iterator<Item = &str> {
    lines_in_context(lines).map(|(_, line)| line)
}

/// [`logical_lines`], each after all the lines before it.
pub(crate) fn lines_in_context(lines: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let (before, rest) = lines.split_at_checked(start).filter(|(_, rest)| !rest.is_empty())?;
        let line = rest.get(..end_of_line(rest.as_bytes()))?;
        start += line.len() + 1;
        Some((before, line.strip_suffix('\r').unwrap_or(line)))
    })
}

/// [`logical_lines`] of octets, each without its last LF.
pub(crate) fn logical_octets(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let end = (end_of_line(rest) + 1).min(rest.len());
        let line;
        (line, rest) = rest.split_at_checked(end).filter(|(line, _)| !line.is_empty())?;
        Some(line.strip_suffix(b"\n").unwrap_or(line))
    })
}

/// The position of the LF after the first line and the lines that continue it.
/// No line continues a blank one.
fn end_of_line(octets: &[u8]) -> usize {
    let is_blank = octets.starts_with(b"\n") || octets.starts_with(b"\r\n");
    let is_end = |at: &usize| is_blank || !matches!(octets.get(at + 1), Some(b' ' | b'\t'));
    memchr_iter(b'\n', octets).find(is_end).unwrap_or(octets.len())
}

/// Whether a line is one of MIME's own fields: `Content-…`.
pub(crate) fn is_content_field(line: impl AsRef<[u8]>) -> bool {
    const PREFIX: &[u8] = b"content-";
    line.as_ref().get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// The same of octets: whether a line of them will be read as such a field.
pub(crate) fn is_own_field(line: &[u8]) -> bool {
    is_content_field(line) && !is_unreadable_name(&String::from_utf8_lossy(line))
}

/// Whether a header field can have this name.
pub(crate) fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':')
}

/// Whether a value is not empty, fits on one line and reads back the same.
pub(crate) fn is_field_value(value: &str) -> bool {
    !value.is_empty()
        && !value.contains(|letter: char| letter.is_ascii_control())
        && !value.starts_with(' ')
        && !value.ends_with(' ')
}

/// Whether the only control characters are tabs and the line ends of folds. A
/// CR alone is neither, because some readers end a line there.
fn is_text(raw: &str) -> bool {
    let is_allowed = |(octet, next): (u8, Option<&u8>)| match octet {
        b'\t' | b'\n' => true,
        b'\r' => next == Some(&b'\n'),
        _ => !octet.is_ascii_control(),
    };
    let next = raw.as_bytes().iter().skip(1).map(Some).chain([None]);
    raw.bytes().zip(next).all(is_allowed)
}

/// White space in a folded value.
const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}
