//! Pauses of this side, of its program and of its transport: what they may and may not
//! end.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Duration;

use bytes::Buf;
use common::wire::{Lone, Raw, Sent, frames, words};
use common::{Pair, alice_opens, bob_expects};
use msrp::{Config, Event, MessageKey, Outcome, OutgoingMessage, ResponseMode, SessionConfig};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Alice, who reads nothing while one event waits.
fn alice_who_pauses() -> Lone {
    let mut config = Config::default();
    config.limits.events = 0;
    Lone::alice_with(config, alice_opens())
}

/// Makes Alice pause, with an event that she does not take.
fn pause(alice: &mut Lone, number: usize) {
    let id = format!("pause{number}");
    let text =
        Raw::send(&id).to(common::ALICE).from(common::BOB).message(&id).body("text/plain", b"x");
    alice.side.input.extend_from_slice(&text.octets());
    alice.side.connection.receive(alice.now, &mut alice.side.input).unwrap();
    assert!(!alice.side.connection.wants_read());
    poll_all(alice);
}

/// Time passes, and nobody takes an event.
fn pass(alice: &mut Lone, by: Duration) {
    let until = alice.now + by;
    while let Some(due) = alice.side.connection.poll_timeout().filter(|due| *due <= until) {
        alice.now = alice.now.max(due);
        alice.side.connection.handle_timeout(alice.now);
        while alice.side.connection.poll_transmit(alice.now).is_some() {}
    }
    alice.now = until;
}

fn send(alice: &mut Lone, message: OutgoingMessage) -> (MessageKey, Sent) {
    let key = alice.side.connection.send(alice.session, message).unwrap();
    let sent = alice.drain();
    assert_eq!(words(&sent), ["SEND"]);
    (key, sent[0].clone())
}

fn outcomes(events: &[Event]) -> Vec<Outcome> {
    let outcomes = events.iter().filter_map(|event| match event {
        Event::Finished(finished) => Some(finished.outcome),
        _ => None,
    });
    outcomes.collect()
}

// This side does not read.

#[test]
fn a_response_that_nobody_reads_is_not_missing() {
    for length in [20, 31, 61, 3600] {
        let mut alice = alice_who_pauses();
        let (_, request) = send(&mut alice, OutgoingMessage::text("one"));
        alice.now += 15 * SECOND;
        pause(&mut alice, 0);
        pass(&mut alice, length * SECOND);
        assert!(!alice.side.connection.wants_read());
        // The deadline is due once more before what has arrived is read.
        alice.side.take_events();
        alice.side.connection.handle_timeout(alice.now);
        alice.answer(&request, "200 OK");
        assert_eq!(outcomes(&alice.events()), [Outcome::Accepted], "{length}");
    }
}

#[test]
fn after_a_pause_a_response_is_missing_after_its_time() {
    let mut alice = alice_who_pauses();
    send(&mut alice, OutgoingMessage::text("one"));
    pause(&mut alice, 0);
    pass(&mut alice, 100 * SECOND);
    alice.side.take_events();
    let resumed = alice.now;
    while outcomes(&alice.side.events).is_empty() {
        alice.now = alice.now.max(alice.side.connection.poll_timeout().unwrap());
        alice.advance(Duration::ZERO);
    }
    assert!(alice.now > resumed && alice.now <= resumed + 60 * SECOND);
    assert_eq!(outcomes(&alice.events()), [Outcome::TimedOut]);
}

#[test]
fn short_pauses_all_the_time_put_off_no_deadline() {
    let mut alice = alice_who_pauses();
    send(&mut alice, OutgoingMessage::text("one"));
    for second in 0.. {
        pause(&mut alice, second);
        pass(&mut alice, 100 * MILLISECOND);
        alice.side.take_events();
        while alice.side.connection.poll_transmit(alice.now).is_some() {}
        pass(&mut alice, 900 * MILLISECOND);
        alice.side.take_events();
        if !outcomes(&alice.side.events).is_empty() {
            break;
        }
        assert!(second < 65);
    }
}

