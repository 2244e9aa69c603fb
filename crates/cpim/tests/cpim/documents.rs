//! XML documents that are not in UTF-8, or not in the namespace of their specification.

use msrp_cpim::conference::ConferenceInfo;
use msrp_cpim::imdn::*;
use msrp_cpim::is_composing::*;

use super::*;
use CpimTolerance::{
    MissingDateTime, NotUtf8, StateCase, TextAroundDocument, Utf16, WrongNamespace,
};

const NOTIFICATION: &str = "<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">\
    <message-id>m1</message-id><datetime>2026-05-15T15:02:31Z</datetime>\
    <recipient-uri>im:zo\u{eb}@x</recipient-uri>\
    <original-recipient-uri>im:a@x</original-recipient-uri><subject>\u{1f6a2}</subject>\
    <delivery-notification><status><delivered/></status></delivery-notification></imdn>";

const COMPOSING: &str = "<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">\
    <state>active</state><refresh>60</refresh></isComposing>";

const ROSTER: &str = "<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" \
    entity=\"sip:room@x\"><users><user entity=\"sip:ada@x\"><display-text>Ada</display-text>\
    <endpoint entity=\"sip:ada@y\"><status>connected</status></endpoint></user></users>\
    </conference-info>";

fn utf16(text: &str, to_octets: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_octets).collect()
}

fn told(tolerated: CpimTolerances) -> Vec<CpimTolerance> {
    tolerated.iter().collect()
}

fn notification(document: &[u8]) -> Notification {
    Notification::parse(document).unwrap()
}

// wild: 102
#[test]
fn documents_in_utf16_are_read() {
    for to_octets in [u16::to_le_bytes, u16::to_be_bytes] {
        for before in [
            "",
            "\u{feff}",
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n",
            "\u{feff}<?xml version='1.0' encoding='utf-16'?>",
            "\u{feff}\n\n",
        ] {
            let read = notification(&utf16(&format!("{before}{NOTIFICATION}"), to_octets));
            assert_eq!(read, notification(NOTIFICATION.as_bytes()));
            assert_eq!(told(read.tolerated()), [Utf16], "{before}");
            let read = IsComposing::parse(&utf16(&format!("{before}{COMPOSING}"), to_octets));
            let read = read.unwrap();
            assert_eq!((read.state(), read.refresh()), (State::Active, 60));
            assert_eq!(told(read.tolerated()), [Utf16], "{before}");
            let read = ConferenceInfo::parse(&utf16(&format!("{before}{ROSTER}"), to_octets));
            let read = read.unwrap();
            assert_eq!(Ok(&read), ConferenceInfo::parse(ROSTER.as_bytes()).as_ref());
            assert_eq!(told(read.tolerated()), [Utf16], "{before}");
        }
    }
}

#[test]
fn an_error_in_utf16_has_its_place_in_the_octets() {
    for to_octets in [u16::to_le_bytes, u16::to_be_bytes] {
        let octets = |text: &str| utf16(text, to_octets);
        let wrong = NOTIFICATION.replace("</status>", "</x>");
        let error = Notification::parse(&octets(&wrong)).unwrap_err();
        let start = octets(&wrong[..wrong.find("</x>").unwrap()]).len();
        assert_eq!((error.kind(), error.place()), (ParseErrorKind::Xml, start..start));
        let error = Notification::parse(&octets(&format!("\u{feff}\n{COMPOSING}"))).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::Root("imdn"));
        assert_eq!(error.place(), 4..4 + octets(COMPOSING).len());
    }
}

#[test]
fn half_a_letter_of_utf16_is_read_over() {
    let mut octets = utf16(NOTIFICATION, u16::to_le_bytes);
    let ship = utf16("\u{1f6a2}", u16::to_le_bytes);
    let at = octets.windows(4).position(|found| found == ship).unwrap();
    octets.drain(at..at + 2);
    let read = notification(&octets);
    assert_eq!(read.subject(), Some("\u{fffd}"));
    assert_eq!(told(read.tolerated()), [NotUtf8, Utf16]);
    // Half a unit at the end is text around the document.
    octets.push(b'\n');
    assert_eq!(told(notification(&octets).tolerated()), [NotUtf8, TextAroundDocument, Utf16]);
}

#[test]
fn limits_hold_in_utf16() {
    let attributes = (0..1100).map(|index| format!(" a{index}=\"\"")).collect::<String>();
    let namespaces = (0..300).map(|index| format!(" xmlns:a{index}=\"u\"")).collect::<String>();
    for more in [attributes, namespaces, format!(" a=\"{}\"", "a".repeat(32 * 1024))] {
        let text = NOTIFICATION.replacen("<imdn", &format!("<imdn{more}"), 1);
        let read = Notification::parse(&utf16(&text, u16::to_be_bytes));
        assert_eq!(kind(read), Err(ParseErrorKind::Xml));
    }
}

