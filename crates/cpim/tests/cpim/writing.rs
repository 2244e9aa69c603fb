//! Writing, and reading it back.

use proptest::prelude::*;

use super::*;

fn builder() -> CpimBuilder {
    CpimBuilder::new(&address("sip:a@x"), &address("sip:b@x"))
}

fn fault(builder: CpimBuilder) -> BuildError {
    builder.build(&text_plain(), b"Hi").unwrap_err()
}

// req: 4975-13-12, 3862-2-1, 3862-2.4-1, 3862-2.2-2, 3862-2.2-4
#[test]
fn octet_by_octet() {
    let built = builder()
        .to(&address("sip:c@x").with_display_name("C & D"))
        .cc(&address("sip:e@x").with_display_name("E F"))
        .date_time(&DateTime::parse("2026-05-15T15:02:31-03:00").unwrap())
        .subject_in("en-GB", "back\\slash\r\nFrom: <sip:evil@x>")
        .namespace("x", "urn:example:x")
        .header("x.One", "a\tb \"c\" 'd'\0\u{7f}")
        .address_header("x.Who", &address("sip:w@x").with_display_name("W, \"X\"\n"))
        .require("x.One")
        .require("To")
        .mime_header("Content-ID", "<1@x>")
        .build(&"text/plain;charset=utf-8".parse().unwrap(), b"\r\n\r\n\0body")
        .unwrap();
    let expected = "From: <sip:a@x>\r\n\
        To: <sip:b@x>\r\n\
        To: \"C & D\" <sip:c@x>\r\n\
        cc: E F <sip:e@x>\r\n\
        DateTime: 2026-05-15T15:02:31-03:00\r\n\
        Subject:;lang=en-GB back\\\\slash\\r\\nFrom: <sip:evil@x>\r\n\
        NS: x <urn:example:x>\r\n\
        x.One: a\\tb \"c\" 'd'\\u0000\\u007f\r\n\
        x.Who: \"W, \\\"X\\\"\\n\" <sip:w@x>\r\n\
        Require: x.One,To\r\n\
        \r\n\
        Content-ID: <1@x>\r\n\
        Content-Type: text/plain;charset=utf-8\r\n\
        \r\n\
        \r\n\r\n\0body";
    // Names may contain "&", so this one needs no quotes.
    let expected = expected.replace("\"C & D\"", "C & D");
    assert_eq!(built, expected.as_bytes());
    let head = builder().head(&text_plain()).unwrap();
    let whole = builder().build(&text_plain(), b"body").unwrap();
    assert_eq!(whole, [&head[..], b"body"].concat());
}

// req: 3862-2.2-3, 3862-3.4-1, 4975-13-14
#[test]
fn what_is_not_written() {
    use BuildError::*;
    let now = DateTime::parse("2026-05-15T15:02:31Z").unwrap();
    for (builder, wrong) in [
        (builder().date_time(&now).date_time(&now), Repeated("DateTime")),
        (builder().subject("a").subject_in("fr", "b"), Repeated("Subject")),
        (builder().subject(" a"), Value),
        (builder().subject("a "), Value),
        (builder().subject(""), Value),
        (builder().subject_in("", "a"), Language),
        (builder().subject_in("en us", "a"), Language),
        (builder().subject_in("en\r\nA", "a"), Language),
        (builder().header("x.A", "1"), UnknownPrefix("x".into())),
        (builder().require("x.A"), UnknownPrefix("x".into())),
        (builder().header("x.A", "1").namespace("x", "urn:x"), UnknownPrefix("x".into())),
        (builder().namespace("x", "urn:x").namespace("x", "urn:y"), RepeatedPrefix("x".into())),
        (builder().namespace("x y", "urn:x"), Name),
        (builder().namespace("", "urn:x"), Name),
        (builder().namespace("x.y", "urn:x"), Name),
        (builder().namespace("x", "relative"), Namespace),
        (builder().namespace("x", "urn:x>\r\nA: <b"), Namespace),
        (builder().header("A B", "1"), Name),
        (builder().header("A:", "1"), Name),
        (builder().header("A\r\nB", "1"), Name),
        (builder().header("", "1"), Name),
        (builder().require("A,B"), Name),
        (builder().header("From", "<sip:c@x>"), Reserved("From".into())),
        (builder().header("cC", "<sip:c@x>"), Reserved("cC".into())),
        (builder().header("content-type", "a/b"), Reserved("content-type".into())),
        (
            builder().namespace("content-x", "urn:x").header("content-x.A", "1"),
            Reserved("content-x.A".into()),
        ),
        (builder().mime_header("Content-Type", "a/b"), MimeHeader),
        (builder().mime_header("content-TYPE", "a/b"), MimeHeader),
        (builder().mime_header("A b", "c"), MimeHeader),
        (builder().mime_header("A:", "c"), MimeHeader),
        (builder().mime_header("A", "b\r\nc"), MimeHeader),
        (builder().mime_header("A", ""), MimeHeader),
        (builder().header("A", &"a".repeat(MAX_HEAD_OCTETS)), TooLong),
        ((0..MAX_HEADERS).fold(builder(), |builder, _| builder.header("A", "b")), TooLong),
    ] {
        assert_eq!(fault(builder), wrong);
    }
    // The builder returns the first error.
    assert_eq!(fault(builder().subject("").header("", "")), Value);
}

