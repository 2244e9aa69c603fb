//! Words, tokens and the percent-encoding of RFC 5547 section 6.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::token::is_token;
use percent_encoding::percent_decode_str;

/// What stands between blanks outside of quotes. `None` in the place of a word
/// whose quote is not closed.
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
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        Some((!is_quoted).then_some(word))
    })
}

/// The text without the quotes around it, where there are any.
pub(super) fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The text with its percent-encoded octets decoded, once. A `%` that encodes
/// nothing stands for itself, and octets that are no UTF-8 become U+FFFD.
pub(super) fn decoded(text: &str) -> String {
    String::from_utf8(percent_decode_str(text).collect())
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A text between quotes, percent-encoded where the grammar asks for it, and where
/// some operating system could read a letter as directory structure.
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

/// A token in lower case; one of the known ones without an allocation.
pub(super) fn token(text: &str, known: &[&'static str]) -> Option<Cow<'static, str>> {
    if !is_token(text) {
        return None;
    }
    let known = known.iter().find(|it| it.eq_ignore_ascii_case(text));
    Some(known.map_or_else(|| text.to_ascii_lowercase().into(), |it| Cow::Borrowed(*it)))
}

pub(super) const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}
