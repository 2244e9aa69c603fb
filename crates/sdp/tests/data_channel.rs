//! MSRP over data channels: what session descriptions say of it, and a channel
//! that carries it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../tests/common/mod.rs"]
mod common;

use std::error::Error as _;
use std::fmt::{Debug, Write as _};
use std::time::Instant;

use bytes::Buf;
use common::{Side, path};
use msrp::uri::{PathRef, UriError};
use msrp::{
    Config, ConnectionEnd, Direction, Event, Framing, MediaTypes, MsrpUri, Outcome,
    OutgoingMessage, Role, SessionConfig, SessionTable, Tolerance, Tolerances,
};
use msrp_sdp::ErrorKind::{Conflict, Duplicate, Malformed, Missing, NotAllowed, UnclosedQuote};
use msrp_sdp::data_channel::{
    ChannelSession, DataChannel, DataChannels, Dcmap, Dcsa, MaxMessageSize, Reliability, StreamId,
};
use msrp_sdp::{
    Connect, Error, ErrorKind, Fingerprint, HashFunction, Local, Offer, Refusal, Setup,
};
use proptest::prelude::*;

const LOCAL: &str = "msrps://192.0.2.7:54111/si438dsaodes;dc";

fn stream(number: u16) -> StreamId {
    StreamId::new(number).unwrap()
}

fn uri(text: &str) -> MsrpUri {
    text.parse().unwrap()
}

fn local() -> Local {
    Local::new(uri(LOCAL))
}

fn channel(number: u16, local: Local) -> DataChannel {
    DataChannel::new(stream(number), "chat", Offer::new(local).unwrap().media()).unwrap()
}

fn chat(number: u16) -> DataChannel {
    channel(number, local())
}

/// The attribute lines of a text: names, and what is behind their colons.
fn attributes(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.lines().filter_map(|line| line.strip_prefix("a=")).map(|attribute| {
        attribute.split_once(':').map_or((attribute, None), |(name, value)| (name, Some(value)))
    })
}

fn read(text: &str) -> DataChannels {
    DataChannels::parse(attributes(text)).unwrap()
}

fn check(text: &str) -> Result<ChannelSession, Error> {
    read(text).channels()[0].session(Tolerances::none())
}

/// The lines of a session in order, of which tests take some out.
const IN_ORDER: &str = "a=dcmap:0 label=\"chat\";subprotocol=\"msrp\"\r\n\
    a=dcsa:0 msrp-cema\r\n\
    a=dcsa:0 setup:active\r\n\
    a=dcsa:0 accept-types:message/cpim text/plain\r\n\
    a=dcsa:0 path:msrps://192.0.2.7:54111/si438dsaodes;dc\r\n";

fn without(part: &str) -> String {
    IN_ORDER.lines().filter(|line| !line.contains(part)).fold(String::new(), |mut text, line| {
        writeln!(text, "{line}\r").unwrap();
        text
    })
}

/// The attribute, the kind and the part of the value that an error names.
fn fault<T: Debug>(result: Result<T, Error>) -> (&'static str, ErrorKind, Option<&'static str>) {
    let error = result.unwrap_err();
    (error.attribute(), error.kind(), error.part())
}

/// What is wrong with the path of a channel's session.
fn path_error(result: Result<ChannelSession, Error>) -> UriError {
    let error = result.unwrap_err();
    assert_eq!((error.attribute(), error.kind()), ("path", Malformed));
    *error.source().unwrap().downcast_ref().unwrap()
}

