//! Granting tokens (RFC 4976 sections 4, 5.1, 6.3 and
//! 9.1, RFC 7977 section 5.3.1).

use std::time::Duration;

use msrp::auth::{Algorithm, Credentials, DigestClient};
use msrp::relay::{Peer, RelayClose, RelayEvent, Security};

use crate::common::wire::Raw;
use crate::world::*;

// req: 4976-5.1-6 4976-6.3-1 4976-9.1-1 4976-10.3-1 4976-9.1-3 4976-9.1-4 4976-9.1-7
#[test]
fn an_auth_without_credentials_is_challenged() {
    scripted(|world| {
        let link = world.accept(tls());
        world.give(link, &auth("auth1", ALICE).octets());
        let octets = world.text(link);
        let start = format!(
            "MSRP auth1 401 Unauthorized\r\nTo-Path: {ALICE}\r\nFrom-Path: {RELAY}\r\n\
             WWW-Authenticate: Digest "
        );
        assert!(octets.starts_with(&start), "{octets}");
        assert!(octets.ends_with("\r\n-------auth1$\r\n"));
        assert!(!octets.contains("auth-int") && !octets.contains("-sess"));

        world.give(link, &auth("auth2", ALICE).octets());
        let challenge = world.one(link);
        for value in values(&challenge, "WWW-Authenticate") {
            assert!(value.contains("qop=\"auth\"") && value.contains("realm=\"a.example\""));
            assert!(value.contains("opaque=\""), "{value}");
        }
        let algorithms: Vec<_> = challenges(&challenge).iter().map(|it| it.algorithm()).collect();
        assert_eq!(algorithms, [Algorithm::Sha256, Algorithm::Md5]);
        assert_eq!(world.relay.statistics().refused, 2);
    });
}

// req: 4976-4.1-1 4976-5.1-10 4976-9.1-10 4976-4.6-2
#[test]
fn an_answered_challenge_gives_a_token() {
    for algorithms in [vec![Algorithm::Sha256], vec![Algorithm::Md5]] {
        let mut config = config();
        config.algorithms = algorithms;
        scripted_with(config, |world| {
            let link = world.accept(tls());
            let granted = world.auth_as(link, ALICE, "alice", "secret", &[]);
            assert_eq!(granted.what, "200");
            assert_eq!(granted.header("To-Path"), Some(ALICE));
            assert_eq!(granted.header("From-Path"), Some(RELAY));
            assert_eq!(granted.header("Expires"), Some("3600"));
            assert_eq!(world.relay.statistics().auth_accepted, 1);
            assert_eq!(values(&granted, "Use-Path").len(), 1);
            let info = granted.header("Authentication-Info").unwrap();
            assert!(info.contains("qop=auth") && info.contains("rspauth=\""), "{info}");
            assert!(info.contains("cnonce=\"") && info.contains("nc=00000001"), "{info}");
            // The client can check the Authentication-Info.
            world.digest(link, ALICE).accepted(Some(info)).unwrap();
            let issued = world.events_where(|event| match event {
                RelayEvent::TokenIssued { username, lifetime, .. } => {
                    Some((username.clone(), *lifetime))
                }
                _ => None,
            });
            assert_eq!(issued, [("alice".to_string(), Duration::from_secs(3600))]);
        });
    }
}

/// A user database that has got secrets for another algorithm is used at once, and whoever
/// has still been offered the old one tries again.
#[test]
fn algorithms_are_offered_from_when_they_are_set() {
    let mut config = config();
    config.algorithms = vec![Algorithm::Md5];
    scripted_with(config, |world| {
        let link = world.accept(tls());
        let late = world.credentials(link, ALICE, "alice", "secret", &[]);
        world.relay.set_algorithms(&[Algorithm::Sha256]);
        world.give(link, &late);
        let told = world.one(link);
        let offered: Vec<_> = challenges(&told).iter().map(|it| it.algorithm()).collect();
        assert_eq!((&told.what[..], &offered[..]), ("401", &[Algorithm::Sha256][..]));
        assert!(challenges(&told).iter().all(|it| it.is_stale()), "{}", told.head);
        assert_eq!(world.auth_as(link, ALICE, "alice", "secret", &[]).what, "200");
    });
}

