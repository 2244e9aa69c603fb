//! What a receiver refuses, and what it owes to a message that it has refused, dropped
//! or not answered yet.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Duration;

use common::wire::{Lone, Raw, words};
use common::{Side, bob_expects, failures};
use msrp::{
    Config, Event, FailReason, IncomingKey, MediaTypes, ReceiveMode, ResponseMode, Role,
    SessionConfig, StatusCode,
};

const SECOND: Duration = Duration::from_secs(1);

/// The first chunk of a message that has more.
fn begun(id: &str) -> Raw {
    Raw::chunk("t.one", id, "1-*/*", "abc", '+')
}

/// The end of a message whose octets have come before.
fn end(id: &str, range: &str, flag: char) -> Raw {
    Raw::send("t.end").message(id).range(range).flag(flag)
}

// A message that failed between two chunks.

#[test]
fn the_end_of_a_message_that_timed_out_is_refused() {
    for (range, flag) in [("4-3/3", '$'), ("4-3/*", '+'), ("4-*/*", '$'), ("1-0/3", '$')] {
        let mut bob = Lone::bob();
        bob.give(&begun("late").octets());
        bob.advance(120 * SECOND);
        assert_eq!(failures(&bob.events()), [FailReason::TimedOut]);
        bob.drain();
        for _ in 0..2 {
            let sent = bob.give(&end("late", range, flag).octets());
            assert_eq!(words(&sent), ["408"], "{range} {flag}");
        }
        assert!(bob.events().is_empty());
    }
}

#[test]
fn the_end_of_a_message_that_made_way_is_refused() {
    let mut config = Config::default();
    config.limits.incoming_messages = 1;
    let mut bob = Lone::bob_with(config, bob_expects());
    bob.give(&begun("first").octets());
    bob.give(&begun("second").octets());
    assert_eq!(failures(&bob.events()), [FailReason::Evicted]);
    assert_eq!(words(&bob.give(&end("first", "4-3/3", '$').octets())), ["413"]);
    assert_eq!(words(&bob.give(&end("second", "4-3/3", '$').octets())), ["200"]);
    assert!(matches!(bob.events()[..], [Event::Message { .. }]));
}

#[test]
fn the_end_of_a_message_that_was_rejected_is_refused() {
    let mut bob = Lone::bob_with(Config::default(), bob_expects().receive(ReceiveMode::Pieces));
    bob.give(&begun("wrong").octets());
    let events = bob.events();
    let Event::MessageStarted { received } = &events[0] else { panic!("{events:?}") };
    bob.side.connection.reject(received.key(), StatusCode::FORBIDDEN).unwrap();
    bob.drain();
    assert_eq!(words(&bob.give(&end("wrong", "4-3/3", '$').octets())), ["403"]);
}

#[test]
fn a_bodiless_send_that_is_of_no_octets_is_accepted() {
    let mut bob = Lone::bob();
    bob.give(&begun("late").octets());
    bob.advance(120 * SECOND);
    bob.drain();
    assert_eq!(words(&bob.give(&end("late", "1-0/0", '$').octets())), ["200"]);
    assert_eq!(words(&bob.give(&end("late", "", '$').octets())), ["200"]);
    assert_eq!(words(&bob.give(&end("late", "4-3/*", '#').octets())), ["200"]);
}

// A session of the table whose first request is refused.

const BOB_TWO: &str = "msrp://bob.example:12763/two;tcp";

/// Requests for a session that no one has bound, all of which Bob refuses.
fn refused_first_requests() -> Vec<(Vec<u8>, &'static str)> {
    let to_two = |raw: Raw| raw.to(BOB_TWO).octets();
    let two = || Raw::send("t.two").message("first");
    vec![
        (to_two(two().range("1-2/2").body("image/png", b"ab")), "415"),
        (to_two(two().range("1-2/2000").body("text/plain", b"ab")), "413"),
        (to_two(two().range("3-*/*").body("text/plain", &[b'a'; 2000]).flag('+')), "413"),
        (to_two(Raw::send("t.two").range("1-2/2").body("text/plain", b"ab")), "400"),
        (to_two(Raw::new("NICKNAME", "t.two").header("Use-Nickname", "\"a\"")), "501"),
        (to_two(Raw::new("OTHER", "t.two")), "501"),
    ]
}

fn text_only(local: &str) -> SessionConfig {
    let mut session = SessionConfig::expected(local.parse().unwrap()).max_size(1000);
    session.accept_types = MediaTypes::new("text/plain").unwrap();
    session
}

