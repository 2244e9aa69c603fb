//! Connections that end, and authentications that are stopped.

use std::time::Duration;

use msrp::{AuthenticationFailure, ConnectionEnd, Event};

use crate::relay::*;

/// The events of a connection that ends during an authentication.
fn ended(mut client: Client, end: impl FnOnce(&mut Client)) -> Vec<Event> {
    end(&mut client);
    let events = client.events();
    assert!(matches!(events.last(), Some(Event::Closed(_))), "{events:?}");
    assert_eq!(client.side.connection.poll_timeout(), None);
    events
}

#[test]
fn with_the_connection_every_open_authentication_fails() {
    let ends: [fn(&mut Client); 4] = [
        |client| client.side.connection.close(),
        |client| client.side.connection.receive_eof(),
        |client| client.side.feed(client.now, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        |client| {
            client.side.feed(client.now, b"MSRP abcd 200 OK\r\nTo-Path: ");
            client.side.connection.receive_eof();
        },
    ];
    for end in ends {
        let mut client = Client::new();
        let keys = [client.ask(one()), client.ask(one().outer(uri(EXTRA)))];
        let sent = client.sent();
        // The second one has reached its second relay.
        client.respond(&sent[1], "200 OK", &[("Use-Path", INTRA_TOKEN), ("Expires", "9")]);
        let events = ended(client, end);
        let failed: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::AuthenticationFailed { key, relay, reason } => {
                    Some((*key, relay.to_string(), *reason))
                }
                _ => None,
            })
            .collect();
        let closed = AuthenticationFailure::ConnectionClosed;
        assert_eq!(
            failed,
            [(keys[0], INTRA.to_string(), closed), (keys[1], EXTRA.to_string(), closed)]
        );
    }
}

/// Only the end of the connection is reported.
#[test]
fn a_route_that_was_given_does_not_fail() {
    let mut client = Client::new();
    client.ask(one());
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN), ("Expires", "9")]);
    client.route();
    let events = ended(client, |client| client.side.connection.receive_eof());
    assert_eq!(events, [Event::Closed(ConnectionEnd::Peer)]);
}

#[test]
fn what_is_stopped_is_heard_of_no_more() {
    let mut client = Client::new();
    let key = client.ask(one());
    let request = client.auth();
    assert!(client.side.connection.stop_authentication(key).is_ok());
    client.respond(&request, "401 Unauthorized", &[("WWW-Authenticate", CHALLENGE)]);
    client.advance(Duration::from_secs(30));
    client.side.connection.receive_eof();
    assert_eq!(client.events(), [Event::Closed(ConnectionEnd::Peer)]);
    assert_eq!(client.sent(), []);
}

#[test]
fn others_go_on_when_one_is_stopped() {
    let mut client = Client::new();
    let keys = [client.ask(one()), client.ask(one())];
    let sent = client.sent();
    let _ = client.side.connection.stop_authentication(keys[0]);
    for request in &sent {
        client.respond(request, "200 OK", &[("Use-Path", INTRA_TOKEN)]);
    }
    assert!(matches!(client.event(), Event::Authenticated { key, .. } if key == keys[1]));
}
