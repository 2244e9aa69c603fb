//! Sending over WebSocket: one chunk in each message (RFC 7977 section 5.1).

use msrp::Framing;
use msrp::relay::RelayClose;

use crate::common::wire::{Raw, filler, frames};
use crate::world::*;

const OWN: &str = "msrps://df7jal23ls0d.invalid:2855/98cjs;ws";

fn browser(world: &mut World, max_octets: usize) -> (msrp::relay::ConnectionId, String) {
    let link = world.accept(tls().user("x").framing(Framing::Message { max_octets }));
    world.give_message(link, &auth("auth1", OWN).octets());
    let token = world.one(link).header("Use-Path").unwrap().to_string();
    (link, token)
}

// req: 7977-5.1-3 7977-5.1-4 4976-3-2
#[test]
fn a_large_chunk_is_cut_to_the_size_of_a_message() {
    for max in [2048, 4096, 16_384] {
        let mut world = World::new(config());
        let (link, token) = browser(&mut world, max);
        let bob = world.accept(tls());
        let body = filler(50_000);
        let chunk = Raw::send("c1").to(&format!("{token} {OWN}")).from(BOB).message("m1");
        let chunk = chunk.range("101-*/60000").body("application/octet-stream", &body).flag('+');
        for piece in chunk.octets().chunks(777) {
            world.give(bob, piece);
        }
        assert_eq!(world.told(bob), ["200"]);
        let messages = world.messages(link);
        let (mut next, mut joined) = (101, Vec::new());
        for (n, message) in messages.iter().enumerate() {
            assert!(message.len() <= max, "{} octets", message.len());
            let parts = frames(message);
            let [part] = &parts[..] else { panic!("{} in one message", parts.len()) };
            let (start, _) = part.range().split_once('-').unwrap();
            assert_eq!(start, next.to_string());
            assert!(part.range().ends_with("/60000"));
            assert_eq!((part.message_id(), part.flag), ("m1", '+'), "{n}");
            next += part.len();
            joined.extend_from_slice(part.body.as_deref().unwrap());
        }
        assert!(joined == body);
        assert!(messages.len() >= body.len() / max && messages.len() < 200);
    }
}

// req: 7977-4.1-3 7977-5.1-3
#[test]
fn a_message_is_one_chunk_or_nothing() {
    let mut world = World::new(config());
    let (link, token) = browser(&mut world, 4096);
    let chunk = Raw::chunk("c1", "m1", "1-2/2", "hi", '$');
    let chunk = chunk.to(&format!("{token} {BOB}")).from(OWN).octets();
    let twice = chunk.repeat(2);
    assert!(world.relay.receive_message(world.now, link, twice).is_err());
    world.settle();
    let closes = world.closes();
    assert!(matches!(closes[..], [(found, RelayClose::Unreadable(_))] if found == link));
    assert!(world.relay.receive_message(world.now, link, chunk).is_err());
}

/// Text and binary messages carry the same octets.
// req: 7977-4.2-2
#[test]
fn a_body_of_a_message_is_passed_on_as_it_is() {
    let mut world = World::new(config());
    let (link, token) = browser(&mut world, 4096);
    let body: Vec<u8> = (0..=255).chain("grüezi\u{1f600}".bytes()).collect();
    let chunk = Raw::send("c1").to(&format!("{token} {BOB}")).from(OWN).message("m1");
    world.give_message(link, &chunk.body("text/plain", &body).octets());
    let bob = world.dial(BOB);
    assert_eq!(world.one(bob).body.as_deref(), Some(&body[..]));
    assert_eq!(world.told(link), ["200"]);
}

/// Each in a message of its own.
// req: 7977-5.1-3 7977-6-3
#[test]
fn what_is_short_is_not_joined() {
    let mut world = World::new(config());
    let (link, token) = browser(&mut world, 4096);
    let bob = world.accept(tls());
    let to = format!("{token} {OWN}");
    let mut octets = Vec::new();
    for n in 0..3 {
        let id = format!("r{n}");
        octets.extend(Raw::send(&id).to(&to).from(BOB).message(&id).range("1-0/0").octets());
        let report = Raw::new("REPORT", &id).to(&to).from(BOB).message(&id);
        octets.extend(report.header("Status", "000 200 OK").octets());
    }
    world.give(bob, &octets);
    let messages = world.messages(link);
    assert_eq!(messages.len(), 6);
    assert!(messages.iter().all(|message| frames(message).len() == 1));
}
