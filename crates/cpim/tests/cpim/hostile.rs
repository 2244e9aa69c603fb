//! What is refused, the limits, and the time that reading takes.

use super::*;

// req: 3862-2.2-3, 4975-13-14
#[test]
fn what_is_refused() {
    let refused = |headers: &str| CpimRef::parse(&with(headers)).unwrap_err().kind();
    for headers in ["From\r\n", ": x\r\n", "Fr om: x\r\n", "a.b.c: x\r\n", ".a: x\r\n", "a.: x\r\n"]
    {
        assert_eq!(refused(headers), ParseErrorKind::Header, "{headers}");
    }
    for headers in ["\u{e9}: x\r\n", "From <sip:a@x>\r\nTo <sip:b@x>\r\n", " A: b\r\n"] {
        assert_eq!(refused(headers), ParseErrorKind::Header, "{headers}");
    }
    for headers in ["A: \0\r\n", "A: a\rb\r\n", "A: a\r\r\n", "\r: b\r\n", "a\0\r\n"] {
        let beside = format!("From: <sip:a@x>\r\n{headers}");
        assert_eq!(refused(&beside), ParseErrorKind::ControlCharacter, "{headers:?}");
    }
    let mime = |fields: &str| {
        CpimRef::parse(format!("A: b\r\n\r\n{fields}\r\n\r\n").as_bytes()).unwrap_err().kind()
    };
    assert_eq!(
        kind(strict(b"A: b\r\n\r\nHello\r\n\r\n")),
        Err(ParseErrorKind::MimeHeader),
        "only if it has to have fields"
    );
    for name in ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"] {
        let twice = format!("{}: a/b\r\nX: y\r\n{name}: a/c", name.to_lowercase());
        assert_eq!(mime(&twice), ParseErrorKind::Repeated(name));
        // One of them among the message headers.
        let mixed = format!("A: b\r\n{name}: a/b\r\n\r\n{name}: a/c\r\n\r\n");
        let refused = kind(CpimRef::parse(mixed.as_bytes())).map(|_| ());
        let expected =
            if name == "Content-Type" { Ok(()) } else { Err(ParseErrorKind::Repeated(name)) };
        assert_eq!(refused, expected, "where {name} ends the message headers");
    }
    for value in ["a\rX: y", "a\r", "\ra", "a\r\r\n b", "a\0", "a\u{7f}", "a\r\n \u{1b}b"] {
        for name in ["Content-Type", "X"] {
            let field = format!("{name}: {value};");
            assert_eq!(mime(&field), ParseErrorKind::MimeHeader, "{field:?}");
        }
        let mixed = format!("A: b\r\nContent-Foo: {value};\r\n\r\nContent-Type: a/b\r\n\r\n");
        assert_eq!(
            kind(CpimRef::parse(mixed.as_bytes())),
            Err(ParseErrorKind::MimeHeader),
            "{value:?}"
        );
    }
    for cut in ["", "A: b", "A: b\r\n", "A: b\r\n\r\n", "A: b\r\n\r\nContent-Type: a/b\r\n"] {
        assert_eq!(
            kind(CpimRef::parse(cut.as_bytes())),
            Err(ParseErrorKind::Incomplete),
            "{cut:?}"
        );
        assert_eq!(CpimRef::parse_start(cut.as_bytes()), Ok(None), "{cut:?}");
    }
}

#[test]
fn the_limits() {
    let headers = |count: usize| with(&"A: b\r\n".repeat(count));
    assert!(CpimRef::parse(&headers(MAX_HEADERS)).is_ok());
    assert_eq!(
        kind(CpimRef::parse(&headers(MAX_HEADERS + 1))),
        Err(ParseErrorKind::TooManyHeaders)
    );
    let fields =
        |count| format!("A: b\r\n\r\nContent-Type: a/b\r\n{}\r\n", "X: y\r\n".repeat(count));
    assert!(CpimRef::parse(fields(MAX_HEADERS - 1).as_bytes()).is_ok());
    let many = CpimRef::parse(fields(MAX_HEADERS).as_bytes()).map(|_| ());
    assert_eq!(kind(many), Err(ParseErrorKind::TooManyHeaders));

    let names = |count: usize| with(&format!("Require: {}\r\n", vec!["a"; count].join(",")));
    assert!(CpimRef::parse(&names(MAX_HEADERS)).is_ok());
    assert_eq!(kind(CpimRef::parse(&names(MAX_HEADERS + 1))), Err(ParseErrorKind::TooManyHeaders));

    let of = |octets: usize| {
        let rest = with("A: \r\n").len() - "Hi".len();
        with(&format!("A: {}\r\n", "a".repeat(octets - rest)))
    };
    assert!(CpimRef::parse(&of(MAX_HEAD_OCTETS)).is_ok());
    let long = of(MAX_HEAD_OCTETS + 1);
    assert_eq!(kind(CpimRef::parse(&long)), Err(ParseErrorKind::TooLong { max: MAX_HEAD_OCTETS }));
    for end in 0..MAX_HEAD_OCTETS / 1024 {
        assert_eq!(CpimRef::parse_start(&long[..end * 1024]), Ok(None));
    }
    let folded = |lines: usize| {
        let fold = "\r\n\tz".repeat(lines - 1);
        format!("A: b\r\n\r\nContent-Type: a/b;{fold}\r\n\r\n")
    };
    assert!(CpimRef::parse(folded(512).as_bytes()).is_ok());
    assert_eq!(
        kind(CpimRef::parse(folded(513).as_bytes())),
        Err(ParseErrorKind::TooLong { max: MAX_HEAD_OCTETS })
    );
    assert_eq!(
        kind(CpimRef::parse_start(&b"A\n".repeat(513))),
        Err(ParseErrorKind::TooLong { max: MAX_HEAD_OCTETS })
    );
    assert_eq!(CpimRef::parse_start(&b"A\n".repeat(512)), Ok(None));

    let endless = vec![b'a'; MAX_HEAD_OCTETS];
    assert_eq!(
        kind(CpimRef::parse_start(&endless)),
        Err(ParseErrorKind::TooLong { max: MAX_HEAD_OCTETS })
    );
    assert_eq!(CpimRef::parse_start(&endless[1..]), Ok(None));
}

/// The worst heads, which would take a quadratic reader minutes.
#[test]
fn hostile_heads_are_read_through() {
    let filler = |count: usize| "x".repeat(MAX_HEAD_OCTETS / count - 40);
    let declarations = |count: usize| {
        let line = |index: usize| format!("NS: p{index} <urn:{}>\r\n", filler(count + 1));
        (0..count / 2).map(line).collect::<String>()
    };
    let many_names = declarations(128)
        + &(0..63).map(|index| format!("p{index}.From: a\r\n")).collect::<String>();
    let escapes = format!("Subject: {}\r\n", "\\".repeat(60_000));
    let quotes = format!("A:;b=\"{}\" x\r\n", "\\\"".repeat(30_000));
    let parameters = format!("A:{} x\r\n", ";a=b".repeat(15_000));
    let names = declarations(240) + "Require: a" + &",a".repeat(MAX_HEADERS - 1) + "\r\n";
    for headers in [many_names, escapes, quotes, parameters, names] {
        let message = with(&headers);
        let read = CpimRef::parse(&message).unwrap();
        let _ = (read.from(), read.subjects().next().map(|it| it.text().len()));
        assert!(read.headers().all(|it| it.parameter("none").is_none()));
        let _ = (read.find("urn:none", "From").count(), read.not_understood(&[]).count());
    }
}
