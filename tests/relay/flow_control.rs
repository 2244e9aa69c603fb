//! Slow peers: they cost little memory and do not delay other connections.

use crate::common::wire::{Raw, filler};
use crate::world::*;

fn letters(len: usize) -> String {
    String::from_utf8(filler(len)).unwrap()
}

/// The relay holds a limited number of octets of a chunk of any size.
#[test]
fn a_chunk_of_any_size_takes_little_memory() {
    const TOTAL: usize = 64 * 1024 * 1024;
    const READ: usize = 64 * 1024;
    let config = config();
    let bound = config.limits.queue_octets + READ + config.transmit_octets + 32 * 1024;
    let mut world = World::new(config);
    let talk = world.talk();
    let chunk = talk.chunk("c1", "m1", "1-*/*", "", '$');
    let head = chunk.octets();
    let end = head.len() - "\r\n-------c1$\r\n".len();
    world.give(talk.alice, &head[..end]);
    world.stall(talk.bob);
    let piece = filler(READ);
    let (mut given, mut taken, mut most) = (0, 0, 0);
    while given < TOTAL {
        if world.relay.wants_read(talk.alice) {
            world.give(talk.alice, &piece);
            given += READ;
        } else {
            // Bob takes one transmit at a time.
            assert!(given > taken);
            world.relay.written(talk.bob);
            world.settle();
        }
        taken += world.octets(talk.bob).len();
        most = most.max(given.saturating_sub(taken));
    }
    assert!(most <= bound, "{most} octets held");
    world.unstall(talk.bob);
    world.give(talk.alice, &head[end..]);
    taken += world.octets(talk.bob).len();
    assert!(taken >= TOTAL);
    assert_eq!(world.told(talk.alice), ["200"]);
}

#[test]
fn a_slow_peer_holds_up_its_sender_alone() {
    let mut world = World::new(config());
    let talk = world.talk();
    let (carol, token) = world.client(CAROL);
    let dave = "msrps://dave.example:8147/qux;tcp";
    world.stall(talk.bob);
    let chunk = talk.chunk("c1", "m1", "1-*/*", &letters(400_000), '$').octets();
    let mut rest = chunk.chunks(10_000);
    for piece in rest.by_ref() {
        world.give(talk.alice, piece);
        if !world.relay.wants_read(talk.alice) {
            break;
        }
    }
    assert!(!world.relay.wants_read(talk.alice));
    assert_eq!(world.resumes(), []);
    // Other clients continue, also with these two.
    assert!(world.relay.wants_read(carol) && world.relay.wants_read(talk.bob));
    let other = Raw::chunk("o1", "m2", "1-2/2", "hi", '$').to(&format!("{token} {dave}"));
    world.give(carol, &other.from(CAROL).octets());
    assert_eq!(world.told(carol), ["200"]);
    let dave = world.dial(dave);
    assert_eq!(world.told(dave), ["SEND 1-2/2$"]);
    let back = talk.back("SEND", "b1").message("b1").range("1-2/2").body("text/plain", b"ho");
    world.give(talk.bob, &back.octets());
    assert_eq!(world.told(talk.alice), ["SEND 1-2/2$"]);

    world.unstall(talk.bob);
    assert_eq!(world.resumes(), [talk.alice]);
    assert!(world.relay.wants_read(talk.alice));
    for piece in rest {
        world.give(talk.alice, piece);
    }
    let sent = world.sent(talk.bob);
    let bodies = sent.iter().filter(|it| it.message_id() == "m1");
    assert_eq!(bodies.map(|it| it.len()).sum::<usize>(), 400_000);
}

/// The connection that it waited for has ended.
#[test]
fn who_waits_for_a_lost_peer_is_read_again() {
    let mut world = World::new(config());
    let talk = world.talk();
    world.stall(talk.bob);
    let octets = talk.chunk("c1", "m1", "1-*/*", &letters(400_000), '$').octets();
    world.give(talk.alice, &octets[..300_000]);
    world.give(talk.alice, &octets[300_000..399_000]);
    assert!(!world.relay.wants_read(talk.alice));
    world.close(talk.bob);
    assert_eq!(world.resumes(), [talk.alice]);
    world.give(talk.alice, &octets[399_000..]);
    assert_eq!(world.told(talk.alice), ["408"]);
}

