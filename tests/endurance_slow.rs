//! Slow links, low rates and few octets at a time: what waits for its turn comes to its
//! end, and what has ended says everything once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::HashSet;
use std::time::Duration;

use bytes::Buf;
use common::wire::{Lone, Raw, Sent, filler, frames, frames_and_rest, response, words};
use common::{ALICE, BOB, alice_opens, path};
use msrp::wire::FailureReport;
use msrp::{
    Config, Event, Framing, MessageId, MessageKey, Outcome, OutgoingMessage, Priority,
    SessionConfig, SessionKey, StatusCode,
};

const SECOND: Duration = Duration::from_secs(1);

fn file(name: &str, octets: usize) -> OutgoingMessage {
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), filler(octets))
        .message_id(MessageId::new(name).unwrap())
}

fn streamed() -> OutgoingMessage {
    OutgoingMessage::streamed("application/octet-stream".parse().unwrap(), None)
}

fn send(alice: &mut Lone, message: OutgoingMessage) -> MessageKey {
    alice.side.connection.send(alice.session, message).unwrap()
}

fn write(alice: &mut Lone, message: MessageKey, octets: usize) {
    alice.side.connection.body(message).unwrap().write(filler(octets)).unwrap();
}

fn leave(alice: &mut Lone) -> Vec<u8> {
    alice.side.drain(alice.now)
}

fn outcomes(events: &[Event]) -> Vec<Outcome> {
    let outcomes = events.iter().filter_map(|event| match event {
        Event::Finished(finished) => Some(finished.outcome),
        _ => None,
    });
    outcomes.collect()
}

fn late_failures(events: &[Event]) -> Vec<u16> {
    let late = events.iter().filter_map(|event| match event {
        Event::LateFailure { status, .. } => Some(status.as_u16()),
        _ => None,
    });
    late.collect()
}

/// Another session on the connection of Alice.
fn open_session(alice: &mut Lone, name: &str) -> SessionKey {
    let local = format!("msrp://alice.example:7654/{name};tcp").parse().unwrap();
    let remote = path(&format!("msrp://bob.example:12763/{name};tcp"));
    let session = alice.side.connection.open(SessionConfig::new(local, remote)).unwrap();
    let bind = alice.drain().remove(0);
    alice.answer(&bind, "200 OK");
    alice.events();
    session
}

/// Runs the connection over a link of so many octets a second, whose far end accepts
/// every chunk, until so many messages have their outcome.
fn run_over_slow_link(
    alice: &mut Lone,
    rate: usize,
    is_told: bool,
    messages: usize,
) -> Vec<Outcome> {
    let (mut held, mut arrived) = (Vec::new(), Vec::new());
    let mut found = Vec::new();
    while found.len() < messages {
        if held.is_empty() {
            held = alice.poll();
        }
        arrived.extend(held.drain(..rate.min(held.len())));
        alice.now += SECOND;
        if is_told {
            alice.side.connection.transport_holds(alice.now, held.len());
        }
        // Whole chunks, now and then.
        if held.is_empty() {
            let (chunks, rest) = frames_and_rest(&arrived);
            arrived = rest;
            for chunk in chunks {
                alice.answer(&chunk, "200 OK");
            }
        }
        alice.advance(Duration::ZERO);
        found.extend(outcomes(&alice.events()));
    }
    found
}

// Messages that wait for their turn.

#[test]
fn many_sessions_on_a_slow_link_wait_for_each_other() {
    for is_told in [false, true] {
        let mut alice = Lone::alice();
        let sessions: Vec<_> = (0..9).map(|n| open_session(&mut alice, &format!("s{n}"))).collect();
        for session in sessions {
            alice.side.connection.send(session, file("film", 40_000)).unwrap();
        }
        assert_eq!(run_over_slow_link(&mut alice, 1000, is_told, 9), [Outcome::Accepted; 9]);
    }
}

/// The octets of each transmit on a link of so many octets a second.
fn transmits(rate: u64, messages: &[OutgoingMessage]) -> Vec<usize> {
    let mut alice = Lone::alice();
    for message in messages {
        send(&mut alice, message.clone());
    }
    let mut sizes = Vec::new();
    while let Some(transmit) = alice.side.connection.poll_transmit(alice.now) {
        let octets = transmit.remaining();
        alice.side.connection.transport_holds(alice.now, octets);
        alice.now += Duration::from_millis(octets as u64 * 1_000 / rate);
        alice.side.connection.transport_holds(alice.now, 0);
        sizes.push(octets);
    }
    sizes
}

