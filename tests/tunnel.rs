//! The tunnel: a stream on one side, messages on the other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;
#[path = "common/whole.rs"]
mod wire;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use common::{ALICE, BOB, Pair, Seeded, alice_opens, bob_expects};
use msrp::wire::{Continuation, DecodeError};
use msrp::{
    Config, Event, Framing, Outcome, OutgoingMessage, ParseOptions, ReceiveMode, Tunnel,
    TunnelError,
};
use proptest::prelude::*;
use wire::whole;

const MIN: usize = Framing::MIN_MESSAGE;

fn tunnel(max: usize) -> Tunnel {
    Tunnel::new(max, ParseOptions::default(), Seeded(3))
}

/// A SEND as a stream peer writes it. `fields` follow the Message-ID.
fn send(id: &str, fields: &str, body: &[u8], flag: char) -> Vec<u8> {
    let mut out = format!(
        "MSRP {id} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\nMessage-ID: m{id}\r\n{fields}\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    out.extend_from_slice(body);
    out.extend_from_slice(format!("\r\n-------{id}{flag}\r\n").as_bytes());
    out
}

fn response(id: &str, status: u16) -> String {
    format!("MSRP {id} {status} Word\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------{id}$\r\n")
}

fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n % 251) as u8).collect()
}

/// Every message that the tunnel makes from the octets of the stream.
fn messages(tunnel: &mut Tunnel, now: Instant, input: &mut BytesMut) -> Vec<Bytes> {
    let mut messages = Vec::new();
    loop {
        tunnel.receive_stream(now, input).unwrap();
        let wanted = tunnel.wants_stream();
        let Some(message) = tunnel.poll_message() else { return messages };
        assert!(!wanted, "octets are taken while a message waits");
        messages.push(message);
    }
}

fn all_messages(tunnel: &mut Tunnel, now: Instant, stream: &[u8]) -> Vec<Bytes> {
    messages(tunnel, now, &mut BytesMut::from(stream))
}

fn id_of(message: &[u8]) -> String {
    whole(message).head.view().transaction_id().to_string()
}

