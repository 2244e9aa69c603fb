//! What one transport connection holds and owes while it runs for long: places in
//! messages, transactions, turns and deadlines.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use bytes::BytesMut;
use common::wire::{Lone, Raw, Sent, filler, frames, frames_and_rest, words};
use common::{ALICE, BOB, alice_opens, bob_expects, path};
use msrp::wire::FailureReport;
use msrp::{
    Config, Event, Framing, MessageKey, Outcome, OutgoingMessage, ParseOptions, Priority,
    ReceiveMode, SessionConfig, SessionKey, Tunnel,
};

const SECOND: Duration = Duration::from_secs(1);

/// The last place that a Byte-Range can name.
const LAST: u64 = u64::MAX;

/// Byte-Ranges of chunks with 10 octets that 64 bits cannot count.
fn past_counting() -> Vec<String> {
    let starts = (0..9).map(|below| LAST - below);
    starts.flat_map(|start| [format!("{start}-*/*"), format!("{start}-*/{LAST}")]).collect()
}

// Row 1: places in a message.

#[test]
fn an_endpoint_answers_400_to_octets_that_64_bits_cannot_count() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let session = bob_expects().max_size(LAST).receive(mode);
        let mut bob = Lone::bob_with(Config::default(), session);
        for (number, range) in past_counting().iter().enumerate() {
            for flag in ['+', '$'] {
                let id = format!("m{number}{}", if flag == '+' { "part" } else { "rest" });
                let sent = bob.give(&Raw::chunk("tid.1", &id, range, "0123456789", flag).octets());
                assert_eq!(words(&sent), ["400"], "{mode:?} {range} {flag}");
            }
        }
        let last = Raw::chunk("tid.2", "last", &format!("{}-*/*", LAST - 9), "0123456789", '+');
        assert_eq!(words(&bob.give(&last.octets())), ["200"]);
    }
}

#[test]
fn a_tunnel_leaves_the_answer_to_such_a_chunk_to_the_far_end() {
    let now = Instant::now();
    for len in [10, 3_000, 100_000] {
        let mut tunnel =
            Tunnel::new(Framing::MIN_MESSAGE, ParseOptions::default(), common::Seeded(3));
        let body = String::from_utf8(filler(len)).unwrap();
        let chunk = Raw::chunk("tid.1", "m1", &format!("{LAST}-*/*"), &body, '$').octets();
        let mut input = BytesMut::from(&chunk[..]);
        let mut parts = Vec::new();
        loop {
            tunnel.receive_stream(now, &mut input).unwrap();
            let Some(part) = tunnel.poll_message() else { break };
            parts.push(part);
        }
        let sent = frames(&parts.concat());
        assert_eq!(sent.len(), 1, "{len}");
        assert_eq!(sent[0].range(), format!("{LAST}-*/*"));

        let session = bob_expects().max_size(LAST).receive(ReceiveMode::Pieces);
        let mut bob = Lone::bob_with(Config::default(), session);
        let answers = bob.give(&parts[0]);
        assert_eq!(words(&answers), ["400"]);
        let answer = common::wire::response(&sent[0].id, "400");
        let passed = tunnel.receive_message(now, answer).unwrap().unwrap();
        assert!(passed.starts_with(b"MSRP tid.1 400"), "{len}");
    }
}

// Rows 12a and 24: what the transport holds.

/// Alice in both framings. What she sends goes to a transport that a test drains.
fn senders() -> [Lone; 2] {
    let mut framed = Config::default();
    framed.framing = Framing::Message { max_octets: 65_536 };
    [Config::default(), framed].map(|config| Lone::alice_with(config, alice_opens()))
}

fn file(octets: usize) -> OutgoingMessage {
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), filler(octets))
}

fn finished(alice: &mut Lone) -> Vec<(Outcome, Option<Duration>)> {
    let events = alice.events();
    let finished = events.into_iter().filter_map(|event| match event {
        Event::Finished(it) => Some((it.outcome, it.response.and_then(|it| it.round_trip))),
        _ => None,
    });
    finished.collect()
}

/// The octets that leave now.
fn leave(alice: &mut Lone) -> Vec<u8> {
    alice.side.drain(alice.now)
}

/// Time passes. The run loop asks for octets after each deadline.
fn pass(alice: &mut Lone, by: Duration) {
    alice.advance(by);
    assert!(leave(alice).is_empty());
}

