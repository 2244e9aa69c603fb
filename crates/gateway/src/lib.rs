//! A gateway from HTTP to MSRP: sends messages, probes peers and keeps sessions
//! by JSON requests. `README.md` has the interface; this is how it is built.
//!
//! ```text
//!  api/       HTTP and JSON: requests and responses
//!  session/   sessions that outlive a request, and their events
//!  exchange   one message and its outcome, or a session that opens
//!  tunnel     a WebSocket joined to a stream
//!  dial       an endpoint for each request      policy   permitted targets
//!  serve      accepting, draining               options  the command line
//! ```
//!
//! Connections and sessions are those of the crate `msrp-tokio`, and so is what people are
//! shown. A request has an endpoint of its own, since its deadlines are its client's.

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
