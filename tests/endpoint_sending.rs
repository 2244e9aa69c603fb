//! The form in which messages leave: heads, chunks, turns, end-lines
//! (RFC 4975 sections 5.1, 7.1 and 7.1.1).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::HashSet;

use common::wire::{Lone, Raw, Sent, filler, frames, frames_and_rest, words};
use common::{ALICE, BOB, alice_opens, path, small_steps};
use msrp::wire::FailureReport;
use msrp::{Bind, Config, MessageKey, Outcome, OutgoingMessage, Random, SendError, SessionConfig};
use proptest::prelude::*;

const BOB_TWO: &str = "msrp://bob.example:12763/s2two;tcp";
const ALICE_TWO: &str = "msrp://alice.example:7654/a2two;tcp";

fn binary(body: impl Into<bytes::Bytes>) -> OutgoingMessage {
    OutgoingMessage::new("application/octet-stream".parse().unwrap(), body)
}

fn streamed(total: Option<u64>) -> OutgoingMessage {
    OutgoingMessage::streamed("application/octet-stream".parse().unwrap(), total)
}

fn id(text: &str) -> msrp::MessageId {
    msrp::MessageId::new(text).unwrap()
}

fn stepping() -> Lone {
    Lone::alice_with(small_steps(), alice_opens())
}

/// Polls until the frames that have left match, or nothing leaves.
fn poll_until(alice: &mut Lone, stream: &mut Vec<u8>, is_there: impl Fn(&[u8]) -> bool) {
    while !is_there(stream) {
        let octets = alice.poll();
        assert!(!octets.is_empty(), "{}", String::from_utf8_lossy(stream));
        stream.extend_from_slice(&octets);
    }
}

fn body_of(frames: &[Sent], message: &str) -> Vec<u8> {
    frames
        .iter()
        .filter(|frame| frame.message_id() == message)
        .flat_map(|frame| frame.body.clone().unwrap())
        .collect()
}

fn shorts(frames: &[Sent]) -> Vec<String> {
    frames.iter().map(Sent::short).collect()
}

// req: 4975-7.1-3 4975-7.1-4 4975-7.1-5 4975-7.1-6 4975-7.1-10 4975-7.1-11 4975-7.1-12
// req: 4975-7.1.1-13 4975-7.1.1-16 4975-7.1.1-18
#[test]
fn the_octets_of_a_short_message() {
    let mut alice = Lone::alice();
    let message = OutgoingMessage::text("Ends in CRLF\r\n").message_id(id("m.short"));
    alice.side.connection.send(alice.session, message).unwrap();
    let octets = alice.side.drain(alice.now);
    let tid = &frames(&octets)[0].id;
    let expected = format!(
        "MSRP {tid} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\nMessage-ID: m.short\r\n\
         Byte-Range: 1-14/14\r\nContent-Type: text/plain\r\n\r\n\
         Ends in CRLF\r\n\r\n-------{tid}$\r\n"
    );
    assert_eq!(String::from_utf8(octets).unwrap(), expected);
}

// req: 4975-7.1.1-3 4975-7.1.1-31 4975-9-7 4975-7.1-5
// wild: 43
#[test]
fn reports_that_are_not_the_default_are_spelt_out_and_content_type_is_last() {
    let mut alice = Lone::alice();
    let message = OutgoingMessage::text("x")
        .success_report(true)
        .failure_report(FailureReport::Partial)
        .header("Content-Disposition", "attachment; filename=\"x\"");
    alice.side.connection.send(alice.session, message).unwrap();
    let head = &alice.drain()[0].head;
    assert!(head.contains("\r\nSuccess-Report: yes\r\nFailure-Report: partial\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Disposition: attachment; filename=\"x\"\r\n"), "{head}");
    assert!(head.ends_with("\r\nContent-Type: text/plain\r\n"), "{head}");
    alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
    let head = &alice.drain()[0].head;
    assert!(!head.contains("-Report"), "{head}");
    // Some peers send success REPORTs only to those who write the default as well.
    let asking = OutgoingMessage::text("x").success_report(true);
    alice.side.connection.send(alice.session, asking).unwrap();
    let head = &alice.drain()[0].head;
    assert!(head.contains("\r\nSuccess-Report: yes\r\nFailure-Report: yes\r\n"), "{head}");
}

