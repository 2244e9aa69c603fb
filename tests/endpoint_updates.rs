//! Sessions that continue with other parameters (RFC 4975 section 8.4).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::wire::{Lone, Raw, filler, frames, words};
use common::{ALICE, BOB, Side, alice_opens, bob_expects, failures, path};
use msrp::{
    Config, Direction, Event, FailReason, MediaTypes, OutgoingMessage, ReceiveMode, ReportMode,
    ResponseMode, Role, SendError, SessionConfig, SessionError,
};

const BOB_TWO: &str = "msrp://bob.example:12763/two;tcp";
const MODES: [ReceiveMode; 2] = [ReceiveMode::Whole, ReceiveMode::Pieces];

fn bob(session: SessionConfig) -> Lone {
    Lone::bob_with(Config::default(), session)
}

fn update(side: &mut Lone, config: SessionConfig) {
    side.side.connection.update_session(side.session, &config).unwrap();
}

fn types(list: &str) -> MediaTypes {
    MediaTypes::new(list).unwrap()
}

fn text(id: &str, body: &str) -> Raw {
    let range = format!("1-{0}/{0}", body.len());
    Raw::chunk(&format!("t.{id}"), id, &range, body, '$')
}

// req: 4975-8.9-1
#[test]
fn later_incoming_messages_use_the_new_parameters() {
    for mode in MODES {
        let session = || bob_expects().receive(mode);
        let mut bob = bob(session().nicknames(true));
        assert_eq!(words(&bob.give(&text("mid1", "Hello").octets())), ["200"]);
        let nickname = |id| Raw::new("NICKNAME", id).header("Use-Nickname", "\"Al\"").octets();
        assert_eq!(bob.give(&nickname("nick.1")), []);
        for (config, answer, reason) in [
            (session().max_size(4), "413", FailReason::TooLarge),
            (session().accept_types(types("text/html")), "415", FailReason::UnsupportedType),
            (session().direction(Direction::SendOnly), "403", FailReason::NotReceiving),
        ] {
            bob.events();
            update(&mut bob, config);
            assert_eq!(words(&bob.give(&text(answer, "Hello").octets())), [answer]);
            assert_eq!(failures(&bob.events()), [reason]);
            // A refused message stays refused.
            update(&mut bob, session());
            assert_eq!(words(&bob.give(&text(answer, "Hello").octets())), [answer]);
            assert_eq!(words(&bob.give(&text(&format!("x{answer}"), "Hello").octets())), ["200"]);
        }
        assert_eq!(words(&bob.give(&nickname("nick.2"))), ["501"]);
    }
}

// req: 4975-8.9-1
#[test]
fn later_outgoing_messages_use_the_new_parameters() {
    let mut alice = Lone::alice();
    let mut send = |config: Option<SessionConfig>| {
        config.into_iter().for_each(|config| update(&mut alice, config));
        alice.side.connection.send(alice.session, OutgoingMessage::text("Hello")).err()
    };
    assert_eq!(send(None), None);
    let refused = send(Some(alice_opens().peer_accept_types(types("text/html"))));
    assert!(matches!(refused, Some(SendError::TypeNotAccepted(_))));
    assert_eq!(send(Some(alice_opens().peer_max_size(4))), Some(SendError::TooLarge { max: 4 }));
    let receives = alice_opens().direction(Direction::ReceiveOnly);
    assert_eq!(send(Some(receives)), Some(SendError::NotSending));
    // What was sent before counts.
    assert_eq!(send(Some(alice_opens().single_message(true))), Some(SendError::SingleMessage));
    assert_eq!(send(Some(alice_opens())), None);
    assert_eq!(words(&alice.drain()), ["SEND", "SEND"]);
}

/// Changes everything that can change, so that nothing is accepted any more.
fn closed_to_all(session: SessionConfig) -> SessionConfig {
    session
        .max_size(1)
        .peer_max_size(1)
        .accept_types(types("text/html"))
        .peer_accept_types(types("text/html"))
        .direction(Direction::Inactive)
}

#[test]
fn an_incoming_message_keeps_its_parameters() {
    let cpim = "From: <im:a@x>\r\n\r\nContent-Type: text/plain\r\n\r\nHi";
    let chunk = |id: &str, range: String, body: &str, flag| {
        Raw::send(id).message("mid1").range(&range).body("message/cpim", body.as_bytes()).flag(flag)
    };
    let total = cpim.len();
    let whole = chunk("tid.1", format!("1-{total}/{total}"), cpim, '$').octets();
    for mode in MODES {
        // Cut anywhere after the first octet of the body: in one chunk …
        let cut = whole.len() - "\r\n-------tid.1$\r\n".len() - total + 1;
        for at in (cut..whole.len()).step_by(7) {
            let mut bob = bob(bob_expects().receive(mode));
            bob.give(&whole[..at]);
            update(&mut bob, closed_to_all(bob_expects()));
            assert_eq!(words(&bob.give(&whole[at..])), ["200"], "{mode:?} {at}");
            assert_eq!(failures(&bob.events()), []);
            assert_eq!(words(&bob.give(&text("mid2", "Hi").octets())), ["403"]);
        }
        // … and between two.
        for at in [1, 20, total - 1] {
            let mut bob = bob(bob_expects().receive(mode));
            let (one, two) = cpim.split_at(at);
            bob.give(&chunk("tid.1", format!("1-{at}/{total}"), one, '+').octets());
            update(&mut bob, closed_to_all(bob_expects()));
            let rest = chunk("tid.2", format!("{}-{total}/{total}", at + 1), two, '$');
            assert_eq!(words(&bob.give(&rest.octets())), ["200"], "{mode:?} {at}");
            assert_eq!(failures(&bob.events()), []);
        }
        // It must not exceed the size that was allowed when it began.
        let mut bob = bob(bob_expects().receive(mode).max_size(4));
        bob.give(&Raw::chunk("tid.1", "mid1", "1-*/*", "abc", '+').octets());
        update(&mut bob, bob_expects());
        let rest = Raw::chunk("tid.2", "mid1", "4-*/*", "def", '$');
        assert_eq!(words(&bob.give(&rest.octets())), ["413"]);
    }
}

