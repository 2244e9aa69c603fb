//! The next relay takes no further connection.

use msrp::Outcome;

use crate::wire::End;
use crate::world::*;

/// Messages that are too much for the connection that others share come on it all the same,
/// in their order and soon.
fn what_finds_no_connection_arrives(are_refusals_lost: bool) {
    let mut world = World::new(2);
    let [alice, bob] = world.pair([&[0], &[1]]);
    let neighbours = world.pair([&[0], &[1]]);
    world.most_between_relays = world.between_relays();
    world.are_refusals_lost = are_refusals_lost;
    let mut sent = Vec::new();
    for _ in 0..300 {
        sent.push((bob, world.send(alice, 20_000), world.now));
        sent.push((neighbours[1], world.send(neighbours[0], 100), world.now));
        world.run(millis(100));
    }
    world.run(seconds(3));
    for (to, message, at) in &sent {
        let delay = world.arrival(*to, *message).map(|arrival| arrival - *at);
        let most = if *to == bob { millis(4_100) } else { millis(40) };
        assert!(delay.is_some_and(|delay| delay <= most), "{to} {message} {at:?}: {delay:?}");
    }
    let in_order = sent.iter().filter(|(to, ..)| *to == bob).map(|(_, message, _)| *message);
    let arrived = world.clients[bob].arrived.iter().map(|(message, _)| *message);
    assert!(arrived.eq(in_order));
    assert!(world.clients[alice].finished.values().all(|it| *it == Outcome::Accepted));
}

#[test]
fn what_finds_no_connection_of_its_own_arrives_soon() {
    for are_refusals_lost in [false, true] {
        what_finds_no_connection_arrives(are_refusals_lost);
    }
}

/// A file to a slow receiver waits for a connection as well.
#[test]
fn a_file_that_finds_no_connection_stops_nobody() {
    for are_refusals_lost in [false, true] {
        let mut world = World::new(2);
        let [alice, bob] = world.pair([&[0], &[1]]);
        let neighbours = world.pair([&[0], &[1]]);
        world.most_between_relays = world.between_relays();
        world.are_refusals_lost = are_refusals_lost;
        world.slow(End::Client(bob), 20_000);
        world.send(alice, 2_000_000);
        for _ in 0..10 {
            let at = world.now;
            let text = world.send(neighbours[0], 100);
            world.run(seconds(8));
            let delay = world.arrival(neighbours[1], text).unwrap() - at;
            assert!(delay <= millis(2_500), "{at:?}: {delay:?}");
        }
        // Nothing could keep the relay of its sender from taking it, and the other one has told.
        let ends = &world.clients[alice].ends;
        assert!(ends.iter().any(|end| end.contains("408")), "{ends:?}");
    }
}
