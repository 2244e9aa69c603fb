//! REPORTs, sent and received (RFC 4975 sections 5.3, 7.1.2 to 7.1.4 and 7.3.2).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::single_range_in_vec_init
)]

mod common;

use std::time::Duration;

use common::wire::{Lone, Raw, Sent, filler, frames, words};
use common::{ALICE, BOB, bob_expects};
use msrp::wire::{ByteRange, FailureReport};
use msrp::{
    CloseReason, Config, Event, MediaType, MessageId, Outcome, OutgoingMessage, ReceiveMode,
    Received, ReportMode, SendError, StatusCode,
};
use proptest::prelude::*;

fn bob_reports(mode: ReportMode) -> Lone {
    Lone::bob_with(Config::default(), bob_expects().reports(mode))
}

fn received(bob: &mut Lone) -> Received {
    let events = bob.events();
    events
        .iter()
        .find_map(|event| match event {
            Event::Message { received: message, .. }
            | Event::MessageCompleted { received: message, .. } => Some(message.clone()),
            _ => None,
        })
        .unwrap()
}

/// The ranges of the REPORTs among these frames.
fn reported(sent: &[Sent]) -> Vec<&str> {
    sent.iter().filter(|frame| frame.what == "REPORT").map(Sent::range).collect()
}

/// A message of two chunks: 3 and 4 octets.
fn two_chunks(failure: &str, success: &str) -> [Raw; 2] {
    [
        Raw::chunk("tid.1", "mid1", "1-*/7", "abc", '+').reports(failure, success),
        Raw::chunk("tid.2", "mid1", "4-7/7", "defg", '$').reports(failure, success),
    ]
}

// req: 4975-7.1.3-3 4975-7.1.3-4 4975-7.1.2-1 4975-7.1.2-2 4975-7.1.2-3 4975-7.1.2-4
// req: 4975-7.1.2-7 4975-7.1-8 4975-7.1-9 4975-7.3.1-9 4975-5.1-2
#[test]
fn the_octets_of_a_success_report() {
    let mut bob = Lone::bob();
    bob.side.feed(
        bob.now,
        &Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').reports("no", "yes").octets(),
    );
    let octets = bob.side.drain(bob.now);
    let sent = frames(&octets);
    let tid = &sent[0].id;
    assert_ne!(tid, "tid.1");
    let expected = format!(
        "MSRP {tid} REPORT\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\nMessage-ID: mid1\r\n\
         Byte-Range: 1-2/2\r\nStatus: 000 200 OK\r\n-------{tid}$\r\n"
    );
    assert_eq!(String::from_utf8(octets).unwrap(), expected);
}

// req: 4975-7.1.3-3
#[test]
fn a_report_goes_back_along_the_whole_path() {
    let through = format!("msrp://near.example:2855/r2;tcp msrp://far.example:2855/r1;tcp {ALICE}");
    let mut bob = Lone::bob();
    let request = Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').reports("", "yes").from(&through);
    let sent = bob.give(&request.octets());
    assert_eq!(words(&sent), ["200", "REPORT"]);
    assert_eq!(sent[0].header("To-Path"), Some("msrp://near.example:2855/r2;tcp"));
    assert_eq!(sent[1].header("To-Path"), Some(&through[..]));
    assert_eq!(sent[1].header("From-Path"), Some(BOB));
}

