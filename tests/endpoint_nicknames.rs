//! NICKNAME, in both directions (RFC 7701 section 7).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::wire::{Lone, Raw, Sent, frames, response, words};
use common::{ALICE, BOB, Pair, Side, alice_opens, bob_expects, path};
use msrp::wire::ValueErrorKind;
use msrp::{
    CloseReason, Config, Event, Nickname, NicknameRequest, Outcome, Role, SendError, SessionConfig,
    SessionTable, StatusCode, Tolerance, Tolerances,
};
use proptest::prelude::*;

/// Bob, who gives nicknames.
fn bob() -> Lone {
    bob_with(Config::default())
}

fn bob_with(config: Config) -> Lone {
    Lone::bob_with(config, bob_expects().nicknames(true))
}

fn strict() -> Config {
    let mut config = Config::default();
    config.parse.tolerances = Tolerances::none();
    config
}

fn nickname(text: &str) -> Nickname {
    text.parse().unwrap()
}

fn ask(id: &str, value: &str) -> Raw {
    Raw::new("NICKNAME", id).header("Use-Nickname", value)
}

/// The nicknames that were asked for, and their keys.
fn requested(events: &[Event]) -> Vec<(NicknameRequest, Option<String>)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::NicknameRequested { request, nickname, .. } => {
                Some((*request, nickname.as_ref().map(ToString::to_string)))
            }
            _ => None,
        })
        .collect()
}

fn outcomes(events: &[Event]) -> Vec<Outcome> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Nickname { outcome, .. } => Some(*outcome),
            _ => None,
        })
        .collect()
}

/// Alice, who has asked for a nickname, and what she has sent.
fn asking() -> (Lone, Sent) {
    let mut alice = Lone::alice();
    alice.side.connection.ask_nickname(alice.session, Some(&nickname("Ada"))).unwrap();
    let sent = alice.drain().remove(0);
    (alice, sent)
}

