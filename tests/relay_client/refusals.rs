//! Relays that refuse, or whose responses cannot be used.

use std::time::Duration;

use msrp::auth::Credentials;
use msrp::{
    AuthenticateError, Authentication, AuthenticationFailure, Config, Event, StatusCode, Tolerance,
    UriParameter,
};

use crate::common::wire::Lone;
use crate::relay::*;

const INTERVAL: &str = "423 Interval Out-of-Bounds";
const ACCEPTED: &[(&str, &str)] = &[("Use-Path", INTRA_TOKEN), ("Expires", "900")];

fn failed(reason: AuthenticationFailure) -> (String, AuthenticationFailure) {
    (INTRA.into(), reason)
}

/// The failure of an authentication whose first AUTH has this response.
fn first_failure(status: &str, headers: &[(&str, &str)]) -> AuthenticationFailure {
    let mut client = Client::new();
    client.ask(one());
    client.respond_next(status, headers);
    assert_eq!(client.sent(), []);
    client.failure().1
}

// req: 4976-8-4
#[test]
fn no_auth_leaves_in_the_clear_by_mistake() {
    let mut client = Client::new();
    let plain = "msrp://intra.example:2855;tcp";
    for authentication in [
        Authentication::over_tls(uri(OWN), uri(plain)),
        Authentication::over_tls(uri(OWN), uri(INTRA)).outer(uri(plain)),
    ] {
        let result = client.side.connection.authenticate(authentication);
        assert_eq!(result, Err(AuthenticateError::NotSecured(uri(plain))));
    }
    assert_eq!(client.sent(), []);
    let in_the_clear = Authentication::without_tls(uri(OWN), uri(INTRA));
    let result = client.side.connection.authenticate(in_the_clear);
    assert_eq!(result, Err(AuthenticateError::NeedsTls(uri(INTRA))));
    assert_eq!(client.sent(), []);
    client.ask(Authentication::without_tls(uri(OWN), uri(plain)));
    assert_eq!(client.auth().header("To-Path"), Some(plain));
}

#[test]
fn a_passive_or_closed_connection_sends_no_auth() {
    // A bound connection is still the peer's.
    let mut passive = Lone::bob().side;
    assert_eq!(passive.connection.authenticate(one()), Err(AuthenticateError::Passive));
    let mut closed = Client::new();
    closed.side.connection.close();
    assert_eq!(closed.side.connection.authenticate(one()), Err(AuthenticateError::Closed));
}

#[test]
fn there_are_only_so_many_at_once() {
    let mut config = Config::default();
    config.limits.authentications = 2;
    let mut client = Client::with(config);
    let keys = [client.ask(one()), client.ask(one().refresh(false))];
    let more = client.side.connection.authenticate(one());
    assert_eq!(more, Err(AuthenticateError::TooMany { max: 2 }));
    // An authentication that is refreshed still counts, one that has ended does not.
    let sent = client.sent();
    client.respond(&sent[0], "200 OK", ACCEPTED);
    assert!(client.side.connection.authenticate(one()).is_err());
    client.respond(&sent[1], "200 OK", ACCEPTED);
    let third = client.ask(one());
    assert!(!keys.contains(&third));
    assert!(client.side.connection.stop_authentication(keys[0]).is_ok());
    client.ask(one());
}

// req: 4976-5.1-7
#[test]
fn a_wrong_password_ends_it() {
    for (mode, requests) in
        [(UriParameter::Always, 2), (UriParameter::Never, 2), (UriParameter::Fallback, 3)]
    {
        let mut client = Client::new();
        let mut relay = Relay::new("intra.example", INTRA_TOKEN, "alice", "changed", client.now);
        client.ask(one().uri_parameter(mode));
        for _ in 0..requests {
            let (response, is_accepted) = relay.respond(client.now, &client.auth());
            assert!(!is_accepted);
            client.side.feed(client.now, &response);
        }
        assert_eq!(client.failure(), failed(AuthenticationFailure::Unauthorized));
        assert_eq!(client.sent(), []);
    }
}