// wild: 103
#[test]
fn documents_in_a_wrong_namespace_or_none_are_read() {
    for (namespace, document) in [
        ("urn:ietf:params:xml:ns:imdn", NOTIFICATION),
        ("urn:ietf:params:xml:ns:im-iscomposing", COMPOSING),
        ("urn:ietf:params:xml:ns:conference-info", ROSTER),
    ] {
        let declaration = format!(" xmlns=\"{namespace}\"");
        let prefixed = document
            .replace('<', "<p:")
            .replace("<p:/", "</p:")
            .replace(&declaration, &format!(" xmlns:p=\"{namespace}x\""));
        // Only the root has a prefix, as if those of its elements needed none.
        let (root, rest) = document.split_once(' ').unwrap();
        let name = &root[1..];
        let half = format!("<p:{name} {rest}")
            .replace(&format!("</{name}>"), &format!("</p:{name}>"))
            .replace(" xmlns=", " xmlns:p=");
        for text in [
            document.replace(&declaration, ""),
            document.replace(&declaration, " xmlns=\"\""),
            document.replace(&declaration, " xmlns=\"urn:ietf:params:xml:ns:other\""),
            document.replace(&declaration, &format!(" xmlns=\"{namespace} \"")),
            document.replace(&declaration, &format!(" xmlns=\"{}\"", namespace.to_uppercase())),
            prefixed,
            half,
        ] {
            let tolerated = match name {
                "imdn" => {
                    let read = notification(text.as_bytes());
                    assert_eq!(read, notification(NOTIFICATION.as_bytes()), "{text}");
                    assert_eq!(Ok(&read), Notification::parse(read.to_xml().as_bytes()).as_ref());
                    read.tolerated()
                }
                "isComposing" => {
                    let read = IsComposing::parse(text.as_bytes()).unwrap();
                    assert_eq!((read.state(), read.refresh()), (State::Active, 60), "{text}");
                    read.tolerated()
                }
                _ => {
                    let read = ConferenceInfo::parse(text.as_bytes()).unwrap();
                    assert_eq!(Ok(&read), ConferenceInfo::parse(ROSTER.as_bytes()).as_ref());
                    read.tolerated()
                }
            };
            assert_eq!(told(tolerated), [WrongNamespace], "{text}");
        }
    }
}

#[test]
fn elements_of_extensions_are_not_taken_for_those_of_a_document() {
    let stranger = "<x:message-id xmlns:x=\"urn:x\">m2</x:message-id>";
    let first =
        |more: &str| NOTIFICATION.replacen("<message-id>", &format!("{more}<message-id>"), 1);
    let read = notification(first(stranger).as_bytes());
    assert_eq!((read.message_id(), told(read.tolerated())), ("m1", vec![]));
    // What an extension contains is its own.
    let read = notification(first("<x:y xmlns:x=\"urn:x\"><a xmlns=\"\"/></x:y>").as_bytes());
    assert_eq!(told(read.tolerated()), []);
    // Of two elements of one name, that in the namespace counts.
    let read = notification(first("<message-id xmlns=\"\">m3</message-id>").as_bytes());
    assert_eq!((read.message_id(), told(read.tolerated())), ("m1", vec![WrongNamespace]));
    let nothing = NOTIFICATION.replace(" xmlns=\"urn:ietf:params:xml:ns:imdn\"", "");
    let only = nothing.replace("<message-id>m1</message-id>", stranger);
    assert_eq!(
        kind(Notification::parse(only.as_bytes())),
        Err(ParseErrorKind::Missing("message-id"))
    );
    // A disposition of another specification is one in a document without namespace, too.
    let other = nothing.replace("<delivered/>", "<x:sms xmlns:x=\"urn:x\"/>");
    let read = notification(other.as_bytes());
    let other = read.other_disposition().unwrap();
    assert_eq!((other.kind(), other.status()), (Some(DispositionKind::Delivery), Some("sms")));
    assert_eq!(other.namespace(), "urn:x");
}

// wild: 108
#[test]
fn a_state_is_read_in_any_letter_case() {
    for (state, read, names) in [
        ("active", State::Active, &[][..]),
        ("Active", State::Active, &[StateCase]),
        (" ACTIVE\n", State::Active, &[StateCase]),
        ("Idle", State::Idle, &[StateCase]),
        ("idle", State::Idle, &[]),
        // Others are idle (RFC 3994 section 4).
        ("Away", State::Idle, &[]),
        ("", State::Idle, &[]),
    ] {
        let document = COMPOSING.replace("active", state);
        let composing = IsComposing::parse(document.as_bytes()).unwrap();
        assert_eq!((composing.state(), &*told(composing.tolerated())), (read, names), "{state}");
    }
}

// wild: 104
#[test]
fn a_notification_without_datetime_is_read() {
    let time = "<datetime>2026-05-15T15:02:31Z</datetime>";
    for instead in ["", "<datetime/>", "<datetime> \r\n</datetime>"] {
        let read = notification(NOTIFICATION.replace(time, instead).as_bytes());
        assert_eq!((read.message_id(), read.date_time()), ("m1", None));
        assert_eq!(read.disposition(), Some(Disposition::Delivered));
        assert_eq!(told(read.tolerated()), [MissingDateTime], "{instead}");
        assert_eq!(Ok(&read), Notification::parse(read.to_xml().as_bytes()).as_ref());
    }
}
