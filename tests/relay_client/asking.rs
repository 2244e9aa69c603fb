//! AUTH requests, and the routes that follow from them.

use std::time::Duration;

use bytes::Buf;
use msrp::auth::Credentials;
use msrp::{Authentication, Config, Event, Framing, RelayAccount, Tolerances, UriParameter};

use crate::common::path;
use crate::common::wire::frames;
use crate::relay::*;

// req: 4976-5.1-1
#[test]
fn the_first_auth_has_no_credentials() {
    let mut client = Client::new();
    client.ask(one());
    let octets = client.side.drain(client.now);
    let id = String::from_utf8(octets[5..25].to_vec()).unwrap();
    let expected =
        format!("MSRP {id} AUTH\r\nTo-Path: {INTRA}\r\nFrom-Path: {OWN}\r\n-------{id}$\r\n");
    assert_eq!(String::from_utf8(octets).unwrap(), expected);
    assert_eq!(client.events(), []);
}

// req: 4976-5.1-2 4976-5.1-7 4976-9.1-7 4976-9.1-8 4976-9.1-9 4976-4.6-2
#[test]
fn a_challenge_gets_an_authorization() {
    let mut client = Client::new();
    let mut relay = Relay::new("intra.example", INTRA_TOKEN, "alice", "secret", client.now);
    let key = client.ask(one());
    let asked = client.auth();
    let (challenge, _) = relay.respond(client.now, &asked);
    client.side.feed(client.now, &challenge);
    let request = client.auth();
    assert_eq!(request.header("To-Path"), Some(INTRA));
    assert_eq!(request.header("From-Path"), Some(OWN));
    assert_eq!(parameter(&request, "realm"), Some("\"intra.example\""));
    assert_eq!(parameter(&request, "qop"), Some("auth"));
    assert_eq!(parameter(&request, "nc"), Some("00000001"));
    assert_eq!(parameter(&request, "uri"), Some(&*format!("\"{INTRA}\"")));
    assert!(parameter(&request, "cnonce").is_some_and(|cnonce| cnonce.len() > 2));
    assert_ne!(request.id, asked.id);

    let (accepted, is_accepted) = relay.respond(client.now, &request);
    assert!(is_accepted);
    client.side.feed(client.now, &accepted);
    let Event::Authenticated { key: told, route } = client.event() else { panic!() };
    assert_eq!((told, route.use_path()), (key, &path(INTRA_TOKEN)));
    assert_eq!(route.expires(), Some(client.now + Duration::from_secs(900)));
}

// req: 4976-5.1-4 4976-5.1-5 4976-4.2-2
#[test]
fn a_route_makes_both_paths() {
    let [a, b, c, d, e, f] = ["a", "b", "c", "d", "e", "f"]
        .map(|name| format!("msrps://{name}.example:9000/{name}{name}{name}{name};tcp"));
    let mut client = Client::new();
    client.ask(Authentication::over_tls(uri(&a), uri(INTRA)));
    client.respond_next("200 OK", &[("Use-Path", &format!("{b} {c}")), ("Expires", "900")]);
    let route = client.route();
    assert_eq!(route.path().as_str(), format!("{c} {b} {a}"));
    let peer = path(&format!("{d} {e} {f}"));
    assert_eq!(route.to_path(&peer).as_str(), format!("{b} {c} {d} {e} {f}"));
    assert_eq!(route.to_path(&peer).len(), 5);
    assert_eq!(route.local(), &uri(&a));
}

// req: 4976-3.1-2
#[test]
fn a_route_does_not_show_its_uris() {
    let mut client = Client::new();
    client.ask(one());
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN)]);
    assert!(!format!("{:?}", client.route()).contains("jui787s2f"));
}

