//! What a message comes to under time and pressure: what each status ends, what
//! arrives after the outcome, and what the peer learns of a message that ends early.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::single_range_in_vec_init
)]

mod common;

use std::time::Duration;

use common::wire::{Lone, Raw, Sent, filler, frames, frames_and_rest, response, words};
use common::{ALICE, BOB, alice_opens, path, small_steps};
use msrp::wire::FailureReport;
use msrp::{
    CloseReason, Config, Event, Finished, MessageId, MessageKey, Outcome, OutgoingMessage,
    SendError, SessionConfig, SessionError, StatusCode, Tolerance, Tolerances,
};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn code(code: u16) -> StatusCode {
    StatusCode::new(code).unwrap()
}

fn binary(name: &str, len: usize) -> OutgoingMessage {
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), filler(len))
        .message_id(MessageId::new(name).unwrap())
}

fn finished(events: &[Event]) -> Vec<&Finished> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Finished(finished) => Some(&**finished),
            _ => None,
        })
        .collect()
}

fn outcomes(events: &[Event]) -> Vec<Outcome> {
    finished(events).into_iter().map(|finished| finished.outcome).collect()
}

fn closed(events: &[Event]) -> Option<CloseReason> {
    events.iter().find_map(|event| match event {
        Event::SessionClosed { reason, .. } => Some(*reason),
        _ => None,
    })
}

/// The Message-IDs and flags of the frames.
fn flags(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|frame| format!("{} {}", frame.message_id(), frame.flag)).collect()
}

fn send(alice: &mut Lone, message: OutgoingMessage) -> MessageKey {
    alice.side.connection.send(alice.session, message).unwrap()
}

fn report(message: &str, status: &str, range: &str) -> Vec<u8> {
    Raw::report("rep.1", message, status).range(range).octets()
}

// What a status ends.

/// How a status reaches a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Response,
    Report,
    ReportOnOctets,
}

const WAYS: [Way; 3] = [Way::Response, Way::Report, Way::ReportOnOctets];

/// What a code ends according to the RFCs: `None` for the message alone.
fn ends_session(status: u16, way: Way) -> Option<CloseReason> {
    match status {
        400 | 403 | 404 | 413 | 415 | 423 | 428 | 501 => None,
        481 | 506 => Some(CloseReason::Rejected(code(status))),
        _ => (way == Way::ReportOnOctets).then_some(CloseReason::Failed(code(status))),
    }
}

fn refuse(alice: &mut Lone, sent: &Sent, status: u16, way: Way) {
    let text = format!("000 {status:03} No");
    let octets = match way {
        Way::Response => response(&sent.id, &text[4..]),
        Way::Report => report("mid1", &text, ""),
        Way::ReportOnOctets => report("mid1", &text, "1-5/5"),
    };
    alice.give(&octets);
}

#[test]
fn a_code_ends_the_same_in_a_response_and_in_a_report_early_and_late() {
    for status in (0..200).chain(300..1000) {
        for way in WAYS {
            for is_late in [false, true] {
                let context = format!("{status} {way:?} late: {is_late}");
                let mut alice = Lone::alice();
                let key = send(&mut alice, binary("mid1", 5));
                let sent = alice.drain().remove(0);
                if is_late {
                    alice.advance(30 * SECOND);
                    assert_eq!(outcomes(&alice.events()), [Outcome::TimedOut]);
                }
                refuse(&mut alice, &sent, status, way);
                let events = alice.events();
                let octets = (way != Way::Report).then_some(0..5);
                if is_late {
                    let late = Event::LateFailure {
                        message: key,
                        message_id: MessageId::new("mid1").unwrap(),
                        status: code(status),
                        octets,
                    };
                    assert_eq!(events[0], late, "{context}");
                } else {
                    let expected = match status {
                        408 => Outcome::TimedOut,
                        status => Outcome::Rejected(code(status)),
                    };
                    assert_eq!(outcomes(&events), [expected], "{context}");
                    assert_eq!(finished(&events)[0].failed, octets, "{context}");
                }
                assert_eq!(closed(&events), ends_session(status, way), "{context}");
            }
        }
    }
}

