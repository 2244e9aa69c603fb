//! A media section for MSRP: what is read of it, what is written.

use std::error::Error as _;

use msrp::uri::{UriError, UriErrorKind};
use msrp::{Direction, MediaTypes};
use msrp_sdp::ErrorKind::{Closed, Duplicate, HashLength, Malformed, Missing, NotMsrp, Unknown};
use msrp_sdp::file::FileDate;
use msrp_sdp::{
    Chatroom, Fingerprint, HashFunction, Local, MsrpMedia, Offer, SdpTolerance, SdpTolerances,
    Setup,
};
use proptest::prelude::*;

use super::{ALICE, NEEDED, alice, carried, fault, media, offer, path, read_section, section, uri};

// req: 4975-8-1, 4975-8.2-4, 4975-8.1-1, 4975-8.1-2, 4975-8.1-3, 4975-8.1-4, 4975-8.1-5, 4975-8.2-1
#[test]
fn the_lines_are_made_of_the_uri() {
    let text = |local: Local| offer(local).description().to_string();
    assert_eq!(
        text(alice().with_types(MediaTypes::new("message/cpim text/*").unwrap())),
        "m=message 7654 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\na=accept-types:message/cpim text/*\r\n\
         a=max-size:1048576\r\na=path:msrp://192.0.2.1:7654/jshA7weztas;tcp\r\n\
         a=setup:actpass\r\n"
    );
    let secure = text(Local::new(uri("msrps://[2001:db8::1]:7654/jshA7weztas;tcp")));
    assert!(secure.starts_with("m=message 7654 TCP/TLS/MSRP *\r\nc=IN IP6 2001:db8::1\r\n"));
    // A relay does not change that: the lines name the endpoint.
    let relayed = Local::through(uri(ALICE), path("msrps://relay.example:2855/t;tcp"));
    assert!(text(relayed).starts_with("m=message 7654 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\n"));
}

#[test]
fn the_lines_may_say_where_a_name_that_nobody_can_look_up_leads() {
    let named = uri("msrp://nobody.invalid:7654/jshA7weztas;tcp");
    let start = |local: Local| offer(local).description().to_string();
    for (address, line) in [("192.0.2.1", "IP4 192.0.2.1"), ("[2001:db8::1]", "IP6 2001:db8::1")] {
        let text = start(Local::new(named.clone()).lines(address, 4000));
        assert!(text.starts_with(&format!("m=message 4000 TCP/MSRP *\r\nc=IN {line}\r\n")));
        assert!(text.contains("a=path:msrp://nobody.invalid:7654/"), "{text}");
    }
    let behind = start(Local::unreachable(named.clone()).lines("192.0.2.1", 4000));
    assert!(behind.starts_with("m=message 9 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\n"), "{behind}");
    let local = Local::new(named).lines("192.0.2.1", 4000);
    let (answer, _) = msrp_sdp::answer(offer(alice()).media(), local.clone()).unwrap();
    assert_eq!((answer.address(), answer.port()), (Some("192.0.2.1"), 4000));
    // A peer with CEMA connects there.
    let peer = Local::unreachable(uri(ALICE)).with_cema(msrp_sdp::Addresses::new());
    let (_, plan) = msrp_sdp::answer(offer(local).media(), peer).unwrap();
    let msrp_sdp::Connect::To(target) = plan.connect() else { panic!("{plan:?}") };
    assert_eq!((target.host(), target.port()), ("192.0.2.1", 4000));
}

// req: 7977-5.2.2-1
#[test]
fn a_websocket_is_no_other_protocol() {
    let uri = uri("msrps://df7jal23ls0d.invalid:2855/98cjs;ws");
    let local = Local::through(uri, path("msrps://relay.example:2855/t;tcp"));
    let section = offer(local).description();
    assert_eq!(section.protocol(), "TCP/TLS/MSRP");
    assert_eq!(carried(&section).path().last().transport(), "ws");
}

