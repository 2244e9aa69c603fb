//! A key names something of its own connection while that exists. It is refused
//! by a connection with the same seed, and after the end of what it names.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::{Pair, Side, alice_opens, bob_expects};
use msrp::wire::ByteRange;
use msrp::{
    Config, Event, IncomingKey, MessageKey, OutgoingMessage, Received, ResponseMode, SendError,
    SessionError, SessionKey, StatusCode, UnknownKey,
};

/// Two pairs that differ only in their keys.
fn twins() -> [(Pair, SessionKey); 2] {
    [Pair::opened(), Pair::opened()]
}

fn text() -> OutgoingMessage {
    OutgoingMessage::text("For Bob alone")
}

fn sends_nothing(side: &mut Side, pair_now: std::time::Instant) {
    assert_eq!(side.drain(pair_now), b"");
}

#[test]
fn keys_of_connections_with_one_seed_differ() {
    let [(_, one), (_, other)] = twins();
    assert_ne!(one, other);
    assert_eq!(one.to_string(), other.to_string());
}

#[test]
fn no_text_goes_to_the_peer_of_another_connection() {
    let [(mut alice, session), (mut mallory, _)] = twins();
    let refused = Err(SendError::UnknownKey(UnknownKey));
    assert_eq!(mallory.alice.connection.send(session, text()), refused);
    sends_nothing(&mut mallory.alice, mallory.now);
    alice.alice.connection.close_session(session).unwrap();
    assert_eq!(alice.alice.connection.send(session, text()), refused);
    sends_nothing(&mut alice.alice, alice.now);
}

#[test]
fn the_methods_of_a_session_refuse_a_key_of_another_or_an_ended_one() {
    let [(mut alice, session), (mut mallory, own)] = twins();
    let refuses = |connection: &mut msrp::Connection| {
        assert_eq!(connection.session(session).err(), Some(UnknownKey));
        assert_eq!(connection.close_session(session), Err(UnknownKey));
        let update = connection.update_session(session, &alice_opens());
        assert_eq!(update, Err(SessionError::UnknownKey(UnknownKey)));
        let asked = connection.ask_nickname(session, None);
        assert_eq!(asked, Err(SendError::UnknownKey(UnknownKey)));
    };
    refuses(&mut mallory.alice.connection);
    assert!(mallory.alice.connection.session(own).is_ok());
    sends_nothing(&mut mallory.alice, mallory.now);
    alice.alice.connection.close_session(session).unwrap();
    refuses(&mut alice.alice.connection);
    sends_nothing(&mut alice.alice, alice.now);
}

#[test]
fn the_methods_of_a_message_refuse_a_key_of_another_or_an_ended_one() {
    let [(mut alice, session), (mut mallory, own)] = twins();
    let stream = || OutgoingMessage::streamed("text/plain".parse().unwrap(), None);
    let message = alice.alice.connection.send(session, stream()).unwrap();
    let own_message = mallory.alice.connection.send(own, stream()).unwrap();
    let refuses = |connection: &mut msrp::Connection, message: MessageKey| {
        assert_eq!(connection.progress(message), Err(UnknownKey));
        assert_eq!(connection.body(message).err(), Some(SendError::UnknownKey(UnknownKey)));
        assert_eq!(connection.abort(message), Err(UnknownKey));
    };
    refuses(&mut mallory.alice.connection, message);
    assert!(mallory.alice.connection.body(own_message).is_ok());
    alice.alice.connection.abort(message).unwrap();
    refuses(&mut alice.alice.connection, message);
}

/// A pair whose passive side responds itself, and a message that waits there.
fn waiting() -> (Pair, Received) {
    let expected = bob_expects().responses(ResponseMode::Application);
    let mut pair = Pair::with(Config::default(), Config::default(), expected);
    let session = pair.open();
    pair.alice.connection.send(session, text().success_report(true)).unwrap();
    pair.settle();
    let received = pair.bob.events().into_iter().find_map(|event| match event {
        Event::Message { received, .. } => Some(received),
        _ => None,
    });
    (pair, received.unwrap())
}

