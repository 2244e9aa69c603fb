//! What is read, and what is not.

use super::*;

// req: 4975-13-5, 4975-13-8, 4975-13-9, 4975-13-10, 4975-13-11, 4975-13-15
#[test]
fn everything_that_a_message_can_say() {
    let message = "From: Alice in Chains <sip:alice@example.com>\r\n\
        To: <sip:bob@example.com;transport=tcp>\r\n\
        To: \"B. \\\"the\\\" B\"<im:b@example.com>\r\n\
        cc: Carol <sip:carol@example.com>\r\n\
        DateTime: 2026-02-28T23:59:60.25-03:30\r\n\
        Subject: tea \\\\ time\r\n\
        Subject:;lang=fr l'heure du th\u{e9}\r\n\
        NS: imdn <urn:ietf:params:imdn>\r\n\
        NS: x<mailto:ops@example.com>\r\n\
        imdn.Message-ID: 34jk324j\r\n\
        Require: imdn.Message-ID,x.Two\r\n\
        x.One:;a=\"1 \\\"2\";b=3 two\r\n\
        x.One: three\r\n\
        \r\n\
        Content-type: text/xml; charset=utf-8;\r\n\
        \tboundary=\"a;b\"\r\n\
        Content-ID: <1234@example.com>\r\n\
        \r\n\
        <a/>\r\n";
    let read = strict(message.as_bytes()).unwrap();
    assert!(read.tolerated().is_empty());
    assert_eq!(
        read.from(),
        Some(address("sip:alice@example.com").with_display_name("Alice in Chains"))
    );
    let to: Vec<_> = read.to().collect();
    assert_eq!(to[0], address("sip:bob@example.com;transport=tcp"));
    assert_eq!(to[1], address("im:b@example.com").with_display_name("B. \"the\" B"));
    assert_eq!(read.cc().next(), Some(address("sip:carol@example.com").with_display_name("Carol")));
    assert_eq!(read.date_time().unwrap().as_str(), "2026-02-28T23:59:60.25-03:30");
    let subjects: Vec<_> = read.subjects().map(|it| (it.language(), it.text())).collect();
    assert_eq!(subjects[0], (None, "tea \\ time".into()));
    assert_eq!(subjects[1], (Some("fr".into()), "l'heure du th\u{e9}".into()));
    let namespaces: Vec<_> = read.namespaces().map(|it| (it.prefix(), it.uri())).collect();
    assert_eq!(namespaces, [(Some("imdn"), IMDN), (Some("x"), "mailto:ops@example.com")]);
    let required: Vec<_> = read.require().map(|it| (it.namespace().unwrap(), it.name())).collect();
    assert_eq!(required, [(IMDN, "Message-ID"), ("mailto:ops@example.com", "Two")]);
    let ones: Vec<_> = read.find("mailto:ops@example.com", "One").collect();
    assert_eq!((ones[0].raw(), ones[1].raw()), ("two", "three"));
    assert_eq!(ones[0].parameter("a").as_deref(), Some("1 \"2"));
    assert_eq!(ones[0].parameter("b").as_deref(), Some("3"));
    assert_eq!(read.headers().count(), 13);
    let content_type = read.mime_headers().get("content-type").unwrap();
    assert_eq!(content_type.value().main(), "text/xml");
    assert_eq!(content_type.value().parameter("boundary").as_deref(), Some("a;b"));
    assert_eq!(content_type.text(), "text/xml; charset=utf-8;\tboundary=\"a;b\"");
    assert_eq!(read.mime_headers().get("Content-ID").unwrap().raw(), "<1234@example.com>");
    assert_eq!(read.body(), b"<a/>\r\n");
}

// req: 4975-13-11, 5438-6.1-1
#[test]
fn a_namespace_holds_from_its_line_on() {
    let message = with(
        "a.One: none\r\n\
         One: cpim\r\n\
         NS: a <urn:example:1>\r\n\
         a.One: first\r\n\
         NS: a <urn:example:2>\r\n\
         NS: b <urn:example:1>\r\n\
         a.One: second\r\n\
         b.One: first too\r\n\
         A.One: letter case\r\n\
         NS: <urn:example:1>\r\n\
         One: default\r\n\
         Subject: nothing\r\n\
         NS: c <urn:ietf:params:cpim-headers:>\r\n\
         c.Subject: tea\r\n",
    );
    let read = strict(&message).unwrap();
    let values = |namespace| read.find(namespace, "One").map(|it| it.raw()).collect::<Vec<_>>();
    assert_eq!(values("urn:example:1"), ["first", "first too", "default"]);
    assert_eq!(values("urn:example:2"), ["second"]);
    assert_eq!(values(CPIM_NAMESPACE), ["cpim"]);
    let unknown: Vec<_> = read.headers().filter(|it| it.namespace().is_none()).collect();
    assert_eq!(unknown.iter().map(Header::raw).collect::<Vec<_>>(), ["none", "letter case"]);
    // With another default namespace, a Subject without a prefix is not RFC 3862's.
    assert!(read.subjects().map(|it| it.raw()).eq(["tea"]));
}

