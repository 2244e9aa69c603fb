//! Where an error lies in the input, and what its text says.

use msrp_cpim::multipart::Multipart;

use super::*;

/// The kind of the error, and the octets at its place.
fn fault(message: &[u8]) -> (ParseErrorKind, &[u8]) {
    let wrong = strict(message).unwrap_err();
    (wrong.kind(), &message[wrong.place()])
}

#[test]
fn a_wrong_header_is_found() {
    for (headers, kind, part) in [
        ("no colon\r\n", ParseErrorKind::NotTolerated(CpimTolerance::UnreadableHeader), "no colon"),
        ("A: b\r\nC: d\0e\r\n", ParseErrorKind::ControlCharacter, "C: d\0e"),
        ("From: ada\r\n", ParseErrorKind::NotTolerated(CpimTolerance::UnreadableAddress), "ada"),
        (
            "To: <sip:b@x> or not\r\n",
            ParseErrorKind::NotTolerated(CpimTolerance::UnreadableAddress),
            " or not",
        ),
        (
            "To: B b> <im:b@x>\r\n",
            ParseErrorKind::NotTolerated(CpimTolerance::UnquotedName),
            "B b> <im:b@x>",
        ),
        (
            "Require: a,b c,d\r\n",
            ParseErrorKind::NotTolerated(CpimTolerance::UnreadableHeader),
            "b c",
        ),
        ("NS: a <b>\r\n", ParseErrorKind::NotTolerated(CpimTolerance::UnreadableHeader), "a <b>"),
        (
            "From: <sip:a@x>\r\nFrom: <sip:b@x>\r\n",
            ParseErrorKind::NotTolerated(CpimTolerance::RepeatedHeader),
            "<sip:b@x>",
        ),
        ("A: b\nC: d\r\n", ParseErrorKind::NotTolerated(CpimTolerance::BareLf), "\n"),
        ("A:b\r\n", ParseErrorKind::NotTolerated(CpimTolerance::HeaderSpace), "A:b"),
    ] {
        assert_eq!(fault(&with(headers)), (kind, part.as_bytes()), "{headers}");
    }
}

#[test]
fn what_is_missing_has_an_empty_place() {
    let places = |message: &[u8]| strict(message).unwrap_err().place();
    assert_eq!(places(b"A: b\r\n"), 6..6);
    assert_eq!(places(b"A: b\r\n\r\nC: d\r\n\r\nHi"), 14..14);
    assert_eq!(places(&vec![b'a'; MAX_HEAD_OCTETS + 7]), MAX_HEAD_OCTETS..MAX_HEAD_OCTETS);
}

#[test]
fn octets_that_are_no_utf8_are_found() {
    let message = b"A: b\xffc\r\n\r\nContent-Type: a/b\r\n\r\n";
    assert_eq!(
        fault(message),
        (ParseErrorKind::NotTolerated(CpimTolerance::NotUtf8), &b"\xff"[..])
    );
    let message = b"A: b\r\n\r\nContent-Type: a/b\r\nC: \xc3\r\n\r\n";
    assert_eq!(
        fault(message),
        (ParseErrorKind::NotTolerated(CpimTolerance::NotUtf8), &b"\xc3"[..])
    );
}

#[test]
fn a_wrong_part_is_found() {
    let body = b"--a\r\n\r\n1\r\n--a\r\nA: b\r\nC: \0\r\n\r\n2\r\n--a--";
    let read = Multipart::parse("multipart/mixed; boundary=a", body).unwrap();
    let wrong = read.parts().nth(1).unwrap().unwrap_err();
    assert_eq!(&body[wrong.place()], b"C: \0");
}

#[cfg(feature = "xml")]
#[test]
fn a_wrong_document_has_a_cause() {
    use std::error::Error;

    use msrp_cpim::imdn::Notification;

    let document = "<imdn>\r\n\u{e9}</other></imdn>";
    let wrong = Notification::parse(document.as_bytes()).unwrap_err();
    assert!(document[wrong.place().start..].starts_with("</other>"), "{wrong:?}");
    let cause = wrong.source().unwrap();
    assert!(cause.to_string().contains("other") && !wrong.to_string().contains("other"));
    let document = "\n<other a='b'/>";
    let wrong = Notification::parse(document.as_bytes()).unwrap_err();
    assert_eq!(&document[wrong.place()], "<other a='b'/>");
    assert!(wrong.source().is_none());
}

#[test]
fn names_are_read_back() {
    for tolerance in CpimTolerance::ALL {
        assert_eq!(tolerance.to_string().parse(), Ok(*tolerance));
    }
    let unknown = "text-behind-address".parse::<CpimTolerance>().unwrap_err();
    let text = unknown.to_string();
    assert!(text.starts_with("unknown tolerance of message/cpim; expected one of "), "{text}");
}
