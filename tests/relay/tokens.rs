//! How long and where a token is valid (RFC 4976 section 6.3).

use std::collections::BTreeSet;

use msrp::relay::{Relay, RelayClose, RelayEvent};
use msrp::{MsrpUri, Random, RandomError};

use crate::common::wire::Raw;
use crate::world::*;

fn text(id: &str, token: &str, to: &str, from: &str) -> Vec<u8> {
    Raw::chunk(id, "m1", "1-2/2", "hi", '$').to(&format!("{token} {to}")).from(from).octets()
}

// req: 4976-4.2-1 4976-6.3-9
#[test]
fn a_token_is_a_uri_of_the_relay_that_nobody_can_guess() {
    let mut ids = BTreeSet::new();
    for seed in 0..8 {
        let mut world = World::seeded(config(), seed);
        let link = world.accept(tls());
        for _ in 0..64 {
            let token = world.token(link, ALICE);
            let uri: MsrpUri = token.parse().unwrap();
            assert_eq!((uri.host_str(), uri.port()), ("a.example", Some(9000)));
            assert!(uri.is_secure() && uri.transport() == "tcp");
            assert!(ids.insert(uri.session_id().unwrap().to_owned()));
        }
    }
    // Twenty places of five bits: each takes all 32 letters.
    assert!(ids.iter().all(|id| id.len() == 20));
    for place in 0..20 {
        let letters: BTreeSet<u8> = ids.iter().map(|id| id.as_bytes()[place]).collect();
        assert_eq!(letters.len(), 32, "place {place}");
    }
}

/// A random source that gives the same octets each time.
struct Stuck;

impl Random for Stuck {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
        octets.fill(7);
        Ok(())
    }
}

/// Nobody gets the token of somebody else, not even then.
#[test]
fn no_token_is_issued_twice() {
    let mut world = World::new(config());
    world.relay = Relay::new(config(), Stuck, world.now).unwrap();
    let [alice, carol] = ["alice", "carol"].map(|user| world.accept(tls().user(user)));
    world.give(alice, &auth("auth1", ALICE).octets());
    let token = world.one(alice).header("Use-Path").unwrap().to_owned();
    world.give(carol, &auth("auth2", CAROL).octets());
    assert_eq!(world.told(carol), ["403"]);
    world.give(carol, &text("c1", &token, ALICE, CAROL));
    assert_eq!(world.told(carol), ["200"]);
    assert_eq!(world.told(alice), ["SEND 1-2/2$"]);
    // It is free again when it has ended.
    world.close(alice);
    world.octets(carol);
    world.give(carol, &auth("auth3", CAROL).octets());
    assert_eq!(world.told(carol), ["200"]);
}

// req: 4976-6.3-8 4976-6.3-10
#[test]
fn a_token_ends_when_its_time_has_come() {
    scripted(|world| {
        let link = world.accept(tls());
        let granted = world.auth_as(link, ALICE, "alice", "secret", &[("Expires", "60")]);
        let token = granted.header("Use-Path").unwrap().to_string();
        let bob = world.reach(link, &token, BOB);
        world.advance(60 * SECOND - SECOND / 1000);
        world.give(link, &text("in-time", &token, BOB, ALICE));
        assert_eq!(world.one(link).what, "200");
        let sent = world.one(bob);
        world.answer(bob, &sent, "200 OK");
        world.now += SECOND / 1000;
        // Before the timer is handled, and after.
        for _ in 0..2 {
            world.give(link, &text("too-late", &token, BOB, ALICE));
            assert_eq!(world.one(link).what, "481");
            world.give(bob, &text("back", &token, ALICE, BOB));
            assert_eq!(world.one(bob).what, "481");
            world.relay.handle_timeout(world.now);
            world.settle();
        }
        assert!(world.octets(link).is_empty() && world.octets(bob).is_empty());
        let ended = world.events_where(|event| match event {
            RelayEvent::TokenEnded { has_expired, usage, .. } => {
                Some((*has_expired, usage.chunks, usage.octets))
            }
            _ => None,
        });
        assert_eq!(ended, [(true, 2, 2)]);
        assert_eq!(world.relay.statistics().tokens, 0);
    });
}

// req: 4976-6.3-6
#[test]
fn a_token_of_a_client_is_good_on_its_connection_alone() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let bob = world.reach(alice, &token, BOB);
        // The same client URI, on another connection.
        let other = world.accept(tls());
        world.give(other, &text("other", &token, BOB, ALICE));
        assert_eq!(world.one(other).what, "403");
        assert!(world.octets(bob).is_empty());
    });
}

// req: 4976-6.3-7 4976-6.3-10
#[test]
fn a_token_ends_with_its_connection() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let bob = world.reach(alice, &token, BOB);
        world.close(alice);
        let ended = world.events_where(|event| match event {
            RelayEvent::TokenEnded { has_expired, username, .. } => {
                Some((*has_expired, username.clone()))
            }
            _ => None,
        });
        assert_eq!(ended, [(false, "alice".to_string())]);
        let (again, fresh) = world.client(ALICE);
        assert_ne!(fresh, token);
        world.give(again, &text("again", &token, BOB, ALICE));
        assert_eq!(world.one(again).what, "481");
        world.give(bob, &text("back", &token, ALICE, BOB));
        assert_eq!(world.one(bob).what, "481");
        assert!(world.octets(again).is_empty());
        // Its own token is valid, and the existing connection is used.
        world.give(again, &text("fresh", &fresh, BOB, ALICE));
        assert_eq!(world.one(again).what, "200");
        assert_eq!(world.one(bob).what, "SEND");
    });
}

// req: 4976-6.3-5
#[test]
fn a_token_of_a_relay_is_good_on_any_connection_with_it() {
    scripted(|world| {
        let names = || tls().relay_names(vec!["inner.example".into()]);
        let inner = "msrps://inner.example:9000/t1;tcp";
        let first = world.accept(names());
        let token = world.token(first, &format!("{inner} {ALICE}"));
        let second = world.accept(names());
        let path = format!("{inner} {ALICE}");

        world.give(second, &text("out", &token, BOB, &path));
        let bob = world.dial(BOB);
        assert_eq!(world.one(second).what, "200");
        let out = world.one(bob);
        assert_eq!(out.header("From-Path"), Some(&*format!("{token} {path}")));
        world.answer(bob, &out, "200 OK");

        // It is not valid for another relay.
        let other = world.accept(tls().relay_names(vec!["other.example".into()]));
        world.give(other, &text("other", &token, BOB, &path));
        assert_eq!(world.one(other).what, "403");

        // It outlives its connections: the relay asks for a new one.
        world.close(first);
        let back = format!("{inner} {ALICE}");
        world.give(bob, &text("back1", &token, &back, BOB));
        assert_eq!(world.one(bob).what, "200");
        assert_eq!(world.one(second).header("To-Path"), Some(&back[..]));
        world.close(second);
        world.octets(bob);
        world.give(bob, &text("back2", &token, &back, BOB));
        let third = world.dial_as(inner, names());
        assert_eq!(world.one(third).header("To-Path"), Some(&back[..]));
    });
}

// req: 4976-6.1-2
#[test]
fn a_token_proves_a_connection() {
    scripted(|world| {
        let (alice, _) = world.client(ALICE);
        world.advance(40 * SECOND);
        assert_eq!(world.closes(), []);
        world.advance(3600 * SECOND);
        assert_eq!(world.closes(), [(alice, RelayClose::Idle)]);
    });
}
