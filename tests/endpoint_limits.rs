//! What a peer, a slow transport and a slow application can make a connection
//! hold. Nothing is lost at the limits.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use bytes::BytesMut;
use common::wire::{Lone, Raw, filler, frames, words};
use common::{ALICE, BOB, Seeded, alice_opens, bob_expects, path};
use msrp::wire::{DecodeError, ParseErrorKind};
use msrp::{
    Config, ConnectionError, Event, Limits, MessageKey, Outcome, OutgoingMessage, ReceiveMode,
    SendError, SessionConfig,
};

fn limited(set: impl FnOnce(&mut Limits)) -> Config {
    let mut config = Config::default();
    set(&mut config.limits);
    config
}

fn streamed(alice: &mut Lone, total: Option<u64>) -> MessageKey {
    let message = OutgoingMessage::streamed("video/mp4".parse().unwrap(), total);
    alice.side.connection.send(alice.session, message).unwrap()
}

/// Many short messages in one buffer, and their texts.
fn flood(count: usize) -> (Vec<u8>, Vec<String>) {
    let texts: Vec<String> = (0..count).map(|n| format!("message {n}")).collect();
    let octets = texts
        .iter()
        .enumerate()
        .flat_map(|(n, text)| {
            Raw::chunk(&format!("tid{n}"), &format!("mid{n}"), "", text, '$').octets()
        })
        .collect();
    (octets, texts)
}

/// Reads `input` to its end, taking one event or one transmit whenever the
/// connection does not want to read. Returns the events and the octets sent.
fn read_slowly(bob: &mut Lone, input: &[u8], take_events: bool) -> (Vec<Event>, Vec<u8>, usize) {
    let mut input = BytesMut::from(input);
    let (mut events, mut sent, mut pauses) = (Vec::new(), Vec::new(), 0);
    while !input.is_empty() {
        bob.side.connection.receive(bob.now, &mut input).unwrap();
        if !bob.side.connection.wants_read() {
            pauses += 1;
            let before = input.len();
            bob.side.connection.receive(bob.now, &mut input).unwrap();
            assert_eq!(input.len(), before, "nothing is taken meanwhile");
            if take_events {
                events.extend(bob.side.connection.poll_event());
            } else {
                sent.extend(bob.poll());
            }
        } else {
            assert!(input.is_empty());
        }
    }
    while let Some(event) = bob.side.connection.poll_event() {
        events.push(event);
    }
    sent.extend(bob.side.drain(bob.now));
    events.splice(0..0, std::mem::take(&mut bob.side.events));
    (events, sent, pauses)
}

fn texts_of(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Message { body, .. } => Some(String::from_utf8_lossy(body).into_owned()),
            _ => None,
        })
        .collect()
}

#[test]
fn reading_stops_while_events_are_not_taken_and_resumes_without_loss() {
    for config in [
        limited(|limits| limits.events = 3),
        limited(|limits| limits.event_octets = 20),
        limited(|limits| limits.events = 0),
        limited(|limits| limits.event_octets = 0),
    ] {
        let mut bob = Lone::bob_with(config, bob_expects());
        let (octets, texts) = flood(30);
        let (events, sent, pauses) = read_slowly(&mut bob, &octets, true);
        assert!(pauses > 5, "{pauses}");
        assert_eq!(texts_of(&events), texts);
        assert_eq!(frames(&sent).len(), 30);
    }
}

#[test]
fn reading_stops_while_responses_are_not_read_and_resumes_without_loss() {
    let mut bob = Lone::bob_with(limited(|limits| limits.control_octets = 500), bob_expects());
    let (octets, texts) = flood(30);
    let (events, sent, pauses) = read_slowly(&mut bob, &octets, false);
    assert!(pauses > 2, "{pauses}");
    assert_eq!(texts_of(&events), texts);
    let ids: Vec<_> = frames(&sent).into_iter().map(|frame| frame.id).collect();
    assert_eq!(ids, (0..30).map(|n| format!("tid{n}")).collect::<Vec<_>>());
}

