//! What many strangers take together, each of whom takes little (RFC 4976 section 6.5), and many
//! connections of one user: neither costs anything to have.

use std::time::Duration;

use msrp::relay::{ConnectionId, Peer};

use crate::common::wire::{Raw, filler};
use crate::flows::{FLOWS_OF_TOKEN, LARGE};
use crate::world::*;

/// An octet that occurs in no head.
const FILLING: u8 = 1;

fn relay() -> Peer {
    tls().relay_names(vec!["other.example".to_owned()])
}

/// The URI of a stranger.
fn stranger(number: usize) -> String {
    format!("msrps://s{number}.example:7000/x;tcp")
}

/// An AUTH on a new connection.
fn ask(world: &mut World, peer: Peer, user: &str, password: &str) -> ConnectionId {
    let link = world.accept(peer);
    let request = world.credentials(link, ALICE, user, password, &[]);
    world.give(link, &request);
    link
}

/// Sends a short message, and answers the ones that have arrived.
fn say(world: &mut World, from: ConnectionId, own: &str, to: &str, receiver: ConnectionId) {
    let id = world.id();
    let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(to).from(own);
    world.give(from, &chunk.octets());
    assert_eq!(world.told(from), ["200"]);
    for request in world.sends(receiver) {
        world.answer(receiver, &request, "200 OK");
    }
}

/// A chunk of which more is to come.
fn open(to: &str, own: &str) -> Vec<u8> {
    Raw::chunk("open", "open", "1-*/*", "", '$').to(to).from(own).open()
}

/// Sends up to so many octets of a chunk, as long as it is read.
fn fill(world: &mut World, link: ConnectionId, octets: usize) {
    for _ in 0..octets / 5_000 {
        if world.relay.wants_read(link) {
            world.give(link, &[FILLING; 5_000]);
        }
    }
}

/// Each source guesses at one user until it has to wait.
#[test]
fn auths_that_wait_after_guesses_take_no_place_of_others() {
    let mut config = config();
    config.limits.pending_auths = 8;
    let mut world = World::new(config);
    let (alice, _) = world.client_of("alice");
    for number in 0..8 {
        for _ in 0..6 {
            ask(&mut world, source(number), "carol", "wrong");
        }
    }
    let bob = ask(&mut world, source(100), "bob", "secret");
    assert_eq!(world.told(bob), ["200"]);
    let renewed = world.credentials(alice, ALICE, "alice", "secret", &[]);
    world.give(alice, &renewed);
    assert_eq!(world.told(alice), ["200"]);
    // One more that waits takes no place.
    for _ in 0..6 {
        ask(&mut world, source(200), "carol", "wrong");
    }
    let late = ask(&mut world, source(300), "dave", "secret");
    assert_eq!(world.told(late), ["200"]);
}

/// The application takes its time.
#[test]
fn lookups_for_strangers_take_no_place_of_a_client() {
    let mut config = config();
    config.limits.pending_auths = 8;
    let mut world = World::new(config);
    let (alice, _) = world.client_of("alice");
    world.knows_users = false;
    let strangers: Vec<_> =
        (0..8).map(|number| ask(&mut world, source(number), "carol", "secret")).collect();
    let last = ask(&mut world, source(100), "carol", "secret");
    assert_eq!(world.told(last), ["403"]);
    let renewed = world.credentials(alice, ALICE, "alice", "secret", &[]);
    world.give(alice, &renewed);
    assert!(world.told(alice).is_empty());
    assert_eq!(world.told(strangers[0]), ["408"], "the first one has waited longest");
    assert!(strangers[1..].iter().all(|link| world.told(*link).is_empty()));
}

/// They send much to a client of another relay, and each needs one.
#[test]
fn connections_of_flows_of_strangers_make_room_for_those_of_clients() {
    const OWN: usize = 10;
    let mut config = config();
    config.limits.principal_connections = 4 * OWN;
    let mut world = World::new(config);
    let common = world.accept(relay());
    let back = format!("msrps://other.example:2855/mallory;tcp {ALICE}");
    let granted = world.auth_as(common, &back, "mallet", "secret", &[]);
    let token = granted.header("Use-Path").unwrap().rsplit(' ').next().unwrap().to_owned();
    let send = |world: &mut World, link, own: &str, to: &str| {
        let (id, range) = (world.id(), format!("1-{LARGE}/{LARGE}"));
        let body = String::from_utf8(filler(LARGE)).unwrap();
        let chunk = Raw::chunk(&id, &id, &range, &body, '$').to(to).from(own);
        world.give(link, &chunk.octets());
        let wanted = world.wanted();
        for (link, _) in &wanted {
            world.relay.connected(world.now, *link, relay());
            world.settle();
        }
        wanted.len()
    };
    let made: usize = (0..2 * OWN)
        .map(|number| {
            let link = world.accept(source(number));
            send(&mut world, link, &stranger(number), &format!("{token} {back}"))
        })
        .sum();
    assert_eq!(made, OWN);
    for user in ["alice", "bob", "carol"] {
        let (link, token) = world.client_of(user);
        let to = format!("{token} msrps://other.example:2855/{user};tcp {BOB}");
        // The first one makes the connection that others share.
        assert!(send(&mut world, link, ALICE, &to) >= 1, "{user}");
    }
    assert_eq!(world.closes().len(), 3);
}