#[test]
fn the_refusal_of_a_bind_ends_the_session_by_response_and_by_report() {
    for status in [300, 400, 403, 404, 408, 413, 415, 423, 428, 481, 499, 501, 506] {
        for way in WAYS {
            let mut alice = Lone::alice_with(Config::default(), alice_opens());
            let again = SessionConfig::new(
                "msrp://alice.example:7654/two;tcp".parse().unwrap(),
                path("msrp://bob.example:12763/two;tcp"),
            );
            let two = alice.side.connection.open(again).unwrap();
            let bind = alice.drain().remove(0);
            let text = format!("000 {status} No");
            let report = Raw::report("rep.1", bind.message_id(), &text)
                .to("msrp://alice.example:7654/two;tcp");
            alice.give(&match way {
                Way::Response => response(&bind.id, &text[4..]),
                Way::Report => report.octets(),
                Way::ReportOnOctets => report.range("1-0/0").octets(),
            });
            let events = alice.events();
            let reason = match status {
                408 => CloseReason::TimedOut,
                status => CloseReason::Rejected(code(status)),
            };
            assert_eq!(closed(&events), Some(reason), "{status} {way:?}");
            assert!(alice.side.connection.session(two).is_err());
            assert!(alice.side.connection.session(alice.session).is_ok());
        }
    }
}

// What arrives after the outcome.

fn late_failures(events: &[Event]) -> Vec<(u16, Option<std::ops::Range<u64>>)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::LateFailure { status, octets, .. } => Some((status.as_u16(), octets.clone())),
            _ => None,
        })
        .collect()
}

