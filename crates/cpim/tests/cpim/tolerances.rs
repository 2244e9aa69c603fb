//! The deviations of deployed stacks, each read with its tolerance only.

use super::*;
use CpimTolerance::*;

/// Messages, each with the one tolerance that it needs.
const DEVIATIONS: [(CpimTolerance, &str); 18] = [
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
// wild: 87, 88, 89, 90, 91 and 92
#[test]
fn each_deviation_has_a_name() {
    let mut seen = CpimTolerances::none();
    for (tolerance, message) in DEVIATIONS {
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
    // A missing close delimiter is for multipart bodies to tell.
    assert_eq!(seen.with(NotUtf8), CpimTolerances::all().without(MissingCloseDelimiter));
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
    // A second sender is refused, readable or not.
    let two = with("From: Alice\r\nFrom: <sip:a@x>\r\n");
    assert_eq!(kind(CpimRef::parse(&two)), Err(ParseErrorKind::Repeated("From")));
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
    let read = |text: &'static str| CpimRef::parse(text.as_bytes()).unwrap();
    let [_, folded, _, _, _, _, spaced, _, digits, words, _, _, _, _, _, undated, untyped, _] =
        DEVIATIONS.map(|(_, text)| read(text));
    let disposition = folded.mime_headers().get("content-disposition").unwrap().value();
    assert_eq!(disposition.main(), "render");
    assert_eq!(disposition.parameter("filename").as_deref(), Some("a.jpg"));
    assert_eq!(disposition.parameter("size").as_deref(), Some("2"));
    assert_eq!(spaced.require().map(|it| it.name()).collect::<Vec<_>>(), ["From", "To"]);
    assert_eq!(digits.from().unwrap().display_name(), Some("+861390"));
    assert_eq!(words.from().unwrap().display_name(), Some("A (work), B"));
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
    assert_eq!(kind(CpimRef::parse(&two)), Err(ParseErrorKind::Repeated("From")));
    for unclear in ["imdn <urn:x", "imdn urn:x>", "imdn", "imdn x", "a.b urn:x", "a b urn:x"] {
        let message = with(&format!("NS: {unclear}\r\n"));
        assert_eq!(kind(CpimRef::parse(&message)), Err(ParseErrorKind::Value("NS")), "{unclear}");
    }
}
