//! A stream decodes to the same, however the transport cuts it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]

mod common;

use common::corpus::{Decoded, Sample, corpus, decode, decode_whole, index, strict, vectors};
use msrp::ParseOptions;
use msrp::wire::ParseErrorKind;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Vectors that are not whole frames, and why.
const NO_FRAMES: [(&str, &str); 3] = [
    ("rfc4975-5.1-1", "a snippet without paths"),
    ("rfc4975-5.1-2", "a snippet without paths"),
    ("rfc4976-3-6", "printed without its end-line"),
];

/// Ways to read a head; the tight one runs every sample into its limits.
fn readings() -> [ParseOptions; 3] {
    let mut tight = ParseOptions::default();
    tight.head_octets = 180;
    tight.headers = 4;
    tight.path_uris = 1;
    [ParseOptions::default(), strict(), tight]
}

#[test]
fn the_index_says_what_each_message_decodes_to() {
    let mut index = index();
    let samples = corpus();
    assert!(samples.len() >= 60);
    for Sample { name, octets } in samples {
        let expected = index.remove(&name).unwrap_or_default();
        let told = decode_whole(&octets, &ParseOptions::default()).told();
        assert_eq!(told, expected, "{name}");
    }
    assert!(index.is_empty(), "rows without a file: {:?}", index.keys());
}

/// The parts of each frame joined are the stream: no octet of a body is lost, and none of
/// an end-line is in it.
// req: 4975-7.1-10, 4975-7.1-11, 4975-7.1-18, 4975-9-12
#[test]
fn the_parts_of_a_stream_are_the_whole() {
    for Sample { name, octets } in corpus() {
        let decoded = decode_whole(&octets, &ParseOptions::default());
        if decoded.error.is_none() && decoded.tolerated.is_empty() {
            assert_eq!(joined(&decoded), octets, "{name}");
        }
    }
}

fn joined(decoded: &Decoded) -> Vec<u8> {
    let mut octets = Vec::new();
    for chunk in &decoded.chunks {
        let head = match &chunk.head {
            Ok(head) => head,
            Err(bad) => bad.head(),
        };
        octets.extend_from_slice(head.octets());
        octets.extend_from_slice(&chunk.body);
        if head.view().has_body() {
            octets.extend_from_slice(b"\r\n");
        }
        octets.extend_from_slice(b"-------");
        octets.extend_from_slice(head.view().transaction_id().as_bytes());
        octets.push(chunk.flag.unwrap().as_byte());
        octets.extend_from_slice(b"\r\n");
    }
    octets
}

// req: 4975-7.1.1-25
// wild: 20
#[test]
fn every_message_of_the_corpus_decodes_alike_in_any_two_pieces() {
    for sample in corpus() {
        check_splits(&sample);
    }
}

#[test]
fn every_vector_decodes_alike_in_any_two_pieces() {
    for sample in vectors() {
        check_splits(&sample);
    }
}

fn check_splits(Sample { name, octets }: &Sample) {
    // The other readings differ only in heads, so fewer splits suffice.
    for (options, step) in readings().into_iter().zip([1, 5, 5]) {
        let whole = decode_whole(octets, &options);
        let single = decode(octets.chunks(1), &options);
        assert_eq!(single, whole, "{name}, octet by octet");
        for at in splits(octets.len()).step_by(step) {
            let (first, second) = octets.split_at(at);
            assert_eq!(decode([first, second], &options), whole, "{name}, split at {at}");
        }
    }
}

/// Every place of a sample of usual size. Of the few large ones, every place near both
/// ends and where the search changes its needle, and some in between.
fn splits(len: usize) -> impl Iterator<Item = usize> {
    let is_small = len < 3000;
    (0..=len).filter(move |at| {
        is_small || *at < 100 || len - *at < 100 || at.abs_diff(4200) < 100 || at % 499 == 0
    })
}

/// All vectors except the snippets are frames, and their flaws are in their heads and not
/// in their framing.
// req: 4975-9-5
#[test]
fn the_vectors_are_frames() {
    let vectors = vectors();
    assert!(vectors.len() >= 70, "{} vectors", vectors.len());
    for Sample { name, octets } in vectors {
        let decoded = decode_whole(&octets, &ParseOptions::default());
        let is_frame = decoded.error.is_none()
            && decoded.chunks.len() == 1
            && decoded.chunks.iter().all(|chunk| chunk.head.is_ok());
        let is_listed = NO_FRAMES.iter().any(|(listed, _why)| *listed == name);
        assert_eq!(is_frame, !is_listed, "{name}: {:?}", decoded.told());
    }
}

