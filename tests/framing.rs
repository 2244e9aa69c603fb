//! Message transports: each message is one frame, in both directions.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;
#[path = "common/whole.rs"]
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use common::{Pair, Side, alice_opens, bob_expects};
use msrp::wire::{Continuation, DecodeError, Method};
use msrp::{
    Bind, Config, Connection, ConnectionEnd, ConnectionError, Event, Framing, Outcome,
    OutgoingMessage, Random, ReceiveMode, Role, SendError, Tolerances,
};
use proptest::prelude::*;
use wire::whole;

fn messages(side: &mut Side, now: Instant) -> Vec<Bytes> {
    let mut messages = Vec::new();
    while let Some(mut transmit) = side.connection.poll_transmit(now) {
        messages.push(transmit.copy_to_bytes(transmit.remaining()));
    }
    side.take_events();
    messages
}

/// Carries messages both ways and returns those of each side.
fn settle(pair: &mut Pair) -> (Vec<Bytes>, Vec<Bytes>) {
    let (mut from_alice, mut from_bob) = (Vec::new(), Vec::new());
    loop {
        let to_bob = messages(&mut pair.alice, pair.now);
        for message in &to_bob {
            pair.bob.connection.receive_message(pair.now, message.clone()).unwrap();
            pair.bob.take_events();
        }
        let to_alice = messages(&mut pair.bob, pair.now);
        for message in &to_alice {
            pair.alice.connection.receive_message(pair.now, message.clone()).unwrap();
            pair.alice.take_events();
        }
        if to_bob.is_empty() && to_alice.is_empty() {
            return (from_alice, from_bob);
        }
        from_alice.extend(to_bob);
        from_bob.extend(to_alice);
    }
}

fn framed(max_octets: usize) -> Config {
    let mut config = Config::default();
    config.framing = Framing::Message { max_octets };
    config
}

fn opened(max_octets: usize) -> (Pair, msrp::SessionKey) {
    let mut pair = Pair::with(
        framed(max_octets),
        framed(max_octets),
        bob_expects().max_size(u64::MAX).receive(ReceiveMode::Pieces),
    );
    let session = pair.alice.connection.open(alice_opens()).unwrap();
    settle(&mut pair);
    pair.alice.events();
    pair.bob.events();
    (pair, session)
}

fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n % 251) as u8).collect()
}

fn binary(body: Vec<u8>) -> OutgoingMessage {
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), body)
}

/// The octets that Bob has received, in order.
fn received(events: &[Event], len: usize) -> Vec<u8> {
    let mut body = vec![0; len];
    for event in events {
        if let Event::Piece { offset, data, .. } = event {
            let at = *offset as usize;
            body[at..at + data.len()].copy_from_slice(data);
        }
    }
    body
}