// req: 4975-8.6-1, 4975-8.6-3, 4975-8.6-5, 4975-8.6-11
#[test]
fn what_is_taken_is_said_and_read() {
    let types =
        MediaTypes::new("message/cpim text/plain").unwrap().wrapped("image/* text/html").unwrap();
    let room = Chatroom::new().with_private_messages();
    let fingerprint = Fingerprint::new(HashFunction::Sha256, &[7; 32]).unwrap();
    let local = Local::new(uri("msrps://192.0.2.1:7654/jshA7weztas;tcp"))
        .with_types(types.clone())
        .with_max_size(4096)
        .with_direction(Direction::SendOnly)
        .with_fingerprint(fingerprint.clone())
        .with_chatroom(room.clone());
    let read = carried(&offer(local).description());
    assert_eq!((read.types(), read.max_size()), (&types, Some(4096)));
    assert_eq!((read.direction(), read.setup()), (Direction::SendOnly, Some(Setup::Actpass)));
    assert_eq!((read.fingerprints(), read.chatroom()), (&[fingerprint][..], Some(&room)));
    assert!(read.prefers_cpim() && read.is_secure() && !read.is_relayed() && !read.has_cema());
}

// req: 7701-8-1
#[test]
fn a_room_without_extras_has_a_bare_attribute() {
    let text = offer(alice().with_chatroom(Chatroom::new())).description().to_string();
    assert!(text.contains("a=chatroom\r\n"), "{text}");
    assert_eq!(media(&format!("{NEEDED}a=chatroom\n")).chatroom(), Some(&Chatroom::new()));
    assert_eq!(media(NEEDED).chatroom(), None);
}

#[test]
fn other_media_are_not_msrp() {
    let of = |line: &str| MsrpMedia::parse(&read_section(line).unwrap());
    assert_eq!(fault(of("m=audio 49170 RTP/AVP 0")), ("m=", NotMsrp, None));
    assert_eq!(fault(of("m=message 7654 UDP *")), ("m=", NotMsrp, None));
    assert_eq!(fault(of("m=image 7654 TCP/MSRP *")), ("m=", NotMsrp, None));
    assert_eq!(fault(of("m=message 0 TCP/MSRP *")), ("m=", Closed, None));
}

// req: 4975-8.2-2
#[test]
fn what_is_missing_or_wrong_is_named() {
    let error = |lines: &str| fault(MsrpMedia::parse(&section(lines)));
    let path = "a=path:msrp://192.0.2.1:7654/s;tcp\n";
    assert_eq!(error("a=accept-types:*\n"), ("path", Missing, None));
    assert_eq!(error(path), ("accept-types", Missing, None));
    assert_eq!(error(&format!("{path}a=accept-types: \n")), ("accept-types", Missing, None));
    assert_eq!(error(&format!("{path}a=accept-types\u{1}:*\n")), ("accept-types", Missing, None));
    assert_eq!(error(&format!("{NEEDED}{path}")), ("path", Duplicate, None));
    assert_eq!(
        error("a=accept-types:*\na=path:msrp://192.0.2.1/s;tcp\n"),
        ("path", Missing, Some("port"))
    );
    let host = "a=accept-types:*\na=path:msrp://192.0.2.1:7654;tcp\n";
    assert_eq!(error(host), ("path", Missing, Some("session-id")));
    let both = error(&format!("{NEEDED}a=sendonly\na=recvonly\n"));
    assert_eq!(both, ("recvonly", Duplicate, None));
    let scheme = "a=accept-types:*\na=path:sip:alice@example.com\n";
    assert_eq!(error(scheme), ("path", Malformed, None));
    assert_eq!(path_error(scheme).kind(), UriErrorKind::Scheme);
    let types = format!("{path}a=accept-types:text\n");
    assert_eq!(error(&types), ("accept-types", Malformed, None));
    for size in ["a=max-size:-1\n", "a=max-size\n"] {
        let section = section(&format!("{NEEDED}{size}"));
        let strict = MsrpMedia::parse_with(&section, SdpTolerances::none());
        assert_eq!(fault(strict), ("max-size", Malformed, None));
    }
    assert_eq!(
        error(&format!("{NEEDED}a=fingerprint:sha-256 AB\n")),
        ("fingerprint", HashLength { expected: 32 }, None)
    );
    let many = "msrp://192.0.2.1:7654/s;tcp ".repeat(17);
    let many = format!("a=accept-types:*\na=path:{}\n", many.trim());
    assert_eq!(error(&many), ("path", Malformed, None));
    assert_eq!(path_error(&many).kind(), UriErrorKind::TooManyUris { limit: 16 });
}

/// What is wrong with the path of a section.
fn path_error(lines: &str) -> UriError {
    let error = MsrpMedia::parse(&section(lines)).unwrap_err();
    *error.source().unwrap().downcast_ref().unwrap()
}