// req: 4976-5.1-8 4976-9.1-9 4976-9.1-13
#[test]
fn an_outer_relay_is_asked_through_the_inner_one() {
    let mut config = Config::default();
    // A response along the whole path is not a deviation here.
    config.parse.tolerances = Tolerances::none();
    let mut client = Client::with(config);
    let mut intra = Relay::new("intra.example", INTRA_TOKEN, "alice", "secret", client.now);
    let both = format!("{INTRA_TOKEN} {EXTRA_TOKEN}");
    let mut extra = Relay::new("extra.example", &both, "al", "other", client.now);
    extra.lifetime = 600;
    let outer = RelayAccount::new(uri(EXTRA)).credentials(Credentials::new("al", "other"));
    client.ask(one().outer(outer));

    for is_accepted in [false, true] {
        let (response, accepts) = intra.respond(client.now, &client.auth());
        assert_eq!(accepts, is_accepted);
        client.side.feed(client.now, &response);
        assert_eq!(client.events(), []);
    }
    let routed = format!("{INTRA_TOKEN} {EXTRA}");
    let request = client.auth();
    assert_eq!(request.header("To-Path"), Some(&routed[..]));
    assert_eq!(request.header("From-Path"), Some(OWN));
    assert_eq!(request.header("Authorization"), None);
    client.side.feed(client.now, &extra.respond(client.now, &request).0);
    let request = client.auth();
    assert_eq!(request.header("To-Path"), Some(&routed[..]));
    assert_eq!(parameter(&request, "username"), Some("\"al\""));
    assert_eq!(parameter(&request, "uri"), Some(&*format!("\"{EXTRA}\"")));
    client.side.feed(client.now, &extra.respond(client.now, &request).0);

    let route = client.route();
    assert_eq!(route.use_path(), &path(&both));
    assert_eq!(route.expires(), Some(client.now + Duration::from_secs(600)));
}

// req: 4976-4.2-2, 4976-5.1-4
#[test]
fn an_outer_relay_that_names_itself_alone_is_reached_through_the_inner_one() {
    let mut client = Client::new();
    client.ask(one().outer(uri(EXTRA)));
    for use_path in [INTRA_TOKEN, EXTRA_TOKEN] {
        client.challenge();
        client.respond_next("200 OK", &[("Use-Path", use_path), ("Expires", "600")]);
    }
    assert_eq!(client.route().use_path(), &path(&format!("{INTRA_TOKEN} {EXTRA_TOKEN}")));
}

// req: 4976-5.1-9
#[test]
fn a_lifetime_can_be_asked_for() {
    for (wanted, written) in [(600_000, "600"), (1_999, "1"), (10, "1"), (u64::MAX, "4294967295")] {
        let mut client = Client::new();
        client.ask(one().expires(Duration::from_millis(wanted)));
        assert_eq!(client.challenge().header("Expires"), Some(written));
        assert_eq!(client.auth().header("Expires"), Some(written));
    }
}

// req: 4976-4.6-2
#[test]
fn without_a_word_of_the_relay_a_route_lives_as_long_as_was_asked_for() {
    let mut client = Client::new();
    client.ask(one().expires(Duration::from_secs(60)));
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN)]);
    assert_eq!(client.route().expires(), Some(client.now + Duration::from_secs(60)));

    let mut client = Client::new();
    client.ask(one());
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN)]);
    assert_eq!(client.route().expires(), None);
    assert_eq!(client.side.connection.poll_timeout(), None);
}

/// On a transport that has been authenticated there is no challenge, and no
/// Authentication-Info.
// req: 7977-5.3.1-1 7977-7-3
#[test]
fn a_relay_may_know_the_client_already() {
    let mut client = Client::new();
    let own = "msrps://df7jal23ls0d.invalid:2855/98cjs;ws";
    let server = "msrps://alice@a.example:443;ws";
    client.ask(Authentication::over_tls(uri(own), uri(server)));
    let request = client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN), ("Expires", "900")]);
    assert_eq!(request.header("To-Path"), Some(server));
    assert_eq!(client.route().use_path(), &path(INTRA_TOKEN));

    client.ask(one());
    client.challenge();
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN)]);
    assert_eq!(client.route().use_path(), &path(INTRA_TOKEN));
}

