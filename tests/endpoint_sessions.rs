//! Sessions and the connection they are bound to (RFC 4975 sections 5.4, 7.3,
//! 10.8, 10.10 and 14.1).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use common::wire::{Lone, Raw, Sent, frames, words};
use common::{ALICE, BOB, Pair, Seeded, Side, alice_opens, bob_expects, path};
use msrp::{
    Bind, CloseReason, Config, ConnectionEnd, Event, Outcome, OutgoingMessage, Role, SessionConfig,
    SessionError, SessionTable, StatusCode, session_id,
};

const SECOND: Duration = Duration::from_secs(1);
const ALICE_TWO: &str = "msrp://alice.example:7654/two;tcp";
const BOB_TWO: &str = "msrp://bob.example:12763/two;tcp";

/// A passive connection without any input yet.
fn passive(table: &SessionTable) -> Side {
    Side::new(Config::default(), Role::Passive, 7, Instant::now()).with_table(table)
}

fn give(side: &mut Side, octets: &[u8]) -> Vec<Sent> {
    let now = Instant::now();
    side.feed(now, octets);
    frames(&side.drain(now))
}

fn table_of(uris: &[&str]) -> SessionTable {
    let table = SessionTable::new(16);
    for uri in uris {
        table.insert(SessionConfig::expected(uri.parse().unwrap())).unwrap();
    }
    table
}

fn bind(id: &str) -> Raw {
    Raw::send(id).message("bind").range("1-0/0")
}

fn two() -> SessionConfig {
    SessionConfig::new(ALICE_TWO.parse().unwrap(), path(BOB_TWO))
}

fn closed(events: &[Event]) -> Vec<(CloseReason, Option<u16>)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::SessionClosed { reason, response, .. } => {
                Some((*reason, response.as_ref().map(|response| response.status.as_u16())))
            }
            _ => None,
        })
        .collect()
}

