//! What the fuzz targets check, as plain functions: each panics where a law
//! does not hold. The tests `fuzz_corpus` of the packages run them over the seeds
//! as well.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a target uses one of the bodies, and a panic is how it says no"
)]

pub(crate) mod connections;
pub(crate) mod content;
pub(crate) mod cpim;
pub(crate) mod data_channel;
pub(crate) mod decoder;
#[cfg(feature = "auth")]
pub(crate) mod digest;
pub(crate) mod file;
pub(crate) mod head;
#[cfg(feature = "xml")]
pub(crate) mod imdn;
mod input;
pub(crate) mod multipart;
pub(crate) mod reassembler;
#[cfg(feature = "auth")]
pub(crate) mod relay;
#[cfg(feature = "auth")]
pub(crate) mod relays;
pub(crate) mod round_trip;
pub(crate) mod sdp;
pub(crate) mod tunnel;
pub(crate) mod uri;
