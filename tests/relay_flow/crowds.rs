//! Sessions by the thousand, opened and left.

use msrp::Outcome;

use crate::common::wire::Raw;
use crate::neighbours::chat;
use crate::wire::End;
use crate::world::*;

/// A file, and a receiver that takes 20 seconds for it.
const FILE: usize = 2_000_000;
const SLOW: u64 = 100_000;

/// What hostile clients send on so many sessions.
#[derive(Clone, Copy)]
struct Crowd {
    clients: usize,
    tokens: usize,
    sessions: usize,
    /// A chunk to each session, and its Byte-Range.
    chunk: (&'static str, char),
}

/// A hostile client opens its sessions, which lead to a peer that reads nothing.
fn open_all(world: &mut World, crowd: Crowd, path: &str) -> usize {
    let (raw, first) = world.raw_client(0);
    let others: Vec<_> = (1..crowd.tokens).map(|_| world.token(raw)).collect();
    let tokens: Vec<_> = std::iter::once(first).chain(others).collect();
    let own = world.raws[raw].own.clone();
    for n in 0..crowd.sessions {
        let id = world.raws[raw].id();
        let token = &tokens[n % tokens.len()];
        // Each is another session to the relay: the path differs behind the first URI.
        let path = path.replace("SESSION", &format!("{n}"));
        let (range, flag) = crowd.chunk;
        let chunk = Raw::chunk(&id, &id, range, &"x".repeat(2_000), flag);
        world.raws[raw].says(&chunk.to(&format!("{token} {path}")).from(&own));
        if n % 50 == 0 {
            world.run(millis(10));
        }
    }
    raw
}

/// Sound clients on the same relays notice nothing, not even one whose receiver is slow.
fn crowds_stop_nobody(crowd: Crowd, leaves: bool) {
    let mut world = World::new(2);
    let neighbours = world.pair([&[0], &[1]]);
    let [alice, bob] = world.pair([&[0], &[1]]);
    world.slow(End::Client(bob), SLOW);
    let (silent, token) = world.raw_client(1);
    world.slow(End::Raw(silent), 0);
    let nowhere = "msrps://relay1.example:2855/nowhereSESSION;tcp msrps://x.example:9/x;tcp";
    let somewhere = format!("{token} {}", world.raws[silent].own);
    for n in 0..crowd.clients {
        let path = if n % 2 == 0 { nowhere } else { &somewhere };
        let raw = open_all(&mut world, crowd, path);
        if leaves {
            world.leave(End::Raw(raw));
        }
    }
    let file = world.send(alice, FILE);
    chat(&mut world, neighbours, seconds(40));
    let [sender, receiver] = [alice, bob].map(|it| &world.clients[it].ends);
    assert!(world.arrival(bob, file).is_some(), "{sender:?} {receiver:?}");
    assert_eq!(world.clients[alice].finished[&file], Outcome::Accepted);
}

#[test]
fn sessions_of_which_each_is_worth_a_connection_stop_nobody() {
    for leaves in [false, true] {
        let chunk = ("1-*/*", '$');
        crowds_stop_nobody(Crowd { clients: 2, tokens: 70, sessions: 300, chunk }, leaves);
    }
}

#[test]
fn sessions_with_messages_that_never_end_stop_nobody() {
    for leaves in [false, true] {
        let chunk = ("1-2000/30000", '+');
        crowds_stop_nobody(Crowd { clients: 2, tokens: 3, sessions: 1_200, chunk }, leaves);
    }
}
