//! What one transport connection holds and owes while it runs for long: places in
//! messages, transactions, turns and deadlines.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use common::wire::{Lone, Raw, Sent, filler, frames, frames_and_rest, response, words};
use common::{ALICE, BOB, Failing, Seeded, Side, alice_opens, bob_expects, path};
use msrp::wire::FailureReport;
use msrp::{
    Config, Connection, Event, Framing, MessageKey, Outcome, OutgoingMessage, ParseOptions,
    Priority, Random, RandomError, ReceiveMode, Role, SessionConfig, SessionKey, StatusCode,
    Tunnel,
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
        let mut tunnel = Tunnel::new(Framing::MIN_MESSAGE, ParseOptions::default(), Seeded(3));
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
        let answer = response(&sent[0].id, "400");
        let passed = tunnel.receive_message(now, answer).unwrap().unwrap();
        assert!(passed.starts_with(b"MSRP tid.1 400"), "{len}");
    }
}

// Rows 12a and 24: what the transport holds.

/// Alice in both framings. What she sends goes to a transport that a test drains.
fn senders() -> [Lone; 2] {
    let mut framed = Config::default();
    framed.framing = Framing::Message { max_octets: 65_536 };
    // A file is one chunk.
    framed.transmit_octets = 65_536;
    framed.turn_octets = 65_536;
    [Config::default(), framed].map(|config| Lone::alice_with(config, alice_opens()))
}

