//! What a receiver refuses, and what it owes to a message that it has refused, dropped
//! or not answered yet.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Duration;

use common::wire::{Lone, Raw, words};
use common::{Side, bob_expects};
use msrp::{Config, Event, FailReason, MediaTypes, Role, SessionConfig, StatusCode};

const SECOND: Duration = Duration::from_secs(1);

/// The first chunk of a message that has more.
fn begun(id: &str) -> Raw {
    Raw::chunk("t.one", id, "1-*/*", "abc", '+')
}

/// The end of a message whose octets have come before.
fn end(id: &str, range: &str, flag: char) -> Raw {
    Raw::send("t.end").message(id).range(range).flag(flag)
}

fn failures(events: &[Event]) -> Vec<FailReason> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::MessageFailed { reason, .. } => Some(*reason),
            _ => None,
        })
        .collect()
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
    let mut bob =
        Lone::bob_with(Config::default(), bob_expects().receive(msrp::ReceiveMode::Pieces));
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