#[test]
fn a_deadline_starts_when_the_last_octet_has_left() {
    for mut alice in senders() {
        alice.side.connection.send(alice.session, file(60_000)).unwrap();
        let sent = leave(&mut alice);
        let frames = frames(&sent);
        // 8 kbit/s: the queue drains for 61 s.
        let mut holds = sent.len();
        while holds > 0 {
            alice.side.connection.transport_holds(alice.now, holds);
            pass(&mut alice, SECOND);
            holds = holds.saturating_sub(1_000);
        }
        alice.side.connection.transport_holds(alice.now, 0);
        pass(&mut alice, 29 * SECOND);
        assert_eq!(finished(&mut alice), []);
        for chunk in &frames {
            alice.answer(chunk, "200 OK");
        }
        assert_eq!(finished(&mut alice), [(Outcome::Accepted, Some(29 * SECOND))]);
    }
}

#[test]
fn a_request_whose_last_octet_has_left_has_its_deadline_although_others_wait() {
    for mut alice in senders() {
        alice.side.connection.send(alice.session, OutgoingMessage::text("one")).unwrap();
        let one = leave(&mut alice).len();
        alice.side.connection.send(alice.session, OutgoingMessage::text("two")).unwrap();
        let two = leave(&mut alice).len();
        alice.side.connection.transport_holds(alice.now, one + two);
        pass(&mut alice, 40 * SECOND);
        alice.side.connection.transport_holds(alice.now, two);
        pass(&mut alice, 29 * SECOND);
        assert_eq!(finished(&mut alice), []);
        pass(&mut alice, 2 * SECOND);
        assert_eq!(finished(&mut alice), [(Outcome::TimedOut, None)]);
    }
}

/// A peer that takes octets slowly has not read all that have left.
#[test]
fn no_response_is_missed_while_the_transport_makes_progress() {
    for mut alice in senders() {
        alice.side.connection.send(alice.session, OutgoingMessage::text("one")).unwrap();
        leave(&mut alice);
        alice.side.connection.send(alice.session, file(60_000)).unwrap();
        let sent = leave(&mut alice).len();
        for second in 0..100 {
            alice.side.connection.transport_holds(alice.now, sent - second * 500);
            pass(&mut alice, SECOND);
            assert_eq!(finished(&mut alice), [], "{second}");
        }
        // It stands still.
        pass(&mut alice, 30 * SECOND);
        assert_eq!(finished(&mut alice), [(Outcome::TimedOut, None)]);
    }
}

#[test]
fn a_peer_that_never_responds_times_out_although_others_make_progress() {
    for mut alice in senders() {
        alice.side.connection.send(alice.session, OutgoingMessage::text("one")).unwrap();
        leave(&mut alice);
        alice.side.connection.send(alice.session, file(60_000)).unwrap();
        let sent = leave(&mut alice).len();
        for second in 0..125 {
            alice.side.connection.transport_holds(alice.now, sent - second * 300);
            pass(&mut alice, SECOND);
        }
        assert_eq!(finished(&mut alice), [(Outcome::TimedOut, None)]);
    }
}

#[test]
fn who_asks_again_says_that_everything_has_left() {
    for mut alice in senders() {
        alice.side.connection.send(alice.session, OutgoingMessage::text("one")).unwrap();
        leave(&mut alice);
        pass(&mut alice, 29 * SECOND);
        assert_eq!(finished(&mut alice), []);
        pass(&mut alice, SECOND);
        assert_eq!(finished(&mut alice), [(Outcome::TimedOut, None)]);
    }
}

#[test]
fn a_round_trip_counts_from_when_the_request_left_and_not_from_a_later_poll() {
    for mut alice in senders() {
        alice.side.connection.send(alice.session, OutgoingMessage::text("one")).unwrap();
        let request = alice.drain().remove(0);
        alice.now += SECOND;
        assert!(leave(&mut alice).is_empty());
        alice.answer(&request, "200 OK");
        assert_eq!(finished(&mut alice), [(Outcome::Accepted, Some(SECOND))]);
        // It leaves the transport after two seconds.
        alice.side.connection.send(alice.session, OutgoingMessage::text("two")).unwrap();
        let request = alice.drain().remove(0);
        for holds in [100, 50, 0] {
            alice.side.connection.transport_holds(alice.now, holds);
            alice.now += SECOND;
            assert!(leave(&mut alice).is_empty());
        }
        alice.answer(&request, "200 OK");
        assert_eq!(finished(&mut alice), [(Outcome::Accepted, Some(SECOND))]);
    }
}

// Row 25: transactions count for their session.

const BOB_TWO: &str = "msrp://bob.example:12763/s2two;tcp";
const ALICE_TWO: &str = "msrp://alice.example:7654/a2two;tcp";

