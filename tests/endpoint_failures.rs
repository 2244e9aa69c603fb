//! Refusals, deadlines and ends: every message has exactly one outcome (RFC 4975
//! sections 5.4, 7.1.1, 7.3.2 and 10).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Duration;

use common::wire::{Lone, Raw, Sent, filler, frames, frames_and_rest, words};
use common::{ALICE, BOB, alice_opens, path, small_steps};
use msrp::wire::{DecodeError, FailureReport};
use msrp::{
    Bind, CloseReason, ConnectionEnd, Event, Finished, MessageId, MessageKey, Outcome,
    OutgoingMessage, SendError, SessionConfig, SessionKey, StatusCode,
};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn binary(name: &str, len: usize) -> OutgoingMessage {
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), filler(len))
        .message_id(MessageId::new(name).unwrap())
}

/// The progress of a message of 9,000 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing of it has left.
    Fresh,
    /// Its first chunk is leaving.
    Open,
    /// Its octets have run out within a chunk.
    Stalled,
    /// A chunk has left, and the chunk of another message is leaving.
    Between,
    /// It has left whole.
    Left,
    /// It was accepted and awaits its REPORT.
    Accepted,
}

struct Staged {
    alice: Lone,
    key: MessageKey,
    other: Option<MessageKey>,
    stream: Vec<u8>,
}

fn stage(stage: Stage, failure: FailureReport) -> Staged {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    let session = alice.session;
    let mut stream = Vec::new();
    let mut other = None;
    let message = if stage == Stage::Stalled {
        let kind = "video/mp4".parse().unwrap();
        OutgoingMessage::streamed(kind, Some(9000)).message_id(MessageId::new("mid1").unwrap())
    } else {
        binary("mid1", 9000)
    };
    let message = message.failure_report(failure).success_report(stage == Stage::Accepted);
    let key = alice.side.connection.send(session, message).unwrap();
    match stage {
        Stage::Fresh => {}
        Stage::Open => stream = alice.poll(),
        Stage::Stalled => {
            alice.side.connection.body(key).unwrap().write(filler(3000)).unwrap();
            stream = alice.side.drain(alice.now);
        }
        Stage::Between => {
            other = Some(alice.side.connection.send(session, binary("mid2", 9000)).unwrap());
            while frames_and_rest(&stream).0.is_empty() {
                stream.extend(alice.poll());
            }
            stream.extend(alice.poll());
            assert!(!frames_and_rest(&stream).1.is_empty());
        }
        Stage::Left | Stage::Accepted => stream = alice.side.drain(alice.now),
    }
    if stage == Stage::Accepted {
        let sent = frames(&stream);
        alice.answer(&sent[0], "200 OK");
    }
    alice.events();
    Staged { alice, key, other, stream }
}

impl Staged {
    /// The id of the transaction of the message's first chunk.
    fn transaction(&self) -> String {
        let text = String::from_utf8_lossy(&self.stream);
        text.split(' ').nth(1).unwrap().to_owned()
    }

    /// Everything that leaves, from the beginning.
    fn finish(&mut self) -> Vec<Sent> {
        self.stream.extend(self.alice.side.drain(self.alice.now));
        frames(&self.stream)
    }
}

fn outcomes(events: &[Event]) -> Vec<Finished> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Finished(outcome) => Some((**outcome).clone()),
            _ => None,
        })
        .collect()
}

fn closed(events: &[Event]) -> Option<CloseReason> {
    let mut reasons = events.iter().filter_map(|event| match event {
        Event::SessionClosed { reason, .. } => Some(*reason),
        _ => None,
    });
    let reason = reasons.next();
    assert_eq!(reasons.next(), None);
    reason
}

/// The messages and flags of SENDs.
fn flags(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|frame| format!("{} {}", frame.message_id(), frame.flag)).collect()
}

fn code(code: u16) -> StatusCode {
    StatusCode::new(code).unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Response,
    Report,
    ReportOnOctets,
}