// req: 4975-7.1-3 4975-8.2-3
#[test]
fn the_path_begins_with_the_first_hop_and_ends_with_the_target() {
    let hops = "msrp://relay.example:2855/r1;tcp msrp://far.example:2855/r2;tcp msrp://bob.example:12763/kjhd37s2s20w2a;tcp";
    let session = SessionConfig::new(ALICE.parse().unwrap(), path(hops));
    let mut alice = Lone::alice_with(Config::default(), session);
    alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
    let sent = alice.drain();
    assert_eq!(sent[0].header("To-Path"), Some(hops));
    assert_eq!(sent[0].header("From-Path"), Some(ALICE));
}

// req: 4975-7.1.1-32
#[test]
fn a_transfer_encoding_is_refused() {
    let mut alice = Lone::alice();
    let message = OutgoingMessage::text("x").header("Content-Transfer-Encoding", "base64");
    let error = alice.side.connection.send(alice.session, message).unwrap_err();
    assert!(matches!(error, SendError::Header(_)), "{error:?}");
    assert_eq!(alice.drain(), []);
}

// req: 4975-7.1.1-21 4975-7.1-18
#[test]
fn an_empty_message_has_a_body_and_the_range_of_nothing() {
    for streams in [false, true] {
        let mut alice = Lone::alice();
        if streams {
            let key = alice.side.connection.send(alice.session, streamed(None)).unwrap();
            alice.side.connection.body(key).unwrap().finish().unwrap();
        } else {
            alice.side.connection.send(alice.session, OutgoingMessage::text("")).unwrap();
        }
        let sent = alice.drain();
        assert_eq!(shorts(&sent), ["SEND 1-0/0$"]);
        assert_eq!(sent[0].body, Some(Vec::new()));
        assert!(sent[0].header("Content-Type").is_some());
    }
}

// req: 4975-5.1-1 4975-7.1.1-16 4975-7.1.1-17 4975-7.1.1-22 4975-7.1.1-23
#[test]
fn up_to_2048_octets_the_end_is_fixed_and_above_it_is_open() {
    for (len, range) in
        [(1, "1-1/1"), (2047, "1-2047/2047"), (2048, "1-2048/2048"), (2049, "1-*/2049")]
    {
        let mut alice = Lone::alice();
        alice.side.connection.send(alice.session, binary(filler(len))).unwrap();
        let sent = alice.drain();
        assert_eq!(shorts(&sent), [format!("SEND {range}$")]);
        assert_eq!(sent[0].len(), len);
    }
}

// req: 4975-7.1.1-23
#[test]
fn a_lone_message_of_any_size_is_one_chunk_in_any_steps() {
    let mut alice = stepping();
    alice.side.connection.send(alice.session, binary(filler(200_000))).unwrap();
    let sent = alice.drain();
    assert_eq!(shorts(&sent), ["SEND 1-*/200000$"]);
    assert_eq!(sent[0].body, Some(filler(200_000)));
}

// req: 4975-7.1.1-27 4975-7.1.1-28 4975-7.1-14 4975-7.1.1-14 4975-7.1.1-15 4975-7.1.1-26 4975-5.3-1
#[test]
fn a_response_interrupts_at_2048_octets_and_the_rest_follows_it() {
    let mut alice = stepping();
    let message = binary(filler(10_000)).message_id(id("large"));
    alice.side.connection.send(alice.session, message).unwrap();
    let mut stream = alice.poll();
    assert!(frames_and_rest(&stream).0.is_empty());
    let from_bob = Raw::chunk("bobs1", "bobs", "1-2/2", "Hi", '$').to(ALICE).from(BOB);
    alice.side.feed(alice.now, &from_bob.octets());
    stream.extend(alice.side.drain(alice.now));
    let sent = frames(&stream);
    assert_eq!(shorts(&sent), ["SEND 1-*/10000+", "200 $", "SEND 2049-*/10000$"]);
    assert_eq!(sent[0].len(), 2048);
    assert_eq!(body_of(&sent, "large"), filler(10_000));
    assert_ne!(sent[0].id, sent[2].id);
    assert_eq!(sent[0].header("Content-Type"), sent[2].header("Content-Type"));
}

