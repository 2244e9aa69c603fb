//! Runs the bodies of the fuzz targets over their seeds, on a stable toolchain.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is how a body says that a law does not hold"
)]

#[path = "../../../fuzz/bodies/data_channel.rs"]
mod data_channel;
#[path = "../../../fuzz/bodies/file.rs"]
mod file;
#[path = "../../../fuzz/bodies/sdp.rs"]
mod sdp;
#[path = "../../../fuzz/bodies/seeds.rs"]
mod seeds;

use seeds::each_seed;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");

#[test]
fn data_channel_holds() {
    each_seed(format!("{CORPUS}/data_channel"), 200, data_channel::run);
}

#[test]
fn file_holds() {
    each_seed(format!("{CORPUS}/file"), 200, file::run);
}

#[test]
fn sdp_holds() {
    each_seed(format!("{CORPUS}/sdp"), 200, sdp::run);
}
