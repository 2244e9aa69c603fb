//! The limits on heads.

use super::*;

/// Heads of exactly `len` octets, with a body and without.
fn heads_of(len: usize) -> [(Vec<u8>, usize); 2] {
    let start = format!("MSRP abcd SEND\r\n{PATHS}X: ");
    let pad = |rest: usize| "p".repeat(len - start.len() - rest);
    let bodiless = format!("{start}{}\r\n-------abcd$\r\n", pad(2));
    let with_body =
        format!("{start}{}\r\nContent-Type: a/b\r\n\r\nbody\r\n-------abcd$\r\n", pad(2 + 19 + 2));
    [(bodiless.into_bytes(), len), (with_body.into_bytes(), len)]
}

#[test]
fn a_head_may_be_as_long_as_its_limit() {
    for len in [200, 16_384, 65_535] {
        for (octets, len) in heads_of(len) {
            let mut options = strict();
            options.head_octets = len;
            check_limit(&octets, &options, None);
            options.head_octets = len - 1;
            check_limit(&octets, &options, Some(ParseErrorKind::HeadTooLong { limit: len - 1 }));
        }
    }
}

#[test]
fn no_limit_on_a_head_is_above_65535() {
    let mut options = strict();
    options.head_octets = usize::MAX;
    for (octets, _) in heads_of(65_535) {
        check_limit(&octets, &options, None);
    }
    for (octets, _) in heads_of(65_536) {
        check_limit(&octets, &options, Some(ParseErrorKind::HeadTooLong { limit: 65_535 }));
    }
    for (octets, _) in heads_of(1_000_000) {
        check_limit(&octets, &options, Some(ParseErrorKind::HeadTooLong { limit: 65_535 }));
    }
}

/// An endless head is refused soon after its limit.
#[test]
fn an_endless_head_is_given_up() {
    for filler in [&b"p"[..], b"X: y\r\n", b"\n", b"\r", b"-------abcd"] {
        let mut octets = format!("MSRP abcd SEND\r\n{PATHS}X: ").into_bytes();
        while octets.len() < 17_000 {
            octets.extend_from_slice(filler);
        }
        let options = strict();
        for octets in [&octets[..], &octets[..16_500]] {
            let Some(DecodeError::Head(error)) = decode([octets], &options).error else {
                panic!("{filler:?}");
            };
            assert_eq!(error.kind(), ParseErrorKind::HeadTooLong { limit: 16_384 });
        }
        assert_eq!(decode([&octets[..16_384]], &options).error, Some(DecodeError::Truncated));
    }
}

#[test]
fn a_head_may_have_as_many_fields_as_its_limit() {
    for count in [2, 3, 64, 500] {
        let octets = with_fields("X: y\r\n".repeat(count - 2));
        let mut options = strict();
        options.headers = count;
        check_limit(&octets, &options, None);
        options.headers = count - 1;
        check_limit(&octets, &options, Some(ParseErrorKind::TooManyHeaders { limit: count - 1 }));
    }
    let default = ParseOptions::default();
    check_limit(&with_fields("X: y\r\n".repeat(62)), &default, None);
    let error = ParseErrorKind::TooManyHeaders { limit: 64 };
    check_limit(&with_fields("X: y\r\n".repeat(63)), &default, Some(error));
}

#[test]
fn a_path_may_have_as_many_uris_as_its_limit() {
    for count in [1, 2, 16, 40] {
        let long = vec!["msrp://hub.example:2855/r;tcp"; count].join(" ");
        let short = "msrp://a:1/a;tcp";
        for (to, from) in [(long.as_str(), short), (short, long.as_str())] {
            let octets =
                format!("MSRP abcd SEND\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n-------abcd$\r\n");
            let mut options = strict();
            options.path_uris = count;
            check_limit(octets.as_bytes(), &options, None);
            options.path_uris = count - 1;
            let error = ParseErrorKind::TooManyUris { limit: count - 1 };
            check_limit(octets.as_bytes(), &options, Some(error));
        }
    }
}

#[test]
fn nothing_passes_a_limit_of_zero() {
    let octets = with_fields("");
    let mut options = strict();
    options.head_octets = 0;
    check_limit(&octets, &options, Some(ParseErrorKind::HeadTooLong { limit: 0 }));
    let mut options = strict();
    options.headers = 0;
    check_limit(&octets, &options, Some(ParseErrorKind::TooManyHeaders { limit: 0 }));
}

/// Reads by `HeadRef` and by `Decoder`, and in any split.
fn check_limit(octets: &[u8], options: &ParseOptions, error: Option<ParseErrorKind>) {
    let parsed = HeadRef::parse(octets, options);
    assert_eq!(parsed.err().map(|it| it.kind()), error);
    let whole = decode_whole(octets, options);
    for size in [1, 7, 1000] {
        assert_eq!(decode(octets.chunks(size), options), whole);
    }
    match (error, whole.chunks.as_slice()) {
        (None, [chunk]) => assert!(chunk.head.is_ok() && whole.error.is_none()),
        (Some(error), [chunk]) => {
            assert_eq!(chunk.head.as_ref().unwrap_err().error().kind(), error)
        }
        (Some(error), []) => {
            assert!(matches!(&whole.error, Some(DecodeError::Head(it)) if it.kind() == error));
        }
        other => panic!("{other:?}"),
    }
}
