//! The type of what a message/cpim wraps, found without reading the rest of it.

use std::borrow::Cow;

use super::fields::{BYTE_ORDER_MARK, content_type as content_type_in, logical_line};
use super::value::MimeValue;

/// The Content-Type of what a `message/cpim` body wraps: the one among the MIME header
/// fields after the first blank line, or before it if a peer omits that line. `None` for
/// other types, and without a Content-Type.
///
/// In every message that `msrp-cpim` accepts, it reads the same type.
#[must_use]
pub fn wrapped_type<'a>(content_type: &str, body: &'a [u8]) -> Option<Cow<'a, str>> {
    wrapped(content_type, body).map(|(inner, _)| inner)
}

/// The type of what a `message/cpim` wraps, and what follows that header field.
pub(super) fn wrapped<'a>(content_type: &str, body: &'a [u8]) -> Option<(Cow<'a, str>, &'a [u8])> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let mut rest = if is_cpim(content_type) { body } else { &[] };
    let mut blank_lines = 0;
    while blank_lines < 2 {
        let (line, after) = logical_line(rest)?;
        rest = after;
        if let Some(inner) = content_type_in(line) {
            return Some((inner, rest));
        }
        blank_lines += u8::from(line.is_empty());
    }
    None
}

/// Whether the start of a `message/cpim` body has all that [`wrapped_type`] reads: two blank
/// lines.
pub(crate) fn has_whole_head(start: &[u8]) -> bool {
    let mut rest = start;
    let mut blank_lines = 0;
    while let Some((line, after)) = logical_line(rest) {
        blank_lines += u8::from(line.is_empty());
        // The last line may go on.
        if blank_lines == 2 {
            return rest.starts_with(b"\n") || rest.starts_with(b"\r\n");
        }
        rest = after;
    }
    false
}

pub(crate) fn is_cpim(content_type: &str) -> bool {
    MimeValue::new(content_type).main().eq_ignore_ascii_case("message/cpim")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// Any octets.
        #[test]
        fn the_wrapped_type_of_anything(octets in vec(select(&b"Content-Type: /\r\n \t\xff"[..]), 0..80)) {
            let inner = wrapped_type("Message/CPIM;x=y", &octets);
            prop_assert!(inner.is_none_or(|it| !it.contains(['\r', '\n'])));
            prop_assert_eq!(wrapped_type("text/plain", &octets), None);
        }
    }

    #[test]
    fn the_wrapped_type_is_found_in_any_company() {
        let of = |body| wrapped_type("message/cpim", body);
        assert_eq!(of(b"From: \xff\r\n\r\nContent-Type: a/b\r\n\r\n\xff").as_deref(), Some("a/b"));
        assert_eq!(of(b"\r\n Content-Type: a/b\r\nContent-Type: a/c").as_deref(), Some("a/c"));
        assert_eq!(of(b"x\r\n\r\n\r\nContent-Type: a/b\r\n\r\n"), None);
        assert_eq!(of(b"x\r\n \r\n\r\nContent-Type: a/b\r\n\r\n").as_deref(), Some("a/b"));
        assert_eq!(of(b"\xef\xbb\xbfContent-Type\t: a/b\r\n\r\n").as_deref(), Some("a/b"));
        assert_eq!(of(b"\n\n\n"), None);
        assert_eq!(of(b"\n\nContent-Type: a/b"), None);
        assert!(matches!(of(b"\nContent-Type: a/b"), Some(Cow::Borrowed("a/b"))));
        assert_eq!(of(b"\n\nContent-Type: a/b;x=\xff").as_deref(), None);
        assert_eq!(of(b"\nContent-Type: a/b;x=\xff").as_deref(), Some("a/b;x=\u{fffd}"));
    }
}
