//! Receivers so slow that nothing seems to happen for minutes.

use crate::common::wire::Raw;
use crate::wire::End;
use crate::world::*;

/// The next relay has acknowledged everything, and the receiver vanishes later than an
/// idle connection would be closed.
#[test]
fn a_sender_hears_of_a_slow_receiver_that_vanishes() {
    const FILE: usize = 300_000;
    let mut world = World::new(2);
    let [(sender, token), (receiver, other)] = [0, 1].map(|relay| world.raw_client(relay));
    world.slow(End::Raw(receiver), 0);
    let [own, far] = [sender, receiver].map(|raw| world.raws[raw].own.clone());
    let range = format!("1-{FILE}/{FILE}");
    let chunk = Raw::chunk("c1", "file", &range, &"x".repeat(FILE), '$').from(&own);
    world.raws[sender].says(&chunk.to(&format!("{token} {other} {far}")).reports("partial", "no"));
    world.run(seconds(50));
    assert_eq!(world.raws[sender].heard.last().unwrap().what, "200");
    // It reads a little, and nothing more.
    world.slow(End::Raw(receiver), 400_000);
    world.run(millis(200));
    world.slow(End::Raw(receiver), 0);
    world.run(seconds(100));
    let reports = world.raws[sender].reports();
    assert!(!reports.is_empty() && reports.iter().all(|status| status == "408"), "{reports:?}");
}

/// No relay on the way takes the one behind it for stalled.
#[test]
fn a_receiver_of_little_a_second_gets_its_file() {
    const RATE: u64 = 1_500;
    const FILE: usize = 900_000;
    for relays in [2, 1] {
        let mut world = World::new(relays);
        let [alice, bob] = world.pair([&[0], &[relays - 1]]);
        world.slow(End::Client(bob), RATE);
        let file = world.send(alice, FILE);
        world.run(seconds(FILE as u64 / RATE + 60));
        let [sender, receiver] = [alice, bob].map(|it| &world.clients[it].ends);
        assert!(world.arrival(bob, file).is_some(), "{sender:?} {receiver:?}");
    }
}

/// It is not lost when its own connection has ended, and more comes on the one that others
/// share.
#[test]
fn a_receiver_of_little_a_second_keeps_what_waits_for_it() {
    const RATE: u64 = 1_500;
    // As much as the relay and the wire before the receiver hold.
    const FILE: usize = 385_000;
    let mut world = World::new(2);
    let [alice, bob] = world.pair([&[0], &[1]]);
    world.slow(End::Client(bob), RATE);
    let mut messages = vec![world.send(alice, FILE)];
    world.run(seconds(1));
    assert_eq!(world.between_relays(), 2, "it has a connection of its own");
    world.hang_up(world.wires.len() - 1);
    messages.extend((0..24).map(|_| world.send(alice, 1_000)));
    world.run(seconds(FILE as u64 / RATE + 60));
    for message in messages {
        assert!(
            world.arrival(bob, message).is_some(),
            "{:?} {:?}",
            world.clients[alice].ends,
            world.clients[bob].ends
        );
    }
}

/// However many slow receivers a client has at once.
#[test]
fn a_client_with_many_slow_receivers_reaches_all_of_them() {
    const FILE: usize = 600_000;
    let mut world = World::new(2);
    let (sender, token) = world.raw_client(0);
    let own = world.raws[sender].own.clone();
    let receivers = [(); 6].map(|()| world.client(&[1]));
    for (number, receiver) in receivers.iter().enumerate() {
        world.slow(End::Client(*receiver), 40_000);
        let path = format!("{token} {}", world.clients[*receiver].route.as_ref().unwrap().path());
        let (id, range) = (format!("c{number:03}"), format!("1-{FILE}/{FILE}"));
        let body = number.to_string() + &" ".repeat(FILE - 1);
        let chunk = Raw::chunk(&id, &id, &range, &body, '$').from(&own);
        world.raws[sender].says(&chunk.to(&path).reports("partial", "no"));
    }
    world.run(seconds(60));
    assert!(world.raws[sender].reports().is_empty());
    for (number, receiver) in (0..).zip(receivers) {
        assert!(world.arrival(receiver, number).is_some(), "{number}");
    }
}

/// Its own connection and that for all are made at one time.
#[test]
fn whichever_connection_is_there_first_a_slow_receiver_gets_its_file() {
    const FILE: usize = 600_000;
    for is_first_late in [false, true] {
        let mut world = World::new(2);
        world.is_first_late = is_first_late;
        let (sender, token) = world.raw_client(0);
        let own = world.raws[sender].own.clone();
        let receiver = world.client(&[1]);
        world.slow(End::Client(receiver), 40_000);
        let path = format!("{token} {}", world.clients[receiver].route.as_ref().unwrap().path());
        let (range, body) = (format!("1-{FILE}/{FILE}"), "0".to_owned() + &" ".repeat(FILE - 1));
        let chunk = Raw::chunk("c000", "file", &range, &body, '$');
        world.raws[sender].says(&chunk.to(&path).from(&own).reports("partial", "no"));
        world.run(seconds(30));
        assert!(world.raws[sender].reports().is_empty(), "{is_first_late}");
        assert!(world.arrival(receiver, 0).is_some(), "{is_first_late}");
    }
}

/// Its first chunk has no body. How long the message is counts nevertheless.
#[test]
fn a_file_that_begins_without_octets_takes_its_time() {
    const FILE: usize = 600_000;
    for total in [FILE.to_string(), "*".to_owned()] {
        let mut world = World::new(2);
        let (sender, token) = world.raw_client(0);
        let own = world.raws[sender].own.clone();
        let receiver = world.client(&[1]);
        world.slow(End::Client(receiver), 40_000);
        let path = format!("{token} {}", world.clients[receiver].route.as_ref().unwrap().path());
        let (none, all) = (format!("1-0/{total}"), format!("1-{FILE}/{total}"));
        let first = Raw::send("c000").message("file").range(&none).flag('+');
        let rest = Raw::chunk("c001", "file", &all, &("0".to_owned() + &" ".repeat(FILE - 1)), '$');
        for chunk in [first, rest] {
            let chunk = chunk.to(&path).from(&own).reports("partial", "no");
            world.raws[sender].says(&chunk);
        }
        world.run(seconds(30));
        assert!(world.raws[sender].reports().is_empty(), "{total}");
        assert!(world.arrival(receiver, 0).is_some(), "{total}");
    }
}
