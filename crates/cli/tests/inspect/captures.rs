//! Captures of the formats pcap and pcapng.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::frames::{ids, ok, send};
use super::packets::{Link, Segment, pcap, pcap_of, pcapng};
use super::processes::{Folder, Running, command};
use super::{file, inspect};

pub(crate) const ALICE: &str = "192.0.2.1:40000";
pub(crate) const BOB: &str = "192.0.2.7:2855";

/// Both directions of a connection.
pub(crate) struct Connection {
    ends: [SocketAddr; 2],
    /// Of the next octet of each side.
    next: [u32; 2],
}

impl Connection {
    pub(crate) fn new(alice: &str, bob: &str) -> Self {
        // Alice's numbers wrap soon.
        Self { ends: [alice.parse().unwrap(), bob.parse().unwrap()], next: [u32::MAX - 20, 7] }
    }

    pub(crate) fn start(&mut self) -> Vec<Segment> {
        [0, 1]
            .map(|side| {
                let start = Segment { is_first: true, ..self.segment(side, "") };
                self.next[side] = self.next[side].wrapping_add(1);
                start
            })
            .to_vec()
    }

    pub(crate) fn segment(&mut self, side: usize, octets: impl AsRef<[u8]>) -> Segment {
        let octets = octets.as_ref().to_vec();
        let sequence = self.next[side];
        self.next[side] = sequence.wrapping_add(u32::try_from(octets.len()).unwrap());
        Segment {
            from: self.ends[side],
            to: self.ends[1 - side],
            sequence,
            acknowledged: self.next[1 - side],
            is_first: false,
            octets,
        }
    }
}

fn frames(capture: &[u8]) -> (i32, Vec<Value>) {
    let folder = Folder::new();
    inspect(&["frames", &file(&folder, "capture", capture)])
}

/// An exchange: a SEND in segments of 50 octets, and a 200.
fn exchange(alice: &str, bob: &str) -> Vec<Segment> {
    let mut connection = Connection::new(alice, bob);
    let mut segments = connection.start();
    for octets in send("aaaa1", &"x".repeat(300)).as_bytes().chunks(50) {
        segments.push(connection.segment(0, octets));
    }
    segments.push(connection.segment(1, ok("aaaa1")));
    segments
}

#[test]
fn every_link_and_format_is_read() {
    for (alice, bob) in [(ALICE, BOB), ("[2001:db8::1]:40000", "[2001:db8::7]:2855")] {
        let segments = exchange(alice, bob);
        for link in Link::ALL {
            for capture in [pcap(link, &segments), pcapng(link, &segments)] {
                let (status, objects) = frames(&capture);
                assert_eq!((status, ids(&objects)), (0, vec!["aaaa1", "aaaa1"]), "{link:?}");
                assert_eq!((&objects[0]["from"], &objects[0]["to"]), (&json!(alice), &json!(bob)));
                assert_eq!((&objects[1]["from"], &objects[1]["to"]), (&json!(bob), &json!(alice)));
                assert_eq!(objects[0]["bodyOctets"], 300);
                let packet = segments.len() as u64 - 1;
                assert_eq!(objects[0]["packet"], packet);
                let time = objects[0]["time"].as_f64().unwrap() - 1_700_000_000.0;
                assert!((time - (packet as f64 - 1.0) / 1000.0).abs() < 1e-5, "{time}");
            }
        }
    }
}

#[test]
fn segments_are_put_in_order() {
    let segments = exchange(ALICE, BOB);
    let (start, data) = segments.split_at(2);
    let expected = frames(&pcap(Link::Raw, &segments));
    let mut swapped = data.to_vec();
    swapped.swap(0, 2);
    swapped.swap(3, 4);
    let twice: Vec<_> = data.iter().flat_map(|it| [it.clone(), it.clone()]).collect();
    let mut overlapping = data.to_vec();
    let (one, two) = (overlapping[0].octets.clone(), overlapping[1].octets.clone());
    overlapping[1] = Segment { octets: [one, two].concat(), ..overlapping[0].clone() };
    for data in [swapped, twice, overlapping] {
        let (status, objects) = frames(&pcap(Link::Raw, &[start, &data].concat()));
        assert_eq!(status, 0);
        for (read, expected) in objects.iter().zip(&expected.1) {
            assert_eq!((&read["octets"], &read["body"]), (&expected["octets"], &expected["body"]));
        }
        assert_eq!(ids(&objects), ids(&expected.1));
    }
}

