//! The type that a connection checks is the one that the application reads.

use msrp::mime::{MimeValue, wrapped_type};
use msrp_cpim::CpimRef;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Lines with all tolerated deviations of a message/cpim, and with others.
/// `\u{ff}` stands for an octet that is no UTF-8.
const LINES: [&str; 35] = [
    "From: <sip:a@x>",
    "from:<sip:a@x>",
    "From:  \"A\"<sip:a@x>;tag=7 ",
    "To: A (work), B <sip:b@x>",
    "Cc: <sip:c@x>",
    "DateTime: 2026-05-15 15:02",
    "DateTime: 2026-05-15T15:02:31Z",
    "NS: x<urn:y>",
    "Require: From, To",
    "x.Content-Type: text/css",
    "Subject: Content-Type: text/css",
    "Content-Type: text/plain",
    "content-TYPE:message/imdn+xml ; charset=utf-8",
    "Content-Type:\r\n text/html",
    "Content-Type: text/plain;\n\t charset=utf-8\r\n ;x=y",
    "Content-Type: \r\n\ttext/\r\n html",
    "Content-Type:",
    "Content-Type : text/css",
    "Content-Type\t: text/plain",
    "Content Type: text/css",
    "\u{ef}\u{bb}\u{bf}Content-Type: text/css",
    "A:\r\n b",
    "Content-Disposition: render;\r\n Content-Type: text/css",
    "Content-Disposition: x\n \n Content-Type: text/css",
    "Content-Id: <1>",
    "X-Other: y\r\n\tContent-Type: text/css",
    " Content-Type: text/css",
    " ",
    "\t\r",
    "Hello",
    "Content-Type: text/html; name=\u{ff}",
    "Content-Type: text/\u{ff}",
    "Content-\u{ff}Type: text/css",
    "Subject: \u{ff}",
    "\u{ff}",
];

fn lines() -> impl Strategy<Value = String> {
    let line = (select(&LINES[..]), select(vec!["\r\n", "\r\n", "\n"]));
    vec(line, 0..4)
        .prop_map(|lines| lines.iter().map(|(line, end)| format!("{line}{end}")).collect())
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let blank = || select(vec!["\r\n", "\n"]);
    (lines(), blank(), lines(), blank(), lines())
        .prop_map(|(first, one, second, two, body)| [&first, one, &second, two, &body].concat())
        .prop_map(|text| text.chars().map(|letter| letter as u8).collect())
}

/// A field among the headers is unfolded like one after them: the blanks stay.
#[test]
fn a_folded_field_among_the_headers_keeps_its_blanks() {
    let message = b"Content-Type: text/plain\r\n\t\r\n ;x=y\r\n\r\nHi";
    let read = CpimRef::parse(message).unwrap();
    let inner = wrapped_type("message/cpim", message);
    assert_eq!(inner.as_deref(), Some("text/plain\t ;x=y"));
    assert_eq!(read.content_type().as_deref(), inner.as_deref());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// The connection checks the type that the application reads.
    #[test]
    fn the_inner_type_is_the_one_that_is_read(message in message()) {
        if let Ok(read) = CpimRef::parse(&message) {
            let inner = wrapped_type("message/cpim", &message);
            let inner = inner.as_deref().map(|it| MimeValue::new(it).main());
            let content_type = read.content_type();
            prop_assert_eq!(inner, content_type.as_deref().map(|it| MimeValue::new(it).main()));
            let main = read.mime_headers().get("Content-Type").map(|it| it.value().main());
            if main.is_none_or(|it| !it.contains(['\r', '\n'])) {
                prop_assert_eq!(inner, main);
            }
        }
    }
}
