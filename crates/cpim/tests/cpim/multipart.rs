//! Bodies of several parts: correct ones, deployed ones, and another reader.

use msrp_cpim::multipart::*;
use proptest::prelude::*;

use super::*;

fn bodies<'a>(content_type: &'a str, body: &'a [u8]) -> Vec<&'a [u8]> {
    let read = Multipart::parse(content_type, body).unwrap();
    read.parts().map(|part| part.unwrap().body()).collect()
}

const MIXED: &str = "multipart/mixed; boundary=\"a b\"";

// req: 4975-7.3.1-8
#[test]
fn what_is_before_after_and_between() {
    let body = b"This is a preamble.\r\n--a bc\r\n--a b\r\n\
        \r\n\
        no header fields\r\n\
        --a b \t \r\n\
        Content-Type: text/html;\r\n\tcharset=utf-8\r\n\
        \r\n\
        ends with a line end\r\n\r\n\
        --a b\r\n\
        Content-Type: a/b\r\n\
        --a b\r\n\
        --a b\r\n\r\n\
        --a bc\r\n --a b\r\n--a b-\r\nx--a b\r\n\
        --a b--\r\nAn epilogue.\r\n--a b\r\n\r\nno part\r\n";
    let read = Multipart::parse(MIXED, body).unwrap();
    let parts: Vec<_> = read.parts().map(Result::unwrap).collect();
    let of: Vec<_> =
        parts.iter().map(|part| (part.content_type().into_owned(), part.body())).collect();
    let default = "text/plain; charset=us-ascii".to_owned();
    assert_eq!(
        of,
        [
            (default.clone(), &b"no header fields"[..]),
            ("text/html;\tcharset=utf-8".into(), b"ends with a line end\r\n"),
            ("a/b".into(), b""),
            (default.clone(), b""),
            (default, b"--a bc\r\n --a b\r\n--a b-\r\nx--a b"),
        ]
    );
    assert_eq!(parts[1].essence(), "text/html");
}

#[test]
fn what_is_missing_at_the_end() {
    for end in [
        "",
        "\r\n",
        "\n",
        "\r\n--a b",
        "\r\n--a b\r\n",
        "\r\n--a b\r\n\r\n",
        "\r\n--a b--",
        "\r\n--a b--x\r\n--a b--",
    ] {
        let body = format!("--a b\r\n\r\nHi{end}");
        let expected = match end {
            "\r\n" | "\n" => format!("Hi{end}"),
            "\r\n--a b--x\r\n--a b--" => "Hi\r\n--a b--x".to_owned(),
            _ => "Hi".to_owned(),
        };
        assert_eq!(bodies(MIXED, body.as_bytes()), [expected.as_bytes()], "{end:?}");
    }
    for none in ["--a b--", "--a b--\r\n--a b\r\n\r\nHi", "--a b"] {
        assert_eq!(bodies(MIXED, none.as_bytes()), [] as [&[u8]; 0], "{none:?}");
    }
    for none in ["", "no delimiter", "x--a b\r\n", "--a bc\r\n\r\nHi\r\n--a bc--\r\n"] {
        let read = Multipart::parse(MIXED, none.as_bytes()).unwrap();
        let parts: Vec<_> = read.parts().map(kind).collect();
        assert_eq!(parts, [Err(ParseErrorKind::MissingDelimiter)], "{none:?}");
        assert!(read.tolerated().is_empty());
    }
    // LF alone.
    assert_eq!(bodies(MIXED, b"--a b\nA: b\n\nHi\n--a b\n\nHo\n--a b--\n"), [b"Hi", b"Ho"]);
}

