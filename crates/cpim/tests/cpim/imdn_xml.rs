//! Reading the XML of RFC 5438 and RFC 3994.

use std::fs;
use std::path::PathBuf;

use msrp_cpim::imdn::*;
use msrp_cpim::is_composing::*;
use msrp_cpim::multipart::Multipart;
use proptest::prelude::*;

use super::*;

fn document(inner: &str) -> String {
    format!("<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">{inner}</imdn>")
}

const HEAD: &str = "<message-id>1</message-id><datetime>2026-05-15T15:02:31Z</datetime>";

fn status(kind: &str, status: &str) -> String {
    format!("<{kind}-notification><status><{status}/></status></{kind}-notification>")
}

// req: 5438-11.1-1
#[test]
fn each_kind_and_status() {
    use Disposition::*;
    for (kind, name, disposition) in [
        ("delivery", "delivered", Delivered),
        ("delivery", "failed", DeliveryFailed),
        ("delivery", "forbidden", DeliveryForbidden),
        ("delivery", "error", DeliveryError),
        ("display", "displayed", Displayed),
        ("display", "forbidden", DisplayForbidden),
        ("display", "error", DisplayError),
        ("processing", "processed", Processed),
        ("processing", "stored", Stored),
        ("processing", "forbidden", ProcessingForbidden),
        ("processing", "error", ProcessingError),
    ] {
        let text = document(&format!("{HEAD}{}", status(kind, name)));
        let read = Notification::parse(text.as_bytes()).unwrap();
        assert_eq!(read.disposition(), Some(disposition));
        assert_eq!((read.message_id(), read.date_time()), ("1", Some("2026-05-15T15:02:31Z")));
        assert_eq!((read.recipient(), read.original_recipient()), (None, None));
        let prefixed =
            text.replace('<', "<n:").replace("<n:/", "</n:").replace("xmlns=", "xmlns:n=");
        assert_eq!(Notification::parse(prefixed.as_bytes()), Ok(read));
    }
    for (kind, name) in
        [("delivery", "displayed"), ("display", "delivered"), ("display", "x"), ("x", "error")]
    {
        let text = document(&format!("{HEAD}{}", status(kind, name)));
        let read = Notification::parse(text.as_bytes());
        assert_eq!(read.map_err(|wrong| wrong.kind()), Err(ParseErrorKind::Disposition));
    }
}

#[test]
fn what_is_no_notification() {
    let delivered = status("delivery", "delivered");
    let parse = |text: &str| Notification::parse(text.as_bytes()).unwrap_err().kind();
    for text in
        ["", "<imdn", "<imdn/><imdn/>", "<imdn></x>", "<imdn>&x;</imdn>", "<imdn>\u{1}</imdn>"]
    {
        assert_eq!(parse(text), ParseErrorKind::Xml, "{text}");
    }
    assert_eq!(
        parse(&document(&(HEAD.replace(">1<", "> <") + &delivered))),
        ParseErrorKind::Missing("message-id")
    );
    assert_eq!(
        parse(&document(HEAD).replace("<imdn", "<x").replace("/imdn", "/x")),
        ParseErrorKind::Root("imdn")
    );
    assert_eq!(parse(&document(HEAD)), ParseErrorKind::Disposition);
    assert_eq!(parse(&document(&delivered)), ParseErrorKind::Missing("message-id"));
    // Elements of another namespace do not count.
    let foreign = HEAD.replace("<message-id>", "<message-id xmlns=\"urn:x\">");
    assert_eq!(parse(&document(&(foreign + &delivered))), ParseErrorKind::Missing("message-id"));
}

#[test]
fn extensions_comments_and_blanks_are_passed_over() {
    let text = format!(
        "\u{feff}<?xml version=\"1.0\"?>\r\n<!-- c -->{}",
        document(
            "\r\n  <x:y xmlns:x=\"urn:x\"><message-id>2</message-id></x:y>\
             <message-id a=\"b\">\r\n 1<!-- c --><![CDATA[<2]]>&#51;&amp; </message-id>\
             <datetime>t</datetime><recipient-uri>im:a</recipient-uri>\
             <original-recipient-uri\r\n>im:b</original-recipient-uri>\
             <subject xml:lang=\"fr\"> th\u{e9} </subject>\
             <delivery-notification><status><x:y xmlns:x=\"urn:x\"/><failed></failed></status></delivery-notification>",
        )
    );
    let read = Notification::parse(text.as_bytes()).unwrap();
    assert_eq!(read.message_id(), "1<23&");
    assert_eq!(read.recipient(), Some("im:a"));
    assert_eq!(read.original_recipient(), Some("im:b"));
    assert_eq!((read.subject(), read.subject_language()), (Some(" th\u{e9} "), Some("fr")));
    assert_eq!(read.disposition(), Some(Disposition::DeliveryFailed));
}

/// Entity bombs, deep nesting and large documents are refused.
#[test]
fn hostile_documents() {
    let delivered = status("delivery", "delivered");
    let whole = document(&format!("{HEAD}{delivered}"));
    let bomb = format!(
        "<!DOCTYPE imdn [<!ENTITY a \"aaaaaaaaaa\">{}]>{}",
        (0..20).map(|index| format!("<!ENTITY a{index} \"&a;&a;&a;\">")).collect::<String>(),
        whole.replace(">1<", ">&a19;<"),
    );
    let external = format!("<!DOCTYPE imdn SYSTEM \"file:///etc/passwd\">{whole}");
    let inline = format!("<!DOCTYPE imdn [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{whole}");
    let deep = format!("{}{}", "<a>".repeat(9_000), "</a>".repeat(9_000));
    let open = "<a>".repeat(21_000);
    let wide = document(&format!("{HEAD}{}", "<a/>".repeat(2_000)));
    let attributes = (0..5_000).map(|index| format!(" a{index}=\"\"")).collect::<String>();
    let attributes = format!("<imdn{attributes}/>");
    let namespaces = (0..3_000).map(|index| format!(" xmlns:a{index}=\"u\"")).collect::<String>();
    let namespaces = format!("<imdn{namespaces}><a0:b/></imdn>");
    let long = document(&"a".repeat(64 * 1024));
    for text in [bomb, external, inline, deep, open, wide, long, attributes, namespaces] {
        assert_eq!(
            kind(Notification::parse(text.as_bytes())),
            Err(ParseErrorKind::Xml),
            "{:.60}",
            text
        );
        assert_eq!(kind(IsComposing::parse(text.as_bytes())), Err(ParseErrorKind::Xml));
    }
    let most = document(&format!("{HEAD}{delivered}{}", "a".repeat(60_000)));
    assert!(Notification::parse(most.as_bytes()).is_ok());
}

/// The XML reader copies declarations into child elements and compares each
/// attribute with all others, so their number is limited.
#[test]
fn so_many_declarations_and_attributes() {
    let composing = |attributes: &str, inner: &str| {
        let text = format!(
            "<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\"{attributes}>\
             <state>active</state>{inner}</isComposing>"
        );
        kind(IsComposing::parse(text.as_bytes())).map(|read| read.state())
    };
    let declared =
        |count: usize| (0..count).map(|index| format!(" xmlns:a{index}=\"1\"")).collect::<String>();
    let declaring = |count: usize| "<b xmlns:q=\"1\"/>".repeat(count);
    let nested =
        |count: usize| format!("{}{}", "<b xmlns:q=\"1\">".repeat(count), "</b>".repeat(count));
    let attributes =
        |count: usize| (0..count).map(|index| format!(" a{index}=\"\"")).collect::<String>();

    const REFUSED: Result<State, ParseErrorKind> = Err(ParseErrorKind::Xml);
    assert_eq!(composing(&declared(2680), &declaring(1000)), REFUSED);
    assert_eq!(composing("", &nested(1000)), REFUSED);
    for (fits, one_more) in [
        (composing(&declared(10), &declaring(245)), composing(&declared(10), &declaring(246))),
        (composing(&declared(255), ""), composing(&declared(256), "")),
        (composing("", &nested(255)), composing("", &nested(256))),
        (composing(&attributes(1023), ""), composing(&attributes(1024), "")),
    ] {
        assert_eq!((fits, one_more), (Ok(State::Active), REFUSED));
    }
}

/// The examples that RFC 5438 prints.
#[test]
fn the_printed_notifications() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let check = |body: &[u8], disposition| {
        let read = Notification::parse(body).unwrap();
        assert_eq!((read.message_id(), read.disposition()), ("34jk324j", Some(disposition)));
        assert_eq!(read.date_time(), Some("2008-04-04T12:16:49-05:00"));
        assert_eq!(read.recipient(), Some("im:bob@example.com"));
        assert_eq!(read.original_recipient(), read.recipient());
    };
    let wrapper = b"Content-type: Message/CPIM\r\n\r\n";
    for (name, disposition) in [
        ("rfc5438-7.2.1.1-1.cpim", Disposition::Delivered),
        ("rfc5438-7.2.1.2-1.cpim", Disposition::Displayed),
        ("rfc5438-8.1-1.cpim", Disposition::Processed),
    ] {
        let file = read(name);
        let message = CpimRef::parse(file.strip_prefix(wrapper).unwrap_or(&file)).unwrap();
        assert!(ImdnHeaders::of(&message).is_notification());
        check(message.body(), disposition);
    }
    // Several notifications in one. The RFC prints the last boundary without its
    // hyphens.
    let file = read("rfc5438-8.3-1.cpim");
    let message = CpimRef::parse(&file).unwrap();
    assert!(ImdnHeaders::of(&message).is_notification());
    let content_type = message.content_type().unwrap();
    let parts = Multipart::parse(&content_type, message.body()).unwrap();
    let parts: Vec<_> = parts.parts().map(Result::unwrap).collect();
    assert_eq!(parts.len(), 2);
    check(parts[0].body(), Disposition::Delivered);
    check(parts[1].body(), Disposition::Displayed);
}