// req: 4975-10.2-1 4975-10.3-1 4975-10.4-1 4975-10.5-1 4975-10.5-2 4975-10.6-1 4975-10.8-1
// req: 4975-10.9-1 4975-10.10-1 4975-7.3.2-2 4975-7.3.2-3 4975-7.3.2-4 4975-7.1-13 4975-7.1.1-8
#[test]
fn an_error_ends_the_message_and_nothing_more_of_it_leaves() {
    let stages = [Stage::Open, Stage::Stalled, Stage::Between, Stage::Left];
    let ways = [Way::Response, Way::Report, Way::ReportOnOctets];
    for status in [400, 403, 408, 413, 415, 423, 481, 499, 501, 506] {
        for at in stages {
            for way in ways {
                for failure in [FailureReport::Yes, FailureReport::Partial] {
                    check_error(status, at, way, failure);
                }
            }
        }
    }
}

fn check_error(status: u16, at: Stage, way: Way, failure: FailureReport) {
    let context = format!("{status} {at:?} {way:?} {failure:?}");
    let mut staged = stage(at, failure);
    let before = frames_and_rest(&staged.stream).0.len();
    let octets = match way {
        Way::Response => common::wire::response(&staged.transaction(), &format!("{status} No")),
        Way::Report => Raw::report("rep.1", "mid1", &format!("000 {status} No")).octets(),
        Way::ReportOnOctets => {
            Raw::report("rep.1", "mid1", &format!("000 {status} No")).range("1-100/9000").octets()
        }
    };
    staged.alice.side.feed(staged.alice.now, &octets);
    let events = staged.alice.events();

    let told = outcomes(&events);
    let expected = if status == 408 { Outcome::TimedOut } else { Outcome::Rejected(code(status)) };
    assert_eq!((told[0].message, told[0].outcome), (staged.key, expected), "{context}");
    assert_eq!(told[0].response.is_some(), way == Way::Response);

    let reason = match (way, status) {
        (_, 481 | 506) => Some(CloseReason::Rejected(code(status))),
        (Way::ReportOnOctets, 408 | 499) => Some(CloseReason::Failed(code(status))),
        (Way::Response | Way::Report | Way::ReportOnOctets, _) => None,
    };
    assert_eq!(closed(&events), reason, "{context}");
    match (staged.other, reason) {
        (Some(other), Some(_)) => {
            assert_eq!((told[1].message, told[1].outcome), (other, Outcome::SessionClosed));
            assert_eq!(told.len(), 2, "{context}");
        }
        _ => assert_eq!(told.len(), 1, "{context}"),
    }

    assert!(staged.alice.side.connection.body(staged.key).is_err());
    let sent = staged.finish();
    let after = flags(&sent[before..]);
    let expected: &[&str] = match (at, reason) {
        (Stage::Open | Stage::Stalled, _) => &["mid1 #"],
        // A timeout is no refusal: the receiver still waits for the rest.
        (Stage::Between, None) if status == 408 => &["mid2 +", "mid1 #", "mid2 $"],
        (Stage::Between, Some(CloseReason::Failed(StatusCode::TIMEOUT))) => &["mid2 #", "mid1 #"],
        (Stage::Between, None) => &["mid2 $"],
        // The open chunk must end, and nothing else leaves in that session.
        (Stage::Between, Some(_)) => &["mid2 #"],
        _ => &[],
    };
    assert_eq!(after, expected, "{context}");
    // What follows has no effect, and the connection continues.
    let late = common::wire::response(&staged.transaction(), "200 OK");
    staged.alice.side.feed(staged.alice.now, &late);
    assert_eq!(outcomes(&staged.alice.events()), [], "{context}");
    if reason.is_none() {
        let session = staged.alice.session;
        staged.alice.side.connection.send(session, OutgoingMessage::text("next")).unwrap();
        assert_eq!(words(&staged.alice.drain()), ["SEND"], "{context}");
    }
}

// req: 4975-10.8-1 4975-10.10-1
#[test]
fn after_481_or_506_no_octet_leaves_for_a_message_that_waits() {
    for status in ["481 Gone", "506 Bound"] {
        let mut alice = Lone::alice_with(small_steps(), alice_opens());
        let session = alice.session;
        for name in ["mid1", "mid2", "mid3"] {
            alice.side.connection.send(session, binary(name, 9000)).unwrap();
        }
        let mut stream = Vec::new();
        while frames_and_rest(&stream).0.len() < 2 {
            stream.extend(alice.poll());
        }
        let first = frames_and_rest(&stream).0[0].clone();
        alice.answer(&first, status);
        assert_eq!(outcomes(&alice.events()).len(), 3);
        stream.extend(alice.side.drain(alice.now));
        // The second is between its chunks; of the third nothing or little has left.
        let all = flags(&frames(&stream));
        assert!(
            all == ["mid1 +", "mid2 +"] || all == ["mid1 +", "mid2 +", "mid3 #"],
            "{status} {all:?}"
        );
        assert_eq!(
            alice.side.connection.send(session, OutgoingMessage::text("x")),
            Err(SendError::UnknownKey(msrp::UnknownKey))
        );
    }
}