#[test]
fn pieces_that_are_not_taken_stop_a_large_chunk() {
    let config = limited(|limits| limits.event_octets = 10_000);
    let session = bob_expects().receive(ReceiveMode::Pieces);
    let mut bob = Lone::bob_with(config, session);
    let chunk =
        Raw::send("tid.1").message("mid1").range("1-*/*").body("video/mp4", &filler(100_000));
    let (mut got, mut input) = (Vec::new(), BytesMut::new());
    let octets = chunk.octets();
    for part in octets.chunks(1000) {
        input.extend_from_slice(part);
        bob.side.connection.receive(bob.now, &mut input).unwrap();
        if !bob.side.connection.wants_read() {
            let mut held = 0;
            while let Some(event) = bob.side.connection.poll_event() {
                // The entry of an event counts, too.
                held += 512;
                if let Event::Piece { data, .. } = event {
                    held += data.len();
                    got.extend_from_slice(&data);
                }
            }
            assert!((10_001..=11_600).contains(&held), "{held}");
        }
    }
    bob.side.connection.receive(bob.now, &mut input).unwrap();
    while let Some(event) = bob.side.connection.poll_event() {
        if let Event::Piece { data, .. } = event {
            got.extend_from_slice(&data);
        }
    }
    assert!(got == filler(100_000));
}

#[test]
fn so_many_requests_wait_for_responses_as_the_limit_says() {
    let mut alice = Lone::alice_with(limited(|limits| limits.transactions = 3), alice_opens());
    for n in 0..10 {
        alice.side.connection.send(alice.session, OutgoingMessage::text(format!("{n}"))).unwrap();
    }
    let first = alice.drain();
    assert_eq!(first.len(), 3);
    assert!(!alice.side.connection.is_flushed());
    alice.answer(&first[1], "200 OK");
    let next = alice.drain();
    assert_eq!((next.len(), next[0].body.clone().unwrap()), (1, b"3".to_vec()));
    // A response of this side does not wait for that.
    let sent = alice.give(&Raw::new("FOO", "foo1").to(ALICE).from(BOB).octets());
    assert_eq!(words(&sent), ["501"]);
    // The others time out and make room.
    alice.advance(std::time::Duration::from_secs(30));
    assert_eq!(alice.drain().len(), 3);
    assert_eq!(alice.side.outcomes().len(), 4);
}

#[test]
fn so_many_messages_have_no_outcome_as_the_limit_says() {
    let mut alice = Lone::alice_with(limited(|limits| limits.outgoing_messages = 2), alice_opens());
    let session = alice.session;
    for _ in 0..2 {
        alice.side.connection.send(session, OutgoingMessage::text("x")).unwrap();
    }
    let error = alice.side.connection.send(session, OutgoingMessage::text("x"));
    assert_eq!(error, Err(SendError::TooManyMessages { max: 2 }));
    let sent = alice.drain();
    let error = alice.side.connection.send(session, OutgoingMessage::text("x"));
    assert_eq!(error, Err(SendError::TooManyMessages { max: 2 }));
    alice.answer(&sent[0], "200 OK");
    alice.side.connection.send(session, OutgoingMessage::text("x")).unwrap();
}

#[test]
fn a_header_field_that_cannot_be_written_is_refused() {
    let mut alice = Lone::alice();
    for (name, value) in [
        ("X-Foo", "a\r\nTo-Path: msrp://evil.example:1/x;tcp"),
        ("X Foo", "a"),
        ("To-Path", BOB),
        ("Message-ID", "other"),
        ("Content-Type", "text/html"),
    ] {
        let message = OutgoingMessage::text("x").header(name, value);
        let error = alice.side.connection.send(alice.session, message);
        assert!(matches!(error, Err(SendError::Header(_))), "{name}: {error:?}");
    }
    assert_eq!(alice.drain(), []);
    assert!(alice.side.connection.is_flushed());
}