/// Those whose transport has been fast so far, so that it gets a file in one chunk.
fn fast_senders() -> [Lone; 2] {
    senders().map(|mut alice| {
        alice.side.connection.transport_holds(alice.now, 0);
        alice.side.connection.send(alice.session, file(1024 * 1024)).unwrap();
        let sent = leave_fast(&mut alice);
        for chunk in &frames(&sent) {
            alice.answer(chunk, "200 OK");
        }
        assert_eq!(finished(&mut alice).len(), 1);
        alice
    })
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

/// The same while all octets have left the transport after a millisecond.
fn leave_fast(alice: &mut Lone) -> Vec<u8> {
    let mut sent = Vec::new();
    loop {
        let octets = leave(alice);
        if octets.is_empty() {
            return sent;
        }
        sent.extend(octets);
        alice.advance(Duration::from_millis(1));
        alice.side.connection.transport_holds(alice.now, 0);
    }
}

/// Time passes. The run loop asks for octets after each deadline.
fn pass(alice: &mut Lone, by: Duration) {
    alice.advance(by);
    assert!(leave(alice).is_empty());
}

#[test]
fn a_deadline_starts_when_the_last_octet_has_left() {
    for mut alice in fast_senders() {
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
    for mut alice in fast_senders() {
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

/// Its outcome is known. An error to a message with Failure-Report `partial` is not.
#[test]
fn the_response_to_a_message_that_has_ended_is_the_first_to_be_missed() {
    let (mut alice, one, _) = two_sessions(1);
    let ended = send(&mut alice, one, text(FailureReport::Yes));
    alice.drain();
    send(&mut alice, one, text(FailureReport::Partial));
    let partial = alice.drain().remove(0);
    alice.side.connection.abort(ended).unwrap();
    alice.events();
    alice.answer(&partial, "413 Stop");
    let rejected = Outcome::Rejected(StatusCode::STOP_SENDING);
    let events = alice.events();
    let is_told = |event: &Event| matches!(event, Event::Finished(it) if it.outcome == rejected);
    assert!(events.iter().any(is_told), "{events:?}");
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

/// The empty chunk with `#` holds no place, and its response is not lost.
#[test]
fn the_response_to_the_end_of_a_message_may_end_the_session() {
    for (status, ends) in [("200 OK", false), ("413 Stop", false), ("481 Gone", true)] {
        let (mut alice, session, _) = two_sessions(1);
        let large = send(&mut alice, session, file(200_000));
        let mut octets = alice.poll();
        send(&mut alice, session, text(FailureReport::Yes));
        octets.extend(leave(&mut alice));
        alice.side.connection.abort(large).unwrap();
        octets.extend(leave(&mut alice));
        let sent = frames(&octets);
        let end = sent.iter().find(|chunk| chunk.flag == '#').unwrap();
        assert_eq!(end.len(), 0);
        alice.events();
        alice.answer(end, status);
        let events = alice.events();
        let is_closed = |event: &Event| matches!(event, Event::SessionClosed { .. });
        assert_eq!(events.iter().any(is_closed), ends, "{status}: {events:?}");
        assert!(!events.iter().any(|event| matches!(event, Event::LateFailure { .. })));
    }
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

/// Of a file, no second message leaves before a text that came after the first.
#[test]
fn a_message_that_has_had_its_turn_lines_up_behind_those_that_came_meanwhile() {
    let mut config = Config::default();
    config.framing = Framing::Message { max_octets: 65_536 };
    let mut alice = Lone::alice_with(config, alice_opens());
    let session = alice.session;
    send(&mut alice, session, file(100_000));
    for text in ["1", "2"] {
        assert!(!alice.poll().is_empty());
        send(&mut alice, session, OutgoingMessage::text(text));
        assert_eq!(bodies(&frames(&alice.poll())), text);
    }
    let rest = frames(&leave(&mut alice));
    assert!(rest.last().unwrap().short().ends_with('$'));
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

// Row 19: octets that are written few at a time.

fn streamed() -> OutgoingMessage {
    OutgoingMessage::streamed("application/octet-stream".parse().unwrap(), None)
}

fn write(alice: &mut Lone, message: MessageKey, octets: usize) {
    alice.side.connection.body(message).unwrap().write(filler(octets)).unwrap();
}

fn finish(alice: &mut Lone, message: MessageKey) {
    alice.side.connection.body(message).unwrap().finish().unwrap();
}

/// Time passes until the next deadline, and what is due leaves.
fn next_due(alice: &mut Lone) -> Vec<u8> {
    let due = alice.side.connection.poll_timeout().unwrap();
    alice.now = due.max(alice.now);
    alice.side.connection.handle_timeout(alice.now);
    leave(alice)
}

#[test]
fn streams_that_are_written_few_octets_at_a_time_leave_in_large_chunks() {
    for mut alice in senders() {
        for count in [2, 3, 8] {
            let session = alice.session;
            let streams: Vec<_> =
                (0..count).map(|_| send(&mut alice, session, streamed())).collect();
            let mut octets = Vec::new();
            for _ in 0..2_000 {
                for stream in &streams {
                    write(&mut alice, *stream, 10);
                    octets.extend(leave(&mut alice));
                }
            }
            for stream in &streams {
                finish(&mut alice, *stream);
                octets.extend(leave(&mut alice));
            }
            let size = count * 20_000;
            assert!(octets.len() < size * 3 / 2, "{count}: {} of {size}", octets.len());
            for chunk in frames(&octets) {
                alice.answer(&chunk, "200 OK");
            }
            assert_eq!(finished(&mut alice).len(), count);
        }
    }
}

/// The same while a response leaves after each write.
#[test]
fn a_stream_that_responses_interrupt_leaves_in_large_chunks() {
    for mut alice in senders() {
        let session = alice.session;
        let stream = send(&mut alice, session, streamed());
        let mut octets = Vec::new();
        for number in 0..2_000 {
            write(&mut alice, stream, 10);
            octets.extend(leave(&mut alice));
            let id = format!("tid.{number}");
            let text = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(ALICE).from(BOB);
            alice.side.feed(alice.now, &text.octets());
            octets.extend(leave(&mut alice));
        }
        finish(&mut alice, stream);
        octets.extend(leave(&mut alice));
        let chunks = frames(&octets);
        let chunks = chunks.iter().filter(|frame| frame.what == "SEND").count();
        assert!(chunks < 16, "{chunks}");
    }
}

#[test]
fn few_octets_do_not_wait_for_long() {
    let mut alice = Lone::alice();
    let session = alice.session;
    let streams = [0; 2].map(|_| send(&mut alice, session, streamed()));
    let mut octets = Vec::new();
    for stream in streams {
        write(&mut alice, stream, 100);
        octets.extend(leave(&mut alice));
    }
    let begin = alice.now;
    octets.extend(next_due(&mut alice));
    assert_eq!(alice.now - begin, Duration::from_millis(200));
    // The last octet waits for the flag of its chunk.
    let bodies = octets.iter().filter(|octet| **octet == b'a').count();
    let first = filler(99).iter().filter(|octet| **octet == b'a').count();
    assert!(bodies >= 2 * first, "{}", String::from_utf8_lossy(&octets));
}

#[test]
fn a_stream_that_is_alone_does_not_wait() {
    let mut alice = Lone::alice();
    let session = alice.session;
    let stream = send(&mut alice, session, streamed());
    for octets in [10, 1, 20] {
        write(&mut alice, stream, octets);
        assert!(leave(&mut alice).len() >= octets);
    }
}

#[test]
fn octets_that_come_at_the_last_moment_stay_in_the_chunk() {
    let mut alice = Lone::alice();
    let session = alice.session;
    let stream = send(&mut alice, session, streamed());
    write(&mut alice, stream, 10);
    let mut octets = leave(&mut alice);
    alice.advance(10 * SECOND);
    finish(&mut alice, stream);
    octets.extend(leave(&mut alice));
    assert_eq!(frames(&octets)[0].short(), "SEND 1-*/*$");
}

/// A receiver takes a frame without octets for dead, so none is left open.
#[test]
fn a_chunk_does_not_stay_open_without_octets() {
    let mut alice = Lone::alice();
    let session = alice.session;
    let stream = send(&mut alice, session, streamed());
    write(&mut alice, stream, 10);
    let mut octets = leave(&mut alice);
    for _ in 0..3 {
        alice.advance(9 * SECOND);
        write(&mut alice, stream, 10);
        octets.extend(leave(&mut alice));
    }
    assert!(frames_and_rest(&octets).0.is_empty());
    let begin = alice.now;
    octets.extend(next_due(&mut alice));
    assert_eq!(alice.now - begin, 10 * SECOND);
    let (sent, rest) = frames_and_rest(&octets);
    assert_eq!((sent[0].flag, sent[0].len(), rest.len()), ('+', 39, 0));
    alice.answer(&sent[0], "200 OK");
    // The rest follows in a chunk of its own.
    write(&mut alice, stream, 10);
    assert!(leave(&mut alice).is_empty());
    let mut octets = next_due(&mut alice);
    finish(&mut alice, stream);
    octets.extend(leave(&mut alice));
    assert_eq!(frames(&octets)[0].short(), "SEND 40-*/*$");
}

// Row 16: random octets are drawn in blocks.

/// Counts the draws from a source.
struct Counting(Seeded, Arc<AtomicUsize>);

impl Random for Counting {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.fill(octets)
    }
}

#[test]
fn random_octets_are_drawn_many_at_a_time() {
    let draws = Arc::new(AtomicUsize::new(0));
    let source = Counting(Seeded(4), Arc::clone(&draws));
    let now = Instant::now();
    let config = Arc::new(Config::default());
    let connection = Connection::new(config, Role::Active, source, now).unwrap();
    let mut side = Side { connection, ..Side::new(Config::default(), Role::Active, 1, now) };
    let session = side.connection.open(alice_opens()).unwrap();
    let mut ids = HashSet::new();
    for _ in 0..1_000 {
        side.connection.send(session, OutgoingMessage::text("text")).unwrap();
        for sent in frames(&side.drain(now)) {
            ids.insert(sent.id.clone());
            ids.insert(sent.message_id().to_owned());
            side.feed(now, &response(&sent.id, "200 OK"));
        }
    }
    // Each id is another one.
    assert_eq!(ids.len(), 2 * 1_001);
    let draws = draws.load(Ordering::Relaxed);
    assert!(draws < 2_002 / 12 + 4, "{draws}");
}

/// A source that has failed is never taken for a source of zeros.
#[test]
fn a_source_that_can_fill_no_block_gives_what_it_has() {
    let now = Instant::now();
    let config = Arc::new(Config::default());
    for octets in (0..1_000).step_by(33) {
        let source = Failing::after(4 + octets);
        let connection = Connection::new(Arc::clone(&config), Role::Active, source, now).unwrap();
        let mut side = Side { connection, ..Side::new(Config::default(), Role::Active, 1, now) };
        let mut sent = Vec::new();
        if let Ok(session) = side.connection.open(alice_opens()) {
            while side.connection.send(session, OutgoingMessage::text("text")).is_ok() {
                sent.extend(side.drain(now));
            }
        }
        sent.extend(side.drain(now));
        let sent = frames(&sent);
        assert!(sent.len() >= octets / 40 && sent.len() <= octets / 40 + 1, "{octets}");
        assert!(sent.iter().all(|it| !it.id.starts_with("aaaaaaaa")));
    }
}

// Row 5: octets that are written one at a time.

#[test]
fn octets_written_one_at_a_time_arrive_in_order() {
    for mut alice in senders() {
        let session = alice.session;
        let stream = send(&mut alice, session, streamed());
        let octets = filler(40_000);
        let mut rest = &octets[..];
        let mut random = Seeded(3);
        let mut sent = Vec::new();
        while !rest.is_empty() {
            let len = match random.below(3) {
                0 => 1,
                1 => random.below(1_100) as usize,
                _ => random.below(9_000) as usize,
            };
            let (piece, after) = rest.split_at(len.min(rest.len()));
            rest = after;
            alice.side.connection.body(stream).unwrap().write(piece.to_vec()).unwrap();
            if random.below(4) == 0 {
                sent.extend(leave(&mut alice));
            }
        }
        finish(&mut alice, stream);
        sent.extend(leave(&mut alice));
        let bodies = frames(&sent).into_iter().filter_map(|chunk| chunk.body);
        assert_eq!(bodies.collect::<Vec<_>>().concat(), octets);
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