#[test]
fn an_error_has_a_place_and_prints_no_cause_twice() {
    let error = |lines: &str| MsrpMedia::parse(&section(lines)).unwrap_err();
    let twice = error(&format!("{NEEDED}a=path:msrp://192.0.2.1:7654/s;tcp\n"));
    assert_eq!((twice.to_string(), twice.octets()), ("duplicate a=path".to_owned(), None));
    let path = error("a=accept-types:*\na=path: msrp://a.example:1/t;tcp msrp://192.0.2.1/s;tcp\n");
    assert_eq!(
        (path.to_string(), path.octets()),
        ("a=path: missing port".to_owned(), Some(26..48))
    );
    let scheme = error("a=accept-types:*\na=path:sip:alice@example.com\n");
    assert_eq!((scheme.to_string(), scheme.octets()), ("malformed a=path".to_owned(), Some(0..3)));
    assert!(!scheme.to_string().contains(&scheme.source().unwrap().to_string()));
    let date = "creation:\"Mon, 15 May 2006 15:01:31 +0300\" read:\"today\"";
    let date = date.parse::<FileDate>().unwrap_err();
    assert_eq!((date.part(), date.octets()), (Some("read"), Some(49..54)));
}

// req: 8122-5-2
/// Dropped, they would take a check away.
#[test]
fn fingerprints_of_a_misspelt_hash_function_count_by_name() {
    let text = |name: &str, octets: usize| format!("{name} {}", vec!["AB"; octets].join(":"));
    for (name, octets) in [("sha1", 20), ("sha256", 32), ("SHA384", 48), ("Sha512", 64)] {
        let lines = format!("{NEEDED}a=fingerprint:{}\n", text(name, octets));
        let media = media(&lines);
        let right = format!("sha-{}", &name[3..]);
        assert_eq!(media.fingerprints(), [text(&right, octets).parse().unwrap()], "{name}");
        assert!(media.tolerated().iter().eq([SdpTolerance::HashName]), "{name}");
        let less = SdpTolerances::all().without(SdpTolerance::HashName);
        assert!(MsrpMedia::parse_with(&section(&lines), less).is_err(), "{name}");
    }
    let short = format!("{NEEDED}a=fingerprint: {}\n", text("sha256", 20));
    let error = MsrpMedia::parse(&section(&short)).unwrap_err();
    assert_eq!((error.kind(), error.octets()), (HashLength { expected: 32 }, Some(1..67)));
    for unknown in ["md5", "sha", "sha0", "sha-0", "sha 256"] {
        let lines = format!("{NEEDED}a=fingerprint:{}\n", text(unknown, 16));
        assert!(MsrpMedia::parse(&section(&lines)).is_err(), "{unknown}");
    }
}

#[test]
fn unusable_fingerprints_are_dropped_beside_a_usable_one_alone() {
    let md5 = "a=fingerprint:md5 AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD:AB:CD\n";
    let sha1 = "a=fingerprint:SHA-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\n";
    let both = media(&format!("{NEEDED}{md5}{sha1}"));
    assert_eq!(both.fingerprints().len(), 1);
    let unusable = MsrpMedia::parse(&section(&format!("{NEEDED}{md5}")));
    assert_eq!(fault(unusable), ("fingerprint", Unknown, Some("hash function")));
}

// req: 6135-4.2.1-4, 6135-4.4-2
// wild: 36
#[test]
fn holdconn_and_connection_are_ignored() {
    let with = media(&format!("{NEEDED}a=setup:holdconn\na=connection:new\n"));
    assert_eq!(with, media(NEEDED));
}

// wild: 35
#[test]
fn misspelt_and_padded_sections_are_read() {
    let text = "m=message 9 TCP/MRSP *\na=accept-types: text/plain  text/html \n\
                a=path: msrp://10.0.0.1:7777/1391517924073;tcp \na=max-size: 99999999999999999999999\n\
                a=unknown\na=msrp-cema:x\n";
    let read = MsrpMedia::parse(&read_section(text).unwrap()).unwrap();
    assert_eq!(read.types().types().collect::<Vec<_>>(), ["text/plain", "text/html"]);
    assert_eq!((read.max_size(), read.port()), (Some(u64::MAX), 9));
    assert!(read.has_cema() && !read.prefers_cpim());
}