// req: 4975-10.6-1
#[test]
fn a_type_that_was_refused_is_not_sent_again_in_the_session() {
    let mut alice = Lone::alice();
    let session = alice.session;
    let html = || OutgoingMessage::new("text/html;charset=utf-8".parse().unwrap(), "<p>");
    alice.side.connection.send(session, html()).unwrap();
    let sent = alice.drain();
    alice.answer(&sent[0], "415 What");
    let again = OutgoingMessage::new("TEXT/html".parse().unwrap(), "<p>");
    let error = alice.side.connection.send(session, again).unwrap_err();
    assert_eq!(error, SendError::TypeNotAccepted("TEXT/html".parse().unwrap()));
    alice.side.connection.send(session, OutgoingMessage::text("x")).unwrap();
    // Another session is not affected.
    let two = SessionConfig::new(
        "msrp://alice.example:7654/two;tcp".parse().unwrap(),
        path("msrp://bob.example:12763/two;tcp"),
    );
    let two = alice.side.connection.open(two).unwrap();
    alice.side.connection.send(two, html()).unwrap();
}

// req: 4975-7.3.2-4 4975-5.4-14 4975-5.4-21 4975-5.4-15
#[test]
fn what_was_lost_goes_again_in_a_session_of_other_uris() {
    let mut alice = Lone::alice();
    alice.side.connection.send(alice.session, binary("mid1", 100)).unwrap();
    let sent = alice.drain();
    alice.answer(&sent[0], "200 OK");
    alice.give(&Raw::report("rep.1", "mid1", "000 408 Lost").range("1-100/100").octets());
    assert_eq!(closed(&alice.events()), Some(CloseReason::Failed(StatusCode::TIMEOUT)));
    let again = SessionConfig::new(
        "msrp://alice.example:7654/again;tcp".parse().unwrap(),
        path("msrp://bob.example:12763/again;tcp"),
    );
    let again = alice.side.connection.open(again).unwrap();
    alice.side.connection.send(again, binary("mid1", 100)).unwrap();
    let sent = alice.drain();
    assert_eq!(sent[1].message_id(), "mid1");
    assert_eq!(sent[1].header("To-Path"), Some("msrp://bob.example:12763/again;tcp"));
}

// req: 4975-7.1.1-7
#[test]
fn no_response_for_30_seconds_is_a_timeout() {
    let mut alice = Lone::alice();
    let key = alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
    let sent = alice.drain();
    assert_eq!(alice.side.connection.poll_timeout(), Some(alice.now + 30 * SECOND));
    alice.advance(30 * SECOND - MILLISECOND);
    assert_eq!(alice.events(), []);
    alice.advance(MILLISECOND);
    let told = outcomes(&alice.events());
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].message, told[0].outcome), (key, Outcome::TimedOut));
    assert_eq!(alice.side.connection.poll_timeout(), None);
    alice.answer(&sent[0], "200 OK");
    assert!(matches!(alice.events()[..], [Event::LateSuccess { message, .. }] if message == key));
    // The session stays open.
    alice.side.connection.send(alice.session, OutgoingMessage::text("y")).unwrap();
}

// req: 4975-7.1.1-7
#[test]
fn the_time_runs_from_the_last_octet_written() {
    // One transmit is written slowly. The next poll shows that it has been written.
    let mut alice = Lone::alice();
    alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
    alice.poll();
    // Until then there is only the time in which something has to move.
    assert_eq!(alice.side.connection.poll_timeout(), Some(alice.now + 60 * SECOND));
    alice.advance(20 * SECOND);
    assert!(alice.poll().is_empty());
    assert_eq!(alice.side.connection.poll_timeout(), Some(alice.now + 30 * SECOND));
    // A large message takes long. The deadline of its chunk starts at its end.
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    alice.side.connection.send(alice.session, binary("mid1", 9000)).unwrap();
    for _ in 0..6 {
        assert!(!alice.poll().is_empty());
        alice.advance(40 * SECOND);
        assert_eq!(alice.events(), []);
    }
    assert!(alice.poll().is_empty());
    alice.advance(30 * SECOND);
    assert_eq!(outcomes(&alice.events())[0].outcome, Outcome::TimedOut);
}

