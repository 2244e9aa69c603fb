//! Endurance: hours of virtual time under tight limits, on links as real ones are,
//! with applications that are slow and peers that are not sound.
//!
//! When the storm is over, what was promised has to hold: everything works again
//! (liveness), nothing is left over (no leak), and each message has one outcome.
//!
//! - `MSRP_ENDURANCE_SEEDS=10000 cargo test --release --test endurance` runs that
//!   many seeds of two endpoints, `MSRP_ENDURANCE_SEED=17` one, and prints its steps.
//! - `MSRP_HOSTILE_SEED` and `MSRP_HOSTILE_SEEDS` do the same for an endpoint whose
//!   peer is hostile.
#![allow(
    unsafe_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

#[path = "endurance/cases.rs"]
mod cases;
mod common;
#[path = "endurance/mod.rs"]
mod endurance;

use common::seeds::Simulator;
use endurance::hostile::Hostile;
use endurance::world::World;

#[test]
fn two_endpoints_come_through_the_storm() {
    let run = |seed, is_told| World::new(seed, is_told).run();
    Simulator { test: "endurance", variable: "MSRP_ENDURANCE", run }.run(40);
}

#[test]
fn an_endpoint_comes_through_a_hostile_peer() {
    let run = |seed, is_told| Hostile::new(seed, is_told).run();
    Simulator { test: "endurance", variable: "MSRP_HOSTILE", run }.run(100);
}
