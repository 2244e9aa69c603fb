//! The bodies of the fuzz targets over their seeds, so that they hold on a stable
//! toolchain and cannot rot.
//!
//! The target `grammar` reaches inside the crate, which only a build for fuzzing allows:
//! `RUSTFLAGS='--cfg fuzzing' cargo test -p msrp --test fuzz_corpus` runs it as well.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is how a body says that a law does not hold"
)]

#[path = "../fuzz/bodies/connections.rs"]
mod connections;
#[path = "../fuzz/bodies/decoder.rs"]
mod decoder;
#[cfg(feature = "auth")]
#[path = "../fuzz/bodies/digest.rs"]
mod digest;
#[cfg(fuzzing)]
#[path = "../fuzz/bodies/grammar.rs"]
mod grammar;
#[path = "../fuzz/bodies/head.rs"]
mod head;
#[path = "../fuzz/bodies/input.rs"]
mod input;
#[path = "../fuzz/bodies/reassembler.rs"]
mod reassembler;
#[cfg(feature = "auth")]
#[path = "../fuzz/bodies/relay.rs"]
mod relay;
#[cfg(feature = "auth")]
#[path = "../fuzz/bodies/relays.rs"]
mod relays;
#[path = "../fuzz/bodies/round_trip.rs"]
mod round_trip;
#[path = "../fuzz/bodies/seeds.rs"]
mod seeds;
#[path = "../fuzz/bodies/tunnel.rs"]
mod tunnel;
#[path = "../fuzz/bodies/uri.rs"]
mod uri;

use seeds::each_seed;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");

#[test]
fn connections_holds() {
    each_seed(format!("{CORPUS}/connections"), 16, connections::run);
}

#[test]
fn decoder_holds() {
    each_seed(format!("{CORPUS}/decoder"), 200, decoder::run);
}

#[cfg(feature = "auth")]
#[test]
fn digest_holds() {
    each_seed(format!("{CORPUS}/digest"), 200, digest::run);
}

#[cfg(fuzzing)]
#[test]
fn grammar_holds() {
    each_seed(format!("{CORPUS}/grammar"), 200, grammar::run);
}

#[test]
fn head_holds() {
    each_seed(format!("{CORPUS}/head"), 200, head::run);
}

#[test]
fn reassembler_holds() {
    each_seed(format!("{CORPUS}/reassembler"), 200, reassembler::run);
}

#[cfg(feature = "auth")]
#[test]
fn relay_holds() {
    each_seed(format!("{CORPUS}/relay"), 200, relay::run);
}

#[cfg(feature = "auth")]
#[test]
fn relays_holds() {
    each_seed(format!("{CORPUS}/relays"), 200, relays::run);
}

#[test]
fn round_trip_holds() {
    each_seed(format!("{CORPUS}/round_trip"), 200, round_trip::run);
}

#[test]
fn tunnel_holds() {
    each_seed(format!("{CORPUS}/tunnel"), 100, tunnel::run);
}

#[test]
fn uri_holds() {
    each_seed(format!("{CORPUS}/uri"), 200, uri::run);
}