const NAME: &str = "[a-zA-Z0-9!#$%&'*+^_`|~-]{1,8}";

fn some_address() -> impl Strategy<Value = Address<'static>> {
    let uri = "[a-z][a-z0-9+.-]{0,5}:[a-zA-Z0-9@;=%\u{e9}?&/\\\\-]{1,20}";
    (uri, prop::option::of(any::<String>())).prop_map(|(uri, name)| {
        let address = Address::new(&uri).unwrap().into_owned();
        name.map_or(address.clone(), |name| address.with_display_name(name))
    })
}

fn some_text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| format!("a{text}z"))
}

proptest! {
    // req: 3862-2.2-1, 3862-2.3-1, 3862-2.3-2, 3862-6-1
    #[test]
    fn everything_written_reads_back(
        from in some_address(),
        to in prop::collection::vec(some_address(), 1..4),
        cc in prop::collection::vec(some_address(), 0..3),
        subject in prop::option::of((prop::option::of("[a-zA-Z]{1,8}(-[a-z0-9]{1,8})?"), some_text())),
        headers in prop::collection::vec((NAME, some_text()), 0..5),
        who in some_address(),
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut builder = CpimBuilder::new(&from, &to[0]);
        builder = to[1..].iter().fold(builder, |builder, to| builder.to(to));
        builder = cc.iter().fold(builder, |builder, cc| builder.cc(cc));
        builder = match &subject {
            Some((Some(language), text)) => builder.subject_in(language, text),
            Some((None, text)) => builder.subject(text),
            None => builder,
        };
        builder = builder.namespace("p", "urn:example:p").address_header("p.Who", &who);
        for (name, value) in &headers {
            builder = builder.header(&format!("p.{name}"), value).require(&format!("p.{name}"));
        }
        let built = builder.build(&text_plain(), &body).unwrap();

        let read = strict(&built).unwrap();
        prop_assert_eq!(read.from(), Some(from));
        prop_assert_eq!(&read.to().collect::<Vec<_>>(), &to);
        prop_assert_eq!(&read.cc().collect::<Vec<_>>(), &cc);
        let subjects: Vec<_> = read.subjects().collect();
        prop_assert_eq!(subjects.len(), usize::from(subject.is_some()));
        if let Some((language, text)) = subject {
            prop_assert_eq!(subjects[0].language().map(|it| it.into_owned()), language);
            prop_assert_eq!(subjects[0].text(), text);
        }
        let found: Vec<_> = read.headers().filter(|it| it.prefix() == Some("p")).collect();
        prop_assert_eq!(found[0].address(), Some(who));
        for (found, (name, value)) in found[1..].iter().zip(&headers) {
            prop_assert!(found.is("urn:example:p", name));
            prop_assert_eq!(&found.text(), value);
        }
        prop_assert_eq!(found.len(), headers.len() + 1);
        prop_assert_eq!(read.require().count(), headers.len());
        prop_assert_eq!(read.body(), &body[..]);
        // Exactly the given lines.
        let lines = 2 + to.len() - 1 + cc.len() + subjects.len() + 2 + headers.len();
        prop_assert_eq!(read.headers().count(), lines + usize::from(!headers.is_empty()));
        // The lenient reader reads the same.
        prop_assert_eq!(CpimRef::parse(&built), Ok(read));
    }

    /// The builder escapes only what it must.
    // req: 3862-2.3-1
    #[test]
    fn only_what_must_be_is_escaped(text in some_text()) {
        let built = builder().subject(&text).build(&text_plain(), b"").unwrap();
        let read = strict(&built).unwrap();
        let subject = read.subjects().next().unwrap();
        let escaped = text.chars().filter(|it| it.is_ascii_control() || *it == '\\').count();
        let backslashes = text.chars().filter(|it| *it == '\\').count();
        let written = subject.raw().chars().filter(|it| *it == '\\').count();
        prop_assert_eq!(written, escaped + backslashes);
    }
}
