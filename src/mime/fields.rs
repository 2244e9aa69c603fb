//! The lines of MIME header fields (RFC 2045 section 3), folded lines among them.

use std::borrow::Cow;

use memchr::memchr_iter;

/// What some writers put before a text in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The name and the value of a field, which may be folded and comes without its last line
/// end. Some writers put blanks before the colon. `None` if the line is not a field.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end_matches([' ', '\t']);
    let is_name = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic());
    (is_name && is_text(value)).then(|| (name, value.trim_matches(is_blank)))
}

/// The value of a Content-Type on one line, if that is the field in these octets. Those that
/// are no UTF-8 are U+FFFD.
pub(super) fn content_type(line: &[u8]) -> Option<Cow<'_, str>> {
    let is_it = |name: &str| name.eq_ignore_ascii_case("Content-Type");
    match String::from_utf8_lossy(line) {
        Cow::Borrowed(line) => {
            field(line).filter(|(name, _)| is_it(name)).map(|(_, value)| unfolded(value))
        }
        Cow::Owned(line) => {
            let (_, value) = field(&line).filter(|(name, _)| is_it(name))?;
            Some(Cow::Owned(unfolded(value).into_owned()))
        }
    }
}

/// The first line with the lines that continue it, without its line end, and what follows
/// it. A blank line is empty, and no line continues it.
pub(super) fn logical_line(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    if octets.is_empty() {
        return None;
    }
    let end = end_of_line(octets);
    let (line, rest) = end.map_or((octets, &[][..]), |at| octets.split_at(at));
    let rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// The position of the LF after the first line and those that continue it.
fn end_of_line(octets: &[u8]) -> Option<usize> {
    let is_blank = octets.starts_with(b"\n") || octets.starts_with(b"\r\n");
    let is_end = |at: &usize| is_blank || !matches!(octets.get(at + 1), Some(b' ' | b'\t'));
    memchr_iter(b'\n', octets).find(is_end)
}

/// Whether the only control characters are tabs and the line ends of folds. A
/// CR alone is neither, because some readers end a line there.
fn is_text(value: &str) -> bool {
    let is_allowed = |(octet, next): (u8, Option<&u8>)| match octet {
        b'\t' | b'\n' => true,
        b'\r' => next == Some(&b'\n'),
        _ => !octet.is_ascii_control(),
    };
    let next = value.as_bytes().iter().skip(1).map(Some).chain([None]);
    value.bytes().zip(next).all(is_allowed)
}

/// A folded value on one line.
pub(super) fn unfolded(value: &str) -> Cow<'_, str> {
    if value.contains(['\r', '\n']) {
        Cow::Owned(value.replace(['\r', '\n'], ""))
    } else {
        Cow::Borrowed(value)
    }
}

/// White space in a folded value.
pub(super) const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}