// req: 4975-7.1.1-28
#[test]
fn a_chunk_that_is_past_2048_octets_is_interrupted_at_once() {
    let mut alice = stepping();
    alice.side.connection.send(alice.session, binary(filler(10_000))).unwrap();
    let mut stream = [alice.poll(), alice.poll()].concat();
    let asked = Raw::new("FOO", "foo1").to(ALICE).from(BOB);
    alice.side.feed(alice.now, &asked.octets());
    stream.extend(alice.side.drain(alice.now));
    let sent = frames(&stream);
    assert_eq!(shorts(&sent), ["SEND 1-*/10000+", "501 $", "SEND 3001-*/10000$"]);
}

// req: 4975-7.1.1-28
#[test]
fn a_report_interrupts_too() {
    let mut alice = stepping();
    alice.side.connection.send(alice.session, binary(filler(10_000))).unwrap();
    let mut stream = alice.poll();
    let from_bob = Raw::chunk("bobs1", "bobs", "1-2/2", "Hi", '$').to(ALICE).from(BOB);
    alice.side.feed(alice.now, &from_bob.reports("no", "yes").octets());
    stream.extend(alice.side.drain(alice.now));
    let sent = frames(&stream);
    assert_eq!(shorts(&sent), ["SEND 1-*/10000+", "REPORT 1-2/2$", "SEND 2049-*/10000$"]);
}

// req: 4975-7.1.1-16 4975-7.1.1-26
#[test]
fn a_short_rest_has_a_fixed_end() {
    let mut alice = stepping();
    alice.side.connection.send(alice.session, binary(filler(2049))).unwrap();
    let mut stream = alice.poll();
    alice.side.feed(alice.now, &Raw::new("FOO", "foo1").to(ALICE).from(BOB).octets());
    stream.extend(alice.side.drain(alice.now));
    assert_eq!(shorts(&frames(&stream)), ["SEND 1-*/2049+", "501 $", "SEND 2049-2049/2049$"]);
}

// req: 4975-7.1.1-29 4975-7.1.1-19 4975-7.1.1-2 4975-7.1.1-4
#[test]
fn messages_of_one_session_take_turns() {
    let mut alice = stepping();
    let session = alice.session;
    for name in ["one.", "two.", "three"] {
        let message = binary(filler(20_000))
            .message_id(id(name))
            .success_report(true)
            .failure_report(FailureReport::Partial);
        alice.side.connection.send(session, message).unwrap();
    }
    let sent = alice.drain();
    let order: Vec<_> = sent.iter().map(Sent::message_id).collect();
    for (turn, three) in order.chunks(3).take(4).enumerate() {
        assert_eq!(three, ["one.", "two.", "three"], "turn {turn} of {order:?}");
    }
    for name in ["one.", "two.", "three"] {
        assert_eq!(body_of(&sent, name), filler(20_000));
        let chunks: Vec<_> = sent.iter().filter(|frame| frame.message_id() == name).collect();
        let mut next = 1;
        for chunk in &chunks {
            assert!(chunk.range().starts_with(&format!("{next}-")), "{}", chunk.range());
            assert!(chunk.len() >= 2048 || chunk.flag == '$');
            assert_eq!(chunk.header("Success-Report"), Some("yes"));
            assert_eq!(chunk.header("Failure-Report"), Some("partial"));
            next += chunk.len();
        }
        assert_eq!(chunks.last().unwrap().flag, '$');
        assert!(chunks.len() > 3 && chunks[..chunks.len() - 1].iter().all(|c| c.flag == '+'));
    }
}

