//! MSRP behind an HTTP interface: messages sent, peers tried and sessions kept
//! by JSON requests. `README.md` has the interface; this is how it is built.
//!
//! ```text
//!  api/       HTTP and JSON: what is asked for, what is answered
//!  session/   sessions that outlive a request, and their events
//!  exchange   one message, or one binding SEND, and what becomes of it
//!  tunnel     a WebSocket joined to a stream
//!  dial       resolve, check, connect, TLS      policy   which targets may be
//!  serve      accepting, draining               options  the command line
//! ```
//!
//! What is protocol is the crate `msrp`'s, the loop that drives it is
//! `msrp-tokio-loop`'s, the checking of certificates `msrp-tls`'s.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

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
