//! Sessions through relays.

use msrp::{Config, Event, Outcome, OutgoingMessage, SessionConfig, SessionTable, StatusCode};

use crate::common::path;
use crate::common::wire::Raw;
use crate::relay::*;

const PEER: &str = "msrps://bob.example:8145/foofoofoo;tcp";
const PEER_RELAY: &str = "msrps://relay.bob.example:9000/hjdhfha;tcp";

/// The response of the next hop to `request`.
fn hop_response(id: &str) -> Vec<u8> {
    format!("MSRP {id} 200 OK\r\nTo-Path: {OWN}\r\nFrom-Path: {INTRA_TOKEN}\r\n-------{id}$\r\n")
        .into_bytes()
}

// req: 4976-5.1-4
#[test]
fn a_session_is_opened_through_the_relay_while_others_are_asked_for() {
    let mut client = Client::new();
    client.ask(one());
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN), ("Expires", "900")]);
    let route = client.route();
    let peer = path(&format!("{PEER_RELAY} {PEER}"));
    let session = SessionConfig::new(route.local().clone(), route.to_path(&peer));
    let session = client.side.connection.open(session).unwrap();
    client.side.connection.send(session, OutgoingMessage::text("Hey Bob")).unwrap();
    client.ask(one());

    let sent = client.sent();
    let whole = format!("{INTRA_TOKEN} {PEER_RELAY} {PEER}");
    let (auth, sends): (Vec<_>, Vec<_>) = sent.iter().partition(|it| it.what == "AUTH");
    assert_eq!((auth.len(), sends.len()), (1, 2));
    for send in &sends {
        assert_eq!(send.header("To-Path"), Some(&whole[..]));
        assert_eq!(send.header("From-Path"), Some(OWN));
        client.side.feed(client.now, &hop_response(&send.id));
    }
    client.respond(auth[0], "200 OK", &[("Use-Path", EXTRA_TOKEN), ("Expires", "900")]);
    let events = client.events();
    let [Event::SessionOpened { .. }, Event::Finished(outcome), Event::Authenticated { .. }] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(outcome.outcome, Outcome::Accepted);
}

/// The client has opened the connection to its relay, and yet its peer binds the
/// session.
// req: 4975-5.4-9 4975-7.2-5 4975-7.1.2-3
#[test]
fn a_peer_binds_a_session_through_the_relay() {
    let table = SessionTable::new(4);
    table.insert(SessionConfig::expected(uri(OWN))).unwrap();
    let mut client = Client::with(Config::default());
    client.side = client.side.with_table(&table);
    client.ask(one());
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN), ("Expires", "900")]);
    client.route();

    let from = format!("{INTRA_TOKEN} {PEER_RELAY} {PEER}");
    let send = Raw::chunk("abcd", "message1", "1-7/7", "Hey you", '$')
        .to(OWN)
        .from(&from)
        .reports("", "yes");
    client.side.feed(client.now, &send.octets());
    let events = client.events();
    let [Event::SessionOpened { session, remote, response: None }, Event::Message { .. }] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(remote, &path(&from));

    let sent = client.sent();
    let [response, report] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((&response.what[..], response.header("To-Path")), ("200", Some(INTRA_TOKEN)));
    assert_eq!(response.header("From-Path"), Some(OWN));
    assert_eq!((&report.what[..], report.header("To-Path")), ("REPORT", Some(&from[..])));

    client.side.connection.send(*session, OutgoingMessage::text("Hey Bob")).unwrap();
    assert_eq!(client.sent()[0].header("To-Path"), Some(&from[..]));
}

/// A request through the relay opens no session that is not expected.
#[test]
fn the_relay_opens_no_session_that_is_not_expected() {
    let mut client = Client::new();
    client.ask(one());
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN), ("Expires", "900")]);
    client.route();
    let send = Raw::send("abcd").message("message1").range("1-0/0").to(OWN).from(INTRA_TOKEN);
    client.side.feed(client.now, &send.octets());
    let sent = client.sent();
    assert_eq!(sent[0].what, StatusCode::NO_SUCH_SESSION.to_string());
    assert_eq!(client.events(), []);
}