/// Text that survives: what XML cannot hold becomes U+FFFD, and white space at
/// the ends of ids and URIs does not count.
fn xml_text(text: &str) -> String {
    let is_lost = |letter: char| {
        (letter < ' ' && !matches!(letter, '\t' | '\n' | '\r'))
            || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|letter| if is_lost(letter) { '\u{fffd}' } else { letter }).collect()
}

proptest! {
    #[test]
    fn notifications_read_back(
        id in "[^\\s]\\PC*", time in "[^\\s]\\PC*", recipient: String, original: String,
        subject in prop::option::of((prop::option::of("[a-z]{2}"), any::<String>())),
        index in 0_usize..4,
    ) {
        use Disposition::*;
        let disposition = [Delivered, DisplayError, Stored, DeliveryForbidden][index];
        let mut written = Notification::new(&id, &time, &recipient, disposition)
            .with_original_recipient(&original);
        if let Some((language, text)) = &subject {
            written = written.with_subject(language.as_deref(), text);
        }
        let read = Notification::parse(written.to_xml().as_bytes()).unwrap();
        let [id, time, recipient, original] = [id, time, recipient, original].map(|it| xml_text(&it));
        prop_assert_eq!((read.message_id(), read.date_time()), (id.trim(), Some(time.trim())));
        prop_assert_eq!(read.recipient(), Some(recipient.trim()));
        prop_assert_eq!(read.original_recipient(), Some(original.trim()));
        prop_assert_eq!(read.subject().map(str::to_owned), subject.as_ref().map(|it| xml_text(&it.1)));
        prop_assert_eq!(read.subject_language(), subject.as_ref().and_then(|it| it.0.as_deref()));
        prop_assert_eq!(read.disposition(), Some(disposition));
        prop_assert_eq!(Notification::parse(read.to_xml().as_bytes()), Ok(read));
    }

    #[test]
    fn states_read_back(
        is_active: bool, refresh: Option<u32>, content_type in prop::option::of("[a-z]{1,9}/[a-z]{1,9}"),
    ) {
        let mut written = IsComposing::new(if is_active { State::Active } else { State::Idle });
        if let Some(refresh) = refresh {
            written = written.with_refresh(refresh);
        }
        if let Some(content_type) = content_type {
            written = written.with_content_type(content_type);
        }
        written = written.with_last_active("2026-05-15T15:02:31Z");
        let read = IsComposing::parse(written.to_xml().as_bytes()).unwrap();
        prop_assert_eq!(&read, &written);
        prop_assert_eq!(read.refresh(), refresh.filter(|it| *it > 0).unwrap_or(DEFAULT_REFRESH));
    }
}

