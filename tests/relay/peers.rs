//! Peers, and the connections on which they are reached (RFC 4976 section 6.4.2).

use msrp::relay::{ConnectionId, RelayClose};

use crate::common::wire::Raw;
use crate::world::*;

fn uri(number: usize) -> String {
    format!("msrps://peer{number}.example:7000/s{number};tcp")
}

/// A peer says something to a token. Nobody answers, which does not matter here.
fn say(world: &mut World, link: ConnectionId, token: &str, own: &str) {
    let chunk = Raw::chunk("p1", "p1", "1-2/2", "hi", '$').to(&format!("{token} {ALICE}"));
    world.give(link, &chunk.from(own).octets());
    assert_eq!(world.told(link), ["200"]);
}

/// The same, and no response is needed.
fn tell(world: &mut World, link: ConnectionId, token: &str, own: &str) {
    let chunk = Raw::chunk("p1", "p1", "1-2/2", "hi", '$').to(&format!("{token} {ALICE}"));
    world.give(link, &chunk.from(own).reports("no", "no").octets());
    assert!(world.octets(link).is_empty());
}

/// A peer sends something and does not take the response.
fn say_nothing(world: &mut World, link: ConnectionId, token: &str) {
    let chunk = Raw::chunk("p2", "p2", "1-2/2", "hi", '$').to(&format!("{token} {ALICE}"));
    world.give(link, &chunk.from(BOB).octets());
}

/// Alice replies to a peer.
fn reply(world: &mut World, alice: ConnectionId, token: &str, peer: &str) {
    let chunk = Raw::chunk("a1", "a1", "1-2/2", "ho", '$').to(&format!("{token} {peer}"));
    world.give(alice, &chunk.from(ALICE).octets());
}

/// Peers behind NAT cannot be dialled.
// req: 4976-6.4.2-2
#[test]
fn every_peer_that_is_connected_is_answered_on_its_connection() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let links: Vec<_> = (0..300).map(|_| world.accept(tls())).collect();
    for (number, link) in links.iter().enumerate() {
        say(&mut world, *link, &token, &uri(number));
    }
    world.octets(alice);
    for (number, link) in links.iter().enumerate() {
        reply(&mut world, alice, &token, &uri(number));
        assert_eq!(world.told(*link), ["SEND 1-2/2$"], "peer {number}");
    }
    assert!(world.wanted().is_empty());
}

/// Nobody can attract the session of a peer by naming its URI.
#[test]
fn the_first_peer_keeps_its_uri_while_it_is_connected() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let [first, second] = [(); 2].map(|()| world.accept(tls()));
    for link in [first, second, first, second] {
        say(&mut world, link, &token, BOB);
    }
    reply(&mut world, alice, &token, BOB);
    assert_eq!(world.told(first), ["SEND 1-2/2$"]);
    assert!(world.octets(second).is_empty());
    // It is free once the first has gone.
    world.close(first);
    say(&mut world, second, &token, BOB);
    reply(&mut world, alice, &token, BOB);
    assert_eq!(world.told(second), ["SEND 1-2/2$"]);
    assert!(world.wanted().is_empty());
}

/// Nor by naming that of a peer to which the relay has connected.
#[test]
fn a_peer_that_was_connected_to_keeps_its_uri() {
    let mut world = World::new(config());
    let talk = world.talk();
    let mallory = world.accept(tls());
    say(&mut world, mallory, &talk.token, BOB);
    reply(&mut world, talk.alice, &talk.token, BOB);
    assert_eq!(world.told(talk.bob), ["SEND 1-2/2$"]);
    assert!(world.octets(mallory).is_empty());
}

/// What closes cannot be sent to any more, however long its last responses take.
#[test]
fn a_peer_whose_connection_is_closing_gives_its_uri_up() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let [first, second] = [(); 2].map(|()| world.accept(tls()));
    say(&mut world, first, &token, BOB);
    world.stall(first);
    say_nothing(&mut world, first, &token);
    world.relay.revoke(first);
    say(&mut world, second, &token, BOB);
    reply(&mut world, alice, &token, BOB);
    assert_eq!(world.told(second), ["SEND 1-2/2$"]);
    assert!(world.wanted().is_empty());
}

/// Whoever leaves gets no REPORT, and nobody gets one on what another has sent in its name.
#[test]
fn a_report_on_what_a_peer_has_sent_is_for_its_connection_alone() {
    let mut world = World::new(config());
    let talk = world.talk();
    let mallory = world.accept(tls());
    say(&mut world, mallory, &talk.token, BOB);
    let sent = world.one(talk.alice);
    world.close(mallory);
    world.answer(talk.alice, &sent, "413 No");
    assert!(world.octets(talk.bob).is_empty());
    assert_eq!(world.relay.statistics().dropped_reports, 1);
}