// req: 3862-3.5-1, 4975-13-8
#[test]
fn what_is_required_and_not_understood() {
    let message = with(
        "Require: x.Early\r\n\
         NS: x <urn:example:x>\r\n\
         NS: y <urn:example:y>\r\n\
         Require: x.One,y.One,x.Two\r\n\
         Require: Subject,Unheard,From\r\n",
    );
    let read = strict(&message).unwrap();
    let missing = |known: &[(&str, &str)]| {
        read.not_understood(known)
            .map(|it| format!("{}.{}", it.prefix().unwrap_or_default(), it.name()))
            .collect::<Vec<_>>()
    };
    // A prefix without an NS before it belongs to no namespace.
    let known = [("urn:example:x", "Early"), ("urn:example:x", "One"), ("urn:example:y", "One")];
    assert_eq!(missing(&known), ["x.Early", "x.Two", ".Unheard"]);
    assert_eq!(missing(&[]), ["x.Early", "x.One", "y.One", "x.Two", ".Unheard"]);
    assert_eq!(missing(&[(CPIM_NAMESPACE, "Unheard")]), ["x.Early", "x.One", "y.One", "x.Two"]);
    let plain = with("From: <sip:a@example.com>\r\n");
    assert_eq!(strict(&plain).unwrap().not_understood(&[]).count(), 0);
}

// req: 3862-2.2-5, 3862-2.2-6
#[test]
fn another_letter_case_is_another_header() {
    let message = with(
        "from: x\r\nTO: y\r\nCc: <sip:c@example.com>\r\nrequire: x.Y\r\nns: z\r\n\
         Unheard-Of: 1\r\n",
    );
    let read = strict(&message).unwrap();
    assert_eq!((read.from(), read.to().next()), (None, None));
    assert_eq!((read.cc().count(), read.require().count()), (0, 0));
    assert_eq!(read.headers().count(), 6);
}

// req: 3862-3.6-1
#[test]
fn a_space_before_the_bracket_or_none() {
    for (ns, name) in [("x <", "\"B\" <"), ("x<", "\"B\"<")] {
        let message = with(&format!("NS: {ns}urn:x:y>\r\nTo: {name}sip:b@x>\r\nx.A: 1\r\n"));
        let read = strict(&message).unwrap();
        assert_eq!(read.find("urn:x:y", "A").count(), 1);
        assert_eq!(read.to().next(), Some(address("sip:b@x").with_display_name("B")));
    }
}

