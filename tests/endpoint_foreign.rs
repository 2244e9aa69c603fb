//! What deployed stacks write beside the grammar: each request is answered, and the frame
//! behind it is read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::wire::{Lone, Raw};
use common::{ALICE, BOB, Pair};
use msrp::{
    Config, Event, Outcome, OutgoingMessage, SessionConfig, StatusCode, Tolerance, Tolerances,
};

/// A SEND of `id`, with what lies between its From-Path and its end-line.
fn send(id: &str, rest: &str) -> String {
    format!("MSRP {id} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\n{rest}-------{id}$\r\n")
}

fn text(id: &str, fields: &str, content_type: &str) -> String {
    send(id, &format!("Message-ID: m001\r\n{fields}Content-Type: {content_type}\r\n\r\nHi\r\n"))
}

/// The status codes of the responses to `stream`, the frame behind it, and the events.
fn played(stream: &str) -> (Vec<String>, Vec<Event>) {
    let mut pair = Pair::new();
    pair.bob.feed(pair.now, stream.as_bytes());
    pair.bob.feed(pair.now, send("next", "Message-ID: m777\r\n").as_bytes());
    let sent = String::from_utf8(pair.bob.drain(pair.now)).unwrap();
    let starts = sent.lines().filter_map(|line| line.strip_prefix("MSRP "));
    let codes = starts.map(|start| start.split(' ').nth(1).unwrap().to_owned()).collect();
    (codes, pair.bob.events())
}

fn body_of(events: &[Event]) -> Option<&[u8]> {
    events.iter().find_map(|event| match event {
        Event::Message { body, .. } => Some(&body[..]),
        _ => None,
    })
}

#[track_caller]
fn is_read(stream: &str) -> Vec<Event> {
    let (codes, events) = played(stream);
    assert_eq!(codes, ["200", "200"], "{stream}");
    assert_eq!(body_of(&events), Some(&b"Hi"[..]), "{stream}");
    events
}

// wild: 46
#[test]
fn a_success_report_of_partial_asks_for_no_report() {
    for word in ["partial", "Partial", " PARTIAL"] {
        let events = is_read(&text("abcd", &format!("Success-Report: {word}\r\n"), "text/plain"));
        let received = events.iter().find_map(|event| match event {
            Event::Message { received, .. } => Some(received),
            _ => None,
        });
        assert!(!received.unwrap().head().success_report(), "{word}");
    }
}

/// What Alice is told of her message and of tolerances when a REPORT has this Status.
fn reported(status: &[u8], tolerances: Tolerances) -> (Vec<Outcome>, Vec<Tolerance>) {
    let mut config = Config::default();
    config.parse.tolerances = tolerances;
    let mut alice = Lone::alice_with(config, common::alice_opens());
    let message = OutgoingMessage::text("Hey Bob").success_report(true);
    alice.side.connection.send(alice.session, message).unwrap();
    let sent = alice.drain();
    alice.answer(&sent[0], "200 OK");
    let report = Raw::report("rep1", sent[0].message_id(), "@").range("1-7/7").octets();
    let at = report.windows(3).position(|found| found == b": @").unwrap() + 2;
    alice.give(&[&report[..at], status, &report[at + 1..]].concat());
    let (mut outcomes, mut told) = (Vec::new(), Vec::new());
    for event in alice.events() {
        match event {
            Event::Finished(finished) => outcomes.push(finished.outcome),
            Event::Tolerated(tolerance) => told.push(tolerance),
            _ => {}
        }
    }
    (outcomes, told)
}

