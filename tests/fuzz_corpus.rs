//! The bodies of the fuzz targets over their seeds, whole and cut short.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

/// A longer seed is cut at `cuts` places or a few more, a shorter one everywhere.
fn each_seed(target: &str, cuts: usize, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut seeds = 0;
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let seed = std::fs::read(&path).unwrap();
        let step = (seed.len() / cuts).max(1);
        for end in (0..seed.len()).step_by(step).chain([seed.len()]) {
            body(&seed[..end]);
        }
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds in {}", folder.display());
}

#[test]
fn head() {
    each_seed("head", 200, bodies::head::run);
}

#[test]
fn decoder() {
    each_seed("decoder", 200, bodies::decoder::run);
}

#[test]
fn round_trip() {
    each_seed("round_trip", 200, bodies::round_trip::run);
}

#[test]
fn reassembler() {
    each_seed("reassembler", 200, bodies::reassembler::run);
}

#[test]
fn sdp() {
    each_seed("sdp", 200, bodies::sdp::run);
}

#[test]
fn tunnel() {
    each_seed("tunnel", 100, bodies::tunnel::run);
}

#[test]
fn uri() {
    each_seed("uri", 200, bodies::uri::run);
}

#[test]
fn file() {
    each_seed("file", 200, bodies::file::run);
}

#[test]
fn cpim() {
    each_seed("cpim", 200, bodies::cpim::run);
}

#[cfg(feature = "xml")]
#[test]
fn imdn() {
    each_seed("imdn", 200, bodies::imdn::run);
}

#[test]
fn multipart() {
    each_seed("multipart", 200, bodies::multipart::run);
}

#[test]
fn data_channel() {
    each_seed("data_channel", 200, bodies::data_channel::run);
}

#[cfg(feature = "auth")]
#[test]
fn digest() {
    each_seed("digest", 200, bodies::digest::run);
}

#[cfg(feature = "auth")]
#[test]
fn relay() {
    each_seed("relay", 200, bodies::relay::run);
}

#[cfg(feature = "auth")]
#[test]
fn relays() {
    each_seed("relays", 200, bodies::relays::run);
}

#[test]
fn connections() {
    each_seed("connections", 16, bodies::connections::run);
}