// req: 4975-7.1.3-1 4975-7.1.3-2 4975-7.1.3-6 4975-5.3-2 4975-7.1.1-10 4975-7.1.4-3 4975-7.1.4-4
#[test]
fn success_reports_are_sent_as_asked_and_as_the_session_says() {
    for mode in [ReportMode::Whole, ReportMode::EachChunk, ReportMode::Manual] {
        for receive in [ReceiveMode::Whole, ReceiveMode::Pieces] {
            for success in ["", "no", "yes"] {
                for failure in ["", "yes", "partial", "no"] {
                    let session = bob_expects().reports(mode).receive(receive);
                    let mut bob = Lone::bob_with(Config::default(), session);
                    let sent: Vec<Sent> = two_chunks(failure, success)
                        .iter()
                        .flat_map(|chunk| bob.give(&chunk.octets()))
                        .collect();
                    let expected: &[&str] = match (mode, success) {
                        (ReportMode::Whole, "yes") => &["1-7/7"],
                        (ReportMode::EachChunk, "yes") => &["1-3/7", "4-7/7"],
                        _ => &[],
                    };
                    assert_eq!(
                        reported(&sent),
                        expected,
                        "{mode:?} {receive:?} {success} {failure}"
                    );
                    let answers = sent.iter().filter(|frame| frame.what == "200").count();
                    assert_eq!(answers, if matches!(failure, "" | "yes") { 2 } else { 0 });
                }
            }
        }
    }
}

// req: 4975-7.1.4-8 4975-7.3.1-2 4975-7.1.3-1
#[test]
fn what_is_reported_is_what_came() {
    let mut bob = bob_reports(ReportMode::EachChunk);
    let ask = |id: &str, range: &str, body: &str, flag: char| {
        Raw::chunk(id, "mid1", range, body, flag).reports("no", "yes")
    };
    let sent: Vec<Sent> = [
        ask("tid.1", "1-*/100", "abc", '+'),
        ask("tid.2", "4-9/100", "def", '+'),
        ask("tid.3", "7-*/*", "ghi", '+'),
        ask("tid.4", "10-*/*", "j", '$'),
    ]
    .iter()
    .flat_map(|chunk| bob.give(&chunk.octets()))
    .collect();
    assert_eq!(reported(&sent), ["1-3/100", "4-6/100", "7-9/*", "10-10/*"]);
    let sent =
        bob.give(&Raw::chunk("tid.5", "mid2", "1-0/0", "", '$').reports("no", "yes").octets());
    assert_eq!(reported(&sent), ["1-0/0"]);
    let mut bob = Lone::bob();
    let sent =
        bob.give(&Raw::chunk("tid.5", "mid2", "1-0/0", "", '$').reports("no", "yes").octets());
    assert_eq!(reported(&sent), ["1-0/0"]);
}

// req: 4975-5.3-2 4975-7.1.3-6
#[test]
fn what_failed_is_not_reported_as_a_success() {
    let session = bob_expects().max_size(4).reports(ReportMode::Whole);
    let mut bob = Lone::bob_with(Config::default(), session);
    let sent: Vec<Sent> = [
        Raw::chunk("tid.1", "mid1", "1-5/5", "abcde", '$'),
        Raw::chunk("tid.2", "mid2", "1-*/4", "ab", '#'),
        Raw::chunk("tid.3", "mid3", "1-*/4", "ab", '+'),
        Raw::send("tid.4").message("mid4").range("1-0/0"),
    ]
    .into_iter()
    .flat_map(|chunk| bob.give(&chunk.reports("", "yes").octets()))
    .collect();
    assert_eq!(words(&sent), ["413", "200", "200", "200"]);
}

