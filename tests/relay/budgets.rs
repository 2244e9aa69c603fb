//! What one user or source takes leaves the others theirs (RFC 4976 sections 6.1 and
//! 6.5).

use std::net::IpAddr;

use msrp::relay::{ConnectionId, Peer, RelayClose, RelayEvent};

use crate::common::wire::Raw;
use crate::world::*;

/// A client of this user, with a token.
fn member(world: &mut World, user: &str) -> (ConnectionId, String) {
    let link = world.accept(tls());
    let token = token(world, link, user);
    (link, token)
}

fn token(world: &mut World, link: ConnectionId, user: &str) -> String {
    let granted = world.auth_as(link, ALICE, user, "secret", &[]);
    assert_eq!(granted.what, "200", "{}", granted.head);
    granted.header("Use-Path").unwrap().to_string()
}

fn from(address: &str) -> Peer {
    tls().address(address.parse::<IpAddr>().unwrap())
}

/// Sends to a peer that has not connected, and returns the response.
fn send(world: &mut World, link: ConnectionId, token: &str, to: &str) -> String {
    let id = world.id();
    let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$');
    world.give(link, &chunk.to(&format!("{token} {to}")).from(ALICE).octets());
    world.one(link).what
}

fn nowhere(number: usize) -> String {
    format!("msrps://nowhere{number}.example:9/x;tcp")
}

fn evicted(world: &mut World) -> Vec<ConnectionId> {
    let closes = world.closes();
    assert!(closes.iter().all(|(_, reason)| *reason == RelayClose::Evicted), "{closes:?}");
    closes.into_iter().map(|(link, _)| link).collect()
}

#[test]
fn a_dial_closes_no_connection() {
    let mut config = config();
    config.limits.connections = 3;
    scripted_with(config, |world| {
        let (_, _) = member(world, "bob");
        let (mallory, token) = member(world, "mallet");
        assert_eq!(send(world, mallory, &token, &nowhere(0)), "200");
        for number in 1..95 {
            assert_eq!(send(world, mallory, &token, &nowhere(number)), "408");
        }
        assert_eq!(world.wanted().len(), 1);
        assert_eq!(world.closes(), []);
    });
}

/// Of whoever has most of them, so that a few who dial many hosts leave places to others.
#[test]
fn a_dial_takes_the_place_of_another() {
    let mut config = config();
    config.limits.connections = 6;
    scripted_with(config, |world| {
        let (alice, of_alice) = member(world, "alice");
        let (mallory, of_mallory) = member(world, "mallet");
        let dials: Vec<_> =
            (0..5).map(|n| send(world, mallory, &of_mallory, &nowhere(n))).collect();
        assert_eq!(dials, ["200", "200", "200", "200", "408"]);
        assert_eq!(world.closes(), []);
        let told: Vec<_> = (5..8).map(|n| send(world, alice, &of_alice, &nowhere(n))).collect();
        assert_eq!(told, ["200", "200", "408"]);
        let dialled: Vec<_> = world.wanted().into_iter().map(|(link, _)| link).collect();
        let dials: Vec<_> = dialled.iter().map(|link| world.relay.dials_with(*link)).collect();
        assert_eq!(dials, [2, 2, 2, 2, 2, 2]);
        let gave_way = evicted(world);
        assert_eq!(gave_way.len(), 2);
        assert!(gave_way.iter().all(|link| dialled[..4].contains(link)));
    });
}

#[test]
fn one_target_is_one_dial_however_it_is_spelled() {
    scripted(|world| {
        let (mallory, token) = member(world, "mallet");
        for host in ["b%6Fb.example", "bob.example.", "BOB.example", "me@bob.example"] {
            for (port, session) in [(":8145", "a"), (":08145", "b")] {
                let uri = format!("msrps://{host}{port}/{session};tcp");
                assert_eq!(send(world, mallory, &token, &uri), "200");
            }
        }
        assert_eq!(world.wanted().len(), 1);
        for host in ["[2001:db8::1]", "[2001:DB8:0::1]", "[2001:0db8::0:0001]"] {
            send(world, mallory, &token, &format!("msrps://{host}:9/x;tcp"));
        }
        assert_eq!(world.wanted().len(), 1);
        for host in ["192.0.2.1", "[::ffff:192.0.2.1]", "[::FFFF:C000:201]", "0xC0.0.0x201"] {
            send(world, mallory, &token, &format!("msrps://{host}:9/x;tcp"));
        }
        assert_eq!(world.wanted().len(), 1);
    });
}