#[test]
fn a_slow_transport_is_given_little_at_a_time() {
    let texts: Vec<_> = (0..100).map(|n| file(&format!("text{n}"), 700)).collect();
    for messages in [&texts[..], &[file("film", 100_000)]] {
        let sizes = transmits(1_000, messages);
        assert!(sizes.len() > 20 && sizes[2..].iter().all(|size| *size < 4_096), "{sizes:?}");
    }
}

#[test]
fn a_fast_transport_is_given_whole_portions() {
    let sizes = transmits(1_000_000, &[file("film", 400_000)]);
    let whole = &sizes[5..sizes.len() - 1];
    assert!(whole.len() > 10 && whole.iter().all(|size| *size >= 16_384), "{sizes:?}");
}

#[test]
fn a_file_waits_for_what_is_more_urgent_in_another_session() {
    let mut alice = Lone::alice();
    let two = open_session(&mut alice, "two");
    send(&mut alice, file("bulk", 5_000).priority(Priority::Bulk));
    alice.side.connection.send(two, file("normal", 400_000)).unwrap();
    assert_eq!(run_over_slow_link(&mut alice, 1000, false, 2), [Outcome::Accepted; 2]);
}

#[test]
fn few_octets_that_cannot_leave_time_out_as_others_do() {
    let mut config = Config::default();
    config.silence_timeout = Duration::MAX;
    for framing in [Framing::Stream, Framing::Message { max_octets: 65_536 }] {
        config.framing = framing;
        let mut alice = Lone::alice_with(config.clone(), alice_opens());
        send(&mut alice, file("film", 10_000).progress_timeout(None));
        let stream = send(&mut alice, streamed());
        // The transport takes nothing.
        write(&mut alice, stream, 100);
        alice.advance(Duration::ZERO);
        for _ in 0..119 {
            alice.advance(SECOND);
        }
        assert_eq!(outcomes(&alice.events()), []);
        alice.advance(2 * SECOND);
        assert_eq!(outcomes(&alice.events()), [Outcome::TimedOut]);
    }
}

// Few octets at a time in messages of their own.

#[test]
fn a_stream_of_few_octets_moves_in_messages_of_its_own() {
    let mut config = Config::default();
    config.framing = Framing::Message { max_octets: 65_536 };
    let mut alice = Lone::alice_with(config, alice_opens());
    let stream = send(&mut alice, streamed());
    let mut body = 0;
    for _ in 0..10 {
        let begin = alice.now;
        write(&mut alice, stream, 1_000);
        // Others may follow.
        assert_eq!(words(&alice.drain()), [""; 0]);
        alice.now = alice.side.connection.poll_timeout().unwrap();
        assert_eq!(alice.now - begin, Duration::from_millis(200));
        alice.advance(Duration::ZERO);
        let sent = alice.drain();
        assert_eq!(words(&sent), ["SEND"]);
        body += sent[0].len();
        alice.answer(&sent[0], "200 OK");
        let room =
            alice.events().iter().filter(|event| matches!(event, Event::BodyRoom { .. })).count();
        assert_eq!(room, 1);
    }
    alice.side.connection.body(stream).unwrap().finish().unwrap();
    let sent = alice.drain();
    assert_eq!((body + sent[0].len(), sent[0].flag), (10_000, '$'));
}

// Messages that go on where another session was lost.

fn resumed(name: &str, from: u64) -> OutgoingMessage {
    let kind = "application/octet-stream".parse().unwrap();
    OutgoingMessage::resume(MessageId::new(name).unwrap(), kind, from, None)
}

