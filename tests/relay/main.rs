//! The relay among scripted peers, in virtual time (RFC 4976, RFC 7977).
#![cfg(feature = "auth")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../common/mod.rs"]
mod common;

mod world;

mod auth;
mod budgets;
mod chain;
mod chunks;
mod connections;
mod counted;
mod crowds;
mod diverted;
mod ends;
mod failures;
mod flow_control;
mod flows;
mod giving;
mod guessing;
mod in_use;
mod lookups;
mod losses;
mod memory;
mod messages;
mod passing;
mod peers;
mod random;
mod revoked;
mod rules;
mod sending;
mod shares;
mod shedding;
mod storm;
mod tokens;
mod transport;