/// One to a relay goes on another connection with it, but not on one that closes as well.
#[test]
fn a_report_to_a_relay_goes_on_a_connection_that_stays() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let links = [(); 3].map(|()| world.accept(tls().relay_names(vec!["b.example".into()])));
    let from = format!("msrps://b.example:9000/t1;tcp {BOB}");
    for link in [links[0], links[1]] {
        say(&mut world, link, &token, &from);
    }
    let sent = world.sent(alice).pop().unwrap();
    // The first one, to which the URI is bound, still has something to say.
    world.stall(links[0]);
    say_nothing(&mut world, links[0], &token);
    world.relay.revoke(links[0]);
    world.close(links[1]);
    world.answer(alice, &sent, "413 No");
    assert_eq!(world.told(links[2]), ["REPORT"]);
}

/// The first peer keeps its URI, however many others the second connection names.
#[test]
fn a_peer_is_forgotten_for_others_of_its_own_connection_alone() {
    let mut config = config();
    config.limits.connection_peers = 2;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let [quiet, busy] = [(); 2].map(|()| world.accept(tls()));
    say(&mut world, quiet, &token, BOB);
    for number in [0, 1, 0, 2] {
        say(&mut world, busy, &token, &uri(number));
    }
    // Peer 1 has been silent for the longest time of those on its connection.
    assert_eq!(world.relay.statistics().forgotten_peers, 1);
    for (link, peer) in [(quiet, BOB.to_owned()), (busy, uri(0)), (busy, uri(2))] {
        reply(&mut world, alice, &token, &peer);
        assert_eq!(world.told(link), ["SEND 1-2/2$"], "{peer}");
    }
    assert!(world.wanted().is_empty());
    reply(&mut world, alice, &token, &uri(1));
    assert_eq!(world.wanted().len(), 1);
}

/// A peer to which the client sends is in use as one that sends itself.
#[test]
fn a_peer_that_only_listens_is_not_forgotten() {
    let mut config = config();
    config.limits.connection_peers = 2;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let link = world.accept(tls());
    for number in [0, 1] {
        say(&mut world, link, &token, &uri(number));
    }
    reply(&mut world, alice, &token, &uri(0));
    world.octets(link);
    say(&mut world, link, &token, &uri(2));
    reply(&mut world, alice, &token, &uri(0));
    assert_eq!(world.told(link), ["SEND 1-2/2$"]);
    reply(&mut world, alice, &token, &uri(1));
    assert_eq!(world.wanted().len(), 1);
}

/// What a connection opened for one user brings to another is of use to both.
#[test]
fn a_connection_on_which_others_hear_from_peers_is_theirs_as_well() {
    let mut config = config();
    config.limits.principal_connections = 2;
    scripted_with(config, |world| {
        let (alice, token) = world.client(ALICE);
        let mallory = world.accept(tls());
        let told = world.auth_as(mallory, CAROL, "mallet", "secret", &[]);
        let greedy = told.header("Use-Path").unwrap().to_owned();
        let peer = world.reach(mallory, &greedy, BOB);
        say(world, peer, &token, BOB);
        // It was used before the others of this user.
        world.advance(SECOND);
        let other = world.accept(tls());
        for link in [mallory, other] {
            world.auth_as(link, CAROL, "mallet", "secret", &[]);
        }
        assert_eq!(world.closes(), [(mallory, RelayClose::Evicted)]);
        world.octets(alice);
        reply(world, alice, &token, BOB);
        assert_eq!(world.told(peer), ["SEND 1-2/2$"]);
    });
}

/// One that only its own user has a use for goes like any other of this user.
#[test]
fn a_connection_that_only_its_user_uses_is_given_up_for_its_sake() {
    let mut config = config();
    config.limits.principal_connections = 2;
    let mut world = World::new(config);
    let talk = world.talk();
    world.advance(SECOND);
    world.token(talk.alice, ALICE);
    world.client(ALICE);
    assert_eq!(world.closes(), [(talk.bob, RelayClose::Evicted)]);
}

/// Whoever gives way and reads on hears of what it has sent.
#[test]
fn who_gives_way_gets_its_reports() {
    let mut config = config();
    config.limits.principal_connections = 2;
    let mut world = World::new(config);
    let talk = world.talk();
    world.give(talk.alice, &talk.chunk("c1", "m1", "1-2/2", "hi", '$').octets());
    world.advance(SECOND);
    world.client(ALICE);
    assert_eq!(world.closes(), [(talk.alice, RelayClose::Evicted)]);
    assert_eq!(world.told(talk.alice), ["200", "REPORT"]);
}