/// On a WebSocket each AUTH is a message.
// req: 7977-5.1-3
#[test]
fn a_relay_is_asked_in_messages() {
    let mut config = Config::default();
    config.framing = Framing::Message { max_octets: 4096 };
    let mut client = Client::with(config);
    let keys = [client.ask(one()), client.ask(one())];
    let mut answers = Vec::new();
    for _ in keys {
        let transmit = client.side.connection.poll_transmit(client.now).unwrap();
        let sent = frames(transmit.chunk());
        let headers = [("Use-Path", INTRA_TOKEN), ("Expires", "900")];
        answers.push(response(&sent[0], "200 OK", &headers));
    }
    for answer in answers {
        client.side.connection.receive_message(client.now, answer).unwrap();
        client.route();
    }
}

// req: 4976-9.1-11
#[test]
fn the_uri_parameter_is_written_as_configured() {
    for (mode, is_there) in [(UriParameter::Always, true), (UriParameter::Never, false)] {
        let mut client = Client::new();
        client.ask(one().uri_parameter(mode));
        client.challenge();
        assert_eq!(parameter(&client.auth(), "uri").is_some(), is_there);
    }
}

#[test]
fn a_relay_without_the_uri_parameter_is_asked_without_it() {
    let mut client = Client::new();
    client.ask(one());
    client.challenge();
    let with = client.challenge();
    assert!(parameter(&with, "uri").is_some());
    let without = client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN), ("Expires", "900")]);
    assert_eq!(parameter(&without, "uri"), None);
    assert_eq!(parameter(&without, "nc"), Some("00000001"));
    client.route();
    // The same holds for the next route.
    client.advance(Duration::from_secs(675));
    assert_eq!(parameter(&client.auth(), "uri"), None);
}

/// A relay that has not sent a challenge has not shown which form it accepts.
#[test]
fn the_uri_parameter_is_tried_when_it_is_first_written() {
    let mut client = Client::new();
    client.ask(one());
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN), ("Expires", "900")]);
    client.route();
    client.advance(Duration::from_secs(675));
    client.challenge();
    assert!(parameter(&client.challenge(), "uri").is_some());
    assert_eq!(parameter(&client.auth(), "uri"), None);
}

/// It has sent a challenge before, so it is reachable, and the parameter is the
/// reason for its silence.
// wild: 39
#[test]
fn a_relay_that_is_silent_to_the_uri_parameter_is_asked_without_it() {
    let mut client = Client::new();
    client.ask(one());
    client.challenge();
    assert!(parameter(&client.auth(), "uri").is_some());
    assert_eq!(client.side.connection.poll_timeout(), Some(client.now + Duration::from_secs(5)));
    client.advance(Duration::from_millis(4999));
    assert_eq!(client.sent(), []);
    client.advance(Duration::from_millis(1));
    assert_eq!(client.events(), []);
    let fresh = client.challenge();
    assert_eq!(fresh.header("Authorization"), None);
    let without = client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN)]);
    assert_eq!(parameter(&without, "uri"), None);
    client.route();
}

/// Another form is tried after the wait that the application sets, and only where there is
/// one: a relay that may be slow is waited for as long as any.
// wild: 39
#[test]
fn the_wait_for_the_other_form_is_of_its_own() {
    let after = |authentication: Authentication, seconds| {
        let mut client = Client::new();
        client.ask(authentication);
        client.challenge();
        client.auth();
        client.advance(Duration::from_secs(seconds));
        client.sent().len()
    };
    let asks = || one().fallback_wait(Duration::from_secs(2));
    assert_eq!((after(asks(), 1), after(asks(), 2)), (0, 1));
    for mode in [UriParameter::Always, UriParameter::Never] {
        assert_eq!(after(asks().uri_parameter(mode), 29), 0);
    }
    let endless = || one().fallback_wait(Duration::MAX);
    assert_eq!((after(endless(), 29), after(endless(), 30)), (0, 1));
}

/// The response to the first form may still come, and is of no more use.
#[test]
fn a_late_response_to_the_first_form_changes_nothing() {
    let mut client = Client::new();
    client.ask(one());
    client.challenge();
    let with = client.auth();
    client.advance(Duration::from_secs(5));
    client.respond(&with, "200 OK", &[("Use-Path", EXTRA_TOKEN), ("Expires", "900")]);
    assert_eq!(client.events(), []);
    client.challenge();
    client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN)]);
    assert_eq!(client.route().use_path().as_str(), INTRA_TOKEN);
}