#[test]
fn a_missing_segment_costs_its_frame_alone() {
    let mut connection = Connection::new(ALICE, BOB);
    let mut segments = connection.start();
    let lost = send("aaaa1", &"x".repeat(300));
    let (before, rest) = lost.split_at(200);
    let (missing, after) = rest.split_at(100);
    segments.push(connection.segment(0, before));
    connection.segment(0, missing);
    segments.push(connection.segment(0, after));
    segments.push(connection.segment(0, send("aaaa2", "Hello")));
    for acknowledged in [false, true] {
        if acknowledged {
            segments.push(connection.segment(1, ok("aaaa1")));
        }
        let (status, objects) = frames(&pcap(Link::Ethernet, &segments));
        let expected = [vec!["aaaa1", "aaaa2"], vec!["aaaa1"; usize::from(acknowledged)]].concat();
        let found: Vec<_> = ids(&objects).into_iter().filter(|id| *id != "-").collect();
        assert_eq!(status, 1);
        assert_eq!(found.len(), expected.len(), "{objects:?}");
        assert_eq!(objects[0]["error"]["kind"], "gap", "{objects:?}");
        assert_eq!(objects[0]["error"]["octets"], json!([200, 300]));
        let second = objects.iter().find(|it| it["transactionId"] == "aaaa2").unwrap();
        assert_eq!(second["octets"][0], lost.len());
        assert_eq!(second["error"], Value::Null);
    }
}

#[test]
fn a_stream_whose_first_head_is_not_complete_is_told() {
    let whole = send("aaaa1", "Hello");
    for before in ["", "\r\n\r\n"] {
        for is_started in [true, false] {
            let head = format!("{before}{}", &whole[..40]);
            let mut connection = Connection::new(ALICE, BOB);
            let mut segments = if is_started { connection.start() } else { Vec::new() };
            segments.push(connection.segment(0, &head));
            let (status, objects) = frames(&pcap(Link::Raw, &segments));
            assert_eq!((status, objects.len()), (1, 1), "{head}");
            assert_eq!(objects[0]["error"]["kind"], "truncated", "{head}");
            assert_eq!(objects[0]["error"]["octets"], json!([head.len(), head.len()]));
            // The rest is not in the capture.
            connection.segment(0, &whole[40..]);
            let after = "-------aaaa2$\r\n";
            segments.push(connection.segment(0, after));
            let (status, objects) = frames(&pcap(Link::Raw, &segments));
            assert_eq!(status, 1, "{head}");
            let end = before.len() + whole.len();
            assert_eq!(objects[0]["error"]["kind"], "gap", "{head}");
            assert_eq!(objects[0]["error"]["octets"], json!([head.len(), end]));
        }
    }
}

#[test]
fn a_capture_may_begin_within_a_stream() {
    let mut connection = Connection::new(ALICE, BOB);
    let first = send("aaaa1", "Hello");
    let segments = [
        connection.segment(0, &first[80..]),
        connection.segment(1, ok("aaaa1")),
        connection.segment(0, send("aaaa2", "again")),
    ];
    let (status, objects) = frames(&pcapng(Link::Ethernet, &segments));
    assert_eq!((status, ids(&objects)), (0, vec!["aaaa1", "aaaa2"]));
    assert_eq!(objects[1]["octets"][0], first.len() - 80);
}

/// The first segments of what was captured may come in the wrong order.
#[test]
fn a_capture_that_begins_within_a_stream_puts_its_first_segments_in_order() {
    for order in [[0, 1, 2], [1, 0, 2], [2, 0, 1], [2, 1, 0]] {
        let mut connection = Connection::new(ALICE, BOB);
        let whole = send("aaaa1", &"x".repeat(100));
        let segments: Vec<_> =
            whole.as_bytes().chunks(100).map(|octets| connection.segment(0, octets)).collect();
        assert_eq!(segments.len(), 3);
        let mut shuffled: Vec<_> = order.iter().map(|at| segments[*at].clone()).collect();
        shuffled.push(connection.segment(1, ok("aaaa1")));
        let (status, objects) = frames(&pcap(Link::Raw, &shuffled));
        assert_eq!((status, ids(&objects)), (0, vec!["aaaa1", "aaaa1"]), "{order:?}");
        assert_eq!(objects[0]["octets"], json!([0, whole.len()]));
    }
}