#[test]
fn nothing_is_said_of_a_resumed_message_that_ends_before_it_begins() {
    for has_octets in [false, true] {
        let mut alice = Lone::alice();
        let key = send(&mut alice, resumed("film", 5_000));
        if has_octets {
            write(&mut alice, key, 5_000);
        }
        alice.side.connection.abort(key).unwrap();
        assert_eq!(words(&alice.drain()), [""; 0]);
        assert_eq!(outcomes(&alice.events()), [Outcome::Aborted]);
        assert!(alice.side.connection.is_flushed());
    }
    // Once a part of it has left, the peer has to know.
    let mut alice = Lone::alice();
    let key = send(&mut alice, resumed("film", 5_000));
    write(&mut alice, key, 5_000);
    let mut octets = leave(&mut alice);
    alice.side.connection.abort(key).unwrap();
    octets.extend(leave(&mut alice));
    let sent = frames(&octets);
    assert_eq!((sent[0].range(), sent[0].flag), ("5001-*/*", '#'));
}

#[test]
fn few_resumed_messages_have_begun_at_a_time() {
    let mut config = Config::default();
    config.transmit_octets = 2_048;
    config.turn_octets = 2_048;
    let mut alice = Lone::alice_with(config, alice_opens());
    for n in 0..20 {
        let key = send(&mut alice, resumed(&format!("film{n}"), 1_000 * (n % 3 + 1)));
        write(&mut alice, key, 8_000);
        alice.side.connection.body(key).unwrap().finish().unwrap();
    }
    let mut begun = HashSet::new();
    let sent = alice.drain();
    for chunk in &sent {
        begun.insert(chunk.message_id());
        assert!(begun.len() <= 9, "{begun:?}");
        if chunk.flag == '$' {
            begun.remove(chunk.message_id());
        }
    }
    assert!(begun.is_empty() && sent.len() > 60);
}

#[test]
fn a_resumed_message_that_is_alone_begins_at_once() {
    let mut alice = Lone::alice();
    let key = send(&mut alice, resumed("film", 5_000));
    write(&mut alice, key, 100);
    assert!(!leave(&mut alice).is_empty());
}

#[test]
fn reports_on_the_chunks_of_a_resumed_message_deliver_it() {
    let mut config = Config::default();
    config.chunk_octets = Some(2_048);
    let mut alice = Lone::alice_with(config, alice_opens());
    let key = send(&mut alice, resumed("film", 5_000).success_report(true));
    write(&mut alice, key, 5_000);
    alice.side.connection.body(key).unwrap().finish().unwrap();
    let sent = alice.drain();
    let mut at = 5_000;
    for chunk in &sent {
        alice.answer(chunk, "200 OK");
        let end = at + chunk.len();
        let report = Raw::report(&format!("rep.{at}"), "film", "000 200 OK");
        alice.give(&report.range(&format!("{}-{end}/*", at + 1)).octets());
        at = end;
    }
    assert_eq!((sent.len(), at), (3, 10_000));
    assert_eq!(outcomes(&alice.events()), [Outcome::Delivered]);
}

// What arrives after the outcome.

/// Alice with a message of 100 chunks in flight.
fn many_chunks(alice: &mut Lone) -> Vec<Sent> {
    send(alice, file("film", 204_800));
    let sent = alice.drain();
    assert_eq!(sent.len(), 100);
    sent
}

#[test]
fn a_refusal_of_many_chunks_is_told_once() {
    let mut config = Config::default();
    config.chunk_octets = Some(2_048);
    let report =
        |id: &str, status: u16| Raw::report(id, "film", &format!("000 {status} No")).octets();

    let mut alice = Lone::alice_with(config.clone(), alice_opens());
    for chunk in many_chunks(&mut alice) {
        alice.answer(&chunk, "413 Too much");
    }
    let events = alice.events();
    let refused = Outcome::Rejected(StatusCode::new(413).unwrap());
    assert_eq!(outcomes(&events), [refused]);
    assert_eq!(late_failures(&events), []);
    for n in 0..10 {
        alice.give(&report(&format!("rep.{n}"), 413));
    }
    assert_eq!(alice.events(), []);

    // Another status is news, once.
    let mut alice = Lone::alice_with(config, alice_opens());
    let sent = many_chunks(&mut alice);
    alice.advance(30 * SECOND);
    assert_eq!(outcomes(&alice.events()), [Outcome::TimedOut]);
    for (n, chunk) in sent.iter().enumerate() {
        alice.answer(chunk, if n % 2 == 0 { "413 Too much" } else { "403 No" });
        alice.give(&report(&format!("rep.{n}"), if n < 50 { 415 } else { 413 }));
    }
    assert_eq!(late_failures(&alice.events()), [413, 415, 403]);
    // Nor are different ones told without end.
    for status in 430..470 {
        alice.give(&report(&format!("rep.{status}"), status));
    }
    assert_eq!(late_failures(&alice.events()), [430]);
}

