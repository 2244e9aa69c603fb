//! `token` of RFC 8866 section 9, which RFC 4975 shares, and blanks.

/// Whether `text` is a token.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_octet)
}

/// Whether a token may have `octet`.
pub(crate) const fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'~')
}

/// Whether `letter` is a space or a tab.
pub(crate) const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

/// Whether there is more than one space between two words, or a blank before or after them.
pub(crate) fn has_extra_blanks(words: &str) -> bool {
    !words.is_empty() && words.split(' ').any(|word| word.is_empty() || word.contains('\t'))
}
