//! Chat rooms: recipients, nicknames and responses (RFC 7701).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../../tests/common/mod.rs"]
mod common;
mod joining;
mod messages;
mod model;
mod nicknames;
mod passing;
mod switch;

use msrp::{MediaType, MediaTypes};
use msrp_chatroom::{Participant, Room, RoomConfig, Seat};
use msrp_cpim::{Address, CpimBuilder};

const ROOM: &str = "sip:pier@chat.example";
const ADA: &str = "sip:ada@example.com";
const BOB: &str = "sip:bob@example.com";
const CLEO: &str = "sip:cleo@example.com";
const CPIM: &str = "message/cpim";

fn room() -> Room {
    room_with(|_| {})
}

fn room_with(set: impl FnOnce(&mut RoomConfig)) -> Room {
    let mut config = RoomConfig::default();
    set(&mut config);
    Room::new(ROOM, config).unwrap()
}

/// A participant who accepts private messages.
fn social(uri: &str) -> Participant {
    Participant::new(uri).unwrap().with_private_messages(true)
}

fn types(wrapped: &str) -> MediaTypes {
    MediaTypes::new(CPIM).unwrap().wrapped(wrapped).unwrap()
}

/// A room with three participants who accept private messages.
fn three() -> (Room, [Seat; 3]) {
    let mut room = room();
    let seats = [ADA, BOB, CLEO].map(|uri| room.join(social(uri)).unwrap());
    (room, seats)
}

fn wrapped_as(content_type: &str, from: &str, to: &[&str]) -> Vec<u8> {
    let (from, first) = (Address::new(from).unwrap(), Address::new(to[0]).unwrap());
    let mut builder = CpimBuilder::new(&from, &first);
    for to in &to[1..] {
        builder = builder.to(&Address::new(to).unwrap());
    }
    builder.build(&MediaType::new(content_type).unwrap(), b"Hello").unwrap().to_vec()
}

/// A text of five octets.
fn wrapped(from: &str, to: &str) -> Vec<u8> {
    wrapped_as("text/plain", from, &[to])
}
