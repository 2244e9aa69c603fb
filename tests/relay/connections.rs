//! Connections: probation, idleness, limits and reuse (RFC 4976
//! sections 5.4, 6.1, 6.4.2 and 6.5).

use std::collections::VecDeque;

use msrp::relay::{ConnectionId, RelayClose};

use crate::common::wire::Raw;
use crate::world::*;

// req: 4976-6.1-2
#[test]
fn who_says_nothing_is_dropped() {
    scripted(|world| {
        let silent = world.accept(tls());
        // Responses and refused requests do not end the probation.
        let vain = world.accept(tls());
        world.advance(29 * SECOND);
        world.give(vain, &auth("auth1", ALICE).octets());
        assert_eq!(world.closes(), []);
        world.advance(SECOND);
        let expected = [(silent, RelayClose::Probation), (vain, RelayClose::Probation)];
        assert_eq!(world.closes(), expected);
        assert!(!world.relay.wants_read(silent));
        for link in [silent, vain] {
            world.close(link);
        }
        assert_eq!(world.relay.statistics().connections, 0);
        assert_eq!(world.relay.poll_timeout(), None);
    });
}

/// The names of a relay are in its certificate, which only the handshake shows.
#[test]
fn a_handshake_counts_from_its_start_and_ends_with_the_names() {
    scripted(|world| {
        let links = [world.accept(tls()), world.accept(tls())];
        let [relay, slow] = links;
        world.advance(20 * SECOND);
        let named = tls().relay_names(vec!["inner.example".into()]);
        world.relay.connected(world.now, relay, named.clone());
        assert!(!world.relay.is_proven(relay));
        // A relay has to have the name that its AUTHs come from.
        world.give(relay, &auth("auth1", ALICE).octets());
        assert_eq!(world.told(relay), ["403"]);
        world.advance(10 * SECOND);
        let expected = links.map(|link| (link, RelayClose::Probation));
        assert_eq!(world.closes(), expected);
        // It is too late now.
        world.relay.connected(world.now, slow, named);
        assert!(!world.relay.wants_read(slow));
    });
}

// req: 4976-6.1-3
#[test]
fn who_is_refused_again_and_again_is_dropped() {
    scripted(|world| {
        let talk = world.talk();
        let mallory = world.accept(tls());
        let stray = talk.chunk("c1", "m1", "1-2/2", "hi", '$');
        for _ in 0..4 {
            world.give(mallory, &stray.octets());
            assert_eq!(world.told(mallory), ["403"]);
            assert_eq!(world.closes(), []);
        }
        world.give(mallory, &stray.octets());
        assert_eq!(world.told(mallory), ["403"]);
        assert_eq!(world.closes(), [(mallory, RelayClose::Probation)]);
        // After an accepted request, refusals do not close the connection.
        for _ in 0..20 {
            world.give(talk.alice, &stray.clone().to(&format!("{RELAY} {BOB}")).octets());
            assert_eq!(world.told(talk.alice), ["481"]);
        }
        assert_eq!(world.closes(), []);
    });
}

/// What is of no use to anybody counts as refused, whatever it is.
#[test]
fn who_says_again_and_again_that_its_connection_is_for_one_client_is_dropped() {
    scripted(|world| {
        let mallory = world.accept(tls());
        let report =
            Raw::new("REPORT", "r123").to(RELAY).from(ALICE).message("none").range("1-0/*");
        let report = report.header("Status", "000 200 For one client").octets();
        for _ in 0..6 {
            assert_eq!(world.closes(), []);
            world.give(mallory, &report);
        }
        assert_eq!(world.closes(), [(mallory, RelayClose::Probation)]);
    });
}

/// So are responses to nothing.
#[test]
fn who_sends_only_responses_is_dropped() {
    scripted(|world| {
        let mallory = world.accept(tls());
        let response = Raw::new("200 OK", "stray").to(RELAY).from(ALICE).octets();
        for _ in 0..5 {
            assert_eq!(world.closes(), []);
            world.give(mallory, &response);
        }
        assert_eq!(world.closes(), [(mallory, RelayClose::Probation)]);
        // A client that answers late is a client.
        let talk = world.talk();
        for _ in 0..20 {
            world.give(talk.bob, &response);
        }
        assert_eq!(world.closes(), []);
    });
}

