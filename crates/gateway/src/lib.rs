//! A gateway from HTTP to MSRP: sends messages, probes peers and keeps sessions
//! by JSON requests. `README.md` has the interface; this is how it is built.
//!
//! ```text
//!  api/       HTTP and JSON: requests and responses
//!  session/   sessions that outlive a request, and their events
//!  exchange   one message, or one empty SEND, and its outcome
//!  tunnel     a WebSocket joined to a stream
//!  dial       resolve, check, connect, TLS      policy   permitted targets
//!  serve      accepting, draining               options  the command line
//! ```
//!
//! The protocol is in the crate `msrp`, the loop that drives it in
//! `msrp-tokio-loop`, the checking of certificates in `msrp-tls`.

#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]

mod api;
mod app;
mod dial;
mod exchange;
mod fault;
mod options;
mod policy;
mod serve;
mod session;
mod tunnel;

pub use options::{Options, StartError};
pub use policy::{Pattern, PatternError};
pub use serve::Gateway;