// req: 4975-7.1.1-29 4975-5.4-20
#[test]
fn sessions_take_turns_however_many_messages_one_of_them_has() {
    let mut alice = stepping();
    let two =
        SessionConfig::new(ALICE_TWO.parse().unwrap(), path(BOB_TWO)).bind(Bind::FirstMessage);
    let two = alice.side.connection.open(two).unwrap();
    for n in 0..5 {
        let message = binary(filler(9000)).message_id(id(&format!("busy{n}")));
        alice.side.connection.send(alice.session, message).unwrap();
    }
    alice.side.connection.send(two, binary(filler(9000)).message_id(id("quiet"))).unwrap();
    let sent = alice.drain();
    let paths: Vec<_> = sent.iter().map(|frame| frame.header("To-Path").unwrap()).collect();
    let quiet: Vec<_> = (0..paths.len()).filter(|at| paths[*at] == BOB_TWO).collect();
    assert_eq!(quiet[..2], [1, 3], "{paths:?}");
    assert!(
        sent.iter().all(|f| (f.message_id() == "quiet") == (f.header("To-Path") == Some(BOB_TWO)))
    );
    assert_eq!(body_of(&sent, "quiet"), filler(9000));
}

// req: 4975-7.1.1-28 4975-7.1.1-29
#[test]
fn a_message_that_comes_later_interrupts_after_a_turn() {
    let mut alice = stepping();
    alice
        .side
        .connection
        .send(alice.session, binary(filler(50_000)).message_id(id("large")))
        .unwrap();
    let mut stream = alice.poll();
    let late = OutgoingMessage::text("quick").message_id(id("quick"));
    alice.side.connection.send(alice.session, late).unwrap();
    stream.extend(alice.side.drain(alice.now));
    let sent = frames(&stream);
    assert_eq!(shorts(&sent), ["SEND 1-*/50000+", "SEND 1-5/5$", "SEND 4097-*/50000$"]);
    assert_eq!(sent[0].len(), 4096);
}

// req: 4975-7.1.1-26
#[test]
fn a_turn_is_never_below_2048_octets() {
    let mut config = small_steps();
    config.turn_octets = 1;
    let mut alice = Lone::alice_with(config, alice_opens());
    for name in ["one.", "two."] {
        alice
            .side
            .connection
            .send(alice.session, binary(filler(7000)).message_id(id(name)))
            .unwrap();
    }
    let lens: Vec<_> = alice.drain().iter().map(Sent::len).collect();
    assert_eq!(lens, [2048, 2048, 2048, 2048, 2048, 2048, 856, 856]);
}

// req: 4975-7.1.1-9
#[test]
fn the_next_message_does_not_wait_for_a_response() {
    let mut alice = Lone::alice();
    for n in 0..10 {
        alice.side.connection.send(alice.session, OutgoingMessage::text(format!("{n}"))).unwrap();
    }
    assert_eq!(alice.drain().len(), 10);
}

// req: 4975-7.1-1 4975-7.1.1-1
#[test]
fn ids_do_not_repeat() {
    let mut alice = Lone::alice();
    let (mut ids, mut messages) = (HashSet::new(), HashSet::new());
    for _ in 0..2000 {
        alice.side.connection.send(alice.session, OutgoingMessage::text("x")).unwrap();
        for sent in alice.drain() {
            assert!((4..=32).contains(&sent.message_id().len()));
            assert!(ids.insert(sent.id.clone()) && messages.insert(sent.message_id().to_owned()));
            alice.answer(&sent, "200 OK");
        }
    }
}

/// Always gives the same octets.
struct Stuck;

impl Random for Stuck {
    fn fill(&mut self, octets: &mut [u8]) -> Result<(), msrp::RandomError> {
        octets.fill(0);
        Ok(())
    }
}

fn stuck(config: Config) -> Lone {
    let mut alice = Lone::alice_with(config.clone(), alice_opens());
    let (role, now) = (msrp::Role::Active, alice.now);
    alice.side.connection =
        msrp::Connection::new(std::sync::Arc::new(config), role, Stuck, now).unwrap();
    let opens = alice_opens().bind(Bind::FirstMessage);
    alice.session = alice.side.connection.open(opens).unwrap();
    alice
}

// req: 4975-7.1-1
#[test]
fn an_id_that_is_in_use_is_not_taken_again() {
    let mut alice = stuck(Config::default());
    for n in 0..40 {
        let message = OutgoingMessage::text("x").message_id(id(&format!("number{n}")));
        alice.side.connection.send(alice.session, message).unwrap();
    }
    let ids: HashSet<_> = alice.drain().into_iter().map(|sent| sent.id).collect();
    assert_eq!(ids.len(), 40);
}

