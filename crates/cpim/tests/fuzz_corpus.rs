//! The bodies of the fuzz targets over their seeds, so that they hold on a stable
//! toolchain and cannot rot.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is how a body says that a law does not hold"
)]

#[path = "../../../fuzz/bodies/cpim.rs"]
mod cpim;
#[cfg(feature = "xml")]
#[path = "../../../fuzz/bodies/imdn.rs"]
mod imdn;
#[path = "../../../fuzz/bodies/multipart.rs"]
mod multipart;
#[path = "../../../fuzz/bodies/seeds.rs"]
mod seeds;

use seeds::each_seed;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");

#[test]
fn cpim_holds() {
    each_seed(format!("{CORPUS}/cpim"), 200, cpim::run);
}

#[cfg(feature = "xml")]
#[test]
fn imdn_holds() {
    each_seed(format!("{CORPUS}/imdn"), 200, imdn::run);
}

#[test]
fn multipart_holds() {
    each_seed(format!("{CORPUS}/multipart"), 200, multipart::run);
}