/// What anybody can make the relay hold is little.
#[test]
fn a_stranger_sends_short_heads_and_bodies_only() {
    scripted(|world| {
        let talk = world.talk();
        let path = format!("{} {ALICE}", talk.token);
        let body = |id: &str, octets: usize| {
            let request = Raw::new("FOO", id).to(&path).from(CAROL);
            request.body("text/plain", "x".repeat(octets).as_bytes()).octets()
        };
        let head = |octets: usize| talk.back("FOO", "h1").header("X", &"x".repeat(octets)).octets();
        let stranger = world.accept(tls());
        world.give(stranger, &body("b1", 4_097));
        assert_eq!(world.told(stranger), ["413"]);
        world.give(stranger, &body("b2", 4_096));
        assert_eq!(world.told(talk.alice), ["FOO"]);
        // Now it is known.
        world.give(stranger, &body("b3", 10_000));
        world.give(stranger, &head(10_000));
        assert_eq!(world.told(talk.alice), ["FOO"; 2]);
        let other = world.accept(tls());
        world.give(other, &head(4_096));
        let closes = world.closes();
        assert!(matches!(closes[..], [(link, RelayClose::Unreadable(_))] if link == other));
    });
}

// req: 4976-6.5-1
#[test]
fn who_is_quiet_for_an_hour_is_dropped() {
    scripted(|world| {
        let talk = world.talk();
        world.advance(1800 * SECOND);
        world.give(
            talk.alice,
            &talk.request("REPORT", "r1").message("m").header("Status", "000 200").octets(),
        );
        world.advance(1799 * SECOND);
        assert_eq!(world.closes(), []);
        world.advance(1801 * SECOND);
        let closes = world.closes();
        assert_eq!(closes.len(), 2);
        assert!(closes.iter().all(|(_, reason)| *reason == RelayClose::Idle));
    });
}

// req: 4976-6.5-2
#[test]
fn the_quietest_makes_room() {
    let mut config = config();
    config.limits.connections = 3;
    scripted_with(config, |world| {
        let (first, _) = world.client(ALICE);
        world.advance(SECOND);
        let (second, _) = world.client(BOB);
        world.advance(SECOND);
        world.token(first, ALICE);
        let newcomer = world.accept(tls());
        assert_eq!(world.closes(), []);
        // Connections without an accepted request go first, then the one that has
        // been idle for the longest time.
        world.advance(SECOND);
        let (fourth, _) = world.client(CAROL);
        assert_eq!(world.closes(), [(newcomer, RelayClose::Evicted)]);
        world.close(newcomer);
        world.accept(tls());
        assert_eq!(world.closes(), [(second, RelayClose::Evicted)]);
        world.close(second);
        assert!(world.relay.wants_read(first) && world.relay.wants_read(fourth));
    });
}

/// The place of one that gives way is free at once, whatever its peer does.
#[test]
fn who_gives_way_is_not_waited_for() {
    let mut config = config();
    config.limits.connections = 1;
    scripted_with(config, |world| {
        let first = world.accept(tls());
        world.stall(first);
        // Its responses cannot leave.
        world.give(first, &auth("auth1", ALICE).octets());
        world.give(first, &auth("auth2", ALICE).octets());
        world.accept(tls());
        assert_eq!(world.closes(), [(first, RelayClose::Evicted)]);
    });
}

/// A stranger who is closed, and takes a few octets of its responses now and then.
fn closing(world: &mut World) -> ConnectionId {
    let stranger = world.accept(tls());
    world.relay.transport_holds(world.now, stranger, 0);
    world.stall(stranger);
    let path = format!("{RELAY} {BOB}");
    for _ in 0..5 {
        let stray = Raw::chunk("c1", "m1", "1-2/2", "hi", '$').to(&path).from(ALICE);
        world.give(stranger, &stray.octets());
    }
    assert!(!world.relay.wants_read(stranger));
    world.relay.transport_holds(world.now, stranger, 100);
    world.settle();
    stranger
}

/// However slowly its peer reads.
#[test]
fn what_is_closing_ends_in_time() {
    scripted(|world| {
        let slow = closing(world);
        world.advance(50 * SECOND);
        world.relay.transport_holds(world.now, slow, 99);
        world.advance(9 * SECOND);
        assert_eq!(world.closes(), []);
        world.advance(SECOND);
        assert_eq!(world.closes(), [(slow, RelayClose::Stalled)]);
        world.close(slow);
        assert_eq!(world.relay.poll_timeout(), None);
    });
}

