//! Chunks: forwarded while they arrive, interrupted, kept in order (RFC 4976
//! sections 3 and 6.4.1).

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::common::wire::{Raw, Sent, filler, frames_and_rest};
use crate::world::*;

fn letters(len: usize) -> String {
    String::from_utf8(filler(len)).unwrap()
}

#[test]
fn octets_leave_before_the_chunk_is_whole() {
    let mut world = World::new(config());
    let talk = world.talk();
    let octets = talk.chunk("c1", "m1", "1-*/100000", &letters(100_000), '$').octets();
    let mut seen = 0;
    for piece in octets[..90_000].chunks(1000) {
        world.give(talk.alice, piece);
        let sent = world.octets(talk.bob);
        seen += sent.len();
    }
    // Everything except what may be the start of an end-line.
    assert!(seen > 89_900, "{seen}");
    assert!(world.octets(talk.alice).is_empty());
    world.give(talk.alice, &octets[90_000..]);
    assert_eq!(world.told(talk.alice), ["200"]);
}

/// A response does not wait for the end of a chunk, nor does a REPORT or
/// another client.
// req: 4976-6.4.1-7 4976-3-2
#[test]
fn a_chunk_makes_way_for_others() {
    let mut world = World::new(config());
    let talk = world.talk();
    let (carol, token) = world.client(CAROL);
    let octets = talk.chunk("c1", "m1", "1-*/*", &letters(300_000), '$').octets();
    world.give(talk.alice, &octets[..200_000]);
    let back = talk.back("SEND", "b1").message("b1").range("1-2/2").body("text/plain", b"ho");
    world.give(talk.bob, &back.octets());
    let other = Raw::chunk("o1", "m2", "1-2/2", "hi", '$').to(&format!("{token} {BOB}"));
    world.give(carol, &other.from(CAROL).octets());
    let (whole, rest) = frames_and_rest(&world.octets(talk.bob));
    let words: Vec<_> = whole.iter().map(|it| (it.what.as_str(), it.flag)).collect();
    assert_eq!(words, [("SEND", '+'), ("200", '$'), ("SEND", '$')]);
    assert_eq!(whole[2].body.as_deref(), Some(&b"hi"[..]));
    // The rest follows from the octet where it was interrupted.
    world.give(talk.alice, &octets[200_000..]);
    let mut rest = rest;
    rest.extend(world.octets(talk.bob));
    let (more, rest) = frames_and_rest(&rest);
    assert!(rest.is_empty());
    let mut body = whole[0].body.clone().unwrap();
    for part in &more {
        assert_eq!(part.range(), format!("{}-*/*", body.len() + 1));
        body.extend_from_slice(part.body.as_deref().unwrap());
    }
    assert!(body == letters(300_000).as_bytes());
    assert_eq!(more.last().unwrap().flag, '$');
}

/// What the same sender has sent later waits for the end of the chunk in any case, so it
/// leaves whole.
// req: 4976-3-1
#[test]
fn a_chunk_is_not_cut_for_those_behind_it() {
    let mut world = World::new(config());
    let talk = world.talk();
    world.stall(talk.bob);
    for (id, len) in [("c1", 100_000), ("c2", 50_000), ("c3", 2)] {
        let chunk = talk.chunk(id, id, "1-*/*", &letters(len), '$');
        world.give(talk.alice, &chunk.octets());
    }
    world.unstall(talk.bob);
    let sent = world.sent(talk.bob);
    let lengths: Vec<_> = sent.iter().map(Sent::len).collect();
    assert_eq!(lengths, [100_000, 50_000, 2]);
}

/// The continuation flags are those of the sender.
#[test]
fn flags_are_passed_on() {
    for flag in ['$', '+', '#'] {
        scripted(|world| {
            let talk = world.talk();
            for len in [1, 2048, 2049, 70_000] {
                if len == 70_000 && flag != '#' {
                    continue;
                }
                let chunk = talk.chunk("c1", "m1", "1-*/*", &letters(len), flag);
                world.give(talk.alice, &chunk.octets());
                assert_eq!(world.sent(talk.bob).last().unwrap().flag, flag, "{len}");
            }
        });
    }
}

