//! A client and its relays (RFC 4976 sections 3.1, 4, 5.1, 8 and 9.1, RFC 7977
//! section 5.3.1).
#![cfg(feature = "auth")]
#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;

mod asking;
mod ends;
mod refusals;
mod relay;
mod renewal;
mod sessions;
mod splits;