#[test]
fn a_stale_nonce_is_no_wrong_password_but_once() {
    let stale = &[("WWW-Authenticate", STALE)];
    let mut client = Client::new();
    client.ask(one().uri_parameter(UriParameter::Always));
    client.challenge();
    client.respond_next("401 Unauthorized", stale);
    let again = client.respond_next("401 Unauthorized", stale);
    assert_eq!(parameter(&again, "nonce"), Some("\"8b710dcd\""));
    assert_eq!(client.failure(), failed(AuthenticationFailure::Unauthorized));
}

#[test]
fn a_challenge_without_credentials_fails() {
    let mut client = Client::new();
    client.ask(Authentication::over_tls(uri(OWN), uri(INTRA)));
    client.challenge();
    assert_eq!(client.failure(), failed(AuthenticationFailure::NoCredentials));
}

// req: 4976-9.1-2
#[test]
fn other_schemes_are_not_supported() {
    for challenge in [
        "Basic realm=\"intra.example\"",
        "Digest realm=\"a\", nonce=\"b\", qop=\"auth\", algorithm=MD5-sess",
        "Digest realm=\"a\", nonce=\"b\", qop=\"auth-int\"",
        "Digest realm=\"a\", nonce=\"b",
        "Digest",
        "",
    ] {
        let reason = first_failure("401 Unauthorized", &[("WWW-Authenticate", challenge)]);
        assert_eq!(reason, AuthenticationFailure::Challenge, "{challenge}");
    }
    assert_eq!(first_failure("401 Unauthorized", &[]), AuthenticationFailure::Challenge);
}

// req: 4976-9.1-2
#[test]
fn the_challenge_that_is_supported_is_used() {
    let mut client = Client::new();
    client.ask(one());
    let challenges =
        [("WWW-Authenticate", "Basic realm=\"intra.example\""), ("WWW-Authenticate", CHALLENGE)];
    client.respond_next("401 Unauthorized", &challenges);
    assert_eq!(parameter(&client.auth(), "nonce"), Some("\"dcd98b71\""));
}

/// RFC 4976 section 7 has one challenge in a field, and HTTP a list.
// wild: 106
#[test]
fn each_challenge_of_one_field_is_read() {
    let sha =
        "Digest realm=\"a, Digest b\", nonce=\"s256\", qop=\"auth,auth-int\", algorithm=SHA-256";
    let unknown = "Digest realm=\"a\", nonce=\"x\", qop=\"auth\", algorithm=SHA-512-256";
    for (field, nonce) in [
        (format!("{sha}, {CHALLENGE}"), "s256"),
        (format!("{CHALLENGE},{sha}"), "s256"),
        (format!("{CHALLENGE} , \t,{sha},"), "s256"),
        (format!("{unknown}, {CHALLENGE}, {unknown}"), "dcd98b71"),
        (format!("Basic realm=\"a\", {CHALLENGE}"), "dcd98b71"),
        (format!("{CHALLENGE}, Basic realm=\"a\""), "dcd98b71"),
        (format!("Negotiate, {CHALLENGE}"), "dcd98b71"),
        (format!("Negotiate YWJj=, {CHALLENGE}"), "dcd98b71"),
        (format!("{CHALLENGE}, {STALE}"), "dcd98b71"),
    ] {
        let mut client = Client::new();
        client.ask(one());
        client.respond_next("401 Unauthorized", &[("WWW-Authenticate", &field)]);
        assert_eq!(parameter(&client.auth(), "nonce"), Some(&*format!("\"{nonce}\"")), "{field}");
    }
    for field in [format!("{unknown}, {unknown}"), "Basic realm=\"a\", Negotiate".to_owned()] {
        let reason = first_failure("401 Unauthorized", &[("WWW-Authenticate", &field)]);
        assert_eq!(reason, AuthenticationFailure::Challenge, "{field}");
    }
}