/// The relay never connects to itself.
#[test]
fn a_spelling_of_the_relay_is_no_other_host() {
    scripted(|world| {
        let (alice, token) = member(world, "alice");
        for own in ["msrps://a.example.:9000/x;tcp", "msrps://%61.EXAMPLE.:9000/x;tcp"] {
            assert_eq!(send(world, alice, &token, own), "400");
        }
        assert!(world.wanted().is_empty());
    });
}

#[test]
fn a_user_has_only_so_many_dials_under_way() {
    let mut config = config();
    config.limits.user_dials = 2;
    scripted_with(config, |world| {
        let (mallory, greedy) = member(world, "mallet");
        let other = world.accept(tls());
        let second = token(world, other, "mallet");
        assert_eq!(send(world, mallory, &greedy, &nowhere(0)), "200");
        assert_eq!(send(world, other, &second, &nowhere(1)), "200");
        assert_eq!(send(world, mallory, &greedy, &nowhere(2)), "408");
        assert_eq!(send(world, other, &second, &nowhere(2)), "408");
        let (bob, token) = member(world, "bob");
        assert_eq!(send(world, bob, &token, &nowhere(2)), "200");
        // A dial that has ended makes room.
        let wanted = world.wanted();
        world.close(wanted[0].0);
        world.octets(mallory);
        assert_eq!(send(world, mallory, &greedy, &nowhere(3)), "200");
    });
}

#[test]
fn a_newcomer_takes_the_place_of_a_dial() {
    let mut config = config();
    config.limits.connections = 6;
    scripted_with(config, |world| {
        let (bob, _) = member(world, "bob");
        let (mallory, token) = member(world, "mallet");
        for number in 0..4 {
            assert_eq!(send(world, mallory, &token, &nowhere(number)), "200");
        }
        let dials: Vec<_> = world.wanted().into_iter().map(|(link, _)| link).collect();
        world.advance(SECOND);
        let (carol, _) = member(world, "carol");
        assert_eq!(evicted(world), [dials[0]]);
        // What waited for the dial is reported.
        assert_eq!(world.told(mallory), ["REPORT"]);
        assert!([bob, mallory, carol].into_iter().all(|link| world.relay.wants_read(link)));
        assert_eq!(world.relay.statistics().evicted, 1);
    });
}

#[test]
fn the_largest_holder_makes_room() {
    let mut config = config();
    config.limits.connections = 8;
    scripted_with(config, |world| {
        let (bob, _) = member(world, "bob");
        world.advance(SECOND);
        let stranger = world.accept(tls());
        let links = [0; 6].map(|_| {
            world.advance(SECOND);
            member(world, "mallet").0
        });
        let newcomer = world.accept(tls());
        assert_eq!(evicted(world), links[..1]);
        world.close(links[0]);
        // The user who holds most makes room for itself, too.
        let last = world.accept(tls());
        assert_eq!(evicted(world), links[1..2]);
        for link in [bob, stranger, newcomer, last] {
            assert!(world.relay.wants_read(link));
        }
    });
}

/// What a user has dialled, and others use as well, is not given up for its sake.
#[test]
fn a_user_does_not_give_up_what_others_use() {
    let mut config = config();
    config.limits.principal_connections = 3;
    scripted_with(config, |world| {
        let (mallory, greedy) = member(world, "mallet");
        let (bob, token) = member(world, "bob");
        let peer = world.reach(mallory, &greedy, BOB);
        assert_eq!(send(world, bob, &token, BOB), "200");
        world.octets(peer);
        for _ in 0..5 {
            world.advance(SECOND);
            member(world, "mallet");
        }
        let evicted = evicted(world);
        assert!(evicted.len() == 4 && !evicted.contains(&peer));
        assert_eq!(send(world, bob, &token, BOB), "200");
        assert_eq!(world.told(peer), ["SEND 1-2/2$"]);
    });
}

/// Nor is it the first of its connections to make room for somebody else.
#[test]
fn the_largest_holder_keeps_what_others_use() {
    let mut config = config();
    config.limits.connections = 3;
    scripted_with(config, |world| {
        let (bob, token) = member(world, "bob");
        let (mallory, greedy) = member(world, "mallet");
        let peer = world.reach(mallory, &greedy, BOB);
        assert_eq!(send(world, bob, &token, BOB), "200");
        world.octets(peer);
        world.advance(SECOND);
        assert_eq!(send(world, mallory, "msrps://a.example:9000/none;tcp", BOB), "481");
        world.advance(60 * SECOND);
        world.accept(tls());
        assert_eq!(evicted(world), [mallory]);
    });
}

