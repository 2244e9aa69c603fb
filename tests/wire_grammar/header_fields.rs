//! Header fields: names, values, paths and Status.

use super::*;

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
