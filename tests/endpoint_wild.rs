//! What deployed stacks send: accepted or refused on purpose, and with every
//! tolerance switched off.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Instant;

use common::wire::{Lone, Raw, Sent, filler, frames, words};
use common::{ALICE, BOB, Side, alice_opens, bob_expects};
use msrp::{Config, Event, Outcome, OutgoingMessage, Role, SessionConfig, Tolerance, Tolerances};

fn strict() -> Config {
    let mut config = Config::default();
    config.parse.tolerances = Tolerances::none();
    config
}

/// The tolerances used, and the texts of messages.
fn told(events: &[Event]) -> (Vec<Tolerance>, Vec<String>) {
    let (mut tolerated, mut texts) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Tolerated(tolerance) => tolerated.push(*tolerance),
            Event::Message { body, .. } => texts.push(String::from_utf8_lossy(body).into_owned()),
            other => panic!("{other:?}"),
        }
    }
    (tolerated, texts)
}

/// Bob accepts the request with a tolerance, reports that once, and refuses the
/// request without it.
fn tolerated(octets: &[u8], tolerance: Tolerance, text: &[&str]) {
    let mut bob = Lone::bob();
    for round in 0..2 {
        assert_eq!(words(&bob.give(octets)), ["200"], "{tolerance:?}");
        let expected = if round == 0 { vec![tolerance] } else { vec![] };
        let texts: Vec<String> = text.iter().map(ToString::to_string).collect();
        assert_eq!(told(&bob.events()), (expected, texts));
    }
    let mut bob = Lone::bob_with(strict(), bob_expects());
    assert_eq!(words(&bob.give(octets)), ["400"], "{tolerance:?}");
    assert!(!bob.events().iter().any(|event| matches!(event, Event::Message { .. })));
    // What follows it is parsed.
    assert_eq!(words(&bob.give(&Raw::chunk("tid.9", "mid9", "", "Hi", '$').octets())), ["200"]);
}

/// Accepted with and without tolerances: it is legal.
fn legal(config: Config, octets: &[u8]) -> (Vec<Sent>, Vec<String>) {
    let mut bob = Lone::bob_with(config, bob_expects());
    let sent = bob.give(octets);
    let (tolerated, texts) = told(&bob.events());
    assert_eq!(tolerated, []);
    (sent, texts)
}

// wild: 1 and 2
#[test]
fn a_report_may_reuse_the_transaction_id_of_its_send_and_order_its_fields_freely() {
    for is_answered in [false, true] {
        for is_strict in [false, true] {
            let config = if is_strict { strict() } else { Config::default() };
            let mut alice = Lone::alice_with(config, alice_opens());
            let message = OutgoingMessage::text("Hey Bob").success_report(true);
            alice.side.connection.send(alice.session, message).unwrap();
            let sent = alice.drain();
            if is_answered {
                alice.answer(&sent[0], "200 OK");
            }
            let report = Raw::new("REPORT", &sent[0].id)
                .to(ALICE)
                .from(BOB)
                .message(sent[0].message_id())
                .header("Status", "000 200 OK")
                .range("1-7/7");
            assert_eq!(alice.give(&report.octets()), []);
            if !is_answered {
                alice.answer(&sent[0], "200 OK");
            }
            let events = alice.events();
            let tolerance = Event::Tolerated(Tolerance::ReportReusesTransactionId);
            assert_eq!(events.contains(&tolerance), !is_strict, "{events:?}");
            let outcomes = events.iter().filter(
                |event| matches!(event, Event::Finished(told) if told.outcome == Outcome::Delivered),
            );
            assert_eq!(outcomes.count(), usize::from(!is_strict), "{events:?}");
        }
    }
}

// wild: 3
#[test]
fn a_uuid_may_be_a_message_id() {
    let uuid = "8f14e45f-ceea-467f-a9f3-0e1d2c3b4a59";
    let bodiless = Raw::send("tid.1").message(uuid).range("1-0/0");
    tolerated(&bodiless.octets(), Tolerance::IdentLength, &[]);
}

// wild: 4
#[test]
fn a_response_may_repeat_whole_paths() {
    for is_strict in [false, true] {
        let config = if is_strict { strict() } else { Config::default() };
        let through = format!("msrp://relay.example:2855/r;tcp {BOB}");
        let session = SessionConfig::new(ALICE.parse().unwrap(), common::path(&through));
        let mut alice = Lone::alice_with(config, session);
        alice.side.connection.send(alice.session, OutgoingMessage::text("Hey Bob")).unwrap();
        let sent = alice.drain();
        let id = &sent[0].id;
        let response = format!(
            "MSRP {id} 200 OK\r\nTo-Path: {ALICE}\r\nFrom-Path: {through}\r\n-------{id}$\r\n"
        );
        alice.give(response.as_bytes());
        let events = alice.events();
        if is_strict {
            assert_eq!(events, []);
        } else {
            assert_eq!(events[0], Event::Tolerated(Tolerance::WholePathInResponse));
            assert!(
                matches!(&events[1], Event::Finished(told) if told.outcome == Outcome::Accepted)
            );
        }
    }
}