#[test]
fn what_states_there_are() {
    let parse = |inner: &str| {
        let text = format!(
            "<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">{inner}</isComposing>"
        );
        IsComposing::parse(text.as_bytes())
    };
    assert_eq!(parse("<state> active </state>").unwrap().state(), State::Active);
    assert_eq!(parse("<state>idle</state>").unwrap().state(), State::Idle);
    assert_eq!(parse("<state>dreaming</state>").unwrap().state(), State::Idle);
    let long = parse(
        "<state>active</state><refresh>99999999999</refresh><contenttype>audio</contenttype>",
    )
    .unwrap();
    assert_eq!((long.refresh(), long.content_type()), (u32::MAX, Some("audio")));
    assert_eq!(long.last_active(), None);
    assert_eq!(kind(parse("")), Err(ParseErrorKind::Missing("state")));
    assert_eq!(kind(IsComposing::parse(b"<composing/>")), Err(ParseErrorKind::Root("isComposing")));
}

// wild: 66
#[test]
fn a_refresh_is_a_positive_number_of_any_length() {
    let refresh = |text: &str| {
        let text = format!(
            "<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">\
             <state>active</state><refresh>{text}</refresh></isComposing>"
        );
        IsComposing::parse(text.as_bytes()).unwrap().refresh()
    };
    for (text, seconds) in [
        (" 60\n", 60),
        ("+0060", 60),
        ("4294967295", u32::MAX),
        ("4294967296", u32::MAX),
        (&"9".repeat(1000), u32::MAX),
    ] {
        assert_eq!(refresh(text), seconds, "{text}");
    }
    for none in ["", "0", "000", "-1", "+", "++1", "6.5", "1e3", "soon", "\u{661}"] {
        assert_eq!(refresh(none), DEFAULT_REFRESH, "{none}");
    }
    assert_eq!(refresh_case().refresh(), u32::MAX);
    let zero = IsComposing::new(State::Active).with_refresh(90).with_refresh(0);
    assert!(!zero.to_xml().contains("refresh"));
    assert_eq!(zero.refresh(), DEFAULT_REFRESH);
}

