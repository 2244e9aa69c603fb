//! Messages to which the application responds (RFC 4975 section 5.3, RFC 7701
//! section 6).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::bob_expects;
use common::wire::{Lone, Raw, words};
use msrp::{
    Config, Event, IncomingKey, MediaTypes, ReceiveMode, ReportMode, ResponseMode, SessionConfig,
    StatusCode,
};

fn session(mode: ReceiveMode) -> SessionConfig {
    bob_expects().responses(ResponseMode::Application).receive(mode)
}

fn bob(mode: ReceiveMode) -> Lone {
    Lone::bob_with(Config::default(), session(mode))
}

const BOB_TWO: &str = "msrp://bob.example:12763/two;tcp";
const MODES: [ReceiveMode; 2] = [ReceiveMode::Whole, ReceiveMode::Pieces];

/// A whole message in one chunk.
fn message(id: &str) -> Raw {
    Raw::chunk(&format!("t.{id}"), id, "1-2/2", "Hi", '$')
}

/// For each whole message, whether it is a duplicate.
fn duplicates(events: &[Event]) -> Vec<bool> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Message { received: message, .. }
            | Event::MessageCompleted { received: message, .. } => Some(message.is_duplicate()),
            _ => None,
        })
        .collect()
}

/// The whole messages.
fn whole(events: &[Event]) -> Vec<IncomingKey> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Message { received: message, .. }
            | Event::MessageCompleted { received: message, .. } => Some(message.key()),
            _ => None,
        })
        .collect()
}

// req: 7701-6.3-1
#[test]
fn a_message_waits_for_the_application() {
    for mode in MODES {
        let mut bob = bob(mode);
        assert_eq!(bob.give(&message("mid1").reports("", "yes").octets()), []);
        let key = whole(&bob.events())[0];
        assert!(bob.side.connection.accept(key).is_ok());
        let sent = bob.drain();
        assert_eq!(words(&sent), ["200", "REPORT"]);
        assert_eq!((&sent[0].id[..], sent[1].range()), ("t.mid1", "1-2/2"));
        // It has its response.
        assert!(bob.side.connection.accept(key).is_err());
        assert!(bob.side.connection.reject(key, StatusCode::FORBIDDEN).is_err());
        assert_eq!(bob.drain(), []);
    }
}

// req: 7701-6.3-1
#[test]
fn a_message_is_refused_with_any_status() {
    for mode in MODES {
        for status in [403, 404, 413, 415, 428] {
            let mut bob = bob(mode);
            let status = StatusCode::new(status).unwrap();
            bob.give(&message("mid1").reports("", "yes").octets());
            let key = whole(&bob.events())[0];
            assert!(bob.side.connection.reject(key, status).is_ok());
            let sent = bob.drain();
            // There is no success to report.
            assert_eq!(words(&sent), [status.to_string()]);
            assert!(bob.side.connection.accept(key).is_err());
            // When it arrives again, it gets the same status and no event.
            assert_eq!(words(&bob.give(&message("mid1").octets())), [status.to_string()]);
            assert_eq!(bob.events(), []);
            assert_eq!(bob.give(&message("mid2").octets()), []);
            assert_eq!(whole(&bob.events()).len(), 1);
        }
    }
}

#[test]
fn of_many_chunks_the_last_one_waits() {
    for mode in MODES {
        let session = session(mode).reports(ReportMode::EachChunk);
        let mut bob = Lone::bob_with(Config::default(), session);
        let chunk = |id: &str, range: &str, body: &str, flag| {
            Raw::chunk(id, "mid1", range, body, flag).reports("", "yes")
        };
        let sent = bob.give(&chunk("tid.1", "4-5/5", "lo", '$').octets());
        assert_eq!(words(&sent), ["200", "REPORT"]);
        assert_eq!(bob.give(&chunk("tid.2", "1-3/5", "Hel", '+').octets()), []);
        let key = whole(&bob.events())[0];
        assert!(bob.side.connection.accept(key).is_ok());
        let sent = bob.drain();
        assert_eq!(words(&sent), ["200", "REPORT"]);
        assert_eq!((&sent[0].id[..], sent[1].range()), ("tid.2", "1-3/5"));
        // A repeated message is a duplicate once the first one is accepted.
        bob.give(&message("mid1").octets());
        let events = bob.events();
        assert_eq!(duplicates(&events), [true]);
    }
}