// wild: 5. Whoever trusts Byte-Range gets a fixed end that is right, and an
// open one for everything else.
// req: 4975-7.1.1-16 4975-7.1.1-17
#[test]
fn a_fixed_range_end_is_always_right() {
    let mut alice = Lone::alice();
    for len in [0, 1, 100, 2047, 2048, 2049, 5000, 70_000] {
        let message = OutgoingMessage::new("a/b".parse().unwrap(), filler(len));
        alice.side.connection.send(alice.session, message).unwrap();
    }
    for sent in alice.drain() {
        let (start, rest) = sent.range().split_once('-').unwrap();
        let (end, _) = rest.split_once('/').unwrap();
        let start: usize = start.parse().unwrap();
        assert!(end == "*" || end == (start + sent.len() - 1).to_string(), "{}", sent.range());
    }
}

// wild: 6 and 8
#[test]
fn keep_alives_get_a_response_and_no_event() {
    for config in [Config::default(), strict()] {
        let octets = Raw::send("d4c667b2351e958f")
            .header("Keep-Alive", "yes")
            .message("7b7c9965ffa8533c")
            .range("1-0/0")
            .octets();
        let (sent, texts) = legal(config, &octets);
        assert_eq!((words(&sent), texts), (vec!["200"], vec![]));
    }
}

// wild: 7
#[test]
fn a_method_with_an_underscore_is_an_unknown_method() {
    let octets = Raw::new("FILE_OFFSET", "x123").octets();
    let mut bob = Lone::bob();
    assert_eq!(words(&bob.give(&octets)), ["501"]);
    assert_eq!(told(&bob.events()), (vec![Tolerance::MethodName], vec![]));
    let mut bob = Lone::bob_with(strict(), bob_expects());
    assert_eq!(words(&bob.give(&octets)), ["400"]);
}

/// Its sender takes any refusal for an offset of zero, and begins at the first octet.
// wild: 7
#[test]
fn a_file_whose_sender_asks_for_an_offset_arrives_whole() {
    let mut bob = Lone::bob();
    assert_eq!(words(&bob.give(&Raw::new("FILE_OFFSET", "x123").octets())), ["501"]);
    for (id, range, part, flag) in [("tid.1", "1-3/5", "Hel", '+'), ("tid.2", "4-5/5", "lo", '$')] {
        assert_eq!(words(&bob.give(&Raw::chunk(id, "mid1", range, part, flag).octets())), ["200"]);
    }
    assert_eq!(told(&bob.events()), (vec![Tolerance::MethodName], vec!["Hello".into()]));
}

// wild: 9
#[test]
fn a_bodiless_send_needs_neither_message_id_nor_byte_range() {
    tolerated(&Raw::send("abcd").octets(), Tolerance::MissingMessageId, &[]);
}

// wild: 10 and 11
#[test]
fn a_bodiless_send_needs_no_byte_range_and_its_ids_may_be_equal_and_constant() {
    for config in [Config::default(), strict()] {
        let octets = Raw::send("empty").message("empty").octets();
        let (sent, texts) = legal(config, &[octets.clone(), octets].concat());
        assert_eq!((words(&sent), texts), (vec!["200", "200"], vec![]));
    }
}

// wild: 12
#[test]
fn a_range_that_counts_the_crlf_before_the_end_line_is_not_believed() {
    let octets = Raw::chunk("tid.1", "mid1", "1-7/7", "Hello", '$').octets();
    let mut bob = Lone::bob();
    assert_eq!(words(&bob.give(&octets)), ["200"]);
    assert_eq!(told(&bob.events()), (vec![Tolerance::WrongByteRange], vec!["Hello".into()]));
}

// wild: 21 and 30
#[test]
fn any_host_and_port_may_be_in_a_from_path() {
    let from = "msrp://[2409:4040:e98:9906:bda6:a64a:ecf:f71f]:9/3eb80645b9;tcp";
    for config in [Config::default(), strict()] {
        let (sent, texts) =
            legal(config, &Raw::chunk("tid.1", "mid1", "", "Hi", '$').from(from).octets());
        assert_eq!((sent[0].header("To-Path"), texts), (Some(from), vec!["Hi".into()]));
    }
    let relay = "msrps://192.168.0.74:2855/s.4651.23.1243343917;tcp";
    let from = format!("{relay} msrp://kc4cflb1.invalid:2855/h484gubk2r;ws");
    for config in [Config::default(), strict()] {
        let chunk = Raw::chunk("tid.1", "mid1", "", "Hi", '$').from(&from);
        let (sent, texts) = legal(config, &chunk.octets());
        assert_eq!((sent[0].header("To-Path"), texts), (Some(relay), vec!["Hi".into()]));
    }
}

// wild: 22
// req: 4975-9-8
#[test]
fn names_and_values_are_read_in_any_case() {
    for config in [Config::default(), strict()] {
        let octets = Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$')
            .header("Failure-report", "NO")
            .header("SUCCESS-REPORT", "yEs")
            .octets();
        let (sent, _) = legal(config, &octets);
        assert_eq!(words(&sent), ["REPORT"]);
    }
}