#[test]
fn peers_of_strangers_are_forgotten_before_those_of_a_relay() {
    const PEERS: usize = 20;
    let mut config = config();
    config.limits.memory_octets = 1_000_000;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let link = world.accept(relay());
    // It cannot be connected to.
    let peer = |number| format!("msrps://behind-nat.example:2855/p{number};tcp {BOB}");
    for number in 0..PEERS {
        say(&mut world, link, &peer(number), &format!("{token} {ALICE}"), alice);
    }
    let (mallet, greedy) = world.client_of("mallet");
    for number in 0..150 {
        let link = world.accept(source(number));
        for more in 0..2 {
            let own = format!("msrps://s.example:1/{number}x{more}{};tcp", "x".repeat(2_000));
            say(&mut world, link, &own, &format!("{greedy} {ALICE}"), mallet);
        }
    }
    assert!(world.relay.statistics().forgotten_peers > 100);
    for number in 0..PEERS {
        say(&mut world, alice, ALICE, &format!("{token} {}", peer(number)), link);
    }
    assert_eq!(world.wanted(), []);
}

/// They read nothing of what an accomplice sends to them.
#[test]
fn no_queue_of_a_client_gives_way_for_those_of_strangers() {
    const QUEUE: usize = 150_000;
    let mut config = config();
    config.limits.memory_octets = 4_000_000;
    let mut world = World::new(config);
    // Bob has two slow ones, and no stranger has as much.
    let slow = [0, 1].map(|number| {
        let (bob, token) = world.client_of("bob");
        world.stall(bob);
        let link = world.accept(source(100 + number));
        world.give(link, &open(&format!("{token} {ALICE}"), &stranger(100 + number)));
        fill(&mut world, link, QUEUE);
        bob
    });
    for number in 0..60 {
        let (mallet, token) = world.client_of("mallet");
        let sink = world.accept(source(number));
        say(&mut world, sink, &stranger(number), &format!("{token} {ALICE}"), mallet);
        world.stall(sink);
        world.give(mallet, &open(&format!("{token} {}", stranger(number)), ALICE));
        fill(&mut world, mallet, QUEUE);
    }
    assert!(world.closes().len() > 20);
    assert!(slow.into_iter().all(|link| world.relay.wants_read(link)));
}

/// There are only so many of each token, and those that are too many are one.
#[test]
fn flows_of_strangers_leave_some_to_relays_and_to_other_strangers() {
    for peer in [relay(), source(2_000)] {
        let mut world = World::new(config());
        let (alice, token) = world.client(ALICE);
        let to = format!("{token} {ALICE}");
        world.stall(alice);
        for number in 0..FLOWS_OF_TOKEN + 10 {
            let link = world.accept(source(number));
            world.give(link, &open(&to, &format!("{} {BOB}", stranger(number))));
        }
        // The last one sends more than its flow may have here.
        let flood = world.accept(source(0));
        world.give(flood, &open(&to, &format!("{} {BOB}", stranger(3_000))));
        let link = world.accept(peer);
        for _ in 0..10 {
            fill(&mut world, flood, 1_000_000);
            let id = world.id();
            let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&to);
            world.give(link, &chunk.from(&format!("{} {BOB}", stranger(4_000))).octets());
            world.advance(Duration::from_millis(500));
            assert_eq!(world.told(link), ["200"]);
        }
        assert!(world.relay.statistics().dropped > 0);
    }
}

/// Mallory sends to Alice, who takes nothing for now, on each of these connections for as long
/// as it is read. Returns how many octets that were.
fn flood(world: &mut World, alice: &Talk, peers: impl Iterator<Item = (Peer, bool)>) -> usize {
    let mut given = 0;
    for (number, (peer, is_user)) in peers.enumerate() {
        // Each nonce is new.
        world.now += Duration::from_millis(1);
        let link = world.accept(peer);
        if is_user {
            world.auth_as(link, ALICE, "mallet", "secret", &[]);
        }
        while world.relay.wants_read(link) {
            let id = world.id();
            let chunk = Raw::chunk(&id, &id, "1-3000/3000", &"x".repeat(3_000), '$');
            let to = format!("{} {ALICE}", alice.token);
            world.give(link, &chunk.to(&to).from(&stranger(number)).octets());
            given += 3_000;
        }
    }
    given
}

/// One would be read no more, either, and Bob is.
#[test]
fn many_connections_of_one_user_or_source_hold_up_others_no_more_than_one_would() {
    const CONNECTIONS: usize = 100;
    for (peer, is_user) in [(tls(), true), (source(0), false)] {
        let config = config();
        let (queue, turn) = (config.limits.queue_octets, config.turn_octets);
        let mut world = World::new(config);
        let talk = world.talk();
        world.stall(talk.alice);
        let peers = std::iter::repeat_n((peer, is_user), CONNECTIONS);
        let given = flood(&mut world, &talk, peers);
        // One chunk of each shows that it has to wait.
        assert!(given < queue + queue / 4 + CONNECTIONS * 3_000, "{given}");
        let to = format!("{} {ALICE}", talk.token);
        let hello = Raw::chunk("hello", "hello", "1-2/2", "hi", '$').to(&to).from(BOB);
        world.octets(talk.alice);
        world.give(talk.bob, &hello.octets());
        assert!(world.relay.wants_read(talk.bob));
        world.unstall(talk.alice);
        let octets = world.octets(talk.alice);
        let name = b"Message-ID: hello";
        let before = octets.windows(name.len()).position(|part| part == name).unwrap();
        assert!(before <= 2 * turn, "{before}");
    }
}