// wild: 93
#[test]
fn a_missing_close_delimiter_is_told() {
    let tolerated = |body: &str| Multipart::parse(MIXED, body.as_bytes()).unwrap().tolerated();
    let missing = CpimTolerances::none().with(CpimTolerance::MissingCloseDelimiter);
    for end in ["", "\r\n", "\r\n--a b", "\r\n--a b\r\n", "\r\n--a b--x", "\r\n --a b--"] {
        assert_eq!(tolerated(&format!("--a b\r\n\r\nHi{end}")), missing, "{end:?}");
    }
    for end in ["\r\n--a b--", "\n--a b--\r\n", "\r\n--a b\r\n\r\nHo\r\n--a b-- \r\nepilogue"] {
        assert!(tolerated(&format!("--a b\r\n\r\nHi{end}")).is_empty(), "{end:?}");
    }
}

#[test]
fn what_is_no_multipart() {
    let wrong = |content_type: &str| Multipart::parse(content_type, b"").unwrap_err().kind();
    for content_type in
        ["", "text/plain", "multipart", "multiparty/mixed; boundary=a", "x/multipart"]
    {
        assert_eq!(wrong(content_type), ParseErrorKind::NotMultipart, "{content_type}");
    }
    let long = format!("multipart/mixed; boundary={}", "a".repeat(MAX_BOUNDARY_OCTETS + 1));
    for content_type in
        ["multipart/mixed", "MULTIPART/x; boundary=", "multipart/mixed; boundary=\" \"", &long]
    {
        assert_eq!(wrong(content_type), ParseErrorKind::Boundary, "{content_type}");
    }
    assert!(Multipart::parse(&long[..long.len() - 1], b"").is_ok());
}

#[test]
fn a_part_that_cannot_be_read_hides_no_other() {
    let long = format!("A: {}", "b".repeat(MAX_PART_HEAD_OCTETS));
    for (head, wrong) in [
        ("A: b\rX: y", ParseErrorKind::MimeHeader),
        ("A: \u{1b}", ParseErrorKind::MimeHeader),
        ("Content-Type: a/b\r\ncontent-type: a/c", ParseErrorKind::Repeated("Content-Type")),
        (long.as_str(), ParseErrorKind::TooLong { max: MAX_PART_HEAD_OCTETS }),
    ] {
        let body = format!("--a\r\n\r\n1\r\n--a\r\n{head}\r\n\r\n2\r\n--a\r\n\r\n3\r\n--a--");
        let read = Multipart::parse("multipart/mixed;boundary=a", body.as_bytes()).unwrap();
        let parts: Vec<_> = read.parts().map(|part| kind(part.map(|part| part.body()))).collect();
        assert_eq!(parts, [Ok(&b"1"[..]), Err(wrong), Ok(b"3")]);
    }
}

#[test]
fn a_line_that_is_no_field_costs_no_part() {
    use CpimTolerance::*;
    for (part, content_type, content, tolerated) in [
        ("A: b\r\nno field\r\n\r\n2", "text/plain", "2", UnreadableHeader),
        (": x\r\nContent-Type: a/b\r\n\r\n2", "a/b", "2", UnreadableHeader),
        ("A B: x\r\nContent-Type: a/b\r\n\r\n2", "a/b", "2", UnreadableHeader),
        ("Content-Type : a/b\r\n\r\n2", "a/b", "2", HeaderSpace),
        ("Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n2", "a/b", "2", RepeatedHeader),
        // Without any field, all of it is the content.
        ("Hello", "text/plain", "Hello", MissingBlankLine),
        ("Hello,\r\nAda\r\n\r\nBye", "text/plain", "Hello,\r\nAda\r\n\r\nBye", MissingBlankLine),
    ] {
        let body = format!("--a\r\n{part}\r\n--a--");
        let read = Multipart::parse("multipart/mixed;boundary=a", body.as_bytes()).unwrap();
        let found = read.root().unwrap();
        assert_eq!((found.essence(), found.body()), (content_type, content.as_bytes()), "{part}");
        assert_eq!(found.tolerated(), CpimTolerances::none().with(tolerated), "{part}");
        assert_eq!(read.tolerated(), CpimTolerances::none());
    }
    for none in ["", "\r\n", "\r\nHello", "Content-Type: a/b"] {
        let body = format!("--a\r\n{none}\r\n--a--");
        let read = Multipart::parse("multipart/mixed;boundary=a", body.as_bytes()).unwrap();
        assert_eq!(read.root().unwrap().tolerated(), CpimTolerances::none(), "{none:?}");
    }
}