/// Those that were made count as well as those that are being made.
#[test]
fn nobody_is_connected_to_for_a_user_at_its_limit() {
    let mut config = config();
    config.limits.principal_connections = 2;
    let mut world = World::new(config);
    let talk = world.talk();
    reply(&mut world, talk.alice, &talk.token, CAROL);
    assert_eq!(world.told(talk.alice), ["408"]);
    assert!(world.wanted().is_empty());
    world.close(talk.bob);
    world.octets(talk.alice);
    reply(&mut world, talk.alice, &talk.token, CAROL);
    assert_eq!(world.told(talk.alice), ["200"]);
    assert_eq!(world.wanted().len(), 1);
}

/// Whoever makes the relay forget has others of its own, on however many connections.
#[test]
fn a_peer_is_forgotten_for_others_of_its_own_holder_alone() {
    let mut config = config();
    config.limits.memory_octets = 1 << 20;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let from = |address: &str| tls().address(address.parse().unwrap());
    let sound = world.accept(from("198.51.100.1"));
    for number in 0..20 {
        tell(&mut world, sound, &token, &uri(number));
    }
    let mut last = 20;
    for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        for _ in 0..30 {
            let link = world.accept(from(address));
            (last..last + 10).for_each(|number| tell(&mut world, link, &token, &uri(number)));
            last += 10;
        }
    }
    assert!(world.relay.statistics().forgotten_peers > 0);
    world.octets(alice);
    for number in 0..20 {
        reply(&mut world, alice, &token, &uri(number));
        assert_eq!(world.told(sound), ["SEND 1-2/2$"], "peer {number}");
    }
}

/// A connection that was a stranger's is its user's from then on, with all its peers.
#[test]
fn the_peers_of_a_connection_are_those_of_its_user() {
    let mut config = config();
    config.limits.memory_octets = 1 << 20;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let sound = world.accept(tls());
    (0..100).for_each(|number| tell(&mut world, sound, &token, &uri(number)));
    let mut last = 100;
    // Each of them has fewer than the sound one before it authenticates as the same user.
    for _ in 0..8 {
        let link = world.accept(tls());
        (last..last + 60).for_each(|number| tell(&mut world, link, &token, &uri(number)));
        last += 60;
        world.auth_as(link, BOB, "bob", "secret", &[]);
    }
    assert!(world.relay.statistics().forgotten_peers > 0);
    world.octets(alice);
    for number in 0..100 {
        reply(&mut world, alice, &token, &uri(number));
        assert_eq!(world.told(sound), ["SEND 1-2/2$"], "peer {number}");
    }
}

/// What is refused names no peer, however it was refused.
#[test]
fn a_request_that_is_not_forwarded_leaves_no_peer() {
    let mut config = config();
    config.limits.memory_octets = 1 << 20;
    config.limits.transactions = 1;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let to = format!("{token} {ALICE}");
    let full = world.accept(tls());
    let mut last = 0;
    loop {
        let (id, from) = (world.id(), uri(last));
        world.give(full, &Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&to).from(&from).octets());
        if world.told(full) == ["408"] {
            break;
        }
        last += 1;
    }
    let busy = world.accept(tls());
    for (id, from) in [("n1", BOB.to_owned()), ("n2", uri(1000))] {
        let nickname = Raw::new("NICKNAME", id).to(&to).from(&from);
        world.give(busy, &nickname.header("Use-Nickname", "\"Bob\"").octets());
    }
    assert_eq!(world.told(busy), ["408"]);
    world.octets(alice);
    for refused in [uri(last), uri(1000)] {
        reply(&mut world, alice, &token, &refused);
        assert_eq!(world.wanted().len(), 1, "{refused}");
    }
    assert!(world.octets(full).is_empty() && world.octets(busy).is_empty());
}

/// A URI under one token says nothing about the same URI under another.
#[test]
fn a_peer_of_one_token_is_none_of_another() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let (carol, other) = world.client(CAROL);
    let link = world.accept(tls());
    say(&mut world, link, &token, BOB);
    let chunk = Raw::chunk("c1", "c1", "1-2/2", "ho", '$').to(&format!("{other} {BOB}"));
    world.give(carol, &chunk.from(CAROL).octets());
    assert!(world.octets(link).is_empty());
    assert_eq!(world.wanted().len(), 1);
    world.octets(alice);
}

/// Tokens and connections that end leave nothing behind.
#[test]
fn what_is_known_of_peers_ends_with_the_token_and_the_connection() {
    let mut config = config();
    config.limits.connection_peers = 2;
    let mut world = World::new(config);
    let link = world.accept(tls());
    for _ in 0..4 {
        let (alice, token) = world.client(ALICE);
        say(&mut world, link, &token, BOB);
        world.close(alice);
        world.octets(link);
    }
    assert_eq!(world.relay.statistics().forgotten_peers, 0);
}
