//! Start lines: methods, transaction ids, status codes and comments.

use super::*;

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
            let tolerated = read(&field, &ParseOptions::default());
            assert_eq!(tolerated.is_ok(), octet.is_ascii_graphic() || is_blank, "{octet:#x}");
            let Ok(text) = std::str::from_utf8(&id) else { continue };
            assert_eq!(MessageId::new(text).is_ok(), is_ident, "{octet:#x}");
            assert_eq!(TransactionId::new(text).is_ok(), is_ident, "{octet:#x}");
            if is_blank || octet == b'\n' {
                continue;
            }
            let is_framed = octet.is_ascii_graphic();
            let kind =
                if is_framed { ParseErrorKind::TransactionId } else { ParseErrorKind::NotMsrp };
            let start = fault_of(&with_start(text, "SEND"));
            assert_eq!(start, (!is_ident).then_some(kind), "{octet:#x}");
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

#[test]
fn an_error_covers_a_whole_character() {
    let error = "abcdäe".parse::<TransactionId>().unwrap_err();
    assert_eq!(error.place(), 4..6);
}
