//! An MSRP relay (RFC 4976) over TCP, TLS and WebSockets (RFC 7977).
//! `README.md` has the interface; this is how it is built.
//!
//! ```text
//!  serve      the relay as a whole, from options to its end
//!  core       the relay's state and all connections, on one thread
//!  link       one connection: half written, half read      turns  who is read next
//!  transport  TCP, TLS, WebSocket      close      their ends
//!  listen     incoming connections     dial       outgoing connections
//!  files      how many there may be
//!  secure     certificates             policy     permitted targets
//!                                      special    special-purpose addresses
//!  users      the users file           reload     users and certificates, again
//!  options    the command line         metrics    metrics and health
//!  fault      errors
//! ```
//!
//! The protocol is in the crate `msrp`, the checking of certificates in `msrp-tls`, and
//! WebSockets are in `msrp-socket`.

#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]

mod alarm;
mod close;
mod core;
mod dial;
mod fault;
mod files;
mod link;
mod listen;
mod look_ups;
mod metrics;
mod names;
mod opening;
mod options;
mod policy;
mod reads;
mod reload;
mod secure;
mod serve;
mod special;
mod transport;
mod turns;
mod users;

pub use fault::StartError;
pub use options::{Command, CommandLine, HashOptions, Options};
pub use policy::{Target, TargetError};
pub use serve::{Addresses, Handle, Server};
pub use users::user_line;