#[test]
fn a_body_writer_takes_what_there_is_room_for() {
    let mut config = limited(|limits| limits.body_writer_octets = 1000);
    config.transmit_octets = 600;
    let mut alice = Lone::alice_with(config, alice_opens());
    let key = streamed(&mut alice, Some(3000));
    let mut writer = alice.side.connection.body(key).unwrap();
    assert_eq!(writer.room(), 1000);
    writer.write(filler(700)).unwrap();
    assert_eq!(writer.room(), 300);
    assert_eq!(writer.write(filler(301)), Err(SendError::Full { room: 300 }));
    assert_eq!(writer.room(), 300);
    writer.write(filler(300)).unwrap();
    assert_eq!(writer.write(filler(1)), Err(SendError::Full { room: 0 }));
    // One event announces room, and there is room then.
    alice.side.drain(alice.now);
    let events = alice.events();
    assert_eq!(events, [Event::BodyRoom { message: key }]);
    // The last octet waits until it is known whether more follow.
    assert_eq!(alice.side.connection.body(key).unwrap().room(), 999);
    alice.side.connection.body(key).unwrap().write(filler(999)).unwrap();
    let writer = alice.side.connection.body(key).unwrap();
    assert_eq!(writer.finish(), Err(SendError::Short { missing: 3000 - 1999 }));
    alice.side.drain(alice.now);
    let mut writer = alice.side.connection.body(key).unwrap();
    writer.write(filler(999)).unwrap();
    alice.side.drain(alice.now);
    let mut writer = alice.side.connection.body(key).unwrap();
    assert_eq!(writer.write(filler(3)), Err(SendError::BeyondTotal { total: 3000 }));
    writer.write(filler(2)).unwrap();
    writer.finish().unwrap();
    assert!(alice.side.connection.body(key).is_err());
    alice.side.drain(alice.now);
    let sent = frames(&alice.side.sent);
    assert_eq!(sent.last().unwrap().len(), 3000);
    assert_eq!(sent.last().unwrap().short(), "SEND 1-*/3000$");
}

#[test]
fn an_event_announces_once_that_a_body_writer_has_run_empty() {
    let mut alice =
        Lone::alice_with(limited(|limits| limits.body_writer_octets = 1000), alice_opens());
    let key = streamed(&mut alice, None);
    for _ in 0..10 {
        alice.side.connection.body(key).unwrap().write(filler(300)).unwrap();
        alice.side.drain(alice.now);
        assert_eq!(alice.events(), [Event::BodyRoom { message: key }]);
        alice.side.drain(alice.now);
        assert_eq!(alice.events(), []);
    }
}

#[test]
fn no_event_announces_room_to_a_writer_that_has_finished() {
    let mut config = limited(|limits| limits.body_writer_octets = 10_000);
    config.transmit_octets = 1500;
    let mut alice = Lone::alice_with(config, alice_opens());
    let key = streamed(&mut alice, None);
    let mut writer = alice.side.connection.body(key).unwrap();
    writer.write(filler(9000)).unwrap();
    writer.finish().unwrap();
    alice.side.drain(alice.now);
    assert_eq!(alice.events(), []);
}

// req: 4975-8.6-12
#[test]
fn a_body_writer_takes_no_more_than_the_peer_does() {
    let mut alice = Lone::alice_with(Config::default(), alice_opens().peer_max_size(10));
    let key = streamed(&mut alice, None);
    let mut writer = alice.side.connection.body(key).unwrap();
    writer.write(filler(10)).unwrap();
    assert_eq!(writer.write(filler(1)), Err(SendError::TooLarge { max: 10 }));
    writer.finish().unwrap();
    assert_eq!(alice.drain()[0].short(), "SEND 1-10/10$");
}

#[test]
fn a_message_that_has_its_outcome_has_no_writer() {
    let mut alice = Lone::alice();
    let key = streamed(&mut alice, None);
    assert!(alice.side.connection.abort(key).is_ok());
    assert!(alice.side.connection.body(key).is_err());
    let whole = alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
    assert!(alice.side.connection.body(whole).is_err());
}