fn late_successes(events: &[Event]) -> Vec<std::ops::Range<u64>> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::LateSuccess { octets, .. } => Some(octets.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_refusal_of_an_aborted_message_is_late() {
    for (status, reason) in
        [(481, Some(CloseReason::Rejected(code(481)))), (413, None), (408, None)]
    {
        let mut alice = Lone::alice_with(small_steps(), alice_opens());
        let key = send(&mut alice, binary("mid1", 9000));
        let mut stream = alice.poll();
        alice.side.connection.abort(key).unwrap();
        stream.extend(alice.side.drain(alice.now));
        assert_eq!(outcomes(&alice.events()), [Outcome::Aborted]);
        let sent = frames(&stream).remove(0);
        assert_eq!(sent.flag, '#');
        alice.answer(&sent, &format!("{status} No"));
        let events = alice.events();
        assert_eq!(late_failures(&events), [(status, Some(0..1500))]);
        assert_eq!(closed(&events), reason);
        // Once is enough.
        alice.answer(&sent, &format!("{status} No"));
        assert_eq!(alice.events(), []);
    }
}

#[test]
fn an_error_after_the_silence_of_partial_is_late() {
    let mut alice = Lone::alice();
    send(&mut alice, binary("mid1", 5).failure_report(FailureReport::Partial));
    let sent = alice.drain().remove(0);
    alice.advance(30 * SECOND);
    assert_eq!(outcomes(&alice.events()), [Outcome::Sent]);
    alice.answer(&sent, "413 No");
    assert_eq!(late_failures(&alice.events()), [(413, Some(0..5))]);
}

#[test]
fn an_error_under_partial_after_30_seconds_ends_a_message_that_is_still_leaving() {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    let message = OutgoingMessage::streamed("video/mp4".parse().unwrap(), None)
        .failure_report(FailureReport::Partial);
    let key = send(&mut alice, message);
    alice.side.connection.body(key).unwrap().write(filler(3000)).unwrap();
    let mut stream = alice.side.drain(alice.now);
    // A request of the peer interrupts the chunk.
    alice.side.feed(alice.now, &Raw::new("FOO", "foo1").to(ALICE).from(BOB).octets());
    stream.extend(alice.side.drain(alice.now));
    let first = frames_and_rest(&stream).0.remove(0);
    alice.advance(31 * SECOND);
    assert_eq!(outcomes(&alice.events()), []);
    alice.answer(&first, "403 No");
    let events = alice.events();
    assert_eq!(outcomes(&events), [Outcome::Rejected(code(403))]);
    assert_eq!(finished(&events)[0].failed, Some(0..first.len() as u64));
}

#[test]
fn success_after_another_outcome_is_late() {
    // A REPORT after its deadline.
    let mut alice = Lone::alice();
    send(&mut alice, binary("mid1", 5).success_report(true).report_timeout(SECOND));
    let sent = alice.drain().remove(0);
    alice.answer(&sent, "200 OK");
    alice.advance(SECOND);
    assert_eq!(outcomes(&alice.events()), [Outcome::Unreported]);
    alice.give(&report("mid1", "000 200 OK", "2-9/9"));
    assert_eq!(late_successes(&alice.events()), [1..5]);
    alice.give(&report("mid1", "000 200 OK", ""));
    assert_eq!(late_successes(&alice.events()), [0..5]);

    // A response after its deadline.
    let mut alice = Lone::alice();
    send(&mut alice, binary("mid1", 5));
    let sent = alice.drain().remove(0);
    alice.advance(30 * SECOND);
    alice.events();
    alice.answer(&sent, "200 OK");
    assert_eq!(late_successes(&alice.events()), [0..5]);
}

#[test]
fn success_that_was_expected_or_not_asked_for_is_no_event() {
    // The response to a chunk of an aborted message.
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    let key = send(&mut alice, binary("mid1", 9000));
    let mut stream = alice.poll();
    alice.side.connection.abort(key).unwrap();
    stream.extend(alice.side.drain(alice.now));
    alice.events();
    alice.answer(&frames(&stream)[0], "200 OK");
    assert_eq!(alice.events(), []);
    // A REPORT that nobody asked for, and a second one on a delivered message.
    for success_report in [false, true] {
        let mut alice = Lone::alice();
        send(&mut alice, binary("mid1", 5).success_report(success_report));
        let sent = alice.drain().remove(0);
        alice.answer(&sent, "200 OK");
        alice.give(&report("mid1", "000 200 OK", "1-5/5"));
        alice.events();
        alice.give(&report("mid1", "000 200 OK", "1-5/5"));
        assert_eq!(alice.events(), []);
    }
}

#[test]
fn what_has_ended_is_remembered_up_to_the_limit() {
    let mut config = Config::default();
    config.limits.remembered_messages = 2;
    let mut alice = Lone::alice_with(config, alice_opens());
    for name in ["mid1", "mid2", "mid3"] {
        send(&mut alice, binary(name, 5));
    }
    let sent = alice.drain();
    alice.advance(30 * SECOND);
    assert_eq!(outcomes(&alice.events()).len(), 3);
    for chunk in &sent {
        alice.answer(chunk, "413 No");
    }
    assert_eq!(late_failures(&alice.events()).len(), 2);
}

// What the peer learns of a message that ends early.

/// Two messages that take turns: a part of the first has left, and a chunk of the
/// second is open.
fn between_chunks(config: Config) -> (Lone, Vec<u8>, [MessageKey; 2]) {
    let mut alice = Lone::alice_with(config, alice_opens());
    let keys = ["mid1", "mid2"].map(|name| send(&mut alice, binary(name, 9000)));
    let mut stream = Vec::new();
    while frames_and_rest(&stream).0.is_empty() {
        stream.extend(alice.poll());
    }
    stream.extend(alice.poll());
    (alice, stream, keys)
}

#[test]
fn a_message_that_times_out_between_two_chunks_ends_with_a_hash() {
    for by_peer in [false, true] {
        let (mut alice, mut stream, keys) = between_chunks(small_steps());
        let first = frames_and_rest(&stream).0.remove(0);
        if by_peer {
            alice.side.feed(alice.now, &response(&first.id, "408 Later"));
        } else {
            // The second message goes on for longer than a transaction takes.
            stream.extend(alice.poll());
            alice.now += 30 * SECOND;
            alice.side.connection.handle_timeout(alice.now);
        }
        let events = alice.events();
        assert_eq!(outcomes(&events), [Outcome::TimedOut]);
        let told = finished(&events)[0];
        assert_eq!((told.message, told.failed.clone()), (keys[0], Some(0..first.len() as u64)));
        stream.extend(alice.side.drain(alice.now));
        assert_eq!(flags(&frames(&stream)[1..]), ["mid2 +", "mid1 #", "mid2 $"]);
    }
}

#[test]
fn a_message_that_the_peer_refuses_between_two_chunks_just_stops() {
    for status in ["400 No", "403 No", "413 No", "415 No", "499 No"] {
        let (mut alice, mut stream, _) = between_chunks(small_steps());
        let first = frames_and_rest(&stream).0.remove(0);
        alice.side.feed(alice.now, &response(&first.id, status));
        stream.extend(alice.side.drain(alice.now));
        assert_eq!(flags(&frames(&stream)[1..]), ["mid2 $"], "{status}");
    }
}

#[test]
fn messages_of_a_session_that_has_failed_end_with_a_hash() {
    let (mut alice, mut stream, _) = between_chunks(small_steps());
    send(&mut alice, binary("mid3", 5));
    alice.side.feed(alice.now, &report("mid3", "000 408 Lost", "1-5/5"));
    assert_eq!(closed(&alice.events()), Some(CloseReason::Failed(code(408))));
    stream.extend(alice.side.drain(alice.now));
    assert_eq!(flags(&frames(&stream)[1..]), ["mid2 #", "mid1 #"]);
    assert_eq!(words(&alice.drain()), [""; 0]);
}

// Messages that wait for REPORTs.

#[test]
fn a_peer_that_never_reports_does_not_keep_messages_from_leaving() {
    let mut config = Config::default();
    config.limits.outgoing_messages = 3;
    let mut alice = Lone::alice_with(config, alice_opens());
    let mut unreported = Vec::new();
    for n in 0..10 {
        let key = send(&mut alice, binary(&format!("mid{n}"), 5).success_report(true));
        for chunk in alice.drain() {
            alice.answer(&chunk, "200 OK");
        }
        let events = alice.events();
        let accepted = Event::Accepted { message: key };
        assert!(events.contains(&accepted), "{events:?}");
        for told in finished(&events) {
            assert_eq!(told.outcome, Outcome::Unreported);
            unreported.push(told.message_id.as_str().to_owned());
        }
    }
    // The one that has waited longest makes way.
    assert_eq!(unreported, ["mid0", "mid1", "mid2", "mid3", "mid4", "mid5", "mid6"]);
    // The others end after the default time.
    alice.advance(300 * SECOND);
    assert_eq!(outcomes(&alice.events()), [Outcome::Unreported; 3]);
    assert_eq!(alice.side.connection.poll_timeout(), None);
}

#[test]
fn accepted_comes_once_and_before_delivered() {
    let mut alice = Lone::alice();
    let key = send(&mut alice, binary("mid1", 5).success_report(true));
    let sent = alice.drain().remove(0);
    assert_eq!(alice.events(), []);
    alice.answer(&sent, "200 OK");
    assert_eq!(alice.events(), [Event::Accepted { message: key }]);
    alice.give(&report("mid1", "000 200 OK", "1-2/5"));
    let events = alice.events();
    assert!(matches!(events[..], [Event::Reported { .. }]), "{events:?}");
    alice.give(&report("mid1", "000 200 OK", "3-5/5"));
    assert_eq!(outcomes(&alice.events()), [Outcome::Delivered]);
    // Nobody accepts what asks for no responses, and no REPORT is missing here.
    send(&mut alice, binary("mid2", 5).success_report(true).failure_report(FailureReport::No));
    alice.drain();
    assert_eq!(alice.events(), []);
    send(&mut alice, binary("mid3", 5));
    let sent = alice.drain().remove(0);
    alice.answer(&sent, "200 OK");
    assert_eq!(outcomes(&alice.events()), [Outcome::Accepted]);
}

// Messages that do not get away.

/// Says that it is due, and handles it.
fn wait_for_timeout(alice: &mut Lone) -> Duration {
    let due = alice.side.connection.poll_timeout().unwrap();
    let waited = due.saturating_duration_since(alice.now);
    alice.now = alice.now.max(due);
    alice.side.connection.handle_timeout(alice.now);
    waited
}

#[test]
fn a_message_that_does_not_leave_times_out() {
    let mut config = Config::default();
    config.silence_timeout = 1000 * SECOND;
    let mut alice = Lone::alice_with(config, alice_opens());
    // The connection has been quiet for long.
    alice.now += 1000 * SECOND;
    let one = send(&mut alice, binary("mid1", 9000).progress_timeout(10 * SECOND));
    let other = send(&mut alice, binary("mid2", 9000));
    // The transport takes nothing. The first call only says what time it is.
    assert_eq!(wait_for_timeout(&mut alice), Duration::ZERO);
    assert_eq!(wait_for_timeout(&mut alice), 10 * SECOND);
    let events = alice.events();
    assert_eq!(outcomes(&events), [Outcome::TimedOut]);
    assert_eq!(finished(&events)[0].message, one);
    assert_eq!(wait_for_timeout(&mut alice), 110 * SECOND);
    let events = alice.events();
    assert_eq!(outcomes(&events), [Outcome::TimedOut]);
    assert_eq!((finished(&events)[0].message, finished(&events)[0].octets), (other, 0));
    // Nothing of them has left, so there is nothing to say.
    assert_eq!(words(&alice.drain()), [""; 0]);
    assert_eq!(alice.side.connection.poll_timeout(), None);
}

#[test]
fn a_transport_that_stops_within_a_message_ends_it_with_a_hash() {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    let message = binary("mid1", 9000).progress_timeout(10 * SECOND);
    send(&mut alice, message);
    let mut stream = alice.poll();
    for _ in 0..3 {
        alice.advance(9 * SECOND);
        stream.extend(alice.poll());
        assert_eq!(alice.events(), []);
    }
    while outcomes(&alice.events()).is_empty() {
        wait_for_timeout(&mut alice);
    }
    stream.extend(alice.side.drain(alice.now));
    assert_eq!(flags(&frames(&stream)), ["mid1 #"]);
}

#[test]
fn a_message_whose_turn_has_not_come_waits() {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    for n in 0..3 {
        let message = binary(&format!("mid{n}"), 9000).progress_timeout(10 * SECOND);
        send(&mut alice, message);
    }
    let mut stream = Vec::new();
    loop {
        let octets = alice.poll();
        if octets.is_empty() {
            break;
        }
        stream.extend(octets);
        alice.advance(6 * SECOND);
        assert_eq!(outcomes(&alice.events()), []);
        for chunk in frames_and_rest(&stream).0.iter() {
            alice.side.feed(alice.now, &response(&chunk.id, "200 OK"));
        }
        alice.side.events.retain(|event| match event {
            Event::Finished(told) => {
                assert_eq!(told.outcome, Outcome::Accepted);
                false
            }
            _ => true,
        });
    }
    assert!(frames(&stream).len() > 5);
}

#[test]
fn an_application_without_octets_is_no_lack_of_progress() {
    let mut alice = Lone::alice();
    let message =
        OutgoingMessage::streamed("video/mp4".parse().unwrap(), None).progress_timeout(10 * SECOND);
    let key = send(&mut alice, message);
    let mut stream = alice.side.drain(alice.now);
    for _ in 0..5 {
        // The chunk ends because it has no octets for long.
        alice.advance(100 * SECOND);
        stream.extend(alice.side.drain(alice.now));
        for chunk in frames(&std::mem::take(&mut stream)) {
            alice.answer(&chunk, "200 OK");
        }
        assert_eq!(outcomes(&alice.events()), []);
        alice.side.connection.body(key).unwrap().write(filler(3000)).unwrap();
        alice.advance(9 * SECOND);
        assert_eq!(outcomes(&alice.events()), []);
        stream.extend(alice.side.drain(alice.now));
    }
    alice.side.connection.body(key).unwrap().write(filler(3000)).unwrap();
    alice.advance(Duration::ZERO);
    alice.advance(10 * SECOND);
    assert_eq!(outcomes(&alice.events()), [Outcome::TimedOut]);
}

// Room for the octets of a streamed message.

/// What an application writes before it waits for room.
#[derive(Clone, Copy, Debug)]
enum Loop {
    /// Pieces of one size until one is refused.
    UntilRefused,
    /// As much as there is room for.
    UntilFull,
    /// Half of what the writer holds, once.
    Half,
    /// One piece, once.
    Once,
}

proptest! {
    #[test]
    fn no_loop_that_waits_for_room_stands_still(
        capacity in prop_oneof![0..20usize, 2000..5000usize],
        piece in prop_oneof![1..20usize, 1000..5000usize],
        kind in prop_oneof![
            Just(Loop::UntilRefused), Just(Loop::UntilFull), Just(Loop::Half), Just(Loop::Once),
        ],
        steps in prop_oneof![1..10usize, 500..3000usize],
        in_messages in any::<bool>(),
    ) {
        let mut config = Config::default();
        config.limits.body_writer_octets = capacity;
        config.transmit_octets = steps;
        if in_messages {
            config.framing = msrp::Framing::Message { max_octets: 8000 };
        }
        let capacity = capacity.max(2);
        let piece = piece.min(capacity);
        let mut alice = Lone::alice_with(config, alice_opens());
        let key = send(
            &mut alice,
            OutgoingMessage::streamed("video/mp4".parse().unwrap(), None)
                .failure_report(FailureReport::No),
        );
        let mut given = 0;
        for _ in 0..8 {
            let before = given;
            let mut writer = alice.side.connection.body(key).unwrap();
            match kind {
                Loop::UntilRefused => {
                    while writer.write(filler(piece)).is_ok() {
                        given += piece;
                    }
                }
                Loop::UntilFull => {
                    while writer.room() > 0 {
                        let len = writer.room().min(piece);
                        writer.write(filler(len)).unwrap();
                        given += len;
                    }
                }
                Loop::Half | Loop::Once => {
                    let len = if matches!(kind, Loop::Half) { capacity / 2 } else { piece };
                    if writer.write(filler(len)).is_ok() {
                        given += len;
                    }
                }
            }
            prop_assert!(given > before || matches!(kind, Loop::UntilRefused | Loop::Once));
            let mut has_room = false;
            for _ in 0..20 {
                alice.side.drain(alice.now);
                has_room |= alice.events().contains(&Event::BodyRoom { message: key });
                if has_room {
                    break;
                }
                // Octets that are few may wait for more.
                alice.advance(SECOND);
            }
            let may_wait = in_messages && matches!(kind, Loop::Once);
            prop_assert!(has_room || may_wait, "{given} octets, no room");
        }
        prop_assert!(given >= 2 * piece.min(capacity / 2));
    }
}

// Heads that our own limits refuse.

#[test]
fn heads_that_this_side_would_refuse_are_not_sent() {
    let config = Config::default();
    let (fields, octets) = (config.parse.headers, config.parse.head_octets);
    let mut alice = Lone::alice_with(config, alice_opens());
    let with_fields = |count: usize| {
        let mut message = OutgoingMessage::text("x").success_report(true);
        for n in 0..count {
            message = message.header(format!("X-{n}"), "y");
        }
        message
    };
    // Five fields are always there, and those of both reports.
    let most = fields - 7;
    let error = alice.side.connection.send(alice.session, with_fields(most + 1)).unwrap_err();
    assert_eq!(error, SendError::TooManyHeaders { max: fields });
    let with_octets = |len: usize| OutgoingMessage::text("x").header("X-Long", "y".repeat(len));
    for len in [octets, 20 * 1024, 70 * 1024] {
        let error = alice.side.connection.send(alice.session, with_octets(len)).unwrap_err();
        assert_eq!(error, SendError::HeadTooLong { max: octets });
    }
    assert_eq!(words(&alice.drain()), [""; 0]);
    assert!(alice.side.connection.is_flushed());

    // The most that may leave is read by a peer with the same limits.
    let mut len = octets;
    while alice.side.connection.send(alice.session, with_octets(len)).is_err() {
        len -= 1;
    }
    assert!(len > octets - 600, "{len}");
    send(&mut alice, with_fields(most));
    let mut bob = Lone::bob();
    bob.side.feed(bob.now, &alice.side.drain(alice.now));
    let count = bob.events().iter().filter(|event| matches!(event, Event::Message { .. })).count();
    assert_eq!(count, 2);
}

#[test]
fn sessions_whose_paths_do_not_fit_into_a_head_are_not_opened() {
    let mut config = Config::default();
    config.parse.path_uris = 2;
    config.parse.head_octets = 4096;
    let mut alice = Lone::alice_with(config, alice_opens());
    let local = || "msrp://alice.example:7654/two;tcp".parse().unwrap();
    let uri = |n: usize, len: usize| format!("msrp://relay{n}.example/{};tcp", "s".repeat(len));
    let long = [uri(0, 9), uri(1, 9), uri(2, 9)].join(" ");
    let error = alice.side.connection.open(SessionConfig::new(local(), path(&long))).unwrap_err();
    assert_eq!(error, SessionError::TooManyUris { max: 2 });
    let error = alice
        .side
        .connection
        .open(SessionConfig::new(local(), path(&[uri(0, 900), uri(1, 900)].join(" "))))
        .unwrap_err();
    assert!(matches!(error, SessionError::PathTooLong { .. }), "{error:?}");
    assert_eq!(words(&alice.drain()), [""; 0]);
}

#[test]
fn a_report_whose_head_is_too_long_does_not_leave() {
    let mut bob = Lone::bob();
    let chunk = Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').reports("", "yes");
    bob.give(&chunk.octets());
    let events = bob.events();
    let Some(Event::Message { received, .. }) = events.first() else { panic!("{events:?}") };
    let kind = |len: usize| format!("text/plain;a={}", "b".repeat(len)).parse().unwrap();
    let mut report = |len: usize| {
        let range = msrp::wire::ByteRange::whole(2);
        let (connection, kind) = (&mut bob.side.connection, kind(len));
        connection.report_with_body(received, code(500), range, &kind, b"sorry")
    };
    assert!(matches!(report(20_000), Err(SendError::HeadTooLong { .. })));
    assert_eq!(report(10), Ok(()));
    assert_eq!(words(&bob.drain()), ["REPORT"]);
}

// A message goes on in another session.

#[test]
fn a_file_that_a_lost_session_broke_goes_on_in_a_new_one() {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    let kind: msrp::MediaType = "video/mp4".parse().unwrap();
    let file = filler(9000);
    let message = OutgoingMessage::streamed(kind.clone(), Some(9000))
        .message_id(MessageId::new("film").unwrap());
    let key = send(&mut alice, message);
    alice.side.connection.body(key).unwrap().write(file.clone()).unwrap();
    let mut stream = alice.poll();
    stream.extend(alice.poll());
    // A request of the peer ends the chunk.
    alice.side.feed(alice.now, &Raw::new("FOO", "foo1").to(ALICE).from(BOB).octets());
    while frames_and_rest(&stream).0.is_empty() {
        stream.extend(alice.poll());
    }
    let first = frames_and_rest(&stream).0.remove(0);
    alice.answer(&first, "200 OK");
    alice.side.connection.receive_eof();
    let events = alice.events();
    let lost = finished(&events)[0];
    assert_eq!(lost.outcome, Outcome::ConnectionLost);
    assert_eq!(lost.accepted, first.len() as u64);

    let mut alice = Lone::alice();
    let from = lost.accepted;
    let rest = OutgoingMessage::resume(lost.message_id, kind, from, Some(9000));
    let key = send(&mut alice, rest.success_report(true));
    let mut body = alice.side.connection.body(key).unwrap();
    assert_eq!(body.write(filler(9001)).unwrap_err(), SendError::BeyondTotal { total: 9000 });
    body.write(file[from as usize..].to_vec()).unwrap();
    body.finish().unwrap();
    let sent = alice.drain().remove(0);
    assert_eq!(sent.range(), format!("{}-*/9000", from + 1));
    assert_eq!((sent.message_id(), sent.flag), ("film", '$'));
    assert_eq!(sent.body.as_deref(), Some(&file[from as usize..]));
    alice.answer(&sent, "200 OK");
    // REPORTs need not cover what had arrived before.
    alice.give(&report("film", "000 200 OK", &format!("{}-9000/9000", from + 1)));
    let events = alice.events();
    assert_eq!(outcomes(&events), [Outcome::Delivered]);
    let told = finished(&events)[0];
    assert_eq!((told.octets, told.accepted), (9000, 9000));
}

#[test]
fn a_resumed_message_has_no_more_than_its_size() {
    let mut alice = Lone::alice_with(Config::default(), alice_opens().peer_max_size(5000));
    let resume = |from, total| {
        let kind = "video/mp4".parse().unwrap();
        OutgoingMessage::resume(MessageId::new("film").unwrap(), kind, from, total)
    };
    for (message, error) in [
        (resume(11, Some(10)), SendError::BeyondTotal { total: 10 }),
        (resume(0, Some(5001)), SendError::TooLarge { max: 5000 }),
        (resume(5001, None), SendError::TooLarge { max: 5000 }),
        (resume(u64::MAX, None), SendError::TooLarge { max: 5000 }),
    ] {
        assert_eq!(alice.side.connection.send(alice.session, message).unwrap_err(), error);
    }
    // Every octet is there, and only the end is missing.
    let key = send(&mut alice, resume(10, Some(10)));
    alice.side.connection.body(key).unwrap().finish().unwrap();
    let sent = alice.drain().remove(0);
    assert_eq!((sent.range(), sent.len(), sent.flag), ("11-*/10", 0, '$'));
    // At the end of all numbers.
    let mut alice = Lone::alice();
    let key = send(&mut alice, resume(u64::MAX - 1, None));
    let mut body = alice.side.connection.body(key).unwrap();
    assert!(body.write(filler(2)).is_err());
    body.write(filler(1)).unwrap();
    body.finish().unwrap();
    assert_eq!(alice.drain().len(), 1);
}

// How far a message has come.

#[test]
fn progress_tells_what_left_what_was_accepted_and_what_was_delivered() {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    let message = binary("mid1", 9000).success_report(true).progress_events(true);
    let key = send(&mut alice, message);
    let figures = |alice: &Lone| {
        let progress = alice.side.connection.progress(key).unwrap();
        assert_eq!((progress.message, progress.total), (key, Some(9000)));
        (progress.left, progress.accepted, progress.delivered, progress.has_left)
    };
    assert_eq!(figures(&alice), (0, 0, 0, false));
    let mut stream = alice.poll();
    assert_eq!(figures(&alice), (1500, 0, 0, false));
    stream.extend(alice.side.drain(alice.now));
    assert_eq!(figures(&alice), (9000, 0, 0, true));
    let sent = frames(&stream).remove(0);
    alice.answer(&sent, "200 OK");
    assert_eq!(figures(&alice), (9000, 9000, 0, true));
    alice.give(&report("mid1", "000 200 OK", "1-100/9000"));
    assert_eq!(figures(&alice), (9000, 9000, 100, true));
    let told: Vec<_> = alice
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Progress(progress) => {
                Some((progress.left, progress.accepted, progress.delivered))
            }
            _ => None,
        })
        .collect();
    assert!(told.is_sorted() && told.len() == 4, "{told:?}");
    assert_eq!((told[0], told[told.len() - 1]), ((1500, 0, 0), (9000, 9000, 100)));
}

