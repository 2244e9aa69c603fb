//! What is written reads back the same, and what was read can be written again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod generators;
mod plan;
mod properties;
mod refused;
mod rewritten;

use bytes::BytesMut;
use common::corpus::{Chunk, Sample, corpus, decode_whole, strict, vectors};
use msrp::uri::{PathRef, UriRef};
use msrp::wire::{
    ByteRange, Continuation, Decoder, EncodeError, FailureReport, HeadRef, HeadWriter, HeaderName,
    Method, Parsed, Status, TransactionId, write_end_line,
};
use msrp::{MediaType, MessageId, ParseOptions, Path, StatusCode};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use plan::{Field, Plan, Start};

const A: &str = "msrp://alice.example:7654/jshA7weztas;tcp";
const B: &str = "msrp://bob.example:12763/kjhd37s2s20w2a;tcp";

fn contains(octets: &[u8], needle: &[u8]) -> bool {
    octets.windows(needle.len()).any(|window| window == needle)
}

fn corpus_once() -> &'static [Sample] {
    static CORPUS: std::sync::OnceLock<Vec<Sample>> = std::sync::OnceLock::new();
    CORPUS.get_or_init(corpus)
}