/// A peer that does not read its responses is not read either.
#[test]
fn who_does_not_read_answers_is_not_read() {
    let mut config = config();
    config.limits.control_octets = 4096;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let bob = world.reach(alice, &token, BOB);
    world.stall(alice);
    let chunk = Raw::chunk("c1", "m1", "1-2/2", "hi", '$').to(&format!("{token} {BOB}"));
    let octets = chunk.from(ALICE).octets();
    let mut requests = 0;
    while world.relay.wants_read(alice) {
        world.give(alice, &octets);
        requests += 1;
        assert!(requests < 100);
    }
    world.unstall(alice);
    assert_eq!(world.resumes(), [alice]);
    assert_eq!(world.told(alice).len(), requests);
    assert_eq!(world.sent(bob).len(), requests);
}

/// At the limit of transactions, the rest waits for responses.
#[test]
fn a_peer_that_answers_nothing_gets_no_more() {
    let mut config = config();
    config.limits.transactions = 4;
    scripted_with(config, |world| {
        let talk = world.talk();
        for n in 0..6 {
            let id = format!("c{n}");
            world.give(talk.alice, &talk.chunk(&id, &id, "1-2/2", "hi", '$').octets());
        }
        let sent = world.sent(talk.bob);
        assert_eq!(sent.len(), 4);
        world.answer(talk.bob, &sent[0], "200 OK");
        assert_eq!(world.sent(talk.bob).len(), 1);
        // Expired transactions make room as well.
        world.advance(30 * SECOND);
        assert_eq!(world.sent(talk.bob).len(), 1);
    });
}

/// The process was stopped meanwhile, or had no processor: what the receiver would have taken
/// leaves before the time above the bound is judged.
#[test]
fn what_comes_late_ends_no_flow_before_its_octets_could_leave() {
    let mut world = World::new(config());
    let (bob, token) = world.client(BOB);
    let other = world.accept(tls().relay_names(vec!["b.example".to_owned()]));
    let from = format!("msrps://b.example:2855/t;tcp {ALICE}");
    let chunk = |number: u32| {
        let id = format!("c{number:03}");
        let chunk = Raw::chunk(&id, &id, "1-10000/10000", &letters(10_000), '$');
        chunk.to(&format!("{token} {BOB}")).from(&from).reports("partial", "no").octets()
    };
    world.stall(bob);
    for number in 0..40 {
        world.give(other, &chunk(number));
    }
    world.now += 10 * SECOND;
    world.feed(other, &chunk(40));
    world.unstall(bob);
    assert_eq!(world.sends(bob).len(), 41);
    assert!(world.octets(other).is_empty());
}

/// The other waits behind the slow flow, so the connection is read on.
#[test]
fn a_connection_for_one_client_is_read_once_another_sends_there() {
    let mut world = World::new(config());
    let (bob, token) = world.client(BOB);
    let other = world.accept(tls().relay_names(vec!["b.example".to_owned()]));
    let uri = |client: &str| format!("msrps://b.example:2855/{client};tcp");
    let report = Raw::new("REPORT", "r123").to(RELAY).from(&uri("t")).message("none");
    let report = report.range("1-0/*").header("Status", "000 200 For one client");
    world.give(other, &report.octets());
    let chunk = |client: &str, number: u32| {
        let id = format!("c{number:03}");
        let chunk = Raw::chunk(&id, &id, "1-10000/10000", &letters(10_000), '$');
        chunk.to(&format!("{token} {BOB}")).from(&format!("{} {ALICE}", uri(client))).octets()
    };
    world.stall(bob);
    for number in 0..30 {
        world.give(other, &chunk("t", number));
    }
    assert!(!world.relay.wants_read(other));
    world.give(other, &chunk("u", 30));
    assert!(world.relay.wants_read(other));
}