fn refresh_case() -> IsComposing {
    IsComposing::parse(&case("Y07-refresh-huge.xml")).unwrap()
}

// wild: 65 and 100
#[test]
fn what_stands_around_a_document_does_not_count() {
    let read = Notification::parse(&case("X05-leading-crlf.xml")).unwrap();
    assert_eq!((read.message_id(), read.disposition()), ("m1", Some(Disposition::Delivered)));
    let whole = document(&format!("{HEAD}{}", status("display", "displayed")));
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{whole}");
    for (before, after) in [
        ("\r\n", ""),
        (" \t\r\n\n\u{feff}", "\0"),
        ("\u{feff}\r\n\u{feff}", " \r\n\0\0"),
        ("\0", "\u{feff}"),
        ("", "x"),
        ("x", ""),
        ("Content-Type: message/imdn+xml\r\n\r\n", ""),
        ("", "\r\n-------d93kswow$\r\n"),
        ("caf\u{e9} ", " caf\u{e9}"),
    ] {
        let text = format!("{before}{declared}{after}");
        let read = Notification::parse(text.as_bytes()).unwrap();
        assert_eq!(read.disposition(), Some(Disposition::Displayed), "{text:?}");
        let told = CpimTolerances::none().with(CpimTolerance::TextAroundDocument);
        assert_eq!(read.tolerated(), told, "{text:?}");
        assert_eq!(Ok(read), Notification::parse(whole.as_bytes()));
        // Errors keep their place in the input.
        let wrong = text.replace("<imdn", "<imdm").replace("/imdn>", "/imdm>");
        let error = Notification::parse(wrong.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::Root("imdn"));
        assert!(wrong[error.place()].starts_with("<imdm") && wrong[error.place()].ends_with('>'));
        let cut = text.replace("</status>", "</x>");
        let error = Notification::parse(cut.as_bytes()).unwrap_err();
        assert_eq!(&cut[error.place().start..][..4], "</x>", "{error}");
    }
    for (before, after) in [("\u{feff}", "\n"), ("", " \t\r\n"), ("", "<!-- c -->\n")] {
        let read = Notification::parse(format!("{before}{declared}{after}").as_bytes()).unwrap();
        assert!(read.tolerated().is_empty(), "{before:?} {after:?}");
        let read = Notification::parse(format!("{before} {whole}{after}").as_bytes()).unwrap();
        assert!(read.tolerated().is_empty(), "{before:?} {after:?}");
    }
    for wrong in
        [format!("{declared}{whole}"), format!("{declared}<x>"), format!(">{declared}</x>")]
    {
        assert_eq!(kind(Notification::parse(wrong.as_bytes())), Err(ParseErrorKind::Xml));
    }
}