// req: 4975-5.4-3 4975-7.1-8 4975-7.1-9 4975-7.1.1-21 4975-7.1-18 4975-3-1 6135-4.2.2-8
#[test]
fn the_active_side_sends_at_once() {
    let now = Instant::now();
    let mut alice = Side::new(Config::default(), Role::Active, 1, now);
    alice.connection.open(alice_opens()).unwrap();
    let octets = alice.drain(now);
    let sent = frames(&octets);
    let (tid, message) = (&sent[0].id, sent[0].message_id());
    let expected = format!(
        "MSRP {tid} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\nMessage-ID: {message}\r\n\
         Byte-Range: 1-0/0\r\n-------{tid}$\r\n"
    );
    assert_eq!(String::from_utf8(octets).unwrap(), expected);
    // No event before the response of the peer.
    assert_eq!(alice.events(), []);
    give(&mut alice, &common::wire::response(tid, "200 OK"));
    let events = alice.events();
    let [Event::SessionOpened { remote, response: Some(response), .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((remote, response.status), (&path(BOB), StatusCode::OK));
}

// req: 4975-5.4-4
#[test]
fn the_first_message_can_bind() {
    let now = Instant::now();
    let mut alice = Side::new(Config::default(), Role::Active, 1, now);
    let session = alice.connection.open(alice_opens().bind(Bind::FirstMessage)).unwrap();
    assert_eq!(alice.drain(now), b"");
    alice.connection.send(session, OutgoingMessage::text("Hey Bob")).unwrap();
    let octets = alice.drain(now);
    let table = table_of(&[BOB]);
    let mut bob = passive(&table);
    let answers = give(&mut bob, &octets);
    let events = bob.events();
    assert!(matches!(
        events[..],
        [Event::SessionOpened { response: None, .. }, Event::Message { .. }]
    ));
    assert_eq!(words(&answers), ["200"]);
    give(&mut alice, &bob.sent);
    assert!(matches!(alice.events()[..], [Event::SessionOpened { .. }, Event::Finished(_)]));
}

// req: 4975-7.1.1-9
#[test]
fn messages_need_not_wait_for_the_binding_response() {
    let now = Instant::now();
    let mut alice = Side::new(Config::default(), Role::Active, 1, now);
    let session = alice.connection.open(alice_opens()).unwrap();
    alice.connection.send(session, OutgoingMessage::text("Hey Bob")).unwrap();
    let sent = frames(&alice.drain(now));
    assert_eq!((sent[0].body.is_some(), sent[1].body.is_some(), sent.len()), (false, true, 2));
}

// req: 4975-5.4-9
#[test]
fn the_passive_side_sends_nothing_before_it_is_bound() {
    let table = table_of(&[BOB, BOB_TWO]);
    let mut bob = passive(&table);
    assert_eq!(
        bob.connection.open(SessionConfig::new(BOB.parse().unwrap(), path(ALICE))),
        Err(SessionError::NotBound)
    );
    assert_eq!(bob.drain(Instant::now()), b"");
    // Half a request has no effect.
    let octets = bind("tid.1").octets();
    assert_eq!(give(&mut bob, &octets[..octets.len() - 1]), []);
    assert_eq!(
        bob.connection.open(SessionConfig::new(BOB.parse().unwrap(), path(ALICE))),
        Err(SessionError::NotBound)
    );
    assert_eq!(words(&give(&mut bob, &octets[octets.len() - 1..])), ["200"]);
    let third =
        SessionConfig::new("msrp://bob.example:1/three;tcp".parse().unwrap(), path(ALICE_TWO));
    bob.connection.open(third).unwrap();
    assert_eq!(words(&frames(&bob.drain(Instant::now()))), ["SEND"]);
}

// req: 4975-5.4-10 4975-5.4-4
#[test]
fn the_first_request_binds_the_session_that_it_names() {
    let through = format!("msrp://relay.example:2855/r;tcp {ALICE}");
    for request in [
        bind("tid.1"),
        Raw::chunk("tid.1", "mid1", "1-2/2", "Hi", '$'),
        Raw::chunk("tid.1", "mid1", "1-*/9", "Hi", '+'),
    ] {
        let table = table_of(&[BOB, BOB_TWO]);
        let mut bob = passive(&table);
        assert_eq!(words(&give(&mut bob, &request.from(&through).to(BOB_TWO).octets())), ["200"]);
        let events = bob.events();
        let Event::SessionOpened { session, remote, response: None } = &events[0] else {
            panic!("{events:?}")
        };
        assert_eq!(remote, &path(&through));
        let local = &bob.connection.session(*session).unwrap().local;
        assert_eq!(local.to_string(), BOB_TWO);
        assert!(
            table.is_bound(&BOB_TWO.parse().unwrap()) && !table.is_bound(&BOB.parse().unwrap())
        );
        // Now the passive side may send, back along that path.
        bob.connection.send(*session, OutgoingMessage::text("Hey")).unwrap();
        let sent = frames(&bob.drain(Instant::now()));
        assert_eq!(sent[0].header("To-Path"), Some(&through[..]));
    }
}

// req: 4975-5.4-11
#[test]
fn a_first_request_for_no_session_is_refused_with_481() {
    let table = table_of(&[BOB]);
    let mut bob = passive(&table);
    assert_eq!(words(&give(&mut bob, &bind("tid.1").to(BOB_TWO).octets())), ["481"]);
    assert_eq!(give(&mut bob, &bind("tid.2").to(BOB_TWO).reports("no", "").octets()), []);
    let chunk = Raw::chunk("tid.3", "mid1", "1-2/2", "Hi", '$').to(BOB_TWO);
    assert_eq!(words(&give(&mut bob, &chunk.octets())), ["481"]);
    assert_eq!(bob.events(), []);
    // It can still bind a session of the table.
    assert_eq!(words(&give(&mut bob, &bind("tid.4").octets())), ["200"]);
    // A connection without a table has no sessions to bind.
    let mut tableless = Side::new(Config::default(), Role::Passive, 3, Instant::now());
    assert_eq!(words(&give(&mut tableless, &bind("tid.1").octets())), ["481"]);
}

// req: 4975-5.4-12 4975-7.3-1 4975-7.3-2 4975-7.2-6
#[test]
fn a_session_of_another_connection_is_refused_with_506_and_continues_there() {
    let table = table_of(&[BOB, BOB_TWO]);
    let (mut first, mut second) = (passive(&table), passive(&table));
    give(&mut first, &bind("tid.1").octets());
    let chunk = Raw::chunk("tid.2", "mid1", "1-2/2", "Hi", '$');
    assert_eq!(words(&give(&mut second, &chunk.octets())), ["506"]);
    assert_eq!(give(&mut second, &bind("tid.3").reports("no", "").octets()), []);
    assert_eq!(second.events(), []);
    // The same holds on a connection that has a session of its own.
    give(&mut second, &bind("tid.4").to(BOB_TWO).octets());
    second.events();
    assert_eq!(words(&give(&mut second, &chunk.octets())), ["506"]);
    assert_eq!(second.events(), []);
    // The first connection is not affected, and only it responds.
    first.events();
    assert_eq!(words(&give(&mut first, &chunk.octets())), ["200"]);
    assert!(matches!(first.events()[..], [Event::Message { .. }]));
    assert_eq!(second.drain(Instant::now()), b"");
}

// req: 4975-5.4-12 4975-5.4-13
#[test]
fn a_session_is_free_again_when_its_connection_ends() {
    type Ending = fn(Side);
    let ends: [(Ending, &str); 4] = [
        (drop, "dropped"),
        (|mut bob| bob.connection.receive_eof(), "ended"),
        (|mut bob| bob.connection.close(), "closed"),
        (|mut bob| drop(give(&mut bob, b"What?\r\n")), "failed"),
    ];
    for (end, how) in ends {
        let table = table_of(&[BOB]);
        let mut first = passive(&table);
        give(&mut first, &bind("tid.1").octets());
        assert!(table.is_bound(&BOB.parse().unwrap()));
        end(first);
        assert!(!table.is_bound(&BOB.parse().unwrap()), "{how}");
        let mut second = passive(&table);
        assert_eq!(words(&give(&mut second, &bind("tid.2").octets())), ["200"], "{how}");
    }
}

// A request that is still on its way to a failed session must not bind it again.
// req: 4975-5.4-14
#[test]
fn a_session_that_has_failed_is_gone_from_the_table() {
    let table = table_of(&[BOB]);
    let mut bob = passive(&table);
    give(&mut bob, &bind("tid.1").octets());
    let session = bob.connection.sessions().next().unwrap();
    bob.connection.send(session, OutgoingMessage::text("x")).unwrap();
    let sent = frames(&bob.drain(Instant::now()));
    give(&mut bob, &common::wire::response(&sent[0].id, "481 No"));
    assert_eq!(table.len(), 0);
    assert_eq!(words(&give(&mut bob, &bind("tid.2").octets())), ["481"]);
}

// req: 4975-5.4-11
#[test]
fn a_session_that_the_application_closes_is_gone_from_the_table() {
    let table = table_of(&[BOB]);
    let mut bob = passive(&table);
    give(&mut bob, &bind("tid.1").octets());
    let session = bob.connection.sessions().next().unwrap();
    assert!(bob.connection.close_session(session).is_ok());
    assert!(table.is_empty());
    assert_eq!(words(&give(&mut bob, &bind("tid.2").octets())), ["481"]);
    // Removed while it is bound, it continues. A new one with that URI is another.
    let table = table_of(&[BOB]);
    let mut bob = passive(&table);
    give(&mut bob, &bind("tid.1").octets());
    assert!(table.remove(&BOB.parse().unwrap()) && !table.remove(&BOB.parse().unwrap()));
    assert_eq!(words(&give(&mut bob, &bind("tid.2").octets())), ["200"]);
    table.insert(bob_expects()).unwrap();
    let mut other = passive(&table);
    assert_eq!(words(&give(&mut other, &bind("tid.3").octets())), ["200"]);
    drop(bob);
    assert!(table.is_bound(&BOB.parse().unwrap()));
}

// req: 4975-5.4-10 4975-7.1.2-9
#[test]
fn a_report_binds_nothing() {
    let table = table_of(&[BOB]);
    let mut bob = passive(&table);
    let report = Raw::report("tid.1", "mid1", "000 200 OK").to(BOB).from(ALICE);
    assert_eq!(give(&mut bob, &report.octets()), []);
    assert!(!table.is_bound(&BOB.parse().unwrap()));
    assert_eq!(bob.connection.open(two()), Err(SessionError::NotBound));
    assert_eq!(bob.events(), []);
}

// req: 4975-5.4-1 4975-5.4-22 4975-7.3-1
#[test]
fn two_sessions_share_a_connection() {
    let mut pair = Pair::new();
    pair.table.insert(SessionConfig::expected(BOB_TWO.parse().unwrap())).unwrap();
    let one = pair.alice.connection.open(alice_opens()).unwrap();
    let two = pair.alice.connection.open(two()).unwrap();
    pair.settle();
    pair.bob.events();
    assert_eq!(pair.alice.connection.sessions().collect::<Vec<_>>(), [one, two]);
    pair.alice.connection.send(two, OutgoingMessage::text("to two")).unwrap();
    pair.alice.connection.send(one, OutgoingMessage::text("to one")).unwrap();
    pair.settle();
    let bobs: Vec<_> = pair.bob.connection.sessions().collect();
    let events = pair.bob.events();
    let got: Vec<_> = events
        .iter()
        .map(|event| match event {
            Event::Message { received: message, body } => (message.session(), &body[..]),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(got, [(bobs[1], &b"to two"[..]), (bobs[0], b"to one")]);
}

#[test]
fn a_session_that_cannot_be_opened_says_why() {
    let mut config = Config::default();
    config.limits.sessions = 2;
    let mut alice = Side::new(config, Role::Active, 1, Instant::now());
    let unknown = SessionConfig::expected(ALICE.parse().unwrap());
    assert_eq!(alice.connection.open(unknown), Err(SessionError::NoRemotePath));
    alice.connection.open(alice_opens()).unwrap();
    let same =
        SessionConfig::new("MSRP://ALICE.example:7654/jshA7weztas;tcp".parse().unwrap(), path(BOB));
    assert_eq!(alice.connection.open(same), Err(SessionError::UriInUse));
    alice.connection.open(two()).unwrap();
    let three = SessionConfig::new("msrp://alice.example:7654/3;tcp".parse().unwrap(), path(BOB));
    assert_eq!(alice.connection.open(three.clone()), Err(SessionError::TooManySessions { max: 2 }));
    alice.connection.close();
    assert_eq!(alice.connection.open(three), Err(SessionError::Closed));
    assert_eq!(alice.events().last(), Some(&Event::Closed(ConnectionEnd::Local)));

    let table = table_of(&[BOB]);
    let same =
        SessionConfig::expected("msrp://BOB.example:12763/kjhd37s2s20w2a;TCP".parse().unwrap());
    assert_eq!(table.insert(same), Err(SessionError::UriInUse));
    let small = SessionTable::new(1);
    small.insert(bob_expects()).unwrap();
    let other = SessionConfig::expected(BOB_TWO.parse().unwrap());
    assert_eq!(small.insert(other), Err(SessionError::TooManySessions { max: 1 }));
    assert_eq!(small.len(), 1);
}

#[test]
fn a_connection_binds_no_more_sessions_than_its_limit() {
    let table = table_of(&[BOB, BOB_TWO]);
    let mut config = Config::default();
    config.limits.sessions = 1;
    let mut bob = Side::new(config, Role::Passive, 2, Instant::now()).with_table(&table);
    assert_eq!(words(&give(&mut bob, &bind("tid.1").octets())), ["200"]);
    assert_eq!(words(&give(&mut bob, &bind("tid.2").to(BOB_TWO).octets())), ["481"]);
    assert!(!table.is_bound(&BOB_TWO.parse().unwrap()));
}

// req: 4975-10.8-1 4975-10.10-1 4975-10.2-1 4975-10.3-1
#[test]
fn a_binding_send_that_is_refused_ends_the_session() {
    for status in [400, 403, 413, 481, 501, 506] {
        let now = Instant::now();
        let mut alice = Side::new(Config::default(), Role::Active, 1, now);
        let session = alice.connection.open(alice_opens()).unwrap();
        alice.connection.send(session, OutgoingMessage::text("Hey Bob")).unwrap();
        let sent = frames(&alice.drain(now));
        give(&mut alice, &common::wire::response(&sent[0].id, &format!("{status} No")));
        let events = alice.events();
        let reason = CloseReason::Rejected(StatusCode::new(status).unwrap());
        assert_eq!(closed(&events), [(reason, Some(status))]);
        assert!(
            matches!(&events[0], Event::Finished(told) if told.outcome == Outcome::SessionClosed)
        );
        assert_eq!(events.len(), 2);
        assert!(!alice.connection.is_closed());
    }
}

// req: 4975-7.1.1-7
#[test]
fn a_binding_send_without_a_response_ends_the_session() {
    let now = Instant::now();
    let mut alice = Side::new(Config::default(), Role::Active, 1, now);
    alice.connection.open(alice_opens()).unwrap();
    let sent = frames(&alice.drain(now));
    alice.connection.handle_timeout(now + 30 * SECOND - Duration::from_millis(1));
    assert_eq!(alice.events(), []);
    alice.connection.handle_timeout(now + 30 * SECOND);
    assert_eq!(closed(&alice.events()), [(CloseReason::TimedOut, None)]);
    give(&mut alice, &common::wire::response(&sent[0].id, "200 OK"));
    assert_eq!(alice.events(), []);
}

// req: 4975-7.3.2-2
#[test]
fn a_late_binding_response_for_a_closed_session_says_nothing() {
    let now = Instant::now();
    let mut alice = Side::new(Config::default(), Role::Active, 1, now);
    let session = alice.connection.open(alice_opens()).unwrap();
    let sent = frames(&alice.drain(now));
    alice.connection.close_session(session).unwrap();
    alice.events();
    give(&mut alice, &common::wire::response(&sent[0].id, "200 OK"));
    alice.connection.handle_timeout(now + 60 * SECOND);
    assert_eq!(alice.events(), []);
}

fn kept_alive() -> Lone {
    let mut config = Config::default();
    config.keep_alive = Some(60 * SECOND);
    Lone::alice_with(config, alice_opens())
}

// req: 4975-7.1.1-21
#[test]
fn a_silent_connection_is_kept_alive() {
    let mut alice = kept_alive();
    assert_eq!(alice.side.connection.poll_timeout(), Some(alice.now + 60 * SECOND));
    alice.advance(60 * SECOND - Duration::from_millis(1));
    assert_eq!(alice.drain(), []);
    alice.advance(Duration::from_millis(1));
    let sent = alice.drain();
    assert_eq!((sent[0].short(), sent[0].body.is_none()), ("SEND 1-0/0$".into(), true));
    alice.answer(&sent[0], "200 OK");
    assert_eq!(alice.events(), []);
    // Then from what was sent last.
    alice.advance(59 * SECOND);
    alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
    let sent = alice.drain();
    alice.answer(&sent[0], "200 OK");
    alice.events();
    alice.advance(59 * SECOND);
    assert_eq!(alice.drain(), []);
    alice.advance(SECOND);
    assert_eq!(words(&alice.drain()), ["SEND"]);
}

// req: 4975-10.8-1
#[test]
fn a_keep_alive_that_is_refused_ends_the_session() {
    let mut alice = kept_alive();
    alice.advance(60 * SECOND);
    let sent = alice.drain();
    alice.answer(&sent[0], "481 Gone");
    let reason = CloseReason::Rejected(StatusCode::NO_SUCH_SESSION);
    assert_eq!(closed(&alice.events()), [(reason, Some(481))]);
}

#[test]
fn a_keep_alive_without_an_answer_ends_the_connection() {
    let mut alice = kept_alive();
    alice.advance(60 * SECOND);
    assert_eq!(words(&alice.drain()), ["SEND"]);
    alice.advance(59 * SECOND);
    assert_eq!(alice.events(), []);
    alice.advance(SECOND);
    let events = alice.events();
    assert_eq!(closed(&events), [(CloseReason::Silent, None)]);
    assert_eq!(events.last(), Some(&Event::Closed(ConnectionEnd::Silent)));
    assert_eq!(alice.side.connection.poll_timeout(), None);
}

// req: 4975-14.1-1
#[test]
fn a_session_id_has_a_hundred_random_bits() {
    spread((0..2000).map(|seed| session_id(&mut Seeded(seed)).unwrap()).collect());
}

// req: 4975-7.1-2 4975-7.1.1-1
#[test]
fn transaction_ids_and_message_ids_have_a_hundred_random_bits() {
    let mut alice = Lone::alice();
    let mut sent = Vec::new();
    for _ in 0..2000 {
        alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
        sent.extend(alice.drain());
    }
    spread(sent.iter().map(|frame| frame.id.clone()).collect());
    spread(sent.iter().map(|frame| frame.message_id().to_owned()).collect());
}

/// Twenty places of five bits: each takes all 32 letters, and no id repeats.
fn spread(ids: Vec<String>) {
    for place in 0..20 {
        let letters: BTreeSet<u8> = ids.iter().map(|id| id.as_bytes()[place]).collect();
        assert_eq!(letters.len(), 32, "place {place}");
    }
    assert!(ids.iter().all(|id| id.len() == 20));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}
