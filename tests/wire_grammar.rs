//! The rules of RFC 4975 section 9, one by one, and the limits on heads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::error::Error;

use std::collections::BTreeSet;

use common::corpus::{decode, decode_whole, strict};
use msrp::wire::{
    ByteRange, DecodeError, FailureReport, HeadRef, HeaderName, Method, ParseError, ParseErrorKind,
    Parsed, Status, TransactionId, ValueError, ValueErrorKind,
};
use msrp::{MediaType, MediaTypes, MessageId, ParseOptions, StatusCode};
use proptest::prelude::*;
use proptest::sample::select;

const PATHS: &str = "To-Path: msrp://lin.example:9402/m3;tcp\r\n\
                     From-Path: msrp://ada.example:7001/q8;tcp\r\n";

fn read<'a>(octets: &'a [u8], options: &ParseOptions) -> Result<HeadRef<'a>, ParseError> {
    match HeadRef::parse(octets, options)? {
        Parsed::Complete { head, .. } => Ok(head),
        Parsed::Incomplete => panic!("incomplete: {}", octets.escape_ascii()),
    }
}

/// A bodiless SEND with `fields`, which are whole lines, after its paths.
fn with_fields(fields: impl AsRef<[u8]>) -> Vec<u8> {
    [format!("MSRP abcd SEND\r\n{PATHS}").as_bytes(), fields.as_ref(), b"-------abcd$\r\n"].concat()
}

/// A response or bodiless request with this start line.
fn with_start(id: &str, word: &str) -> Vec<u8> {
    format!("MSRP {id} {word}\r\n{PATHS}-------{id}$\r\n").into_bytes()
}

fn fault_of(octets: &[u8]) -> Option<ParseErrorKind> {
    read(octets, &strict()).err().map(|error| error.kind())
}

// --- Start lines ------------------------------------------------------------

// req: 4975-9-1
#[test]
fn methods_are_capital_letters() {
    let known = [
        ("SEND", Method::Send),
        ("REPORT", Method::Report),
        ("AUTH", Method::Auth),
        ("NICKNAME", Method::Nickname),
        ("PING", Method::Other("PING")),
        ("X", Method::Other("X")),
    ];
    for (name, method) in known {
        let octets = with_start("abcd", name);
        let head = read(&octets, &strict()).unwrap();
        assert_eq!(head.method(), Some(method));
        assert_eq!((method.as_str(), method.to_string().as_str()), (name, name));
    }
    for name in ["send", "Send", "SEND2", "SE_ND", "SEND ", "SE ND", "", " SEND", "SEND\t", "ÄUTH"]
    {
        assert_eq!(
            fault_of(&with_start("abcd", name)),
            Some(ParseErrorKind::StartLine),
            "{name:?}"
        );
    }
    for start in ["msrp abcd SEND", "Msrp abcd SEND", "MSRP\tabcd SEND", " MSRP abcd SEND"] {
        let octets = format!("{start}\r\n{PATHS}-------abcd$\r\n");
        assert_eq!(fault_of(octets.as_bytes()), Some(ParseErrorKind::NotMsrp), "{start}");
    }
}

// req: 4975-9-2
#[test]
fn identifiers_have_4_to_32_characters() {
    for len in 1..70 {
        let id = "i".repeat(len);
        let is_standard = (4..=32).contains(&len);
        assert_eq!(TransactionId::new(&id).is_ok(), is_standard, "{len}");
        assert_eq!(MessageId::new(&id).is_ok(), is_standard, "{len}");
        let start = match len {
            4..=32 => None,
            1..=64 => Some(ParseErrorKind::TransactionId),
            _ => Some(ParseErrorKind::NotMsrp),
        };
        assert_eq!(fault_of(&with_start(&id, "SEND")), start, "{len}");
        let field = with_fields(format!("Message-ID: {id}\r\n"));
        let malformed = ParseErrorKind::HeaderValue(HeaderName::MessageId);
        assert_eq!(fault_of(&field), (!is_standard).then_some(malformed), "{len}");
        let tolerated = read(&field, &ParseOptions::default());
        assert_eq!(tolerated.is_ok(), len <= 64, "{len}");
        if let Ok(head) = tolerated {
            assert_eq!(head.message_id().unwrap().as_str(), id);
        }
    }
    assert_eq!(TransactionId::new("abc").map_err(|it| it.kind()), Err(ValueErrorKind::IdentLength));
    assert_eq!(MessageId::new("").map_err(|it| it.kind()), Err(ValueErrorKind::IdentLength));
}