// req: 4975-7.1.3-2 4975-7.1.3-6 4975-7.1.2-10
#[test]
fn the_application_reports_a_success_when_it_knows_of_it() {
    let mut bob = bob_reports(ReportMode::Manual);
    bob.give(&Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').reports("", "yes").octets());
    let message = received(&mut bob);
    bob.side.connection.report(&message, StatusCode::OK, ByteRange::whole(2)).unwrap();
    let sent = bob.drain();
    assert_eq!((reported(&sent), sent[0].header("Status")), (vec!["1-2/2"], Some("000 200 OK")));

    bob.give(&Raw::chunk("tid.2", "mid2", "1-2/2", "Hi", '$').octets());
    let unasked = received(&mut bob);
    let error = bob.side.connection.report(&unasked, StatusCode::OK, ByteRange::whole(2));
    assert_eq!(error, Err(SendError::NotWanted));

    bob.side.connection.close_session(bob.session).unwrap();
    let error = bob.side.connection.report(&message, StatusCode::OK, ByteRange::whole(2));
    assert_eq!(error, Err(SendError::UnknownKey(msrp::UnknownKey)));
    assert_eq!(bob.drain(), []);
}

// req: 4975-7.1.4-2 4975-7.1.4-3 4975-7.1.4-6 4975-7.1.4-7 4975-5.3-3 4975-7.1.2-1
#[test]
fn a_late_failure_is_reported_if_the_sender_asks_for_it() {
    for (failure, is_wanted) in [("", true), ("yes", true), ("partial", true), ("no", false)] {
        let mut bob = Lone::bob();
        bob.give(
            &Raw::chunk("tid.1", "mid1", "1-*/40", &"x".repeat(40), '$')
                .reports(failure, "")
                .octets(),
        );
        let message = received(&mut bob);
        let range = ByteRange::new(1, Some(40), Some(100)).unwrap();
        let result = bob.side.connection.report(&message, StatusCode::FORBIDDEN, range);
        let sent = bob.drain();
        if is_wanted {
            assert_eq!(result, Ok(()));
            assert_eq!(sent[0].header("Status"), Some("000 403 Forbidden"));
            assert_eq!((sent[0].range(), sent[0].message_id()), ("1-40/100", "mid1"));
            assert!(
                sent[0].header("Failure-Report").is_none()
                    && sent[0].header("Success-Report").is_none()
            );
        } else {
            assert_eq!((result, sent), (Err(SendError::NotWanted), vec![]));
        }
    }
}

// req: 4975-7.1.2-8 4975-7.1.2-9 4975-7.3.2-5 4975-7.1.1-12 4975-5.3-2
#[test]
fn nothing_is_ever_sent_because_of_a_report() {
    let report =
        |message: &str, status: &str| Raw::report("tid.1", message, status).to(BOB).from(ALICE);
    let reports = [
        report("nobody", "000 200 OK"),
        report("nobody", "000 413 Stop").range("1-5/5"),
        report("mid1", "000 200 OK").reports("yes", "yes"),
        report("mid1", "oops"),
        report("mid1", "000 200 OK").range("9-1/5"),
        Raw::new("REPORT", "tid.1").message("mid1"),
        Raw::new("REPORT", "tid.1").header("Status", "000 200"),
        report("mid1", "000 200 OK").to("msrp://bob.example:12763/other;tcp"),
        report("mid1", "000 200 OK").to(&format!("msrp://relay.example:2855/r;tcp {BOB}")),
        report("mid1", "000 200 OK").range("1-5/5").body("text/plain", b"what happened"),
    ];
    let mut bob = Lone::bob();
    bob.give(&Raw::chunk("tid.0", "mid1", "1-*/9", "abc", '+').octets());
    for report in reports {
        assert_eq!(bob.give(&report.octets()), [], "{report:?}");
    }
    assert_eq!(bob.events(), []);
    // The connection is as it was.
    let sent = bob.give(&Raw::chunk("tid.2", "mid2", "1-2/2", "Hi", '$').octets());
    assert_eq!(words(&sent), ["200"]);
}

/// Alice, whose message of this many octets was accepted and awaits its REPORTs.
fn awaiting(octets: usize) -> (Lone, String) {
    let mut alice = Lone::alice();
    let body = String::from_utf8(filler(octets)).unwrap();
    let message = OutgoingMessage::text(body).success_report(true);
    alice.side.connection.send(alice.session, message).unwrap();
    let sent = alice.drain();
    assert_eq!(sent[0].header("Success-Report"), Some("yes"));
    alice.answer(&sent[0], "200 OK");
    assert!(matches!(alice.events()[..], [Event::Accepted { .. }]));
    (alice, sent[0].message_id().to_owned())
}

fn give_report(alice: &mut Lone, message: &str, status: &str, range: &str) -> Vec<Event> {
    let sent = alice.give(&Raw::report("rep.1", message, status).range(range).octets());
    assert_eq!(sent, []);
    alice.events()
}

fn outcomes(events: &[Event]) -> Vec<Outcome> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Finished(outcome) => Some(outcome.outcome),
            _ => None,
        })
        .collect()
}