#[test]
fn a_session_whose_binding_is_answered_but_not_read_does_not_end() {
    let mut alice = alice_who_pauses();
    let local = "msrp://alice.example:7654/second;tcp".parse().unwrap();
    let two = SessionConfig::new(local, common::path(common::BOB));
    alice.side.connection.open(two).unwrap();
    let bind = alice.drain().remove(0);
    pause(&mut alice, 0);
    pass(&mut alice, 100 * SECOND);
    alice.side.take_events();
    alice.side.connection.handle_timeout(alice.now);
    alice.answer(&bind, "200 OK");
    let events = alice.events();
    assert!(events.iter().any(|event| matches!(event, Event::SessionOpened { .. })));
    assert!(!events.iter().any(|event| matches!(event, Event::SessionClosed { .. })));
}

#[test]
fn a_report_that_nobody_reads_is_not_missing() {
    let mut alice = alice_who_pauses();
    let message = OutgoingMessage::text("one").success_report(true).report_timeout(50 * SECOND);
    let (_, request) = send(&mut alice, message);
    alice.answer(&request, "200 OK");
    alice.side.take_events();
    pause(&mut alice, 0);
    pass(&mut alice, 200 * SECOND);
    alice.side.take_events();
    alice.side.connection.handle_timeout(alice.now);
    let report = Raw::report("report1", request.message_id(), "000 200 OK").range("1-3/3");
    alice.give(&report.octets());
    assert_eq!(outcomes(&alice.events()), [Outcome::Delivered]);
}

// A program that says what the transport holds.

#[test]
fn a_response_proves_that_its_request_has_left() {
    let mut alice = Lone::alice();
    alice.side.connection.send(alice.session, OutgoingMessage::text("one")).unwrap();
    let mut octets = alice.side.drain(alice.now);
    let (_, two) = send(&mut alice, OutgoingMessage::text("two"));
    // A system says this right after a write, and the program never asks it again.
    octets.extend(alice.side.sent.iter().rev().take(200));
    alice.side.connection.transport_holds(alice.now, octets.len());
    alice.now += SECOND;
    alice.answer(&two, "200 OK");
    alice.events();
    pass(&mut alice, 29 * SECOND);
    assert_eq!(alice.events(), []);
    // The deadline of the first one has started with the response to the second.
    pass(&mut alice, SECOND);
    assert_eq!(outcomes(&alice.events()), [Outcome::TimedOut]);
    pass(&mut alice, 3600 * SECOND);
    assert_eq!(alice.events(), []);
    assert_eq!(alice.side.connection.poll_timeout(), None);
}

#[test]
fn a_program_is_asked_what_the_transport_holds() {
    let mut alice = Lone::alice();
    let (_, request) = send(&mut alice, OutgoingMessage::text("one"));
    let sent = alice.side.sent.len();
    for _ in 0..100 {
        alice.side.connection.transport_holds(alice.now, sent);
        let due = alice.side.connection.poll_timeout();
        assert_eq!(due, Some(alice.now + 250 * MILLISECOND));
        alice.now += 250 * MILLISECOND;
        alice.side.connection.handle_timeout(alice.now);
        let due = alice.side.connection.poll_timeout();
        assert_eq!(due, Some(alice.now + 250 * MILLISECOND));
    }
    alice.side.connection.transport_holds(alice.now, 0);
    let due = alice.side.connection.poll_timeout();
    assert_eq!(due, Some(alice.now + 30 * SECOND));
    alice.answer(&request, "200 OK");
    assert_eq!(alice.side.connection.poll_timeout(), None);
}

// Signs of life of a side that does not read.