/// Alice with few transactions a session, and a second session.
fn two_sessions(transactions: usize) -> (Lone, SessionKey, SessionKey) {
    let mut config = Config::default();
    config.limits.transactions = transactions;
    let mut alice = Lone::alice_with(config, alice_opens());
    let two = SessionConfig::new(ALICE_TWO.parse().unwrap(), path(BOB_TWO));
    let two = alice.side.connection.open(two).unwrap();
    let bind = alice.drain().remove(0);
    alice.answer(&bind, "200 OK");
    alice.events();
    let one = alice.session;
    (alice, one, two)
}

fn text(of: FailureReport) -> OutgoingMessage {
    OutgoingMessage::text("text").failure_report(of)
}

fn send(alice: &mut Lone, session: SessionKey, message: OutgoingMessage) -> MessageKey {
    alice.side.connection.send(session, message).unwrap()
}

#[test]
fn a_session_without_a_place_keeps_no_other_from_sending() {
    let (mut alice, one, two) = two_sessions(2);
    for _ in 0..5 {
        send(&mut alice, one, text(FailureReport::Yes));
    }
    let held = alice.drain();
    assert_eq!(held.len(), 2);
    send(&mut alice, two, text(FailureReport::Yes));
    assert_eq!(alice.drain().len(), 1);
    // A response makes room for one more, a deadline for all others.
    alice.answer(&held[0], "200 OK");
    assert_eq!(alice.drain().len(), 1);
    pass(&mut alice, 29 * SECOND);
    alice.advance(SECOND);
    assert_eq!(alice.drain().len(), 2);
}

#[test]
fn what_needs_no_response_waits_for_no_place() {
    let (mut alice, one, _) = two_sessions(2);
    for _ in 0..5 {
        send(&mut alice, one, text(FailureReport::Yes));
    }
    assert_eq!(alice.drain().len(), 2);
    for of in [FailureReport::No, FailureReport::Partial] {
        for _ in 0..5 {
            send(&mut alice, one, text(of));
        }
        assert_eq!(alice.drain().len(), 5, "{of}");
    }
}

#[test]
fn a_message_that_has_ended_holds_no_place() {
    let (mut alice, one, two) = two_sessions(2);
    let messages: Vec<_> =
        (0..5).map(|_| send(&mut alice, one, text(FailureReport::Yes))).collect();
    assert_eq!(alice.drain().len(), 2);
    alice.side.connection.abort(messages[0]).unwrap();
    assert_eq!(alice.drain().len(), 1);
    // The session ends, and what it held with it.
    alice.side.connection.close_session(one).unwrap();
    for _ in 0..2 {
        send(&mut alice, two, text(FailureReport::Yes));
    }
    assert_eq!(alice.drain().len(), 2);
    let held = alice.side.connection.footprint().held;
    assert_eq!(held["transactions with a place"], 2);
    assert!(held["transactions without a place"] <= 2, "{held:?}");
}

#[test]
fn the_end_of_a_message_waits_for_no_place() {
    let (mut alice, one, _) = two_sessions(1);
    let large = send(&mut alice, one, file(200_000));
    let mut octets = alice.poll();
    // A text of the session waits for the place of the chunk, which ends for it.
    send(&mut alice, one, text(FailureReport::Yes));
    octets.extend(leave(&mut alice));
    alice.side.connection.abort(large).unwrap();
    octets.extend(leave(&mut alice));
    let flags: String = frames(&octets).iter().map(|chunk| chunk.flag).collect();
    assert_eq!(flags, "+$#");
}

#[test]
fn messages_that_are_aborted_at_once_hold_a_bounded_number_of_transactions() {
    let (mut alice, one, _) = two_sessions(4);
    for _ in 0..1000 {
        let message = send(&mut alice, one, text(FailureReport::Yes));
        assert_eq!(alice.drain().len(), 1);
        alice.side.connection.abort(message).unwrap();
        alice.events();
    }
    assert_eq!(alice.side.connection.footprint().held["transactions open"], 4);
}

// Wanted: priorities and rates.

fn bodies(sent: &[Sent]) -> String {
    let first = |chunk: &Sent| chunk.body.as_ref().map_or(' ', |body| char::from(body[0]));
    sent.iter().map(first).collect()
}

#[test]
fn higher_priorities_leave_first_and_interrupt_lower_ones() {
    let mut config = Config::default();
    config.transmit_octets = 1500;
    let mut alice = Lone::alice_with(config, alice_opens());
    let session = alice.session;
    let message = |name: &str, len: usize, priority| {
        OutgoingMessage::text(name.repeat(len)).priority(priority)
    };
    send(&mut alice, session, message("b", 10_000, Priority::Bulk));
    let mut octets = alice.poll();
    send(&mut alice, session, message("n", 10_000, Priority::Normal));
    octets.extend(alice.poll());
    octets.extend(alice.poll());
    octets.extend(alice.poll());
    send(&mut alice, session, message("i", 1, Priority::Interactive));
    send(&mut alice, session, message("j", 1, Priority::Interactive));
    octets.extend(leave(&mut alice));
    let sent = frames(&octets);
    let shorts: Vec<_> = sent.iter().map(Sent::short).collect();
    assert_eq!(bodies(&sent), "bnijnb", "{shorts:?}");
    // None is interrupted before it has 2,048 octets, nor long after.
    assert!(sent.iter().all(|chunk| chunk.flag == '$' || (2048..5000).contains(&chunk.len())));
}

