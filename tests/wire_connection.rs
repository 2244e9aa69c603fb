//! What a connection does with the messages of the corpus: the same in any split, and
//! for each malformed request the one response that is due.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::time::Instant;

use common::corpus::{Sample, corpus, decode_whole, strict, vectors};
use common::{Pair, Side};
use msrp::wire::{BadHead, FailureReport, Method};
use msrp::{Config, Event, FailReason, ParseOptions, ReceiveMode, SessionConfig, Tolerance};

const LIN: &str = "msrp://lin.cove.example:9402/m3Tt9vRe;tcp";

/// The side that the messages of the corpus are sent to.
fn lin(mode: ReceiveMode, parse: ParseOptions) -> (Side, Instant) {
    let mut config = Config::default();
    config.parse = parse;
    let expected = SessionConfig::expected(LIN.parse().unwrap()).receive(mode);
    let Pair { bob, now, .. } = Pair::with(Config::default(), config, expected);
    (bob, now)
}

/// What came of a stream: events, tolerances, and octets sent.
#[derive(Debug)]
struct Effect {
    events: Vec<Event>,
    tolerated: BTreeSet<Tolerance>,
    sent: Vec<u8>,
}

/// Keys of two connections differ, but not the text of their events.
impl PartialEq for Effect {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

fn effect<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, parse: ParseOptions) -> Effect {
    let (mut side, now) = lin(ReceiveMode::Whole, parse);
    for piece in pieces {
        side.feed(now, piece);
    }
    let sent = side.drain(now);
    side.connection.receive_eof();
    let mut effect = Effect { events: Vec::new(), tolerated: BTreeSet::new(), sent };
    for event in side.events() {
        match event {
            Event::Tolerated(tolerance) => {
                effect.tolerated.insert(tolerance);
            }
            // Whether a chunk that was cut off had made its message known
            // depends on where.
            Event::MessageFailed { reason: FailReason::SessionClosed, .. } => {}
            event => effect.events.push(event),
        }
    }
    effect
}

// req: 4975-7.1.1-30, 4975-7.1.1-25
#[test]
fn a_connection_does_the_same_in_any_split() {
    for Sample { name, octets } in corpus().into_iter().chain(vectors()) {
        for parse in [ParseOptions::default(), strict()] {
            let whole = effect([&octets[..]], parse);
            assert_eq!(effect(octets.chunks(1), parse), whole, "{name}, octet by octet");
            for at in (0..=octets.len()).step_by(1 + octets.len() / 50) {
                let (first, second) = octets.split_at(at);
                assert_eq!(effect([first, second], parse), whole, "{name}, split at {at}");
            }
        }
    }
}

#[test]
fn pieces_in_any_split_are_the_same_octets() {
    for Sample { name, octets } in corpus() {
        let bodies = |size: usize| -> Vec<u8> {
            let (mut side, now) = lin(ReceiveMode::Pieces, ParseOptions::default());
            octets.chunks(size).for_each(|piece| side.feed(now, piece));
            let piece = |event| match event {
                Event::Piece { data, .. } => Some(data),
                _ => None,
            };
            side.events().into_iter().filter_map(piece).flatten().collect()
        };
        let whole = bodies(octets.len().max(1));
        for size in [1, 2, 3, 64] {
            assert_eq!(bodies(size), whole, "{name}");
        }
    }
}

/// A request with a malformed head gets one 400, if its sender is known, and has no other
/// effect.
#[test]
fn a_malformed_request_is_answered_400_and_has_no_other_effect() {
    let mut answered = 0;
    for Sample { name, octets } in corpus() {
        let decoded = decode_whole(&octets, &ParseOptions::default());
        let Some(Err(bad)) = decoded.chunks.first().map(|chunk| chunk.head.as_ref()) else {
            continue;
        };
        let effect = effect([&octets[..]], ParseOptions::default());
        let sent = String::from_utf8(effect.sent).unwrap();
        if expects_answer(bad) {
            answered += 1;
            let start = format!("MSRP {} 400 ", bad.head().view().transaction_id());
            assert!(sent.starts_with(&start), "{name}: {sent}");
            assert_eq!(sent.matches("MSRP ").count(), 1, "{name}");
        } else {
            assert_eq!(sent, "", "{name}");
        }
        assert!(matches!(effect.events[..], [Event::Closed(_)]), "{name}: {:?}", effect.events);
        assert!(!sent.contains("evil"), "{name}");
    }
    assert!(answered >= 50, "{answered}");
}

/// Whether both paths could be read, and the request is one that gets responses.
fn expects_answer(bad: &BadHead) -> bool {
    let head = bad.head().view();
    !head.to_path().as_str().is_empty()
        && !head.from_path().as_str().is_empty()
        && head.method().is_some_and(|method| method != Method::Report)
        && head.failure_report() != FailureReport::No
}
