//! The deviations of deployed stacks, each read with its tolerance only.

use super::*;
use CpimTolerance::*;

/// Messages, each with the one tolerance that it needs.
const DEVIATIONS: &[(CpimTolerance, &str)] = &[
    (MissingBlankLine, "From: <sip:a@x>\r\nContent-Type: text/plain\r\n\r\nHi"),
    (
        MissingBlankLine,
        "From: <sip:a@x>\r\nContent-Disposition: render;\r\n filename=\"a.jpg\";\r\n\t size=2\r\n\
         Content-Type: image/jpeg\r\n\r\nHi",
    ),
    (BareLf, "From: <sip:a@x>\nTo: <sip:b@x>\r\n\nContent-Type: text/plain\n\nHi"),
    (HeaderSpace, "From:<sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (HeaderSpace, "From:  <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (HeaderSpace, "From: <sip:a@x> \t\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (HeaderSpace, "From: <sip:a@x>\r\nRequire: From, To\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (HeaderSpace, "From : <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (HeaderSpace, "From: <sip:a@x>\r\n\r\nContent-Type\t: text/plain\r\n\r\nHi"),
    (HeaderSpace, "From: < sip:a@x >\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (HeaderSpace, "From: \"A\"  <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (HeaderSpace, "From: <sip:a@x>\r\nNS: a  < urn:y >\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (FoldedHeader, "From: Ann\r\n\t <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (FoldedHeader, "From: <sip:a@x>\r\nSubject: a\r\n b\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (ControlCharacter, "From: <sip:a@x>\r\nA: b\tc\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (ControlCharacter, "From: \"\u{1b}\" <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (UnreadableHeader, "From: <sip:a@x>\r\nno colon\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (UnreadableHeader, "From: <sip:a@x>\r\nNS: a <b>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (
        UnreadableHeader,
        "From: <sip:a@x>\r\nRequire: a(b)\r\n\r\nContent-Type: text/plain\r\n\r\nHi",
    ),
    (UnreadableHeader, "From: <sip:a@x>\r\n\r\nContent-Type: text/plain\r\nno colon\r\n\r\nHi"),
    (
        RepeatedHeader,
        "From: <sip:a@x>\r\nFrom: <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi",
    ),
    (RepeatedHeader, "From: <sip:a@x>\r\n\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n\r\nHi"),
    (ByteOrderMark, "\u{feff}From: <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (HeaderNameCase, "FROM: <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (UnquotedName, "From: +861390<sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (UnquotedName, "From: A (work), B <sip:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (TextAfterAddress, "From: <sip:a@x>;tag=7\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (BareAddress, "From: sip:a@x\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (BareNamespace, "From: <sip:a@x>\r\nNS: imdn urn:y\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (BareNamespace, "From: <sip:a@x>\r\nNS: urn:y\r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (UnreadableAddress, "From: <sip:a@x>\r\ncc: \r\n\r\nContent-Type: text/plain\r\n\r\nHi"),
    (
        DateTimeFormat,
        "From: <sip:a@x>\r\nDateTime: 2026-05-15 15:02\r\n\r\nContent-Type: text/plain\r\n\r\nHi",
    ),
    (MissingContentType, "From: <sip:a@x>\r\n\r\n\r\nHi"),
    (MissingContentType, "From: <sip:a@x>\r\n\r\nContent-Id: <1>\r\n\r\nHi"),
];

/// Messages with and without deviations.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    let mut messages: Vec<_> =
        DEVIATIONS.iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
    messages.push(with("From: J\u{f6} <sip:a@x>\r\nNS: x<urn:y>\r\nx.Z: 1\r\n"));
    messages
}

// req: 4975-13-9, 3862-2-1
// wild: 87, 88, 89, 90, 91, 92, 95, 96, 97 and 98
#[test]
fn each_deviation_has_a_name() {
    let mut seen = CpimTolerances::none();
    for &(tolerance, message) in DEVIATIONS {
        let octets = message.as_bytes();
        let read = CpimRef::parse(octets).unwrap_or_else(|wrong| panic!("{message}: {wrong}"));
        assert_eq!(read.tolerated(), CpimTolerances::none().with(tolerance), "{message}");
        assert_eq!((read.from().unwrap().uri(), read.body()), ("sip:a@x", &b"Hi"[..]), "{message}");
        assert_eq!(CpimRef::parse_with(octets, read.tolerated()), Ok(read.clone()));
        seen = seen.with(tolerance);

        // Without its tolerance it is refused, or means something else.
        let without = CpimTolerances::all().without(tolerance);
        let sees_no_sender = |read: CpimRef<'_>| read.from().is_none();
        match kind(CpimRef::parse_with(octets, without)) {
            Ok(read) => assert!(sees_no_sender(read) && tolerance == HeaderNameCase, "{message}"),
            Err(ParseErrorKind::NotTolerated(named)) => assert_eq!(named, tolerance, "{message}"),
            Err(_) => assert_eq!(tolerance, MissingBlankLine, "{message}"),
        }
    }
    // `not_utf8` has the one that is no text.
    // Others are for multipart bodies and documents to tell.
    let of_documents =
        [TextAroundDocument, RefreshFormat, Utf16, WrongNamespace, MissingDateTime, StateCase];
    let others = of_documents.into_iter().chain([NotUtf8, MissingCloseDelimiter]);
    assert_eq!(others.fold(seen, CpimTolerances::with), CpimTolerances::all());
}

/// A text that another reader could take for another address is no address, and costs no
/// message.
#[test]
fn nothing_is_taken_for_one_of_two_addresses() {
    for text in [
        "<sip:a@x> <sip:b@x>",
        "<sip:a@x>, <sip:b@x>",
        "<sip:a@x>;tag=1, <sip:b@x>",
        "<sip:a@x>;tag=1,sip:b@x",
        "<sip:a@x>;tag=\"1\"",
        "<sip:a@x> tag",
        "<sip:a@x>>",
        "A \"<sip:a@x>\" <sip:b@x>",
        "A \"B\" <sip:a@x>",
        "\"A <sip:a@x>",
        "<sip:a@x> A",
        "<<sip:a@x>>",
    ] {
        assert_no_address(text);
    }
    for text in ["<sip:a@x> ;tag=1", "<sip:a@x>;tag=1;x", "Ann <sip:a@x>;tag=1;y=z z"] {
        let message = with(&format!("From: {text}\r\n"));
        let read = CpimRef::parse(&message).unwrap();
        assert_eq!(read.from().unwrap().uri(), "sip:a@x", "{text}");
        assert_eq!(read.tolerated(), CpimTolerances::none().with(TextAfterAddress), "{text}");
    }
}

// wild: 61
#[test]
fn an_address_that_nobody_finds_is_none() {
    let truncated = case("P04-truncated-from.cpim");
    let read = CpimRef::parse(&truncated).unwrap();
    assert_eq!((read.from(), read.body()), (None, &b"Hello"[..]));
    assert!(read.tolerated().contains(UnreadableAddress));
    assert_eq!(read.to().next().unwrap().uri(), "sip:+8610000000001@ims.example");
    assert_eq!(read.find(IMDN, "Message-ID").count(), 1);
    for text in [
        "",
        "Alice",
        "alice@x",
        "<>",
        "<alice>",
        "<sip:alice@x",
        "sip:alice@x>",
        "Alice <sip:alice@x",
        "Alice <sip:al ice@x>",
        "\"Alice <sip:alice@x",
        "\"Alice\" sip:alice@x",
        "Alice sip:alice@x",
        "sip:alice@x, sip:bob@x",
        "sip:alice@x,sip:bob@x",
        "sip:alice@x;a=\"b\"",
    ] {
        assert_no_address(text);
    }
}

/// Asserts that a message with this From, To or cc is read without it, and by one name.
fn assert_no_address(text: &str) {
    for name in ["From", "To", "cc"] {
        let message = with(&format!("{name}: {text}\r\n"));
        let read = CpimRef::parse(&message).unwrap_or_else(|wrong| panic!("{text}: {wrong}"));
        assert!(read.tolerated().contains(UnreadableAddress), "{text}");
        assert_eq!(read.from().into_iter().chain(read.to()).chain(read.cc()).count(), 0);
        let header = read.headers().next().unwrap();
        assert_eq!((header.name(), header.raw(), header.address()), (name, text, None));
        let refused = ParseErrorKind::NotTolerated(UnreadableAddress);
        let without = CpimTolerances::all().without(UnreadableAddress);
        assert_eq!(kind(CpimRef::parse_with(&message, without)), Err(refused), "{text}");
        assert!(strict(&message).is_err());
    }
}

// wild: 61
#[test]
fn an_address_without_brackets() {
    let bare = case("P08-bare-address.cpim");
    let read = CpimRef::parse(&bare).unwrap();
    assert_eq!(read.from(), Some(address("sip:alice@x.example")));
    assert_eq!(read.to().next(), Some(address("sip:bob@x.example")));
    assert_eq!(read.tolerated(), CpimTolerances::none().with(BareAddress));
    for (text, uri) in [
        ("tel:+15550100", "tel:+15550100"),
        ("im:a@x?subject=b", "im:a@x?subject=b"),
        ("sip:a@x;tag=1;b", "sip:a@x"),
        ("sip:a@x ;tag=1", "sip:a@x"),
    ] {
        let message = with(&format!("From: {text}\r\n"));
        let read = CpimRef::parse(&message).unwrap();
        assert_eq!(read.from(), Some(address(uri)), "{text}");
        assert_eq!(read.tolerated().contains(TextAfterAddress), text.contains(';'), "{text}");
        assert_eq!(kind(Address::parse(text)), Err(ParseErrorKind::Address));
    }
}

/// Those of RFC 5438 are read as leniently as those of RFC 3862, and told like these.
#[test]
fn addresses_of_notifications_have_the_same_tolerances() {
    use msrp_cpim::imdn::ImdnHeaders;
    for name in ["Original-To", "IMDN-Record-Route", "IMDN-Route"] {
        for (text, uri, told) in [
            ("<sip:r@x>", Some("sip:r@x"), None),
            ("sip:r@x", Some("sip:r@x"), Some(BareAddress)),
            ("+49<sip:r@x>", Some("sip:r@x"), Some(UnquotedName)),
            ("<sip:r@x>;lr", Some("sip:r@x"), Some(TextAfterAddress)),
            ("r", None, Some(UnreadableAddress)),
            ("<sip:r@x>, <sip:s@x>", None, Some(UnreadableAddress)),
        ] {
            let message = with(&format!("NS: i <{IMDN}>\r\ni.{name}: {text}\r\n"));
            let read = CpimRef::parse(&message).unwrap();
            assert!(read.tolerated().iter().eq(told), "{name}: {text}");
            let headers = ImdnHeaders::of(&read);
            let found = headers.original_to().into_iter();
            let mut found = found.chain(headers.record_route()).chain(headers.route());
            assert_eq!(found.next().as_ref().map(Address::uri), uri, "{name}: {text}");
            let refused = told.map(ParseErrorKind::NotTolerated);
            assert_eq!(kind(strict(&message)).err(), refused, "{name}: {text}");
        }
    }
    // Under another namespace the name says nothing of addresses.
    assert!(strict(&with("NS: i <urn:x>\r\ni.Original-To: r\r\n")).is_ok());
}

// wild: 62
#[test]
fn header_names_of_other_namespaces_in_another_case() {
    use msrp_cpim::imdn::{ImdnHeaders, NotifyRequest};
    let octets = case("P25-imdn-name-case.cpim");
    let read = CpimRef::parse(&octets).unwrap();
    assert_eq!(read.tolerated(), CpimTolerances::none().with(HeaderNameCase));
    let headers = ImdnHeaders::of(&read);
    assert_eq!(headers.message_id(), Some("5"));
    assert_eq!(headers.requests().collect::<Vec<_>>(), [NotifyRequest::Display]);
    assert_eq!(ImdnHeaders::of(&strict(&octets).unwrap()).message_id(), None);

    let find = |read: &CpimRef<'_>, name| read.find("urn:y", name).count();
    let message = with("NS: x <urn:y>\r\nx.Colour: red\r\nx.COLOUR: blue\r\n");
    let read = CpimRef::parse(&message).unwrap();
    assert_eq!((find(&read, "colour"), find(&read, "shade")), (2, 0));
    assert_eq!(find(&strict(&message).unwrap(), "Colour"), 1);
    // A prefix in another case than its NS; an exact one counts first.
    let message = with(&format!("NS: imdn <{IMDN}>\r\nIMDN.Message-Id: 7\r\n"));
    let read = CpimRef::parse(&message).unwrap();
    assert_eq!(ImdnHeaders::of(&read).message_id(), Some("7"));
    assert_eq!(read.tolerated(), CpimTolerances::none().with(HeaderNameCase));
    let message = with("NS: x <urn:y>\r\nNS: X <urn:z>\r\nx.A: 1\r\nX.A: 2\r\ny.A: 3\r\n");
    let read = CpimRef::parse(&message).unwrap();
    let namespaces: Vec<_> = read.headers().skip(2).map(|it| it.namespace()).collect();
    assert_eq!(namespaces, [Some("urn:y"), Some("urn:z"), None]);
    assert!(read.tolerated().is_empty());
    // Of two Message-IDs it is unclear which one counts.
    let two = with(&format!("NS: i <{IMDN}>\r\ni.Message-ID: 1\r\ni.message-id: 2\r\n"));
    assert_eq!(ImdnHeaders::of(&CpimRef::parse(&two).unwrap()).message_id(), None);
}

// wild: 15
#[test]
fn the_values_that_were_tolerated() {
    let read = |part: &str| {
        let (_, text) = DEVIATIONS.iter().find(|(_, text)| text.contains(part)).unwrap();
        CpimRef::parse(text.as_bytes()).unwrap()
    };
    let folded = read("a.jpg");
    let disposition = folded.mime_headers().get("content-disposition").unwrap().value();
    assert_eq!(disposition.main(), "render");
    assert_eq!(disposition.parameter("filename").as_deref(), Some("a.jpg"));
    assert_eq!(disposition.parameter("size").as_deref(), Some("2"));
    let spaced = read("From, To");
    assert_eq!(spaced.require().map(|it| it.name()).collect::<Vec<_>>(), ["From", "To"]);
    let (digits, words) = (read("+861390"), read("(work)"));
    assert_eq!(digits.from().unwrap().display_name(), Some("+861390"));
    assert_eq!(words.from().unwrap().display_name(), Some("A (work), B"));
    let (undated, untyped) = (read("DateTime"), read("Content-Id"));
    assert_eq!(undated.date_time(), None);
    assert_eq!(undated.find(CPIM_NAMESPACE, "DateTime").count(), 1);
    assert_eq!(untyped.content_type(), None);
    let copies = with("Cc: <sip:a@x>\r\nCC: <sip:b@x>\r\ncc: <sip:c@x>\r\n");
    let uris: Vec<_> =
        CpimRef::parse(&copies).unwrap().cc().map(|it| it.uri().to_owned()).collect();
    assert_eq!(uris, ["sip:a@x", "sip:b@x", "sip:c@x"]);
}

/// What deployed clients send: anonymous senders, base64 and lengths inside, and
/// namespaces of operators.
// wild: 14, 16, 17 and 19
#[test]
fn what_is_no_deviation() {
    let message = "From: <sip:anonymous@anonymous.invalid>\r\n\
        To: <sip:anonymous@anonymous.invalid>\r\n\
        NS: MD <mailto:RCS@operator.example>\r\n\
        NS: imdn<urn:ietf:params:imdn>\r\n\
        MD.Direction: In\r\n\
        imdn.Disposition-Notification: positive-delivery, display\r\n\
        \r\n\
        Content-Type: text/plain;charset=UTF-8\r\n\
        Content-Transfer-Encoding: base64\r\n\
        Content-Length: 9999\r\n\
        \r\n\
        SGk=";
    let read = strict(message.as_bytes()).unwrap();
    assert_eq!(read.from(), read.to().next());
    assert_eq!(read.find("mailto:RCS@operator.example", "Direction").count(), 1);
    assert_eq!(read.mime_headers().get("Content-Transfer-Encoding").unwrap().raw(), "base64");
    assert_eq!(read.body(), b"SGk=");
}

/// MIME header fields without the blank line before them.
// req: 3862-2-1
// wild: 13 and 18
#[test]
fn mime_fields_among_the_headers() {
    let message = "From: <sip:a@example.com>\r\n\
        Content-type: application/x-ft+xml;charset=utf-8\r\n\
        Content-length: 700\r\n\
        NS: imdn <urn:ietf:params:imdn>\r\n\
        imdn.Message-ID: 1\r\n\
        \r\n\
        Content-Type: body";
    let read = CpimRef::parse(message.as_bytes()).unwrap();
    assert_eq!(read.content_type().as_deref(), Some("application/x-ft+xml;charset=utf-8"));
    assert_eq!(read.body(), b"Content-Type: body");
    assert_eq!(read.find(IMDN, "Message-ID").count(), 1);
    assert_eq!(read.headers().count(), 3);

    let message = "From: <sip:a@example.com>\r\n\
        Content-Disposition: notification\r\n\
        \r\n\
        Content-type: message/imdn+xml\r\n\
        \r\n\
        <imdn/>";
    let read = CpimRef::parse(message.as_bytes()).unwrap();
    assert_eq!(read.content_type().as_deref(), Some("message/imdn+xml"));
    assert_eq!(read.mime_headers().get("Content-Disposition").unwrap().raw(), "notification");
    assert_eq!(read.mime_headers().iter().count(), 2);
    assert_eq!(read.body(), b"<imdn/>");
    // Strictly, it is an unknown message header.
    let read = strict(message.as_bytes()).unwrap();
    assert_eq!(read.mime_headers().get("Content-Disposition"), None);
    assert_eq!(read.headers().count(), 2);
}

#[test]
fn a_message_id_that_is_repeated_counts_once() {
    use msrp_cpim::imdn::ImdnHeaders;
    let id = |ids: &str| {
        let text = format!(
            "NS: imdn <urn:ietf:params:imdn>\r\n{ids}\r\nContent-Type: text/plain\r\n\r\nHi"
        );
        let read = CpimRef::parse(text.as_bytes()).unwrap();
        ImdnHeaders::of(&read).message_id().map(str::to_owned)
    };
    let five = Some("5".to_owned());
    assert_eq!(id("imdn.Message-ID: 5\r\nimdn.message-id: 5\r\n"), five);
    assert_eq!(id("imdn.Message-ID: 5\r\nimdn.Message-ID: 5\r\nIMDN.Message-ID:5 \r\n"), five);
    assert_eq!(id("imdn.Message-ID: 5\r\nimdn.message-id: 6\r\n"), None);
    assert_eq!(id("imdn.Message-ID: 5\r\nimdn.Message-ID: \r\n"), None);
}

#[test]
fn a_namespace_without_brackets_is_declared() {
    use msrp_cpim::imdn::ImdnHeaders;
    let message = with(&format!("NS: imdn {IMDN}\r\nimdn.Message-ID: 5\r\n"));
    let read = CpimRef::parse(&message).unwrap();
    assert_eq!(ImdnHeaders::of(&read).message_id(), Some("5"));
    let declared: Vec<_> = read.namespaces().map(|it| (it.prefix(), it.uri())).collect();
    assert_eq!(declared, [(Some("imdn"), IMDN)]);
    // Who sent the message is still not guessed.
    let two =
        with("NS: x urn:ietf:params:cpim-headers:\r\nFrom: <sip:a@x>\r\nx.From: <sip:b@x>\r\n");
    assert_eq!(CpimRef::parse(&two).unwrap().from(), None);
}

/// An unreadable NS declares nothing, and costs no message.
#[test]
fn an_unclear_namespace_declares_nothing() {
    for unclear in [
        "",
        "imdn",
        "imdn x",
        "imdn <x>",
        "imdn <urn:x",
        "imdn urn:x>",
        "imdn=<urn:x>",
        "imdn \"urn:x\"",
        "imdn <urn:x>;a=b",
        "imdn <urn:x> <urn:y>",
        "imdn <urn: x>",
        "a.b urn:x",
        "a b urn:x",
        "a b <urn:x>",
    ] {
        let message = with(&format!("NS: {unclear}\r\nimdn.Message-ID: 5\r\n"));
        let read = CpimRef::parse(&message).unwrap();
        assert!(read.tolerated().contains(UnreadableHeader), "{unclear}");
        assert_eq!(read.namespaces().count(), 0, "{unclear}");
        assert!(read.headers().all(|header| header.name() == "NS" || header.namespace().is_none()));
        assert!(strict(&message).is_err());
    }
    // An earlier one still holds.
    let message = with("NS: x <urn:y>\r\nNS: x <z>\r\nx.A: 1\r\n");
    assert_eq!(CpimRef::parse(&message).unwrap().find("urn:y", "A").count(), 1);
}

/// An unreadable name in a Require is not understood.
#[test]
fn an_unclear_requirement_is_not_understood() {
    for (value, missing) in [
        ("a b", &["a b"][..]),
        ("From,a;b,To", &["a;b"]),
        ("a.b.c,", &["a.b.c"]),
        ("", &[]),
        ("From,,To,", &[]),
        ("From,\t To", &[]),
    ] {
        let message = with(&format!("Require: {value}\r\n"));
        let read = CpimRef::parse(&message).unwrap();
        let names: Vec<_> = read.not_understood(&[]).map(|it| it.name()).collect();
        assert_eq!(names, missing, "{value}");
        assert!(!read.tolerated().is_empty());
    }
}

#[test]
fn a_line_that_is_no_header_costs_nothing_else() {
    for line in [
        "no colon",
        "Fr om: <sip:b@x>",
        "a.b.c: d",
        ".a: b",
        "a.: b",
        ": x",
        "a(b): c",
        "Gr\u{f6}\u{df}e: 5",
        "From <sip:b@x>",
        "From;tag=1: <sip:b@x>",
        "<html>",
        "\u{feff}From: <sip:b@x>",
    ] {
        let message = with(&format!("From: <sip:a@x>\r\n{line}\r\nTo: <sip:b@x>\r\n"));
        let read = CpimRef::parse(&message).unwrap();
        assert_eq!(read.tolerated(), CpimTolerances::none().with(UnreadableHeader), "{line}");
        assert_eq!(read.from(), Some(address("sip:a@x")), "{line}");
        assert_eq!((read.headers().count(), read.to().count()), (2, 1), "{line}");
    }
}

#[test]
fn a_body_may_follow_the_headers_at_once() {
    let told = CpimTolerances::none().with(MissingBlankLine).with(MissingContentType);
    for body in ["Hello", "Hello\r\n", "Hello,\r\nAda\r\n\r\nBye: now", "caf\u{e9}\r\n\r\n"] {
        let message = format!("From: <sip:a@x>\r\nContent-ID: <1>\r\n\r\n{body}");
        let read = CpimRef::parse(message.as_bytes()).unwrap();
        assert_eq!((read.from().unwrap().uri(), read.body()), ("sip:a@x", body.as_bytes()));
        assert_eq!((read.content_type(), read.tolerated()), (None, told), "{body:?}");
        assert_eq!(read.mime_headers().iter().count(), 1);
        assert_eq!(CpimRef::parse_with(message.as_bytes(), told), Ok(read.clone()));
        let without = CpimTolerances::all().without(MissingBlankLine);
        assert!(CpimRef::parse_with(message.as_bytes(), without).is_err());
        // A later line may be a field until a blank line comes.
        let is_known = body.contains("\r\n\r\n");
        let start = CpimRef::parse_start(message.as_bytes()).unwrap();
        assert_eq!(start, Some(read).filter(|_| is_known), "{body:?}");
    }
}

#[test]
fn parameters_that_cannot_be_read_are_part_of_the_value() {
    for value in [";) hi", "; lang=fr Salut", ";lang=fr_FR Salut", ";lang=\"fr\" Salut", ";a hi"] {
        let message = with(&format!("Subject:{value}\r\n"));
        let read = CpimRef::parse(&message).unwrap();
        let subject = read.subjects().next().unwrap();
        assert_eq!((subject.text().as_ref(), subject.language()), (value, None));
        assert!(read.tolerated().contains(UnreadableHeader), "{value}");
    }
}

#[test]
fn a_folded_header_is_one_line() {
    let message = b"From: Ann\r\n\t<sip:a@x>\r\nSubject: one \r\n  two\n three\r\n \r\n\
        NS: i\r\n <urn:ietf:params:imdn>\r\ni.Message-ID:\r\n 5\r\nno colon \xe9\r\n folded\r\n\
        A: b\0\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
    let readable: Vec<u8> = message.iter().copied().filter(|octet| *octet != 0).collect();
    let read = CpimRef::parse(&readable).unwrap();
    assert_eq!(read.from(), Some(address("sip:a@x").with_display_name("Ann")));
    assert_eq!(read.subjects().next().unwrap().text(), "one  two three");
    assert_eq!(read.find(IMDN, "Message-ID").next().unwrap().raw(), "5");
    assert!(read.tolerated().contains(FoldedHeader));
    assert_eq!(read.mime_headers().iter().count(), 1);
    // An error behind a fold has its place.
    let wrong = CpimRef::parse(message).unwrap_err();
    assert_eq!(&message[wrong.place()], b"A: b\0");
    // A line whose name cannot be read is no field, which might be folded.
    let field = CpimRef::parse(b"A: b\r\nContent-\xff: c\r\n d\r\n\r\n\r\nHi").unwrap();
    assert!(field.tolerated().contains(FoldedHeader));
    // A fold in a URI is a blank there.
    let cut = with("From: <sip:a\r\n @x>\r\n");
    assert_eq!(CpimRef::parse(&cut).unwrap().from(), None);
}

/// Readers that take the first, and those that take the last, must agree.
#[test]
fn of_two_that_differ_none_counts() {
    const TIMES: [&str; 2] = ["2026-05-15T15:02:31Z", "2027-05-15T15:02:31Z"];
    for (name, [one, two]) in
        [("From", ["<sip:a@x>", "<sip:b@x>"]), ("From", ["<sip:a@x>", "Ann"]), ("DateTime", TIMES)]
    {
        let foreign = |name: &str, value: &str| {
            format!("NS: <urn:x>\r\n{name}: {value}\r\nNS: <{CPIM_NAMESPACE}>\r\n")
        };
        for headers in [
            format!("{name}: {one}\r\nTo: <sip:c@x>\r\n{name}: {two}\r\n"),
            format!("{}: {two}\r\n{name}: {one}\r\n", name.to_uppercase()),
            format!("NS: p <{CPIM_NAMESPACE}>\r\n{name}: {one}\r\np.{name}: {two}\r\n"),
            foreign(name, two) + &format!("{name}: {one}\r\n"),
            foreign(&name.to_lowercase(), two) + &format!("{name}: {one}\r\n"),
        ] {
            let message = with(&headers);
            let read = CpimRef::parse(&message).unwrap();
            assert_eq!(read.from().filter(|_| name == "From"), None, "{headers}");
            assert_eq!(read.date_time(), None, "{headers}");
            assert!(read.tolerated().contains(RepeatedHeader), "{headers}");
            let without = CpimTolerances::all().without(RepeatedHeader);
            let refused = Err(ParseErrorKind::NotTolerated(RepeatedHeader));
            assert_eq!(kind(CpimRef::parse_with(&message, without)), refused);
            // The same twice is one.
            let same = with(&headers.replace(two, one));
            let read = CpimRef::parse(&same).unwrap();
            assert!(read.tolerated().contains(RepeatedHeader), "{headers}");
            let found = if name == "From" {
                read.from().map(|from| from.uri().to_owned())
            } else {
                read.date_time().map(|time| time.as_str().to_owned())
            };
            assert_eq!(found.as_deref(), Some(one.trim_matches(['<', '>'])), "{headers}");
        }
        // A prefix tells the two apart.
        let foreign = format!("NS: p <urn:x>\r\n{name}: {one}\r\np.{name}: {two}\r\n");
        assert!(strict(&with(&foreign)).is_ok(), "{foreign}");
    }
}