#[test]
fn one_event_of_progress_waits_for_each_message() {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    let keys =
        ["mid1", "mid2"].map(|name| send(&mut alice, binary(name, 90_000).progress_events(true)));
    let connection = &mut alice.side.connection;
    for _ in 0..50 {
        let _ = connection.poll_transmit(alice.now);
    }
    let told: Vec<_> = std::iter::from_fn(|| connection.poll_event()).collect();
    let [Event::Progress(one), Event::Progress(other)] = &told[..] else { panic!("{told:?}") };
    assert_eq!([one.message, other.message], keys);
    assert!(one.left > 4096 && other.left > 4096);
    // Its outcome says more.
    let _ = connection.poll_transmit(alice.now);
    connection.close();
    let told: Vec<_> = std::iter::from_fn(|| connection.poll_event()).collect();
    assert!(!told.iter().any(|event| matches!(event, Event::Progress(_))), "{told:?}");
}

#[test]
fn a_message_has_its_id_and_a_session_its_uri() {
    let mut alice = Lone::alice();
    let key = send(&mut alice, binary("mid1", 5));
    let connection = &mut alice.side.connection;
    assert_eq!(connection.message_id(key), Ok(MessageId::new("mid1").unwrap()));
    assert_eq!(connection.find_session(&ALICE.parse().unwrap()), Some(alice.session));
    assert_eq!(connection.find_session(&BOB.parse().unwrap()), None);
    connection.abort(key).unwrap();
    assert_eq!(connection.message_id(key), Err(msrp::UnknownKey));
    assert_eq!(key.session(), alice.session);
}

