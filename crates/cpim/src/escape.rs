//! The escapes of RFC 3862 section 2.3.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The text without its escapes. It may hold control characters then.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        out.push_str(before);
        let (letter, behind) = escaped_letter(escape);
        out.extend(letter);
        rest = behind;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What the escape behind a backslash stands for, and what is behind it. An
/// unknown one is its letter, and a backslash at the very end is nothing.
fn escaped_letter(escape: &str) -> (Option<char>, &str) {
    if let Some(found) = code_point(escape) {
        return found;
    }
    let mut letters = escape.chars();
    let letter = letters.next().map(|letter| match letter {
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'r' => '\r',
        other => other,
    });
    (letter, letters.as_str())
}

/// `uxxxx`, or two of them that are a surrogate pair: the escapes count in
/// UCS-2. A surrogate without its other half stands for no character.
fn code_point(escape: &str) -> Option<(Option<char>, &str)> {
    let (first, behind) = code_unit(escape)?;
    let second = behind.strip_prefix('\\').and_then(code_unit);
    if let Some((second, behind)) = second
        && let Some(Ok(letter)) = char::decode_utf16([first, second]).next()
        && letter.len_utf16() == 2
    {
        return Some((Some(letter), behind));
    }
    let letter = char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((Some(letter), behind))
}

fn code_unit(escape: &str) -> Option<(u16, &str)> {
    let (digits, behind) = escape.strip_prefix('u')?.split_at_checked(4)?;
    let is_hex = digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    Some((is_hex.then(|| u16::from_str_radix(digits, 16).ok())??, behind))
}

/// Writes `text` with the escapes it needs, and no other. `quote` is what it
/// stands between, if anything.
pub(super) fn write_escaped(out: &mut impl Write, text: &str, quote: Option<char>) -> fmt::Result {
    for letter in text.chars() {
        match letter {
            '\\' => out.write_str("\\\\")?,
            '\u{8}' => out.write_str("\\b")?,
            '\t' => out.write_str("\\t")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            _ if letter.is_ascii_control() => write!(out, "\\u{:04x}", u32::from(letter))?,
            _ if quote == Some(letter) => write!(out, "\\{letter}")?,
            _ => out.write_char(letter)?,
        }
    }
    Ok(())
}
