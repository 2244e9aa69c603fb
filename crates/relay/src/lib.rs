//! An MSRP relay (RFC 4976) over TCP, TLS and WebSockets (RFC 7977).
//! `README.md` has the interface; this is how it is built.
//!
//! ```text
//!  serve      the relay as a whole, from options to its end
//!  core       the relay's state and all connections, on one thread
//!  link       one connection: half written, half read
//!  transport  TCP, TLS, WebSocket      websocket  its handshake
//!  listen     who comes in             dial       who is connected to
//!  secure     certificates             policy     which targets may be
//!  users      who may use the relay    metrics    how it is
//!  options    the command line         fault      why it does not start
//! ```
//!
//! What is protocol is the crate `msrp`'s, the checking of certificates
//! `msrp-tls`'s.

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod core;
mod dial;
mod fault;
mod link;
mod listen;
mod metrics;
mod options;
mod policy;
mod secure;
mod serve;
mod transport;
mod users;
mod websocket;

pub use fault::{StartError, UsersError};
pub use options::{Command, CommandLine, HashOptions, Options};
pub use serve::{Addresses, Handle, Server};
pub use users::user_line;