/// The first transaction id with `Stuck`.
const STUCK: &str = "aaaaaaaaaaaaaaaaaaaa";

// req: 4975-7.1-15 4975-7.1-16
#[test]
fn another_id_closes_a_short_body_that_holds_the_end_line() {
    let plants = [
        format!("-------{STUCK}$\r\n"),
        format!("\r\n-------{STUCK}$\r\n"),
        format!("text\r\n-------{STUCK}+\r\nmore"),
        format!("text\r\n-------{STUCK}"),
        format!("text-------{STUCK}# "),
        format!("text\r\n--------{STUCK}$\r\n"),
    ];
    for plant in plants {
        let mut alice = stuck(Config::default());
        let message = OutgoingMessage::text(plant.clone()).message_id(id("plant"));
        alice.side.connection.send(alice.session, message).unwrap();
        let octets = alice.side.drain(alice.now);
        let sent = frames(&octets);
        assert_eq!(sent.len(), 1, "{plant:?}");
        assert!(sent[0].id.starts_with(STUCK) && sent[0].id != STUCK, "{}", sent[0].id);
        assert!(!plant.contains(&format!("-------{}", sent[0].id)));
        assert_eq!(sent[0].body.as_deref(), Some(plant.as_bytes()));
    }
    // One hyphen fewer is harmless, and so is the id alone.
    let mut alice = stuck(Config::default());
    let harmless = format!("{STUCK}\r\n------{STUCK}$\r\n");
    let message = OutgoingMessage::text(harmless).message_id(id("plain"));
    alice.side.connection.send(alice.session, message).unwrap();
    assert_eq!(alice.drain()[0].id, STUCK);
}

/// No chunk contains the text of its own end-line, and nothing is lost.
fn check_planted(octets: &[u8], message: &str, body: &[u8]) {
    let sent = frames(octets);
    for chunk in &sent {
        let needle = format!("-------{}", chunk.id);
        let got = chunk.body.clone().unwrap();
        assert!(!got.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle}");
    }
    assert_eq!(body_of(&sent, message), body);
    let ids: HashSet<_> = sent.iter().map(|chunk| &chunk.id).collect();
    assert_eq!(ids.len(), sent.len());
    let mut next = 1;
    for chunk in &sent {
        assert!(chunk.range().starts_with(&format!("{next}-")), "{:?}", shorts(&sent));
        next += chunk.len();
    }
}

// req: 4975-7.1-15 4975-7.1-16
#[test]
fn a_long_body_is_cut_before_the_end_line_that_it_holds() {
    let plant = format!("\r\n-------{STUCK}$\r\n");
    for before in [0, 1, 1490, 1499, 1500, 2040, 2048, 4090] {
        let body = [filler(before), plant.clone().into_bytes(), filler(5000)].concat();
        let mut alice = stuck(small_steps());
        alice
            .side
            .connection
            .send(alice.session, binary(body.clone()).message_id(id("plant")))
            .unwrap();
        let octets = alice.side.drain(alice.now);
        check_planted(&octets, "plant", &body);
        assert!(frames(&octets).len() >= 2, "{before}");
    }
}