#[test]
fn messages_of_one_priority_take_turns() {
    let mut config = Config::default();
    config.turn_octets = 2048;
    config.transmit_octets = 2048;
    let mut alice = Lone::alice_with(config, alice_opens());
    let session = alice.session;
    for name in ["a", "b"] {
        let message = OutgoingMessage::text(name.repeat(4096)).priority(Priority::Interactive);
        send(&mut alice, session, message);
    }
    assert_eq!(bodies(&alice.drain()), "abab");
}

#[test]
fn a_session_sends_at_its_rate_and_holds_nobody_up() {
    for framing in [Framing::Stream, Framing::Message { max_octets: 65_536 }] {
        let mut config = Config::default();
        config.framing = framing;
        let mut alice = Lone::alice_with(config, alice_opens().send_rate(10_000));
        let one = alice.session;
        let two = SessionConfig::new(ALICE_TWO.parse().unwrap(), path(BOB_TWO));
        let two = alice.side.connection.open(two).unwrap();
        let bind = alice.drain().remove(0);
        alice.answer(&bind, "200 OK");
        send(&mut alice, one, file(1_000_000).failure_report(FailureReport::No));
        let begin = alice.now;
        let mut octets = leave(&mut alice);
        let mut steps = 0;
        while alice.now < begin + 60 * SECOND {
            let due = alice.side.connection.poll_timeout().unwrap();
            alice.now = due.max(alice.now);
            alice.side.connection.handle_timeout(alice.now);
            octets.extend(leave(&mut alice));
            steps += 1;
        }
        assert!((590_000..610_000).contains(&octets.len()), "{}", octets.len());
        assert!(steps < 60 * 10, "{steps}");
        // Responses and other sessions do not wait.
        let request = Raw::chunk("tid.1", "m1", "1-2/2", "hi", '$').to(ALICE).from(BOB);
        alice.side.feed(alice.now, &request.octets());
        send(&mut alice, two, text(FailureReport::Yes));
        octets.extend(leave(&mut alice));
        let (sent, _) = frames_and_rest(&octets);
        assert_eq!(words(&sent[sent.len() - 2..]), ["200", "SEND"]);
        assert_eq!(bodies(&sent[sent.len() - 1..]), "t");
    }
}

#[cfg(feature = "auth")]
#[path = "relay/world.rs"]
#[allow(dead_code, unreachable_pub, clippy::expect_used)]
mod world;

#[cfg(feature = "auth")]
mod relay {
    use super::{LAST, past_counting};
    use crate::world::{World, config, scripted};

    #[test]
    fn a_relay_answers_400_to_octets_that_64_bits_cannot_count() {
        for range in past_counting() {
            scripted(|world| {
                let talk = world.talk();
                let chunk = talk.chunk("c1", "m1", &range, "0123456789", '$');
                world.give(talk.alice, &chunk.octets());
                assert_eq!(world.told(talk.alice), ["400"], "{range}");
                // The end of the chunk is no end of the message.
                let sent = world.sent(talk.bob);
                assert!(sent.iter().all(|chunk| chunk.flag == '#'), "{sent:?}");
                // The connection goes on.
                world.give(talk.alice, &talk.chunk("c2", "m2", "1-2/2", "hi", '$').octets());
                assert_eq!(world.told(talk.alice), ["200"]);
                assert_eq!(world.told(talk.bob), ["SEND 1-2/2$"]);
            });
        }
    }

    #[test]
    fn a_relay_reports_the_last_octets_that_64_bits_count() {
        let mut world = World::new(config());
        let talk = world.talk();
        let range = format!("{}-*/*", LAST - 9);
        world.give(talk.alice, &talk.chunk("c1", "m1", &range, "0123456789", '$').octets());
        assert_eq!(world.told(talk.alice), ["200"]);
        let sent = world.one(talk.bob);
        world.answer(talk.bob, &sent, "413");
        let report = world.one(talk.alice);
        assert_eq!(report.what, "REPORT");
        assert_eq!(report.range(), format!("{}-{LAST}/*", LAST - 9));
    }
}
