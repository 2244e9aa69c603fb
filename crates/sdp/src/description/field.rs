//! The fields of a line.

/// A text without what would end a field or a line.
pub(super) fn field(text: &str) -> Box<str> {
    text.chars().filter(|letter| !letter.is_control() && !letter.is_whitespace()).collect()
}

/// The `addrtype` of an address.
pub(super) fn address_type(address: &str) -> &'static str {
    if address.contains(':') { "IP6" } else { "IP4" }
}