// wild: 63
#[test]
fn octets_of_a_document_that_are_no_utf8_cost_nothing_else() {
    let subject = "<subject>caf\u{e9}</subject><recipient-uri>im:\u{e9}</recipient-uri>";
    let whole = document(&format!("{HEAD}{subject}{}", status("display", "displayed")));
    let declared = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\r\n{whole}");
    let latin = |text: &str| text.chars().map(|letter| letter as u8).collect::<Vec<u8>>();
    for text in [&whole, &declared] {
        let read = Notification::parse(&latin(text)).unwrap();
        assert_eq!((read.message_id(), read.subject()), ("1", Some("caf\u{fffd}")));
        assert_eq!(read.tolerated(), CpimTolerances::none().with(CpimTolerance::NotUtf8));
        let wrong = latin(&text.replace("</status>", "</x>"));
        let error = Notification::parse(&wrong).unwrap_err();
        assert_eq!(&wrong[error.place().start..][..4], b"</x>", "{error}");
        let other = latin(
            &text.replace("<imdn", "<x:imdm xmlns:x=\"u\"").replace("</imdn>", "\u{e9}</x:imdm>"),
        );
        let error = Notification::parse(&other).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::Root("imdn"));
        assert!(other[error.place()].ends_with(b"\xe9</x:imdm>"));
    }
}

// wild: 101
#[test]
fn what_is_read_over_in_a_document_is_told() {
    use CpimTolerance::{DateTimeFormat, RefreshFormat};
    let composing = |inner: &str| {
        let text = format!(
            "<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">\
             <state>active</state>{inner}</isComposing>"
        );
        IsComposing::parse(text.as_bytes()).unwrap().tolerated().iter().collect::<Vec<_>>()
    };
    for refresh in ["0", "-5", "", "1.5", "soon"] {
        assert_eq!(composing(&format!("<refresh>{refresh}</refresh>")), [RefreshFormat]);
    }
    for refresh in ["60", " +060 ", "99999999999"] {
        assert_eq!(composing(&format!("<refresh>{refresh}</refresh>")), []);
    }
    for time in ["", "yesterday", "2026-05-15 15:02:31"] {
        assert_eq!(composing(&format!("<lastactive>{time}</lastactive>")), [DateTimeFormat]);
    }
    assert_eq!(composing("<lastactive>2026-05-15T15:02:31Z</lastactive>"), []);
    let delivered = status("delivery", "delivered");
    for (time, told) in [("2026-05-15", &[DateTimeFormat][..]), ("2026-05-15T15:02:31+01:00", &[])]
    {
        let head = HEAD.replace("2026-05-15T15:02:31Z", time);
        let read = Notification::parse(document(&format!("{head}{delivered}")).as_bytes()).unwrap();
        assert_eq!(read.date_time(), Some(time));
        assert_eq!(read.tolerated().iter().collect::<Vec<_>>(), told);
    }
}

