//! Isolation: sound clients notice nothing of the others on their relays.
//!
//! Relays, clients and the wires between them in virtual time. A wire holds as much as
//! the sockets of its two ends do, and may be as slow as its reader. Every law is about
//! when a message arrives, and what its sender is told.
#![cfg(feature = "auth")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

#[path = "../common/mod.rs"]
mod common;

mod circles;
mod client;
mod crowds;
mod foreign;
mod neighbours;
mod patience;
mod raw;
mod refusals;
mod several;
mod shares;
mod storm;
mod wire;
mod world;