// req: 7701-7.1-1, 7701-7.1-3, 7701-7.3-1
#[test]
fn the_octets_of_a_nickname() {
    for (name, value) in [
        (Some("Ada of the Pier"), r#""Ada of the Pier""#),
        (Some(r#"a "quoted" \ name"#), r#""a \"quoted\" \\ name""#),
        (Some("Ædå\t雪"), "\"Ædå\t雪\""),
        (None, r#""""#),
    ] {
        let mut alice = Lone::alice();
        let name = name.map(nickname);
        alice.side.connection.ask_nickname(alice.session, name.as_ref()).unwrap();
        let octets = alice.side.drain(alice.now);
        let id = frames(&octets).remove(0).id;
        let expected = format!(
            "MSRP {id} NICKNAME\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\n\
             Use-Nickname: {value}\r\n-------{id}$\r\n"
        );
        assert_eq!(String::from_utf8(octets).unwrap(), expected);
    }
}

// req: 7701-7.1-2
#[test]
fn a_nickname_has_1_to_1023_octets() {
    for (len, result) in [
        (0, Err(ValueErrorKind::NicknameEmpty)),
        (1, Ok(())),
        (1023, Ok(())),
        (1024, Err(ValueErrorKind::NicknameTooLong)),
    ] {
        assert_eq!(
            Nickname::new("n".repeat(len)).map(|_| ()).map_err(|it| it.kind()),
            result,
            "{len}"
        );
    }
    // The limit counts octets, not characters, and no escapes.
    assert!(Nickname::new("é".repeat(511)).is_ok());
    assert_eq!(Nickname::new("é".repeat(512)).unwrap_err().kind(), ValueErrorKind::NicknameTooLong);
    let quotes = Nickname::new("\"".repeat(1023)).unwrap();
    let value = quotes.quoted().to_string();
    assert_eq!(Nickname::parse_quoted(&value), Ok(Some(quotes)));
    for control in ["a\0", "\r\nX: y", "\x7f", "\x1b[2J"] {
        assert_eq!(
            Nickname::new(control).unwrap_err().kind(),
            ValueErrorKind::NicknameControl,
            "{control:?}"
        );
    }
}

#[test]
fn what_is_no_value_of_use_nickname() {
    use ValueErrorKind::{
        NicknameQuoting as Malformed, NicknameTooLong as TooLong, NicknameUnquoted as Unquoted,
    };
    for (value, error) in [
        ("", Unquoted),
        ("Alice", Unquoted),
        ("Alice\"", Unquoted),
        ("\"", Malformed),
        ("\"Alice", Malformed),
        ("\"Alice\" \"Bob\"", Malformed),
        ("\"Alice\"x", Malformed),
        ("\"Al\"ice\"", Malformed),
        ("\"Alice\\\"", Malformed),
        ("\"Al\\ice\"", Malformed),
        (&format!("\"{}\"", "n".repeat(1024)), TooLong),
    ] {
        assert_eq!(Nickname::parse_quoted(value).map_err(|it| it.kind()), Err(error), "{value}");
    }
    assert_eq!(Nickname::parse_quoted("\"\""), Ok(None));
}

proptest! {
    #[test]
    fn what_is_quoted_is_read_again(text in r#"[ \t!-~é雪😀"\\]{1,200}"#) {
        let name = nickname(&text);
        prop_assert_eq!(name.as_str(), &text);
        let value = name.quoted().to_string();
        prop_assert_eq!(Nickname::parse_quoted(&value), Ok(Some(name)));
    }

    /// What has been parsed is written the same way.
    #[test]
    fn a_value_has_one_spelling(value in r#""(\\?["\\a é]){0,20}"?.?"#) {
        if let Ok(Some(name)) = Nickname::parse_quoted(&value) {
            prop_assert_eq!(name.quoted().to_string(), value);
        }
    }
}

// req: 7701-7.2-1
#[test]
fn every_response_is_one_event() {
    for (status, outcome) in [
        ("200 OK", Outcome::Accepted),
        ("403 No nicknames", Outcome::Rejected(StatusCode::FORBIDDEN)),
        ("408", Outcome::TimedOut),
        ("424", Outcome::Rejected(StatusCode::MALFORMED_NICKNAME)),
        ("425", Outcome::Rejected(StatusCode::NICKNAME_IN_USE)),
        ("501", Outcome::Rejected(StatusCode::UNKNOWN_METHOD)),
    ] {
        let (mut alice, sent) = asking();
        alice.answer(&sent, status);
        assert_eq!(outcomes(&alice.events()), [outcome], "{status}");
        // Only once, and the session continues.
        alice.answer(&sent, "200 OK");
        alice.advance(Duration::from_secs(60));
        assert_eq!(alice.events(), []);
        assert!(alice.side.connection.session(alice.session).is_ok());
    }
}

#[test]
fn a_response_that_ends_the_session_comes_before_its_end() {
    let (mut alice, sent) = asking();
    alice.answer(&sent, "481 No Such Session");
    let events = alice.events();
    let closed = CloseReason::Rejected(StatusCode::NO_SUCH_SESSION);
    assert!(
        matches!(&events[..], [
            Event::Nickname { outcome: Outcome::Rejected(_), .. },
            Event::SessionClosed { reason, .. }
        ] if *reason == closed),
        "{events:?}"
    );
}

#[test]
fn silence_and_ends_are_one_event() {
    let (mut alice, _) = asking();
    alice.advance(Duration::from_secs(30));
    assert_eq!(outcomes(&alice.events()), [Outcome::TimedOut]);
    assert!(alice.side.connection.close_session(alice.session).is_ok());
    assert_eq!(outcomes(&alice.events()), []);

    let (mut alice, sent) = asking();
    alice.side.connection.close_session(alice.session).unwrap();
    assert_eq!(outcomes(&alice.events()), [Outcome::SessionClosed]);
    alice.answer(&sent, "200 OK");
    alice.advance(Duration::from_secs(30));
    assert_eq!(alice.events(), []);

    let (mut alice, _) = asking();
    alice.side.connection.receive_eof();
    let events = alice.events();
    assert_eq!(outcomes(&events), [Outcome::ConnectionLost]);
    assert!(matches!(events.last(), Some(Event::Closed(_))));
    assert_eq!(
        alice.side.connection.ask_nickname(alice.session, None),
        Err(SendError::UnknownKey(msrp::UnknownKey))
    );
}

#[test]
fn so_many_are_asked_for_at_once() {
    let mut config = Config::default();
    config.limits.nicknames = 2;
    let mut alice = Lone::alice_with(config, alice_opens());
    let session = alice.session;
    let one = alice.side.connection.ask_nickname(session, Some(&nickname("one"))).unwrap();
    let two = alice.side.connection.ask_nickname(session, None).unwrap();
    assert_ne!(one, two);
    let refused = alice.side.connection.ask_nickname(session, None);
    assert_eq!(refused, Err(SendError::TooManyNicknames { max: 2 }));
    let sent = alice.drain();
    assert_eq!(words(&sent), ["NICKNAME"; 2]);
    alice.answer(&sent[1], "200 OK");
    let events = alice.events();
    assert!(matches!(events[..], [Event::Nickname { key, .. }] if key == two));
    assert!(alice.side.connection.ask_nickname(session, None).is_ok());
}

/// A response to a request other than SEND comes along the whole path.
// req: 4975-7.2-4
#[test]
fn a_response_comes_along_the_whole_path() {
    let relayed = format!("msrp://relay.example:2855/r1;tcp {BOB}");
    let session = SessionConfig::new(ALICE.parse().unwrap(), path(&relayed));
    let mut alice = Lone::alice_with(strict(), session);
    alice.side.connection.ask_nickname(alice.session, Some(&nickname("Ada"))).unwrap();
    let sent = alice.drain().remove(0);
    assert_eq!(sent.header("To-Path"), Some(&relayed[..]));
    let answer = String::from_utf8(response(&sent.id, "425")).unwrap();
    alice.give(answer.replace(BOB, &relayed).as_bytes());
    let refused = Outcome::Rejected(StatusCode::NICKNAME_IN_USE);
    assert_eq!(outcomes(&alice.events()), [refused]);
}

#[test]
fn a_side_that_gives_no_nicknames_responds_with_501() {
    let mut bob = Lone::bob();
    assert_eq!(words(&bob.give(&ask("tid.1", "\"Ada\"").octets())), ["501"]);
    assert_eq!(bob.events(), []);
}

// req: 7701-7.1-4, 7701-7.1-8, 7701-7.1-9
#[test]
fn the_application_responds_once() {
    for status in [200, 403, 423, 424, 425] {
        let mut bob = bob();
        assert_eq!(bob.give(&ask("tid.1", r#""A\"da""#).octets()), []);
        let events = bob.events();
        let [(request, Some(name))] = &requested(&events)[..] else { panic!("{events:?}") };
        assert_eq!(name, "A\"da");
        let status = StatusCode::new(status).unwrap();
        assert!(bob.side.connection.respond_to_nickname(*request, status).is_ok());
        let octets = bob.side.drain(bob.now);
        let expected = format!(
            "MSRP tid.1 {status} {}\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------tid.1$\r\n",
            status.reason()
        );
        assert_eq!(String::from_utf8(octets).unwrap(), expected);
        assert!(bob.side.connection.respond_to_nickname(*request, StatusCode::OK).is_err());
        assert_eq!(bob.drain(), []);
    }
}

#[test]
fn responses_leave_in_any_order_each_along_its_path() {
    let mut bob = bob();
    let through = format!("msrp://relay.example:2855/r1;tcp {ALICE}");
    bob.give(&ask("tid.1", "\"one\"").from(&through).octets());
    bob.give(&ask("tid.2", "\"\"").octets());
    let events = bob.events();
    let [(one, Some(_)), (two, None)] = requested(&events)[..] else { panic!("{events:?}") };
    assert!(bob.side.connection.respond_to_nickname(two, StatusCode::OK).is_ok());
    assert!(bob.side.connection.respond_to_nickname(one, StatusCode::NICKNAME_IN_USE).is_ok());
    let sent = bob.drain();
    let answers: Vec<_> = sent.iter().map(|it| (&it.id[..], &it.what[..])).collect();
    assert_eq!(answers, [("tid.2", "200"), ("tid.1", "425")]);
    assert_eq!(sent[1].header("To-Path"), Some(&through[..]));
    assert_eq!(sent[1].header("From-Path"), Some(BOB));
}

// req: 7701-7.1-7
#[test]
fn a_malformed_nickname_is_refused_with_424() {
    let too_long = format!("\"{}\"", "n".repeat(1024));
    let mut bob = bob();
    for request in [
        Raw::new("NICKNAME", "tid.1"),
        ask("tid.1", ""),
        ask("tid.1", "\"Ada"),
        ask("tid.1", "\"Ada\"da"),
        ask("tid.1", "\"Ada\" \"Bob\""),
        ask("tid.1", "\"A\\da\""),
        ask("tid.1", "Ada \"Bob\""),
        ask("tid.1", &too_long),
        ask("tid.1", &"n".repeat(1024)),
        // It is ambiguous which of the two is meant.
        ask("tid.1", "\"Ada\"").header("Use-Nickname", "\"Bob\""),
    ] {
        assert_eq!(words(&bob.give(&request.octets())), ["424"], "{request:?}");
        assert_eq!(requested(&bob.events()), []);
    }
}

// wild: 29
#[test]
fn a_nickname_without_quotes_is_tolerated() {
    let request = ask("tid.1", "Ada of the Pier");
    for tolerances in [Tolerances::all(), Tolerances::none().with(Tolerance::UnquotedNickname)] {
        let mut config = Config::default();
        config.parse.tolerances = tolerances;
        let mut bob = bob_with(config);
        assert_eq!(bob.give(&request.octets()), []);
        let events = bob.events();
        assert_eq!(events[0], Event::Tolerated(Tolerance::UnquotedNickname));
        assert_eq!(requested(&events)[0].1.as_deref(), Some("Ada of the Pier"));
    }
    for tolerances in [Tolerances::none(), Tolerances::all().without(Tolerance::UnquotedNickname)] {
        let mut config = Config::default();
        config.parse.tolerances = tolerances;
        let mut bob = bob_with(config);
        assert_eq!(words(&bob.give(&request.octets())), ["424"]);
        assert_eq!(bob.events(), []);
    }
}

#[test]
fn the_requests_that_wait_are_limited() {
    let mut bob = bob();
    for n in 0..8 {
        assert_eq!(bob.give(&ask(&format!("tid.{n}"), "\"Ada\"").octets()), []);
    }
    assert_eq!(words(&bob.give(&ask("tid.9", "\"Ada\"").octets())), ["403"]);
    let waiting = requested(&bob.events());
    assert_eq!(waiting.len(), 8);
    bob.side.connection.respond_to_nickname(waiting[3].0, StatusCode::OK).unwrap();
    assert_eq!(words(&bob.give(&ask("tid.10", "\"Ada\"").octets())), ["200"]);
    assert_eq!(requested(&bob.events()).len(), 1);
    // What waits when the session ends gets a response, too.
    assert!(bob.side.connection.close_session(bob.session).is_ok());
    assert_eq!(words(&bob.drain()), ["481"; 8]);
    assert!(bob.side.connection.respond_to_nickname(waiting[0].0, StatusCode::OK).is_err());
    assert_eq!(bob.drain(), []);
}

#[test]
fn a_request_that_comes_in_crumbs_and_with_a_body() {
    let mut bob = bob();
    for octet in ask("tid.1", "\"Ada\"").octets() {
        bob.give(&[octet]);
    }
    bob.give(&ask("tid.2", "\"Ada\"").body("text/plain", b"what for?").octets());
    assert_eq!(requested(&bob.events()).len(), 2);
    // A request that asks for no response gets none.
    bob.give(&ask("tid.3", "\"Ada\"").header("Failure-Report", "no").octets());
    let (request, _) = requested(&bob.events())[0];
    assert!(bob.side.connection.respond_to_nickname(request, StatusCode::OK).is_ok());
    assert_eq!(bob.drain(), []);
}

/// A NICKNAME may be the first request on a connection: it names a session of
/// the table, and binds it.
#[test]
fn a_nickname_can_bind_a_session() {
    let now = Instant::now();
    let table = SessionTable::new(2);
    table.insert(bob_expects().nicknames(true)).unwrap();
    let mut bob = Side::new(Config::default(), Role::Passive, 7, now).with_table(&table);
    bob.feed(now, &ask("tid.1", "\"Ada\"").octets());
    let events = bob.events();
    assert!(matches!(events[..], [Event::SessionOpened { .. }, Event::NicknameRequested { .. }]));
    bob.feed(now, &ask("tid.2", "\"Ada\"").to("msrp://bob.example:12763/other;tcp").octets());
    assert_eq!(words(&frames(&bob.drain(now))), ["481"]);
}

#[test]
fn two_connections_agree_on_a_nickname() {
    let expected = bob_expects().nicknames(true);
    let mut pair = Pair::with(strict(), strict(), expected);
    let session = pair.open();
    for (name, status) in [
        (Some("Ada"), StatusCode::OK),
        (Some("Bob"), StatusCode::NICKNAME_IN_USE),
        (None, StatusCode::OK),
    ] {
        let name = name.map(nickname);
        let key = pair.alice.connection.ask_nickname(session, name.as_ref()).unwrap();
        pair.settle();
        let events = pair.bob.events();
        let [Event::NicknameRequested { request, nickname, .. }] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(nickname, &name);
        pair.bob.connection.respond_to_nickname(*request, status).unwrap();
        pair.settle();
        let outcome =
            if status == StatusCode::OK { Outcome::Accepted } else { Outcome::Rejected(status) };
        assert_eq!(pair.alice.events(), [Event::Nickname { session, key, outcome }]);
    }
}