/// The next AUTH needs no challenge.
// req: 4976-9.1-12
#[test]
fn the_next_nonce_is_good_for_the_next_auth() {
    scripted(|world| {
        let link = world.accept(tls());
        let granted = world.auth_as(link, ALICE, "alice", "secret", &[]);
        let info = granted.header("Authentication-Info").unwrap().to_string();
        let mut client = world.digest(link, ALICE).clone();
        client.accepted(Some(&info)).unwrap();
        let value = client.authorization(RELAY, true, world.random()).unwrap().unwrap().to_string();
        let again = auth("again", ALICE).header("Authorization", &value).octets();
        world.give(link, &again);
        let second = world.one(link);
        assert_eq!(second.what, "200");
        client.accepted(second.header("Authentication-Info")).unwrap();
        assert_ne!(second.header("Use-Path"), granted.header("Use-Path"));
        // The same AUTH is not accepted twice.
        world.give(link, &again);
        assert_eq!(world.one(link).what, "401");
    });
}

// req: 4976-6.3-4 4976-4.6-1
#[test]
fn a_life_out_of_bounds_is_refused_with_the_bound() {
    let cases = [
        ("1", "423", Some("60"), None),
        ("0", "423", Some("60"), None),
        ("59", "423", Some("60"), None),
        ("60", "200", None, None),
        ("86400", "200", None, None),
        ("86401", "423", None, Some("86400")),
        ("1000000000", "423", None, Some("86400")),
        ("99999999999999999999999999", "423", None, Some("86400")),
        ("soon", "400", None, None),
        ("-5", "400", None, None),
    ];
    for (wanted, status, min, max) in cases {
        scripted(|world| {
            let link = world.accept(tls());
            let told = world.auth_as(link, ALICE, "alice", "secret", &[("Expires", wanted)]);
            assert_eq!(told.what, status, "{wanted}");
            assert_eq!(told.header("Min-Expires"), min, "{wanted}");
            assert_eq!(told.header("Max-Expires"), max, "{wanted}");
            assert_eq!(told.header("Expires"), (status == "200").then_some(wanted));
            assert_eq!(told.header("Use-Path").is_some(), status == "200");
        });
    }
}

// req: 4976-6.3-3
#[test]
fn who_is_not_allowed_is_forbidden() {
    scripted(|world| {
        let link = world.accept(tls());
        let told = world.auth_as(link, ALICE, "banned", "secret", &[]);
        assert_eq!(told.what, "403");
        assert_eq!(told.header("Use-Path"), None);
    });
}

// req: 4976-8-4 4976-9.2-5 4976-9.4-1
#[test]
fn no_auth_over_an_open_connection() {
    scripted(|world| {
        let link = world.accept(Peer::new(Security::Plain));
        world.give(link, &auth("auth1", ALICE).octets());
        assert_eq!(world.one(link).what, "403");
    });
    let mut open = config();
    open.plain_auth = true;
    scripted_with(open, |world| {
        let link = world.accept(Peer::new(Security::Plain));
        assert_eq!(world.auth_as(link, ALICE, "alice", "secret", &[]).what, "200");
    });
}

/// The responses differ only in the nonce.
#[test]
fn an_unknown_user_looks_like_a_wrong_password() {
    scripted(|world| {
        let refusals = [("alice", "wrong"), ("mallory", "secret")].map(|(user, password)| {
            let link = world.accept(tls());
            let told = world.auth_as(link, ALICE, user, password, &[]);
            let nonces: Vec<_> = challenges(&told).iter().map(|it| it.nonce().to_owned()).collect();
            let text = nonces.iter().fold(told.head.clone(), |text, nonce| text.replace(nonce, ""));
            (told.what.clone(), text.replace(&told.id, ""))
        });
        assert_eq!(refusals[0], refusals[1]);
        assert_eq!(refusals[0].0, "401");
        assert_eq!(world.relay.statistics().auth_failed, 2);
    });
}

/// The URI of a client is reached over TCP, as securely as the client has come.
// req: 4976-4.2-1
#[test]
fn a_token_is_like_the_connection_of_its_client() {
    let mut config = config();
    let addresses =
        ["msrps://a.example:443;ws", "msrp://a.example:9001;tcp", "msrps://a.example:9000;tcp"];
    config.addresses = addresses.map(|uri| uri.parse().unwrap()).into();
    config.plain_auth = true;
    scripted_with(config, |world| {
        for (peer, start) in [
            (tls(), "msrps://a.example:9000/"),
            (Peer::new(Security::Plain), "msrp://a.example:9001/"),
        ] {
            let link = world.accept(peer);
            let token = world.token(link, ALICE);
            assert!(token.starts_with(start) && token.ends_with(";tcp"), "{token}");
        }
    });
}