// Responses that are not as they should be.

/// Responses to a request, with what deviates in them.
fn malformed_responses(id: &str, status: u16) -> Vec<(&'static str, Vec<u8>)> {
    let start = format!("MSRP {id} {status}");
    let (to, from) = (format!("To-Path: {ALICE}\r\n"), format!("From-Path: {BOB}\r\n"));
    let end = format!("-------{id}$\r\n");
    let lines = |parts: &[&[u8]]| parts.concat();
    let paths = [to.as_bytes(), from.as_bytes()].concat();
    let ok = b" OK\r\n";
    vec![
        ("comment", lines(&[start.as_bytes(), b" Fran\xe7ais\r\n", &paths, end.as_bytes()])),
        ("comment", lines(&[start.as_bytes(), b" O\x01K\r\n", &paths, end.as_bytes()])),
        ("field", lines(&[start.as_bytes(), ok, &paths, b"X-A: \xe9t\xe9\r\n", end.as_bytes()])),
        ("field", lines(&[start.as_bytes(), ok, &paths, b"no field\r\n", end.as_bytes()])),
        ("field", lines(&[start.as_bytes(), ok, b": x\r\n", &paths, end.as_bytes()])),
        ("range", lines(&[start.as_bytes(), ok, &paths, b"Byte-Range: x\r\n", end.as_bytes()])),
        ("twice", lines(&[start.as_bytes(), ok, &paths, &paths, end.as_bytes()])),
        (
            "URI",
            lines(&[start.as_bytes(), ok, &paths[..to.len()], b"From-Path: x\r\n", end.as_bytes()]),
        ),
        ("no From-Path", lines(&[start.as_bytes(), ok, to.as_bytes(), end.as_bytes()])),
        ("no To-Path", lines(&[start.as_bytes(), ok, from.as_bytes(), end.as_bytes()])),
        ("no path", lines(&[start.as_bytes(), ok, end.as_bytes()])),
    ]
}