fn wrong_path(path: &str) -> UriError {
    PathRef::parse(path, 16).unwrap_err()
}

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
    fn a_dcmap_reads_back_whatever_its_label_is(map in maps()) {
        let written = map.to_string();
        prop_assert!(written.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{}", written);
        let read: Dcmap = written.parse().unwrap();
        prop_assert_eq!(&read, &map);
        prop_assert_eq!(read.to_string(), written);
    }

    #[test]
    fn no_text_brings_the_readers_to_grief(text in "[0-9]{0,2} ?[a-z\";=%:. \\-é\t\r]{0,40}") {
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
            prop_assert_eq!(channel.attributes().count(), 4);
            prop_assert!(channel.session(Tolerances::none()).is_ok());
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
fn what_is_no_dcmap_is_told_by_its_part() {
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
fn what_is_no_dcsa_is_told_by_its_part() {
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
fn the_size_of_messages_is_that_which_the_peer_says() {
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

// req: 8873-3.1-1, 8873-4.2-1, 8873-4.3-1, 8873-4.3-2, 8873-4.4-2, 8873-4.4-3, 8873-6-4
#[test]
fn what_is_written_has_all_that_is_demanded_and_one_uri() {
    let types = MediaTypes::new("message/cpim text/plain").unwrap();
    let local = local().with_types(types).with_max_size(10_000).with_direction(Direction::SendOnly);
    let channel = channel(0, local);
    let text = channel.to_string();
    assert!(text.starts_with("a=dcmap:0 label=\"chat\";subprotocol=\"msrp\"\r\n"), "{text}");
    assert!(!text.contains("max-retr") && !text.contains("max-time"));
    for attribute in
        ["path:", "setup:actpass", "msrp-cema", "accept-types:", "max-size:", "sendonly"]
    {
        assert_eq!(text.matches(&format!("a=dcsa:0 {attribute}")).count(), 1, "{attribute}");
    }
    let section = read(&text);
    assert_eq!(section.channels(), [channel]);
    let session = section.channels()[0].session(Tolerances::none()).unwrap();
    assert_eq!(session.media.setup(), Some(Setup::Actpass));
    assert_eq!(session.media.path().as_str(), LOCAL);
    assert_eq!(session.tolerated, Tolerances::none());
}

// req: 8873-4.1-1, 8873-4.2-1, 8873-6-4
#[test]
fn a_uri_of_this_side_is_for_data_channels() {
    let offer = |text: &str| Offer::new(Local::new(uri(text)));
    let plain = offer("msrp://192.0.2.7:54111/si438dsaodes;dc");
    assert_eq!(fault(plain), ("path", NotAllowed, Some("scheme")));
    let tcp = offer("msrps://192.0.2.7:54111/si438dsaodes;tcp").unwrap();
    let channel = DataChannel::new(stream(0), "chat", tcp.media());
    assert_eq!(fault(channel), ("path", NotAllowed, Some("transport")));
    assert!(DataChannel::new(stream(0), "", offer("MSRPS://h:1/s;DC").unwrap().media()).is_ok());
    let relayed = Local::through(uri(LOCAL), path("msrps://relay.example:2855/t;tcp"));
    assert_eq!(fault(Offer::new(relayed)), ("path", NotAllowed, Some("relay of a data channel")));
}

#[test]
fn an_attribute_that_has_no_place_is_not_written() {
    let fingerprint = Fingerprint::new(HashFunction::Sha256, &[1; 32]).unwrap();
    let offer = Offer::new(local().with_fingerprint(fingerprint)).unwrap();
    let channel = DataChannel::new(stream(0), "chat", offer.media());
    assert_eq!(fault(channel), ("dcsa", NotAllowed, Some("attribute")));
}

// req: 8873-4.4-2
#[test]
fn a_missing_attribute_is_an_error() {
    for name in ["path", "setup", "msrp-cema"] {
        assert_eq!(fault(check(&without(name))), (name, Missing, None));
    }
    assert!(check(&without("accept-types")).is_ok());
}

// req: 8873-3.1-1, 8873-4.3-2, 8873-4.3-3
#[test]
fn a_channel_is_reliable_and_ordered() {
    for (parameter, error) in [
        ("max-retr=3", Some("max-retr")),
        ("max-time=0", Some("max-time")),
        ("ordered=false", Some("ordered=false")),
        ("ordered=true", None),
    ] {
        let text = IN_ORDER.replace("\"msrp\"", &format!("\"msrp\";{parameter}"));
        let error = error.map(|part| ("dcmap", NotAllowed, Some(part)));
        let checked = check(&text);
        assert_eq!(checked.is_err().then(|| fault(checked)), error, "{parameter}");
    }
}

// req: 8873-4.2-1
#[test]
fn a_path_that_is_wrong_is_told() {
    let with_path = |path: &str| format!("{}a=dcsa:0 path:{path}\r\n", without("path"));
    assert_eq!(fault(check(&with_path("msrp://h:1/s;dc"))), ("path", NotAllowed, Some("scheme")));
    for path in ["sip:alice@example.com", ""] {
        assert_eq!(path_error(check(&with_path(path))), wrong_path(path));
    }
    for none in ["both", "holdconn"] {
        let setup = IN_ORDER.replace("setup:active", &format!("setup:{none}"));
        assert_eq!(fault(check(&setup)), ("setup", Missing, None));
    }
}

// req: 8873-6-3, 8873-6-4
#[test]
fn the_path_of_an_endpoint_behind_a_gateway_passes_as_it_is() {
    let relayed = "msrps://relay.example:9000/t;tcp msrp://192.0.2.9:2855/s;tcp";
    let text = format!("{}a=dcsa:0 path:{relayed}\r\n", without("path"));
    assert_eq!(check(&text).unwrap().media.path().as_str(), relayed);
}

#[test]
fn what_is_there_twice_is_not_trusted() {
    let twice = |line: &str| fault(check(&format!("{IN_ORDER}{line}\r\n")));
    let map = twice("a=dcmap:0 label=\"x\";subprotocol=\"other\"");
    assert_eq!(map, ("dcmap", Duplicate, None));
    assert_eq!(twice("a=dcsa:0 setup:passive"), ("setup", Duplicate, None));
    assert_eq!(twice("a=dcsa:0 path:msrps://192.0.2.7:54111/other;dc"), ("path", Duplicate, None));
}

// req: 8873-4.4-1
#[test]
fn what_is_not_known_is_passed_over() {
    let text = format!(
        "a=ice-ufrag:x\r\na=dcmap:4 label=\"ctl\";subprotocol=\"bfcp\"\r\na=dcsa:4 floorid:1\r\n\
         {IN_ORDER}a=dcsa:0 rtpmap:0 PCMU/8000\r\na=dcsa:7 inactive\r\na=dcmap:9 label=\"\r\n\
         a=dcsa:x setup:passive\r\na=dcsa:0\r\n"
    );
    assert_eq!(read(&text), read(IN_ORDER));
    assert_eq!(read(&text).channels().len(), 1);
    assert!(check(&text).is_ok());
}

/// An offer that says `setup`, on its way over a channel.
fn offered(setup: &str) -> msrp_sdp::MsrpMedia {
    let text = IN_ORDER.replace("setup:active", &format!("setup:{setup}"));
    check(&text).unwrap().media
}

// req: 8873-4.5-1, 8873-5.1-1
#[test]
fn the_setup_of_a_session_gives_its_active_side() {
    let own = || Local::new(uri("msrps://192.0.2.1:9/bobs;dc"));
    for (setup, role) in
        [("active", Role::Passive), ("actpass", Role::Passive), ("passive", Role::Active)]
    {
        let (answer, plan) = msrp_sdp::answer(&offered(setup), own()).unwrap();
        assert_eq!((plan.role(), plan.connect()), (role, &Connect::DataChannel), "{setup}");
        assert!(answer.has_cema() && DataChannel::new(stream(0), "chat", &answer).is_ok());
        let offer = Offer::new(local()).unwrap();
        let completed = msrp_sdp::complete(&offer, &answer).unwrap();
        assert_ne!(completed.role(), role, "{setup}");
    }
    // The setup of the section is of DTLS: it changes nothing.
    let text = format!("a=setup:passive\r\n{IN_ORDER}");
    assert_eq!(check(&text).unwrap().media.setup(), Some(Setup::Active));
}

/// A gateway changes neither path nor setup, and is found by the lines.
// req: 8873-6-2, 8873-6-3
#[test]
fn both_ends_are_data_channels_or_there_is_a_gateway_between() {
    let tcp = || Local::new(uri("msrps://192.0.2.1:2855/bobs;tcp"));
    assert_eq!(msrp_sdp::answer(&offered("actpass"), tcp()).unwrap_err(), Refusal::DataChannel);
    let plain = Offer::new(tcp()).unwrap();
    assert_eq!(msrp_sdp::answer(plain.media(), local()).unwrap_err(), Refusal::DataChannel);

    // The side with TCP, as the gateway has the channel's offer for it.
    let passed = format!(
        "m=message 40000 TCP/TLS/MSRP *\r\nc=IN IP4 203.0.113.5\r\na=msrp-cema\r\n\
        a=setup:actpass\r\na=accept-types:*\r\na=path:{LOCAL}\r\n"
    );
    let passed = msrp_sdp::MsrpMedia::parse(&passed.parse().unwrap()).unwrap();
    let behind = Local::unreachable(uri("msrps://192.0.2.1:9/bobs;tcp"));
    let (answer, plan) =
        msrp_sdp::answer(&passed, behind.with_cema(msrp_sdp::Addresses::new())).unwrap();
    let Connect::To(target) = plan.connect() else { panic!("{plan:?}") };
    assert_eq!((target.host(), target.port()), ("203.0.113.5", 40_000));
    assert_eq!(plan.to_path().as_str(), LOCAL);
    // And its answer on the channel.
    let plan = msrp_sdp::complete(&Offer::new(local()).unwrap(), &answer).unwrap();
    assert_eq!((plan.connect(), plan.role()), (&Connect::DataChannel, Role::Passive));
}

// req: 8873-4.4-4
#[test]
fn a_later_offer_changes_the_attributes_of_a_session() {
    let mut section = read(&format!("{}{}", chat(0), chat(2)));
    let changed = channel(2, local().with_direction(Direction::Inactive));
    section.insert(changed.clone());
    assert_eq!(section.channels(), [chat(0), changed]);
    assert_eq!(section.channel(stream(2)).unwrap().map(), chat(2).map());
    section.insert(chat(1));
    let streams: Vec<u16> = section.channels().iter().map(|it| it.stream().number()).collect();
    assert_eq!(streams, [0, 1, 2]);
}

// req: 8873-4.6-1, 8873-5.3-1
#[test]
fn a_session_that_is_closed_is_left_out_of_the_next_offer() {
    let before = read(&format!("{}{}", chat(0), chat(2)));
    let mut after = before.clone();
    assert!(after.remove(stream(2)));
    assert!(!after.remove(stream(2)));
    assert_eq!(after.channels(), [chat(0)]);
    assert!(after.channel(stream(2)).is_none());
    assert!(before.closed_by(&after).eq([stream(2)]));
    assert_eq!(after.closed_by(&before).count(), 0);
    assert_eq!(before.closed_by(&before).count(), 0);
}

#[test]
fn an_address_without_brackets_is_read_where_that_is_tolerated() {
    let bare = "msrps://2001:db8::3:54111/si438dsaodes;dc";
    let text = IN_ORDER.replace("msrps://192.0.2.7:54111/si438dsaodes;dc", bare);
    assert_eq!(path_error(check(&text)), wrong_path(bare));
    let session = read(&text).channels()[0].session(Tolerances::all()).unwrap();
    let path = session.media.path();
    assert_eq!(path.as_str(), "msrps://[2001:db8::3]:54111/si438dsaodes;dc");
    assert_eq!(path.last().port(), Some(54_111));
    assert!(session.tolerated.iter().eq([Tolerance::BareIpv6Address]));
    // What is wrong otherwise stays wrong, and is told as it was.
    for wrong in ["msrps://2001:db8:54111/s;dc", "msrps://::1/s;dc", "msrps://::1:0/s;dc", "::1"] {
        let text = IN_ORDER.replace("msrps://192.0.2.7:54111/si438dsaodes;dc", wrong);
        let told = read(&text).channels()[0].session(Tolerances::all());
        assert_eq!(told, check(&text), "{wrong}");
        path_error(told);
    }
}

/// The examples that RFC 8873 prints.
// req: 8873-4.3-1, 8873-4.4-2, 8873-4.4-3
#[test]
fn the_printed_examples_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    let vector = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let (offer, answer) = (vector("rfc8873-4.8-1.sdp"), vector("rfc8873-4.8-2.sdp"));
    let (offer, answer) = (read(&offer), read(&answer));
    assert_eq!(offer.sctp_port(), Some(5000));
    assert_eq!(answer.max_message_size().octets(), Some(100_000));
    for (index, label) in ["chat", "file transfer"].into_iter().enumerate() {
        let (offer, answer) = (&offer.channels()[index], &answer.channels()[index]);
        assert_eq!(offer.map(), answer.map());
        assert_eq!(offer.map().label(), Some(label));
        let offered = offer.session(Tolerances::all()).unwrap();
        let answered = answer.session(Tolerances::all()).unwrap();
        let setups = (offered.media.setup(), answered.media.setup());
        assert_eq!(setups, (Some(Setup::Active), Some(Setup::Passive)));
        assert_eq!(offered.media.path().last().transport(), "dc");
        assert_eq!(read(&offer.to_string()).channel(offer.stream()), Some(offer));
    }
    let names = |channel: &DataChannel| channel.attributes().count();
    assert_eq!(offer.channels().iter().map(names).collect::<Vec<_>>(), [4, 12]);
    let dcmap = vector("rfc8873-4.3-1.sdp");
    assert_eq!(
        read(&dcmap).channels()[0].map().to_string(),
        "2 label=\"chat\";subprotocol=\"msrp\""
    );
}

/// Two endpoints on one channel, and the session that Bob waits for.
struct Channel {
    alice: Side,
    bob: Side,
    now: Instant,
}

const ALICE: &str = "msrps://192.0.2.1:54111/si438dsaodesaaaa;dc";
const BOB: &str = "msrps://192.0.2.2:51444/di551fsaodesaaaa;dc";

impl Channel {
    fn new() -> Self {
        let now = Instant::now();
        let mut config = Config::default();
        config.framing = MaxMessageSize::default().framing(16_384).unwrap();
        let alice = Side::new(config.clone(), Role::Active, 1, now);
        let table = SessionTable::new(1);
        table.insert(SessionConfig::new(uri(BOB), path(ALICE))).unwrap();
        let bob = Side::new(config, Role::Passive, 2, now).with_table(&table);
        Self { alice, bob, now }
    }

    fn open(&mut self, remote: &str) -> msrp::SessionKey {
        let session = SessionConfig::new(uri(ALICE), path(remote));
        self.alice.connection.open(session).unwrap()
    }

    fn settle(&mut self) {
        while carry(&mut self.alice, &mut self.bob, self.now)
            | carry(&mut self.bob, &mut self.alice, self.now)
        {}
    }
}

/// Carries messages, and says whether there were any.
fn carry(from: &mut Side, to: &mut Side, now: Instant) -> bool {
    let mut moved = false;
    while let Some(mut transmit) = from.connection.poll_transmit(now) {
        let message = transmit.copy_to_bytes(transmit.remaining());
        to.connection.receive_message(now, message).unwrap();
        moved = true;
    }
    to.take_events();
    moved
}

// req: 8873-4.4-5
#[test]
fn a_request_for_another_uri_is_refused() {
    let mut channel = Channel::new();
    channel.open("msrps://192.0.2.2:51444/other1fsaodesaaaa;dc");
    channel.settle();
    let refused = channel.alice.events().into_iter().any(|event| {
        matches!(event, Event::SessionClosed { response: Some(response), .. } if response.status.as_u16() == 481)
    });
    assert!(refused);
    assert!(channel.bob.events().is_empty());
}

// req: 8873-5.2-1, 8873-5.3-2
#[test]
fn a_session_fails_with_its_channel() {
    let mut channel = Channel::new();
    let session = channel.open(BOB);
    channel.settle();
    let opened = |event: &Event| matches!(event, Event::SessionOpened { .. });
    assert!(channel.alice.events().iter().any(opened));
    assert!(channel.bob.events().iter().any(opened));
    channel.alice.connection.send(session, OutgoingMessage::text("Are you there?")).unwrap();
    assert!(channel.alice.connection.poll_transmit(channel.now).is_some());
    channel.alice.connection.receive_eof();
    let events = channel.alice.events();
    assert!(events.iter().any(|event| {
        matches!(event, Event::Finished(outcome) if outcome.outcome == Outcome::ConnectionLost)
    }));
    assert_eq!(events.last(), Some(&Event::Closed(ConnectionEnd::Peer)));
}
