//! Reads URIs and paths: by the fast rules, or by the grammar, which says what is wrong.

use super::spans::{PathShape, Spans};
use super::{MAX_URI_OCTETS, UriError, UriErrorKind, fast, grammar};

/// Reads a text that is one URI and nothing else.
pub(super) fn uri(input: &[u8]) -> Result<Spans, UriError> {
    if input.len() > MAX_URI_OCTETS {
        return Err(UriError::new(UriErrorKind::TooLong, 0..input.len()));
    }
    fast::uri(input).map_or_else(|| grammar::uri_or_error(input), Ok)
}

/// ```abnf
/// MSRP-URI *( SP MSRP-URI )
/// ```
///
/// At most `max_uris` URIs. More spaces, at the ends as well, are read and reported:
/// the caller decides whether they are tolerated.
pub(crate) fn path(input: &[u8], max_uris: usize) -> Result<PathShape, UriError> {
    let mut shape = PathShape { uris: 0, extra_spaces: false, first: Spans::EMPTY };
    let mut start = 0;
    for text in input.split(|octet| *octet == b' ') {
        let end = start + text.len();
        if text.is_empty() {
            shape.extra_spaces = true;
        } else if shape.uris == max_uris {
            let kind = UriErrorKind::TooManyUris { limit: max_uris };
            return Err(UriError::new(kind, start..input.len()));
        } else {
            let spans = uri(text).map_err(|error| error.shifted(start))?;
            if shape.uris == 0 {
                shape.first = spans;
            }
            shape.uris += 1;
        }
        start = end + 1;
    }
    if shape.uris == 0 {
        Err(UriError::new(UriErrorKind::EmptyPath, 0..input.len()))
    } else {
        Ok(shape)
    }
}

/// Panics unless both readers read `input` alike.
#[cfg(any(test, fuzzing))]
pub(crate) fn assert_twins(input: &[u8]) {
    let found = grammar::msrp_uri(input).ok().map(|(rest, spans)| (spans, rest));
    assert_eq!(fast::msrp_uri(input), found, "MSRP-URI");
    assert_eq!(fast::uri(input), grammar::uri_or_error(input).ok(), "MSRP-URI alone");
    let line = input.split(|octet| *octet == b'\r').next().unwrap_or_default();
    if let Some((shape, rest)) = fast::path_to_cr(input, 3) {
        assert_eq!(rest.len(), input.len() - line.len());
        assert_eq!(path(line, 3), Ok(shape), "path");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URI: &str = "msrp://host.example.com:2855/Kx81;tcp";

    /// The shape of a path that starts with [`URI`].
    fn shape(uris: usize, extra_spaces: bool) -> Result<PathShape, UriError> {
        let first = uri(URI.as_bytes())?;
        Ok(PathShape { uris, extra_spaces, first })
    }

    proptest! {
        /// Wherever the spaces are, the URIs are counted and extra spaces are reported.
        #[test]
        fn spaces_are_counted(before in 0..3_usize, gaps in prop::collection::vec(1..4_usize, 0..5), after in 0..3_usize) {
            let mut text = " ".repeat(before) + URI;
            for gap in &gaps {
                text += &(" ".repeat(*gap) + URI);
            }
            text += &" ".repeat(after);
            let extra = before > 0 || after > 0 || gaps.iter().any(|gap| *gap > 1);
            prop_assert_eq!(path(text.as_bytes(), 16), shape(gaps.len() + 1, extra));
        }

        /// Both readers agree on what is a URI, and on where its parts are.
        #[test]
        fn the_fast_rules_are_the_grammar(
            octets in prop_oneof![
                "(msrps?|MSRPS?|sip)(://|:)([a-z0-9.%4;:]{0,8}@)?([a-z.%41]{0,9}|\\[[0-9a-f:.]{0,9}\\])(:[0-9]{0,6})?(/[a-z0-9/+=@]{0,6})?(;[a-z0-9=-]{0,5}){0,4}[ \r\n;]{0,2}"
                    .prop_map(String::into_bytes),
                prop::collection::vec(any::<u8>(), 0..40),
                prop::collection::vec(prop::sample::select(&b"msrp://[]:1;a%4@ \r"[..]), 0..40),
            ],
        ) {
            assert_twins(&octets);
        }

        #[test]
        fn arbitrary_octets_do_not_panic(octets in prop::collection::vec(any::<u8>(), 0..200), max in 0..3_usize) {
            let _ = path(&octets, max);
            let _ = uri(&octets);
        }
    }

    #[test]
    fn a_path_of_no_uri_is_empty() {
        for text in ["", " ", "   "] {
            assert_eq!(
                path(text.as_bytes(), 16),
                Err(UriError::new(UriErrorKind::EmptyPath, 0..text.len())),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_limit_on_uris_is_exact() {
        let two = format!("{URI} {URI}");
        assert_eq!(path(two.as_bytes(), 2), shape(2, false));
        assert_eq!(
            path(two.as_bytes(), 1),
            Err(UriError::new(UriErrorKind::TooManyUris { limit: 1 }, 38..75))
        );
        assert_eq!(
            path(two.as_bytes(), 0),
            Err(UriError::new(UriErrorKind::TooManyUris { limit: 0 }, 0..75))
        );
    }

    #[test]
    fn a_path_blames_the_uri_and_its_part() {
        let cases = [
            ("msrp://h:1/a", UriErrorKind::Transport, 12..12),
            (&format!("{URI} msrp://h:0/a;tcp"), UriErrorKind::Port, 47..48),
            (&format!("{URI}\t{URI}"), UriErrorKind::Octet, 37..38),
            (&format!("{URI} {URI} {URI}\u{e9}"), UriErrorKind::Octet, 113..115),
        ];
        for (text, kind, place) in cases {
            let expected = Err(UriError::new(kind, place));
            assert_eq!(path(text.as_bytes(), 16), expected, "{text}");
        }
    }

    #[test]
    fn the_limit_on_octets_is_exact() {
        let long = |octets: usize| format!("msrp://h:1/{};tcp", "a".repeat(octets - 15));
        let longest = long(MAX_URI_OCTETS);
        assert_eq!(longest.len(), MAX_URI_OCTETS);
        let too_long = long(MAX_URI_OCTETS + 1);
        for after in ["", " msrp://h:1/a;tcp"] {
            let text = format!("{longest}{after}");
            assert!(path(text.as_bytes(), 16).is_ok());
            let text = format!("{too_long}{after}");
            let expected = Err(UriError::new(UriErrorKind::TooLong, 0..MAX_URI_OCTETS + 1));
            assert_eq!(path(text.as_bytes(), 16), expected);
        }
    }
}