proptest! {
    // req: 4975-7.1.1-24 4975-7.1.1-26
    #[test]
    fn chunks_may_have_a_size_of_their_own(
        most in 0usize..6000,
        pieces in proptest::collection::vec(1usize..9000, 0..8),
        step in 1usize..9000,
        is_framed: bool,
    ) {
        let mut config = small_steps();
        (config.transmit_octets, config.chunk_octets) = (step, Some(most));
        if is_framed {
            config.framing = msrp::Framing::Message { max_octets: 100_000 };
        }
        let mut alice = Lone::alice_with(config, alice_opens());
        let message = streamed(None).message_id(id("sized"));
        let key = alice.side.connection.send(alice.session, message).unwrap();
        let (body, mut octets) = (filler(pieces.iter().sum()), Vec::new());
        let mut rest = &body[..];
        for len in pieces {
            let (piece, after) = rest.split_at(len);
            rest = after;
            alice.side.connection.body(key).unwrap().write(piece.to_vec()).unwrap();
            octets.extend(alice.poll());
        }
        alice.side.connection.body(key).unwrap().finish().unwrap();
        octets.extend(alice.side.drain(alice.now));
        let sent = frames(&octets);
        prop_assert_eq!(body_of(&sent, "sized"), body);
        let (last, others) = sent.split_last().unwrap();
        let most = most.max(2048);
        prop_assert!(last.len() <= most && last.flag == '$');
        // On a transport of messages no chunk waits for more octets.
        let fewest = if is_framed { 2048 } else { most };
        prop_assert!(others.iter().all(|chunk| (fewest..=most).contains(&chunk.len())));
        prop_assert!(others.iter().all(|chunk| chunk.flag == '+'));
    }

    // req: 4975-7.1-15 4975-7.1-16 4975-7.1.1-19
    #[test]
    fn no_chunk_holds_its_end_line_wherever_the_body_is_cut(
        plants in proptest::collection::vec((0usize..700, 0usize..3), 1..12),
        pieces in proptest::collection::vec(1usize..400, 0..40),
        step in 1usize..3000,
    ) {
        let needles = [
            format!("-------{STUCK}$"), format!("\r\n-------{STUCK}b+\r\n"), format!("-------{STUCK}"),
        ];
        let mut body = Vec::new();
        for (gap, needle) in plants {
            body.extend(filler(gap));
            body.extend_from_slice(needles[needle].as_bytes());
        }
        let mut config = small_steps();
        config.transmit_octets = step;
        let mut alice = stuck(config);
        let key = alice.side.connection.send(alice.session, streamed(None).message_id(id("plant"))).unwrap();
        let (mut octets, mut rest) = (Vec::new(), &body[..]);
        for len in pieces {
            let (piece, after) = rest.split_at(len.min(rest.len()));
            rest = after;
            alice.side.connection.body(key).unwrap().write(piece.to_vec()).unwrap();
            octets.extend(alice.poll());
        }
        let mut writer = alice.side.connection.body(key).unwrap();
        writer.write(rest.to_vec()).unwrap();
        writer.finish().unwrap();
        octets.extend(alice.side.drain(alice.now));
        check_planted(&octets, "plant", &body);
    }
}

// req: 4975-7.1-13
#[test]
fn giving_up_before_anything_left_leaves_nothing() {
    let mut alice = Lone::alice();
    let key = alice.side.connection.send(alice.session, binary(filler(9000))).unwrap();
    assert!(alice.side.connection.abort(key).is_ok());
    assert!(alice.side.connection.abort(key).is_err());
    assert_eq!(alice.drain(), []);
    let outcomes = alice.side.outcomes();
    assert_eq!(outcomes.len(), 1);
    assert_eq!((outcomes[0].outcome, outcomes[0].octets), (Outcome::Aborted, 0));
}

// req: 4975-7.1-13
#[test]
fn giving_up_within_a_chunk_ends_it_with_a_hash() {
    let mut alice = stepping();
    let key = alice.side.connection.send(alice.session, binary(filler(9000))).unwrap();
    let mut stream = alice.poll();
    assert!(alice.side.connection.abort(key).is_ok());
    stream.extend(alice.side.drain(alice.now));
    let sent = frames(&stream);
    assert_eq!(shorts(&sent), ["SEND 1-*/9000#"]);
    assert_eq!(sent[0].len(), 1500);
    let outcomes = alice.side.outcomes();
    assert_eq!((outcomes[0].outcome, outcomes[0].octets), (Outcome::Aborted, 1500));
    // The response to it has no effect any more.
    alice.answer(&sent[0], "200 OK");
    assert_eq!(alice.events(), []);
}