// wild: 23 and 32
#[test]
fn tiny_open_chunks_and_fixed_ones_with_a_plus_are_legal() {
    for config in [Config::default(), strict()] {
        let fixed = String::from_utf8(filler(2048)).unwrap();
        let octets = [
            Raw::chunk("tid.1", "mid1", "1-*/2", "H", '+').octets(),
            Raw::chunk("tid.2", "mid1", "2-*/2", "i", '$').octets(),
            Raw::chunk("tid.3", "mid2", "1-2048/2050", &fixed, '+').octets(),
            Raw::chunk("tid.4", "mid2", "2049-2050/2050", "ab", '$').octets(),
        ];
        let (sent, texts) = legal(config, &octets.concat());
        assert_eq!(words(&sent), ["200"; 4]);
        assert_eq!(texts, ["Hi".to_owned(), fixed + "ab"]);
    }
}

// wild: 24 and 25
// req: 4975-9-3
#[test]
fn a_response_needs_no_comment_and_may_have_fields_of_a_request() {
    for config in [Config::default(), strict()] {
        for (status, fields, expected) in [
            ("403", "", Outcome::Rejected(msrp::StatusCode::FORBIDDEN)),
            ("200 OK", "Byte-Range: 1-7/7\r\nMessage-ID: whatever\r\n", Outcome::Accepted),
        ] {
            let mut alice = Lone::alice_with(config.clone(), alice_opens());
            alice.side.connection.send(alice.session, OutgoingMessage::text("Hey Bob")).unwrap();
            let id = alice.drain()[0].id.clone();
            let response = format!(
                "MSRP {id} {status}\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n{fields}-------{id}$\r\n"
            );
            alice.give(response.as_bytes());
            let outcomes = alice.side.outcomes();
            assert_eq!((outcomes.len(), outcomes[0].outcome), (1, expected));
        }
    }
}

// wild: 26 and 27
#[test]
fn blanks_around_values_may_be_missing_or_many() {
    let clean =
        String::from_utf8(Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').octets()).unwrap();
    let none = clean.replace("Byte-Range: ", "Byte-Range:");
    tolerated_message(none.as_bytes(), Tolerance::MissingHeaderSpace);
    let many = clean.replace("Byte-Range: 1-2/2", "Byte-Range:   1-2/2 \t");
    tolerated_message(many.as_bytes(), Tolerance::ExtraHeaderSpace);
}

fn tolerated_message(octets: &[u8], tolerance: Tolerance) {
    let mut bob = Lone::bob();
    assert_eq!(words(&bob.give(octets)), ["200"]);
    assert_eq!(told(&bob.events()), (vec![tolerance], vec!["Hi".into()]));
    let mut bob = Lone::bob_with(strict(), bob_expects());
    assert_eq!(words(&bob.give(octets)), ["400"]);
    assert_eq!(bob.events(), []);
}

// wild: 28
#[test]
fn content_type_need_not_be_last() {
    let clean =
        String::from_utf8(Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').octets()).unwrap();
    let moved = clean
        .replace("Content-Type: text/plain\r\n", "")
        .replace("Message-ID", "Content-Type: text/plain\r\nMessage-ID");
    tolerated_message(moved.as_bytes(), Tolerance::ContentTypeNotLast);
}

// wild: 31
#[test]
fn two_sides_that_both_open_the_session_both_have_it() {
    let now = Instant::now();
    let mut alice = Side::new(Config::default(), Role::Active, 1, now);
    let mut bob = Side::new(Config::default(), Role::Active, 2, now);
    alice.connection.open(alice_opens()).unwrap();
    bob.connection.open(SessionConfig::new(BOB.parse().unwrap(), common::path(ALICE))).unwrap();
    let (from_alice, from_bob) = (alice.drain(now), bob.drain(now));
    alice.feed(now, &from_bob);
    bob.feed(now, &from_alice);
    let (from_alice, from_bob) = (alice.drain(now), bob.drain(now));
    assert_eq!(
        (words(&frames(&from_alice)), words(&frames(&from_bob))),
        (vec!["200"], vec!["200"])
    );
    alice.feed(now, &from_bob);
    bob.feed(now, &from_alice);
    for side in [&mut alice, &mut bob] {
        assert!(matches!(side.events()[..], [Event::SessionOpened { response: Some(_), .. }]));
    }
}

// wild: 33
#[test]
fn blank_lines_between_frames_are_skipped_without_a_response() {
    let mut bob = Lone::bob();
    assert_eq!(bob.give(b"\r\n\r\n"), []);
    let chunk = Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$').octets();
    assert_eq!(words(&bob.give(&[&b"\r\n"[..], &chunk, b"\r\n\r\n"].concat())), ["200"]);
    let expected = (vec![Tolerance::BlankLinesBetweenFrames], vec!["Hi".into()]);
    assert_eq!(told(&bob.events()), expected);
    let mut bob = Lone::bob_with(strict(), bob_expects());
    assert_eq!(bob.give(b"\r\n\r\n"), []);
    assert!(bob.side.connection.is_closed());
}
