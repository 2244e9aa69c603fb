//! Messages that leave on another connection than those before them (RFC 4976 section 6.4).

use crate::common::wire::Raw;
use crate::flows::{LARGE, Scene, at};
use crate::world::*;

/// The most connections of their own that the flows of a token have.
const OWN: usize = 4;

/// A quarter of a short queue.
#[test]
fn what_a_short_queue_holds_back_goes_on_a_connection_of_its_own() {
    let mut config = config();
    config.limits.queue_octets = 40_000;
    let mut scene = Scene::with(config);
    for (session, len, links) in [("t1", 9_000, 1), ("t2", 11_000, 2)] {
        scene.send(session, "b.example", session, len, '$');
        assert_eq!(scene.links.len(), links);
    }
}

/// The connection on which it has begun is gone.
#[test]
fn the_rest_of_a_message_goes_on_another_connection() {
    let mut scene = Scene::new();
    scene.send("large", "b.example", "t1", LARGE, '+');
    scene.arrived();
    for (link, _) in std::mem::take(&mut scene.links) {
        scene.world.close(link);
    }
    let range = format!("{}-{}/{}", LARGE + 1, LARGE + 1, LARGE + 1);
    scene.send_range("large", "b.example", "t1", &range, 1, '$');
    assert_eq!(scene.arrived(), [at("b.example", "large")]);
}

/// A part of it has left, and a receiver has to see it in its order.
#[test]
fn a_message_stays_where_it_has_begun() {
    let mut scene = Scene::new();
    scene.send("begun", "b.example", "t1", 2, '+');
    scene.world.advance(5 * SECOND);
    scene.send("large", "b.example", "t1", LARGE, '$');
    scene.send_range("begun", "b.example", "t1", "3-3/3", 1, '$');
    let [common, own] = [0, 1].map(|link| {
        let sends = scene.world.sends(scene.links[link].0);
        sends.iter().map(|it| it.message_id().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!((common, own), (vec!["begun".into(), "begun".into()], vec!["large".into()]));
}

/// Its Message-ID means nothing any more.
#[test]
fn a_message_that_has_ended_keeps_no_other_where_it_was() {
    let mut scene = Scene::new();
    scene.send("same", "b.example", "t1", 2, '$');
    scene.world.advance(5 * SECOND);
    scene.send("same", "b.example", "t1", LARGE, '$');
    assert_eq!(scene.links.len(), 2);
}

/// It goes on as soon as the next relay has what was before it.
#[test]
fn what_changes_its_connection_waits_for_the_response_to_what_was_before() {
    let mut scene = Scene::new();
    let path = format!("{} msrps://b.example:2855/t1;tcp {BOB}", scene.token);
    let before = Raw::chunk("before", "before", "1-2/2", "hi", '$').to(&path).from(ALICE);
    scene.world.give(scene.alice, &before.octets());
    scene.connect();
    scene.send("large", "b.example", "t1", LARGE, '$');
    let [common, own] = [0, 1].map(|link| scene.links[link].0);
    let request = scene.world.one(common);
    scene.world.advance(SECOND);
    assert!(scene.world.sends(own).is_empty());
    scene.world.answer(common, &request, "200 OK");
    assert_eq!(scene.world.sends(own)[0].message_id(), "large");
}

/// However old it is.
#[test]
fn what_changes_its_connection_waits_until_what_was_before_has_left() {
    let mut scene = Scene::new();
    scene.send("first", "b.example", "t1", 2, '$');
    scene.arrived();
    let common = scene.links[0].0;
    scene.world.stall(common);
    for number in 0..3 {
        scene.send(&format!("before{number}"), "b.example", "t1", 8_000, '$');
    }
    scene.send("large", "b.example", "t1", LARGE, '$');
    let own = scene.links[1].0;
    scene.world.advance(10 * SECOND);
    assert!(scene.world.sends(own).is_empty());
    scene.world.unstall(common);
    scene.world.advance(3 * SECOND);
    assert_eq!(scene.world.sends(own)[0].message_id(), "large");
}

/// Those beyond the limit leave on the last one, and one that ends makes room.
#[test]
fn the_flows_of_a_token_have_few_connections_of_their_own() {
    let mut scene = Scene::new();
    let send = |scene: &mut Scene, count: usize| {
        for _ in 0..count {
            let session = scene.world.id();
            scene.send(&session, "b.example", &session, LARGE, '$');
        }
        scene.links.len() - 1
    };
    assert_eq!(send(&mut scene, 2 * OWN), OWN);
    let common = scene.links[0].0;
    assert!(scene.world.sends(common).is_empty());
    let (own, _) = scene.links.pop().unwrap();
    scene.world.close(own);
    assert_eq!(send(&mut scene, 2), OWN);
    assert!(scene.world.sends(common).is_empty());
}

#[test]
fn a_draining_relay_makes_no_connection_for_a_flow() {
    let mut scene = Scene::new();
    scene.send("first", "b.example", "t1", 2, '$');
    scene.world.drain(30 * SECOND);
    scene.send("large", "b.example", "t1", LARGE, '$');
    assert_eq!(scene.links.len(), 1);
    assert_eq!(scene.arrived(), [at("b.example", "first"), at("b.example", "large")]);
}
