//! Failed AUTHs: what the operator learns, and how long guessing takes (RFC 4976
//! sections 6.3 and 9.1).

use std::collections::BTreeMap;
use std::net::IpAddr;

use msrp::relay::{AuthFailure, ConnectionId, Peer, RelayEvent, Statistics};

use crate::world::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn from(text: &str) -> Peer {
    tls().address(address(text))
}

/// What the relay has told about failures: address, user and reason.
fn failures(world: &mut World) -> Vec<(Option<IpAddr>, String, AuthFailure)> {
    world.events_where(|event| match event {
        RelayEvent::AuthFailed { address, username, reason, .. } => {
            Some((*address, username.clone(), *reason))
        }
        _ => None,
    })
}

#[test]
fn each_failure_is_told_with_its_address_user_and_reason() {
    scripted(|world| {
        let link = world.accept(from("::ffff:192.0.2.1"));
        for (user, password, status) in
            [("alice", "wrong", "401"), ("mallory", "secret", "401"), ("banned", "secret", "403")]
        {
            assert_eq!(world.auth_as(link, ALICE, user, password, &[]).what, status);
        }
        let request = world.credentials(link, ALICE, "bob", "secret", &[]);
        let request = String::from_utf8(request).unwrap().replace("realm=\"a.", "realm=\"b.");
        world.give(link, request.as_bytes());
        assert_eq!(world.told(link), ["401"]);
        let address = Some(address("192.0.2.1"));
        let expected = [
            (address, "alice".to_owned(), AuthFailure::WrongPassword),
            (address, "mallory".to_owned(), AuthFailure::UnknownUser),
            (address, "banned".to_owned(), AuthFailure::Forbidden),
            (address, "bob".to_owned(), AuthFailure::NotForThisRelay),
        ];
        assert_eq!(failures(world), expected);
        let Statistics { auth_failed, auth_wrong_password, auth_unknown_user, .. } =
            world.relay.statistics();
        assert_eq!((auth_failed, auth_wrong_password, auth_unknown_user), (4, 1, 1));
        let Statistics { auth_forbidden, auth_not_for_this_relay, auth_accepted, .. } =
            world.relay.statistics();
        assert_eq!((auth_forbidden, auth_not_for_this_relay, auth_accepted), (1, 1, 0));
    });
}

#[test]
fn what_is_no_guess_is_no_failure() {
    scripted(|world| {
        let link = world.accept(from("192.0.2.1"));
        // The password is right.
        for wanted in ["1", "1000000"] {
            let told = world.auth_as(link, ALICE, "alice", "secret", &[("Expires", wanted)]);
            assert_eq!(told.what, "423");
        }
        // A client that has lost count, or was too slow.
        let request = world.credentials(link, ALICE, "alice", "secret", &[]);
        world.give(link, &request);
        world.give(link, &request);
        assert_eq!(world.told(link), ["200", "401"]);
        let request = world.credentials(link, ALICE, "alice", "secret", &[]);
        world.advance(600 * SECOND);
        world.give(link, &request);
        assert_eq!(world.told(link), ["401"]);
        assert_eq!(failures(world), []);
        assert_eq!(world.relay.statistics().auth_failed, 0);
    });
}

/// The password of another relay is no guess at that of this one.
#[test]
fn credentials_for_another_relay_delay_nothing() {
    let mut world = World::new(config());
    for _ in 0..12 {
        let link = world.accept(from("192.0.2.1"));
        let request = world.credentials(link, ALICE, "alice", "secret", &[]);
        let request = String::from_utf8(request).unwrap().replace("realm=\"a.", "realm=\"b.");
        world.give(link, request.as_bytes());
        assert_eq!(world.told(link), ["401"]);
        world.close(link);
    }
    assert_eq!(failures(&mut world).len(), 12);
    let link = guess(&mut world, from("192.0.2.1"), "alice", "secret");
    assert_eq!(world.told(link), ["200"]);
}

/// Whoever bans addresses by the log must not ban a relay for its clients.
#[test]
fn a_failure_behind_another_relay_has_no_address() {
    scripted(|world| {
        let relay = from("192.0.2.9").relay_names(vec!["inner.example".into()]);
        let link = world.accept(relay);
        let path = format!("msrps://inner.example:9000/token;tcp {ALICE}");
        assert_eq!(world.auth_as(link, &path, "alice", "wrong", &[]).what, "401");
        assert_eq!(failures(world), [(None, "alice".to_owned(), AuthFailure::WrongPassword)]);
    });
}

/// A guess on a connection of its own, with the challenge that it needs.
fn guess(world: &mut World, peer: Peer, user: &str, password: &str) -> ConnectionId {
    let link = world.accept(peer);
    let request = world.credentials(link, ALICE, user, password, &[]);
    world.give(link, &request);
    link
}