/// A SEND without a body has its place among the chunks of its message, and its flag.
/// Only what is no SEND overtakes.
// req: 4976-3-1 4976-6.4.1-7
#[test]
fn chunks_without_a_body_keep_their_place_and_flag() {
    for flag in ['$', '+', '#'] {
        scripted(|world| {
            let talk = world.talk();
            let bodiless = |id: &str, range: &str, flag| {
                talk.request("SEND", id).message("m1").range(range).flag(flag).octets()
            };
            let report = talk.request("REPORT", "r1").message("m9").range("1-2/2");
            // The transport of Bob is full with the first.
            world.stall(talk.bob);
            for octets in [
                bodiless("c1", "1-0/*", '+'),
                talk.chunk("c2", "m1", "1-5/*", "hello", '+').octets(),
                bodiless("c3", "6-*/*", '+'),
                talk.chunk("c4", "m1", "6-10/*", "world", '+').octets(),
                report.header("Status", "000 200 OK").octets(),
                bodiless("c5", "11-10/10", flag),
            ] {
                world.give(talk.alice, &octets);
            }
            world.unstall(talk.bob);
            let last = format!("SEND 11-10/10{flag}");
            let expected =
                ["SEND 1-0/*+", "REPORT", "SEND 1-5/*+", "SEND 6-*/*+", "SEND 6-10/*+", &last];
            assert_eq!(world.told(talk.bob), expected);
        });
    }
}

/// The chunks that Alice has sent, and how the relay splits them.
#[derive(Clone, Debug)]
struct Part {
    message: usize,
    len: usize,
    is_carols: bool,
}

fn any_part() -> impl Strategy<Value = Part> {
    let len = prop_oneof![0..20_usize, 2000..2100_usize, 3000..20_000_usize];
    (0..3_usize, len, any::<bool>()).prop_map(|(message, len, is_carols)| Part {
        message,
        len,
        is_carols,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two senders send pieces of any size to a peer that reads now and then. Each
    /// octet arrives once, at its offset, and those of one sender in order.
    // req: 4976-3-2 4976-6.4.1-7 4976-6.4-3
    #[test]
    fn chunks_keep_their_order(
        parts in prop::collection::vec(any_part(), 1..12),
        cuts in prop::collection::vec((1_usize..5000, any::<bool>()), 1..20),
    ) {
        let mut small = config();
        small.turn_octets = 4096;
        small.transmit_octets = 3000;
        let mut world = World::new(small);
        let talk = world.talk();
        let (carol, token) = world.client(CAROL);
        let mut streams = [Vec::new(), Vec::new()];
        let mut ends: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (n, part) in parts.iter().enumerate() {
            let sender = usize::from(part.is_carols);
            let end = ends.entry((sender, part.message)).or_default();
            if part.len == 0 && *end > 0 {
                continue;
            }
            let body: String = letters(*end + part.len)[*end..].into();
            let range = format!("{}-{}/*", *end + 1, *end + part.len);
            let id = format!("{}{}", ["a", "c"][sender], part.message);
            let chunk = Raw::chunk(&format!("t{n:03}"), &id, &range, &body, '+');
            let (to, from) = if part.is_carols { (&token, CAROL) } else { (&talk.token, ALICE) };
            streams[sender].extend(chunk.to(&format!("{to} {BOB}")).from(from).octets());
            *end += part.len;
        }
        let links = [talk.alice, carol];
        let mut rest = [&streams[0][..], &streams[1][..]];
        let mut reads = true;
        for (n, (cut, toggle)) in cuts.iter().cycle().enumerate() {
            if rest.iter().all(|rest| rest.is_empty()) {
                break;
            }
            let (piece, behind) = rest[n % 2].split_at((*cut).min(rest[n % 2].len()));
            rest[n % 2] = behind;
            world.give(links[n % 2], piece);
            if *toggle {
                reads = !reads;
                if reads { world.unstall(talk.bob) } else { world.stall(talk.bob) }
            }
        }
        world.unstall(talk.bob);
        let sent: Vec<Sent> = world.sent(talk.bob);
        let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
        let mut ids = std::collections::BTreeSet::new();
        for part in &sent {
            prop_assert!(ids.insert(part.id.clone()));
            let end = arrived.entry(part.message_id().to_owned()).or_default();
            let (start, _) = part.range().split_once('-').unwrap();
            prop_assert_eq!(start, (*end + 1).to_string());
            let body = part.body.as_deref().unwrap();
            prop_assert!(letters(*end + body.len()).as_bytes().ends_with(body));
            *end += body.len();
        }
        for ((sender, message), end) in ends {
            let id = format!("{}{message}", ["a", "c"][sender]);
            prop_assert_eq!(arrived.get(&id).copied(), Some(end), "{}", id);
        }
        for (link, count) in links.into_iter().zip([false, true]) {
            let expected = parts.iter().filter(|part| part.is_carols == count).count();
            let answers = world.told(link);
            prop_assert!(answers.iter().all(|it| it == "200") && answers.len() <= expected);
        }
    }
}
