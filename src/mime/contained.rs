//! The types of what a container holds: a `message/cpim`, or a body of several parts.

use std::borrow::Cow;

use memchr::memmem;

use super::fields::{BYTE_ORDER_MARK, content_type, logical_line};
use super::value::MimeValue;
use super::wrapped::wrapped;

/// Containers inside one another. What is deeper is not looked into.
const MAX_DEPTH: usize = 8;

/// Calls `found` with the Content-Type of everything that a body of this type holds, what
/// a container in it holds included. A part without one is `text/plain` (RFC 2045 section
/// 5.2). A part whose header fields do not end in `body` is left out.
pub(crate) fn contained_types(content_type: &str, body: &[u8], found: &mut impl FnMut(&str)) {
    look_into(content_type, body, 1, found);
}

/// Whether a type is `multipart/…`.
pub(crate) fn is_multipart(content_type: &str) -> bool {
    let top = content_type.split_once('/').map_or("", |(top, _)| top.trim());
    top.eq_ignore_ascii_case("multipart")
}

fn look_into(content_type: &str, body: &[u8], depth: usize, found: &mut impl FnMut(&str)) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Some((inner, rest)) = wrapped(content_type, body) {
        found(&inner);
        // The header fields that are left are the preamble of parts.
        look_into(&inner, rest, depth + 1, found);
    }
    for (inner, content) in parts(content_type, body) {
        found(&inner);
        look_into(&inner, content, depth + 1, found);
    }
}

/// The type and the content of each part.
fn parts<'a>(
    content_type: &str,
    body: &'a [u8],
) -> impl Iterator<Item = (Cow<'a, str>, &'a [u8])> + use<'a> {
    let boundary = MimeValue::new(content_type).parameter("boundary");
    let boundary = boundary.filter(|_| is_multipart(content_type));
    let delimiter = boundary.filter(|it| !it.is_empty()).map(|it| format!("--{}", it.trim_end()));
    delimiter.into_iter().flat_map(|delimiter| Parts::new(&delimiter, body))
}

/// Goes from delimiter to delimiter (RFC 2046 section 5.1.1).
struct Parts<'a> {
    delimiter: memmem::Finder<'static>,
    /// What follows the last delimiter; `None` behind the one that ends the body.
    rest: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn new(delimiter: &str, body: &'a [u8]) -> Self {
        let delimiter = memmem::Finder::new(delimiter.as_bytes()).into_owned();
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let mut parts = Self { delimiter, rest: Some(body) };
        parts.up_to_delimiter();
        parts
    }

    /// What comes before the next delimiter, or before the end of the body, and whether a
    /// delimiter was found.
    fn up_to_delimiter(&mut self) -> Option<(&'a [u8], bool)> {
        let rest = self.rest?;
        let mut from = 0;
        while let Some(at) = self.delimiter.find(rest.get(from..)?) {
            let (before, delimiter) = rest.split_at_checked(from + at)?;
            let (_, after) = delimiter.split_at_checked(self.delimiter.needle().len())?;
            if (before.is_empty() || before.ends_with(b"\n"))
                && let Some(next) = after_delimiter(after)
            {
                self.rest = next;
                return Some((before, true));
            }
            from += at + 1;
        }
        self.rest = None;
        Some((rest, false))
    }
}

/// What follows a delimiter line, `Some(None)` for the last one. `None` if the line goes on,
/// with a longer boundary.
fn after_delimiter(after: &[u8]) -> Option<Option<&[u8]>> {
    let (line, next) = match memchr::memchr(b'\n', after) {
        Some(end) => (after.get(..end)?, after.get(end + 1..)?),
        None => (after, &[][..]),
    };
    match line.trim_ascii_end() {
        b"" => Some(Some(next)),
        b"--" => Some(None),
        _ => None,
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = (Cow<'a, str>, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (part, is_whole) = self.up_to_delimiter()?;
        read_part(part, is_whole)
    }
}

fn read_part(part: &[u8], is_whole: bool) -> Option<(Cow<'_, str>, &[u8])> {
    let mut found = None;
    let typed = |found: Option<_>| found.unwrap_or(Cow::Borrowed("text/plain"));
    let mut rest = part;
    while let Some((line, after)) = logical_line(rest) {
        // A lone CR may be the start of a blank line.
        if rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
            return Some((typed(found), after));
        }
        rest = after;
        // The first one counts.
        found = found.or_else(|| content_type(line));
    }
    is_whole.then(|| (typed(found), rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn types(content_type: &str, body: &str) -> Vec<String> {
        let mut types = Vec::new();
        contained_types(content_type, body.as_bytes(), &mut |found| types.push(found.to_owned()));
        types
    }

    #[test]
    fn every_part_is_found() {
        let body = "preamble --a\r\n--a \r\nContent-Type: text/html;\r\n charset=x\r\n\r\n--ab\r\n\
             --a\r\nX: y\r\n\r\nno type\r\n--a\r\ncontent-type:image/png\r\n--a--\r\n\
             --a\r\nContent-Type: not/me\r\n\r\n";
        for content_type in ["multipart/mixed;boundary=a", "Multipart/X; BOUNDARY=\"a\""] {
            let expected = ["text/html; charset=x", "text/plain", "image/png"];
            assert_eq!(types(content_type, body), expected);
            assert_eq!(types(content_type, &body.replace("\r\n", "\n")), expected);
        }
        let marked = format!("\u{feff}{}", "--a\r\nContent-Type : text/css\r\n\r\n--a--");
        assert_eq!(types("multipart/mixed;boundary=a", &marked), ["text/css"]);
        for other in ["multipart/mixed", "multipart/mixed;boundary=\"\"", "text/plain;boundary=a"] {
            assert_eq!(types(other, body), [""; 0], "{other}");
        }
    }

    #[test]
    fn a_head_that_goes_on_says_nothing_yet() {
        let body = "--a\r\nContent-Type: text/plain\r\n\r\n";
        for end in 0..body.len() {
            assert_eq!(types("multipart/mixed;boundary=a", &body[..end]), [""; 0], "{end}");
        }
        assert_eq!(types("multipart/mixed;boundary=a", body), ["text/plain"]);
    }

    #[test]
    fn containers_are_looked_into() {
        let inner = "--b\r\nContent-Type: a/b\r\n\r\n--b--\r\n";
        let part =
            format!("--a\r\nContent-Type: multipart/x; boundary=b\r\n\r\n{inner}--a\r\n\r\n--a--");
        let cpim = format!(
            "From: <x:y>\r\n\r\nContent-Type: multipart/y;boundary=a\r\nX: y\r\n\r\n{part}"
        );
        let expected = ["multipart/y;boundary=a", "multipart/x; boundary=b", "a/b", "text/plain"];
        assert_eq!(types("message/cpim", &cpim), expected);
        let mut deep = String::new();
        for _ in 0..99 {
            deep += "--a\r\nContent-Type: multipart/x;boundary=a\r\n\r\n";
        }
        assert!(types("multipart/x;boundary=a", &deep).len() >= 99);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        /// Any octets, in time that does not explode.
        #[test]
        fn the_parts_of_anything(pieces in vec(select(&[
            "--a", "--", "\r\n", "\n", " ", "Content-Type: ", "multipart/x;boundary=a", "message/cpim", "x",
        ][..]), 0..200)) {
            let body = pieces.concat();
            for content_type in ["multipart/x;boundary=a", "message/cpim"] {
                prop_assert!(types(content_type, &body).len() <= 8 * (pieces.len() + 1));
            }
        }
    }
}