#[test]
fn guesses_from_one_source_take_longer_and_longer() {
    let mut world = World::new(config());
    let mut answers = BTreeMap::new();
    for _ in 0..600 {
        let link = guess(&mut world, from("192.0.2.1"), "alice", "wrong");
        world.advance(SECOND / 10);
        *answers.entry(world.told(link).concat()).or_insert(0) += 1;
    }
    world.advance(15 * SECOND);
    // Five at once, then after 1, 2, 4 and every 8 seconds.
    let checked = failures(&mut world).len();
    assert!((12..=18).contains(&checked), "{checked}");
    // The others wait for their turn, or were told that it comes too late.
    assert!(answers["408"] > 500, "{answers:?}");
}

/// However many were told that their turn comes too late: those take no turn.
#[test]
fn whoever_knows_the_password_need_not_wait_for_long_after_guesses() {
    let mut world = World::new(config());
    for _ in 0..600 {
        guess(&mut world, from("192.0.2.1"), "alice", "wrong");
    }
    world.advance(15 * SECOND);
    let link = guess(&mut world, from("192.0.2.1"), "alice", "secret");
    world.advance(8 * SECOND);
    assert_eq!(world.told(link), ["200"]);
}

/// Neither that of the same user from elsewhere nor that of another user.
#[test]
fn guesses_delay_no_right_password() {
    let mut world = World::new(config());
    for _ in 0..50 {
        guess(&mut world, from("192.0.2.1"), "alice", "wrong");
    }
    for (peer, user) in [
        (from("192.0.2.2"), "alice"),
        (from("2001:db8::1"), "alice"),
        (tls(), "alice"),
        (from("192.0.2.1"), "bob"),
    ] {
        let link = guess(&mut world, peer, user, "secret");
        assert_eq!(world.told(link), ["200"]);
    }
}

/// Nor that of another client of the same relay.
#[test]
fn guesses_of_a_client_of_another_relay_delay_no_other_client_there() {
    let mut world = World::new(config());
    let link = world.accept(tls().relay_names(vec!["inner.example".into()]));
    let mut ask = |client: &str, user: &str, password: &str| {
        let from = format!("msrps://inner.example:9000/{client};tcp {ALICE}");
        let request = world.credentials(link, &from, user, password, &[]);
        world.give(link, &request);
        world.told(link)
    };
    assert_eq!(ask("bob", "bob", "secret"), ["200"]);
    let told: Vec<_> = (0..30).map(|_| ask("mallory", "alice", "wrong").concat()).collect();
    assert_eq!(told.iter().filter(|status| *status == "401").count(), 5, "{told:?}");
    assert_eq!(told.last().map(|status| &status[..]), Some("408"));
    assert_eq!(ask("alice", "alice", "secret"), ["200"]);
}

/// Whoever mistypes a few times waits for a moment, and then no more.
#[test]
fn a_right_password_ends_the_delay() {
    let mut world = World::new(config());
    for _ in 0..6 {
        guess(&mut world, from("192.0.2.1"), "alice", "wrong");
    }
    world.advance(2 * SECOND);
    let link = guess(&mut world, from("192.0.2.1"), "alice", "secret");
    assert!(world.octets(link).is_empty());
    world.advance(2 * SECOND);
    assert_eq!(world.told(link), ["200"]);
    for _ in 0..2 {
        let link = guess(&mut world, from("192.0.2.1"), "alice", "secret");
        assert_eq!(world.told(link), ["200"]);
    }
}

/// Whoever also guesses at users whom nobody knows waits all the same, and so do others.
#[test]
fn invented_users_hide_no_guesses() {
    let mut world = World::new(config());
    let (mallory, other) = (from("192.0.2.1"), from("192.0.2.2"));
    let fail = |world: &mut World, peer: &Peer, user: &str| {
        let link = guess(world, peer.clone(), user, "wrong");
        let told = world.told(link).concat();
        world.close(link);
        told
    };
    for _ in 0..8 {
        fail(&mut world, &other, "alice");
    }
    for n in 0..4_200 {
        for _ in 0..2 {
            assert_eq!(fail(&mut world, &mallory, &format!("user{n}")), "401");
        }
    }
    let told: Vec<_> = (0..20).map(|_| fail(&mut world, &mallory, "alice")).collect();
    let at_once = told.iter().filter(|status| *status == "401").count();
    assert!(at_once <= 6, "{told:?}");
    assert_ne!(fail(&mut world, &other, "alice"), "401");
}

/// The AUTHs of guessers wait in places that others need.
#[test]
fn guesses_that_wait_make_room() {
    let mut config = config();
    config.limits.pending_auths = 6;
    let mut world = World::new(config);
    for user in ["alice", "bob", "carol"] {
        for _ in 0..8 {
            guess(&mut world, from("192.0.2.1"), user, "wrong");
        }
    }
    let link = guess(&mut world, from("192.0.2.2"), "alice", "secret");
    assert_eq!(world.told(link), ["200"]);
}
