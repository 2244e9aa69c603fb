//! A relay of another kind has several connections, and sends the flows of many on each.

use std::time::Duration;

use crate::foreign::{Scene, names};
use crate::wire::End;
use crate::world::*;

/// A message that waits for nobody.
const PROMPT: Duration = millis(20);

/// Others wait so long behind a slow receiver, and no longer: two seconds, and what was
/// before them on the wire.
const ONCE: Duration = millis(2_500);

impl Scene {
    /// A connection of the relay beside another one.
    fn another(&mut self) -> usize {
        self.world.raw(0, names())
    }

    /// So many messages of one client to the slow receiver.
    fn flood(&mut self, by: usize, count: usize) {
        for _ in 0..count {
            self.send_of("t", by, self.slow, 10_000, "yes");
        }
    }

    /// Another client chats on the same connection. Returns how long the slowest message
    /// took.
    fn others(&mut self, by: usize) -> Duration {
        self.chat_of("u", by, 30).into_iter().max().unwrap()
    }
}

/// Whoever sends behind a flow to a slow receiver is seen, and no longer held up by it.
#[test]
fn a_slow_receiver_stops_nobody_on_a_second_connection() {
    for rate in [0, 100, 1_000, 10_000] {
        let mut scene = Scene::new(rate);
        assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
        let second = scene.another();
        scene.flood(second, 60);
        let slowest = scene.others(second);
        assert!(slowest <= ONCE, "{rate}: {slowest:?}");
        assert!(scene.others(second) <= PROMPT);
    }
}

/// It had one client there for a while.
#[test]
fn a_connection_that_others_use_later_is_read_then() {
    for rate in [0, 1_000] {
        let mut scene = Scene::new(rate);
        assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
        let second = scene.another();
        scene.flood(second, 60);
        scene.world.run(seconds(20));
        let slowest = scene.others(second);
        assert!(slowest <= PROMPT, "{rate}: {slowest:?}");
    }
}

/// What has come in with the octets of a slow flow is not left behind.
#[test]
fn what_arrives_together_is_no_longer_held_up_either() {
    let mut scene = Scene::new(0);
    assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
    let second = scene.another();
    for _ in 0..40 {
        scene.flood(second, 1);
        scene.world.run(millis(10));
    }
    // Others come with the octets that fill the queue.
    assert!(scene.others(second) <= ONCE);
    assert!(scene.others(second) <= PROMPT);
}

/// A flow that has its connection for itself is not ended, however slow its receiver is.
#[test]
fn what_comes_for_one_client_takes_its_time() {
    let mut scene = Scene::new(20_000);
    assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
    let second = scene.another();
    scene.flood(second, 200);
    scene.world.run(seconds(110));
    assert_eq!(scene.world.clients[scene.slow].arrived.len(), 200);
    assert!(scene.reported_on(second).is_empty());
}

/// Nothing has come on the connection that others share when the one of the flow is made.
#[test]
fn what_comes_for_one_client_takes_its_time_wherever_it_has_begun() {
    let mut scene = Scene::new(20_000);
    let second = scene.another();
    // Its session begins where others are, and goes on where it is alone.
    scene.flood(scene.foreign, 1);
    scene.world.run(seconds(3));
    scene.flood(second, 200);
    scene.world.run(seconds(110));
    assert_eq!(scene.world.clients[scene.slow].arrived.len(), 201);
    assert!(scene.reported_on(second).is_empty());
}

/// The connection is made again while the one before it has not ended yet.
#[test]
fn connections_that_are_made_again_are_read() {
    let mut scene = Scene::new(0);
    assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
    for _ in 0..3 {
        let again = scene.another();
        scene.flood(again, 60);
        assert!(scene.others(again) <= ONCE);
        scene.world.run(seconds(5));
    }
}

/// Once it was seen, nobody waits on its other connections, where more of a slow flow is before
/// them than is read to see it.
#[test]
fn a_relay_that_sends_for_several_is_known_by_then() {
    for rate in [0, 100] {
        let mut scene = Scene::new(rate);
        assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
        let second = scene.another();
        scene.flood(second, 60);
        assert!(scene.others(second) <= ONCE);
        let third = scene.another();
        for _ in 0..200 {
            scene.send_of("v", third, scene.slow, 10_000, "yes");
        }
        let slowest = scene.others(third);
        assert!(slowest <= ONCE, "{rate}: {slowest:?}");
    }
}

/// A relay that opens a connection for a flow has opened the common one before, on which nothing
/// may have come yet.
#[test]
fn the_connection_that_was_made_first_is_for_all() {
    the_first_is_for_all(Scene::new(50_000));
}

/// It has a lower number or a higher one, and both may come at one time.
#[test]
fn the_connection_that_was_made_first_is_known_where_others_have_gone() {
    the_first_is_for_all(Scene::after(50_000, names(), |world| {
        let gone = world.raw(0, Vec::new());
        world.leave(End::Raw(gone));
    }));
}

fn the_first_is_for_all(mut scene: Scene) {
    let own = scene.another();
    assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
    scene.flood(own, 60);
    scene.world.run(seconds(15));
    assert!(scene.reported_on(own).is_empty());
    assert_eq!(scene.world.clients[scene.slow].arrived.len(), 60);
}
