//! A relay that was stopped for a while, or had no processor, and finds deadlines passed.

use msrp::relay::{ConnectionId, RelayClose, RelayEvent};

use crate::common::wire::filler;
use crate::world::*;

/// The relay does nothing for a while. What the system has for it comes after the deadlines.
fn stop(world: &mut World, seconds: u32) {
    world.now += seconds * SECOND;
    world.step();
}

/// Says what the transport holds, if the relay asks.
fn look(world: &mut World, octets: usize) -> usize {
    let looks = world.events_where(|event| match event {
        RelayEvent::Look { connection } => Some(*connection),
        _ => None,
    });
    for connection in &looks {
        world.relay.transport_holds(world.now, *connection, octets);
    }
    world.settle();
    looks.len()
}

/// A chunk for Bob is in his transport, of which nothing is known yet.
fn sent(world: &mut World) -> (Talk, ConnectionId) {
    let talk = world.talk();
    world.relay.transport_holds(world.now, talk.bob, 0);
    let body = String::from_utf8(filler(1000)).unwrap();
    world.give(talk.alice, &talk.chunk("c1", "m1", "1-1000/1000", &body, '$').octets());
    world.octets(talk.alice);
    let bob = talk.bob;
    (talk, bob)
}

#[test]
fn what_the_transport_has_taken_meanwhile_has_not_stalled() {
    let mut world = World::new(config());
    let (talk, bob) = sent(&mut world);
    let chunk = world.one(bob);
    stop(&mut world, 90);
    assert_eq!(look(&mut world, 0), 1);
    world.advance(SECOND / 2);
    world.answer(bob, &chunk, "200 OK");
    world.advance(60 * SECOND);
    assert_eq!(world.closes(), []);
    assert!(world.octets(talk.alice).is_empty());
}

#[test]
fn a_response_that_has_come_meanwhile_counts() {
    let mut world = World::new(config());
    let (talk, bob) = sent(&mut world);
    let chunk = world.one(bob);
    world.relay.transport_holds(world.now, bob, 0);
    stop(&mut world, 40);
    world.answer(bob, &chunk, "200 OK");
    world.advance(60 * SECOND);
    assert!(world.octets(talk.alice).is_empty());
}

#[test]
fn a_newcomer_whose_first_request_has_come_meanwhile_stays() {
    let mut world = World::new(config());
    let alice = world.accept(tls());
    stop(&mut world, 40);
    world.give(alice, &auth("a1", ALICE).octets());
    assert_eq!(world.told(alice), ["401"]);
    assert_eq!(world.closes(), []);
}

/// Whoever is silent a second later ends, however late that is looked at.
#[test]
fn whoever_stays_silent_ends() {
    for late in [1, 40] {
        let mut world = World::new(config());
        let (talk, bob) = sent(&mut world);
        world.octets(bob);
        let newcomer = world.accept(tls());
        stop(&mut world, 90);
        look(&mut world, 10_000);
        assert_eq!(world.closes(), []);
        stop(&mut world, late);
        let closes = [(bob, RelayClose::Stalled), (newcomer, RelayClose::Probation)];
        assert_eq!(world.closes(), closes);
        world.advance(SECOND);
        assert_eq!(world.told(talk.alice), ["REPORT"]);
    }
}
