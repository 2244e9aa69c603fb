//! Defects that seeds have found, each as a minimal case.

use std::time::Duration;

use msrp::{Config, FailReason, OutgoingMessage};

use crate::common::{ALICE, BOB, Pair, bob_expects, failures};

fn chunk(id: &str, message_id: &str, body: &str) -> String {
    format!(
        "MSRP {id} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\nMessage-ID: {message_id}\r\n\
         Byte-Range: 1-*/*\r\nContent-Type: text/plain\r\n\r\n{body}\r\n-------{id}+\r\n"
    )
}

#[test]
fn the_first_piece_of_a_message_needs_a_range_too() {
    let mut config = Config::default();
    config.limits.message_ranges = 0;
    let mut pair = Pair::with(Config::default(), config, bob_expects());
    pair.open();
    pair.bob.feed(pair.now, chunk("a786hjs2", "87652491", "some").as_bytes());
    assert_eq!(failures(&pair.bob.events()), [FailReason::TooManyRanges]);
    assert!(String::from_utf8(pair.bob.drain(pair.now)).unwrap().contains(" 413 "));
}

#[test]
fn the_first_piece_of_a_message_needs_room_too() {
    for (octets, expected) in [
        (6, [FailReason::NoRoom, FailReason::NoRoom].as_slice()),
        (1_000, &[FailReason::Evicted]),
        (2_000, &[]),
    ] {
        let mut config = Config::default();
        config.limits.incoming_octets = octets;
        let mut pair = Pair::with(Config::default(), config, bob_expects());
        pair.open();
        pair.bob.feed(pair.now, chunk("a786hjs2", "87652491", "some").as_bytes());
        pair.bob.feed(pair.now, chunk("a786hjs3", "87652492", "more").as_bytes());
        assert_eq!(failures(&pair.bob.events()), expected);
    }
}

#[test]
fn a_closed_connection_has_no_deadline() {
    let (mut pair, session) = Pair::opened();
    pair.alice.connection.send(session, OutgoingMessage::text("Hey")).unwrap();
    pair.alice.drain(pair.now);
    pair.alice.drain(pair.now);
    assert!(pair.alice.connection.poll_timeout().is_some());
    pair.alice.connection.close();
    pair.alice.drain(pair.now);
    pair.advance(Duration::from_secs(1));
    assert_eq!(pair.alice.connection.poll_timeout(), None);
}