#[test]
fn a_session_does_not_push_out_what_may_still_come_to_another() {
    let mut alice = Lone::alice();
    let two = open_session(&mut alice, "two");
    send(&mut alice, file("text1", 5).failure_report(FailureReport::Partial));
    let one = alice.drain().remove(0);
    alice.advance(30 * SECOND);
    assert_eq!(outcomes(&alice.events()), [Outcome::Sent]);
    for n in 0..1_000 {
        let text = file(&format!("text2.{n}"), 5).failure_report(FailureReport::Partial);
        alice.side.connection.send(two, text).unwrap();
        alice.drain();
    }
    alice.advance(30 * SECOND);
    assert_eq!(outcomes(&alice.events()).len(), 1_000);
    alice.answer(&one, "413 Too much");
    assert_eq!(late_failures(&alice.events()), [413]);

    for session in [alice.session, two] {
        alice.side.connection.close_session(session).unwrap();
    }
    let remembered = alice.side.connection.footprint().remembered;
    assert_eq!((remembered["ended requests"], remembered["ended requests, in order"]), (0, 0));
}

// Rates.

/// Bob sends a text.
fn text(n: usize) -> Vec<u8> {
    let id = format!("tid.{n}");
    Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(ALICE).from(BOB).octets()
}

#[test]
fn a_session_with_a_low_rate_sends_no_crumbs() {
    for framing in [Framing::Stream, Framing::Message { max_octets: 65_536 }] {
        let mut config = Config::default();
        config.framing = framing;
        let mut alice = Lone::alice_with(config, alice_opens().send_rate(1_000));
        let file = file("film", 100_000).failure_report(FailureReport::No);
        send(&mut alice, file);
        let (begin, mut octets) = (alice.now, Vec::new());
        for n in 0..1_200 {
            alice.side.feed(alice.now, &text(n));
            let sent = leave(&mut alice);
            // The response waits for nothing.
            assert!(String::from_utf8_lossy(&sent).contains(&format!("MSRP tid.{n} 200")));
            octets.extend(sent);
            alice.advance(Duration::from_millis(50));
        }
        let chunks: Vec<Sent> =
            frames_and_rest(&octets).0.into_iter().filter(|frame| frame.what == "SEND").collect();
        assert!(chunks.iter().all(|chunk| chunk.len() >= 2_048));
        let sent: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        let passed = (alice.now - begin).as_secs();
        assert_eq!(passed, 60);
        assert!((50_000..60_000).contains(&sent), "{sent}");
    }
}

#[test]
fn the_lowest_rate_still_moves() {
    let mut alice = Lone::alice_with(Config::default(), alice_opens().send_rate(0));
    send(&mut alice, file("film", 200));
    let begin = alice.now;
    let mut octets = leave(&mut alice);
    while outcomes(&alice.events()).is_empty() {
        alice.now = alice.side.connection.poll_timeout().unwrap().max(alice.now);
        alice.advance(Duration::ZERO);
        octets.extend(leave(&mut alice));
        for chunk in frames(&std::mem::take(&mut octets)) {
            alice.side.feed(alice.now, &response(&chunk.id, "200 OK"));
        }
        assert!(alice.now - begin < 1_000 * SECOND);
    }
}

// What a program sets.

#[test]
fn a_limit_of_a_message_can_be_switched_off() {
    let message = OutgoingMessage::text("hi").progress_timeout(None).report_timeout(None);
    assert_eq!((message.progress_timeout, message.report_timeout), (None, None));
    let message = message.progress_timeout(SECOND).report_timeout(SECOND);
    assert_eq!((message.progress_timeout, message.report_timeout), (Some(SECOND), Some(SECOND)));
}

#[test]
fn a_higher_priority_is_more_urgent() {
    assert!(Priority::Interactive > Priority::Normal && Priority::Normal > Priority::Bulk);
}
