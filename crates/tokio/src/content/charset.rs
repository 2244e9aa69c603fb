//! Text by its charset.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8};

/// The text of octets in a charset, by default UTF-8. Octets that are none of it become
/// U+FFFD, and a byte order mark at the start says more than the charset. `None` if the
/// charset is unknown.
pub(super) fn decoded<'a>(octets: &'a [u8], charset: Option<&str>) -> Option<Cow<'a, str>> {
    let (text, _, _) = charset.map_or(Some(UTF_8), known)?.decode(octets);
    Some(text)
}

fn known(charset: &str) -> Option<&'static Encoding> {
    let charset = charset.trim();
    if charset.eq_ignore_ascii_case("us-ascii") {
        // To a browser this is windows-1252. Senders that say so and send more mean UTF-8.
        return Some(UTF_8);
    }
    // Of the charsets that stand for "replacement" a browser shows nothing either.
    Encoding::for_label(charset.as_bytes()).filter(|known| *known != REPLACEMENT)
}