#[test]
fn extra_blanks_are_ignored() {
    let read = media(
        "a=accept-types: text/plain; charset=utf-8\ttext/html  image/*\n\
         a=path:msrp://relay.example:1/r;tcp  msrp://192.0.2.1:7654/s;tcp \n",
    );
    assert_eq!(read.types().types().collect::<Vec<_>>(), ["text/plain", "text/html", "image/*"]);
    assert_eq!(read.path().len(), 2);
}

// req: 4975-8.3-1
#[test]
fn a_path_of_relays_is_read_whole() {
    let lines = "a=accept-types:*\na=path:msrps://r1.example:2855/a;tcp msrps://r2.example:2855/b;tcp msrps://192.0.2.1:7654/s;xyz\n";
    let read = media(lines);
    assert_eq!(read.path().len(), 3);
    assert!(read.is_relayed());
    assert_eq!(read.names().collect::<Vec<_>>(), ["r1.example", "r2.example"]);
}

// req: 4975-8.2-2, 4975-8.6-1
#[test]
fn what_is_incomplete_is_not_offered() {
    let error = |local: Local| fault(Offer::new(local));
    assert_eq!(error(Local::new(uri("msrp://192.0.2.1/s;tcp"))), ("path", Missing, Some("port")));
    let relayed = Local::through(uri(ALICE), path("msrp://relay.example/t;tcp"));
    assert_eq!(error(relayed), ("path", Missing, Some("port")));
    assert_eq!(
        error(alice().with_types(MediaTypes::new("").unwrap())),
        ("accept-types", Missing, None)
    );
    assert_eq!(
        error(Local::new(uri("msrp://192.0.2.1:7654;tcp"))),
        ("path", Missing, Some("session-id"))
    );
    assert_eq!(
        error(Local::new(uri("msrp://x.invalid:1/s;ws"))),
        ("path", Missing, Some("relay of a WebSocket URI"))
    );
}

/// What a side can bring to a session.
fn locals() -> impl Strategy<Value = Local> {
    let uris = prop_oneof![
        Just(ALICE),
        Just("msrps://[2001:db8::1]:7654/jshA7weztas;tcp"),
        Just("msrps://host.example:9/x;ws"),
    ];
    let lists = prop_oneof![Just("*"), Just("message/cpim"), Just("text/plain image/*")];
    let directions = prop_oneof![
        Just(Direction::SendReceive),
        Just(Direction::SendOnly),
        Just(Direction::ReceiveOnly),
        Just(Direction::Inactive)
    ];
    (uris, any::<[bool; 4]>(), lists.clone(), lists, any::<Option<u64>>(), directions, any::<u8>())
        .prop_map(|(text, flags, root, wrapped, max_size, direction, octet)| {
            let mut local = match flags {
                _ if text.ends_with("ws") => {
                    Local::through(uri(text), path("msrps://relay.example:2855/t;tcp"))
                }
                [true, ..] => Local::through(uri(text), path("msrps://relay.example:2855/t;tcp")),
                [_, true, ..] => Local::unreachable(uri(text)),
                _ => Local::new(uri(text)),
            };
            local = local
                .with_types(MediaTypes::new(root).unwrap().wrapped(wrapped).unwrap())
                .with_direction(direction);
            if let Some(octets) = max_size {
                local = local.with_max_size(octets);
            }
            if flags[2] {
                local = local.with_cema(msrp_sdp::Addresses::new());
            }
            if flags[3] {
                let fingerprint = Fingerprint::new(HashFunction::Sha256, &[octet; 32]).unwrap();
                local = local
                    .with_fingerprint(fingerprint)
                    .with_chatroom(Chatroom::new().with_nicknames());
            }
            local
        })
}

proptest! {
    // req: 6135-4.2.1-1, 6135-4.2.1-3, 6135-4.2.2-5, 6135-4.4-1
    #[test]
    fn offers_read_as_they_were_made(local in locals()) {
        let offer = offer(local);
        let section = offer.description();
        prop_assert_eq!(&carried(&section), offer.media());
        let value = |name| section.attributes().iter().find(|it| it.name() == name).map(|it| it.value());
        prop_assert!(matches!(value("setup"), Some(Some("actpass" | "active"))));
        prop_assert_eq!(value("connection"), None);
    }

    #[test]
    fn attributes_read_without_panic(lines in "(a=(path|setup|accept-types|fingerprint|max-size|chatroom)[: -~]{0,40}\n){0,5}") {
        let _ = MsrpMedia::parse(&section(&lines));
    }
}
