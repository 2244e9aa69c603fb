//! However much is lost with a connection, nobody waits for all of its REPORTs: a step of
//! the relay makes a few of them (RFC 4976 section 6.4.1).

use msrp::relay::{ConnectionId, RelayConfig};

use crate::common::wire::{Raw, filler};
use crate::world::*;

const SENDERS: usize = 20;
const CHUNKS: usize = 50;
const LOST: u64 = (SENDERS * CHUNKS) as u64;

/// An end of the connection of a receiver that has responded to nothing.
type End = fn(&mut World, ConnectionId);

const ENDS: [(&str, End); 8] = [
    ("closed by the peer", |world, link| world.relay.closed(link)),
    ("unreadable", |world, link| world.feed(link, b"GET / HTTP/1.1\r\n\r\n")),
    ("revoked", |world, link| world.relay.revoke(link)),
    ("struck out", |world, _| world.relay.retain_users(|_| false)),
    ("silent", |world, _| world.now += 30 * SECOND),
    ("stalled", |world, link| {
        world.relay.transport_holds(world.now, link, 1);
        world.now += 60 * SECOND;
    }),
    ("drained", |world, _| {
        world.relay.drain(world.now, world.now + 20 * SECOND);
        world.now += 20 * SECOND;
    }),
    ("evicted", |world, _| _ = world.client(ALICE)),
];

fn uri(number: usize) -> String {
    format!("msrps://peer{number}.example:7000/s{number};tcp")
}

/// So many chunks of a sender for Alice, each of which is acknowledged.
fn send(
    world: &mut World,
    link: ConnectionId,
    token: &str,
    from: &str,
    asked: &str,
    chunks: usize,
) {
    for _ in 0..chunks {
        let id = world.id();
        let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&format!("{token} {ALICE}"));
        world.give(link, &chunk.from(from).reports(asked, "").octets());
    }
    assert_eq!(world.told(link).len(), if asked == "yes" { chunks } else { 0 });
}

/// Alice, and those who have sent to her.
fn scene(config: RelayConfig) -> (World, ConnectionId, Vec<ConnectionId>) {
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let senders: Vec<_> = (0..SENDERS).map(|_| world.accept(tls())).collect();
    for (number, link) in senders.iter().enumerate() {
        send(&mut world, *link, &token, &uri(number), "yes", CHUNKS);
    }
    world.octets(alice);
    (world, alice, senders)
}

// req: 4976-6.4.1-5
#[test]
fn what_is_lost_with_a_connection_is_reported_in_steps() {
    for (name, end) in ENDS {
        let mut config = config();
        config.limits.principal_connections = if name == "evicted" { 1 } else { 1000 };
        let (mut world, alice, senders) = scene(config);
        end(&mut world, alice);
        world.settle();
        let told: Vec<_> = senders.iter().map(|link| world.told(*link)).collect();
        assert!(told.iter().all(|told| *told == vec!["REPORT"; CHUNKS]), "{name}");
        assert_eq!(world.relay.statistics().reports, LOST, "{name}");
        assert_eq!(world.made_in_steps, LOST, "{name}");
    }
}

/// It gets its REPORTs before its connection closes.
// req: 4976-6.4.1-5
#[test]
fn who_is_shut_out_hears_of_all_that_waits() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let sender = world.accept(tls());
    send(&mut world, sender, &token, &uri(0), "yes", 1000);
    world.octets(alice);
    world.give(sender, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(world.told(sender), vec!["REPORT"; 1000]);
    assert_eq!(world.closes().len(), 1);
    assert_eq!(world.made_in_steps, 1000);
}

/// Nothing of the sender waits on another connection any more, but its REPORTs do.
// req: 4976-6.4.1-5
#[test]
fn a_draining_relay_reports_what_is_lost_before_it_closes_a_quiet_sender() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let senders = [(); 2].map(|()| world.accept(tls()));
    for (number, sender) in senders.iter().enumerate() {
        send(&mut world, *sender, &token, &uri(number), "partial", 500);
    }
    world.octets(alice);
    world.drain(60 * SECOND);
    world.relay.closed(alice);
    world.now += 10 * SECOND;
    world.settle();
    assert!(senders.iter().all(|sender| world.told(*sender) == vec!["REPORT"; 500]));
    world.advance(2 * SECOND);
    assert_eq!(world.closes().len(), 2);
}

/// The rest of a chunk may arrive before it is known to be lost: it is refused, as a whole,
/// and not reported besides.
// req: 4976-6.4.1-5
#[test]
fn a_chunk_that_goes_on_after_the_end_of_its_destination_is_refused() {
    let octets = String::from_utf8(filler(9000)).unwrap();
    for after in [vec![7000], vec![]] {
        let mut world = World::new(config());
        let talk = world.talk();
        let chunk = talk.chunk("c1", "m1", "1-*/*", &octets, '$').octets();
        world.give(talk.alice, &chunk[..6000]);
        world.octets(talk.bob);
        world.relay.closed(talk.bob);
        let mut from = 6000;
        for to in after.into_iter().chain([chunk.len()]) {
            world.feed(talk.alice, &chunk[from..to]);
            from = to;
        }
        world.settle();
        assert_eq!(world.told(talk.alice), ["408"]);
        assert_eq!(world.relay.statistics().reports, 0);
    }
}

/// A relay of another kind sends for many on one connection, and one of them too much.
// req: 4976-6.4.1-5
#[test]
fn a_flow_that_is_ended_is_reported_in_steps() {
    let mut world = World::new(config());
    let foreign = world.accept(tls().relay_names(vec!["b.example".into()]));
    let [slow, other] = [ALICE, CAROL].map(|own| (own, world.client(own)));
    world.stall(slow.1.0);
    for (from, (own, (_, token)), chunks) in [("x", other, 1), ("y", slow, 1000)] {
        for _ in 0..chunks {
            let (id, to) = (world.id(), format!("{token} {own}"));
            let from = format!("msrps://b.example:2855/{from};tcp {BOB}");
            let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&to).from(&from);
            world.give(foreign, &chunk.octets());
        }
    }
    assert_eq!(world.told(foreign).len(), 1001);
    world.advance(5 * SECOND);
    let dropped = world.relay.statistics().dropped;
    assert!(dropped > 500, "{dropped}");
    assert_eq!(world.told(foreign), vec!["REPORT"; dropped as usize]);
    assert_eq!(world.made_in_steps, dropped);
}

/// Whoever causes losses again and again holds up nobody.
#[test]
fn who_is_shut_out_waits_for_nothing_that_is_lost_later() {
    let mut world = World::new(config());
    let sender = world.accept(tls());
    let receivers = [(); 4].map(|()| {
        let (link, token) = world.client(ALICE);
        send(&mut world, sender, &token, &uri(0), "yes", 400);
        link
    });
    let other = world.accept(tls());
    world.relay.closed(receivers[0]);
    world.feed(other, b"GET / HTTP/1.1\r\n\r\n");
    for lost_later in &receivers[1..] {
        world.relay.closed(*lost_later);
        world.step();
    }
    assert!(world.made_in_steps < 4 * 400);
    let closes: Vec<_> = world.closes().into_iter().map(|(link, _)| link).collect();
    assert_eq!(closes, [other]);
}
