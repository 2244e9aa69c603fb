//! Who gives way at the limit of connections, one after the other.

use msrp::relay::{ConnectionId, RelayClose};

use crate::common::wire::Raw;
use crate::world::*;

/// Enough for a look to find several that give way.
const PLACES: usize = 320;

/// Clients of a user each, who have all places. The first one is idle for the longest time.
fn full() -> (World, Vec<ConnectionId>) {
    let mut config = config();
    config.limits.connections = PLACES;
    let mut world = World::new(config);
    let clients = (0..PLACES).map(|n| {
        let link = world.accept(tls());
        world.auth_as(link, ALICE, &format!("user{n}"), "secret", &[]);
        world.advance(SECOND / 100);
        link
    });
    let clients = clients.collect();
    world.advance(60 * SECOND);
    (world, clients)
}

/// Somebody connects. Returns who gives way.
fn newcomer(world: &mut World, address: &str) -> ConnectionId {
    newcomer_and_gone(world, address).1
}

/// The same, with the new connection.
fn newcomer_and_gone(world: &mut World, address: &str) -> (ConnectionId, ConnectionId) {
    let new = world.accept(tls().address(address.parse().unwrap()));
    let closes = world.closes();
    let [(link, RelayClose::Evicted)] = closes[..] else { panic!("{closes:?}") };
    world.close(link);
    (new, link)
}

#[test]
fn the_longest_idle_give_way_one_after_the_other() {
    let (mut world, clients) = full();
    for (n, client) in clients.iter().take(20).enumerate() {
        assert_eq!(newcomer(&mut world, &format!("192.0.2.{n}")), *client);
    }
}

#[test]
fn who_is_used_in_the_meantime_does_not_give_way() {
    let (mut world, clients) = full();
    for n in (0..20).step_by(2) {
        assert_eq!(newcomer(&mut world, &format!("192.0.2.{n}")), clients[n]);
        world.auth_as(clients[n + 1], ALICE, &format!("user{}", n + 1), "secret", &[]);
    }
    world.auth_as(clients[21], ALICE, "user21", "secret", &[]);
    assert_eq!(newcomer(&mut world, "192.0.2.100"), clients[20]);
    assert_eq!(newcomer(&mut world, "192.0.2.101"), clients[22]);
}

/// Whoever connects again and again takes a quarter at most, and later its own.
#[test]
fn one_source_takes_its_own_places_from_then_on() {
    let (mut world, clients) = full();
    let gone = (0..PLACES).map(|_| newcomer(&mut world, "192.0.2.1"));
    let lost = gone.filter(|link| clients.contains(link)).count();
    assert!(lost <= PLACES / 4 + PLACES / 32, "{lost}");
}

/// A source with few connections takes the place of one with many, not its own.
#[test]
fn who_has_most_connections_gives_way() {
    let mut config = config();
    config.limits.connections = PLACES;
    let mut world = World::new(config);
    let mut connect = |address: &str, count| {
        let peer = || tls().address(address.parse().unwrap());
        (0..count).map(|_| world.accept(peer())).collect::<Vec<_>>()
    };
    let own = connect("198.51.100.1", 5);
    let many = connect("192.0.2.1", PLACES / 4);
    for user in 5..PLACES * 3 / 4 {
        let link = world.accept(tls());
        world.auth_as(link, ALICE, &format!("user{user}"), "secret", &[]);
    }
    world.advance(2 * SECOND);
    let gone: Vec<_> = (0..20).map(|_| newcomer(&mut world, "198.51.100.1")).collect();
    assert!(gone.iter().all(|link| many.contains(link)), "{own:?} {many:?} {gone:?}");
}

/// Peers of clients have as many places as half of all before theirs are the first to give way.
#[test]
fn peers_are_no_more_than_clients_to_a_newcomer() {
    for (peers, is_peer) in [(4, false), (5, true)] {
        let mut config = config();
        config.limits.connections = 8;
        let mut world = World::new(config);
        let (_, token) = world.client(ALICE);
        for user in 0..8 - 1 - peers {
            let link = world.accept(tls());
            world.auth_as(link, ALICE, &format!("user{user}"), "secret", &[]);
        }
        world.advance(SECOND);
        let peers: Vec<_> = (0..peers)
            .map(|number| {
                let link = world.accept(tls().address([192, 0, 2, number].into()));
                let id = world.id();
                let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').from(BOB);
                world.give(link, &chunk.to(&format!("{token} {ALICE}")).octets());
                link
            })
            .collect();
        world.advance(60 * SECOND);
        let gone = newcomer(&mut world, "198.51.100.1");
        assert_eq!(peers.contains(&gone), is_peer);
    }
}

/// Those that were found a while ago are not all that may give way.
#[test]
fn who_has_come_meanwhile_gives_way_as_well() {
    let (mut world, clients) = full();
    assert_eq!(newcomer(&mut world, "192.0.2.1"), clients[0]);
    for client in &clients[1..=100] {
        world.close(*client);
    }
    let crowd: Vec<_> =
        (0..100).map(|_| world.accept(tls().address([198, 51, 100, 1].into()))).collect();
    world.advance(10 * SECOND);
    let gone = newcomer(&mut world, "192.0.2.2");
    assert!(crowd.contains(&gone), "{gone:?}");
}

/// Nor does it take those of other strangers.
#[test]
fn one_source_takes_no_places_of_other_strangers() {
    let (mut world, _) = full();
    let strangers: Vec<_> = (0..=PLACES / 4)
        .map(|n| newcomer_and_gone(&mut world, &format!("192.0.{}.{}", n / 250, n % 250)).0)
        .collect();
    world.advance(2 * SECOND);
    let gone = (0..50).map(|_| newcomer(&mut world, "198.51.100.1"));
    let lost = gone.filter(|link| strangers.contains(link)).count();
    assert!(lost <= 2, "{lost}");
}