#[test]
fn a_refused_first_request_leaves_the_session_in_the_table() {
    for (octets, status) in refused_first_requests() {
        for step in [octets.len(), 7, 1] {
            let mut bob = Lone::bob();
            bob.table.insert(text_only(BOB_TWO)).unwrap();
            bob.side.events();
            let before = bob.side.connection.footprint().held;
            let mut sent = Vec::new();
            for piece in octets.chunks(step) {
                sent.extend(bob.give(piece));
            }
            assert_eq!(words(&sent), [status]);
            assert!(!bob.table.is_bound(&BOB_TWO.parse().unwrap()), "{status}");
            bob.side.events();
            assert_eq!(bob.side.connection.footprint().held, before, "{status}");

            let mut other = Side::new(Config::default(), Role::Passive, 9, bob.now);
            other = other.with_table(&bob.table);
            other.feed(
                bob.now,
                &Raw::chunk("t.ok", "fine", "1-2/2", "Hi", '$').to(BOB_TWO).octets(),
            );
            let events = other.events();
            assert!(matches!(&events[0], Event::SessionOpened { .. }), "{events:?}");
        }
    }
}

#[test]
fn refused_first_requests_do_not_use_up_the_sessions() {
    let mut config = Config::default();
    config.limits.sessions = 2;
    let mut bob = Lone::bob_with(config, bob_expects());
    for n in 0..10 {
        let uri = format!("msrp://bob.example:12763/more{n};tcp");
        bob.table.insert(text_only(&uri)).unwrap();
        let refused = Raw::send("t.png").message("first").range("1-2/2").body("image/png", b"ab");
        assert_eq!(words(&bob.give(&refused.to(&uri).octets())), ["415"]);
    }
    let fine = Raw::chunk("t.fine", "second", "1-2/2", "Hi", '$');
    assert_eq!(words(&bob.give(&fine.to("msrp://bob.example:12763/more9;tcp").octets())), ["200"]);
}

// A chunk that comes again while its message waits for the application.

/// Bob, with a message of two chunks that waits, and its key.
fn bob_with_a_waiting_message(mode: ReceiveMode) -> (Lone, IncomingKey) {
    let session = bob_expects().receive(mode).responses(ResponseMode::Application);
    let mut bob = Lone::bob_with(Config::default(), session);
    bob.give(&chunk_of_two(1).octets());
    assert_eq!(words(&bob.give(&chunk_of_two(2).octets())), [""; 0]);
    let key = bob.events().iter().find_map(|event| match event {
        Event::Message { received, .. } | Event::MessageCompleted { received, .. } => {
            Some(received.key())
        }
        _ => None,
    });
    (bob, key.unwrap())
}

fn chunk_of_two(number: usize) -> Raw {
    let (range, body, flag) =
        if number == 1 { ("1-3/6", "abc", '+') } else { ("4-6/6", "def", '$') };
    Raw::chunk("t.part", "waits", range, body, flag).reports("", "yes")
}

fn repeats() -> [Raw; 3] {
    let end = Raw::send("t.end").message("waits").range("7-6/6").reports("", "yes");
    [chunk_of_two(1), chunk_of_two(2), end]
}

#[test]
fn a_repeated_chunk_of_a_waiting_message_waits_for_its_answer() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        for repeated in repeats() {
            let (mut bob, key) = bob_with_a_waiting_message(mode);
            let before = bob.side.connection.footprint().held;
            for _ in 0..3 {
                assert_eq!(words(&bob.give(&repeated.octets())), [""; 0]);
            }
            assert_ne!(bob.side.connection.footprint().held, before);
            bob.side.connection.reject(key, StatusCode::FORBIDDEN).unwrap();
            assert_eq!(words(&bob.drain()), ["403"; 4]);
            assert_eq!(words(&bob.give(&repeated.octets())), ["403"]);

            let (mut bob, key) = bob_with_a_waiting_message(mode);
            for _ in 0..3 {
                assert_eq!(words(&bob.give(&repeated.octets())), [""; 0]);
            }
            bob.side.connection.accept(key).unwrap();
            assert_eq!(words(&bob.drain()), ["200", "200", "200", "200", "REPORT"]);
            bob.events();
            let held = bob.side.connection.footprint().held;
            assert_eq!(held, Lone::bob().side.connection.footprint().held);
        }
    }
}

#[test]
fn an_answer_while_a_repeated_chunk_arrives_is_its_answer() {
    for is_accepted in [true, false] {
        let (mut bob, key) = bob_with_a_waiting_message(ReceiveMode::Whole);
        let repeated = chunk_of_two(2);
        let (open, all) = (repeated.open(), repeated.octets());
        assert_eq!(words(&bob.give(&open)), [""; 0]);
        let connection = &mut bob.side.connection;
        if is_accepted {
            connection.accept(key).unwrap();
        } else {
            connection.reject(key, StatusCode::FORBIDDEN).unwrap();
        }
        bob.drain();
        let status = if is_accepted { "200" } else { "403" };
        assert_eq!(words(&bob.give(&all[open.len()..]))[0], status);
    }
}

