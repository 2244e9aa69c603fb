//! Connections in use: those on which octets of accepted requests flow, fast enough
//! (RFC 4976 sections 6.1 and 6.5).

use std::time::Duration;

use msrp::relay::{ConnectionId, RelayClose};
use proptest::prelude::*;

use crate::common::wire::Raw;
use crate::world::*;

const HOUR: Duration = Duration::from_secs(3600);

/// Sends pieces of a chunk in an even rhythm, until the time has passed or a connection is
/// closed.
fn flow(
    world: &mut World,
    from: ConnectionId,
    piece: usize,
    pause: Duration,
    time: Duration,
) -> Vec<(ConnectionId, RelayClose)> {
    let octets = vec![b'x'; piece];
    let end = world.now + time;
    while world.now < end {
        world.give(from, &octets);
        world.advance(pause);
        let closes = world.closes();
        if !closes.is_empty() {
            return closes;
        }
    }
    Vec::new()
}

/// An endpoint that has said nothing before.
fn endpoint_sends(world: &mut World, token: &str) -> (ConnectionId, Vec<u8>) {
    let bob = world.accept(tls());
    let chunk = Raw::chunk("c1", "m1", "1-*/*", "begun", '$');
    let chunk = chunk.to(&format!("{token} {ALICE}")).from(BOB).reports("no", "");
    world.give(bob, &chunk.open());
    (bob, chunk.octets()[chunk.open().len()..].to_vec())
}

/// It is enough that it has a way.
// req: 4976-6.1-2
#[test]
fn a_first_chunk_may_take_longer_than_the_probation() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let (bob, end) = endpoint_sends(&mut world, &token);
    assert_eq!(flow(&mut world, bob, 200, SECOND, 90 * SECOND), []);
    world.give(bob, &end);
    let octets: usize = world.sent(alice).iter().map(|sent| sent.len()).sum();
    assert_eq!(octets, 90 * 200 + "begun".len());
}

// req: 4976-6.1-2
#[test]
fn a_first_chunk_without_a_way_does_not_end_the_probation() {
    let mut world = World::new(config());
    let (bob, _) = endpoint_sends(&mut world, "msrps://a.example:9000/unknown;tcp");
    let closes = flow(&mut world, bob, 200, SECOND, 90 * SECOND);
    assert_eq!(closes, [(bob, RelayClose::Probation)]);
}

// req: 4976-6.5-1
#[test]
fn a_chunk_may_take_longer_than_a_connection_may_be_idle() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let (bob, end) = endpoint_sends(&mut world, &token);
    assert_eq!(flow(&mut world, bob, 1000, 10 * SECOND, 3 * HOUR), []);
    world.give(bob, &end);
    assert_eq!(world.sent(alice).last().map(|sent| sent.flag), Some('$'));
}

/// One octet now and then keeps no connection, neither that on which it comes nor that on
/// which it leaves.
// req: 4976-6.5-1
#[test]
fn a_trickle_is_no_use() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let (bob, _) = endpoint_sends(&mut world, &token);
    world.give(bob, &[b'x'; 5000]);
    let closes = flow(&mut world, bob, 1, SECOND, 2 * HOUR);
    for link in [alice, bob] {
        assert!(closes.contains(&(link, RelayClose::Idle)), "{closes:?}");
    }
}

/// The connection that makes room is not the one whose long chunk is on its way.
// req: 4976-6.5-2
#[test]
fn who_uploads_is_not_the_quietest() {
    let mut config = config();
    config.limits.connections = 3;
    let mut world = World::new(config);
    let (_, token) = world.client(ALICE);
    let (bob, _) = endpoint_sends(&mut world, &token);
    world.advance(60 * SECOND);
    // She has sent her last request after he has begun.
    let (carol, _) = world.client(CAROL);
    assert_eq!(flow(&mut world, bob, 1000, SECOND, 60 * SECOND), []);
    world.accept(tls());
    assert_eq!(world.closes(), [(carol, RelayClose::Evicted)]);
}