#[test]
fn a_byte_order_mark_hides_no_part() {
    let body = "\u{feff}--a\r\n\r\n1\r\n--a--";
    let read = Multipart::parse("multipart/mixed;boundary=a", body.as_bytes()).unwrap();
    assert_eq!(read.root().unwrap().body(), b"1");
    assert_eq!(read.tolerated(), CpimTolerances::none().with(CpimTolerance::ByteOrderMark));
}

#[test]
fn parts_in_parts() {
    let mut body = b"leaf".to_vec();
    let mut content_type = "text/plain".to_owned();
    for depth in 0..=MAX_DEPTH {
        // Each boundary is a prefix of the next.
        let boundary = "b".repeat(depth + 1);
        let head = format!("--{boundary}\r\nContent-Type: {content_type}\r\n\r\n");
        body = [head.as_bytes(), &body, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
        content_type = format!("multipart/mixed; boundary={boundary}");
    }
    let mut read = Multipart::parse(&content_type, &body).unwrap();
    for _ in 1..MAX_DEPTH {
        let part = read.parts().next().unwrap().unwrap();
        assert_eq!(read.parts().count(), 1);
        read = part.multipart().unwrap();
    }
    let deepest = read.parts().next().unwrap().unwrap();
    assert_eq!(deepest.multipart().unwrap_err().kind(), ParseErrorKind::TooDeep);
    let plain = Multipart::parse("multipart/mixed; boundary=a", b"--a\r\n\r\nx").unwrap();
    let plain = plain.parts().next().unwrap().unwrap();
    assert_eq!(plain.multipart().unwrap_err().kind(), ParseErrorKind::NotMultipart);
}

#[test]
fn the_best_alternative_and_the_root() {
    let types = ["text/plain", "text/html", "application/x-new"];
    let mut builder = MultipartBuilder::alternative("b");
    for content_type in types {
        let id = format!("<{content_type}>");
        let media_type = MediaType::new(content_type).unwrap();
        builder = builder.part(&media_type, &[("Content-ID", &id)], content_type.as_bytes());
    }
    let (content_type, body) = builder.build().unwrap();
    let read = Multipart::parse(content_type.as_str(), &body).unwrap();
    let best = |known: &[&str]| {
        read.preferred(|part| known.contains(&part.essence())).map(|part| part.body())
    };
    assert_eq!(best(&["text/plain", "text/html"]), Some(&b"text/html"[..]));
    assert_eq!(best(&types), Some(&b"application/x-new"[..]));
    assert_eq!(best(&["image/png"]), None);

    let root = |content_type: &str| {
        let content_type = format!("multipart/related; boundary=b{content_type}");
        Multipart::parse(&content_type, &body).unwrap().root().map(|part| part.body().to_vec())
    };
    assert_eq!(root("").unwrap(), b"text/plain");
    assert_eq!(root("; start=\"<text/html>\"").unwrap(), b"text/html");
    assert_eq!(root("; start=\"<none>\""), None);
}

#[test]
fn what_is_not_written() {
    let build = |boundary: &str, header: (&str, &str), body: &[u8]| {
        MultipartBuilder::mixed(boundary).part(&text_plain(), &[header], body).build().map(|_| ())
    };
    let fine = ("A", "b");
    assert_eq!(build("b", fine, b"-b --B --"), Ok(()));
    let (long, longer) = ("b".repeat(70), "b".repeat(71));
    assert_eq!(build(&long, fine, b""), Ok(()));
    for boundary in ["", "b ", "a\"b", "a\r\nb", "\u{e9}", "a*b", &longer] {
        assert_eq!(build(boundary, fine, b""), Err(BuildError::Boundary), "{boundary}");
    }
    for body in ["--b", "x--b", "\r\n--b--", "--bc"] {
        let inside = Err(BuildError::BoundaryInPart);
        assert_eq!(build("b", fine, body.as_bytes()), inside, "{body}");
    }
    assert_eq!(build("b", ("A", "--b"), b""), Err(BuildError::BoundaryInPart));
    for header in [
        ("", "b"),
        ("A ", "b"),
        ("A:", "b"),
        ("A", "b\r\nc"),
        ("A", " b"),
        ("A", ""),
        ("content-type", "a/b"),
    ] {
        assert_eq!(build("b", header, b""), Err(BuildError::MimeHeader), "{header:?}");
    }
    let empty = MultipartBuilder::mixed("b").build();
    assert_eq!(empty.unwrap_err(), BuildError::NoParts);
}

/// Octets that look like delimiters, and others.
fn some_body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"--b".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"--".to_vec()),
        Just(b"-".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"b".to_vec()),
        Just(b" ".to_vec()),
        Just(b"A: x\r\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn everything_written_reads_back(parts in prop::collection::vec(some_body(), 1..5)) {
        let mut builder = MultipartBuilder::mixed("bound");
        for (index, body) in parts.iter().enumerate() {
            builder = builder.part(&text_plain(), &[("Content-ID", &format!("<{index}>"))], body);
        }
        match builder.build() {
            Ok((content_type, body)) => {
                let read = Multipart::parse(content_type.as_str(), &body).unwrap();
                let found: Vec<_> = read.parts().map(Result::unwrap).collect();
                prop_assert_eq!(found.iter().map(Part::body).collect::<Vec<_>>(), parts);
                for (index, part) in found.iter().enumerate() {
                    let id = part.headers().get("content-id").unwrap();
                    prop_assert_eq!(id.raw(), format!("<{index}>"));
                    prop_assert_eq!(part.content_type(), "text/plain");
                }
            }
            Err(wrong) => {
                prop_assert_eq!(wrong, BuildError::BoundaryInPart);
                let is_inside = |body: &Vec<u8>| body.windows(7).any(|it| it == b"--bound");
                prop_assert!(parts.iter().any(is_inside));
            }
        }
    }

    /// Another reader finds the same parts in what is written.
    #[test]
    fn another_reader_agrees(parts in prop::collection::vec("[a-zA-Z0-9 :.-]{0,30}", 1..5)) {
        let mut builder = MultipartBuilder::mixed("b0und");
        for body in &parts {
            builder = builder.part(&text_plain(), &[], body.as_bytes());
        }
        let Ok((content_type, body)) = builder.build() else { return Ok(()) };
        let mail = [format!("Content-Type: {content_type}\r\n\r\n").as_bytes(), &body].concat();
        let theirs = mailparse::parse_mail(&mail).unwrap();
        let theirs: Vec<_> = theirs.subparts.iter().map(|part| part.get_body_raw().unwrap()).collect();
        let ours = bodies(content_type.as_str(), &body);
        // It takes the line end before a delimiter as part of the body.
        prop_assert_eq!(theirs.len(), ours.len());
        for (theirs, ours) in theirs.iter().zip(ours) {
            prop_assert_eq!(theirs.trim_ascii_end(), ours.trim_ascii_end());
        }
    }

    /// The parts of every body are slices of it, in order.
    #[test]
    fn parts_are_slices_in_order(body in some_body()) {
        let read = Multipart::parse("multipart/mixed; boundary=b", &body).unwrap();
        let range = body.as_ptr_range();
        let mut last = range.start;
        for part in read.parts().filter_map(Result::ok).filter(|part| !part.body().is_empty()) {
            let found = part.body().as_ptr_range();
            prop_assert!(last <= found.start && found.end <= range.end);
            last = found.end;
            prop_assert!(!part.body().windows(7).any(|it| it == b"\r\n--b\r\n"));
        }
    }
}