#[test]
fn repeated_chunks_of_a_waiting_message_pause_reading_at_the_limit() {
    let session = bob_expects().responses(ResponseMode::Application);
    let mut config = Config::default();
    config.limits.incoming_octets = 10_000;
    let mut bob = Lone::bob_with(config, session);
    bob.give(&chunk_of_two(1).octets());
    bob.give(&chunk_of_two(2).octets());
    for _ in 0..100 {
        bob.give(&chunk_of_two(2).octets());
    }
    assert!(!bob.side.connection.wants_read());
    let weight = bob.side.connection.footprint().held["waiting octets"];
    assert!(weight < 11_000, "{weight}");
    bob.side.connection.close_session(bob.session).unwrap();
    let sent = bob.drain();
    assert!(sent.len() > 10 && words(&sent).iter().all(|it| *it == "481"), "{sent:?}");
}

// The limit on octets.

#[test]
fn a_message_is_accepted_up_to_the_limit_wherever_it_is_cut() {
    const MIB: usize = 1024 * 1024;
    for first in [1, 1448, 16 * 1024, 5 * MIB] {
        for size in [8 * MIB + 1, 12 * MIB, 16 * MIB - 4096] {
            let session = bob_expects().max_size(16 * MIB as u64);
            let mut bob = Lone::bob_with(Config::default(), session);
            let body = "x".repeat(size);
            let octets = Raw::chunk("t.large", "large", "1-*/*", &body, '$').octets();
            let (one, rest) = octets.split_at(first + 200);
            let mut sent = bob.give(one);
            for piece in rest.chunks(60_000) {
                sent.extend(bob.give(piece));
            }
            assert_eq!(words(&sent), ["200"], "{first} of {size}");
        }
    }
}

// What makes no other message give way.

#[test]
fn an_aborted_message_takes_no_place() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let mut config = Config::default();
        config.limits.incoming_messages = 1;
        config.limits.incoming_octets = 5000;
        let mut bob = Lone::bob_with(config, bob_expects().receive(mode));
        let aborted = Raw::chunk("t.one", "aborted", "1-*/*", &"x".repeat(4500), '#');
        if mode == ReceiveMode::Whole {
            bob.give(&begun("sound").octets());
            bob.events();
        }
        assert_eq!(words(&bob.give(&aborted.octets())), ["200"]);
        assert_eq!(failures(&bob.events()), [FailReason::Aborted]);
        if mode == ReceiveMode::Whole {
            assert_eq!(words(&bob.give(&end("sound", "4-3/3", '$').octets())), ["200"]);
            assert!(matches!(bob.events()[..], [Event::Message { .. }]));
        }
    }
}

#[test]
fn a_message_that_comes_again_takes_the_place_of_no_other() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        for flag in ['$', '+'] {
            let mut config = Config::default();
            config.limits.incoming_messages = 1;
            let mut bob = Lone::bob_with(config, bob_expects().receive(mode));
            let body = "x".repeat(3000);
            bob.give(&Raw::chunk("t.one", "again", "1-3000/3000", &body, '$').octets());
            bob.give(&begun("sound").octets());
            bob.events();
            let again = Raw::chunk("t.two", "again", "1-3000/*", &body, flag).octets();
            let mut sent = Vec::new();
            for piece in again.chunks(1000) {
                sent.extend(bob.give(piece));
            }
            assert_eq!(words(&sent), ["200"], "{mode:?} {flag}");
            assert_eq!(failures(&bob.events()), []);
            assert_eq!(words(&bob.give(&end("sound", "4-3/3", '$').octets())), ["200"]);
            assert_eq!(bob.events().len(), 1, "{mode:?} {flag}");
        }
    }
}

// Messages that wait for their turn.

fn chunk_at(id: &str, octet: usize, flag: char) -> Raw {
    Raw::chunk("t.turn", id, &format!("{octet}-*/*"), "x", flag)
}

