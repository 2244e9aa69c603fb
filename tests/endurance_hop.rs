//! What one transport connection holds and owes while it runs for long: places in
//! messages, transactions, turns and deadlines.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::time::Instant;

use bytes::BytesMut;
use common::bob_expects;
use common::wire::{Lone, Raw, filler, words};
use msrp::{Config, Framing, ParseOptions, ReceiveMode, Tunnel};

/// The last place that a Byte-Range can name.
const LAST: u64 = u64::MAX;

/// Byte-Ranges of chunks with 10 octets that 64 bits cannot count.
fn past_counting() -> Vec<String> {
    let starts = (0..9).map(|below| LAST - below);
    starts.flat_map(|start| [format!("{start}-*/*"), format!("{start}-*/{LAST}")]).collect()
}

// Row 1: places in a message.

#[test]
fn an_endpoint_answers_400_to_octets_that_64_bits_cannot_count() {
    for mode in [ReceiveMode::Whole, ReceiveMode::Pieces] {
        let session = bob_expects().max_size(LAST).receive(mode);
        let mut bob = Lone::bob_with(Config::default(), session);
        for (number, range) in past_counting().iter().enumerate() {
            for flag in ['+', '$'] {
                let id = format!("m{number}{}", if flag == '+' { "part" } else { "rest" });
                let sent = bob.give(&Raw::chunk("tid.1", &id, range, "0123456789", flag).octets());
                assert_eq!(words(&sent), ["400"], "{mode:?} {range} {flag}");
            }
        }
        let last = Raw::chunk("tid.2", "last", &format!("{}-*/*", LAST - 9), "0123456789", '+');
        assert_eq!(words(&bob.give(&last.octets())), ["200"]);
    }
}

#[test]
fn a_tunnel_leaves_the_answer_to_such_a_chunk_to_the_far_end() {
    let now = Instant::now();
    for len in [10, 3_000, 100_000] {
        let mut tunnel =
            Tunnel::new(Framing::MIN_MESSAGE, ParseOptions::default(), common::Seeded(3));
        let body = String::from_utf8(filler(len)).unwrap();
        let chunk = Raw::chunk("tid.1", "m1", &format!("{LAST}-*/*"), &body, '$').octets();
        let mut input = BytesMut::from(&chunk[..]);
        let mut parts = Vec::new();
        loop {
            tunnel.receive_stream(now, &mut input).unwrap();
            let Some(part) = tunnel.poll_message() else { break };
            parts.push(part);
        }
        let sent = common::wire::frames(&parts.concat());
        assert_eq!(sent.len(), 1, "{len}");
        assert_eq!(sent[0].range(), format!("{LAST}-*/*"));

        let session = bob_expects().max_size(LAST).receive(ReceiveMode::Pieces);
        let mut bob = Lone::bob_with(Config::default(), session);
        let answers = bob.give(&parts[0]);
        assert_eq!(words(&answers), ["400"]);
        let answer = common::wire::response(&sent[0].id, "400");
        let passed = tunnel.receive_message(now, answer).unwrap().unwrap();
        assert!(passed.starts_with(b"MSRP tid.1 400"), "{len}");
    }
}

#[cfg(feature = "auth")]
#[path = "relay/world.rs"]
#[allow(dead_code, unreachable_pub, clippy::expect_used)]
mod world;

#[cfg(feature = "auth")]
mod relay {
    use super::{LAST, past_counting};
    use crate::world::{World, config, scripted};

    #[test]
    fn a_relay_answers_400_to_octets_that_64_bits_cannot_count() {
        for range in past_counting() {
            scripted(|world| {
                let talk = world.talk();
                let chunk = talk.chunk("c1", "m1", &range, "0123456789", '$');
                world.give(talk.alice, &chunk.octets());
                assert_eq!(world.told(talk.alice), ["400"], "{range}");
                // The end of the chunk is no end of the message.
                let sent = world.sent(talk.bob);
                assert!(sent.iter().all(|chunk| chunk.flag == '#'), "{sent:?}");
                // The connection goes on.
                world.give(talk.alice, &talk.chunk("c2", "m2", "1-2/2", "hi", '$').octets());
                assert_eq!(world.told(talk.alice), ["200"]);
                assert_eq!(world.told(talk.bob), ["SEND 1-2/2$"]);
            });
        }
    }

    #[test]
    fn a_relay_reports_the_last_octets_that_64_bits_count() {
        let mut world = World::new(config());
        let talk = world.talk();
        let range = format!("{}-*/*", LAST - 9);
        world.give(talk.alice, &talk.chunk("c1", "m1", &range, "0123456789", '$').octets());
        assert_eq!(world.told(talk.alice), ["200"]);
        let sent = world.one(talk.bob);
        world.answer(talk.bob, &sent, "413");
        let report = world.one(talk.alice);
        assert_eq!(report.what, "REPORT");
        assert_eq!(report.range(), format!("{}-{LAST}/*", LAST - 9));
    }
}