// wild: 105
#[test]
fn a_status_is_read_without_its_namespace_and_without_a_comment_that_nobody_can_read() {
    let refused = Outcome::Rejected(StatusCode::FORBIDDEN);
    for (status, outcome) in [
        (&b"200 OK"[..], Outcome::Delivered),
        (b"200", Outcome::Delivered),
        (b"0 200 OK", Outcome::Delivered),
        (b"00 200", Outcome::Delivered),
        (b"0000 200 OK", Outcome::Delivered),
        (b"000  200 OK", Outcome::Delivered),
        (b"000\t200\tOK", Outcome::Delivered),
        (b"000 200 Gr\xfcezi", Outcome::Delivered),
        (b"200 \xff", Outcome::Delivered),
        (b"403 Forbidden", refused),
        (b"0 403", refused),
        (b"000 403 d\xe9fendu", refused),
    ] {
        let text = status.escape_ascii();
        let told = vec![Tolerance::MalformedStatus];
        assert_eq!(reported(status, Tolerances::all()), (vec![outcome], told), "{text}");
        let strict = Tolerances::all().without(Tolerance::MalformedStatus);
        assert_eq!(reported(status, strict), (vec![], vec![]), "{text}");
    }
    assert_eq!(reported(b"000 200 OK", Tolerances::all()), (vec![Outcome::Delivered], vec![]));
    // Another namespace says nothing of the message, and other texts are no status.
    for none in [&b"1 200 OK"[..], b"200 200 OK", b"OK", b"2000 OK", b"000 20", b"000 200OK", b""] {
        let (outcomes, _) = reported(none, Tolerances::all());
        assert_eq!(outcomes, [], "{}", none.escape_ascii());
    }
}

// wild: 47
#[test]
fn a_semicolon_without_a_parameter_is_read() {
    for content_type in [
        "text/plain;",
        "text/plain; ",
        "text/plain ;",
        "text/plain;;",
        "text/plain;;charset=utf-8",
        "text/plain; charset=utf-8;",
        "text/plain; charset=utf-8 ; ",
        "text/plain;charset",
        "text/plain;charset=",
        "text/plain;charset=;format=flowed",
        "text/plain;=",
        "text/plain;=utf-8",
    ] {
        is_read(&text("abcd", "", content_type));
    }
}

// wild: 48
#[test]
fn an_identifier_may_begin_with_any_of_its_characters() {
    for first in [".", "-", "+", "%", "="] {
        for rest in ["", "abc", "-------abc", "+"] {
            let id = format!("{first}{rest}");
            is_read(&text(&id, "", "text/plain"));
            is_read(&text("abcd", "", "text/plain").replace("m001", &id));
        }
    }
}

// wild: 69
#[test]
fn an_identifier_may_have_any_visible_character() {
    for character in '!'..='~' {
        for id in [format!("{character}abc"), format!("a{character}bc"), format!("abc{character}")]
        {
            is_read(&text(&id, "", "text/plain"));
            is_read(&text("abcd", "", "text/plain").replace("m001", &id));
        }
    }
}

/// The end-line of an identifier that ends as a flag does has both.
#[test]
fn an_identifier_that_ends_as_a_flag_does_frames_its_chunk() {
    let body = "\r\n-------abc$\r\n-------abc$#.";
    let (codes, events) = played(&text("abc$", "", "text/plain").replace("Hi", body));
    assert_eq!(codes, ["200", "200"]);
    assert_eq!(body_of(&events), Some(body.as_bytes()));
}

/// Its end-line alone ends a chunk, however alike its body is.
#[test]
fn an_identifier_of_hyphens_frames_its_chunk() {
    let body = "-------abc$\r\n----------$\r\n--------+\r\n--------abc";
    let stream = text("-abc", "", "text/plain").replace("Hi", body);
    let (codes, events) = played(&stream);
    assert_eq!(codes, ["200", "200"]);
    assert_eq!(body_of(&events), Some(body.as_bytes()));
}

// wild: 45 and 94
#[test]
fn a_blank_line_and_nothing_behind_is_no_body() {
    let case = std::fs::read_to_string("tests/cases/W09-bodiless-with-blank-line.bin").unwrap();
    let fields = "Message-ID: m001\r\nByte-Range: 1-0/0\r\n";
    for stream in [
        case,
        send("abcd", "Message-ID: m001\r\n\r\n"),
        send("abcd", "Message-ID: m001\r\n\r\n\r\n"),
        send("abcd", &format!("{fields}\r\n\r\n")),
        send("abcd", "Message-ID: m001\r\nByte-Range: 0-0/0\r\n\r\n"),
        send("abcd", "\r\n"),
    ] {
        let (codes, events) = played(&stream);
        assert_eq!(codes, ["200", "200"], "{stream}");
        let is_of_message =
            |event: &Event| matches!(event, Event::Message { .. } | Event::MessageFailed { .. });
        assert!(!events.iter().any(is_of_message), "{events:?}");
        assert!(events.iter().any(is_opening));
    }
}