/// The header fields except Byte-Range.
fn fields(message: &[u8]) -> Vec<(String, String)> {
    let head = whole(message).head;
    let view = head.view();
    let fields = view.headers().filter(|(name, _)| *name != "Byte-Range");
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A chunk that the stream sends.
#[derive(Clone, Debug)]
struct Sent {
    failure_report: &'static str,
    has_range: bool,
    start: u64,
    len: usize,
    knows_total: bool,
    flag: char,
    /// Where the end-line of the chunk occurs in the body, without the CRLF before it
    /// that would make it one.
    decoy: Option<usize>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let reports = prop::sample::select(vec!["", "yes", "no", "partial"]);
    let flag = prop::sample::select(vec!['$', '+', '#']);
    let len = prop_oneof![0usize..300, 1_400usize..2_100, 0usize..30_000];
    let decoy = prop::option::of(0usize..10_000);
    (reports, any::<bool>(), 1u64..1 << 40, len, any::<bool>(), flag, decoy).prop_map(
        |(failure_report, has_range, start, len, knows_total, flag, decoy)| Sent {
            failure_report,
            has_range,
            start,
            len,
            knows_total,
            flag,
            decoy,
        },
    )
}

impl Sent {
    fn first(&self) -> u64 {
        if self.has_range { self.start } else { 1 }
    }

    fn body(&self, id: &str) -> Vec<u8> {
        let mut body = octets(self.len);
        let decoy = format!("-------{id}$\r\n");
        if let Some(at) = self.decoy.filter(|at| at + decoy.len() <= body.len() && *at > 0) {
            body[at..at + decoy.len()].copy_from_slice(decoy.as_bytes());
        }
        body
    }

    fn octets(&self, id: &str) -> Vec<u8> {
        let mut fields = String::new();
        if !self.failure_report.is_empty() {
            fields += &format!("Failure-Report: {}\r\n", self.failure_report);
        }
        if self.has_range {
            let total = self.start - 1 + self.len as u64;
            let total = if self.knows_total { total.to_string() } else { "*".into() };
            fields += &format!("Byte-Range: {}-*/{total}\r\n", self.start);
        }
        send(id, &fields, &self.body(id), self.flag)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // req: 7977-5.1-3, 7977-5.1-4, 8873-5.4-1, 4975-7.1.1-4, 4975-7.1.1-14, 4975-7.1.1-15,
    // req: 4975-7.1.1-19, 4975-7.1.1-22
    #[test]
    fn chunks_become_messages_and_their_octets_stay(
        chunks in prop::collection::vec(sent(), 1..6),
        max in 0usize..9_000,
        cuts in prop::collection::vec(1usize..4_000, 0..40),
        seed: u64,
    ) {
        let now = Instant::now();
        let mut tunnel = Tunnel::new(max, ParseOptions::default(), Seeded(seed));
        let max = max.max(MIN);
        let ids: Vec<String> = (0..chunks.len()).map(|n| format!("chunk{n}")).collect();
        let mut stream = Vec::new();
        for (chunk, id) in chunks.iter().zip(&ids) {
            stream.extend(chunk.octets(id));
            stream.extend(b"\r\n\r\n".repeat(chunk.len % 3));
        }

        let mut input = BytesMut::new();
        let mut rest = &stream[..];
        let mut cuts = cuts.into_iter();
        let mut out = Vec::new();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(cuts.next().unwrap_or(rest.len()).min(rest.len()));
            input.extend_from_slice(piece);
            out.extend(messages(&mut tunnel, now, &mut input));
            rest = behind;
        }
        prop_assert!(input.is_empty());
        prop_assert_eq!(tunnel.receive_stream_eof(), Ok(()));

        let mut out = out.into_iter().peekable();
        for (chunk, id) in chunks.iter().zip(&ids) {
            let original = chunk.octets(id);
            let body = chunk.body(id);
            let mut octets = Vec::new();
            loop {
                let message = out.next().unwrap();
                prop_assert!(message.len() <= max);
                let part = whole(&message);
                let view = part.head.view();
                prop_assert_eq!(fields(&message), fields(&original));
                if original.len() <= max {
                    prop_assert_eq!(&message[..], &original[..]);
                } else {
                    let range = view.byte_range().unwrap();
                    prop_assert_eq!(range.start(), chunk.first() + octets.len() as u64);
                    let end = range.start() - 1 + part.body.len() as u64;
                    let told = (part.body.len() <= 2048).then_some(end);
                    prop_assert_eq!(range.end(), told);
                    prop_assert_eq!(range.total().is_some(), chunk.has_range && chunk.knows_total);
                }
                octets.extend_from_slice(&part.body);
                if octets.len() == body.len() {
                    prop_assert_eq!(part.flag.as_byte() as char, chunk.flag);
                    let is_decoyed = String::from_utf8_lossy(&part.body).contains("-------chunk");
                    prop_assert!(id_of(&message) == *id || is_decoyed);
                    break;
                }
                prop_assert_eq!(part.flag, Continuation::More);
                prop_assert!(part.body.len() >= 256 && !ids.contains(&id_of(&message)));
            }
            prop_assert_eq!(octets, body);
        }
        prop_assert_eq!(out.next(), None);
    }

    // req: 7977-5.1-4
    #[test]
    fn a_chunk_is_answered_once(
        chunks in prop::collection::vec(sent(), 1..5),
        statuses in prop::collection::vec(prop_oneof![9 => Just(200u16), 1 => Just(413), 1 => Just(481)], 1..64),
        order: u64,
    ) {
        let now = Instant::now();
        let mut tunnel = tunnel(MIN);
        let mut parts = Vec::new();
        for (n, chunk) in chunks.iter().enumerate() {
            let id = format!("chunk{n}");
            for message in all_messages(&mut tunnel, now, &chunk.octets(&id)) {
                parts.push((n, id_of(&message)));
            }
        }
        let mut random = Seeded(order);
        let mut expected: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        let mut heard: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        let mut left = vec![0; chunks.len()];
        let mut refused = vec![false; chunks.len()];
        let counts: Vec<usize> =
            (0..chunks.len()).map(|n| parts.iter().filter(|(chunk, _)| *chunk == n).count()).collect();
        left.copy_from_slice(&counts);
        let mut statuses = statuses.into_iter().cycle();
        while !parts.is_empty() {
            let (n, id) = parts.swap_remove(random.below(parts.len() as u64) as usize);
            let status = statuses.next().unwrap();
            left[n] -= 1;
            let answers_success = matches!(chunks[n].failure_report, "" | "yes") || counts[n] == 1;
            let is_heard = !refused[n] && (status != 200 || (left[n] == 0 && answers_success));
            refused[n] |= status != 200;
            if is_heard {
                expected.entry(format!("chunk{n}")).or_default().push(status);
            }
            let octets = tunnel.receive_message(now, response(&id, status)).unwrap();
            prop_assert_eq!(octets.is_some(), is_heard);
            if let Some(octets) = octets {
                let frame = whole(&octets);
                let view = frame.head.view();
                prop_assert_eq!(view.to_path().as_str(), ALICE);
                prop_assert_eq!(view.comment(), Some("Word"));
                let status = view.status_code().unwrap().as_u16();
                heard.entry(view.transaction_id().to_string()).or_default().push(status);
            }
        }
        prop_assert_eq!(heard, expected);
        prop_assert_eq!(tunnel.poll_timeout(), None);
    }

    #[test]
    fn no_octets_make_it_panic(
        stream in prop::collection::vec(any::<u8>(), 0..400),
        start in prop::sample::select(vec!["", "MSRP abcd SEND\r\n", "MSRP abcd 200 OK\r\n"]),
        message in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let now = Instant::now();
        let mut tunnel = tunnel(MIN);
        let mut input = BytesMut::from(&[start.as_bytes(), &stream].concat()[..]);
        let first = tunnel.receive_stream(now, &mut input);
        while tunnel.poll_message().is_some() {}
        prop_assert!(first.is_ok() || tunnel.receive_stream(now, &mut input) == first);
        let message = [start.as_bytes(), &message].concat();
        if tunnel.receive_message(now, message).is_err() {
            prop_assert!(tunnel.receive_message(now, "").is_err());
        }
    }
}

/// Alice on a stream, Bob on messages, and the tunnel between them.
struct Joined {
    pair: Pair,
    tunnel: Tunnel,
    stream: BytesMut,
    max: usize,
}

impl Joined {
    fn new(max: usize, alice_is_active: bool) -> (Self, msrp::SessionKey) {
        let mut framed = Config::default();
        framed.framing = Framing::Message { max_octets: max };
        let (active, passive) =
            if alice_is_active { (Config::default(), framed) } else { (framed, Config::default()) };
        let expected = bob_expects().max_size(u64::MAX).receive(ReceiveMode::Pieces);
        let pair = Pair::with(active, passive, expected);
        let mut joined = Self { pair, tunnel: tunnel(max), stream: BytesMut::new(), max };
        let session = joined.pair.alice.connection.open(alice_opens()).unwrap();
        joined.settle(alice_is_active, &mut Seeded(1));
        joined.pair.alice.events();
        joined.pair.bob.events();
        (joined, session)
    }

    /// Carries everything both ways, the stream in pieces of any size.
    fn settle(&mut self, alice_is_active: bool, random: &mut Seeded) {
        let Self { pair, tunnel, stream, max } = self;
        let now = pair.now;
        let (streamed, framed) = if alice_is_active {
            (&mut pair.alice, &mut pair.bob)
        } else {
            (&mut pair.bob, &mut pair.alice)
        };
        loop {
            let mut is_quiet = true;
            let sent = streamed.drain(now);
            let mut rest = &sent[..];
            while !rest.is_empty() {
                is_quiet = false;
                let (piece, behind) =
                    rest.split_at(rest.len().min(1 + random.below(9_000) as usize));
                stream.extend_from_slice(piece);
                rest = behind;
                for message in messages(tunnel, now, stream) {
                    assert!(message.len() <= *max, "{} octets", message.len());
                    whole(&message);
                    framed.connection.receive_message(now, message).unwrap();
                    framed.take_events();
                }
            }
            while let Some(mut transmit) = framed.connection.poll_transmit(now) {
                is_quiet = false;
                let message = transmit.copy_to_bytes(transmit.remaining());
                if let Some(octets) = tunnel.receive_message(now, message).unwrap() {
                    streamed.feed(now, &octets);
                }
            }
            framed.take_events();
            if is_quiet {
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // req: 7977-5.1-3, 7977-5.1-4, 8873-5.5-1
    #[test]
    fn two_endpoints_talk_through_it(
        sizes in prop::collection::vec(0usize..60_000, 1..5),
        max in MIN..20_000,
        alice_is_active: bool,
        success_report: bool,
        seed: u64,
    ) {
        // With `alice_is_active` the stream sends, and the messages otherwise.
        let (mut joined, session) = Joined::new(max, alice_is_active);
        for size in &sizes {
            let message =
                OutgoingMessage::new("application/octet-stream".parse().unwrap(), octets(*size))
                    .success_report(success_report);
            joined.pair.alice.connection.send(session, message).unwrap();
        }
        joined.settle(alice_is_active, &mut Seeded(seed));
        let outcomes = joined.pair.alice.outcomes();
        prop_assert_eq!(outcomes.len(), sizes.len());
        let right = if success_report { Outcome::Delivered } else { Outcome::Accepted };
        prop_assert!(outcomes.iter().all(|outcome| outcome.outcome == right));
        let mut bodies: BTreeMap<msrp::IncomingKey, Vec<u8>> = BTreeMap::new();
        let mut got = Vec::new();
        for event in joined.pair.bob.events() {
            match event {
                Event::MessageStarted { received: message } => {
                    bodies.insert(message.key(), Vec::new());
                }
                Event::Piece { incoming: message, offset, data } => {
                    let body = bodies.get_mut(&message).unwrap();
                    prop_assert_eq!(offset, body.len() as u64);
                    body.extend_from_slice(&data);
                }
                Event::MessageCompleted { received: message, total } => {
                    let body = bodies.remove(&message.key()).unwrap();
                    prop_assert_eq!(body.len() as u64, total);
                    prop_assert_eq!(&body, &octets(body.len()));
                    got.push(body.len());
                }
                Event::Tolerated(_) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
        let mut sizes = sizes;
        got.sort_unstable();
        sizes.sort_unstable();
        prop_assert_eq!(got, sizes);
    }
}

#[test]
fn a_rejection_stops_the_sender_on_the_stream() {
    let (mut joined, session) = Joined::new(4096, true);
    let message =
        OutgoingMessage::streamed("application/octet-stream".parse().unwrap(), Some(1 << 30));
    let key = joined.pair.alice.connection.send(session, message).unwrap();
    joined.pair.alice.connection.body(key).unwrap().write(octets(50_000)).unwrap();
    joined.settle(true, &mut Seeded(4));
    let started = joined.pair.bob.events().into_iter().find_map(|event| match event {
        Event::MessageStarted { received: message } => Some(message.key()),
        _ => None,
    });
    assert!(
        joined.pair.bob.connection.reject(started.unwrap(), msrp::StatusCode::STOP_SENDING).is_ok()
    );
    joined.pair.alice.connection.body(key).unwrap().write(octets(50_000)).unwrap();
    joined.settle(true, &mut Seeded(4));
    let outcomes = joined.pair.alice.outcomes();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].outcome, Outcome::Rejected(msrp::StatusCode::STOP_SENDING));
    assert!(joined.tunnel.poll_message().is_none());
    // It does not affect the next message.
    joined.pair.alice.connection.send(session, OutgoingMessage::text("more")).unwrap();
    joined.settle(true, &mut Seeded(4));
    assert_eq!(joined.pair.alice.outcomes()[0].outcome, Outcome::Accepted);
}

#[test]
fn the_rest_of_a_refused_chunk_is_dropped() {
    let now = Instant::now();
    let mut tunnel = tunnel(MIN);
    let stream = send("d93k", "", &octets(20_000), '$');
    let mut input = BytesMut::from(&stream[..9_000]);
    let parts = messages(&mut tunnel, now, &mut input);
    let ids: Vec<String> = parts.iter().map(|part| id_of(part)).collect();
    assert!(ids.len() > 2);
    let heard = tunnel.receive_message(now, response(&ids[1], 413)).unwrap();
    assert_eq!(heard.as_deref(), Some(response("d93k", 413).as_bytes()));
    for id in [&ids[0], &ids[2]] {
        assert_eq!(tunnel.receive_message(now, response(id, 413)), Ok(None));
    }
    input.extend_from_slice(&stream[9_000..]);
    assert!(messages(&mut tunnel, now, &mut input).is_empty());
    assert!(input.is_empty());
    assert_eq!(all_messages(&mut tunnel, now, &send("next", "", b"Hi", '$')).len(), 1);
}

/// Octets that were data within a chunk can be an end-line at the start of a part,
/// with a tolerance for end-lines without a CRLF before them.
#[test]
fn a_cut_in_front_of_a_decoy_makes_no_end_line() {
    let now = Instant::now();
    let len_of_part = {
        let parts = all_messages(&mut tunnel(MIN), now, &send("d93k", "", &octets(9_000), '$'));
        whole(&parts[0]).body.len()
    };
    let decoy = b"-------d93k$\r\nMSRP evil SEND\r\n";
    let body = [&octets(len_of_part)[..], decoy, &octets(300)].concat();
    let mut tunnel = tunnel(MIN);
    let parts = all_messages(&mut tunnel, now, &send("d93k", "", &body, '$'));
    assert_eq!(parts.len(), 2);
    let bodies: Vec<Vec<u8>> = parts.iter().map(|part| whole(part).body).collect();
    assert!(bodies[1].starts_with(decoy));
    assert_eq!(bodies.concat(), body);
    assert_eq!(tunnel.receive_message(now, response(&id_of(&parts[0]), 200)), Ok(None));
    let heard = tunnel.receive_message(now, response(&id_of(&parts[1]), 200)).unwrap();
    assert_eq!(heard.as_deref(), Some(response("d93k", 200).as_bytes()));
}

#[test]
fn a_part_without_an_answer_leaves_its_chunk_without_one() {
    let now = Instant::now();
    let mut tunnel = tunnel(MIN);
    let parts = all_messages(&mut tunnel, now, &send("d93k", "", &octets(5_000), '$'));
    for part in &parts[1..] {
        assert_eq!(tunnel.receive_message(now, response(&id_of(part), 200)), Ok(None));
    }
    let deadline = tunnel.poll_timeout().unwrap();
    assert!(deadline >= now + Duration::from_secs(30));
    tunnel.handle_timeout(deadline);
    assert_eq!(tunnel.poll_timeout(), None);
}

#[test]
fn nor_does_one_that_comes_to_its_end_later() {
    let now = Instant::now();
    let mut tunnel = tunnel(MIN);
    let stream = send("d93k", "", &octets(9_000), '$');
    let mut input = BytesMut::from(&stream[..2_500]);
    assert_eq!(messages(&mut tunnel, now, &mut input).len(), 1);
    let later = tunnel.poll_timeout().unwrap();
    input.extend_from_slice(&stream[2_500..]);
    let parts = messages(&mut tunnel, later, &mut input);
    assert!(parts.len() > 1);
    for part in &parts {
        assert_eq!(tunnel.receive_message(later, response(&id_of(part), 200)), Ok(None));
    }
    assert_eq!(tunnel.poll_timeout(), None);
}

#[test]
fn a_chunk_is_not_answered_before_its_end() {
    let now = Instant::now();
    let mut tunnel = tunnel(MIN);
    let stream = send("d93k", "", &octets(5_000), '+');
    let mut input = BytesMut::from(&stream[..4_500]);
    for part in messages(&mut tunnel, now, &mut input) {
        assert_eq!(tunnel.receive_message(now, response(&id_of(&part), 200)), Ok(None));
    }
    input.extend_from_slice(&stream[4_500..]);
    let parts = messages(&mut tunnel, now, &mut input);
    let heard = tunnel.receive_message(now, response(&id_of(parts.last().unwrap()), 200)).unwrap();
    assert_eq!(heard.as_deref(), Some(response("d93k", 200).as_bytes()));
}

/// If a chunk has more octets than its total, each part still has a valid range.
#[test]
fn a_wrong_total_makes_no_malformed_part() {
    let now = Instant::now();
    let stream = send("d93k", "Byte-Range: 1-10/10\r\n", &octets(5_000), '$');
    let parts = all_messages(&mut tunnel(MIN), now, &stream);
    let bodies: Vec<Vec<u8>> = parts.iter().map(|part| whole(part).body).collect();
    assert_eq!(bodies.concat(), octets(5_000));
}

#[test]
fn so_many_parts_without_an_answer_hold_the_stream_up() {
    let now = Instant::now();
    let mut tunnel = tunnel(MIN);
    let stream = send("d93k", "", &octets(8 << 20), '$');
    let mut input = BytesMut::from(&stream[..]);
    let first = messages(&mut tunnel, now, &mut input);
    assert_eq!(first.len(), 4096);
    assert!(!tunnel.wants_stream());
    tunnel.receive_message(now, response(&id_of(&first[0]), 200)).unwrap();
    let second = messages(&mut tunnel, now, &mut input);
    assert_eq!(second.len(), 1);
    tunnel.handle_timeout(tunnel.poll_timeout().unwrap());
    let third = messages(&mut tunnel, now, &mut input);
    assert!(third.len() > 100 && input.is_empty());
    let bodies: Vec<Vec<u8>> =
        [first, second, third].concat().iter().map(|part| whole(part).body).collect();
    assert_eq!(bodies.concat(), octets(8 << 20));
}

#[test]
fn parts_that_nobody_answers_hold_nothing_up() {
    let now = Instant::now();
    let mut tunnel = tunnel(MIN);
    let stream = send("d93k", "Failure-Report: no\r\n", &octets(16 << 20), '$');
    let parts = all_messages(&mut tunnel, now, &stream);
    assert!(parts.len() > 8192);
    assert!(tunnel.wants_stream());
}

#[test]
fn what_is_no_chunk_is_not_cut() {
    let now = Instant::now();
    let report = |id: &str, len: usize| {
        let text = "r".repeat(len);
        format!(
            "MSRP {id} REPORT\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\nMessage-ID: 1234\r\n\
             Status: 000 200 {text}\r\n-------{id}$\r\n"
        )
    };
    let fits = MIN - report("d93k", 0).len();
    let passed = all_messages(&mut tunnel(MIN), now, report("d93k", fits).as_bytes());
    assert_eq!(passed, [report("d93k", fits)]);

    let too_large = [
        report("d93k", fits + 1).into_bytes(),
        // Malformed in intact framing: the peer can respond if it fits.
        send("d93k", "Byte-Range: 0-1/2\r\n", &octets(4_000), '$'),
        // No room for a body after the head.
        send("d93k", &format!("X-Long: {}\r\n", "x".repeat(1_700)), &octets(4_000), '$'),
    ];
    for stream in too_large {
        let mut tunnel = tunnel(MIN);
        let mut input = BytesMut::from(&stream[..]);
        let expected = Err(TunnelError::TooLarge { max: MIN });
        assert_eq!(tunnel.receive_stream(now, &mut input), expected);
        assert_eq!(tunnel.poll_message(), None);
        assert_eq!(tunnel.receive_stream(now, &mut input), expected);
        assert!(!tunnel.wants_stream());
    }
}

// req: 7977-5.1-3, 7977-4.1-3
#[test]
fn a_message_is_one_frame_or_the_end() {
    let now = Instant::now();
    let one = send("d93k", "", b"Hi", '$');
    let passed = tunnel(MIN).receive_message(now, one.clone()).unwrap();
    assert_eq!(passed.as_deref(), Some(&one[..]));
    let wrong: [(Vec<u8>, DecodeError); 2] = [
        (one.repeat(2), DecodeError::Trailing),
        (one[..one.len() - 1].to_vec(), DecodeError::Truncated),
    ];
    for (message, error) in wrong {
        let mut tunnel = tunnel(MIN);
        let expected = Err(TunnelError::Decode(error));
        assert_eq!(tunnel.receive_message(now, message), expected);
        assert_eq!(tunnel.receive_message(now, one.clone()), expected);
    }
}

#[test]
fn a_stream_that_ends_within_a_chunk_is_told() {
    let now = Instant::now();
    let mut tunnel = tunnel(MIN);
    let stream = send("d93k", "", b"Hi", '$');
    all_messages(&mut tunnel, now, &stream[..stream.len() - 9]);
    assert_eq!(tunnel.receive_stream_eof(), Err(DecodeError::Truncated.into()));
}
