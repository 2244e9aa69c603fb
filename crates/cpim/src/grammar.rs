//! Names, tokens and URIs by the grammar of RFC 3862 section 3.6.

/// What stands for octets that are no UTF-8. A name or a URI has none.
pub(crate) const UNREADABLE: char = char::REPLACEMENT_CHARACTER;

/// A header name and its prefix: `[ Name-prefix "." ] Name`.
pub(crate) fn header_name(text: &str) -> Option<(Option<&str>, &str)> {
    match text.split_once('.') {
        Some((prefix, name)) => (is_name(prefix) && is_name(name)).then_some((Some(prefix), name)),
        None => is_name(text).then_some((None, text)),
    }
}

/// `Name`.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_name_octet)
}

/// `Token`: a name that may also contain dots and characters beyond US-ASCII.
pub(crate) fn is_token(text: &str) -> bool {
    let is_token_octet = |octet: u8| is_name_octet(octet) || octet == b'.' || !octet.is_ascii();
    !text.is_empty() && text.bytes().all(is_token_octet)
}

const fn is_name_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'^'..=b'`' | b'|' | b'~')
}

/// `absolute-URI`, as far as it matters here: a scheme, and nothing that ends
/// the URI or its line.
pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme_octet =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(is_scheme_octet)
        && !rest.is_empty()
        && !rest.contains(|letter: char| {
            letter.is_ascii_control() || matches!(letter, ' ' | '<' | '>' | '"' | UNREADABLE)
        })
}

/// `Language-tag` of RFC 3066: letters and digits between hyphens.
pub(crate) fn is_language(text: &str) -> bool {
    text.split('-').all(|part| {
        matches!(part.len(), 1..=8) && part.bytes().all(|octet| octet.is_ascii_alphanumeric())
    })
}