fn completed(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::MessageCompleted { .. })).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // req: 7977-5.1-3, 8873-5.4-1, 8873-5.5-1, 4975-7.1.1-15, 4975-7.1.1-22, 4975-7.1.1-26
    #[test]
    fn every_transmit_is_one_frame_that_fits(
        sizes in prop::collection::vec(0usize..40_000, 1..5),
        max in 0usize..20_000,
        success_report: bool,
    ) {
        let (mut pair, session) = opened(max);
        let max = max.max(Framing::MIN_MESSAGE);
        let mut keys = Vec::new();
        for size in &sizes {
            let message = binary(octets(*size)).success_report(success_report);
            keys.push(pair.alice.connection.send(session, message).unwrap());
        }
        let (from_alice, from_bob) = settle(&mut pair);
        let mut sends = 0;
        for message in from_alice.iter().chain(&from_bob) {
            prop_assert!(message.len() <= max, "{} octets of {max}", message.len());
            let frame = whole(message);
            if frame.head.view().method() != Some(Method::Send) {
                continue;
            }
            sends += 1;
            let range = frame.head.view().byte_range().unwrap().to_string();
            prop_assert_eq!(range.contains("-*/"), frame.body.len() > 2048, "{}", range);
            if frame.flag == Continuation::More && max >= 4096 {
                prop_assert!(frame.body.len() >= 2048, "a chunk of {} octets", frame.body.len());
            }
        }
        let outcomes = pair.alice.outcomes();
        prop_assert_eq!(outcomes.len(), keys.len());
        let mut chunks = 0;
        for outcome in &outcomes {
            chunks += outcome.chunks;
            let right = if success_report { Outcome::Delivered } else { Outcome::Accepted };
            prop_assert_eq!(outcome.outcome, right);
        }
        prop_assert_eq!(sends, chunks);
        let mut got: Vec<usize> = pair.bob.events().iter().filter_map(|event| match event {
            Event::MessageCompleted { total, .. } => Some(*total as usize),
            _ => None,
        }).collect();
        let mut sent = sizes;
        got.sort_unstable();
        sent.sort_unstable();
        prop_assert_eq!(got, sent);
    }

    // req: 7977-5.1-3, 4975-7.1.1-26
    #[test]
    fn a_streamed_body_arrives_as_it_was_written(
        pieces in prop::collection::vec(1usize..5_000, 1..30),
        max in 2048usize..20_000,
        room in 2usize..20_000,
    ) {
        let mut config = framed(max);
        config.limits.body_writer_octets = room;
        let mut pair = Pair::with(
            config,
            framed(max),
            bob_expects().max_size(u64::MAX).receive(ReceiveMode::Pieces),
        );
        let session = pair.open_framed();
        let body = octets(pieces.iter().sum());
        let message =
            OutgoingMessage::streamed("application/octet-stream".parse().unwrap(), None);
        let key = pair.alice.connection.send(session, message).unwrap();
        let mut rest = Bytes::from(body.clone());
        let mut sizes = pieces.into_iter();
        let mut wanted = 0;
        while !rest.is_empty() {
            if wanted == 0 {
                wanted = sizes.next().unwrap();
            }
            let mut writer = pair.alice.connection.body(key).unwrap();
            let len = writer.room().min(wanted).min(rest.len());
            prop_assert!(len > 0, "the writer has no room and nothing leaves");
            writer.write(rest.split_to(len)).unwrap();
            wanted -= len;
            for message in settle(&mut pair).0 {
                prop_assert!(message.len() <= max);
                let frame = whole(&message);
                prop_assert_eq!(frame.flag, Continuation::More);
                prop_assert!(frame.body.len() >= 2048.min(max / 2).min(room / 2));
            }
        }
        pair.alice.connection.body(key).unwrap().finish().unwrap();
        settle(&mut pair);
        let events = pair.bob.events();
        prop_assert_eq!(completed(&events), 1);
        prop_assert_eq!(received(&events, body.len()), body);
        prop_assert_eq!(pair.alice.outcomes()[0].outcome, Outcome::Accepted);
    }

    // req: 7977-5.1-3, 7977-4.1-3
    #[test]
    fn anything_but_one_frame_ends_the_connection(cut in 1usize..200, twice: bool) {
        let (mut pair, session) = opened(4096);
        pair.alice.connection.send(session, OutgoingMessage::text("one chunk of a few words")).unwrap();
        let message = messages(&mut pair.alice, pair.now).remove(0);
        let wrong = if twice {
            [&message[..], &message[..]].concat()
        } else {
            message[..cut.min(message.len() - 1)].to_vec()
        };
        let error = pair.bob.connection.receive_message(pair.now, wrong).unwrap_err();
        let expected = if twice { DecodeError::Trailing } else { DecodeError::Truncated };
        prop_assert_eq!(&error, &ConnectionError::Decode(expected.clone()));
        let events = pair.bob.events();
        prop_assert_eq!(completed(&events), 0);
        prop_assert_eq!(events.last(), Some(&Event::Closed(ConnectionEnd::Failed(expected))));
        let again = pair.bob.connection.receive_message(pair.now, message);
        prop_assert_eq!(again, Err(ConnectionError::Closed));
    }
}

