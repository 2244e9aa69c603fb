//! Words and the percent-encoding of RFC 5547 section 6.

use std::fmt::{self, Write};

use percent_encoding::percent_decode_str;

use crate::token::is_blank;

/// What blanks outside of quotes separate. `None` in place of a word with an
/// unclosed quote.
pub(super) fn words(text: &str) -> impl Iterator<Item = Option<&str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(is_blank);
        if rest.is_empty() {
            return None;
        }
        let mut is_quoted = false;
        let end = rest.find(|letter| {
            is_quoted ^= letter == '"';
            is_blank(letter) && !is_quoted
        });
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some((!is_quoted).then_some(word))
    })
}

/// The text without the quotes around it, if there are any.
pub(super) fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The text with its percent-encoded octets decoded once. A `%` that encodes nothing
/// stands for itself, and octets that are not UTF-8 become U+FFFD.
pub(super) fn decoded(text: &str) -> String {
    String::from_utf8(percent_decode_str(text).collect())
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A text between quotes, percent-encoded where the grammar demands it, and where an
/// operating system could take a character for directory structure.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            if letter.is_control() || matches!(letter, '"' | '%' | '/' | '\\' | ':') {
                let mut octets = [0; 4];
                letter
                    .encode_utf8(&mut octets)
                    .bytes()
                    .try_for_each(|it| write!(f, "%{it:02X}"))?;
            } else {
                f.write_char(letter)?;
            }
        }
        f.write_char('"')
    }
}