// req: 4975-7.1.1-7
#[test]
fn a_response_in_time_stops_the_clock_and_has_the_round_trip() {
    let mut alice = Lone::alice();
    alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
    let sent = alice.drain();
    alice.now += 29 * SECOND;
    alice.answer(&sent[0], "200 Very well");
    let told = outcomes(&alice.events());
    let answer = told[0].response.as_ref().unwrap();
    assert_eq!(told[0].outcome, Outcome::Accepted);
    assert_eq!(answer.round_trip, Some(29 * SECOND));
    assert_eq!(answer.transaction.as_str(), sent[0].id);
    assert_eq!((answer.status, answer.comment.as_deref()), (StatusCode::OK, Some("Very well")));
    assert_eq!(alice.side.connection.poll_timeout(), None);
    // A second response to it has no effect.
    alice.answer(&sent[0], "413 Stop");
    assert_eq!(alice.events(), []);
}

// req: 4975-7.1.1-8 4975-7.1.4-3
#[test]
fn without_failure_reports_there_is_no_timeout() {
    let mut alice = Lone::alice();
    let quiet = OutgoingMessage::text("x").failure_report(FailureReport::No);
    alice.side.connection.send(alice.session, quiet).unwrap();
    alice.drain();
    assert_eq!(outcomes(&alice.events())[0].outcome, Outcome::Sent);
    assert_eq!(alice.side.connection.poll_timeout(), None);
    // Only errors have responses: what was not refused in time has been sent.
    let partial = OutgoingMessage::text("x").failure_report(FailureReport::Partial);
    alice.side.connection.send(alice.session, partial).unwrap();
    alice.drain();
    assert_eq!(alice.events(), []);
    alice.advance(30 * SECOND);
    let told = outcomes(&alice.events());
    assert_eq!((told.len(), told[0].outcome), (1, Outcome::Sent));
}

// req: 4975-7.1.1-7 4975-7.1-13
#[test]
fn a_chunk_that_times_out_stops_the_chunk_that_is_leaving() {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    let kind = "video/mp4".parse().unwrap();
    let key =
        alice.side.connection.send(alice.session, OutgoingMessage::streamed(kind, None)).unwrap();
    alice.side.connection.body(key).unwrap().write(filler(3000)).unwrap();
    let mut stream = alice.side.drain(alice.now);
    alice.side.feed(alice.now, &Raw::new("FOO", "foo1").to(ALICE).from(BOB).octets());
    stream.extend(alice.side.drain(alice.now));
    alice.side.connection.body(key).unwrap().write(filler(3000)).unwrap();
    stream.extend(alice.side.drain(alice.now));
    alice.advance(30 * SECOND);
    assert_eq!(outcomes(&alice.events())[0].outcome, Outcome::TimedOut);
    stream.extend(alice.side.drain(alice.now));
    let sent: Vec<_> = frames(&stream).into_iter().map(|frame| (frame.what, frame.flag)).collect();
    let expected = [("SEND".to_owned(), '+'), ("501".to_owned(), '$'), ("SEND".to_owned(), '#')];
    assert_eq!(sent, expected);
}

// req: 4975-7.1.1-7
#[test]
fn every_chunk_has_to_be_accepted() {
    let mut alice = Lone::alice_with(small_steps(), alice_opens());
    alice.side.connection.send(alice.session, binary("mid1", 9000)).unwrap();
    alice.side.connection.send(alice.session, binary("mid2", 9000)).unwrap();
    let sent = alice.drain();
    let (first, second): (Vec<&Sent>, Vec<&Sent>) =
        sent.iter().partition(|frame| frame.message_id() == "mid1");
    assert!(first.len() > 1 && second.len() > 1);
    for chunk in first.iter().rev() {
        assert_eq!(alice.events(), []);
        alice.answer(chunk, "200 OK");
    }
    let told = outcomes(&alice.events());
    assert_eq!((told.len(), told[0].outcome), (1, Outcome::Accepted));
    assert_eq!((told[0].chunks, told[0].octets), (first.len() as u64, 9000));
    for chunk in &second[1..] {
        alice.answer(chunk, "200 OK");
    }
    alice.advance(30 * SECOND);
    assert_eq!(outcomes(&alice.events())[0].outcome, Outcome::TimedOut);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Close,
    CloseSession,
    Eof,
    Garbage,
}

