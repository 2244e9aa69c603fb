//! Two relays and what their clients do to each other.

use std::time::Duration;

use msrp::Outcome;

use crate::common::wire::Raw;
use crate::wire::End;
use crate::world::*;

/// A file, and how fast a slow receiver takes it: 20 seconds.
const FILE: usize = 2_000_000;
const SLOW: u64 = 100_000;

/// How long a message takes if nobody is in its way: three wires.
const PROMPT: Duration = millis(40);

/// Sends short messages both ways for some time. Each arrives in time.
pub fn chat(world: &mut World, pair: [usize; 2], time: Duration) {
    let mut sent = Vec::new();
    let end = world.now + time;
    while world.now < end {
        for (from, to) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            let at = world.now;
            let message = world.send(from, 200);
            sent.push((from, to, message, at));
        }
        world.run(millis(250));
    }
    for (from, to, message, at) in sent {
        let arrival = world.arrival(to, message);
        let delay = arrival.map(|arrival| arrival - at);
        assert!(
            delay.is_some_and(|delay| delay <= PROMPT),
            "{message} from {from} to {to}, sent at {at:?}: {delay:?}"
        );
        assert_eq!(world.clients[from].finished.get(&message), Some(&Outcome::Accepted));
    }
    for client in pair {
        assert!(world.clients[client].ends.is_empty(), "{:?}", world.clients[client].ends);
    }
}

#[test]
fn a_silent_reader_behind_another_relay_stops_nobody() {
    let mut world = World::new(2);
    let neighbours = world.pair([&[0], &[1]]);
    let [alice, bob] = world.pair([&[0], &[1]]);
    world.slow(End::Client(bob), 0);
    for _ in 0..4 {
        world.send(alice, FILE);
    }
    chat(&mut world, neighbours, seconds(90));
}

#[test]
fn many_short_messages_to_a_silent_reader_stop_nobody() {
    let mut world = World::new(2);
    let neighbours = world.pair([&[0], &[1]]);
    let [alice, bob] = world.pair([&[0], &[1]]);
    world.slow(End::Client(bob), 0);
    for _ in 0..1_000 {
        world.send(alice, 2_000);
    }
    chat(&mut world, neighbours, seconds(90));
}

/// A slow receiver that is sound gets all of it, as fast as it reads, whichever of the two
/// has called the other: the relay of the sender may have no connection but the other's.
fn a_slow_reader_gets_its_file(has_called: bool, has_neighbours: bool, are_relays_known: bool) {
    let mut world = World::new(2);
    world.are_relays_known = are_relays_known;
    let neighbours = world.pair([&[0], &[usize::from(has_neighbours)]]);
    let [caller, called] = world.pair([&[0], &[1]]);
    let (alice, bob) = if has_called { (caller, called) } else { (called, caller) };
    world.slow(End::Client(bob), SLOW);
    let file = world.send(alice, FILE);
    chat(&mut world, neighbours, seconds(40));
    let [sender, receiver] = [alice, bob].map(|it| &world.clients[it].ends);
    let at = world.arrival(bob, file);
    assert!(at.is_some_and(|at| at < seconds(25)), "{at:?} {sender:?} {receiver:?}");
    assert_eq!(world.clients[alice].finished[&file], Outcome::Accepted);
}

#[test]
fn a_slow_reader_gets_its_file_and_stops_nobody() {
    for has_called in [true, false] {
        for has_neighbours in [true, false] {
            a_slow_reader_gets_its_file(has_called, has_neighbours, true);
        }
    }
}

#[test]
fn a_slow_reader_behind_a_relay_without_a_name_gets_its_file() {
    for has_called in [true, false] {
        for has_neighbours in [true, false] {
            a_slow_reader_gets_its_file(has_called, has_neighbours, false);
        }
    }
}

/// The same on one relay, and with a sender that has more than one file.
#[test]
fn a_slow_reader_gets_every_file() {
    for relays in [1, 2] {
        let mut world = World::new(relays);
        let neighbours = world.pair([&[0], &[relays - 1]]);
        let [alice, bob] = world.pair([&[0], &[relays - 1]]);
        world.slow(End::Client(bob), SLOW);
        world.send(alice, 100);
        let files = [(); 3].map(|()| world.send(alice, FILE / 4));
        world.send(alice, 100);
        chat(&mut world, neighbours, seconds(40));
        for file in files {
            assert!(world.arrival(bob, file).is_some());
            assert_eq!(world.clients[alice].finished[&file], Outcome::Accepted);
        }
        let order: Vec<u64> = world.clients[bob].arrived.iter().map(|(it, _)| *it).collect();
        assert_eq!(order.len(), 5);
    }
}

/// Many flows fill the queue of one slow reader, none of them much of it: the connection
/// between the relays that they share is held once and briefly.
fn many_flows_below_their_bounds(rate: u64) {
    let mut world = World::new(2);
    let [alice, bob] = world.pair([&[0], &[1]]);
    let (receiver, token) = world.raw_client(1);
    world.slow(End::Raw(receiver), rate);
    let path = format!("{token} {}", world.raws[receiver].own);
    let senders: Vec<_> = (0..20).map(|_| world.raw_client(0)).collect();
    let mut sent = Vec::new();
    for round in 0..50 {
        for (raw, token) in &senders {
            let (own, id) = (world.raws[*raw].own.clone(), format!("c{raw:03}r{round:03}"));
            let chunk = Raw::chunk(&id, &id, "1-3500/3500", &"x".repeat(3500), '$').from(&own);
            world.raws[*raw].says(&chunk.to(&format!("{token} {path}")).reports("partial", "no"));
        }
        sent.push((world.send(alice, 10), world.now));
        world.run(millis(500));
    }
    world.run(seconds(3));
    let delays = sent.iter().map(|(message, at)| {
        world.arrival(bob, *message).expect("it passes what the reader does not take") - *at
    });
    let late: Vec<_> = delays.filter(|delay| *delay > PROMPT).collect();
    assert!(late.len() <= 5 && late.iter().all(|delay| *delay <= millis(2_100)), "{late:?}");
    assert_eq!(world.between_relays(), 1, "no flow is worth a connection of its own");
    assert!(world.clients[alice].ends.is_empty(), "{:?}", world.clients[alice].ends);
    let mut reports = senders.iter().flat_map(|(raw, _)| world.raws[*raw].reports());
    assert!(reports.any(|status| status == "408"));
}

#[test]
fn many_flows_below_their_bounds_to_a_slow_reader_stop_nobody() {
    for rate in [0, 1_000, 10_000] {
        many_flows_below_their_bounds(rate);
    }
}