#[test]
fn a_draining_relay_grants_nothing() {
    scripted(|world| {
        let (alice, _) = world.client(ALICE);
        world.relay.drain(world.now, world.now + 30 * SECOND);
        world.give(alice, &auth("auth1", ALICE).octets());
        assert_eq!(world.told(alice), ["403"]);
    });
}

// req: 4976-6.3-11
#[test]
fn a_client_that_fails_often_is_dropped() {
    scripted(|world| {
        let link = world.accept(tls());
        for _ in 0..4 {
            assert_eq!(world.auth_as(link, ALICE, "alice", "wrong", &[]).what, "401");
            assert_eq!(world.closes(), []);
        }
        assert_eq!(world.auth_as(link, ALICE, "alice", "wrong", &[]).what, "401");
        assert_eq!(world.closes(), [(link, RelayClose::AuthFailures)]);
    });
}

/// It is not challenged again, which would count as well.
#[test]
fn a_client_that_is_forbidden_often_is_dropped() {
    scripted(|world| {
        let (link, _) = world.client(ALICE);
        for _ in 0..4 {
            assert_eq!(world.auth_as(link, ALICE, "banned", "secret", &[]).what, "403");
            assert_eq!(world.closes(), []);
        }
        assert_eq!(world.auth_as(link, ALICE, "banned", "secret", &[]).what, "403");
        assert_eq!(world.closes(), [(link, RelayClose::AuthFailures)]);
    });
}

/// A challenge costs the relay more than an AUTH costs the client.
#[test]
fn a_client_that_never_answers_challenges_is_dropped() {
    scripted(|world| {
        for is_proven in [false, true] {
            let link = world.accept(tls());
            if is_proven {
                world.token(link, ALICE);
            }
            let flood: Vec<u8> =
                (0..50).flat_map(|n| auth(&format!("auth{n}"), ALICE).octets()).collect();
            world.give(link, &flood);
            assert_eq!(world.told(link), ["401"; 10]);
            assert_eq!(world.closes(), [(link, RelayClose::AuthFailures)]);
        }
        // A relay brings the AUTHs of many clients.
        let relay = world.accept(tls().relay_names(vec!["inner.example".into()]));
        let from = format!("msrps://inner.example:9000/token;tcp {ALICE}");
        for _ in 0..50 {
            world.give(relay, &auth("auth1", &from).octets());
        }
        assert_eq!(world.closes(), []);
    });
}

/// Nobody has an end of AUTHs that are granted or, if they are of many clients, challenged.
#[test]
fn who_does_not_read_the_responses_to_its_auths_is_not_read() {
    let relay = tls().relay_names(vec!["inner.example".into()]);
    let of_many = format!("msrps://inner.example:9000/token;tcp {ALICE}");
    for (peer, from) in [(relay, &of_many[..]), (tls().user("carol"), CAROL)] {
        let mut config = config();
        config.limits.control_octets = 4096;
        scripted_with(config, |world| {
            let link = world.accept(peer.clone());
            world.stall(link);
            let mut sent = 0;
            while world.relay.wants_read(link) {
                sent += 1;
                assert!(sent < 100, "{from}");
                let id = world.id();
                world.give(link, &auth(&id, from).octets());
            }
            world.unstall(link);
            assert_eq!(world.sent(link).len(), sent);
            assert!(world.relay.wants_read(link));
        });
    }
}

/// A success resets the count of failures.
#[test]
fn failures_count_from_the_last_success() {
    scripted(|world| {
        let link = world.accept(tls());
        for _ in 0..3 {
            for _ in 0..4 {
                assert_eq!(world.auth_as(link, ALICE, "alice", "wrong", &[]).what, "401");
            }
            assert_eq!(world.auth_as(link, ALICE, "alice", "secret", &[]).what, "200");
        }
        assert_eq!(world.closes(), []);
    });
}

// req: 4976-6.3-12
#[test]
fn a_relay_may_bring_failures_of_many_clients() {
    scripted(|world| {
        let link = world.accept(tls().relay_names(vec!["inner.example".into()]));
        let from = format!("msrps://inner.example:9000/token;tcp {ALICE}");
        for number in 0..12 {
            let user = format!("user{number}");
            assert_eq!(world.auth_as(link, &from, &user, "wrong", &[]).what, "401");
        }
        assert_eq!(world.closes(), []);
    });
}