/// Octets make it a message, which needs a type.
#[test]
fn octets_without_a_type_are_refused_as_before() {
    for rest in ["Message-ID: m001\r\n\r\nHi\r\n", "\r\nHi\r\n"] {
        let mut pair = Pair::new();
        pair.bob.feed(pair.now, send("abcd", rest).as_bytes());
        assert_eq!(pair.bob.events(), []);
        assert_eq!(pair.bob.refused.len(), 1);
        let (codes, events) = played(&send("abcd", rest));
        assert_eq!(codes, ["400", "200"]);
        assert!(events.iter().any(is_opening));
    }
}

const fn is_opening(event: &Event) -> bool {
    matches!(event, Event::SessionOpened { .. })
}

// wild: 107
#[test]
fn a_header_field_that_is_no_utf8_is_passed_over() {
    for name in ["Content-Disposition", "Content-Description", "Content-ID", "X-Name", "Subject"] {
        for value in
            [&b"attachment; filename=\"caf\xe9.txt\""[..], b"J\xf6rg", b"\xff", b"\xc0\xaf"]
        {
            let request = text("abcd", &format!("{name}: @\r\n"), "text/plain");
            let at = request.find(": @").unwrap() + 2;
            let (before, after) = request.split_at(at);
            let octets = [before.as_bytes(), value, &after.as_bytes()[1..]].concat();
            let Pair { mut bob, now, .. } = Pair::new();
            bob.feed(now, &octets);
            assert_eq!(common::wire::words(&common::wire::frames(&bob.drain(now))), ["200"]);
            let events = bob.events();
            assert_eq!(body_of(&events), Some(&b"Hi"[..]));
            assert!(events.contains(&Event::Tolerated(Tolerance::NotUtf8)), "{events:?}");
            let strict = [&octets[..], send("next", "Message-ID: m777\r\n").as_bytes()].concat();
            let mut config = Config::default();
            config.parse.tolerances = Tolerances::all().without(Tolerance::NotUtf8);
            let mut bob = Pair::with(Config::default(), config, common::bob_expects()).bob;
            bob.feed(now, &strict);
            let sent = common::wire::frames(&bob.drain(now));
            assert_eq!(common::wire::words(&sent), ["400", "200"]);
        }
    }
    // Control characters are not passed over.
    for value in ["a\0b", "a\u{1}b", "a\u{7f}b"] {
        let (codes, _) = played(&text("abcd", &format!("X-Name: {value}\r\n"), "text/plain"));
        assert_eq!(codes, ["400", "200"], "{value:?}");
    }
}

/// What to put in place of the From-Path of a SEND, so that nobody can read one.
const UNREADABLE: &[&str] = &[
    "",
    "From-Path: \r\n",
    "From-Path: sip:alice@alice.example\r\n",
    "From-Path: msrp://alice.example:76540/jshA7weztas;tcp\r\n",
    "From-Path: msrp://alice.example:7654/jshA7weztas\r\n",
    "From-Path: <msrp://alice.example:7654/jshA7weztas;tcp>\r\n",
    "From-Path: msrp://alice.example:7654/jshA7weztas;tcp, msrp://b.example:1/c;tcp\r\n",
    "From-Path: msrp://al\u{ef}ce.example:7654/jshA7weztas;tcp\r\n",
    "From-Path msrp://alice.example:7654/jshA7weztas;tcp\r\n",
    "From-Path: msrp://alice.example:7654/jshA7weztas;tcp\r\nFrom-Path: x\r\n",
];

fn unreadable(method: &str, from_path: &str, fields: &str) -> String {
    format!("MSRP abcd {method}\r\nTo-Path: {BOB}\r\n{from_path}{fields}-------abcd$\r\n")
}