/// A stale nonce is one in whichever challenge of the field.
#[test]
fn a_stale_challenge_behind_another_is_seen() {
    let mut client = Client::new();
    client.ask(one());
    client.challenge();
    let field = format!("Basic realm=\"a\", {STALE}");
    client.respond_next("401 Unauthorized", &[("WWW-Authenticate", &field)]);
    assert_eq!(parameter(&client.auth(), "nonce"), Some("\"8b710dcd\""));
}

#[test]
fn other_statuses_end_it() {
    for code in [400, 403, 408, 481, 501, 506, 999, 100, 302] {
        let reason = first_failure(&format!("{code} No"), ACCEPTED);
        assert_eq!(reason, AuthenticationFailure::Rejected(StatusCode::new(code).unwrap()));
    }
}

// req: 4976-4.1-1
#[test]
fn a_200_without_a_path_is_a_failure() {
    let many = vec![INTRA_TOKEN; 17].join(" ");
    for path in ["", "sip:alice@example.com", "msrps://", &format!("{INTRA_TOKEN},"), &many] {
        let reason = first_failure("200 OK", &[("Use-Path", path), ("Expires", "900")]);
        assert_eq!(reason, AuthenticationFailure::NoRoute, "{path}");
    }
    assert_eq!(first_failure("200 OK", &[("Expires", "900")]), AuthenticationFailure::NoRoute);
}

// req: 4976-4.2-1
// wild: 75
#[test]
fn a_path_of_addresses_is_a_deviation() {
    let deviation = Tolerance::UsePathAddress;
    for path in ["msrps://192.0.2.1:9000/jui7;tcp", "msrps://intra.example/jui787s2f;tcp"] {
        let mut client = Client::new();
        client.ask(one());
        client.respond_next("200 OK", &[("Use-Path", path), ("Expires", "900")]);
        let events = client.events();
        let [Event::Tolerated(told), Event::Authenticated { .. }] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(*told, deviation);

        let mut config = Config::default();
        config.parse.tolerances = config.parse.tolerances.without(deviation);
        let mut strict = Client::with(config);
        strict.ask(one());
        strict.respond_next("200 OK", &[("Use-Path", path), ("Expires", "900")]);
        assert_eq!(strict.failure(), failed(AuthenticationFailure::NoRoute));
    }
}

// req: 4976-9.1-10
#[test]
fn a_relay_that_does_not_know_the_password_is_refused() {
    let mut client = Client::new();
    client.ask(one());
    client.challenge();
    let request = client.auth();
    let cnonce = parameter(&request, "cnonce").unwrap();
    let info = format!(
        "rspauth=\"72f109ed2755d7ed0d0a213ec653b3f2\", cnonce={cnonce}, nc=00000001, qop=auth"
    );
    let headers = [ACCEPTED[0], ACCEPTED[1], ("Authentication-Info", &info)];
    client.respond(&request, "200 OK", &headers);
    assert_eq!(client.failure(), failed(AuthenticationFailure::Impostor));
}

/// It proves nothing, and the certificate has proved who the relay is.
#[test]
fn what_cannot_be_read_is_no_wrong_proof() {
    for info in ["Digest", "nextnonce=\"abc", "qop=auth-int", "rspauth=\"72f1\"", ","] {
        let mut client = Client::new();
        client.ask(one());
        client.challenge();
        client.respond_next("200 OK", &[ACCEPTED[0], ACCEPTED[1], ("Authentication-Info", info)]);
        client.route();
        // The count of the nonce continues.
        client.advance(Duration::from_secs(675));
        assert_eq!(parameter(&client.auth(), "nc"), Some("00000002"), "{info}");
    }
}

