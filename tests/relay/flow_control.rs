//! Slow peers: they cost little memory and do not delay other connections.

use msrp::relay::{ConnectionId, RelayConfig};

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

/// A sender sends to a receiver that another has stopped, for as long as it is read. Returns
/// how many octets that are.
fn given_beside_another(world: &mut World, receiver: (ConnectionId, &str)) -> usize {
    world.stall(receiver.0);
    let mut given = [0, 0];
    for (sender, given) in ["mallet", "carol"].into_iter().zip(&mut given) {
        let link = world.accept(tls().user(sender.to_owned()));
        let from = format!("msrps://{sender}.example:8145/x;tcp");
        let chunk = Raw::chunk(sender, sender, "1-*/*", "", '$').to(receiver.1).from(&from);
        world.give(link, &chunk.open());
        while world.relay.wants_read(link) {
            world.give(link, &[b'x'; 500]);
            *given += 500;
            assert!(*given < 1_000_000, "nobody stops it");
        }
    }
    given[1]
}

/// Somebody has filled the queue of a receiver. Another sender still has a part of it.
#[test]
fn who_comes_to_a_full_queue_has_a_part_of_it() {
    let parts = [(320 * 1024, 20 * 1024), (32 * 1024, 4096)];
    for (queue_octets, part) in parts {
        let mut config = config();
        config.limits.queue_octets = queue_octets;
        let mut world = World::new(config);
        let (alice, token) = world.client(ALICE);
        let given = given_beside_another(&mut world, (alice, &format!("{token} {ALICE}")));
        assert!((part - 1_000..part + 1_000).contains(&given), "{given}");
    }
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

/// What its transport has been given and holds counts.
#[test]
fn no_more_waits_for_a_receiver_than_may() {
    let mut config = config();
    config.limits.queue_octets = 40_000;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let bob = world.accept(tls());
    let chunk = Raw::chunk("c1", "m1", "1-*/*", "", '$').to(&format!("{token} {ALICE}"));
    world.give(bob, &chunk.from(BOB).open());
    world.give(bob, &[b'x'; 30_000]);
    world.relay.transport_holds(world.now, alice, 0);
    world.stall(alice);
    let mut given = 0;
    while world.relay.wants_read(bob) {
        world.give(bob, &[b'x'; 500]);
        given += 500;
    }
    assert!((40_000..42_000).contains(&given), "{given}");
}

/// Bob, who reads nothing, and another relay whose clients send to him.
struct Many {
    world: World,
    bob: ConnectionId,
    to_bob: String,
    other: ConnectionId,
    sent: usize,
}

impl Many {
    fn new(config: RelayConfig) -> Self {
        let mut world = World::new(config);
        let (bob, token) = world.client(BOB);
        let other = world.accept(tls().relay_names(vec!["b.example".to_owned()]));
        world.stall(bob);
        Self { world, bob, to_bob: format!("{token} {BOB}"), other, sent: 0 }
    }

    /// A chunk of a client of the other relay, which is told failures only.
    fn chunk(&mut self, client: &str, octets: usize) -> Vec<u8> {
        self.sent += 1;
        let (id, range) = (format!("c{:03}", self.sent), format!("1-{octets}/{octets}"));
        let from = format!("msrps://b.example:2855/{client};tcp {ALICE}");
        let chunk = Raw::chunk(&id, &id, &range, &letters(octets), '$');
        chunk.to(&self.to_bob).from(&from).reports("partial", "no").octets()
    }

    fn send(&mut self, client: &str, octets: usize) {
        let chunk = self.chunk(client, octets);
        self.world.give(self.other, &chunk);
    }

    /// Each client sends less than may wait for one.
    fn fill(&mut self) {
        for client in ["t", "u", "v", "w", "x", "y", "z"] {
            self.send(client, 43_000);
        }
    }
}

/// The process was stopped meanwhile, or had no processor: what the receiver would have taken
/// leaves before the time above the bound is judged.
#[test]
fn what_comes_late_ends_no_flow_before_its_octets_could_leave() {
    let mut many = Many::new(config());
    (0..40).for_each(|_| many.send("t", 10_000));
    many.world.now += 10 * SECOND;
    let last = many.chunk("t", 10_000);
    many.world.feed(many.other, &last);
    many.world.unstall(many.bob);
    assert_eq!(many.world.sends(many.bob).len(), 41);
    assert!(many.world.octets(many.other).is_empty());
}

/// A relay of this kind leaves so much on the connection that others share.
#[test]
fn a_flow_has_a_bound_that_another_relay_knows_whatever_a_queue_may_hold() {
    let mut config = config();
    config.limits.queue_octets = 10_000;
    let mut many = Many::new(config);
    (0..6).for_each(|_| many.send("t", 10_000));
    many.world.advance(5 * SECOND);
    assert!(many.world.relay.wants_read(many.other));
    assert_eq!(many.world.told(many.other), [""; 0]);
    many.send("t", 10_000);
    many.world.advance(5 * SECOND);
    let told = many.world.sent(many.other);
    assert_eq!(told.len(), 7);
    assert!(told.iter().all(|it| it.header("Status").is_some_and(|it| it.starts_with("000 408"))));
}

/// All of them together are more than waits for one, each alone is not.
#[test]
fn many_flows_hold_a_connection_for_two_seconds() {
    let mut config = config();
    config.limits.queue_octets = 64 * 1024;
    let mut many = Many::new(config);
    many.fill();
    many.world.advance(SECOND);
    assert!(!many.world.relay.wants_read(many.other));
    assert_eq!(many.world.told(many.other), [""; 0]);
    many.world.advance(SECOND);
    assert!(many.world.relay.wants_read(many.other));
    // The last one has been given up for the others.
    assert_eq!(many.world.told(many.other).len(), 1);

    // Then nobody is waited for, for a while.
    many.send("last", 40_000);
    assert!(many.world.relay.wants_read(many.other));
    assert_eq!(many.world.told(many.other).len(), 1);
    many.world.unstall(many.bob);
    many.world.advance(40 * SECOND);
    many.world.told(many.other);
    many.world.stall(many.bob);
    many.fill();
    assert!(!many.world.relay.wants_read(many.other));
    assert_eq!(many.world.told(many.other), [""; 0]);
}

/// The other waits behind the slow flow, so the connection is read on.
#[test]
fn a_connection_for_one_client_is_read_once_another_sends_there() {
    let mut many = Many::new(config());
    let report = Raw::new("REPORT", "r123").to(RELAY).from("msrps://b.example:2855/t;tcp");
    let report = report.message("none").range("1-0/*");
    let report = report.header("Status", "000 200 For one client");
    many.world.give(many.other, &report.octets());
    (0..30).for_each(|_| many.send("t", 10_000));
    assert!(!many.world.relay.wants_read(many.other));
    many.send("u", 10_000);
    assert!(many.world.relay.wants_read(many.other));
}
