//! What is read, and what is not.

use super::*;

fn strict(message: &[u8]) -> Result<CpimRef<'_>, CpimError> {
    CpimRef::parse_with(message, CpimTolerances::none())
}

const IMDN: &str = "urn:ietf:params:imdn";

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
    assert_eq!(read.from(), Some(address("sip:alice@example.com").named("Alice in Chains")));
    let to: Vec<_> = read.to().collect();
    assert_eq!(to[0], address("sip:bob@example.com;transport=tcp"));
    assert_eq!(to[1], address("im:b@example.com").named("B. \"the\" B"));
    assert_eq!(read.cc().next(), Some(address("sip:carol@example.com").named("Carol")));
    assert_eq!(read.date_time().unwrap().as_str(), "2026-02-28T23:59:60.25-03:30");
    let subjects: Vec<_> = read.subjects().map(|it| (it.language(), it.text())).collect();
    assert_eq!(subjects[0], (None, "tea \\ time".into()));
    assert_eq!(subjects[1], (Some("fr".into()), "l'heure du th\u{e9}".into()));
    let namespaces: Vec<_> = read.namespaces().map(|it| (it.prefix(), it.uri())).collect();
    assert_eq!(namespaces, [(Some("imdn"), IMDN), (Some("x"), "mailto:ops@example.com")]);
    let required: Vec<_> = read.require().map(|it| (it.namespace().unwrap(), it.name())).collect();
    assert_eq!(required, [(IMDN, "Message-ID"), ("mailto:ops@example.com", "Two")]);
    let ones: Vec<_> = read.find("mailto:ops@example.com", "One").collect();
    assert_eq!((ones[0].raw_value(), ones[1].raw_value()), ("two", "three"));
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

/// The blank line that is missing, and what stands where it should not.
// req: 3862-2-1
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
    // To the letter it is a message header that nobody knows.
    let read = strict(message.as_bytes()).unwrap();
    assert_eq!(read.mime_headers().get("Content-Disposition"), None);
    assert_eq!(read.headers().count(), 2);
}