/// Where nobody holds more than the others, only what is out of use gives way.
#[test]
fn what_is_in_use_makes_no_room() {
    let mut config = config();
    config.limits.connections = 2;
    scripted_with(config, |world| {
        let (alice, ours) = member(world, "alice");
        let bob = world.accept(tls());
        let told = world.auth_as(bob, BOB, "bob", "secret", &[]);
        let path = format!("{ours} {} {BOB}", told.header("Use-Path").unwrap());
        let chunk = Raw::chunk("c1", "m1", "1-4000/4000", &"x".repeat(4_000), '$');
        world.give(alice, &chunk.to(&path).from(ALICE).octets());
        world.octets(alice);
        let request = world.one(bob);
        world.answer(bob, &request, "200 OK");
        world.advance(10 * SECOND);
        assert!(world.relay.accept(world.now, tls()).is_none());
        assert_eq!(world.closes(), []);
        world.advance(30 * SECOND);
        world.accept(tls());
        assert_eq!(evicted(world).len(), 1);
    });
}

/// Who holds more than a newcomer would leave to each gives way even so.
#[test]
fn what_is_in_use_beyond_a_share_makes_room() {
    for (places, held) in [(7, &[3, 2, 2][..]), (6, &[3, 3])] {
        let mut config = config();
        config.limits.connections = places;
        let mut world = World::new(config);
        let mut first = None;
        for (user, held) in held.iter().enumerate() {
            for _ in 0..*held {
                let (link, token) = member(&mut world, &format!("user{user}"));
                first.get_or_insert(link);
                let chunk = Raw::chunk("c1", "m1", "1-4000/4000", &"x".repeat(4_000), '$');
                let to = format!("{token} {ALICE}");
                world.give(link, &chunk.to(&to).from(ALICE).octets());
                let request = world.sent(link).remove(0);
                world.answer(link, &request, "200 OK");
            }
        }
        world.advance(10 * SECOND);
        world.accept(tls());
        assert_eq!(evicted(&mut world).first(), first.as_ref());
    }
}

/// However many sources the strangers have.
#[test]
fn strangers_do_not_take_the_places_of_clients() {
    let mut config = config();
    config.limits.connections = 8;
    let mut world = World::new(config);
    let clients: Vec<_> = (0..3).map(|_| member(&mut world, "alice").0).collect();
    for number in 0..40 {
        world.advance(SECOND / 10);
        world.accept(from(&format!("2001:db8:0:{number:x}::1")));
        for link in evicted(&mut world) {
            world.close(link);
        }
    }
    assert!(clients.into_iter().all(|link| world.relay.wants_read(link)));
}

/// Nor do the peers of one client, who may come from as many sources.
#[test]
fn peers_do_not_take_the_places_of_clients() {
    let mut config = config();
    config.limits.connections = 12;
    let mut world = World::new(config);
    let clients = ["alice", "bob", "carol"].map(|user| member(&mut world, user).0);
    let (_, token) = member(&mut world, "mallet");
    for number in 0..40 {
        world.advance(SECOND);
        let link = world.accept(from(&format!("2001:db8:0:{number:x}::1")));
        let chunk = Raw::chunk("c1", "m1", "1-4000/4000", &"x".repeat(4_000), '$').from(CAROL);
        world.give(link, &chunk.to(&format!("{token} {ALICE}")).octets());
        assert_eq!(world.told(link), ["200"]);
        for link in evicted(&mut world) {
            world.close(link);
        }
    }
    assert!(clients.into_iter().all(|link| world.relay.wants_read(link)));
}

#[test]
fn a_source_at_its_limit_gives_up_its_own() {
    let mut config = config();
    config.limits.principal_connections = 2;
    scripted_with(config, |world| {
        for (mine, other) in [
            (["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"], "192.0.2.2"),
            (["2001:db8::1", "2001:db8::2", "2001:db8::f:1"], "2001:db8:0:1::1"),
        ] {
            let others = world.accept(from(other));
            let links = mine.map(|address| {
                world.advance(SECOND);
                world.accept(from(address))
            });
            assert_eq!(evicted(world), links[..1], "{mine:?}");
            assert!(world.relay.wants_read(others) && world.relay.wants_read(links[2]));
        }
    });
}