// req: 4975-5.4-13 4975-7.1-13 4975-7.1.1-6
#[test]
fn however_and_whenever_it_ends_each_message_has_one_outcome() {
    let stages =
        [Stage::Fresh, Stage::Open, Stage::Stalled, Stage::Between, Stage::Left, Stage::Accepted];
    for end in [End::Close, End::CloseSession, End::Eof, End::Garbage] {
        for at in stages {
            for failure in [FailureReport::Yes, FailureReport::Partial] {
                check_end(end, at, failure);
            }
        }
    }
}

fn check_end(end: End, at: Stage, failure: FailureReport) {
    let context = format!("{end:?} {at:?} {failure:?}");
    let mut staged = stage(at, failure);
    let alice = &mut staged.alice;
    let before = frames_and_rest(&staged.stream).0.len();
    match end {
        End::Close => alice.side.connection.close(),
        End::CloseSession => assert!(alice.side.connection.close_session(alice.session).is_ok()),
        End::Eof => alice.side.connection.receive_eof(),
        End::Garbage => alice.side.feed(alice.now, b"GET / HTTP/1.1\r\n\r\n"),
    }
    let events = alice.events();
    let told = outcomes(&events);
    let expected = match (end, at, failure) {
        (_, Stage::Accepted, _) => Outcome::Unreported,
        (_, Stage::Left, FailureReport::Partial) => Outcome::Sent,
        (End::Close | End::CloseSession, ..) => Outcome::SessionClosed,
        (End::Eof | End::Garbage, ..) => Outcome::ConnectionLost,
    };
    let expected_count = if at == Stage::Between { 2 } else { 1 };
    assert_eq!(told.len(), expected_count, "{context}");
    assert!(
        told.iter().any(|told| (told.message, told.outcome) == (staged.key, expected)),
        "{context} {told:?}"
    );

    // First the outcomes of the messages, then the session, then the connection.
    let rank = |event: &Event| match event {
        Event::Finished(_) => 0,
        Event::SessionClosed { .. } => 1,
        Event::Closed(_) => 2,
        other => panic!("{other:?}"),
    };
    assert!(events.is_sorted_by_key(rank), "{events:?}");
    let local = matches!(end, End::Close | End::CloseSession);
    let reason = if local { CloseReason::Local } else { CloseReason::ConnectionClosed };
    assert_eq!(closed(&events), Some(reason));
    let last = match end {
        End::Close => Some(ConnectionEnd::Local),
        End::CloseSession => None,
        End::Eof => Some(ConnectionEnd::Peer),
        End::Garbage => match events.last() {
            Some(Event::Closed(end @ ConnectionEnd::Failed(DecodeError::Head(_)))) => {
                Some(end.clone())
            }
            other => panic!("{other:?}"),
        },
    };
    match last {
        Some(last) => assert_eq!(events.last(), Some(&Event::Closed(last))),
        None => assert!(!staged.alice.side.connection.is_closed()),
    }

    if local {
        let sent = staged.finish();
        let after = flags(&sent[before..]);
        let expected: &[&str] = match at {
            Stage::Open | Stage::Stalled => &["mid1 #"],
            Stage::Between => &["mid2 #", "mid1 #"],
            _ => &[],
        };
        assert_eq!(after, expected, "{context}");
    } else {
        assert_eq!(staged.alice.side.drain(staged.alice.now), b"", "{context}");
    }
    assert!(staged.alice.side.connection.is_flushed());
    staged.alice.advance(60 * SECOND);
    assert_eq!(staged.alice.events(), [], "{context}");
    let session = staged.alice.session;
    let again = staged.alice.side.connection.send(session, OutgoingMessage::text("x"));
    assert_eq!(again, Err(SendError::UnknownKey(msrp::UnknownKey)));
}

