//! MSRP behind an HTTP interface: messages sent, peers tried and sessions kept
//! by JSON requests. `README.md` has the interface; this is how it is built.
//!
//! ```text
//!  api/       HTTP and JSON: what is asked for, what is answered
//!  session/   sessions that outlive a request, and their events
//!  exchange   one message, or one binding SEND, and what becomes of it
//!  dial       resolve, check, connect, TLS      policy   which targets may be
//!  serve      accepting, draining               options  the command line
//! ```
//!
//! What is protocol is the crate `msrp`'s, the loop that drives it is
//! `msrp-tokio-loop`'s, the checking of certificates `msrp-tls`'s.

#![forbid(unsafe_code)]

mod api;
mod app;
mod dial;
mod exchange;
mod fault;
mod options;
mod policy;
mod serve;
mod session;

pub use options::{Options, StartError};
pub use policy::{Pattern, PatternError};
pub use serve::Gateway;