/// Feeds octets in these pieces.
fn feed_in_pieces(alice: &mut Lone, octets: &[u8], cuts: &[usize]) {
    let mut from = 0;
    for to in cuts.iter().copied().chain([octets.len()]) {
        alice.side.feed(alice.now, &octets[from..to]);
        from = to;
    }
}

// wild: 74
#[test]
fn the_id_and_the_status_of_a_response_suffice() {
    let count = malformed_responses("tid1", 200).len();
    for status in [200, 413] {
        for which in 0..count {
            let len = malformed_responses("0123456789abcdef", status)[which].1.len() + 40;
            let every: Vec<usize> = (1..len).collect();
            let cuts = every.iter().map(|cut| vec![*cut]).chain([Vec::new(), every.clone()]);
            for cuts in cuts {
                let mut alice = Lone::alice();
                send(&mut alice, binary("mid1", 5));
                let sent = alice.drain().remove(0);
                let (what, octets) = malformed_responses(&sent.id, status).swap_remove(which);
                let cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < octets.len()).collect();
                feed_in_pieces(&mut alice, &octets, &cuts);
                let events = alice.events();
                let expected = match status {
                    200 => Outcome::Accepted,
                    status => Outcome::Rejected(code(status)),
                };
                assert_eq!(outcomes(&events), [expected], "{what} {status} {cuts:?}");
                let tolerated = Event::Tolerated(Tolerance::MalformedResponse);
                assert!(events.contains(&tolerated), "{what} {events:?}");
                assert!(!alice.side.connection.is_closed());
            }
        }
    }
}

#[test]
fn without_the_tolerance_a_malformed_response_is_none() {
    let mut config = Config::default();
    config.parse.tolerances = Tolerances::usual().without(Tolerance::MalformedResponse);
    for which in 0..malformed_responses("tid1", 200).len() {
        let mut alice = Lone::alice_with(config.clone(), alice_opens());
        send(&mut alice, binary("mid1", 5));
        let sent = alice.drain().remove(0);
        let (what, octets) = malformed_responses(&sent.id, 200).swap_remove(which);
        assert_eq!(words(&alice.give(&octets)), [""; 0], "{what}");
        assert_eq!(outcomes(&alice.events()), [], "{what}");
        // It says nothing, and the connection goes on.
        alice.answer(&sent, "200 OK");
        assert_eq!(outcomes(&alice.events()), [Outcome::Accepted], "{what}");
    }
}