// req: 4975-9-2
#[test]
fn identifiers_have_their_characters() {
    for octet in 0..=255u8 {
        let is_first = octet.is_ascii_alphanumeric();
        let is_later = is_first || b".-+%=".contains(&octet);
        for (id, is_ident) in
            [([octet, b'a', b'a', b'a'], is_first), ([b'a', b'a', b'a', octet], is_later)]
        {
            let field = with_fields([&b"Message-ID: "[..], &id, b"\r\n"].concat());
            let is_blank = octet == b' ' || octet == b'\t';
            let head = read(&field, &strict());
            assert_eq!(head.is_ok(), is_ident, "{octet:#x}");
            let Ok(text) = std::str::from_utf8(&id) else { continue };
            assert_eq!(MessageId::new(text).is_ok(), is_ident, "{octet:#x}");
            assert_eq!(TransactionId::new(text).is_ok(), is_ident, "{octet:#x}");
            if is_blank || octet == b'\n' {
                continue;
            }
            let start = fault_of(&with_start(text, "SEND"));
            assert_eq!(start, (!is_ident).then_some(ParseErrorKind::NotMsrp), "{octet:#x}");
        }
    }
}

// req: 4975-9-3
#[test]
fn a_status_code_is_three_digits_and_a_comment_or_none() {
    for number in 0..1000 {
        let code = StatusCode::new(number).unwrap();
        let digits = format!("{number:03}");
        assert_eq!((code.to_string(), code.as_u16()), (digits.clone(), number));
        assert_eq!(code.is_success(), (200..300).contains(&number));
        let bare = with_start("abcd", &digits);
        let head = read(&bare, &strict()).unwrap();
        assert_eq!((head.status_code(), head.comment(), head.method()), (Some(code), None, None));
        let words = with_start("abcd", &format!("{digits} So be  it\t☂"));
        let head = read(&words, &strict()).unwrap();
        assert_eq!((head.status_code(), head.comment()), (Some(code), Some("So be  it\t☂")));
    }
    assert_eq!(StatusCode::new(1000), None);
    for word in ["20", "2000", "2 0", "20x", "+20", "200OK", "200\tOK", "200 O\0K", "200 \u{7f}"] {
        assert_eq!(
            fault_of(&with_start("abcd", word)),
            Some(ParseErrorKind::StartLine),
            "{word:?}"
        );
    }
}

// req: 4975-10.1-1
#[test]
fn the_registered_status_codes_have_names() {
    let registered: Vec<u16> = StatusCode::REGISTERED.iter().map(|code| code.as_u16()).collect();
    assert_eq!(
        registered,
        [200, 400, 401, 403, 404, 408, 413, 415, 423, 424, 425, 428, 481, 501, 506]
    );
    let named = [
        StatusCode::OK,
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::TIMEOUT,
        StatusCode::STOP_SENDING,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::OUT_OF_BOUNDS,
        StatusCode::MALFORMED_NICKNAME,
        StatusCode::NICKNAME_IN_USE,
        StatusCode::PRIVATE_MESSAGES_UNSUPPORTED,
        StatusCode::NO_SUCH_SESSION,
        StatusCode::UNKNOWN_METHOD,
        StatusCode::SESSION_IN_USE,
    ];
    assert_eq!(named, StatusCode::REGISTERED);
    let reasons: BTreeSet<&str> = named.iter().map(|code| code.reason()).collect();
    assert_eq!(reasons.len(), named.len());
    for number in 0..1000 {
        let code = StatusCode::new(number).unwrap();
        assert_eq!(code.reason() == "Unknown", !named.contains(&code));
    }
}

// --- Header fields ----------------------------------------------------------

// req: 4975-9-8
#[test]
fn header_names_are_read_in_any_letter_case() {
    for &name in HeaderName::ALL {
        let text = name.as_str();
        for spelt in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
            assert_eq!(spelt.parse(), Ok(name));
        }
        assert!(format!("{text}s").parse::<HeaderName>().is_err());
        assert!(text[1..].parse::<HeaderName>().is_err());
        assert_eq!(text.replace('-', "_").parse::<HeaderName>().is_ok(), !text.contains('-'));
    }
    assert!("".parse::<HeaderName>().is_err());
    assert!("X-Trace".parse::<HeaderName>().is_err());
}