// req: 4975-7.1-13
#[test]
fn an_abort_between_chunks_sends_an_empty_chunk() {
    let mut alice = stepping();
    let keys: Vec<MessageKey> = ["one.", "two."]
        .map(|name| {
            let message = binary(filler(9000)).message_id(id(name));
            alice.side.connection.send(alice.session, message).unwrap()
        })
        .into();
    let mut stream = Vec::new();
    poll_until(&mut alice, &mut stream, |stream| frames_and_rest(stream).0.len() == 1);
    assert!(alice.side.connection.abort(keys[0]).is_ok());
    stream.extend(alice.side.drain(alice.now));
    let sent = frames(&stream);
    assert_eq!(
        sent.iter().map(|f| (f.message_id(), f.short())).collect::<Vec<_>>(),
        [
            ("one.", "SEND 1-*/9000+".into()),
            ("two.", "SEND 1-*/9000+".into()),
            ("one.", "SEND 4097-*/9000#".into()),
            ("two.", "SEND 4097-*/9000$".into()),
        ]
    );
    assert_eq!(sent[2].body, Some(Vec::new()));
}

// req: 4975-7.1.1-18 4975-7.1.1-17
#[test]
fn a_streamed_message_of_unknown_size_says_so() {
    let mut alice = Lone::alice();
    let key = alice.side.connection.send(alice.session, streamed(None)).unwrap();
    assert_eq!(alice.drain(), []);
    alice.side.connection.body(key).unwrap().write(filler(100)).unwrap();
    let mut stream = alice.poll();
    let mut writer = alice.side.connection.body(key).unwrap();
    writer.write(filler(100)).unwrap();
    writer.finish().unwrap();
    stream.extend(alice.side.drain(alice.now));
    let sent = frames(&stream);
    assert_eq!(shorts(&sent), ["SEND 1-*/*$"]);
    assert_eq!(sent[0].body, Some([filler(100), filler(100)].concat()));
}

// req: 4975-7.1.1-18 4975-7.1.1-16
#[test]
fn a_short_streamed_message_that_is_whole_before_it_leaves_has_a_fixed_end() {
    let mut alice = Lone::alice();
    let key = alice.side.connection.send(alice.session, streamed(Some(150))).unwrap();
    let mut writer = alice.side.connection.body(key).unwrap();
    writer.write(filler(100)).unwrap();
    writer.write(filler(50)).unwrap();
    writer.finish().unwrap();
    assert!(alice.side.connection.body(key).is_err());
    assert_eq!(shorts(&alice.drain()), ["SEND 1-150/150$"]);
}

// req: 4975-7.1.1-28
#[test]
fn a_stream_that_stalls_holds_up_no_other() {
    let mut alice = Lone::alice();
    let key = alice
        .side
        .connection
        .send(alice.session, streamed(Some(5000)).message_id(id("slow")))
        .unwrap();
    alice.side.connection.body(key).unwrap().write(filler(100)).unwrap();
    let mut stream = alice.poll();
    alice.side.connection.send(alice.session, OutgoingMessage::text("quick")).unwrap();
    stream.extend(alice.side.drain(alice.now));
    assert_eq!(shorts(&frames(&stream)), ["SEND 1-*/5000+", "SEND 1-5/5$"]);
    let mut writer = alice.side.connection.body(key).unwrap();
    writer.write(filler(4900)).unwrap();
    writer.finish().unwrap();
    stream.extend(alice.side.drain(alice.now));
    let sent = frames(&stream);
    assert_eq!(shorts(&sent)[2], "SEND 100-*/5000$");
    assert_eq!(body_of(&sent, "slow"), [filler(100), filler(4900)].concat());
}

/// Octets that have left, the size, and whether everything has left.
fn progress(alice: &Lone, key: MessageKey) -> (u64, Option<u64>, bool) {
    let progress = alice.side.connection.progress(key).unwrap();
    (progress.left, progress.total, progress.has_left)
}

// req: 4975-7.1.1-30
#[test]
fn progress_counts_octets_that_left() {
    let mut alice = stepping();
    let key = alice.side.connection.send(alice.session, binary(filler(9000))).unwrap();
    assert_eq!(progress(&alice, key), (0, Some(9000), false));
    alice.poll();
    assert_eq!(progress(&alice, key), (1500, Some(9000), false));
    alice.side.drain(alice.now);
    assert_eq!(progress(&alice, key), (9000, Some(9000), true));
}