#[test]
fn a_head_beyond_the_limit_ends_the_connection() {
    let mut config = Config::default();
    config.parse.head_octets = 300;
    let mut bob = Lone::bob_with(config, bob_expects());
    let long = Raw::chunk("tid.1", "mid1", "", "Hi", '$').header("X-Foo", &"y".repeat(300));
    let mut input = BytesMut::from(&long.octets()[..]);
    let error = bob.side.connection.receive(bob.now, &mut input).unwrap_err();
    let ConnectionError::Decode(DecodeError::Head(error)) = error else { panic!("{error:?}") };
    assert_eq!(error.kind(), ParseErrorKind::HeadTooLong { limit: 300 });
    assert!(bob.side.connection.is_closed());
    assert_eq!(bob.drain(), []);
}

#[test]
fn more_header_fields_or_uris_than_the_limit_are_refused_with_400() {
    let mut config = Config::default();
    (config.parse.headers, config.parse.path_uris) = (6, 2);
    let mut bob = Lone::bob_with(config, bob_expects());
    let many = Raw::chunk("tid.1", "mid1", "", "Hi", '$')
        .header("X-1", "")
        .header("X-2", "")
        .header("X-3", "");
    assert_eq!(words(&bob.give(&many.octets())), ["400"]);
    let far = format!("msrp://r.example:1/1;tcp msrp://r.example:1/2;tcp {ALICE}");
    let sent = bob.give(&Raw::chunk("tid.2", "mid1", "", "Hi", '$').from(&far).octets());
    assert!(sent.is_empty() || words(&sent) == ["400"], "{sent:?}");
    assert_eq!(words(&bob.give(&Raw::chunk("tid.3", "mid1", "", "Hi", '$').octets())), ["200"]);
    assert_eq!(texts_of(&bob.events()), ["Hi"]);
}

/// A message has one outcome, whatever the two sides do.
#[test]
fn each_message_has_one_outcome() {
    for seed in 0..100 {
        let mut random = Seeded(seed);
        let mut config = limited(|limits| limits.transactions = 4);
        (config.transmit_octets, config.turn_octets) = (700, 2048);
        let mut alice = Lone::alice_with(config, alice_opens());
        let other = SessionConfig::new(
            "msrp://alice.example:1/2;tcp".parse().unwrap(),
            path("msrp://bob.example:1/2;tcp"),
        );
        let sessions = [alice.session, alice.side.connection.open(other).unwrap()];
        let (mut keys, mut outcomes, mut stream) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..80 {
            let session = sessions[random.below(2) as usize];
            match random.below(9) {
                0..=2 => {
                    let body = filler(random.below(6000) as usize);
                    let message = OutgoingMessage::new("a/b".parse().unwrap(), body)
                        .success_report(random.below(3) == 0);
                    keys.extend(alice.side.connection.send(session, message));
                }
                3..=5 => stream.extend(alice.poll()),
                6 => {
                    let (sent, _) = common::wire::frames_and_rest(&stream);
                    if !sent.is_empty() {
                        let frame = &sent[random.below(sent.len() as u64) as usize];
                        let status =
                            ["200 OK", "413 Stop", "200 OK", "408 Late"][random.below(4) as usize];
                        alice.answer(frame, status);
                    }
                }
                7 if !keys.is_empty() => {
                    let key = keys[random.below(keys.len() as u64) as usize];
                    let _ = alice.side.connection.abort(key);
                }
                _ => alice.advance(std::time::Duration::from_millis(random.below(20_000))),
            }
        }
        match random.below(3) {
            0 => alice.side.connection.close(),
            1 => alice.side.connection.receive_eof(),
            _ => sessions.iter().for_each(|session| {
                let _ = alice.side.connection.close_session(*session);
            }),
        }
        for event in alice.events() {
            if let Event::Finished(outcome) = event {
                outcomes.push(outcome.message);
                assert_ne!(outcome.outcome, Outcome::Delivered);
            }
        }
        stream.extend(alice.side.drain(alice.now));
        outcomes.sort_unstable();
        assert_eq!(outcomes, keys, "seed {seed}");
        let (sent, rest) = common::wire::frames_and_rest(&stream);
        assert!(rest.is_empty() || alice.side.connection.is_closed(), "seed {seed}");
        assert!(sent.iter().all(|frame| frame.len() >= 2048 || frame.flag != '+'), "seed {seed}");
    }
}
