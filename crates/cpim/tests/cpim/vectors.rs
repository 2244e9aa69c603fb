//! The examples that the RFCs print.

use std::fs;
use std::path::PathBuf;

use super::*;
use CpimTolerance::MissingBlankLine;

/// Each example without the MIME header of its wrapper: sender, type, octets of
/// the body, and the tolerances that it needs.
const EXAMPLES: [(&str, &str, &str, usize, &[CpimTolerance]); 13] = [
    ("rfc3862-5.1-1", "im:piglet@100akerwood.com", "text/xml; charset=utf-8", 50, &[]),
    ("rfc4975-11.4-1", "sip:alice@example.com", "text/plain", 14, &[MissingBlankLine]),
    ("rfc5438-7.1.1.3-1", "im:alice@example.com", "text/plain", 13, &[MissingBlankLine]),
    ("rfc5438-7.2.1.1-1", "im:bob@example.com", "message/imdn+xml", 461, &[MissingBlankLine]),
    ("rfc5438-7.2.1.2-1", "im:bob@example.com", "message/imdn+xml", 460, &[MissingBlankLine]),
    ("rfc5438-8.1-1", "im:bob@example.com", "message/imdn+xml", 466, &[MissingBlankLine]),
    (
        "rfc5438-8.3-1",
        "im:bob@example.com",
        "multipart/mixed; boundary=\"imdn-boundary\"",
        1044,
        &[MissingBlankLine],
    ),
    ("rfc5547-9.1-1", "sip:alice@example.com", "image/jpeg", 44, &[MissingBlankLine]),
    ("rfc5547-9.2-1", "sip:alice@example.com", "image/jpeg", 23, &[MissingBlankLine]),
    ("rfc5547-9.2-2", "sip:alice@example.com", "image/jpeg", 23, &[MissingBlankLine]),
    ("rfc7701-9.3-1", "sip:alice@atlanta.example.com", "text/plain", 30, &[MissingBlankLine]),
    ("rfc7701-9.4-1", "sip:alice@example.com", "text/plain", 10, &[MissingBlankLine]),
    ("rfc7701-9.4-2", "sip:alice@atlanta.example.com", "text/plain", 10, &[MissingBlankLine]),
];

// req: 4975-13-5, 4975-13-8
#[test]
fn the_printed_examples_are_read() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    for (name, from, content_type, octets, tolerated) in EXAMPLES {
        let file = fs::read(folder.join(format!("{name}.cpim"))).unwrap();
        let message = without_wrapper(&file);
        let read = CpimRef::parse(message).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        assert_eq!(read.from().unwrap().uri(), from, "{name}");
        assert_eq!(read.to().count(), 1, "{name}");
        assert_eq!(read.content_type().as_deref(), Some(content_type), "{name}");
        assert_eq!(read.body().len(), octets, "{name}");
        assert_eq!(read.tolerated().iter().collect::<Vec<_>>(), tolerated, "{name}");
    }
    // The RFC prints the two chunks so that DateTime stands after From.
    let cut = fs::read(folder.join("rfc7701-9.5-1.cpim")).unwrap();
    let read = CpimRef::parse(&cut).unwrap();
    assert_eq!(read.from(), None);
    assert!(read.tolerated().contains(CpimTolerance::UnreadableAddress));
}

/// RFC 3862 and one example of RFC 5438 also print the Content-type of the
/// wrapper.
fn without_wrapper(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"Content-type: Message/CPIM\r\n\r\n").unwrap_or(file)
}