/// Everybody's connections are in use, and somebody has more than a share.
// req: 4976-6.5-2
#[test]
fn who_has_more_than_a_share_makes_room_though_all_is_in_use() {
    let mut config = config();
    config.limits.connections = 7;
    let mut world = World::new(config);
    let mut uploads = |user: &str, count: usize| {
        let links = (0..count).map(|_| {
            let (link, token) = world.client_of(user);
            let chunk = Raw::chunk("c1", "m1", "1-*/*", "begun", '$');
            let chunk = chunk.to(&format!("{token} {ALICE}")).from(ALICE).reports("no", "");
            world.give(link, &chunk.open());
            world.give(link, &[b'x'; 10_000]);
            link
        });
        links.collect::<Vec<_>>()
    };
    let [most, ..] = [("alice", 3), ("bob", 2), ("carol", 2)].map(|(user, n)| uploads(user, n));
    world.accept(tls());
    let closes = world.closes();
    let [(link, RelayClose::Evicted)] = closes[..] else { panic!("{closes:?}") };
    assert!(most.contains(&link));
}

/// Its octets flow where they go, and the relay itself does not read it.
// req: 4976-6.5-1
#[test]
fn who_waits_for_a_slow_receiver_is_in_use() {
    let mut config = config();
    config.idle = 60 * SECOND;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let (bob, _) = endpoint_sends(&mut world, &token);
    // Her transport has taken so much that it is given many octets at once.
    world.give(bob, &[b'x'; 100_000]);
    world.stall(alice);
    while world.relay.wants_read(bob) {
        world.give(bob, &[b'x'; 10_000]);
    }
    // Too much for him to be read now and then.
    world.give(bob, &[b'x'; 200_000]);
    for step in 0..8 {
        world.relay.transport_holds(world.now, alice, 9_000 - 1_100 * step);
        world.advance(10 * SECOND);
        assert_eq!(world.closes(), []);
    }
    assert!(!world.relay.wants_read(bob));
}

/// Bob uploads to a slow receiver, so that he is not read for some time, and Carol sends him a
/// message. Returns him, her, and his response to it, behind the end of his chunk.
fn asked_while_he_uploads(
    world: &mut World,
    time: Duration,
) -> (ConnectionId, ConnectionId, Vec<u8>) {
    let (alice, token) = world.client(ALICE);
    let (bob, his) = world.client(BOB);
    let upload = Raw::chunk("c1", "m1", "1-*/*", "begun", '$');
    let upload = upload.to(&format!("{his} {token} {ALICE}")).from(BOB).reports("no", "");
    world.give(bob, &upload.open());
    world.give(bob, &[b'x'; 100_000]);
    world.stall(alice);
    while world.relay.wants_read(bob) {
        world.give(bob, &[b'x'; 10_000]);
    }
    // Too much for him to be read now and then.
    world.give(bob, &[b'x'; 200_000]);
    let carol = world.accept(tls());
    let message =
        Raw::chunk("q1", "m2", "1-2/2", "hi", '$').to(&format!("{his} {BOB}")).from(CAROL);
    world.give(carol, &message.octets());
    assert_eq!(world.told(carol), ["200"]);
    let mut late = upload.octets()[upload.open().len()..].to_vec();
    late.extend(response(&world.one(bob), "200 OK", &[]));
    for step in 0..9 {
        world.relay.transport_holds(world.now, alice, 9_000 - 1_000 * step);
        world.advance(time / 9);
    }
    assert!(!world.relay.wants_read(bob));
    world.unstall(alice);
    (bob, carol, late)
}

/// It lies behind what he uploads.
// req: 4976-6.4.1-1
#[test]
fn the_response_of_one_who_waits_for_a_slow_receiver_may_be_late() {
    let mut world = World::new(config());
    let (bob, carol, late) = asked_while_he_uploads(&mut world, 90 * SECOND);
    assert!(world.sent(carol).is_empty(), "the message has arrived");
    world.give(bob, &late);
    world.advance(60 * SECOND);
    assert!(world.sent(carol).is_empty());
}

/// It is still on its way when he is read again.
// req: 4976-6.4.1-1
#[test]
fn the_response_of_one_who_has_just_been_read_again_may_be_late() {
    let mut world = World::new(config());
    let (bob, carol, late) = asked_while_he_uploads(&mut world, 29 * SECOND);
    world.advance(2 * SECOND);
    world.give(bob, &late);
    world.advance(60 * SECOND);
    assert!(world.sent(carol).is_empty());
}

