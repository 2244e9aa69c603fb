//! The escapes of RFC 3862 section 2.3.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The text without escapes. It may contain control characters.
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        out.push_str(before);
        let (letter, after) = escaped_letter(escape);
        out.extend(letter);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What the escape after a backslash stands for, and what follows it. An unknown
/// escape stands for its letter, and a backslash at the very end for nothing.
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

/// `uxxxx`, or two of them that form a surrogate pair, because the escapes count
/// in UCS-2. A surrogate without its other half becomes U+FFFD.
fn code_point(escape: &str) -> Option<(Option<char>, &str)> {
    let (first, after) = code_unit(escape)?;
    let second = after.strip_prefix('\\').and_then(code_unit);
    if let Some((second, after)) = second
        && let Some(Ok(letter)) = char::decode_utf16([first, second]).next()
        && letter.len_utf16() == 2
    {
        return Some((Some(letter), after));
    }
    let letter = char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((Some(letter), after))
}

fn code_unit(escape: &str) -> Option<(u16, &str)> {
    let (digits, after) = escape.strip_prefix('u')?.split_at_checked(4)?;
    let is_hex = digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    Some((is_hex.then(|| u16::from_str_radix(digits, 16).ok())??, after))
}

/// The position of the quote that ends a quoted string, in the text after the
/// opening quote.
pub(crate) fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.find(|letter| {
        let closes = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        closes
    })
}

/// Writes `text` with the escapes that it needs, and no other. `quote` is the
/// quotation mark around it, if there is one.
pub(crate) fn write_escaped(out: &mut impl Write, text: &str, quote: Option<char>) -> fmt::Result {
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