// req: 3862-2.3-2
#[test]
fn escapes_are_decoded() {
    for (written, text) in [
        (r"a\\b", r"a\b"),
        (r"\b\t\n\r", "\u{8}\t\n\r"),
        (r#"\"\'"#, "\"'"),
        (r"\u0000\u001f\u007f\u00E9\u20ac", "\0\u{1f}\u{7f}\u{e9}\u{20ac}"),
        // Surrogate pairs, because escapes count in UCS-2.
        (r"\ud83d\uDE00!", "\u{1f600}!"),
        (r"\ud83dx\ude00", "\u{fffd}x\u{fffd}"),
        (r"\ud83d\u0041", "\u{fffd}A"),
        // Unknown escapes, and truncated ones.
        (r"\x\q\\u0041", r"xq\u0041"),
        (r"\u12\U0041\u+123", "u12U0041u+123"),
        (r"end\", "end"),
        ("\\\u{e9}", "\u{e9}"),
        ("\\u00e\u{e9}", "u00e\u{e9}"),
    ] {
        let message = with(&format!("Subject: {written}\r\n"));
        let read = strict(&message).unwrap();
        assert_eq!(read.subjects().next().unwrap().text(), text, "{written}");
        assert_eq!(read.subjects().next().unwrap().raw(), written);
    }
}

// req: 3862-2.2-7
#[test]
fn a_line_is_as_long_as_the_headers_may_be() {
    let subject = "s".repeat(60_000);
    let message = with(&format!("Subject: {subject}\r\n"));
    assert_eq!(strict(&message).unwrap().subjects().next().unwrap().raw(), subject);
}

/// A message that arrives in chunks reads like the whole message once its
/// headers are complete, and not before.
#[test]
fn the_start_of_a_message() {
    for message in tolerances::messages() {
        let whole = CpimRef::parse(&message).unwrap();
        let head = message.len() - whole.body().len();
        for end in 0..=message.len() {
            let start = CpimRef::parse_start(&message[..end]).unwrap();
            assert_eq!(start.is_some(), end >= head, "{end} of {message:?}");
            let Some(start) = start else {
                // A whole message may lack MIME header fields. Its start cannot tell.
                match kind(CpimRef::parse(&message[..end])) {
                    Ok(read) => assert!(read.tolerated().contains(CpimTolerance::MissingBlankLine)),
                    Err(wrong) => assert_eq!(wrong, ParseErrorKind::Incomplete),
                }
                let strict = CpimTolerances::all().without(CpimTolerance::MissingBlankLine);
                let read = kind(CpimRef::parse_with(&message[..end], strict));
                assert!(read.is_err(), "{read:?}");
                continue;
            };
            assert_eq!(start.body(), &message[head..end]);
            assert_eq!(start.tolerated(), whole.tolerated());
            assert!(start.headers().eq(whole.headers()));
            assert!(start.mime_headers().iter().eq(whole.mime_headers().iter()));
        }
    }
}

/// Asking `head_may_end` first takes at most two reads to find the end of the
/// headers, for pieces of any size.
#[test]
fn no_look_is_needed_before_a_blank_line() {
    let hostile = [
        format!("A: b\r\n{}\r\nC: d\r\n\r\n", "A: b\n".repeat(20)).into_bytes(),
        b"\r\n\r\nHi".to_vec(),
        b"\n\nHi\n\n".to_vec(),
        b"A: b\n\n\nHi".to_vec(),
        b"A: b\r\n\r\n\r\nHi".to_vec(),
        b"A: \0\r\n\r\nX: y\r\n\r\n".to_vec(),
    ];
    for message in tolerances::messages().into_iter().chain(hostile) {
        for step in 1..=message.len() {
            let (mut seen, mut looks, mut is_over) = (0, 0, false);
            while !is_over && seen < message.len() {
                let octets = &message[..message.len().min(seen + step)];
                is_over = CpimRef::parse_start(octets) != Ok(None);
                let may_end = CpimRef::head_may_end(octets, seen);
                assert!(may_end || !is_over, "{octets:?}");
                looks += usize::from(may_end);
                seen = octets.len();
            }
            assert!(is_over && looks <= 2, "{looks} of {message:?}");
        }
    }
    let endless = vec![b'a'; MAX_HEAD_OCTETS];
    assert!(CpimRef::head_may_end(&endless, MAX_HEAD_OCTETS - 1));
    assert!(!CpimRef::head_may_end(&endless[1..], 0));
    // With fewer octets than were seen, all of them are new.
    assert!(CpimRef::head_may_end(b"A: b\n\n", 99));
}

#[test]
fn addresses() {
    for (text, name, uri) in [
        ("<sip:a@example.com>", None, "sip:a@example.com"),
        ("A <im:a>", Some("A"), "im:a"),
        ("Winnie the Pooh <im:p@x>", Some("Winnie the Pooh"), "im:p@x"),
        ("J\u{f6}rg.M <im:p@x>", Some("J\u{f6}rg.M"), "im:p@x"),
        (r#""a \"b\" \\ <c>" <im:p@x>"#, Some(r#"a "b" \ <c>"#), "im:p@x"),
        ("\"\" <im:p@x>", None, "im:p@x"),
        ("<mailto:RCS@example.com?subject=a%20b>", None, "mailto:RCS@example.com?subject=a%20b"),
    ] {
        let read = Address::parse(text).unwrap();
        assert_eq!((read.display_name(), read.uri()), (name, uri), "{text}");
        assert_eq!(Address::parse(&read.to_string()), Ok(read.clone()));
    }
    for text in [
        "",
        "sip:a@b",
        "<>",
        "<a>",
        "<:a>",
        "<1a:b>",
        "<sip:>",
        "<sip:a b>",
        "<sip:a\u{1}>",
        "<sip:a",
        "sip:a>",
        "<<sip:a>>",
        "\"A <sip:a>",
        "\"A\" B <sip:a>",
        "A<sip:a>",
        "A  B <sip:a>",
        "A, B <sip:a>",
        "<sip:a>;tag=1",
        "<sip:a\">",
        "\"A\"  <sip:a>",
    ] {
        assert_eq!(kind(Address::parse(text)), Err(ParseErrorKind::Address), "{text}");
    }
}