/// Whoever sent it is the peer of the session that its To-Path names, on the connection of
/// that session (RFC 4975 section 7.2).
#[test]
fn a_request_whose_from_path_cannot_be_read_is_answered_400_to_the_peer_of_its_session() {
    let expected = format!(
        "MSRP abcd 400 Bad Request\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------abcd$\r\n"
    );
    for from_path in UNREADABLE {
        for method in ["SEND", "NICKNAME", "OTHER"] {
            let mut bob = Lone::bob();
            let request = unreadable(method, from_path, "Message-ID: m001\r\n");
            bob.side.feed(bob.now, request.as_bytes());
            let sent = String::from_utf8(bob.side.drain(bob.now)).unwrap();
            assert_eq!(sent, expected, "{request}");
            let [refused] = &bob.side.refused[..] else { panic!("{:?}", bob.side.refused) };
            assert!(refused.error.is_some(), "{request}");
            assert_eq!(refused.status, Some(StatusCode::BAD_REQUEST), "{request}");
        }
    }
    // There is no response to those who want none, or to a REPORT.
    for (method, fields) in [
        ("SEND", "Message-ID: m001\r\nFailure-Report: no\r\n"),
        ("REPORT", "Status: 000 200 OK\r\n"),
    ] {
        let mut bob = Lone::bob();
        assert_eq!(bob.give(unreadable(method, "From-Path: x\r\n", fields).as_bytes()), []);
    }
}

/// Whoever knows the URI of a session that is not bound does not learn that of its peer.
#[test]
fn a_request_without_a_from_path_is_not_answered_before_its_session_is_bound() {
    let expected = SessionConfig::new(BOB.parse().unwrap(), common::path(ALICE));
    for expected in [expected, common::bob_expects()] {
        let Pair { mut bob, table, now, .. } =
            Pair::with(Config::default(), Config::default(), expected);
        bob.feed(now, unreadable("SEND", "From-Path: x\r\n", "Message-ID: m001\r\n").as_bytes());
        assert!(!table.is_bound(&BOB.parse().unwrap()));
        bob.feed(now, send("next", "Message-ID: m777\r\n").as_bytes());
        let sent = common::wire::frames(&bob.drain(now));
        assert_eq!(common::wire::words(&sent), ["200"]);
    }
}

/// The response to a SEND goes to the previous hop, and others all the way back.
#[test]
fn a_request_through_relays_is_answered_along_the_path_of_its_session() {
    let hub = "msrps://hub.example:2855/r1;tcp";
    let through = format!("{hub} {ALICE}");
    let expected = SessionConfig::new(BOB.parse().unwrap(), common::path(&through));
    for (method, to_path) in [("SEND", hub), ("OTHER", &through)] {
        let mut bob = Lone::bob_with(Config::default(), expected.clone());
        let sent = bob.give(unreadable(method, "", "Message-ID: m001\r\n").as_bytes());
        let [response] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!((response.what.as_str(), response.header("To-Path")), ("400", Some(to_path)));
    }
}

/// On a connection with one session, a request that names none is of that one.
#[test]
fn a_request_whose_to_path_cannot_be_read_is_answered_400_in_the_only_session() {
    let expected = ["400", ALICE, BOB];
    // The first of two can be read.
    let of_one = UNREADABLE.iter().filter(|lines| lines.matches("From-Path").count() < 2);
    for to_path in of_one.map(|line| line.replace("From-Path", "To-Path")) {
        for from_path in ["", &format!("From-Path: {ALICE}\r\n")] {
            let request = format!(
                "MSRP abcd SEND\r\n{to_path}{from_path}Message-ID: m001\r\n-------abcd$\r\n"
            );
            let mut bob = Lone::bob();
            let sent = bob.give(request.as_bytes());
            let [response] = &sent[..] else { panic!("{request}") };
            let header = |name| response.header(name).unwrap();
            let found = [&response.what, header("To-Path"), header("From-Path")];
            assert_eq!(found, expected, "{request}");
            // With a second session, nobody can tell.
            let other = BOB.replace("kjhd37s2s20w2a", "other");
            bob.table.insert(SessionConfig::expected(other.parse().unwrap())).unwrap();
            let bind = send("bind", "Message-ID: m777\r\n").replace(BOB, &other);
            assert_eq!(common::wire::words(&bob.give(bind.as_bytes())), ["200"]);
            assert_eq!(bob.give(request.as_bytes()), []);
        }
    }
}

/// Nobody is known who could get a response.
#[test]
fn a_request_without_a_session_and_a_from_path_is_read_over() {
    let other = BOB.replace("kjhd37s2s20w2a", "other");
    let mut bob = Lone::bob();
    let request = unreadable("SEND", "From-Path: x\r\n", "").replace(BOB, &other);
    assert_eq!(bob.give(request.as_bytes()), []);
    assert_eq!(bob.side.refused[0].status, None);
}