/// For four times as long as others, and not for ever.
#[test]
fn one_who_waits_for_a_slow_receiver_has_to_answer() {
    let mut world = World::new(config());
    let (_, carol, _) = asked_while_he_uploads(&mut world, 90 * SECOND);
    world.advance(60 * SECOND);
    assert_eq!(world.one(carol).header("Status"), Some("000 408 Request Timeout"));
}

/// A large read would keep a slow receiver busy for minutes, in which its sender seems to
/// get nowhere.
#[test]
fn what_a_receiver_has_no_room_for_is_read_little_by_little() {
    let mut config = config();
    config.limits.queue_octets = 200_000;
    let most = config.limits.queue_octets + config.transmit_octets + 4_096;
    let mut world = World::new(config);
    let (alice, token) = world.client(ALICE);
    let (bob, _) = endpoint_sends(&mut world, &token);
    world.stall(alice);
    let mut given = 0;
    while world.relay.wants_read(bob) {
        let octets = world.relay.read_octets(bob);
        world.give(bob, &vec![b'x'; octets]);
        given += octets;
    }
    assert!(given <= most, "{given}");
}

/// The transport holds what it was given when it was fast, and gets no more. As much is read
/// as leaves it, so that the sender is not taken for one that gets nowhere.
#[test]
fn who_waits_for_a_receiver_that_has_become_slow_is_read_now_and_then() {
    let mut world = World::new(config());
    let (alice, token) = world.client(ALICE);
    let (bob, _) = endpoint_sends(&mut world, &token);
    world.give(bob, &[b'x'; 100_000]);
    world.relay.transport_holds(world.now, alice, 100_000);
    while world.relay.wants_read(bob) {
        world.give(bob, &[b'x'; 4_096]);
    }
    for left in 1..=10 {
        world.advance(25 * SECOND);
        world.relay.transport_holds(world.now, alice, 100_000 - 6_000 * left);
        assert!(world.relay.wants_read(bob), "{left}");
        assert_eq!(world.relay.read_octets(bob), 4_096);
        world.give(bob, &[b'x'; 4_096]);
        assert!(!world.relay.wants_read(bob), "{left}");
        // Nothing leaves, and nothing is read.
        world.advance(29 * SECOND);
        world.relay.transport_holds(world.now, alice, 100_000 - 6_000 * left);
        assert!(!world.relay.wants_read(bob), "{left}");
    }
}

/// Large pieces, far apart, are use as well, on the way in and on the way out.
// req: 4976-6.5-2
#[test]
fn who_sends_in_large_pieces_is_not_the_quietest() {
    for pieces in 4..10 {
        let mut config = config();
        config.limits.connections = 3;
        let mut world = World::new(config);
        let (_, token) = world.client(ALICE);
        let (bob, _) = endpoint_sends(&mut world, &token);
        assert_eq!(flow(&mut world, bob, 2048, 20 * SECOND, 20 * pieces * SECOND), []);
        let carol = world.accept(tls());
        world.auth_as(carol, CAROL, "carol", "secret", &[]);
        world.accept(tls());
        assert_eq!(world.closes(), [(carol, RelayClose::Evicted)], "{pieces}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// In both directions, whatever the rhythm. The receiver gets them in larger pieces.
    // req: 4976-6.5-1
    #[test]
    fn enough_octets_keep_a_connection_and_fewer_do_not(
        piece in 1_usize..4000,
        pause in 100_u64..20_000,
        idle in 31_u32..300,
    ) {
        let mut config = config();
        config.idle = idle * SECOND;
        let mut world = World::new(config);
        let (alice, token) = world.client(ALICE);
        let (bob, _) = endpoint_sends(&mut world, &token);
        let pause = Duration::from_millis(pause);
        let closes = flow(&mut world, bob, piece, pause, 2 * idle * SECOND);
        // The octets of the fewest pieces that 30 seconds can hold.
        let pieces = 30_000 / pause.as_millis() as usize;
        let (least, most) = (pieces * piece, (pieces + 2) * piece);
        if least >= 3000 + 2048 {
            prop_assert_eq!(closes, []);
        } else if least >= 3000 {
            prop_assert!(closes.iter().all(|(link, _)| *link == alice), "{:?}", closes);
        } else if most < 3000 {
            prop_assert!(closes.contains(&(bob, RelayClose::Idle)), "{:?}", closes);
        }
    }
}