/// Whoever has authenticated no longer counts for the source, which others may share.
#[test]
fn a_source_gives_up_no_client_of_its_own() {
    let mut config = config();
    config.limits.principal_connections = 2;
    scripted_with(config, |world| {
        let clients = ["alice", "bob", "carol"].map(|user| {
            let link = world.accept(from("192.0.2.1"));
            token(world, link, user);
            link
        });
        for _ in 0..5 {
            world.accept(from("192.0.2.1"));
        }
        assert_eq!(evicted(world).len(), 3);
        assert!(clients.into_iter().all(|link| world.relay.wants_read(link)));
    });
}

#[test]
fn a_user_at_its_limit_gives_up_its_own() {
    let mut config = config();
    config.limits.principal_connections = 2;
    scripted_with(config, |world| {
        let (bob, _) = member(world, "bob");
        let links = [0; 3].map(|_| {
            world.advance(SECOND);
            member(world, "mallet").0
        });
        assert_eq!(evicted(world), links[..1]);
        assert!(world.relay.wants_read(bob) && world.relay.wants_read(links[2]));
    });
}

#[test]
fn a_stranger_has_short_turns_and_a_user_shares_its_own() {
    scripted(|world| {
        let stranger = world.accept(tls());
        assert_eq!(world.relay.read_octets(stranger), 1 << 10);
        let (bob, _) = member(world, "bob");
        let links = [0; 8].map(|_| member(world, "mallet").0);
        assert_eq!(world.relay.read_octets(bob), 64 << 10);
        assert!(links.into_iter().all(|link| world.relay.read_octets(link) == 8 << 10));
        let relay = tls().relay_names(vec!["inner.example".into()]);
        let relays = [0; 32].map(|_| world.accept(relay.clone()));
        let from = format!("msrps://inner.example:9000/token;tcp {ALICE}");
        assert_eq!(world.auth_as(relays[0], &from, "alice", "secret", &[]).what, "200");
        assert_eq!(world.relay.read_octets(relays[0]), 64 << 10);
        for _ in 0..32 {
            member(world, "mallet");
        }
        assert_eq!(world.relay.read_octets(links[0]), 4 << 10);
    });
}

/// However often another user authenticates meanwhile.
#[test]
fn a_challenge_may_be_answered_slowly() {
    let mut world = World::new(config());
    let slow = world.accept(tls());
    let answer = world.credentials(slow, ALICE, "alice", "secret", &[]);
    let (mallory, _) = member(&mut world, "mallet");
    for _ in 0..4_200 {
        world.now += SECOND / 1_000;
        token(&mut world, mallory, "mallet");
    }
    world.give(slow, &answer);
    assert_eq!(world.one(slow).what, "200");
}

/// The tokens that have ended.
fn ended(world: &mut World) -> Vec<String> {
    world.events_where(|event| match event {
        RelayEvent::TokenEnded { username, has_expired: false, .. } => Some(username.clone()),
        _ => None,
    })
}

#[test]
fn a_user_has_only_so_many_tokens() {
    let mut config = config();
    config.limits.user_tokens = 2;
    scripted_with(config, |world| {
        let (bob, bobs) = member(world, "bob");
        let (first, used) = member(world, "mallet");
        let (second, unused) = member(world, "mallet");
        let peer = world.reach(first, &used, BOB);
        // The one that is in use stays.
        let newest = token(world, second, "mallet");
        assert_eq!(ended(world), ["mallet"]);
        assert_eq!(send(world, second, &unused, BOB), "481");
        for (link, token) in [(first, &used), (second, &newest), (bob, &bobs)] {
            assert_eq!(send(world, link, token, BOB), "200");
        }
        assert_eq!(world.relay.statistics().tokens, 3);
        world.octets(peer);
    });
}

#[test]
fn the_largest_holder_makes_room_for_a_token() {
    let mut config = config();
    config.limits.tokens = 4;
    scripted_with(config, |world| {
        let (bob, bobs) = member(world, "bob");
        let (mallory, _) = member(world, "mallet");
        for _ in 0..10 {
            token(world, mallory, "mallet");
        }
        assert_eq!(ended(world), ["mallet"; 8]);
        for user in ["carol", "dave"] {
            member(world, user);
            assert_eq!(ended(world), ["mallet"]);
        }
        // All have one.
        let last = world.accept(tls());
        assert_eq!(world.auth_as(last, ALICE, "eve", "secret", &[]).what, "403");
        assert_eq!(send(world, bob, &bobs, BOB), "200");
    });
}
