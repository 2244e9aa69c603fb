//! The values of single attributes.

use msrp::Framing;
use msrp_sdp::ErrorKind::{Conflict, Duplicate, Malformed, UnclosedQuote};
use msrp_sdp::data_channel::{DataChannels, Dcmap, Dcsa, MaxMessageSize, Reliability, StreamId};
use proptest::prelude::*;

use super::{chat, fault, read, stream};

fn maps() -> impl Strategy<Value = Dcmap> {
    let reliability = prop_oneof![
        Just(Reliability::Reliable),
        any::<u32>().prop_map(Reliability::Retransmissions),
        any::<u32>().prop_map(Reliability::Milliseconds),
    ];
    let text = || prop::option::of(any::<String>());
    (0u16..65_535, text(), text(), any::<bool>(), reliability, any::<u16>()).prop_map(
        |(number, label, subprotocol, is_ordered, reliability, priority)| {
            let map = Dcmap::new(stream(number))
                .with_order(is_ordered)
                .with_reliability(reliability)
                .with_priority(priority);
            let map = label.iter().fold(map, |map, label| map.with_label(label));
            subprotocol.iter().fold(map, |map, name| map.with_subprotocol(name))
        },
    )
}

proptest! {
    // req: 8873-4.3-1
    #[test]
    fn a_dcmap_reads_back_with_any_label(map in maps()) {
        let written = map.to_string();
        prop_assert!(written.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{}", written);
        let read: Dcmap = written.parse().unwrap();
        prop_assert_eq!(&read, &map);
        prop_assert_eq!(read.to_string(), written);
    }

    #[test]
    fn no_text_panics_a_reader(text in "[0-9]{0,2} ?[a-z\";=%:. \\-é\t\r]{0,40}") {
        if let Ok(map) = text.parse::<Dcmap>() {
            prop_assert_eq!(map.to_string().parse(), Ok(map));
        }
        if let Ok(attribute) = text.parse::<Dcsa>() {
            prop_assert_eq!(attribute.to_string().parse(), Ok(attribute));
        }
        let _ = (DataChannels::parse([("sctp-port", Some(&*text))]), text.parse::<MaxMessageSize>());
    }

    #[test]
    fn a_dcsa_reads_back(
        number in 0u16..65_535,
        name in "[a-zA-Z0-9!#$%&'*+.^_`{|}~-]{1,20}",
        value in prop::option::of("[^\r\n\0]{0,40}"),
    ) {
        let attribute = Dcsa::new(stream(number), &name, value.as_deref()).unwrap();
        prop_assert_eq!(attribute.to_string().parse(), Ok(attribute));
    }

    #[test]
    fn numbers_read_back(port: u16, octets: u64) {
        let section = DataChannels::parse([("sctp-port", Some(&*port.to_string()))]).unwrap();
        prop_assert_eq!(section.sctp_port(), Some(port));
        let size = MaxMessageSize::new(octets);
        prop_assert_eq!(size.to_string().parse(), Ok(size));
        prop_assert_eq!(size.octets().unwrap_or(0), octets);
    }

    // req: 8873-4.4-1
    #[test]
    fn the_order_of_the_lines_does_not_matter(order in Just(()).prop_perturb(|(), mut random| {
        let mut lines: Vec<String> = format!("{}{}a=sctp-port:5000", chat(0), chat(2))
            .lines().map(Into::into).collect();
        for place in (1..lines.len()).rev() {
            lines.swap(place, random.random_range(0..=place));
        }
        lines.join("\r\n")
    })) {
        let section = read(&order);
        prop_assert_eq!(section.sctp_port(), Some(5000));
        prop_assert_eq!(section.channels().len(), 2);
        for channel in section.channels() {
            prop_assert_eq!(channel.attributes().count(), 5);
            prop_assert!(channel.session(msrp_sdp::SdpTolerances::none()).is_ok());
        }
    }
}

#[test]
fn a_dcmap_is_read_leniently() {
    let expected = Dcmap::new(stream(2)).with_label("chat").with_subprotocol("msrp");
    for text in [
        "2 label=\"chat\";subprotocol=\"msrp\"",
        "2 subprotocol=\"msrp\";label=\"chat\"",
        " 02  Label = \"chat\" ; SUBPROTOCOL=\"msrp\" ; ",
        "2 label=chat ;subprotocol=msrp",
        "2 label=\"chat\";subprotocol=\"msrp\";ordered=true;priority=256",
        "2 label=\"%63hat\";subprotocol=\"msrp\";ordered=TRUE;flags=\"a;b\";later",
    ] {
        assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
    }
    let odd: Dcmap = "3 label=\"a;b=c %2 %zz é\"".parse().unwrap();
    assert_eq!(odd.label(), Some("a;b=c %2 %zz é"));
    assert_eq!(odd.to_string(), "3 label=\"a;b=c %252 %25zz %C3%A9\"");
    assert_eq!("65534".parse(), Ok(Dcmap::new(stream(65_534))));
}

#[test]
fn the_error_of_a_dcmap_names_the_part() {
    for (text, error) in [
        ("", ("dcmap", Malformed, Some("stream id"))),
        ("label=\"chat\"", ("dcmap", Malformed, Some("stream id"))),
        ("65535 label=\"chat\"", ("dcmap", Malformed, Some("stream id"))),
        ("-1 label=\"chat\"", ("dcmap", Malformed, Some("stream id"))),
        ("2 label=\"chat", ("dcmap", UnclosedQuote, None)),
        ("2 label=\"chat\"subprotocol=\"msrp\"", ("dcmap", Malformed, None)),
        ("2 label=\"chat\"\r\na=dcmap:3", ("dcmap", Malformed, None)),
        ("2 label=\"%FF\"", ("dcmap", Malformed, Some("label"))),
        ("2 ordered=maybe", ("dcmap", Malformed, Some("ordered"))),
        ("2 ordered", ("dcmap", Malformed, Some("ordered"))),
        ("2 priority=65536", ("dcmap", Malformed, Some("priority"))),
        ("2 max-retr=4294967296", ("dcmap", Malformed, Some("max-retr"))),
        ("2 max-time=+1", ("dcmap", Malformed, Some("max-time"))),
        ("2 label=a;Label=b", ("dcmap", Duplicate, Some("label"))),
        ("2 max-retr=0;max-time=0", ("dcmap", Conflict, Some("max-retr and max-time"))),
    ] {
        assert_eq!(fault(text.parse::<Dcmap>()), error, "{text}");
    }
}

#[test]
fn the_error_of_a_dcsa_names_the_part() {
    for (text, error) in [
        ("", ("dcsa", Malformed, Some("stream id"))),
        ("2", ("dcsa", Malformed, Some("stream id"))),
        ("65535 setup:active", ("dcsa", Malformed, Some("stream id"))),
        ("2 ", ("dcsa", Malformed, Some("attribute name"))),
        ("2 :active", ("dcsa", Malformed, Some("attribute name"))),
        ("2 set up:active", ("dcsa", Malformed, Some("attribute name"))),
        ("2 setup:active\r\na=inactive", ("dcsa", Malformed, Some("attribute value"))),
        ("2 setup:active\na=inactive", ("dcsa", Malformed, Some("attribute value"))),
        ("2 setup:\0", ("dcsa", Malformed, Some("attribute value"))),
    ] {
        assert_eq!(fault(text.parse::<Dcsa>()), error, "{text:?}");
    }
    assert_eq!(StreamId::new(65_535), None);
}

// req: 8873-5.4-1
#[test]
fn the_peer_says_the_size_of_messages() {
    let framing = |value: &str, most| value.parse::<MaxMessageSize>().unwrap().framing(most);
    let message = |max_octets| Some(Framing::Message { max_octets });
    assert_eq!(framing("16384", 65_536), message(16_384));
    assert_eq!(framing("100000", 65_536), message(65_536));
    assert_eq!(framing("0", 65_536), message(65_536));
    assert_eq!(framing("18446744073709551615", usize::MAX), message(usize::MAX));
    assert_eq!(framing("2048", 65_536), message(2048));
    assert_eq!(framing("2047", 65_536), None);
    assert_eq!(read("").max_message_size().framing(usize::MAX), message(65_536));
    for wrong in ["", "-1", "1e3", "64K", "18446744073709551616"] {
        assert_eq!(fault(wrong.parse::<MaxMessageSize>()), ("max-message-size", Malformed, None));
        let section = DataChannels::parse([("max-message-size", Some(wrong))]);
        assert_eq!(fault(section), ("max-message-size", Malformed, None));
    }
    for wrong in [Some("65536"), None] {
        let section = DataChannels::parse([("sctp-port", wrong)]);
        assert_eq!(fault(section), ("sctp-port", Malformed, None));
    }
}