// req: 4975-9-8, 4975-7.1.1-10, 4975-7.1.1-11
#[test]
fn report_wishes_are_read_in_any_letter_case_and_have_defaults() {
    let octets = with_fields("");
    let head = read(&octets, &strict()).unwrap();
    assert_eq!((head.success_report(), head.failure_report()), (false, FailureReport::Yes));
    let values = [
        ("yes", Some(true), Some(FailureReport::Yes)),
        ("YES", Some(true), Some(FailureReport::Yes)),
        ("yEs", Some(true), Some(FailureReport::Yes)),
        ("No", Some(false), Some(FailureReport::No)),
        ("partial", None, Some(FailureReport::Partial)),
        ("PARTIAL", None, Some(FailureReport::Partial)),
        ("", None, None),
        ("y", None, None),
        ("yes,no", None, None),
        ("true", None, None),
    ];
    for (value, success, failure) in values {
        let octets = with_fields(format!("SUCCESS-report: {value}\r\n"));
        assert_eq!(read(&octets, &strict()).ok().map(|head| head.success_report()), success);
        let octets = with_fields(format!("failure-Report: {value}\r\n"));
        assert_eq!(read(&octets, &strict()).ok().map(|head| head.failure_report()), failure);
    }
}

/// A letter, then token characters; tries each of the 256 octets in both places.
// req: 4975-9-9
#[test]
fn a_header_name_is_a_letter_and_a_token() {
    for octet in 0..=255u8 {
        let is_token = octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&octet);
        // The colon ends the name.
        let later = with_fields([b"Na", &[octet][..], b": v\r\n"].concat());
        assert_eq!(read(&later, &strict()).is_ok(), is_token, "{octet:#x}");
        let first = with_fields([&[octet][..], b"ame: v\r\n"].concat());
        assert_eq!(read(&first, &strict()).is_ok(), octet.is_ascii_alphabetic(), "{octet:#x}");
    }
    assert_eq!(fault_of(&with_fields("A: v\r\n")), None);
}

/// UTF-8 text without control octets except HTAB; tries each of the 256 octets.
// req: 4975-9-10
#[test]
fn a_header_value_is_text() {
    for octet in 0..=255u8 {
        let is_text = octet == b'\t' || (0x20..0x7f).contains(&octet);
        let octets = with_fields([b"X: a", &[octet][..], b"z\r\n"].concat());
        let fault = (!is_text).then_some(ParseErrorKind::HeaderLine { position: 3 });
        assert_eq!(fault_of(&octets), fault, "{octet:#x}");
    }
    for text in ["é", "\u{80}", "\u{85}", "\u{7ff}", "☂", "\u{fffd}", "\u{10ffff}", "a: b; c=\"d\""]
    {
        let octets = with_fields(format!("X: {text}\r\n"));
        let head = read(&octets, &strict()).unwrap();
        assert_eq!(head.headers().last(), Some(("X", text)));
    }
    for ill in [&b"\xc3"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"] {
        let octets = with_fields([b"X: ", ill, b"\r\n"].concat());
        assert_eq!(fault_of(&octets), Some(ParseErrorKind::HeaderLine { position: 3 }));
    }
}

// req: 4975-9-11
#[test]
fn a_folded_line_is_none() {
    for fold in [" more", "\tmore", "  ", " X: y"] {
        let octets = with_fields(format!("X: one\r\n{fold}\r\n"));
        assert_eq!(fault_of(&octets), Some(ParseErrorKind::HeaderLine { position: 4 }), "{fold:?}");
    }
}

// req: 4975-9-6, 4975-9-7
#[test]
fn extensions_and_mime_fields_stand_before_the_content_type() {
    let octets = format!(
        "MSRP abcd SEND\r\n{PATHS}X-One: 1\r\nX-One: 2\r\nContent-Disposition: inline\r\n\
         Content-ID: <a>\r\nContent-Description: d\r\nContent-Odd: o\r\n\
         Content-Type: text/plain\r\n\r\nx\r\n-------abcd$\r\n"
    );
    let head = read(octets.as_bytes(), &strict()).unwrap();
    assert_eq!(head.headers().count(), 9);
    assert_eq!(head.header(HeaderName::ContentDisposition), Some("inline"));
    assert_eq!(head.header(HeaderName::ContentId), Some("<a>"));
    assert_eq!(head.header(HeaderName::Expires), None);
    assert_eq!(head.content_type(), Some("text/plain"));
    assert_eq!(head.headers().nth(3), Some(("X-One", "2")));
}

