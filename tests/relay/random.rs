//! Sources of random octets that fail.

use std::collections::HashSet;

use msrp::RandomError;
use msrp::relay::{Relay, RelayClose};

use crate::common::Failing;
use crate::world::*;

/// The id that twenty zero octets make.
const OF_ZEROS: &str = "aaaaaaaaaaaaaaaaaaaa";

/// The octets that the relay draws at once.
const BLOCK: usize = 2048;

fn failed() -> RelayClose {
    RelayClose::RandomFailed(RandomError::new("the source has run dry"))
}

fn world(octets: usize) -> World {
    let mut world = World::new(config());
    world.relay = Relay::new(config(), Failing::after(octets), world.now).unwrap();
    world
}

#[test]
fn a_relay_is_not_made_without_random_octets() {
    let now = std::time::Instant::now();
    let made = Relay::new(config(), Failing::after(0), now);
    assert_eq!(made.unwrap_err(), RandomError::new("the source has run dry"));
}

// req: 4976-6.3-9
#[test]
fn no_token_and_no_nonce_is_made_of_zeros() {
    let mut world = world(BLOCK);
    let mut secrets = HashSet::new();
    let (link, reason) = 'closed: loop {
        let link = world.accept(tls());
        for _ in 0..8 {
            let id = world.id();
            world.give(link, &auth(&id, ALICE).octets());
            if let Some(closed) = world.closes().pop() {
                break 'closed closed;
            }
            let challenge = world.one(link);
            let nonce = challenge.head.split("nonce=\"").nth(1).unwrap().split('"').next();
            assert!(secrets.insert(nonce.unwrap().to_owned()));
            let digest = world.challenged(link, ALICE, "alice", "secret", &challenge, &[]);
            world.give(link, &digest);
            if let Some(closed) = world.closes().pop() {
                break 'closed closed;
            }
            let granted = world.one(link);
            let token = granted.header("Use-Path").unwrap();
            assert!(!token.contains(OF_ZEROS), "{token}");
            assert!(secrets.insert(token.to_owned()));
        }
    };
    assert_eq!(reason, failed());
    assert_eq!(world.text(link), "");
    assert!(secrets.len() > 50, "{}", secrets.len());
    // The same holds for other clients.
    world.close(link);
    let other = world.accept(tls());
    world.give(other, &auth("again", ALICE).octets());
    assert_eq!(world.closes(), [(other, failed())]);
    assert_eq!(world.text(other), "");
}

#[test]
fn a_chunk_that_no_id_can_be_drawn_for_closes_its_next_hop() {
    for whole in [false, true] {
        let mut world = world(BLOCK);
        let talk = world.talk();
        let mut ids = HashSet::new();
        let closes = loop {
            let id = world.id();
            let request = if whole {
                talk.request("NICKNAME", &id).header("Use-Nickname", "\"a\"")
            } else {
                talk.chunk(&id, &id, "1-2/2", "hi", '$')
            };
            world.give(talk.alice, &request.octets());
            let sent = world.sent(talk.bob);
            for sent in &sent {
                assert!(!sent.id.contains(OF_ZEROS) && ids.insert(sent.id.clone()), "{sent:?}");
                world.answer(talk.bob, sent, "200 OK");
            }
            let closes = world.closes();
            if !closes.is_empty() {
                assert!(sent.is_empty());
                break closes;
            }
            world.octets(talk.alice);
        };
        assert!(ids.len() > 50);
        assert!(closes.contains(&(talk.bob, failed())), "{closes:?}");
        // The last request gets a response, or its connection ends.
        let told = world.told(talk.alice);
        if whole {
            assert_eq!(told, ["408"]);
        } else {
            assert_eq!(told, ["200"]);
            assert!(closes.contains(&(talk.alice, failed())), "{closes:?}");
        }
    }
}

/// Nothing else leaves then: its sender gets no response to a chunk.
#[test]
fn a_next_hop_for_which_no_id_can_be_drawn_is_closed_at_once() {
    let mut world = world(BLOCK);
    let talk = world.talk();
    let closes = loop {
        let id = world.id();
        let chunk = talk.chunk(&id, &id, "1-2/2", "hi", '$').reports("partial", "");
        world.give(talk.alice, &chunk.octets());
        let closes = world.closes();
        if !closes.is_empty() {
            break closes;
        }
    };
    assert!(closes.contains(&(talk.bob, failed())), "{closes:?}");
}