// req: 4975-7.1.3-7 4975-7.3.2-1 4975-7.3.2-2 4975-7.1.1-30
#[test]
fn a_message_is_delivered_once_reports_cover_it() {
    let ways: [&[&str]; 8] = [
        &["1-20/20"],
        &[""],
        &["1-*/20"],
        &["1-*/*"],
        &["1-10/20", "5-15/20", "16-20/20"],
        &["11-20/20", "11-12/20", "1-10/20"],
        &["1-5/20", "1-20/20"],
        &["1-99/99"],
    ];
    for ranges in ways {
        let (mut alice, message) = awaiting(20);
        for (n, range) in ranges.iter().enumerate() {
            let events = give_report(&mut alice, &message, "000 200 OK", range);
            assert!(matches!(events[0], Event::Reported { .. }), "{events:?}");
            let is_last = n + 1 == ranges.len();
            let expected = if is_last { vec![Outcome::Delivered] } else { vec![] };
            assert_eq!(outcomes(&events), expected, "{ranges:?}");
            if let Some(Event::Finished(outcome)) = events.last() {
                assert_eq!(outcome.reported, [0..20]);
            }
        }
        // It has its outcome.
        assert_eq!(give_report(&mut alice, &message, "000 200 OK", "1-20/20"), []);
    }
}