proptest! {
    #[test]
    fn streams_of_the_corpus_decode_alike_in_any_pieces(
        parts in prop::collection::vec(any::<Index>(), 1..5),
        cuts in prop::collection::vec(any::<Index>(), 2..6),
        options in select(readings().to_vec()),
    ) {
        let samples = corpus_once();
        let stream: Vec<u8> =
            parts.iter().flat_map(|part| part.get(samples).octets.iter().copied()).collect();
        prop_assert_eq!(decode(pieces(&stream, &cuts), &options), decode_whole(&stream, &options));
    }

    /// Octets that resemble end-lines reach every state of the search.
    #[test]
    fn near_misses_decode_alike_in_any_pieces(
        id in "[ab+$-]{0,3}".prop_map(|rest| format!("a{rest}")),
        body in prop::collection::vec(select(vec![
            "\r", "\n", "\r\n", "-", "-------", "a", "b", "$", "+", "#", "\r\n-------",
            "\r\n-------a", "\r\n-------ab+", "$\r\n", "+\r\n", "\r\n-------a+\r\n",
        ]), 0..40),
        padding in select(vec![0, 4000, 4085, 4090, 4096, 4100]),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
        options in select(readings().to_vec()),
    ) {
        let mut stream = frame_start(&id);
        stream.extend(vec![b'.'; padding]);
        stream.extend(body.concat().bytes());
        stream.extend(format!("\r\n-------{id}$\r\n").bytes());
        let whole = decode_whole(&stream, &options);
        prop_assert_eq!(decode(pieces(&stream, &cuts), &options), whole.clone());
        prop_assert_eq!(decode(stream.chunks(1), &options), whole);
    }

    /// A body ends at its first end-line.
    // req: 4975-7.1-10, 4975-9-12
    #[test]
    fn a_body_ends_at_its_first_end_line(
        id in "[ab][ab+-]{3,5}",
        body in prop::collection::vec(select(vec![
            "\r\n", "\r", "-------", "--------", "a", "b", "ab", "$", "+", "#", "$\r\n", "+\r\n",
            "\r\n-------",
        ]), 0..60),
        repeated in any::<bool>(),
    ) {
        let mut stream = frame_start(&id);
        let start = stream.len();
        stream.extend(body.concat().bytes());
        if repeated {
            stream.extend(format!("\r\n-------{id}").bytes());
        }
        stream.extend(format!("\r\n-------{id}#\r\n").bytes());
        let expected = first_end_line(&stream[start..], &id);
        let decoded = decode_whole(&stream, &strict());
        prop_assert_eq!(decoded.chunks[0].body.len(), expected);
    }

    #[test]
    fn arbitrary_octets_decode_alike_in_any_pieces(
        octets in prop::collection::vec(any::<u8>(), 0..400),
        starts_well in any::<bool>(),
        cuts in prop::collection::vec(any::<Index>(), 0..4),
        options in select(readings().to_vec()),
    ) {
        let start: &[u8] = if starts_well { b"MSRP abcd SEND\r\n" } else { b"" };
        let stream = [start, &octets].concat();
        prop_assert_eq!(decode(pieces(&stream, &cuts), &options), decode_whole(&stream, &options));
    }

    #[test]
    fn damaged_messages_decode_alike_in_any_pieces(
        sample in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        cuts in prop::collection::vec(any::<Index>(), 0..4),
        options in select(readings().to_vec()),
    ) {
        let mut stream = sample.get(corpus_once()).octets.clone();
        for (place, octet) in damage.iter().filter(|_| !stream.is_empty()).collect::<Vec<_>>() {
            let place = place.index(stream.len());
            stream[place] = *octet;
        }
        let whole = decode_whole(&stream, &options);
        prop_assert_eq!(decode(pieces(&stream, &cuts), &options), whole);
    }
}

/// The simplest way to find an end-line: look at every place.
fn first_end_line(body: &[u8], id: &str) -> usize {
    (0..body.len())
        .find(|at| {
            b"$+#".iter().any(|flag| {
                let line = format!("\r\n-------{id}{}\r\n", char::from(*flag));
                body[*at..].starts_with(line.as_bytes())
            })
        })
        .unwrap()
}

fn frame_start(id: &str) -> Vec<u8> {
    format!(
        "MSRP {id} SEND\r\nTo-Path: msrp://b:1/b;tcp\r\nFrom-Path: msrp://a:1/a;tcp\r\n\
         Message-ID: near\r\nContent-Type: a/b\r\n\r\n"
    )
    .into_bytes()
}

fn pieces<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    ends.push(stream.len());
    ends.sort_unstable();
    let mut start = 0;
    ends.into_iter().map(|end| &stream[std::mem::replace(&mut start, end)..end]).collect()
}

fn corpus_once() -> &'static [Sample] {
    static CORPUS: std::sync::OnceLock<Vec<Sample>> = std::sync::OnceLock::new();
    CORPUS.get_or_init(corpus)
}

/// A malformed head costs its own frame and nothing after it.
#[test]
fn a_bad_head_leaves_the_next_frame_whole() {
    let bad: Vec<Sample> =
        corpus().into_iter().filter(|sample| sample.name.starts_with("bad/")).collect();
    let mut faults = 0;
    for Sample { name, octets } in bad {
        let decoded = decode_whole(&octets, &ParseOptions::default());
        let [chunk, next] = &decoded.chunks[..] else { continue };
        let Err(fault) = &chunk.head else { continue };
        faults += 1;
        assert!(fault.error().kind().status().is_some(), "{name}");
        assert!(next.head.is_ok() && decoded.error.is_none(), "{name}");
    }
    assert!(faults >= 50, "{faults}");
    assert_eq!(ParseErrorKind::NotMsrp.status(), None);
    assert_eq!(ParseErrorKind::HeadTooLong { limit: 1 }.status(), None);
}