trait OpenFramed {
    fn open_framed(&mut self) -> msrp::SessionKey;
}

impl OpenFramed for Pair {
    fn open_framed(&mut self) -> msrp::SessionKey {
        let session = self.alice.connection.open(alice_opens()).unwrap();
        settle(self);
        self.alice.events();
        self.bob.events();
        session
    }
}

// req: 7977-4.1-3
#[test]
fn what_is_not_msrp_ends_the_connection() {
    let (mut pair, _) = opened(4096);
    let error = pair.bob.connection.receive_message(pair.now, "{\"hello\":1}").unwrap_err();
    assert!(matches!(error, ConnectionError::Decode(DecodeError::Head(_))), "{error:?}");
}

// req: 7977-4.2-2
#[test]
fn octets_that_are_not_utf8_pass_as_they_are() {
    let (mut pair, session) = opened(4096);
    let body = vec![0xC3, 0x28, 0x00, 0xFF, b'\r', b'\n'];
    pair.alice.connection.send(session, binary(body.clone())).unwrap();
    settle(&mut pair);
    assert_eq!(received(&pair.bob.events(), body.len()), body);
}

// req: 7977-6-2, 7977-6-3, 8873-5.2-1
#[test]
fn a_bodiless_send_opens_the_session_and_keeps_it_alive() {
    let mut config = framed(4096);
    config.keep_alive = Some(Duration::from_secs(60));
    let mut pair = Pair::with(config, framed(4096), bob_expects());
    pair.alice.connection.open(alice_opens()).unwrap();
    let (from_alice, from_bob) = settle(&mut pair);
    assert_eq!((from_alice.len(), from_bob.len()), (1, 1));
    assert!(whole(&from_alice[0]).body.is_empty());
    pair.advance(Duration::from_secs(61));
    let (from_alice, from_bob) = settle(&mut pair);
    assert_eq!((from_alice.len(), from_bob.len()), (1, 1));
    assert!(String::from_utf8_lossy(&from_bob[0]).contains(" 200 "));
}

#[test]
fn the_deadline_of_a_control_request_starts_when_it_leaves() {
    let mut pair = Pair::with(framed(4096), framed(4096), bob_expects());
    for name in ["one", "two"] {
        let local = format!("msrp://alice.example:7654/{name}aaaaaaaaaaaa;tcp").parse().unwrap();
        let session = msrp::SessionConfig::new(local, common::path(common::BOB));
        pair.alice.connection.open(session).unwrap();
    }
    assert!(pair.alice.connection.poll_transmit(pair.now).is_some());
    assert!(pair.alice.connection.poll_transmit(pair.now).is_some());
    pair.now += Duration::from_secs(5);
    // The second is known to be written only now.
    assert!(pair.alice.connection.poll_transmit(pair.now).is_none());
    pair.advance(Duration::from_secs(25));
    let closed = |side: &mut Side| {
        side.events().iter().filter(|event| matches!(event, Event::SessionClosed { .. })).count()
    };
    assert_eq!(closed(&mut pair.alice), 1);
    pair.advance(Duration::from_secs(5));
    assert_eq!(closed(&mut pair.alice), 1);
}

/// A source that always gives the same octets.
struct Stuck;

impl Random for Stuck {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        octets.fill(0);
        Ok(())
    }
}

// req: 4975-7.1-3
#[test]
fn an_id_that_occurs_in_a_chunk_does_not_frame_it() {
    let now = Instant::now();
    let mut alice = Connection::new(Arc::new(framed(4096)), Role::Active, Stuck, now).unwrap();
    let session = alice.open(alice_opens().bind(Bind::FirstMessage)).unwrap();
    let decoy = b"\r\n-------aaaaaaaaaaaaaaaaaaaa$\r\n";
    let body = [&octets(1_000)[..], decoy, &octets(8_000)].concat();
    alice.send(session, binary(body.clone())).unwrap();
    let mut got = Vec::new();
    while let Some(mut transmit) = alice.poll_transmit(now) {
        got.extend(whole(&transmit.copy_to_bytes(transmit.remaining())).body);
    }
    assert_eq!(got, body);
}

