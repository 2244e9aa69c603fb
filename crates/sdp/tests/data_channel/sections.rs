//! The sessions of a section: valid or not, offered, answered, changed and closed.

use msrp::{Direction, MediaTypes, Role};
use msrp_sdp::ErrorKind::{Duplicate, Missing, NotAllowed, Unknown};
use msrp_sdp::data_channel::{DataChannel, DataChannels};
use msrp_sdp::{
    Connect, Fingerprint, HashFunction, Local, Offer, Refusal, SdpTolerance, SdpTolerances, Setup,
};

use super::common::path;
use super::{
    IN_ORDER, LOCAL, attributes, channel, chat, check, fault, local, path_error, read, stream, uri,
    without, wrong_path,
};

// req: 8873-3.1-1, 8873-4.2-1, 8873-4.3-1, 8873-4.3-2, 8873-4.4-2, 8873-4.4-3, 8873-6-4
#[test]
fn what_is_written_is_complete_and_has_one_uri() {
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
    let session = section.channels()[0].session(SdpTolerances::none()).unwrap();
    assert_eq!(session.setup(), Some(Setup::Actpass));
    assert_eq!(session.path().as_str(), LOCAL);
    assert_eq!(session.tolerated(), SdpTolerances::none());
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
fn an_attribute_that_is_not_allowed_is_not_written() {
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
fn the_error_of_a_path_says_what_is_wrong() {
    let with_path = |path: &str| format!("{}a=dcsa:0 path:{path}\r\n", without("path"));
    assert_eq!(fault(check(&with_path("msrp://h:1/s;dc"))), ("path", NotAllowed, Some("scheme")));
    for path in ["sip:alice@example.com", ""] {
        assert_eq!(path_error(check(&with_path(path))), wrong_path(path));
    }
    let with_setup = |value| IN_ORDER.replace("setup:active", &format!("setup:{value}"));
    assert_eq!(fault(check(&with_setup("holdconn"))), ("setup", Missing, None));
    assert_eq!(fault(check(&with_setup("both"))), ("setup", Unknown, Some("role")));
}

// req: 8873-6-3, 8873-6-4
#[test]
fn the_path_of_an_endpoint_behind_a_gateway_passes_as_it_is() {
    let relayed = "msrps://relay.example:9000/t;tcp msrp://192.0.2.9:2855/s;tcp";
    let text = format!("{}a=dcsa:0 path:{relayed}\r\n", without("path"));
    assert_eq!(check(&text).unwrap().path().as_str(), relayed);
}

#[test]
fn duplicates_are_not_trusted() {
    let twice = |line: &str| fault(check(&format!("{IN_ORDER}{line}\r\n")));
    let map = twice("a=dcmap:0 label=\"x\";subprotocol=\"other\"");
    assert_eq!(map, ("dcmap", Duplicate, None));
    assert_eq!(twice("a=dcsa:0 setup:passive"), ("setup", Duplicate, None));
    assert_eq!(twice("a=dcsa:0 path:msrps://192.0.2.7:54111/other;dc"), ("path", Duplicate, None));
}

// req: 8873-4.4-1
#[test]
fn unknown_lines_are_ignored() {
    let text = format!(
        "a=ice-ufrag:x\r\na=dcmap:4 label=\"ctl\";subprotocol=\"bfcp\"\r\na=dcsa:4 floorid:1\r\n\
         {IN_ORDER}a=dcsa:0 rtpmap:0 PCMU/8000\r\na=dcsa:7 inactive\r\na=dcmap:9 label=\"\r\n\
         a=dcsa:x setup:passive\r\na=dcsa:0\r\n"
    );
    assert_eq!(read(&text), read(IN_ORDER));
    assert_eq!(read(&text).channels().len(), 1);
    assert!(check(&text).is_ok());
}

#[test]
fn no_attribute_is_lost_to_its_letter_case() {
    let text = IN_ORDER.replace("setup:active", "Setup:Active");
    let session = read(&text).channels()[0].session(SdpTolerances::all()).unwrap();
    assert_eq!(session.setup(), Some(Setup::Active));
    assert!(session.tolerated().iter().eq([SdpTolerance::LetterCase]));
    assert!(check(&text).is_err());
}

/// An offer with this `setup`, for a channel.
fn offered(setup: &str) -> msrp_sdp::MsrpMedia {
    let text = IN_ORDER.replace("setup:active", &format!("setup:{setup}"));
    check(&text).unwrap()
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
    // The setup of the section is for DTLS and changes nothing.
    let text = format!("a=setup:passive\r\n{IN_ORDER}");
    assert_eq!(check(&text).unwrap().setup(), Some(Setup::Active));
}

/// A gateway changes neither path nor setup; the lines lead to it.
// req: 8873-6-2, 8873-6-3
#[test]
fn both_ends_are_data_channels_or_there_is_a_gateway_between() {
    let tcp = || Local::new(uri("msrps://192.0.2.1:2855/bobs;tcp"));
    assert_eq!(msrp_sdp::answer(&offered("actpass"), tcp()).unwrap_err(), Refusal::DataChannel);
    let plain = Offer::new(tcp()).unwrap();
    assert_eq!(msrp_sdp::answer(plain.media(), local()).unwrap_err(), Refusal::DataChannel);

    // The side with TCP gets the channel's offer through the gateway.
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
    // Its answer reaches the channel.
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
    let session = read(&text).channels()[0].session(SdpTolerances::all()).unwrap();
    let path = session.path();
    assert_eq!(path.as_str(), "msrps://[2001:db8::3]:54111/si438dsaodes;dc");
    assert_eq!(path.last().port(), Some(54_111));
    assert!(session.tolerated().iter().eq([SdpTolerance::BareIpv6Address]));
    // Other errors stay the same errors.
    for wrong in ["msrps://2001:db8:54111/s;dc", "msrps://::1/s;dc", "msrps://::1:0/s;dc", "::1"] {
        let text = IN_ORDER.replace("msrps://192.0.2.7:54111/si438dsaodes;dc", wrong);
        let told = read(&text).channels()[0].session(SdpTolerances::all());
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
        let offered = offer.session(SdpTolerances::all()).unwrap();
        let answered = answer.session(SdpTolerances::all()).unwrap();
        let setups = (offered.setup(), answered.setup());
        assert_eq!(setups, (Some(Setup::Active), Some(Setup::Passive)));
        assert_eq!(offered.path().last().transport(), "dc");
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

#[test]
fn what_is_read_over_in_a_section_is_told_by_its_name() {
    let text = |more: &str| format!("a=sctp-port:5000\r\n{IN_ORDER}{more}");
    for (more, expected) in [
        ("", None),
        ("a=dcmap:x\r\n", Some(SdpTolerance::JunkLine)),
        ("a=dcmap:2 label=\"x\r\n", Some(SdpTolerance::JunkLine)),
        ("a=dcsa:setup:active\r\n", Some(SdpTolerance::JunkLine)),
        ("a=dcsa:0 set up\r\n", Some(SdpTolerance::JunkLine)),
        ("a=DCSA:0 max-size:10\r\n", Some(SdpTolerance::LetterCase)),
        ("a=dcsa:0  max-size:10\r\n", Some(SdpTolerance::ExtraBlanks)),
        ("a=sctp-port:05000\r\n", Some(SdpTolerance::RepeatedAttribute)),
        // An attribute that RFC 8873 does not define is to be ignored.
        ("a=dcsa:0 other:x\r\na=other\r\n", None),
    ] {
        let text = text(more);
        let section = read(&text);
        assert!(section.tolerated().iter().eq(expected), "{more}: {:?}", section.tolerated());
        assert_eq!(section.channels().len(), 1, "{more}");
        let strict = DataChannels::parse_with(attributes(&text), SdpTolerances::none());
        assert_eq!(strict.is_err(), expected.is_some(), "{more}");
    }
    for (contradiction, name) in [
        ("sctp-port:5001", "sctp-port"),
        ("max-message-size:1\r\na=max-message-size:2", "max-message-size"),
    ] {
        let text = text(&format!("a={contradiction}\r\n"));
        assert_eq!(fault(DataChannels::parse(attributes(&text))), (name, Duplicate, None));
    }
}