// req: 5438-11.1-1
// wild: 64
#[test]
fn dispositions_of_other_namespaces() {
    const OMA: &str = "urn:oma:xml:cpm:imdn-extensions:1.0";
    let read = Notification::parse(&case("X20-interworking.xml")).unwrap();
    assert_eq!((read.message_id(), read.date_time()), ("m1", Some("2024-02-04T12:45:24Z")));
    assert_eq!(read.disposition(), None);
    let other = read.other_disposition().unwrap();
    assert_eq!((other.name(), other.namespace()), ("interworking-notification", OMA));
    assert_eq!((other.status(), other.kind()), (Some("legacy-sms"), None));

    let parse = |inner: &str| {
        let read = Notification::parse(document(&format!("{HEAD}{inner}")).as_bytes());
        if let Ok(read) = &read {
            assert_eq!(Notification::parse(read.to_xml().as_bytes()).as_ref(), Ok(read));
        }
        read.map_err(|wrong| wrong.kind())
    };
    let told = |inner: &str| {
        let read = parse(inner).unwrap();
        assert_eq!(read.disposition(), None, "{inner}");
        let other = read.other_disposition().unwrap();
        let status = other.status().unwrap_or_default().to_owned();
        (other.kind(), other.name().to_owned(), other.namespace().to_owned(), status)
    };
    let expected = |kind, name: &str, namespace: &str, status: &str| {
        (kind, name.to_owned(), namespace.to_owned(), status.to_owned())
    };
    // The status in the namespace of RFC 5438, in a namespace by default, or empty.
    assert_eq!(
        told("<x:y-notification xmlns:x=\"urn:x&amp;\"><status><x:z/></status></x:y-notification>"),
        expected(None, "y-notification", "urn:x&", "z")
    );
    assert_eq!(
        told("<y xmlns=\"urn:x\"> <status>\n<!-- c --> <z a=\"b\">t</z></status></y>"),
        expected(None, "y", "urn:x", "z")
    );
    assert_eq!(told("<y xmlns=\"urn:x\"><status/></y>"), expected(None, "y", "urn:x", ""));
    // Another status of a kind of RFC 5438.
    assert_eq!(
        told(
            "<delivery-notification><status><x:sms xmlns:x=\"urn:x\"/></status></delivery-notification>"
        ),
        expected(Some(DispositionKind::Delivery), "delivery-notification", "urn:x", "sms")
    );
    // A disposition of RFC 5438 counts first.
    let extended = "<x:y xmlns:x=\"urn:x\"><x:status><x:z/></x:status></x:y>";
    let both = format!("{extended}{}", status("delivery", "delivered"));
    assert_eq!(parse(&both).unwrap().disposition(), Some(Disposition::Delivered));
    // Without a status, if no other one has one.
    let interworking = "<y:inter xmlns:y=\"urn:y\">legacy</y:inter>";
    for (inner, status) in [
        (interworking.to_owned(), ""),
        ("<y:inter xmlns:y=\"urn:y\"/><y:more xmlns:y=\"urn:y\"/>".to_owned(), ""),
        ("<y:inter xmlns:y=\"urn:y\"><z><status/></z></y:inter>".to_owned(), ""),
        (
            format!(
                "<a xmlns=\"urn:a\"/>{}",
                interworking.replace("legacy", "<status><b/></status>")
            ),
            "b",
        ),
    ] {
        assert_eq!(told(&inner), expected(None, "inter", "urn:y", status), "{inner}");
    }
    let read = Notification::parse(document(&format!("{HEAD}{interworking}")).as_bytes()).unwrap();
    assert_eq!(read.other_disposition().unwrap().status(), None);
    let broken = format!("{interworking}<delivery-notification><status/></delivery-notification>");
    assert_eq!(parse(&broken), Err(ParseErrorKind::Disposition));
    let both = format!("{interworking}{}", status("delivery", "delivered"));
    assert_eq!(parse(&both).unwrap().disposition(), Some(Disposition::Delivered));
    for none in [
        "<y-notification><status><z/></status></y-notification>",
        "<delivery-notification><status/></delivery-notification>",
    ] {
        assert_eq!(parse(none), Err(ParseErrorKind::Disposition), "{none}");
    }
}