// req: 4975-9-3
#[test]
fn a_status_is_a_namespace_a_code_and_a_comment_or_none() {
    let good = [
        ("000 200 OK", 0, 200, Some("OK")),
        ("000 413", 0, 413, None),
        ("999 007 a  b", 999, 7, Some("a  b")),
        ("000 200 ☂", 0, 200, Some("☂")),
    ];
    for (value, namespace, code, comment) in good {
        let octets = with_fields(format!("Status: {value}\r\n"));
        let code = StatusCode::new(code).unwrap();
        let status = read(&octets, &strict()).unwrap().status();
        assert_eq!(status, Some(Status { namespace, code, comment }));
        assert_eq!(status.unwrap().response_code(), (namespace == 0).then_some(code));
    }
    for value in ["200 OK", "0 200", "000", "000  200", "000 2000", "000-200", "000 200OK", ""] {
        let octets = with_fields(format!("Status: {value}\r\n"));
        let malformed = ParseErrorKind::HeaderValue(HeaderName::Status);
        assert_eq!(fault_of(&octets), Some(malformed), "{value:?}");
    }
}

/// A path that is read contains only URIs.
// req: 4975-6-1, 4975-6-7
#[test]
fn a_path_is_msrp_uris_and_nothing_else() {
    let refused = [
        "http://169.254.169.254/latest;tcp",
        "file:///etc/passwd",
        "//lin.example:1/a;tcp",
        "msrp:lin.example:1/a;tcp",
        "msrp://lin.example:1/a",
        "msrp://lin.example:0/a;tcp",
        "msrp://lin.example:99999/a;tcp",
        "msrp://lin.example:1:2/a;tcp",
        "msrp://lin.example@evil.example@x:1/a;tcp",
        "msrp://lin.example:1/a;tcp,msrp://evil.example:1/b;tcp",
        "msrp://lin.example:1/a;tcp\tmsrp://evil.example:1/b;tcp",
        "msrp://lin.example:1/a?b;tcp",
        "msrp://lin.example:1/a#b;tcp",
        "msrp://lin.example\\@evil:1/a;tcp",
        "msrp://[::1/a;tcp",
        "msrp://[fe80::1%25eth0]:1/a;tcp",
        "msrp://2001:db8::1:2855/a;tcp",
        "msrp://lïn.example:1/a;tcp",
        "<msrp://lin.example:1/a;tcp>",
        "msrp://:1/a;tcp",
        "msrp://lin.example:1/a;tcp;",
        "*",
    ];
    for path in refused {
        let octets = format!(
            "MSRP abcd SEND\r\nTo-Path: {path}\r\nFrom-Path: msrp://a:1/a;tcp\r\n-------abcd$\r\n"
        );
        let malformed = ParseErrorKind::HeaderValue(HeaderName::ToPath);
        assert_eq!(fault_of(octets.as_bytes()), Some(malformed), "{path}");
        assert!(read(octets.as_bytes(), &ParseOptions::default()).is_err(), "{path}");
    }
    let kept = "msrp://x%0d%0aStatus@lin%00.example:1/a%0d;tcp";
    let octets = with_fields(format!("Use-Path: {kept}\r\n"));
    assert_eq!(read(&octets, &strict()).unwrap().header(HeaderName::UsePath), Some(kept));
}

// --- Byte-Range -------------------------------------------------------------

// req: 4975-7.1.1-15, 4975-7.1.1-17, 4975-7.1.1-18, 4975-7.1.1-21
#[test]
fn byte_ranges_are_three_numbers_that_fit() {
    const MAX: u64 = u64::MAX;
    let good = [
        ("1-5/5", 1, Some(5), Some(5)),
        ("1-0/0", 1, Some(0), Some(0)),
        ("1-0/*", 1, Some(0), None),
        ("6-5/5", 6, Some(5), Some(5)),
        ("1-*/*", 1, None, None),
        ("2049-*/4385", 2049, None, Some(4385)),
        ("3-9/*", 3, Some(9), None),
        ("9-*/5", 9, None, Some(5)),
        ("18446744073709551615-*/18446744073709551615", MAX, None, Some(MAX)),
    ];
    for (value, start, end, total) in good {
        let octets = with_fields(format!("Byte-Range: {value}\r\n"));
        let range = read(&octets, &strict()).unwrap().byte_range().unwrap();
        assert_eq!((range.start(), range.end(), range.total()), (start, end, total));
        assert_eq!(range.to_string(), value);
    }
    assert_eq!(ByteRange::new(0, None, None), Err(ValueErrorKind::ZeroStart.into()));
    assert_eq!(ByteRange::new(5, Some(3), Some(9)), Err(ValueErrorKind::EndBeforeStart.into()));
    assert_eq!(ByteRange::new(6, Some(9), Some(8)), Err(ValueErrorKind::EndAfterTotal.into()));
    assert_eq!(ByteRange::EMPTY.to_string(), "1-0/0");
    assert_eq!(ByteRange::whole(7).to_string(), "1-7/7");
}