// req: 4976-4.6-1
#[test]
fn a_relay_names_the_lifetimes_it_allows() {
    for (wanted, bound, then) in [
        (Some(5), ("Min-Expires", "60"), "60"),
        (None, ("Min-Expires", "60"), "60"),
        (Some(9000), ("Max-Expires", "3600"), "3600"),
        (None, ("Max-Expires", "3600"), "3600"),
        (None, ("Max-Expires", "99999999999999999999"), "4294967295"),
    ] {
        let mut client = Client::new();
        let authentication = match wanted {
            Some(seconds) => one().expires(Duration::from_secs(seconds)),
            None => one(),
        };
        client.ask(authentication);
        client.challenge();
        client.respond_next(INTERVAL, &[bound]);
        // The count of the nonce continues. A relay that wants another one says so.
        let again = client.challenge();
        assert_eq!(again.header("Expires"), Some(then));
        assert_eq!(parameter(&again, "nc"), Some("00000002"));
        let last = client.respond_next("200 OK", &[("Use-Path", INTRA_TOKEN)]);
        assert_eq!(
            (last.header("Expires"), parameter(&last, "nc")),
            (Some(then), Some("00000001"))
        );
        client.route();
    }
}

// req: 4976-4.6-1
#[test]
fn each_bound_is_followed_once() {
    let mut client = Client::new();
    client.ask(one().expires(Duration::from_secs(5)));
    client.respond_next(INTERVAL, &[("Min-Expires", "60")]);
    assert_eq!(
        client.respond_next(INTERVAL, &[("Max-Expires", "30")]).header("Expires"),
        Some("60")
    );
    assert_eq!(
        client.respond_next(INTERVAL, &[("Min-Expires", "60")]).header("Expires"),
        Some("30")
    );
    assert_eq!(client.failure(), failed(AuthenticationFailure::Lifetime));
}

#[test]
fn a_bound_that_says_nothing_ends_it() {
    for headers in [
        &[][..],
        &[("Min-Expires", "5")],
        &[("Min-Expires", "many")],
        &[("Min-Expires", "")],
        &[("Max-Expires", "-1")],
        &[("Max-Expires", "600")],
    ] {
        let mut client = Client::new();
        client.ask(one().expires(Duration::from_secs(60)));
        client.respond_next(INTERVAL, headers);
        assert_eq!(client.failure(), failed(AuthenticationFailure::Lifetime), "{headers:?}");
    }
}

#[test]
fn silence_ends_it() {
    let mut client = Client::new();
    client.ask(one());
    let request = client.auth();
    client.advance(Duration::from_secs(30));
    assert_eq!(client.failure(), failed(AuthenticationFailure::TimedOut));
    // A later response has no effect.
    client.respond(&request, "200 OK", ACCEPTED);
    assert_eq!((client.events(), client.sent()), (vec![], vec![]));
}

#[test]
fn silence_to_every_kind_of_authorization_ends_it() {
    let mut client = Client::new();
    client.ask(one());
    client.challenge();
    client.auth();
    client.advance(Duration::from_secs(30));
    client.challenge();
    client.auth();
    client.advance(Duration::from_secs(30));
    assert_eq!(client.failure(), failed(AuthenticationFailure::TimedOut));
}

#[test]
fn it_is_said_which_relay_refuses() {
    let mut client = Client::new();
    client.ask(one().outer(uri(EXTRA)));
    client.respond_next("200 OK", ACCEPTED);
    client.respond_next("408 Request Timeout", &[]);
    let timeout = AuthenticationFailure::Rejected(StatusCode::TIMEOUT);
    assert_eq!(client.failure(), (EXTRA.into(), timeout));
}

/// A mistake of the caller puts nothing else into the stream.
#[test]
fn a_user_name_is_no_header_field() {
    let mut client = Client::new();
    let credentials = Credentials::new("alice\r\nExpires: 1", "secret");
    client.ask(Authentication::over_tls(uri(OWN), uri(INTRA)).credentials(credentials));
    client.challenge();
    assert_eq!(client.auth().header("Expires"), None);
}
