//! The fields of a line.

use crate::token::is_blank;

/// A text without what would end a field or a line.
pub(super) fn field(text: &str) -> Box<str> {
    text.chars().filter(|letter| !letter.is_control() && !letter.is_whitespace()).collect()
}

/// The fields of a line. `None` if it has a character that none of them can have, and that
/// must not be left out: what is around it would grow together.
pub(super) fn fields(line: &str) -> Option<impl Iterator<Item = &str>> {
    let is_forbidden = |letter: char| letter.is_control() && !is_blank(letter);
    (!line.contains(is_forbidden)).then(|| line.split(is_blank).filter(|field| !field.is_empty()))
}

/// The `addrtype` of an address.
pub(super) fn address_type(address: &str) -> &'static str {
    if address.contains(':') { "IP6" } else { "IP4" }
}
