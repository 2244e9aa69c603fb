//! The parts of a `file-selector` as deployed stacks separate them.
//!
//! RFC 5547 section 6 has `property:value`, one space between two of them, and quotes
//! around a name. Some write `=` for the colon, a semicolon, a comma or nothing for the
//! space, blanks after either, or a name without quotes. What such a selector means is
//! clear as long as the names of its properties are.

use super::FileProperty;
use crate::token::{is_blank, is_token_octet};

/// A property and the text up to the next one.
pub(super) struct Part<'a> {
    /// `None` of a text that belongs to no property.
    pub(super) property: Option<FileProperty>,
    pub(super) value: &'a str,
    /// Whether it is written as the grammar has it.
    pub(super) is_regular: bool,
    /// Whether each of its quotes has a closing one.
    pub(super) is_closed: bool,
}

/// The parts of a selector, without those of unknown properties.
pub(super) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text.trim_matches(is_blank);
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let head = Head::of(rest).filter(|head| head.starts_part(Before::Blank));
            let is_unknown = head.as_ref().is_some_and(|head| head.property.is_none());
            let (part, after) = part(rest, head);
            rest = after;
            if !is_unknown || !part.is_closed {
                return Some(part);
            }
        }
        None
    })
}

/// The part that `text` starts with, and what follows it.
fn part<'a>(text: &'a str, head: Option<Head<'a>>) -> (Part<'a>, &'a str) {
    let is_typed = head.as_ref().is_some_and(Head::may_have_parameters);
    let value = head.as_ref().map_or(text, |head| head.value);
    let (end, is_closed) = end(value, is_typed);
    let (written, rest) = value.split_at(end);
    let value = written.trim_matches(is_separator);
    let property = head.as_ref().and_then(|head| head.property);
    // A semicolon may end the parameters of a type.
    let may_end = |with: &str| with.is_empty() || is_typed && rest.is_empty() && with == ";";
    let is_bare = written.trim_end_matches(is_blank).strip_prefix(value).is_some_and(may_end);
    let is_apart = rest.is_empty() || written.ends_with(is_blank);
    let is_quoted = property == Some(FileProperty::Name);
    let is_regular = head.is_some_and(|head| head.has_colon)
        && (is_bare && is_apart || value.is_empty())
        && if is_quoted { is_quoted_string(value) } else { is_word(value) };
    (Part { property, value, is_regular, is_closed }, rest)
}

/// Where the value of a part ends, and whether its quotes are closed. An open quote ends
/// with the next property.
fn end(value: &str, is_typed: bool) -> (usize, bool) {
    let (mut is_quoted, mut last_quote) = (false, 0);
    let found = next_part(value, is_typed, |at, letter| {
        if letter == '"' {
            (is_quoted, last_quote) = (!is_quoted, at);
        }
        is_quoted
    });
    match (found, value.get(last_quote + 1..)) {
        (None, Some(rest)) if is_quoted => {
            let found = next_part(rest, is_typed, |_, _| false);
            (found.map_or(value.len(), |at| last_quote + 1 + at), false)
        }
        (found, _) => (found.unwrap_or(value.len()), true),
    }
}

/// What separates a word from the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Blank,
    Mark,
    Quote,
}

/// Where the next part starts, outside of what is quoted.
fn next_part(
    value: &str,
    is_typed: bool,
    mut is_quoted: impl FnMut(usize, char) -> bool,
) -> Option<usize> {
    let mut before = Before::Nothing;
    for (at, letter) in value.char_indices() {
        if is_quoted(at, letter) {
            before = Before::Nothing;
        } else if letter == '"' {
            before = Before::Quote;
        } else if is_blank(letter) && before != Before::Mark {
            before = Before::Blank;
        } else if is_separator(letter) {
            before = Before::Mark;
        } else {
            let may_start = |head: Head<'_>| {
                let is_parameter = is_typed && before == Before::Mark && !head.has_colon;
                head.starts_part(before) && !is_parameter
            };
            let is_start = before != Before::Nothing
                && value.get(at..).and_then(Head::of).is_some_and(may_start);
            if is_start {
                return Some(at);
            }
            before = Before::Nothing;
        }
    }
    None
}

/// The name of a property and the sign after it.
struct Head<'a> {
    property: Option<FileProperty>,
    /// Whether the sign is a colon, without blanks before it.
    has_colon: bool,
    value: &'a str,
}

impl<'a> Head<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let end = text.bytes().position(|octet| !is_token_octet(octet)).filter(|end| *end > 0)?;
        let (name, rest) = text.split_at(end);
        let has_colon = rest.starts_with(':');
        let value = rest.trim_start_matches(is_blank).strip_prefix([':', '='])?;
        Some(Self { property: name.parse().ok(), has_colon, value })
    }

    /// Whether a word after this is a part of its own. An unknown property is one only
    /// where the grammar has one.
    fn starts_part(&self, before: Before) -> bool {
        let may_be_unknown = before == Before::Blank && self.has_colon;
        self.property.is_some() || may_be_unknown && !self.value.starts_with(is_blank)
    }

    /// Whether `;name=value` after it is a parameter of a type.
    fn may_have_parameters(&self) -> bool {
        self.property == Some(FileProperty::Type) && self.has_colon
    }
}

/// Whether this is one text between quotes, and not an empty one.
fn is_quoted_string(value: &str) -> bool {
    let text = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    text.is_some_and(|text| !text.is_empty() && !text.contains('"'))
}

/// Whether there are no quotes around it, and no blanks but between quotes.
fn is_word(value: &str) -> bool {
    let mut is_quoted = false;
    let has_blank = value.chars().any(|letter| {
        is_quoted ^= letter == '"';
        is_blank(letter) && !is_quoted
    });
    !has_blank && !value.starts_with('"')
}

fn is_separator(letter: char) -> bool {
    is_blank(letter) || matches!(letter, ';' | ',')
}
