//! `token` of RFC 8866 section 9, which RFC 4975 shares.

/// Whether `text` is a token: at least one character, each that of a token.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_octet)
}

/// Whether `octet` can stand in a token.
pub(crate) const fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'~')
}
