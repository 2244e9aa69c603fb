//! Routes that follow each other.

use std::time::{Duration, Instant};

use msrp::{AuthenticationFailure, Event};

use crate::common::path;
use crate::relay::*;

const SECOND: Duration = Duration::from_secs(1);
const NEXT: &str = "msrps://intra.example:9000/nextnext1;tcp";

fn accepted<'a>(token: &'a str, expires: &'a str) -> [(&'a str, &'a str); 2] {
    [("Use-Path", token), ("Expires", expires)]
}

/// A client that has just received a route from a relay.
fn with_route() -> (Client, Relay, msrp::AuthKey) {
    let mut client = Client::new();
    let mut relay = Relay::new("intra.example", INTRA_TOKEN, "alice", "secret", client.now);
    let key = client.ask(one());
    for _ in 0..2 {
        let (response, _) = relay.respond(client.now, &client.auth());
        client.side.feed(client.now, &response);
    }
    client.route();
    (client, relay, key)
}

// req: 4976-9.1-12 4976-5.1-3
#[test]
fn a_route_is_followed_by_another_one() {
    let (mut client, mut relay, key) = with_route();
    let due = client.now + 675 * SECOND;
    assert_eq!(client.side.connection.poll_timeout(), Some(due));
    client.advance(674 * SECOND);
    assert_eq!(client.sent(), []);
    client.advance(SECOND);
    relay.token = NEXT.into();
    let request = client.auth();
    // The relay has given a new nonce for it, whose count starts at one.
    assert_eq!(parameter(&request, "nc"), Some("00000001"));
    let (response, is_accepted) = relay.respond(client.now, &request);
    assert!(is_accepted);
    client.side.feed(client.now, &response);
    let Event::Authenticated { key: told, route } = client.event() else { panic!() };
    assert_eq!((told, route.use_path()), (key, &path(NEXT)));
    assert_eq!(route.expires(), Some(client.now + 900 * SECOND));
    assert_eq!(client.side.connection.poll_timeout(), Some(client.now + 675 * SECOND));
}

#[test]
fn the_shortest_life_in_a_chain_counts() {
    let mut client = Client::new();
    client.ask(one().outer(uri(EXTRA)));
    client.respond_next("200 OK", &accepted(INTRA_TOKEN, "400"));
    client.now += SECOND;
    let both = format!("{INTRA_TOKEN} {EXTRA_TOKEN}");
    client.respond_next("200 OK", &accepted(&both, "4000"));
    let start = client.now - SECOND;
    assert_eq!(client.route().expires(), Some(start + 400 * SECOND));
    assert_eq!(client.side.connection.poll_timeout(), Some(start + 300 * SECOND));
    // Both get an AUTH again, the nearest first.
    client.advance(299 * SECOND);
    let request = client.respond_next("200 OK", &accepted(NEXT, "400"));
    assert_eq!(request.header("To-Path"), Some(INTRA));
    assert_eq!(client.auth().header("To-Path"), Some(&*format!("{NEXT} {EXTRA}")));
}

/// The lifetime starts before the response arrives.
#[test]
fn a_life_is_counted_from_the_request() {
    let mut client = Client::new();
    client.ask(one());
    let request = client.auth();
    let asked = client.now;
    client.advance(20 * SECOND);
    client.respond(&request, "200 OK", &accepted(INTRA_TOKEN, "60"));
    assert_eq!(client.route().expires(), Some(asked + 60 * SECOND));
}

#[test]
fn a_remembered_nonce_may_be_forgotten() {
    let (mut client, _, _) = with_route();
    client.advance(675 * SECOND);
    let remembered = client.challenge();
    assert!(remembered.header("Authorization").is_some());
    let fresh = client.respond_next("200 OK", &accepted(NEXT, "900"));
    assert_eq!(parameter(&fresh, "nonce"), Some("\"dcd98b71\""));
    assert_eq!(client.route().use_path(), &path(NEXT));
}

#[test]
fn a_refresh_can_fail() {
    let (mut client, _, key) = with_route();
    client.advance(675 * SECOND);
    client.respond_next("403 Forbidden", &[]);
    let Event::AuthenticationFailed { key: told, .. } = client.event() else { panic!() };
    assert_eq!(told, key);
    assert_eq!(client.side.connection.poll_timeout(), None);
    assert!(client.side.connection.stop_authentication(key).is_err());
}

#[test]
fn a_refresh_can_time_out() {
    let (mut client, _, _) = with_route();
    client.advance(675 * SECOND);
    client.auth();
    client.advance(30 * SECOND);
    assert_eq!(client.failure(), (INTRA.into(), AuthenticationFailure::TimedOut));
}

#[test]
fn nothing_is_refreshed_that_is_not_wanted() {
    let mut client = Client::new();
    client.ask(one().refresh(false));
    client.respond_next("200 OK", &accepted(INTRA_TOKEN, "900"));
    client.route();
    assert_eq!(client.side.connection.poll_timeout(), None);

    let (mut client, _, key) = with_route();
    assert!(client.side.connection.stop_authentication(key).is_ok());
    assert_eq!(client.side.connection.poll_timeout(), None);
    assert!(client.side.connection.stop_authentication(key).is_err());
    client.advance(900 * SECOND);
    assert_eq!((client.events(), client.sent()), (vec![], vec![]));
}

/// A relay that gives a lifetime of zero cannot make its client loop.
#[test]
fn there_is_time_between_two_routes() {
    for expires in ["0", "1", "00"] {
        let mut client = Client::new();
        client.ask(one());
        let end = client.now + 10 * SECOND;
        let mut routes = 0;
        while client.now < end {
            client.respond_next("200 OK", &accepted(INTRA_TOKEN, expires));
            client.route();
            routes += 1;
            let due: Instant = client.side.connection.poll_timeout().unwrap();
            client.advance(due - client.now);
        }
        assert_eq!(routes, 10);
    }
}

#[test]
fn a_route_with_the_longest_lifetime_is_refreshed_in_time() {
    let mut client = Client::new();
    client.ask(one());
    client.respond_next("200 OK", &accepted(INTRA_TOKEN, "123456789012345678901234567890"));
    let route = client.route();
    assert_eq!(route.expires(), Some(client.now + u32::MAX * SECOND));
}