#[test]
fn an_outgoing_message_keeps_its_parameters() {
    let mut alice = Lone::alice_with(Config::default(), alice_opens().peer_max_size(10));
    let message = OutgoingMessage::streamed("text/plain".parse().unwrap(), None);
    let key = alice.side.connection.send(alice.session, message).unwrap();
    let write = |alice: &mut Lone, len| alice.side.connection.body(key).unwrap().write(filler(len));
    write(&mut alice, 5).unwrap();
    for config in [closed_to_all(alice_opens()), alice_opens()] {
        update(&mut alice, config);
        assert_eq!(write(&mut alice, 6), Err(SendError::TooLarge { max: 10 }));
    }
    write(&mut alice, 5).unwrap();
    alice.side.connection.body(key).unwrap().finish().unwrap();
    let sent = alice.drain();
    assert_eq!(sent.iter().map(|frame| frame.len()).sum::<usize>(), 10);
}

#[test]
fn how_messages_are_received_stays() {
    let manual = bob_expects().responses(ResponseMode::Application).reports(ReportMode::Manual);
    let mut bob = bob(manual.receive(ReceiveMode::Pieces));
    update(&mut bob, bob_expects());
    assert_eq!(bob.give(&text("mid1", "Hi").reports("", "yes").octets()), []);
    let events = bob.events();
    let [
        Event::MessageStarted { received: message },
        Event::Piece { .. },
        Event::MessageCompleted { .. },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert!(bob.side.connection.accept(message.key()).is_ok());
    assert_eq!(words(&bob.drain()), ["200"]);
}

#[test]
fn the_configuration_of_another_session_is_refused() {
    let mut alice = Lone::alice();
    let mut update = |config: SessionConfig| {
        let config = config.max_size(7);
        let result = alice.side.connection.update_session(alice.session, &config);
        (result, alice.side.connection.session(alice.session).unwrap().max_size == 7)
    };
    let own = || ALICE.parse::<msrp::MsrpUri>().unwrap();
    let other = SessionConfig::new(BOB_TWO.parse().unwrap(), path(BOB));
    assert_eq!(update(other), (Err(SessionError::OtherUri), false));
    for remote in [BOB_TWO.to_owned(), format!("{BOB_TWO} {BOB}")] {
        let other = SessionConfig::new(own(), path(&remote));
        assert_eq!(update(other), (Err(SessionError::OtherPath), false));
    }
    assert_eq!(update(SessionConfig::expected(own())), (Ok(()), true));
    // Another spelling of the same URI is accepted.
    let shouted = SessionConfig::new(own(), path(&BOB.replace("bob.example", "BOB.example")));
    assert_eq!(update(shouted), (Ok(()), true));
    let config = alice.side.connection.session(alice.session).unwrap();
    assert_eq!(config.remote.as_ref().unwrap().to_string(), BOB);
    alice.side.connection.close_session(alice.session).unwrap();
    let ended = alice.side.connection.update_session(alice.session, &alice_opens());
    assert_eq!(ended, Err(SessionError::UnknownKey(msrp::UnknownKey)));
}

#[test]
fn a_table_is_updated_without_letting_go() {
    let mut bob = bob(bob_expects());
    let uri = BOB.parse().unwrap();
    assert!(!bob.table.update(SessionConfig::expected(BOB_TWO.parse().unwrap())));
    assert!(bob.table.update(bob_expects().max_size(1)));
    assert!(bob.table.is_bound(&uri) && bob.table.len() == 1);
    let other = Side::new(Config::default(), Role::Passive, 3, bob.now);
    let mut other = other.with_table(&bob.table);
    let now = bob.now;
    let mut ask = |id: &str, body: &str| {
        other.feed(now, &text(id, body).octets());
        words(&frames(&other.drain(now))).join(" ")
    };
    assert_eq!(ask("mid1", "Hi"), "506");
    // The connection that holds it does not change, the next one has the new settings.
    assert_eq!(words(&bob.give(&text("mid2", "Hi").octets())), ["200"]);
    bob.side.connection.receive_eof();
    assert!(!bob.table.is_bound(&uri));
    // A refused request binds nothing.
    assert_eq!(ask("mid3", "Hi"), "413");
    assert!(!bob.table.is_bound(&uri));
    assert_eq!(ask("mid4", "H"), "200");
    assert!(bob.table.is_bound(&uri));
}