// req: 4975-5.4-13
#[test]
fn a_stream_that_ends_within_a_frame_has_failed() {
    for part in ["MSRP", "MSRP tid.1 SEND\r\nTo-", "MSRP tid.1 200 OK\r\n"] {
        let mut alice = Lone::alice();
        alice.side.feed(alice.now, part.as_bytes());
        alice.side.connection.receive_eof();
        alice.side.connection.receive_eof();
        let events = alice.events();
        let closed: Vec<_> =
            events.iter().filter(|event| matches!(event, Event::Closed(_))).collect();
        assert_eq!(
            closed,
            [&Event::Closed(ConnectionEnd::Failed(DecodeError::Truncated))],
            "{part}"
        );
        let mut input = bytes::BytesMut::from(&b"MSRP"[..]);
        let again = alice.side.connection.receive(alice.now, &mut input);
        assert_eq!(again, Err(msrp::ConnectionError::Closed));
    }
}

// req: 4975-5.4-13
#[test]
fn a_failed_connection_fails_every_session_on_it() {
    let mut alice = Lone::alice();
    let two = SessionConfig::new(
        "msrp://alice.example:7654/two;tcp".parse().unwrap(),
        path("msrp://bob.example:12763/two;tcp"),
    );
    let two = alice.side.connection.open(two.bind(Bind::FirstMessage)).unwrap();
    let keys: Vec<_> = [alice.session, two]
        .map(|session| alice.side.connection.send(session, OutgoingMessage::text("x")).unwrap())
        .into();
    alice.drain();
    alice.side.connection.receive_eof();
    let events = alice.events();
    let lost: Vec<_> = outcomes(&events).iter().map(|told| (told.message, told.outcome)).collect();
    assert_eq!(lost, [(keys[0], Outcome::ConnectionLost), (keys[1], Outcome::ConnectionLost)]);
    let ended: Vec<SessionKey> = events
        .iter()
        .filter_map(|event| match event {
            Event::SessionClosed { session, .. } => Some(*session),
            _ => None,
        })
        .collect();
    assert_eq!(ended, [alice.session, two]);
    assert_eq!(alice.side.connection.sessions().count(), 0);
}

// req: 4975-5.4-22
#[test]
fn the_end_of_one_session_leaves_the_other_alone() {
    let mut alice = Lone::alice();
    let two = SessionConfig::new(
        "msrp://alice.example:7654/two;tcp".parse().unwrap(),
        path("msrp://bob.example:12763/two;tcp"),
    );
    let two = alice.side.connection.open(two).unwrap();
    alice.drain();
    alice.side.connection.send(two, OutgoingMessage::text("x")).unwrap();
    assert!(alice.side.connection.close_session(alice.session).is_ok());
    assert!(alice.side.connection.close_session(alice.session).is_err());
    assert!(!alice.side.connection.is_closed());
    assert_eq!(alice.side.connection.sessions().collect::<Vec<_>>(), [two]);
    let sent = alice.drain();
    alice.events();
    alice.answer(&sent[0], "200 OK");
    let events = alice.events();
    assert_eq!(outcomes(&events)[0].outcome, Outcome::Accepted);
    assert!(matches!(events[0], Event::SessionOpened { session, .. } if session == two));
    // The response to requests for the one that has ended is 481.
    let sent =
        alice.give(&Raw::chunk("tid.1", "mid9", "1-2/2", "Hi", '$').to(ALICE).from(BOB).octets());
    assert_eq!(words(&sent), ["481"]);
}

#[test]
fn an_error_that_comes_before_the_chunk_has_left_has_no_round_trip() {
    let mut staged = stage(Stage::Open, FailureReport::Yes);
    let octets = common::wire::response(&staged.transaction(), "413 Stop");
    staged.alice.side.feed(staged.alice.now, &octets);
    let told = outcomes(&staged.alice.events());
    assert_eq!(told[0].response.as_ref().unwrap().round_trip, None);
    assert_eq!((told[0].chunks, told[0].octets), (0, 1500));
}

// req: 4975-7.1-13
#[test]
fn the_end_does_not_wait_for_responses() {
    let mut config = small_steps();
    config.limits.transactions = 1;
    let mut alice = Lone::alice_with(config, alice_opens());
    for name in ["mid1", "mid2"] {
        alice.side.connection.send(alice.session, binary(name, 9000)).unwrap();
    }
    let mut stream = alice.side.drain(alice.now);
    alice.side.connection.close();
    assert_eq!(alice.side.connection.poll_timeout(), None);
    stream.extend(alice.side.drain(alice.now));
    assert_eq!(flags(&frames(&stream)), ["mid1 +", "mid1 #"]);
    assert!(alice.side.connection.is_flushed());
}