// req: 4976-6.3-2 4976-9.2-4
#[test]
fn a_relay_is_who_its_certificate_says() {
    scripted(|world| {
        let names = vec!["inner.example".into(), "spare.example".into()];
        let link = world.accept(tls().relay_names(names));
        let cases = [
            ("msrps://other.example:9000/token;tcp", "403"),
            (ALICE, "403"),
            ("msrps://inner.example.org:9000/token;tcp", "403"),
            ("msrps://inner.example:9000/token;tcp", "401"),
            ("msrps://SPARE.example:9000/token;tcp", "401"),
        ];
        for (first, status) in cases {
            world.give(link, &auth("auth1", &format!("{first} {CAROL}")).octets());
            assert_eq!(world.one(link).what, status, "{first}");
        }
    });
}

// req: 7977-5.3.1-1 4976-9.1-1
#[test]
fn whom_the_transport_knows_is_not_challenged() {
    scripted(|world| {
        let link = world.accept(tls().user("carol"));
        world.give(link, &auth("auth1", CAROL).octets());
        let granted = world.one(link);
        assert_eq!(granted.what, "200");
        assert_eq!(granted.header("Authentication-Info"), None);
        assert!(granted.header("Use-Path").is_some() && granted.header("Expires").is_some());
        let users = world.events_where(|event| match event {
            RelayEvent::TokenIssued { username, .. } => Some(username.clone()),
            _ => None,
        });
        assert_eq!(users, ["carol"]);
        // The limits of Expires apply, too.
        world.give(link, &auth("auth2", CAROL).header("Expires", "1").octets());
        assert_eq!(world.one(link).what, "423");
    });
}

/// The order in Use-Path is that of a To-Path: from the client to this relay.
// req: 4976-4.2-2 4976-4.2-1 4976-6.4.3-5
#[test]
fn the_use_path_names_the_relays_in_between() {
    scripted(|world| {
        let link = world.accept(tls().relay_names(vec!["inner.example".into()]));
        let (inner, middle) =
            ("msrps://inner.example:9000/t1;tcp", "msrps://middle.example:9000/t2;tcp");
        let from = format!("{inner} {middle} {ALICE}");
        let granted = world.auth_as(link, &from, "alice", "secret", &[]);
        let use_path: Vec<_> = granted.header("Use-Path").unwrap().split(' ').collect();
        assert_eq!(use_path[..2], [middle, inner]);
        assert_eq!(use_path.len(), 3);
        assert!(use_path[2].starts_with("msrps://a.example:9000/"), "{}", use_path[2]);
        assert_eq!(granted.header("To-Path"), Some(&from[..]));
    });
}

// req: 4976-9.1-2
#[test]
fn basic_credentials_are_no_credentials() {
    scripted(|world| {
        let link = world.accept(tls());
        let basic = auth("auth1", ALICE).header("Authorization", "Basic YWxpY2U6c2VjcmV0");
        world.give(link, &basic.octets());
        let told = world.one(link);
        assert_eq!(told.what, "400");
        assert_eq!(told.header("Use-Path"), None);
    });
}

/// The digest covers the URI of this relay: it is not valid at another relay.
// req: 4976-9.1-9
#[test]
fn credentials_for_another_uri_are_refused() {
    scripted(|world| {
        let link = world.accept(tls());
        world.give(link, &auth("auth1", ALICE).octets());
        let challenge = world.one(link);
        let mut client = DigestClient::new(Credentials::new("alice", "secret"));
        client.challenged(values(&challenge, "WWW-Authenticate").into_iter()).unwrap();
        let elsewhere = "msrps://elsewhere.example:9000;tcp";
        let value =
            client.authorization(elsewhere, true, world.random()).unwrap().unwrap().to_string();
        world.give(link, &auth("auth2", ALICE).header("Authorization", &value).octets());
        assert_eq!(world.one(link).what, "400");
    });
}

// req: 4976-6.2-1
#[test]
fn an_auth_for_another_relay_drops_the_connection() {
    scripted(|world| {
        let link = world.accept(tls());
        let elsewhere = Raw::new("AUTH", "auth1").to("msrps://b.example:9000;tcp").from(ALICE);
        world.give(link, &elsewhere.octets());
        assert_eq!(world.relay.statistics().refused, 1);
        assert!(world.octets(link).is_empty());
        assert_eq!(world.closes(), [(link, RelayClose::NotForThisRelay)]);
    });
}

#[test]
fn an_auth_needs_no_port() {
    scripted(|world| {
        let link = world.accept(tls());
        let request = Raw::new("AUTH", "auth1").to("msrps://a.example;tcp").from(ALICE);
        world.give(link, &request.octets());
        assert_eq!(world.one(link).what, "401");
    });
}
