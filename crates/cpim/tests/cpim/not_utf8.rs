//! Octets that are no UTF-8, at any place before a body.

use msrp_cpim::multipart::Multipart;

use super::*;
use CpimTolerance::{NotUtf8, UnreadableAddress};

/// Latin-1, an octet that UTF-8 never has, and the halves of a character.
const OCTETS: [u8; 4] = [0xfc, 0xff, 0xc3, 0xa9];

const HEAD: &str = "From: \"Bob B\" <sip:b@x>\r\nTo: Ada <sip:a@x>\r\nNS: i <urn:ietf:params:imdn>\r\n\
     DateTime: 2000-12-13T13:40:00-08:00\r\nSubject:;lang=de Hallo\r\nRequire: Subject,i.Message-ID\r\n\
     i.Message-ID: 34jk\r\n\r\nContent-Type: text/plain; charset=utf-8\r\nContent-ID: <1>\r\n\r\n";

/// The text with the octet before or instead of each of its letters.
fn spoiled(text: &str, octet: u8) -> impl Iterator<Item = Vec<u8>> + '_ {
    let places = text.char_indices().filter(|(_, letter)| !letter.is_ascii_control());
    places.flat_map(move |(at, _)| {
        [at, at + 1]
            .map(|rest| [&text.as_bytes()[..at], &[octet], &text.as_bytes()[rest..]].concat())
    })
}

// wild: 63
#[test]
fn they_cost_no_message() {
    for (octet, mut message) in
        OCTETS.into_iter().flat_map(|octet| spoiled(HEAD, octet).map(move |head| (octet, head)))
    {
        let at = message.iter().position(|found| *found == octet).unwrap();
        message.extend(b"Hi \xff");
        let shown = String::from_utf8_lossy(&message);
        let read = CpimRef::parse(&message).unwrap_or_else(|wrong| panic!("{shown}: {wrong}"));
        assert_eq!(read.body(), b"Hi \xff", "{shown}");
        assert!(read.tolerated().contains(NotUtf8), "{shown}");
        let without = CpimTolerances::all().without(NotUtf8);
        let wrong = CpimRef::parse_with(&message, without).unwrap_err();
        assert_eq!(wrong.kind(), ParseErrorKind::NotTolerated(NotUtf8));
        assert_eq!(wrong.place(), at..at + 1, "{shown}");
    }
}

#[test]
fn the_value_around_them_is_readable() {
    let message = b"From: \"J\xf6rg\" <sip:j@x>\r\nSubject:;x=\"\xe9\" Caf\xe9\r\nNS: a <urn:a>\r\n\
        a.\xe9: skipped\r\n\xe9\r\na.Note:;\xe9=1 two\r\n\r\nContent-Type: text/plain; name=\"\xe9.txt\"\r\n\
        Content-\xe9: skipped\r\n\r\n";
    let read = CpimRef::parse(message).unwrap();
    let from = read.from().unwrap();
    assert_eq!((from.display_name(), from.uri()), (Some("J\u{fffd}rg"), "sip:j@x"));
    let subject = read.subjects().next().unwrap();
    assert_eq!(subject.text(), "Caf\u{fffd}");
    assert_eq!(subject.parameter("x").as_deref(), Some("\u{fffd}"));
    assert_eq!(read.content_type().as_deref(), Some("text/plain; name=\"\u{fffd}.txt\""));
    assert_eq!(read.mime_headers().iter().count(), 1);
    let names: Vec<_> = read.headers().map(|header| header.name()).collect();
    assert_eq!(names, ["From", "Subject", "NS", "Note"]);
    let note = read.find("urn:a", "Note").next().unwrap();
    assert_eq!(note.raw(), ";\u{fffd}=1 two");
    assert_eq!(
        read.tolerated(),
        CpimTolerances::none().with(NotUtf8).with(CpimTolerance::HeaderSpace)
    );
}

/// Two of them may be different, so nobody is recognized by them.
#[test]
fn nobody_is_called_by_them() {
    for address in ["<sip:j\u{f6}rg@x>", "sip:j\u{f6}rg@x", "J <sip:j@\u{f6}>"] {
        let message = with(&format!("From: {address}\r\n"));
        let latin: Vec<u8> =
            String::from_utf8(message).unwrap().chars().map(|it| it as u8).collect();
        let read = CpimRef::parse(&latin).unwrap();
        assert_eq!(read.from(), None, "{address}");
        assert!(read.tolerated().contains(UnreadableAddress));
        assert_eq!(read.headers().count(), 1);
    }
    let message =
        b"NS: a <urn:\xf6>\r\nNS: \xf6 <urn:b>\r\na.B: c\r\n\r\nContent-Type: a/b\r\n\r\n";
    let read = CpimRef::parse(message).unwrap();
    assert_eq!(read.namespaces().count(), 0);
    assert_eq!(read.find("urn:b", "B").count(), 0);
}

#[test]
fn what_is_required_by_them_is_not_understood() {
    let message = b"NS: a <urn:a>\r\nRequire: a.B,\xe9,a.\xe9\r\n\r\nContent-Type: a/b\r\n\r\n";
    let read = CpimRef::parse(message).unwrap();
    let missing: Vec<_> = read.not_understood(&[("urn:a", "B")]).map(|it| it.name()).collect();
    assert_eq!(missing, ["\u{fffd}", "a.\u{fffd}"]);
}

/// A line behind them is found at its place in the octets, not in the text.
#[test]
fn an_error_behind_them_has_its_place() {
    let message =
        b"Subject: \xe9\xe9\xe9\r\nFrom: <sip:a@x>\r\nA: \0\r\n\r\nContent-Type: a/b\r\n\r\n";
    let wrong = CpimRef::parse(message).unwrap_err();
    assert_eq!(
        (wrong.kind(), &message[wrong.place()]),
        (ParseErrorKind::ControlCharacter, &b"A: \0"[..])
    );
    let body = b"--a\r\n\r\n1\r\n--a\r\nA: \xe9\xc3\r\nB: \0\r\n\r\n2\r\n--a--";
    let read = Multipart::parse("multipart/mixed; boundary=a", body).unwrap();
    let wrong = read.parts().nth(1).unwrap().unwrap_err();
    assert_eq!(&body[wrong.place()], b"B: \0");
}

// wild: 63
#[test]
fn they_cost_no_part() {
    const FIELDS: &str = "Content-Type: text/plain; charset=utf-8\r\nContent-ID: <1>";
    for fields in OCTETS.into_iter().flat_map(|octet| spoiled(FIELDS, octet)) {
        let body = [&b"--a\r\n"[..], &fields, b"\r\n\r\n2\xff\r\n--a--"].concat();
        let read = Multipart::parse("multipart/mixed; boundary=a", &body).unwrap();
        let part = read.parts().next().unwrap().unwrap();
        assert_eq!(part.body(), b"2\xff");
        assert_eq!(part.tolerated(), CpimTolerances::none().with(NotUtf8));
    }
    let body = b"--a\r\nContent-Disposition: attachment; filename=\"\xe9.txt\"\r\n\r\n--a--";
    let part = Multipart::parse("multipart/mixed; boundary=a", body).unwrap().root().unwrap();
    let disposition = part.headers().get("Content-Disposition").unwrap();
    let name = disposition.value().parameter("filename").map(|name| name.into_owned());
    assert_eq!(name.as_deref(), Some("\u{fffd}.txt"));
}
