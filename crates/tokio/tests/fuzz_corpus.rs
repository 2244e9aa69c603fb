//! The body of the fuzz target over its seeds, so that it holds on a stable toolchain and
//! cannot rot.
#![cfg(feature = "content")]
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is how a body says that a law does not hold"
)]

#[path = "../../../fuzz/bodies/content.rs"]
mod content;
#[path = "../../../fuzz/bodies/input.rs"]
mod input;
#[path = "../../../fuzz/bodies/seeds.rs"]
mod seeds;

#[test]
fn content_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/content");
    seeds::each_seed(corpus, 200, content::run);
}