#[test]
fn messages_take_turns_chunk_by_chunk() {
    let (mut pair, session) = opened(4096);
    for _ in 0..2 {
        pair.alice.connection.send(session, binary(octets(20_000))).unwrap();
    }
    let from_alice = messages(&mut pair.alice, pair.now);
    let text = |message: &Bytes| {
        let text = String::from_utf8_lossy(message).into_owned();
        text.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned()
    };
    for pair in from_alice.windows(2).take(6) {
        assert_ne!(text(&pair[0]), text(&pair[1]));
    }
}

#[test]
fn an_aborted_message_is_told_in_a_chunk_of_its_own() {
    let (mut pair, session) = opened(4096);
    let key = pair.alice.connection.send(session, binary(octets(20_000))).unwrap();
    let mut first = pair.alice.connection.poll_transmit(pair.now).unwrap();
    let first = first.copy_to_bytes(first.remaining());
    assert_eq!(whole(&first).flag, Continuation::More);
    assert!(pair.alice.connection.abort(key).is_ok());
    let rest = messages(&mut pair.alice, pair.now);
    assert_eq!(rest.len(), 1);
    assert_eq!(whole(&rest[0]).flag, Continuation::Aborted);
}

#[test]
fn a_head_without_room_for_a_body_is_refused() {
    let (mut pair, session) = opened(2048);
    let message = OutgoingMessage::text("words").header("X-Long", "y".repeat(2000));
    let refused = pair.alice.connection.send(session, message);
    assert_eq!(refused, Err(SendError::HeadTooLong { max: 2048 }));
    let message = OutgoingMessage::text("words".repeat(100)).header("X-Long", "y".repeat(1400));
    pair.alice.connection.send(session, message).unwrap();
    let (from_alice, _) = settle(&mut pair);
    assert!(from_alice.len() > 1 && from_alice.iter().all(|message| message.len() <= 2048));
    assert_eq!(pair.alice.outcomes()[0].outcome, Outcome::Accepted);
}

#[test]
fn blank_messages_pass_only_where_they_are_tolerated() {
    let (mut pair, _) = opened(4096);
    for blank in ["", "\r\n", "\r\n\r\n"] {
        pair.bob.connection.receive_message(pair.now, blank).unwrap();
    }
    let mut strict = framed(4096);
    strict.parse.tolerances = Tolerances::none();
    let mut pair = Pair::with(strict.clone(), strict, bob_expects());
    assert!(pair.bob.connection.receive_message(pair.now, "").is_err());
    assert!(pair.bob.connection.is_closed());
}

// The queue for a peer has the same limit with both framings.
#[test]
fn a_peer_that_reads_nothing_is_given_up_in_either_framing() {
    let request = "MSRP tid.1 SEND\r\n\
        To-Path: msrp://bob.example:2855/unknown;tcp\r\n\
        From-Path: msrp://alice.example:2855/s;tcp\r\n\
        Message-ID: mid1\r\n-------tid.1$\r\n";
    for framing in [Framing::Stream, Framing::Message { max_octets: 2048 }] {
        let mut config = Config::default();
        config.framing = framing;
        config.limits.control_octets = 0;
        let timeout = config.transaction_timeout;
        let now = Instant::now();
        let mut bob = Side::new(config, Role::Passive, 1, now);
        match framing {
            Framing::Stream => bob.feed(now, request.as_bytes()),
            _ => bob.connection.receive_message(now, request).unwrap(),
        }
        assert!(!bob.connection.wants_read());
        assert_eq!(bob.connection.poll_timeout(), Some(now + timeout), "{framing:?}");
        bob.connection.handle_timeout(now + timeout);
        assert_eq!(bob.events().last(), Some(&Event::Closed(ConnectionEnd::Stalled)));
    }
}