proptest! {
    #[test]
    fn a_byte_range_reads_as_its_numbers_say(
        start in prop_oneof!["[0-9]{1,3}", "[0-9]{19,21}", "[*x +-]?"],
        end in prop_oneof!["[0-9]{1,3}", "[0-9]{19,21}", "[*x +-]?"],
        total in prop_oneof!["[0-9]{1,3}", "[0-9]{19,21}", "[*x +-]?"],
    ) {
        let octets = with_fields(format!("Byte-Range: {start}-{end}/{total}\r\n"));
        let read = read(&octets, &strict()).ok().and_then(|head| head.byte_range());
        let expected = number(&start).and_then(|start| {
            let or_star = |text: &str| if text == "*" { Some(None) } else { number(text).map(Some) };
            ByteRange::new(start, or_star(&end)?, or_star(&total)?).ok()
        });
        prop_assert_eq!(read, expected);
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

// --- Media types ------------------------------------------------------------

#[test]
fn a_media_type_is_a_type_a_subtype_and_parameters() {
    let good = [
        ("text/plain", "text/plain"),
        ("TEXT/Plain;charset=utf-8", "TEXT/Plain"),
        ("text/plain; charset=\"utf-8\"", "text/plain"),
        ("a/b ;c=d ; e", "a/b"),
        ("a/b;c=\"x\\\"y\\\\;z\"", "a/b"),
        ("a/b;c=\"é☂\"", "a/b"),
        (
            "application/vnd.gsma.rcs-ft-http+xml;charset=utf-8",
            "application/vnd.gsma.rcs-ft-http+xml",
        ),
    ];
    for (text, essence) in good {
        let media_type = MediaType::new(text).unwrap();
        assert_eq!((media_type.as_str(), media_type.essence()), (text, essence));
    }
    let bad = [
        "",
        "text",
        "text/",
        "/plain",
        "text /plain",
        "text/ plain",
        "text/plain ",
        " text/plain",
        "text/plain;",
        "text/plain;=b",
        "text/plain;a=",
        "text/plain;a=\"b",
        "text/plain;a=b c",
        "text/plain,text/html",
        "text/pl\u{e4}in",
        "text/plain\r\nX: y",
        "text/plain;a=\"\u{0}\"",
        "text/plain;a=\"\\x\"",
        "text/plain/x",
        "te(xt)/plain",
    ];
    for text in bad {
        assert!(MediaType::new(text).is_err(), "{text:?}");
    }
    assert_eq!(MediaType::text_plain(), MediaType::new("text/plain").unwrap());
}

/// The header field is read if, and only if, `MediaType` accepts its value.
#[test]
fn content_types_are_media_types() {
    for text in ["text/plain", "a/b;c", "a", "a/b;", "a/b;c=\"", "a/b c"] {
        let octets =
            format!("MSRP abcd SEND\r\n{PATHS}Content-Type: {text}\r\n\r\nx\r\n-------abcd$\r\n");
        let read = read(octets.as_bytes(), &strict());
        assert_eq!(read.is_ok(), MediaType::new(text).is_ok(), "{text}");
        if let Err(error) = read {
            assert_eq!(error.kind(), ParseErrorKind::HeaderValue(HeaderName::ContentType));
            assert_eq!(&octets[error.place()], text);
            assert!(error.source().is_some_and(|cause| cause.is::<ValueError>()));
        }
    }
}

// req: 4975-8.6-2, 4975-8.6-13
#[test]
fn lists_of_types_match_by_star_and_without_parameters() {
    let all = MediaTypes::new("text/plain *").unwrap();
    let images = MediaTypes::new("text/plain;charset=utf-8  image/*").unwrap();
    for (media_type, is_image) in [
        ("text/plain", true),
        ("Text/PLAIN; charset=latin-1", true),
        ("image/png", true),
        ("IMAGE/x", true),
        ("images/png", false),
        ("image", false),
        ("text/html", false),
        ("text/plainer", false),
        ("text/plai", false),
        ("", false),
    ] {
        assert_eq!(images.accepts(media_type), is_image, "{media_type}");
        assert!(all.accepts(media_type) && MediaTypes::any().accepts(media_type));
    }
    for list in ["text", "text/plain,text/html", "text/ plain", "/", "image/", "é/a"] {
        assert!(MediaTypes::new(list).is_err(), "{list}");
        assert!(MediaTypes::any().wrapped(list).is_err(), "{list}");
    }
}

/// A star is a wildcard only if it is the whole subtype.
// req: 4975-8.6-2
#[test]
fn a_star_within_a_subtype_is_a_character() {
    let types = MediaTypes::new("text/pl*").unwrap();
    assert!(!types.accepts("text/plain"));
    assert!(types.accepts("text/pl*"));
}

#[test]
fn the_lists_are_there_to_be_written() {
    let types = MediaTypes::new("message/cpim text/plain;charset=utf-8 */*").unwrap();
    let types = types.wrapped("text/html  image/*").unwrap().wrapped("*").unwrap();
    assert_eq!(types.types().collect::<Vec<_>>(), ["message/cpim", "text/plain", "*"]);
    assert_eq!(types.wrapped_types().collect::<Vec<_>>(), ["text/html", "image/*", "*"]);
    assert_eq!(MediaTypes::any().types().collect::<Vec<_>>(), ["*"]);
    assert_eq!(MediaTypes::any().wrapped_types().count(), 0);
    // They read back the same.
    let list = |entries: Vec<&str>| entries.join(" ");
    let again = MediaTypes::new(&list(types.types().collect())).unwrap();
    assert_eq!(again.wrapped(&list(types.wrapped_types().collect())).unwrap(), types);
}

// req: 4975-7.3.1-8, 4975-8.6-3, 4975-8.6-4, 4975-8.6-5, 4975-8.6-6, 4975-8.6-9, 4975-8.6-10, 4975-13-5
#[test]
fn what_every_endpoint_takes_is_taken_and_sent_only_if_listed() {
    let ours = MediaTypes::new("text/plain").unwrap().wrapped("text/html image/*").unwrap();
    let theirs = ours.clone().listed_only();
    for container in ["message/cpim", "Multipart/Mixed;boundary=x", "multipart/alternative"] {
        assert!(ours.accepts(container) && ours.accepts_wrapped(container));
        assert!(!theirs.accepts(container) && !theirs.accepts_wrapped(container));
    }
    assert!(!ours.accepts("multipart/related"));
    for types in [ours, theirs] {
        assert!(types.accepts("text/plain") && types.accepts_wrapped("text/plain"));
        assert!(!types.accepts("text/html") && types.accepts_wrapped("text/html"));
        assert!(!types.accepts("image/gif") && types.accepts_wrapped("image/gif"));
        assert!(!types.accepts_wrapped("audio/ogg"));
    }
    let none = MediaTypes::new("").unwrap();
    assert!(none.accepts("message/cpim") && !none.accepts("text/plain"));
}

// --- Framing ----------------------------------------------------------------

// req: 4975-7.1-18
#[test]
fn no_body_is_not_an_empty_body() {
    let none = with_fields("Message-ID: abcd\r\n");
    assert!(!read(&none, &strict()).unwrap().has_body());
    let empty = format!("MSRP abcd SEND\r\n{PATHS}Content-Type: a/b\r\n\r\n\r\n-------abcd$\r\n");
    assert!(read(empty.as_bytes(), &strict()).unwrap().has_body());
    let decoded = decode_whole(empty.as_bytes(), &strict());
    assert!(decoded.chunks[0].body.is_empty() && decoded.error.is_none());
}

/// By erratum 4177, an end-line without a CRLF in front is data.
// req: 4975-7.1-10, 4975-7.1-17
#[test]
fn an_end_line_needs_its_crlf_and_its_seven_hyphens() {
    for inside in [
        "abc-------abcd$\r\n",
        "a\r\n------abcd$\r\n",
        "a\r\n--------abcd$\r\n",
        "\n-------abcd$\r\n",
        "\r-------abcd$\r\n",
        "\r\n-------abcde$\r\n",
        "\r\n-------abc$\r\n",
        "\r\n-------ABCD$\r\n",
        "\r\n-------abcd\r\n",
        "\r\n-------abcd$ \r\n",
        "\r\n-------abcd$\n",
        "\r\n -------abcd$\r\n",
    ] {
        let octets = format!(
            "MSRP abcd SEND\r\n{PATHS}Content-Type: a/b\r\n\r\n{inside}\r\n-------abcd#\r\n"
        );
        let decoded = decode_whole(octets.as_bytes(), &strict());
        assert_eq!(decoded.chunks.len(), 1, "{inside:?}");
        assert_eq!(decoded.chunks[0].body, inside.as_bytes(), "{inside:?}");
        assert_eq!(decoded.error, None);
    }
}

// --- Limits -----------------------------------------------------------------

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

proptest! {
    /// The letter case of a name never changes what is read.
    // req: 4975-9-8
    #[test]
    fn a_head_reads_alike_in_any_letter_case(flips in prop::collection::vec(any::<bool>(), 20), which in select(HeaderName::ALL.to_vec())) {
        let flipped: String = which
            .as_str()
            .chars()
            .zip(&flips)
            .map(|(c, flip)| if *flip { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect();
        let body = "Content-Type: a/b\r\n\r\nx\r\n";
        let fields = "Message-ID: abcd\r\nByte-Range: 1-1/1\r\nSuccess-Report: yes\r\n\
            Failure-Report: no\r\nStatus: 000 200\r\nExpires: 1\r\nMin-Expires: 1\r\nMax-Expires: 1\r\n\
            Use-Path: u\r\nWWW-Authenticate: w\r\nAuthorization: a\r\nAuthentication-Info: i\r\n\
            Use-Nickname: n\r\nContent-ID: i\r\nContent-Description: d\r\nContent-Disposition: e\r\n";
        let plain = format!("MSRP abcd SEND\r\n{PATHS}{fields}{body}-------abcd$\r\n");
        let start = format!("\r\n{}:", which.as_str());
        prop_assert!(plain.contains(&start));
        let spelt = plain.replacen(&start, &format!("\r\n{flipped}:"), 1);
        let (plain, spelt) = (read(plain.as_bytes(), &strict()).unwrap(), read(spelt.as_bytes(), &strict()).unwrap());
        for &name in HeaderName::ALL {
            prop_assert!(plain.header(name).is_some());
            prop_assert_eq!(plain.header(name), spelt.header(name));
        }
        prop_assert_eq!(plain.to_path(), spelt.to_path());
        prop_assert_eq!(plain.message_id(), spelt.message_id());
        prop_assert_eq!(plain.byte_range(), spelt.byte_range());
        prop_assert_eq!(plain.status(), spelt.status());
        prop_assert_eq!(plain.failure_report(), spelt.failure_report());
        prop_assert_eq!(plain.success_report(), spelt.success_report());
        prop_assert_eq!(plain.content_type(), spelt.content_type());
    }
}

/// Two hops that choose differently between two fields would see two messages.
#[test]
fn what_frames_or_routes_is_refused_the_second_time() {
    let paths = "MSRP 7fq2 SEND\r\nTo-Path: msrp://b:1/s;tcp\r\nFrom-Path: msrp://a:1/s;tcp\r\n";
    let cases = [
        (HeaderName::ToPath, "To-Path: msrp://b:1/s;tcp\r\n", 1),
        (HeaderName::FromPath, "From-Path: msrp://a:1/s;tcp\r\n", 1),
        (HeaderName::MessageId, "Message-ID: 4f0b\r\n", 2),
        (HeaderName::ByteRange, "Byte-Range: 1-5/5\r\n", 2),
        (HeaderName::SuccessReport, "Success-Report: yes\r\n", 2),
        (HeaderName::FailureReport, "Failure-Report: no\r\n", 2),
        (HeaderName::ContentType, "Content-Type: text/plain\r\n", 2),
    ];
    for (name, field, times) in cases {
        let octets = format!("{paths}{}\r\n", field.repeat(times));
        let read = HeadRef::parse(octets.as_bytes(), &ParseOptions::default());
        assert_eq!(read.err().map(|it| it.kind()), Some(ParseErrorKind::Repeated(name)), "{field}");
    }
}