#[test]
fn a_message_waits_while_the_peer_sends_others() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let mut bob = Lone::bob_with(Config::default(), bob_expects().receive(mode));
        bob.give(&begun("waits").octets());
        bob.give(&begun("moves").octets());
        for n in 0..60 {
            bob.advance(10 * SECOND);
            assert_eq!(words(&bob.give(&chunk_at("moves", n + 4, '+').octets())), ["200"]);
        }
        let octets = Raw::chunk("t.long", "long", "1-*/*", &"x".repeat(90), '+').octets();
        let (head, rest) = octets.split_at(octets.len() - 100);
        let (body, end) = rest.split_at(80);
        bob.give(head);
        for octet in body {
            bob.advance(5 * SECOND);
            bob.give(&[*octet]);
        }
        bob.give(end);
        assert_eq!(failures(&bob.events()), []);
        assert_eq!(words(&bob.give(&chunk_at("waits", 4, '+').octets())), ["200"]);
        let due = bob.side.connection.poll_timeout();
        assert_eq!(due, Some(bob.now + 120 * SECOND));
        bob.advance(119 * SECOND);
        assert_eq!(failures(&bob.events()), []);
        bob.advance(SECOND);
        assert_eq!(failures(&bob.events()), [FailReason::TimedOut; 3]);
        bob.drain();
        assert_eq!(bob.side.connection.poll_timeout(), None);
    }
}

#[test]
fn a_text_now_and_then_holds_no_abandoned_message() {
    let mut bob = Lone::bob();
    bob.give(&begun("gone").octets());
    let start = bob.now;
    for n in 0..3 {
        bob.advance(30 * SECOND);
        bob.give(&Raw::chunk("t.text", &format!("text{n}"), "1-2/2", "Hi", '$').octets());
        assert_eq!(bob.side.connection.poll_timeout(), Some(start + 120 * SECOND));
    }
    bob.advance(30 * SECOND);
    assert_eq!(failures(&bob.events()), [FailReason::TimedOut]);
}

#[test]
fn pauses_of_this_side_take_no_time_from_a_message() {
    let session = bob_expects().responses(ResponseMode::Application);
    let mut config = Config::default();
    config.limits.incoming_messages = 1;
    let mut bob = Lone::bob_with(config, session);
    bob.give(&begun("waits").octets());
    for n in 0..10 {
        let text = Raw::chunk("t.text", &format!("text{n}"), "1-2/2", "Hi", '$');
        bob.give(&text.octets());
        assert!(!bob.side.connection.wants_read());
        bob.advance(50 * SECOND);
        let events = bob.events();
        let Some(Event::Message { received, .. }) = events.last() else { panic!("{events:?}") };
        bob.side.connection.accept(received.key()).unwrap();
        bob.drain();
        bob.advance(SECOND);
        assert_eq!(failures(&bob.events()), []);
    }
    assert_eq!(words(&bob.give(&chunk_at("waits", 4, '+').octets())), ["200"]);
}

// A message that was complete before.

#[test]
fn a_repetition_that_stops_does_not_undo_the_message() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let mut config = Config::default();
        config.frame_timeout = None;
        let mut bob = Lone::bob_with(config, bob_expects().receive(mode));
        let chunk = |id: &str, body: &str| Raw::chunk("t.one", id, "1-*/*", body, '$').octets();
        let again = chunk("again", &"x".repeat(3000));
        assert_eq!(words(&bob.give(&again)), ["200"]);
        bob.events();
        bob.give(&again[..1000]);
        bob.give(&again[1000..2000]);
        bob.advance(1000 * SECOND);
        assert_eq!(words(&bob.drain()), [""; 0]);
        assert_eq!(words(&bob.give(&again[2000..])), ["200"]);
        let rest = Raw::chunk("t.two", "again", "3001-*/*", "x", '$');
        assert_eq!(words(&bob.give(&rest.octets())), ["200"]);
        assert_eq!(failures(&bob.events()), []);
    }
}

// Chunks without Byte-Range.

#[test]
fn a_later_chunk_with_octets_needs_a_byte_range() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        for flag in ['$', '+', '#'] {
            for first in ["1-*/*", ""] {
                let mut bob = Lone::bob_with(Config::default(), bob_expects().receive(mode));
                bob.give(&Raw::chunk("t.one", "file", first, "abc", '+').octets());
                let later = Raw::chunk("t.two", "file", "", "xyz", flag).octets();
                assert_eq!(words(&bob.give(&later)), ["400"], "{mode:?} {flag} {first}");
                assert_eq!(failures(&bob.events()), [FailReason::Inconsistent]);
                assert_eq!(words(&bob.give(&end("file", "4-3/3", '$').octets())), ["400"]);
            }
        }
        let mut bob = Lone::bob_with(Config::default(), bob_expects().receive(mode));
        bob.give(&begun("file").octets());
        assert_eq!(words(&bob.give(&end("file", "", '#').octets())), ["200"]);
        assert_eq!(failures(&bob.events()), [FailReason::Aborted]);
    }
}
