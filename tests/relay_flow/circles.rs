//! Paths that cross the same relays in opposite orders, and more than once.

use msrp::Outcome;

use crate::neighbours::chat;
use crate::wire::End;
use crate::world::*;

const FILE: usize = 2_000_000;

/// Clients of both relays, each of which has the other's outer relay as its inner one: what
/// they send each other crosses the link between the relays three times.
fn opposite(world: &mut World) -> [usize; 2] {
    world.pair([&[0, 1], &[1, 0]])
}

/// Sends files both ways at once. Each arrives.
fn exchange(world: &mut World, pairs: &[[usize; 2]], files: usize, seconds_each: u64) {
    let mut sent = Vec::new();
    for pair in pairs {
        for (from, to) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            for _ in 0..files {
                sent.push((from, to, world.send(from, FILE / 4)));
            }
        }
    }
    let neighbours = world.pair([&[0], &[1]]);
    chat(world, neighbours, seconds(seconds_each));
    for (from, to, file) in sent {
        let [sender, receiver] = [from, to].map(|it| &world.clients[it].ends);
        assert!(world.arrival(to, file).is_some(), "{from} {to}: {sender:?} {receiver:?}");
        assert_eq!(world.clients[from].finished[&file], Outcome::Accepted);
    }
}

#[test]
fn files_cross_relays_in_opposite_orders() {
    let mut world = World::new(2);
    let pairs = [(); 4].map(|()| opposite(&mut world));
    exchange(&mut world, &pairs, 4, 30);
}

/// Though both ends are slow.
#[test]
fn slow_receivers_at_both_ends_of_a_circle_get_their_files() {
    let mut world = World::new(2);
    let pairs = [(); 2].map(|()| opposite(&mut world));
    for client in pairs.iter().flatten() {
        world.slow(End::Client(*client), 60_000);
    }
    exchange(&mut world, &pairs, 2, 40);
}

/// Those who take nothing stop nobody.
#[test]
fn silent_receivers_at_both_ends_of_a_circle_stop_nobody() {
    let mut world = World::new(2);
    let sound = opposite(&mut world);
    let silent = [(); 2].map(|()| opposite(&mut world));
    for [one, other] in silent {
        for client in [one, other] {
            world.slow(End::Client(client), 0);
            for _ in 0..4 {
                world.send(client, FILE);
            }
        }
    }
    let neighbours = world.pair([&[0], &[1]]);
    chat(&mut world, neighbours, seconds(40));
    let text = world.send(sound[0], 100);
    world.run(seconds(1));
    assert!(world.arrival(sound[1], text).is_some());
    exchange(&mut world, &[sound], 2, 30);
}

/// Three relays, each the first, the second and the third for somebody.
#[test]
fn files_cross_three_relays_in_a_circle() {
    let mut world = World::new(3);
    let pairs = [[0, 1, 2], [1, 2, 0], [2, 0, 1]].map(|relays: [usize; 3]| {
        let back = [relays[2], relays[1], relays[0]];
        world.pair([&relays[..2], &back[..2]])
    });
    for client in pairs.iter().flatten().step_by(2) {
        world.slow(End::Client(*client), 100_000);
    }
    exchange(&mut world, &pairs, 3, 40);
}