// req: 4975-5.4-16, 4975-5.4-17
#[test]
fn a_message_that_waits_has_its_duplicates() {
    for mode in MODES {
        let mut bob = bob(mode);
        let give = |bob: &mut Lone| {
            bob.give(&message("mid1").octets());
            let events = bob.events();
            (whole(&events)[0], duplicates(&events)[0])
        };
        let ((first, a), (second, b), (third, c)) =
            (give(&mut bob), give(&mut bob), give(&mut bob));
        assert_eq!([a, b, c], [false, true, true]);
        // After a response to one of them the other still waits.
        bob.side.connection.reject(second, StatusCode::TIMEOUT).unwrap();
        bob.side.connection.accept(third).unwrap();
        bob.side.connection.accept(first).unwrap();
        assert_eq!(words(&bob.drain()), ["408", "200", "200"]);
        // In another session it is another message.
        bob.table.insert(SessionConfig::expected(BOB_TWO.parse().unwrap())).unwrap();
        bob.give(&message("mid1").to(BOB_TWO).octets());
        assert_eq!(duplicates(&bob.events()), [false]);
    }
}

#[test]
fn the_connection_responds_to_what_it_refuses() {
    let types = MediaTypes::new("message/cpim").unwrap();
    let bob = session(ReceiveMode::Whole).accept_types(types).max_size(10);
    let mut bob = Lone::bob_with(Config::default(), bob);
    assert_eq!(words(&bob.give(&message("mid1").octets())), ["415"]);
    let large = Raw::send("tid.2").message("mid2").range("1-11/11");
    let sent = bob.give(&large.body("message/cpim", b"eleven here").octets());
    assert_eq!(words(&sent), ["413"]);
    assert_eq!(words(&bob.give(&Raw::send("tid.3").message("m").octets())), ["200"]);
    assert_eq!(whole(&bob.events()), []);
}

#[test]
fn a_peer_that_wants_no_response_gets_none() {
    for (mode, accepted, rejected) in [("no", 0, 0), ("partial", 0, 1)] {
        let mut bob = bob(ReceiveMode::Whole);
        bob.give(&message("mid1").reports(mode, "").octets());
        bob.give(&message("mid2").reports(mode, "").octets());
        let keys = whole(&bob.events());
        assert!(bob.side.connection.accept(keys[0]).is_ok());
        assert_eq!(bob.drain().len(), accepted);
        assert!(bob.side.connection.reject(keys[1], StatusCode::FORBIDDEN).is_ok());
        assert_eq!(bob.drain().len(), rejected);
    }
}

#[test]
fn what_waits_is_bounded_and_ends_with_the_session() {
    for mode in MODES {
        let mut config = Config::default();
        config.limits.incoming_messages = 2;
        let mut bob = Lone::bob_with(config, session(mode));
        for id in ["mid1", "mid2"] {
            assert_eq!(bob.give(&message(id).octets()), []);
        }
        let keys = whole(&bob.events());
        // Nothing more is read until the application has answered.
        assert!(!bob.side.connection.wants_read());
        assert_eq!(bob.give(&message("mid3").octets()), []);
        assert_eq!(bob.events(), []);
        assert!(bob.side.connection.accept(keys[1]).is_ok());
        assert_eq!(words(&bob.drain()), ["200"]);
        assert_eq!(bob.give(b""), []);
        assert_eq!(whole(&bob.events()).len(), 1);
        bob.side.connection.close_session(bob.session).unwrap();
        assert_eq!(words(&bob.drain()), ["481", "481"]);
        assert!(bob.side.connection.accept(keys[0]).is_err());
    }
}
