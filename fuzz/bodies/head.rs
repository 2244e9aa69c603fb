//! One head: the parser with and without tolerances, whole and cut short, and
//! beside the decoder.

use bytes::BytesMut;
use msrp::wire::{Decoder, Frame, HeadRef, ParseError, Parsed};
use msrp::{ParseOptions, Tolerance, Tolerances};

pub(crate) fn run(data: &[u8]) {
    let tolerant = ParseOptions::default();
    let mut strict = tolerant;
    strict.tolerances = Tolerances::none();
    let mut narrow = tolerant;
    (narrow.head_octets, narrow.headers, narrow.path_uris) = (200, 4, 2);

    for options in [tolerant, strict, narrow] {
        let parsed = HeadRef::parse(data, &options);
        assert_limits(&parsed, &options);
        assert_prefixes_are_incomplete(data, &parsed, &options);
        assert_decoder_agrees(data, &parsed, &options);
    }
    assert_tolerances_only_add(data, &tolerant, &strict);
}

fn assert_limits(parsed: &Result<Parsed<'_>, ParseError>, options: &ParseOptions) {
    let Ok(Parsed::Complete { head, len, end_line }) = parsed else { return };
    assert!(*len <= options.head_octets);
    assert_eq!(head.has_body(), end_line.is_none());
    assert!(head.tolerated().iter().all(|used| options.tolerances.contains(used)));
    // Only the transaction id and the status of such a response count.
    if head.tolerated().contains(Tolerance::MalformedResponse) {
        assert!(head.status_code().is_some());
        return;
    }
    assert!(head.headers().count() <= options.headers);
    for path in [head.to_path(), head.from_path()] {
        assert!((1..=options.path_uris).contains(&path.len()));
        assert_eq!(path.iter().count(), path.len());
        assert_eq!(
            (path.iter().next(), path.iter().next_back()),
            (Some(path.first()), Some(path.last()))
        );
    }
    assert_ne!(head.method().is_some(), head.status_code().is_some());
    let texts = [head.comment(), head.content_type(), head.status().and_then(|it| it.comment)];
    let values = head.headers().map(|(_, value)| value);
    for text in texts.into_iter().flatten().chain(values) {
        assert!(
            !text.contains(|character: char| character.is_ascii_control() && character != '\t')
        );
    }
}

/// A head is known as soon as its last octet is there, and not before; what
/// follows it does not matter.
fn assert_prefixes_are_incomplete(
    data: &[u8],
    parsed: &Result<Parsed<'_>, ParseError>,
    options: &ParseOptions,
) {
    let Ok(Parsed::Complete { len, end_line, .. }) = parsed else { return };
    let whole = len + end_line.map_or(0, |(_, octets)| octets);
    assert_eq!(&HeadRef::parse(&data[..whole], options), parsed);
    for cut in (0..whole).rev().take(100).chain(0..whole.min(20)) {
        assert_eq!(HeadRef::parse(&data[..cut], options), Ok(Parsed::Incomplete), "at {cut}");
    }
}

fn assert_decoder_agrees(
    data: &[u8],
    parsed: &Result<Parsed<'_>, ParseError>,
    options: &ParseOptions,
) {
    if data.starts_with(b"\r") {
        return; // The decoder may pass over blank lines, the parser knows none.
    }
    match (parsed, Decoder::new(*options).decode(&mut BytesMut::from(data))) {
        (Ok(Parsed::Complete { head, .. }), Ok(Some(Frame::Head(same)))) => {
            assert_eq!(*head, same.view());
        }
        (Ok(Parsed::Incomplete), Ok(None)) => {}
        (Err(error), Ok(Some(Frame::BadHead(bad)))) => {
            assert_eq!(error, bad.error());
            assert!(error.kind().status().is_some());
        }
        (Err(error), Err(same)) => {
            assert_eq!(msrp::wire::DecodeError::from(error.clone()), same);
            assert!(error.kind().status().is_none());
        }
        (parsed, decoded) => panic!("{parsed:?} is not {decoded:?}"),
    }
}

/// Without tolerances a head is read alike or not at all, and the tolerances
/// that were used are just those without which it is not read.
fn assert_tolerances_only_add(data: &[u8], tolerant: &ParseOptions, strict: &ParseOptions) {
    let read = HeadRef::parse(data, tolerant);
    let read_strictly = HeadRef::parse(data, strict);
    match (&read, &read_strictly) {
        (Ok(Parsed::Complete { head, .. }), Err(_)) => {
            // A response that is malformed anyway can do without the others.
            let is_malformed = head.tolerated().contains(Tolerance::MalformedResponse);
            let needed = |used: &Tolerance| !is_malformed || *used == Tolerance::MalformedResponse;
            for used in head.tolerated().iter().filter(needed) {
                assert_not_read_without(data, tolerant, used);
            }
            assert!(!head.tolerated().is_empty());
        }
        (Err(_), Err(_)) => {}
        _ => assert_eq!(read, read_strictly),
    }
}

fn assert_not_read_without(data: &[u8], tolerant: &ParseOptions, used: Tolerance) {
    let mut options = *tolerant;
    options.tolerances = options.tolerances.without(used);
    assert!(HeadRef::parse(data, &options).is_err(), "{used:?} was not needed");
}