#[test]
fn the_methods_of_an_incoming_message_refuse_a_key_of_another_or_an_ended_one() {
    let [(mut one, received), (mut other, own)] = [waiting(), waiting()];
    let refuses = |connection: &mut msrp::Connection, key: IncomingKey| {
        assert_eq!(connection.accept(key), Err(UnknownKey));
        assert_eq!(connection.reject(key, StatusCode::FORBIDDEN), Err(UnknownKey));
    };
    refuses(&mut other.bob.connection, received.key());
    sends_nothing(&mut other.bob, other.now);
    other.bob.connection.accept(own.key()).unwrap();
    one.bob.connection.accept(received.key()).unwrap();
    refuses(&mut one.bob.connection, received.key());
}

#[test]
fn a_message_of_another_connection_or_an_ended_session_is_not_reported_on() {
    let [(mut one, received), (mut other, _)] = [waiting(), waiting()];
    let refuses = |connection: &mut msrp::Connection| {
        let range = ByteRange::whole(13);
        let refused = Err(SendError::UnknownKey(UnknownKey));
        assert_eq!(connection.report(&received, StatusCode::OK, range), refused);
        let content_type = "text/plain".parse().unwrap();
        let report =
            connection.report_with_body(&received, StatusCode::OK, range, &content_type, b"Hi");
        assert_eq!(report, refused);
    };
    refuses(&mut other.bob.connection);
    sends_nothing(&mut other.bob, other.now);
    one.bob.connection.close_session(received.session()).unwrap();
    one.bob.drain(one.now);
    refuses(&mut one.bob.connection);
    sends_nothing(&mut one.bob, one.now);
}

#[test]
fn a_nickname_of_another_connection_gets_no_response() {
    let [(mut one, request), (mut other, own)] = [asked(), asked()];
    let connection = &mut other.bob.connection;
    assert_eq!(connection.respond_to_nickname(request, StatusCode::OK), Err(UnknownKey));
    sends_nothing(&mut other.bob, other.now);
    other.bob.connection.respond_to_nickname(own, StatusCode::OK).unwrap();
    one.bob.connection.respond_to_nickname(request, StatusCode::OK).unwrap();
    let again = one.bob.connection.respond_to_nickname(request, StatusCode::OK);
    assert_eq!(again, Err(UnknownKey));
}

/// A pair, and a NICKNAME that waits for its response.
fn asked() -> (Pair, msrp::NicknameRequest) {
    let expected = bob_expects().nicknames(true);
    let mut pair = Pair::with(Config::default(), Config::default(), expected);
    let session = pair.open();
    pair.alice.connection.ask_nickname(session, None).unwrap();
    pair.settle();
    let request = pair.bob.events().into_iter().find_map(|event| match event {
        Event::NicknameRequested { request, .. } => Some(request),
        _ => None,
    });
    (pair, request.unwrap())
}

#[cfg(feature = "auth")]
#[test]
fn an_authentication_of_another_connection_or_an_ended_one_is_not_stopped() {
    let now = std::time::Instant::now();
    let [(mut one, key), (mut other, own)] = [(); 2].map(|()| {
        let mut side = Side::new(Config::default(), msrp::Role::Active, 1, now);
        let relay: msrp::MsrpUri = "msrp://relay.example:2855;tcp".parse().unwrap();
        let local = common::BOB.parse().unwrap();
        let asked = msrp::Authentication::without_tls(local, relay);
        let key = side.connection.authenticate(asked).unwrap();
        (side, key)
    });
    assert_eq!(other.connection.stop_authentication(key), Err(UnknownKey));
    other.connection.stop_authentication(own).unwrap();
    one.connection.stop_authentication(key).unwrap();
    assert_eq!(one.connection.stop_authentication(key), Err(UnknownKey));
}