#[test]
fn a_side_that_does_not_read_gives_signs_of_life() {
    let mut alice = alice_who_pauses();
    pause(&mut alice, 0);
    for _ in 0..5 {
        assert_eq!(alice.side.connection.poll_timeout(), Some(alice.now + 20 * SECOND));
        alice.now += 20 * SECOND;
        alice.side.connection.handle_timeout(alice.now);
        // At most one waits if the transport takes none.
        let due = alice.side.connection.poll_timeout();
        assert_eq!(due, None);
        let sent = poll_all(&mut alice);
        assert_eq!(words(&sent), ["SEND"]);
        assert_eq!(sent[0].header("Failure-Report"), Some("no"));
        assert_eq!((sent[0].range(), &sent[0].body), ("1-0/0", &None));
    }
    alice.side.take_events();
    alice.side.connection.handle_timeout(alice.now);
    assert_eq!(alice.side.connection.poll_timeout(), None);
}

/// What leaves now, while nobody takes events.
fn poll_all(alice: &mut Lone) -> Vec<Sent> {
    let mut octets = Vec::new();
    while let Some(mut transmit) = alice.side.connection.poll_transmit(alice.now) {
        octets.extend(transmit.copy_to_bytes(transmit.remaining()));
    }
    frames(&octets)
}

/// Bob waits for a person, and Alice has more for him than his window takes.
#[test]
fn a_receiver_that_waits_for_a_person_is_alive() {
    let mut config = Config::default();
    config.limits.incoming_messages = 1;
    let bob_asks = bob_expects().responses(ResponseMode::Application);
    let mut pair = Pair::with(Config::default(), config, bob_asks);
    let session = pair.open();
    for text in ["one", "two"] {
        pair.alice.connection.send(session, OutgoingMessage::text(text)).unwrap();
    }
    let octets = pair.alice.drain(pair.now);
    pair.bob.feed(pair.now, &octets);
    assert!(!pair.bob.connection.wants_read());
    // Nothing leaves Alice any more.
    pair.alice.connection.send(session, OutgoingMessage::text("three")).unwrap();
    for _ in 0..600 {
        pair.now += SECOND;
        pair.bob.connection.handle_timeout(pair.now);
        let octets = pair.bob.drain(pair.now);
        pair.alice.feed(pair.now, &octets);
        pair.alice.connection.handle_timeout(pair.now);
        pair.alice.take_events();
    }
    assert!(!pair.alice.connection.is_closed());
    assert!(!pair.bob.connection.is_closed());
}

#[test]
fn without_an_open_session_there_is_nobody_to_give_a_sign_of_life() {
    let mut alice = alice_who_pauses();
    pause(&mut alice, 0);
    alice.side.connection.close_session(alice.session).unwrap();
    assert!(!alice.side.connection.wants_read());
    poll_all(&mut alice);
    assert_eq!(alice.side.connection.poll_timeout(), None);
}

#[test]
fn a_program_without_room_holds_the_connection_and_loses_nothing() {
    let mut alice = Lone::alice_with(Config::default(), alice_opens());
    let text = Raw::send("late").to(common::ALICE).from(common::BOB).message("late");
    let octets = text.body("text/plain", b"x").octets();
    let (first, rest) = octets.split_at(40);
    alice.side.input.extend_from_slice(first);
    alice.side.connection.receive(alice.now, &mut alice.side.input).unwrap();
    alice.side.connection.hold_reading(alice.now, true);
    assert!(!alice.side.connection.wants_read());

    // Longer than any deadline for octets of the peer.
    pass(&mut alice, 1000 * SECOND);
    alice.side.input.extend_from_slice(rest);
    alice.side.connection.receive(alice.now, &mut alice.side.input).unwrap();
    assert!(!alice.side.connection.is_closed());
    let is_message = |event: &Event| matches!(event, Event::Message { .. });
    assert!(!std::iter::from_fn(|| alice.side.connection.poll_event()).any(|it| is_message(&it)));

    alice.side.connection.hold_reading(alice.now, false);
    alice.side.connection.receive(alice.now, &mut alice.side.input).unwrap();
    assert!(std::iter::from_fn(|| alice.side.connection.poll_event()).any(|it| is_message(&it)));
}