/// Neither a newcomer nor a dial waits for peers that take their time.
#[test]
fn what_is_closing_gives_up_its_place_first() {
    let mut config = config();
    config.limits.connections = 4;
    scripted_with(config, |world| {
        let (alice, token) = world.client(ALICE);
        let mut places: VecDeque<_> = (0..3).map(|_| closing(world)).collect();
        assert_eq!(world.closes(), []);
        let bob = world.reach(alice, &token, BOB);
        for _ in 0..12 {
            let oldest = places.pop_front().unwrap();
            assert_eq!(world.closes(), [(oldest, RelayClose::Evicted)]);
            world.close(oldest);
            places.push_back(closing(world));
        }
        assert!(world.relay.wants_read(alice) && world.relay.wants_read(bob));
    });
}

/// The limit holds even if the application does not close what it should.
#[test]
fn there_are_never_more_than_twice_as_many() {
    let mut config = config();
    config.limits.connections = 4;
    let mut world = World::new(config);
    let taken = (0..20).filter(|_| world.relay.accept(world.now, tls()).is_some()).count();
    assert!((4..=8).contains(&taken), "{taken}");
}

// req: 4976-6.4.2-2
#[test]
fn one_connection_for_one_host_and_port() {
    scripted(|world| {
        let talk = world.talk();
        let (carol, token) = world.client(CAROL);
        // Another session at the same host and port, of another client.
        let same = "msrps://BOB.example:8145/other;tcp";
        let chunk = Raw::chunk("c1", "m1", "1-2/2", "hi", '$').from(CAROL);
        world.give(carol, &chunk.clone().to(&format!("{token} {same}")).octets());
        assert_eq!(world.one(talk.bob).header("To-Path"), Some(same));
        assert!(world.wanted().is_empty());
        // Another port or scheme needs another connection.
        for uri in ["msrps://bob.example:8146/foo;tcp", "msrp://bob.example:8145/foo;tcp"] {
            world.give(carol, &chunk.clone().to(&format!("{token} {uri}")).octets());
            assert_eq!(world.wanted().len(), 1, "{uri}");
        }
    });
}

#[test]
fn what_is_sent_before_a_connection_is_there_waits_for_it() {
    scripted(|world| {
        let (alice, token) = world.client(ALICE);
        let to = format!("{token} {BOB}");
        for n in 0..3 {
            let id = format!("c{n}");
            let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&to).from(ALICE);
            world.give(alice, &chunk.octets());
            assert_eq!(world.told(alice), ["200"]);
        }
        let bob = world.dial(BOB);
        let ids: Vec<_> = world.sent(bob).iter().map(|it| it.message_id().to_owned()).collect();
        assert_eq!(ids, ["c0", "c1", "c2"]);
    });
}

#[test]
fn who_reads_nothing_is_dropped() {
    scripted(|world| {
        let talk = world.talk();
        world.stall(talk.bob);
        world.give(talk.alice, &talk.chunk("c1", "m1", "1-2/2", "hi", '$').octets());
        world.octets(talk.alice);
        world.advance(59 * SECOND);
        assert_eq!(world.closes(), []);
        world.advance(SECOND);
        assert_eq!(world.closes(), [(talk.bob, RelayClose::Stalled)]);
        assert_eq!(world.told(talk.alice), ["REPORT"]);
    });
}

/// The responses to earlier requests leave first, and a REPORT on those that no next hop
/// has answered.
#[test]
fn a_stream_that_cannot_be_read_is_closed() {
    scripted(|world| {
        let talk = world.talk();
        let mut octets = talk.chunk("c1", "m1", "1-2/2", "hi", '$').octets();
        octets.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
        world.give(talk.alice, &octets);
        assert_eq!(world.told(talk.alice), ["200", "REPORT"]);
        assert_eq!(world.told(talk.bob), ["SEND 1-2/2$"]);
        let closes = world.closes();
        assert!(matches!(closes[..], [(link, RelayClose::Unreadable(_))] if link == talk.alice));
    });
}

/// An id is never reused, although its slot is.
#[test]
fn a_closed_connection_is_not_mistaken_for_the_next() {
    scripted(|world| {
        let first = world.accept(tls());
        world.close(first);
        let second = world.accept(tls());
        assert_ne!(first, second);
        world.close(first);
        world.relay.connected(world.now, first, tls());
        world.give(first, &auth("auth1", ALICE).octets());
        assert!(world.octets(second).is_empty() && world.relay.wants_read(second));
    });
}
