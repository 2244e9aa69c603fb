//! The text of descriptions: what is read, what is written.

use msrp_sdp::ErrorKind::{Malformed, Missing, TooLong, TooMany};
use msrp_sdp::{
    Attribute, MAX_ATTRIBUTES, MAX_SDP_OCTETS, MAX_SECTIONS, MediaDescription, Origin,
    SdpTolerances, SessionDescription,
};
use proptest::prelude::*;

use super::{fault, read_section};

const DESCRIPTION: &str = "session description";

const WHOLE: &str = "v=0
o=alice 2890844526 7 IN IP4 192.0.2.1
s=A call
i=about nothing
c=IN IP6 2001:db8::1
t=0 0
a=sendonly
a=fingerprint:sha-1 AB
m=audio 49170 RTP/AVP 0 8
c=IN IP4 192.0.2.9/127
a=rtpmap:0 PCMU/8000
m=message 7654/1 TCP/MSRP *
a=recvonly
a=path:msrp://[2001:db8::1]:7654/s;tcp
";

#[test]
fn lines_end_in_crlf_or_lf() {
    let unix: SessionDescription = WHOLE.parse().unwrap();
    let wire: SessionDescription = WHOLE.replace('\n', "\r\n").parse().unwrap();
    assert_eq!(unix, wire);
    let [audio, message] = unix.media() else { panic!("{unix:?}") };
    assert_eq!((audio.media(), audio.port(), audio.protocol()), ("audio", 49170, "RTP/AVP"));
    assert_eq!((audio.formats(), audio.address()), ("0 8", Some("192.0.2.9")));
    assert_eq!((message.port(), message.address()), (7654, Some("2001:db8::1")));
}

#[test]
fn what_the_session_says_counts_for_sections_that_say_nothing_of_it() {
    let read: SessionDescription = WHOLE.parse().unwrap();
    let names = |section: &MediaDescription| -> Vec<String> {
        section.attributes().iter().map(|it| it.name().to_owned()).collect()
    };
    assert_eq!(names(&read.media()[0]), ["rtpmap", "fingerprint", "sendonly"]);
    // Any direction of its own replaces that of the session.
    assert_eq!(names(&read.media()[1]), ["recvonly", "path"]);
    // A certificate is part of TLS alone.
    let secure: SessionDescription = WHOLE.replace("TCP/MSRP", "TCP/TLS/MSRP").parse().unwrap();
    assert_eq!(names(&secure.media()[1]), ["recvonly", "path", "fingerprint"]);
}

#[test]
fn written_text_reads_the_same() {
    let read: SessionDescription = WHOLE.parse().unwrap();
    let written = read.to_string();
    assert!(
        written.starts_with("v=0\r\no=alice 2890844526 7 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n")
    );
    assert!(written.contains("m=message 7654 TCP/MSRP *\r\nc=IN IP6 2001:db8::1\r\n"));
    assert_eq!(written.parse(), Ok(read));
}

/// An example of RFC 8873 (section 4.8) has `IP6` twice.
#[test]
fn the_address_of_a_line_follows_its_type() {
    for (line, address) in [
        ("IN IP6 IP6 2001:db8::3", Some("2001:db8::3")),
        ("IN IP4 192.0.2.1 more", Some("192.0.2.1")),
        ("IN IP4 192.0.2.1/127/3", Some("192.0.2.1")),
        ("IN IP4", None),
        ("IN IP4 IP4", None),
        ("IN 192.0.2.1", None),
        ("192.0.2.1", None),
    ] {
        let text = format!("c={line}\nm=message 9 TCP/MSRP *");
        assert_eq!(read_section(&text).unwrap().address(), address, "{line}");
    }
}

#[test]
fn a_fragment_is_read_without_its_beginning() {
    let section = read_section("c=IN IP4 host.example\nm=message 9 TCP/MSRP *").unwrap();
    assert_eq!((section.port(), section.address()), (9, Some("host.example")));
    assert_eq!(fault(read_section("v=0\n")), ("m=", Missing, None));
}

#[test]
fn a_strict_reader_refuses_what_is_no_description_with_its_line() {
    let cases = [
        ("v=0\nhello\n", (DESCRIPTION, 2)),
        ("v=0\nab=c\n", (DESCRIPTION, 2)),
        ("v=0\n\ns=-\n", (DESCRIPTION, 2)),
        ("m=message 7654 TCP/MSRP\n", ("m=", 1)),
        ("m=message 65536 TCP/MSRP *\n", ("m=", 1)),
        ("m=message -1 TCP/MSRP *\n", ("m=", 1)),
        ("o=alice 1 x IN IP4 192.0.2.1\n", ("o=", 1)),
        ("o=alice 1 2 IN IP4\n", ("o=", 1)),
    ];
    for (text, (subject, line)) in cases {
        let error = SessionDescription::parse_with(text, SdpTolerances::none()).unwrap_err();
        assert_eq!((error.attribute(), error.kind()), (subject, Malformed), "{text:?}");
        assert_eq!(error.line(), Some(line), "{text:?}");
    }
}