// req: 4975-7.3.2-1
#[test]
fn each_report_is_an_event_with_its_octets() {
    let (mut alice, message) = awaiting(20);
    let events = give_report(&mut alice, &message, "000 200 OK", "3-7/20");
    let [Event::Reported { octets, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(*octets, 2..7);
}

// req: 4975-7.1.1-12 4975-7.1.3-5 4975-7.3.2-2
#[test]
fn reports_that_say_nothing_of_a_message_are_dropped() {
    let (mut alice, message) = awaiting(20);
    for (id, status, range) in [
        ("other", "000 200 OK", "1-20/20"),
        ("other", "000 413 Stop", "1-20/20"),
        (&message, "001 200 OK", "1-20/20"),
        (&message, "001 413 Stop", "1-20/20"),
        (&message, "000 200 OK", "0-20/20"),
    ] {
        assert_eq!(give_report(&mut alice, id, status, range), [], "{id} {status} {range}");
    }
    let delivered = give_report(&mut alice, &message, "000 200 OK", "1-20/20");
    assert_eq!(outcomes(&delivered), [Outcome::Delivered]);
}

// req: 4975-7.1.2-5
#[test]
fn a_report_may_have_a_body() {
    let (mut alice, message) = awaiting(20);
    let report =
        Raw::report("rep.1", &message, "000 200 OK").range("1-20/20").body("text/plain", b"fine");
    assert_eq!(alice.give(&report.octets()), []);
    assert_eq!(outcomes(&alice.events()), [Outcome::Delivered]);
}

// req: 4975-7.3.2-1
#[test]
fn a_report_may_come_before_the_response_and_before_the_message_has_left() {
    let mut alice = Lone::alice();
    let message = OutgoingMessage::text("Hey Bob").success_report(true);
    alice.side.connection.send(alice.session, message).unwrap();
    let sent = alice.drain();
    let events = give_report(&mut alice, sent[0].message_id(), "000 200 OK", "1-7/7");
    assert_eq!(outcomes(&events), []);
    alice.answer(&sent[0], "200 OK");
    assert_eq!(outcomes(&alice.events()), [Outcome::Delivered]);

    let mut alice = Lone::alice();
    let kind = "video/mp4".parse().unwrap();
    let message = OutgoingMessage::streamed(kind, None)
        .message_id(MessageId::new("film").unwrap())
        .success_report(true)
        .failure_report(FailureReport::No);
    let key = alice.side.connection.send(alice.session, message).unwrap();
    alice.side.connection.body(key).unwrap().write(filler(101)).unwrap();
    alice.poll();
    alice.events();
    // More than has left cannot have been received.
    let events = give_report(&mut alice, "film", "000 200 OK", "1-5000/*");
    let [Event::Reported { octets, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(*octets, 0..100);
    alice.side.connection.body(key).unwrap().finish().unwrap();
    alice.side.drain(alice.now);
    assert_eq!(outcomes(&alice.events()), []);
    let events = give_report(&mut alice, "film", "000 200 OK", "101-101/101");
    assert_eq!(outcomes(&events), [Outcome::Delivered]);
}

// req: 4975-7.3.2-1
#[test]
fn an_empty_message_is_delivered_by_the_report_of_nothing() {
    let (mut alice, message) = awaiting(0);
    let events = give_report(&mut alice, &message, "000 200 OK", "1-0/0");
    assert_eq!(outcomes(&events), [Outcome::Delivered]);
}

// req: 4975-7.3.2-2 4975-7.3.2-4 4975-10.4-1
#[test]
fn a_late_failure_is_an_event_and_ends_the_session_if_octets_were_lost() {
    for (status, range, closes) in [
        ("000 403 Forbidden", "", None),
        ("000 403 Forbidden", "1-7/7", None),
        ("000 499 What", "1-7/7", Some(CloseReason::Failed(StatusCode::new(499).unwrap()))),
        ("000 408 Timeout", "1-7/7", Some(CloseReason::Failed(StatusCode::TIMEOUT))),
        ("000 413 Stop", "1-7/7", None),
        ("000 415 Type", "1-7/7", None),
    ] {
        let mut alice = Lone::alice();
        alice.side.connection.send(alice.session, OutgoingMessage::text("Hey Bob")).unwrap();
        let sent = alice.drain();
        alice.answer(&sent[0], "200 OK");
        assert_eq!(outcomes(&alice.events()), [Outcome::Accepted]);
        let events = give_report(&mut alice, sent[0].message_id(), status, range);
        assert!(matches!(events[0], Event::LateFailure { .. }), "{events:?}");
        let reason = events.iter().find_map(|event| match event {
            Event::SessionClosed { reason, .. } => Some(*reason),
            _ => None,
        });
        assert_eq!(reason, closes, "{status} {range}");
        assert_eq!(alice.side.connection.sessions().count(), usize::from(closes.is_none()));
    }
}

// req: 4975-7.1.1-5 4975-7.1.1-6
#[test]
fn missing_reports_end_the_message_at_their_deadline_or_with_the_session() {
    let (mut alice, _) = awaiting(20);
    let due = alice.side.connection.poll_timeout().unwrap();
    assert_eq!(due - alice.now, Duration::from_secs(300));
    alice.side.connection.close_session(alice.session).unwrap();
    let events = alice.events();
    assert_eq!(outcomes(&events), [Outcome::Unreported]);

    let mut alice = Lone::alice();
    let message = OutgoingMessage::text("Hey Bob")
        .success_report(true)
        .report_timeout(Duration::from_secs(60));
    alice.side.connection.send(alice.session, message).unwrap();
    let sent = alice.drain();
    alice.advance(Duration::from_secs(5));
    alice.answer(&sent[0], "200 OK");
    let due = alice.side.connection.poll_timeout().unwrap();
    assert_eq!(due - alice.now, Duration::from_secs(60));
    assert!(matches!(alice.events()[..], [Event::Accepted { .. }]));
    alice.advance(Duration::from_millis(59_999));
    assert_eq!(alice.events(), []);
    alice.advance(Duration::from_millis(1));
    assert_eq!(outcomes(&alice.events()), [Outcome::Unreported]);
    assert_eq!(alice.side.connection.poll_timeout(), None);
    let events = give_report(&mut alice, sent[0].message_id(), "000 200 OK", "1-7/7");
    assert!(matches!(&events[..], [Event::LateSuccess { octets, .. }] if *octets == (0..7)));
}

// req: 4975-7.3-1
#[test]
fn a_report_of_another_session_says_nothing() {
    let (mut alice, message) = awaiting(20);
    let two = "msrp://alice.example:7654/two;tcp";
    let opens = msrp::SessionConfig::new(
        two.parse().unwrap(),
        common::path("msrp://bob.example:12763/two;tcp"),
    );
    alice.side.connection.open(opens).unwrap();
    alice.drain();
    let report = Raw::report("rep.1", &message, "000 200 OK").range("1-20/20").to(two);
    alice.give(&report.octets());
    assert_eq!(alice.events(), []);
}

proptest! {
    // req: 4975-7.1.3-7
    #[test]
    fn delivered_means_that_every_octet_was_reported(
        ranges in proptest::collection::vec((1u64..=12, 0u64..12), 0..8),
    ) {
        let (mut alice, message) = awaiting(12);
        let mut seen = [false; 12];
        for (start, len) in ranges {
            let end = (start + len).min(12);
            let events = give_report(&mut alice, &message, "000 200 OK", &format!("{start}-{end}/12"));
            let was_covered = seen.iter().all(|octet| *octet);
            for octet in start..=end {
                seen[octet as usize - 1] = true;
            }
            let is_covered = seen.iter().all(|octet| *octet);
            prop_assert_eq!(outcomes(&events).len(), usize::from(is_covered && !was_covered));
        }
    }
}

// req: 4975-7.1.2-5 4975-7.1-7 4975-7.1.2-7
#[test]
fn a_report_with_a_body() {
    let mut bob = bob_reports(ReportMode::Manual);
    bob.give(&Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').reports("no", "yes").octets());
    let message = received(&mut bob);
    let text = MediaType::text_plain();
    let mut report = |body: &[u8]| {
        let range = ByteRange::whole(2);
        let connection = &mut bob.side.connection;
        let result = connection.report_with_body(&message, StatusCode::OK, range, &text, body);
        (result, frames(&bob.side.drain(bob.now)))
    };
    let (result, sent) = report(b"All of it");
    assert_eq!((result, words(&sent)), (Ok(()), vec!["REPORT"]));
    assert_eq!(sent[0].header("Status"), Some("000 200 OK"));
    assert_eq!(sent[0].header("Content-Type"), Some("text/plain"));
    assert_eq!((sent[0].body.as_deref(), sent[0].flag), (Some(&b"All of it"[..]), '$'));
    // The end-lines of many ids, among them any that a peer could have seen.
    let hostile = format!("\r\n-------{}$\r\n-------", sent[0].id);
    assert_eq!(report(hostile.as_bytes()).1[0].body.as_deref(), Some(hostile.as_bytes()));
    assert_eq!(report(&filler(10_240)).0, Ok(()));
    assert_eq!(report(&filler(10_241)), (Err(SendError::ReportTooLarge), vec![]));
    // Its receiver ignores it (section 7.1.2).
    let mut alice = Lone::alice();
    let text = OutgoingMessage::text("Hi").success_report(true);
    alice.side.connection.send(alice.session, text).unwrap();
    let id = alice.drain()[0].message_id().to_owned();
    alice.events();
    let report = Raw::report("rep1", &id, "000 200 OK").body("text/plain", b"$").range("1-2/2");
    alice.give(&report.octets());
    assert!(matches!(alice.events()[..], [Event::Reported { .. }]));
}