/// Whether other octets were expected before it or not.
#[test]
fn a_frame_has_the_number_of_the_packet_that_completes_it() {
    let packets = |order: &[usize]| {
        let mut connection = Connection::new(ALICE, BOB);
        let ids = ["aaaa1", "aaaa2", "aaaa3", "aaaa4", "aaaa5"];
        let segments = ids.map(|id| connection.segment(0, send(id, "Hello")));
        let shuffled: Vec<_> = order.iter().map(|at| segments[*at].clone()).collect();
        let (_, objects) = frames(&pcap(Link::Raw, &shuffled));
        objects.iter().map(|it| it["packet"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(packets(&[0, 1, 2, 3, 4]), [1, 2, 3, 4, 5]);
    assert_eq!(packets(&[0, 1]), [1, 2]);
    assert_eq!(packets(&[1, 0, 2, 4, 3]), [2, 2, 3, 5, 5]);
}

#[test]
fn fragments_of_ip_are_put_together() {
    for (alice, bob) in [(ALICE, BOB), ("[2001:db8::1]:40000", "[2001:db8::7]:2855")] {
        for link in Link::ALL {
            let segments = exchange(alice, bob);
            let numbered = segments.iter().zip(1..);
            let mut packets: Vec<_> =
                numbered.map(|(segment, id)| segment.fragments(link, id, 24)).collect();
            let expected = frames(&pcap(link, &segments)).1;
            for packets in &mut packets {
                packets.reverse();
            }
            let (status, objects) = frames(&pcap_of(link, &packets.concat()));
            assert_eq!((status, ids(&objects)), (0, ids(&expected)), "{link:?}");
            assert_eq!(objects[0]["body"], expected[0]["body"]);
        }
    }
}

#[test]
fn fragments_without_the_rest_are_told() {
    let mut connection = Connection::new(ALICE, BOB);
    let mut packets: Vec<_> =
        connection.start().iter().map(|segment| segment.packet(Link::Raw)).collect();
    let lost = connection.segment(0, send("aaaa1", "Hello"));
    let mut fragments = lost.fragments(Link::Raw, 1, 40);
    fragments.remove(2);
    let count = fragments.len();
    packets.extend(fragments);
    packets.push(connection.segment(0, send("aaaa2", "again")).packet(Link::Raw));
    // Many that never end take no more than their share of memory.
    for id in 0..=255 {
        let endless = Connection::new(BOB, ALICE).segment(0, "x".repeat(99));
        packets.push(endless.fragments(Link::Raw, id, 64).remove(0));
    }
    let told = told(&pcap_of(Link::Raw, &packets));
    assert!(told.0.contains("aaaa2"), "{told:?}");
    assert!(told.1.contains(&format!("passed over: {} fragments of IP", count + 256)), "{told:?}");
}

/// What is printed, and what is told.
pub(crate) fn told(capture: &[u8]) -> (String, String) {
    let folder = Folder::new();
    let path = file(&folder, "capture", capture);
    let output = Running(command("inspect", &["frames", &path]).spawn().unwrap()).output();
    let text = |octets| String::from_utf8(octets).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// A frame of a WebSocket (RFC 6455 section 5.2).
fn websocket(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(masked | len as u8),
        len => {
            frame.push(masked | 126);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
    }
    frame.extend(mask.iter().flatten());
    let key = mask.unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(octet, key)| octet ^ key));
    frame
}

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Protocol: msrp\r\n\r\n";
const GRANTED: &str = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n\r\n";

/// A chunk whole and one in two frames around a ping, with masks, and what answers them.
fn over_websocket() -> [Vec<u8>; 2] {
    let mask = Some([1, 2, 3, 0xf4]);
    let (one, two) = (send("aaaa1", &"x".repeat(200)), send("aaaa2", "Hello"));
    let (start, rest) = two.as_bytes().split_at(31);
    let client = [
        REQUEST.as_bytes(),
        &websocket(0x81, mask, one.as_bytes()),
        &websocket(0x02, mask, start),
        &websocket(0x89, mask, b"ping"),
        &websocket(0x80, mask, rest),
        &websocket(0x88, mask, &[3, 232]),
    ];
    let server = [
        GRANTED.as_bytes(),
        &websocket(0x82, None, ok("aaaa1").as_bytes()),
        &websocket(0x8a, None, b"ping"),
        &websocket(0x82, None, ok("aaaa2").as_bytes()),
    ];
    [client.concat(), server.concat()]
}

// req: 7977-5.1-3
#[test]
fn msrp_is_taken_out_of_a_websocket() {
    let [client, server] = over_websocket();
    for size in [1, 7, 1000] {
        let mut connection = Connection::new(ALICE, BOB);
        let mut segments = connection.start();
        for (side, octets) in [(0, &client), (1, &server)] {
            segments.extend(octets.chunks(size).map(|octets| connection.segment(side, octets)));
        }
        let (status, objects) = frames(&pcap(Link::Ethernet, &segments));
        assert_eq!(
            (status, ids(&objects)),
            (0, vec!["aaaa1", "aaaa2", "aaaa1", "aaaa2"]),
            "{size}"
        );
        assert_eq!(
            (&objects[0]["bodyOctets"], &objects[1]["body"]),
            (&json!(200), &json!("Hello"))
        );
        // Its place is among the octets of the messages.
        assert_eq!(objects[0]["octets"][0], 0);
    }
}

/// A side that sends no message passes nothing over.
#[test]
fn a_websocket_may_be_silent_in_one_direction() {
    let [client, _] = over_websocket();
    let mut connection = Connection::new(ALICE, BOB);
    let mut segments = connection.start();
    segments.push(connection.segment(0, client));
    segments.push(connection.segment(1, GRANTED));
    let (objects, passed_over) = told(&pcap(Link::Ethernet, &segments));
    assert_eq!((objects.lines().count(), &*passed_over), (2, ""));
}

#[test]
fn a_websocket_that_lacks_octets_is_told() {
    let [client, _] = over_websocket();
    let (before, rest) = client.split_at(REQUEST.len() + 100);
    for (lost, kind) in [(50, "gap"), (300, "gap")] {
        let mut connection = Connection::new(ALICE, BOB);
        let mut segments = connection.start();
        segments.push(connection.segment(0, before));
        connection.segment(0, &rest[..lost]);
        segments.push(connection.segment(0, &rest[lost..]));
        let (status, objects) = frames(&pcap(Link::Ethernet, &segments));
        assert_eq!((status, &objects[0]["error"]["kind"]), (1, &json!(kind)), "{objects:?}");
        // Within a payload, the frames of the WebSocket go on behind it.
        assert_eq!(ids(&objects).contains(&"aaaa2"), lost == 50, "{objects:?}");
    }
}

#[test]
fn compressed_messages_and_other_websockets_are_passed_over() {
    let mut connection = Connection::new(ALICE, BOB);
    let mut segments = connection.start();
    let compressed = [websocket(0x42, Some([0; 4]), b"abc"), websocket(0x80, Some([9; 4]), b"de")];
    let [client, _] = over_websocket();
    let at = REQUEST.len();
    let client = [&client[..at], &compressed.concat(), &client[at..]].concat();
    segments.push(connection.segment(0, client));
    let mut other = Connection::new("192.0.2.1:40001", "192.0.2.7:443");
    segments.extend(other.start());
    segments.push(other.segment(0, [REQUEST.as_bytes(), &websocket(0x81, None, b"{}")].concat()));
    segments.push(other.segment(1, "HTTP/1.1 200 OK\r\nUpgrade: websocket\r\n\r\nMSRP?"));
    let told = told(&pcap(Link::Ethernet, &segments));
    assert_eq!(told.0.lines().count(), 2, "{told:?}");
    assert!(told.1.contains("passed over: 2 of the streams"), "{told:?}");
    assert!(told.1.contains("passed over: 1 compressed messages of WebSockets"), "{told:?}");
}

#[test]
fn streams_without_msrp_are_passed_over() {
    let mut tls = Connection::new("192.0.2.1:40001", "192.0.2.7:443");
    let mut sip = Connection::new("192.0.2.1:40002", "192.0.2.7:5060");
    let segments = [
        tls.start(),
        sip.start(),
        vec![
            tls.segment(0, b"\x16\x03\x01\x00\x05hello\r\nmore"),
            sip.segment(0, "OPTIONS sip:b SIP/2.0\r\nVia: x\r\n\r\n"),
        ],
        exchange(ALICE, BOB),
    ]
    .concat();
    let folder = Folder::new();
    let path = file(&folder, "capture", pcap(Link::Ethernet, &segments));
    let output = Running(command("inspect", &["frames", &path]).spawn().unwrap()).output();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout.iter().filter(|octet| **octet == b'\n').count(), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("passed over: 2 of the streams"));
}

#[test]
fn a_port_that_is_used_again_is_another_stream() {
    let segments = [exchange(ALICE, BOB), {
        let mut again = Connection::new(ALICE, BOB);
        again.next = [1000, 2000];
        let mut segments = again.start();
        segments.push(again.segment(0, send("aaaa2", "again")));
        segments
    }]
    .concat();
    let (status, objects) = frames(&pcap(Link::Raw, &segments));
    assert_eq!((status, ids(&objects)), (0, vec!["aaaa1", "aaaa1", "aaaa2"]));
    assert_eq!(objects[2]["octets"][0], 0);
}

#[test]
fn a_capture_that_is_cut_gives_what_it_has() {
    let whole = pcap(Link::Ethernet, &exchange(ALICE, BOB));
    let ng = pcapng(Link::Ethernet, &exchange(ALICE, BOB));
    for capture in [&whole, &ng] {
        let (status, objects) = frames(&capture[..capture.len() - 7]);
        assert_eq!((status, ids(&objects)), (1, vec!["aaaa1", "-"]), "{objects:?}");
        assert_eq!(objects[1]["error"]["kind"], "truncated-capture");
        assert_eq!(objects[1]["error"]["octets"][1], capture.len() - 7);
    }
    for cut in (0..whole.len()).step_by(37) {
        let (status, _) = frames(&whole[..cut]);
        assert!(matches!(status, 0 | 1), "{cut}");
    }
}

#[test]
fn a_ladder_of_a_capture_has_its_times() {
    let folder = Folder::new();
    let path = file(&folder, "capture", pcap(Link::Ethernet, &exchange(ALICE, BOB)));
    let output = Running(command("inspect", &["frames", "--ladder", &path]).spawn().unwrap());
    let ladder = String::from_utf8(output.output().stdout).unwrap();
    let lines: Vec<_> = ladder.lines().collect();
    assert_eq!(lines.len(), 3, "{ladder}");
    assert!(lines[0].contains(ALICE) && lines[0].contains(BOB), "{ladder}");
    assert!(lines[1].trim_start().starts_with("0.000"), "{ladder}");
    assert!(lines[2].trim_start().starts_with("0.001") && lines[2].contains("<-"), "{ladder}");
}

/// Network cards that cut packets into segments write the length of each themselves.
#[test]
fn a_packet_without_its_length_is_as_long_as_it_was_captured() {
    for (alice, bob) in [(ALICE, BOB), ("[2001:db8::1]:40000", "[2001:db8::7]:2855")] {
        for link in Link::ALL {
            let without_length = |segment: &Segment| {
                let mut packet = segment.packet(link);
                packet.truncate(packet.len() - 6);
                let ip = packet.len() - segment.octets.len() - 20;
                let length = if segment.from.is_ipv4() { ip - 20 + 2 } else { ip - 40 + 4 };
                packet[length..length + 2].fill(0);
                packet
            };
            let packets: Vec<_> = exchange(alice, bob).iter().map(without_length).collect();
            let (status, objects) = frames(&pcap_of(link, &packets));
            assert_eq!((status, ids(&objects)), (0, vec!["aaaa1", "aaaa1"]), "{link:?}, {alice}");
            assert_eq!(objects[0]["bodyOctets"], 300);
        }
    }
}

#[test]
fn packets_of_unknown_protocols_are_told() {
    let segments = exchange(ALICE, BOB);
    let packets = |link| segments.iter().map(|it| it.packet(link)).collect::<Vec<_>>();
    let pppoe = |packet: Vec<u8>| {
        let header = [0x88, 0x64, 0x11, 0, 0, 1, 0, 0, 0, 0x21];
        [&packet[..12], &header, &packet[14..]].concat()
    };
    // Over GRE, and as a packet that breaks off within its TCP header.
    let gre = |mut packet: Vec<u8>| {
        packet[14 + 9] = 47;
        packet
    };
    let cut = |packet: Vec<u8>| packet[..14 + 20 + 10].to_vec();
    for change in [&pppoe as &dyn Fn(Vec<u8>) -> Vec<u8>, &gre, &cut] {
        let changed = packets(Link::Ethernet).into_iter().map(change).collect::<Vec<_>>();
        let (_, told) = told(&pcap_of(Link::Ethernet, &changed));
        assert!(told.contains(&format!("passed over: {} packets", segments.len())), "{told}");
    }
    let mut udp = packets(Link::Ethernet);
    udp.iter_mut().for_each(|packet| packet[14 + 9] = 17);
    let arp = [&[2; 12][..], &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &[0; 20]].concat();
    for quiet in [packets(Link::Ethernet), udp, vec![arp]] {
        let (_, told) = told(&pcap_of(Link::Ethernet, &quiet));
        assert!(!told.contains("packets"), "{told}");
    }
}