#[test]
fn there_is_a_limit_on_everything() {
    let read = |text: &str| {
        SessionDescription::parse_with(text, SdpTolerances::none()).map(|it| it.media().len())
    };
    let section = "m=message 1 TCP/MSRP *\n";
    assert_eq!(read(&section.repeat(MAX_SECTIONS)), Ok(MAX_SECTIONS));
    assert_eq!(
        fault(read(&section.repeat(MAX_SECTIONS + 1))),
        (DESCRIPTION, TooMany { limit: MAX_SECTIONS }, Some("media sections"))
    );
    let attributes = "a=x\n".repeat(MAX_ATTRIBUTES);
    assert_eq!(read(&format!("{section}{attributes}")), Ok(1));
    assert_eq!(
        fault(read(&format!("{section}{attributes}a=x\n"))),
        (DESCRIPTION, TooMany { limit: MAX_ATTRIBUTES }, Some("attributes in a media section"))
    );
    // Inherited attributes count too; sections of other media have no limit.
    let inherited = format!("a=sendonly\n{section}{attributes}");
    assert_eq!(
        fault(read(&inherited)),
        (DESCRIPTION, TooMany { limit: MAX_ATTRIBUTES }, Some("attributes in a media section"))
    );
    let video = "m=video 9 UDP/TLS/RTP/SAVPF 96\n";
    assert_eq!(read(&format!("{video}{attributes}a=x\n{section}a=y\n")), Ok(2));
    assert_eq!(
        fault(read(&" ".repeat(MAX_SDP_OCTETS + 1))),
        (DESCRIPTION, TooLong { limit: MAX_SDP_OCTETS }, None)
    );
}

#[test]
fn numbers_of_any_length_are_numbers() {
    let nines = "9".repeat(40);
    let text = format!("o=- {nines} {nines} IN IP4 192.0.2.1\n");
    let read: SessionDescription = text.parse().unwrap();
    assert_eq!(read.origin().map(Origin::id), Some(u64::MAX));
    assert_eq!(
        read.revised(vec![MediaDescription::new("message", 1, "TCP/MSRP", "*")]).origin(),
        read.origin()
    );
}

// req: 4975-8.4-3
#[test]
fn a_description_that_changes_nothing_keeps_its_origin() {
    let first = SessionDescription::new(
        Origin::new("alice", 17, "192.0.2.1"),
        vec![MediaDescription::new("message", 7654, "TCP/MSRP", "*")],
    );
    let same = first.revised(first.media().to_vec());
    assert_eq!(same.to_string(), first.to_string());
    let changed = same.revised(vec![same.media()[0].clone().with_attribute("sendonly", None)]);
    assert_eq!(changed.origin().map(Origin::version), Some(2));
    assert_eq!(changed.origin().map(Origin::id), Some(17));
}

#[test]
fn no_attribute_becomes_two() {
    let evil = MediaDescription::new("message\r\na=x", 1, "TCP/MSRP *\n", "*\r\n")
        .with_address("192.0.2.1\r\na=y")
        .with_attribute("na me:\r\n", Some("value\r\na=path:msrp://evil.example:1/s;tcp\0"));
    let text = evil.to_string();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert_eq!(read_section(&text), Ok(evil));
    let origin = Origin::new("a b\r\n", 1, "192.0.2.1\nx");
    assert_eq!(origin.to_string().lines().count(), 1);
    assert_eq!(origin.to_string().split(' ').count(), 6);
}

fn sections() -> impl Strategy<Value = MediaDescription> {
    let attribute = ("[a-z][a-z0-9-]{0,12}", proptest::option::of("[ -~é]{0,20}[!-~é]"));
    (
        "[a-z]{1,8}",
        any::<u16>(),
        "[A-Z/]{1,8}",
        "[a-z0-9*]{1,4}( [0-9]{1,3}){0,2}",
        proptest::option::of("[a-z0-9.:]{1,20}"),
        proptest::collection::vec(attribute, 0..8),
    )
        .prop_map(|(media, port, protocol, formats, address, attributes)| {
            let section = MediaDescription::new(&media, port, &protocol, &formats);
            let section = match address {
                Some(address) => section.with_address(&address),
                None => section,
            };
            let attributes =
                attributes.iter().map(|(name, it)| Attribute::new(name, it.as_deref()));
            section.with_attributes(attributes)
        })
}

proptest! {
    #[test]
    fn sections_read_as_they_were_written(sections in proptest::collection::vec(sections(), 0..5)) {
        let written = SessionDescription::new(Origin::new("-", 5, "192.0.2.1"), sections);
        prop_assert_eq!(written.to_string().parse(), Ok(written));
    }

    /// Another parser reads the same.
    #[test]
    fn sdp_types_reads_what_is_written(sections in proptest::collection::vec(sections(), 1..5)) {
        let written = SessionDescription::new(Origin::new("alice", 5, "192.0.2.1"), sections);
        let text = written.to_string();
        let read = sdp_types::Session::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(read.origin.sess_version, 1);
        prop_assert_eq!(read.medias.len(), written.media().len());
        for (theirs, ours) in read.medias.iter().zip(written.media()) {
            prop_assert_eq!(theirs.media.as_str(), ours.media());
            prop_assert_eq!(theirs.port, ours.port());
            prop_assert_eq!(theirs.proto.as_str(), ours.protocol());
            prop_assert_eq!(theirs.fmt.as_str(), ours.formats());
            let theirs: Vec<_> =
                theirs.attributes.iter().map(|it| (it.attribute.as_str(), it.value.as_deref())).collect();
            let ours: Vec<_> = ours.attributes().iter().map(|it| (it.name(), it.value())).collect();
            prop_assert_eq!(theirs, ours);
        }
    }

    #[test]
    fn nothing_read_breaks_what_is_written(text in "[vosctma]=[ -~\r\n]{0,300}") {
        if let Ok(read) = text.parse::<SessionDescription>() {
            prop_assert_eq!(read.to_string().parse(), Ok(read));
        }
    }
}
