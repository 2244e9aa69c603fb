//! A relay has several connections. One of another kind sends the flows of many on each; one
//! of this kind says which of them are for one client.

use std::time::Duration;

use crate::foreign::{Scene, client_uri, names};
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

    /// A connection for the client of this token alone, as a relay of this kind makes it.
    pub fn for_one(&mut self, token: &str) -> usize {
        let own = self.another();
        self.world.raws[own].says_for_one(&client_uri(token));
        own
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

#[test]
fn a_slow_receiver_stops_nobody_on_a_second_connection() {
    for rate in [0, 100, 1_000, 10_000] {
        let mut scene = Scene::new(rate);
        assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
        let second = scene.another();
        scene.flood(second, 60);
        // Once they have crossed the wire.
        scene.world.run(millis(100));
        for _ in 0..2 {
            let slowest = scene.others(second);
            assert!(slowest <= PROMPT, "{rate}: {slowest:?}");
        }
    }
}

/// More of it is before them than is read at once.
#[test]
fn much_for_a_slow_receiver_stops_nobody_on_a_second_connection() {
    for rate in [0, 100, 1_000, 10_000] {
        let mut scene = Scene::new(rate);
        assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
        let second = scene.another();
        scene.flood(second, 200);
        let slowest = scene.others(second);
        assert!(slowest <= ONCE, "{rate}: {slowest:?}");
        scene.flood(second, 200);
        // Until 2 MB have crossed the wire.
        let slowest = scene.others(second);
        assert!(slowest <= millis(250), "{rate}: {slowest:?}");
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

/// A relay of this kind says that its connection is for one client. What comes there is slowed
/// down and not ended, whichever of its connections was the first.
#[test]
fn what_comes_for_one_client_takes_its_time() {
    for is_first in [true, false] {
        let mut scene = Scene::new(20_000);
        if !is_first {
            assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
        }
        let own = scene.for_one("t");
        scene.flood(own, 200);
        scene.world.run(seconds(20));
        assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
        scene.world.run(seconds(90));
        assert_eq!(scene.world.clients[scene.slow].arrived.len(), 200);
        assert!(scene.reported_on(own).is_empty());
    }
}

/// Its session begins where others are, and goes on where it is alone.
#[test]
fn what_comes_for_one_client_takes_its_time_wherever_it_has_begun() {
    let mut scene = Scene::new(20_000);
    let own = scene.for_one("t");
    scene.flood(scene.foreign, 1);
    scene.world.run(seconds(3));
    scene.flood(own, 200);
    scene.world.run(seconds(110));
    assert_eq!(scene.world.clients[scene.slow].arrived.len(), 201);
    assert!(scene.reported_on(own).is_empty());
}

/// Once its connection has ended and all of it has arrived, it is a flow as any other.
#[test]
fn what_comes_where_others_are_again_is_ended() {
    let mut scene = Scene::new(50_000);
    let own = scene.for_one("t");
    scene.flood(own, 5);
    scene.world.run(seconds(3));
    scene.world.leave(End::Raw(own));
    scene.world.slow(End::Client(scene.slow), 0);
    scene.flood(scene.foreign, 60);
    assert!(scene.others(scene.foreign) <= PROMPT + millis(60), "60 messages are before them");
    assert!(!scene.reported_on(scene.foreign).is_empty());
}

/// Once another client is seen there, nobody waits.
#[test]
fn a_connection_for_one_client_on_which_another_sends_is_for_all() {
    let mut scene = Scene::new(0);
    let own = scene.for_one("t");
    scene.flood(own, 20);
    // Once they have crossed the wire.
    scene.world.run(millis(100));
    assert!(scene.others(own) <= PROMPT);
    scene.flood(own, 200);
    assert!(scene.others(own) <= ONCE);
}

/// Only its relay says so, and before anything else: a client whose relay passes on what it
/// writes does not.
#[test]
fn nobody_else_says_that_a_connection_is_for_one_client() {
    let said = |scene: &mut Scene, second: usize, from: &str| {
        scene.world.raws[second].says_for_one(from);
        scene.flood(second, 200);
        assert!(scene.others(second) <= ONCE);
    };
    let mut scene = Scene::new(0);
    let second = scene.another();
    let client = client_uri("t") + " msrps://t.example:7000/a;tcp";
    said(&mut scene, second, &client);
    let mut scene = Scene::new(0);
    let second = scene.another();
    scene.flood(second, 1);
    said(&mut scene, second, &client_uri("t"));
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

/// Nor does another session with it.
#[test]
fn a_slow_receiver_stops_nobody_on_a_third_connection() {
    for rate in [0, 100] {
        let mut scene = Scene::new(rate);
        assert!(scene.chat_of("u", scene.foreign, 1)[0] <= PROMPT);
        let second = scene.another();
        scene.flood(second, 60);
        assert!(scene.others(second) <= PROMPT + millis(60), "60 messages are before them");
        let third = scene.another();
        for _ in 0..200 {
            scene.send_of("v", third, scene.slow, 10_000, "yes");
        }
        let slowest = scene.others(third);
        assert!(slowest <= ONCE, "{rate}: {slowest:?}");
    }
}