// req: 4975-8.6-9 4975-8.6-10 4975-8.6-6 4975-8.6-12
#[test]
fn what_the_peer_does_not_take_is_not_sent() {
    let types = msrp::MediaTypes::new("text/plain image/*").unwrap().wrapped("text/html").unwrap();
    let session = alice_opens().peer_accept_types(types).peer_max_size(10);
    let mut alice = Lone::alice_with(Config::default(), session);
    let session = alice.session;
    for refused in ["text/html", "video/mp4", "message/cpim"] {
        let message = OutgoingMessage::new(refused.parse().unwrap(), "x");
        let error = alice.side.connection.send(session, message).unwrap_err();
        assert_eq!(error, SendError::TypeNotAccepted(refused.parse().unwrap()));
    }
    let error =
        alice.side.connection.send(session, OutgoingMessage::text("eleven char")).unwrap_err();
    assert_eq!(error, SendError::TooLarge { max: 10 });
    let streamed = OutgoingMessage::streamed("image/png".parse().unwrap(), Some(11));
    let error = alice.side.connection.send(session, streamed).unwrap_err();
    assert_eq!(error, SendError::TooLarge { max: 10 });
    assert_eq!(alice.drain(), []);
    alice.side.connection.send(session, OutgoingMessage::text("ten chars.")).unwrap();
    assert_eq!(words(&alice.drain()), ["SEND"]);
}

// req: 4975-5.4-15 4975-5.4-23 4975-5.4-19
#[test]
fn a_message_id_can_be_given_and_is_in_use_until_the_outcome() {
    let mut alice = Lone::alice();
    let again = || OutgoingMessage::text("again").message_id(id("4f0b2c81"));
    alice.side.connection.send(alice.session, again()).unwrap();
    let error = alice.side.connection.send(alice.session, again()).unwrap_err();
    assert_eq!(error, SendError::MessageIdInUse);
    let sent = alice.drain();
    alice.answer(&sent[0], "200 OK");
    alice.side.connection.send(alice.session, again()).unwrap();
    assert_eq!(alice.drain()[0].message_id(), "4f0b2c81");
}

// req: 4975-14.3-2 4975-7.1.1-32
#[test]
fn a_body_leaves_as_it_is() {
    let body: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let mut alice = Lone::alice();
    alice.side.connection.send(alice.session, binary(body.clone())).unwrap();
    let sent = alice.drain();
    assert_eq!(sent[0].body.as_deref(), Some(&body[..]));
    assert!(!sent[0].head.contains("Encoding"));
}

#[test]
fn a_transmit_gives_the_same_octets_in_every_way() {
    use bytes::Buf;
    let mut alice = Lone::alice();
    for len in [10, 5000, 10] {
        alice.side.connection.send(alice.session, binary(filler(len))).unwrap();
    }
    while let Some(transmit) = alice.side.connection.poll_transmit(alice.now) {
        let len = transmit.remaining();
        let whole = transmit.clone().copy_to_bytes(len);
        let mut slices = [std::io::IoSlice::new(b""); 8];
        let count = transmit.chunks_vectored(&mut slices);
        assert_eq!(
            slices[..count].iter().flat_map(|slice| slice.to_vec()).collect::<Vec<_>>(),
            whole
        );
        for skip in [0, 1, len / 2, len - 1, len, len + 1] {
            let mut rest = transmit.clone();
            rest.advance(skip);
            assert_eq!(rest.remaining(), len.saturating_sub(skip));
            let rest = rest.copy_to_bytes(len.saturating_sub(skip));
            assert_eq!(rest, whole.slice(skip.min(len)..));
        }
    }
}

// req: 4975-7.1-15 4975-7.1-16
#[test]
fn a_source_that_repeats_itself_does_not_stop_a_message_without_transactions() {
    let body = [format!("-------{STUCK}$\r\n").into_bytes(), filler(5000)].concat();
    let mut alice = stuck(small_steps());
    let message = binary(body.clone()).message_id(id("plant")).failure_report(FailureReport::No);
    alice.side.connection.send(alice.session, message).unwrap();
    let mut octets = Vec::new();
    for _ in 0..20 {
        octets.extend(alice.poll());
    }
    check_planted(&octets, "plant", &body);
}
