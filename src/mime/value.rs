//! A value with parameters, such as that of Content-Type or Content-Disposition.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::fields::{is_blank, unfolded};
use percent_encoding::percent_decode_str;

/// A value with its parameters: `text/plain; charset=utf-8`.
///
/// It is read leniently: with blanks and line ends around semicolons, with or without
/// quotes, and with names in any letter case. Comments are not supported.
///
/// ```
/// use msrp::mime::MimeValue;
///
/// let value = MimeValue::new("attachment; filename=\"My \\\"best\\\" cat.jpg\"; size=4092");
/// assert_eq!(value.main(), "attachment");
/// assert_eq!(value.parameter("FileName").as_deref(), Some("My \"best\" cat.jpg"));
/// assert_eq!(value.parameter("size").as_deref(), Some("4092"));
///
/// // RFC 2231 for characters outside US-ASCII.
/// let value = MimeValue::new("render; filename*=UTF-8''gr%C3%BCn.png");
/// assert_eq!(value.parameter("filename").as_deref(), Some("grün.png"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MimeValue<'a> {
    text: &'a str,
}

impl<'a> MimeValue<'a> {
    /// The value in `text`. Every text is one.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The part before the parameters.
    #[must_use]
    pub fn main(self) -> &'a str {
        self.split().0.trim_matches(is_blank)
    }

    /// The parameters: names as they are written, and values without quotes and escapes.
    pub fn parameters(self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        let mut rest = self.split().1;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(|letter| is_blank(letter) || letter == ';');
            if rest.is_empty() {
                return None;
            }
            let (parameter, after) = parameter(rest);
            rest = after;
            Some(parameter)
        })
    }

    /// The value of the first parameter of this name. The forms of RFC 2231 take precedence
    /// if their charset is UTF-8, US-ASCII or ISO-8859-1: `name*`, then the numbered parts
    /// `name*0`, `name*1` and so on up to the first that is missing.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<Cow<'a, str>> {
        let of = |wanted: &'a str| wanted.strip_suffix('*').unwrap_or(wanted);
        let mut plain = None;
        for (found, value) in self.parameters().filter(|it| of(it.0).eq_ignore_ascii_case(name)) {
            if !found.ends_with('*') {
                plain = plain.or(Some(value));
            } else if let Some(text) = extended(&value) {
                return Some(Cow::Owned(text));
            }
        }
        self.joined(name).map(Cow::Owned).or(plain)
    }

    /// The text of the numbered parts of a parameter (RFC 2231 sections 3 and 4.1).
    fn joined(self, name: &str) -> Option<String> {
        let mut parts = BTreeMap::new();
        for (found, value) in self.parameters() {
            if let Some((number, is_encoded)) = numbered(found, name) {
                parts.entry(number).or_insert((is_encoded, value));
            }
        }
        let (is_encoded, first) = parts.get(&0)?;
        let (charset, first) =
            if *is_encoded { charset_and_text(first)? } else { ("utf-8", first.as_ref()) };
        let mut octets = octets_of(first, *is_encoded)?;
        for number in 1.. {
            let Some((is_encoded, part)) = parts.get(&number) else { break };
            octets.extend(octets_of(part, *is_encoded)?);
        }
        decoded(charset, octets)
    }

    fn split(self) -> (&'a str, &'a str) {
        self.text.split_once(';').unwrap_or((self.text, ""))
    }
}

/// A name, its value, and what follows it.
fn parameter(text: &str) -> ((&str, Cow<'_, str>), &str) {
    let end = text.find([';', '=']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.trim_matches(is_blank);
    let Some(rest) = rest.strip_prefix('=') else { return ((name, Cow::Borrowed("")), rest) };
    let rest = rest.trim_start_matches(is_blank);
    let Some(quoted) = rest.strip_prefix('"') else {
        let (value, rest) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        return ((name, unfolded(value.trim_end_matches(is_blank))), rest);
    };
    let (value, after) = quoted.split_at(closing_quote(quoted).unwrap_or(quoted.len()));
    // Text after the closing quote is not part of the value.
    let after = after.split_at(after.find(';').unwrap_or(after.len())).1;
    ((name, unescaped(value)), after)
}

/// The position of the quote that ends a quoted string, in the text after the
/// opening quote.
fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.find(|letter| {
        let closes = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        closes
    })
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return unfolded(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut letters = value.chars().filter(|letter| !matches!(letter, '\r' | '\n'));
    while let Some(letter) = letters.next() {
        out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    Cow::Owned(out)
}

/// The number of a part of a parameter, and whether it is percent-encoded: `name*0` or
/// `name*0*`.
fn numbered(found: &str, name: &str) -> Option<(u32, bool)> {
    let (start, number) = found.split_once('*')?;
    let (number, is_encoded) =
        number.strip_suffix('*').map_or((number, false), |number| (number, true));
    let is_number = number.bytes().all(|octet| octet.is_ascii_digit());
    let number = number.parse().ok().filter(|_| is_number)?;
    start.eq_ignore_ascii_case(name).then_some((number, is_encoded))
}

/// The text of `charset'language'percent-encoded` (RFC 2231 section 4).
fn extended(value: &str) -> Option<String> {
    let (charset, encoded) = charset_and_text(value)?;
    decoded(charset, octets_of(encoded, true)?)
}

fn charset_and_text(value: &str) -> Option<(&str, &str)> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    Some((charset, encoded))
}

fn octets_of(text: &str, is_percent_encoded: bool) -> Option<Vec<u8>> {
    if is_percent_encoded {
        is_encoded(text).then(|| percent_decode_str(text).collect())
    } else {
        Some(text.as_bytes().to_vec())
    }
}

/// The text of octets in UTF-8, US-ASCII or ISO-8859-1.
fn decoded(charset: &str, octets: Vec<u8>) -> Option<String> {
    if charset.eq_ignore_ascii_case("iso-8859-1") {
        return Some(octets.into_iter().map(char::from).collect());
    }
    let is_utf8 = ["utf-8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(charset));
    String::from_utf8(octets).ok().filter(|_| is_utf8)
}

/// Whether two hexadecimal digits follow each percent sign.
fn is_encoded(text: &str) -> bool {
    let begins_with_digits = |rest: &str| {
        let digits = rest.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.split('%').skip(1).all(begins_with_digits)
}
