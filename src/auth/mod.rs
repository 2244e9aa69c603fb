//! HTTP digest for the AUTH requests of relays (RFC 4976, RFC 7616).
//!
//! A client that wants a relay to act for it sends an AUTH, is challenged with
//! 401, answers the challenge and gets its URI in a 200. Here are the values of
//! the three header fields that take part, and both sides of the exchange:
//!
//! ```text
//!  DigestClient                                      DigestServer
//!                 ── AUTH ─────────────────────────▶
//!                 ◀─ 401, WWW-Authenticate ────────   challenges
//!  challenged
//!  authorization  ── AUTH, Authorization ──────────▶  check, verify
//!  accepted       ◀─ 200, Authentication-Info ─────
//! ```
//!
//! No requests are made here: the values go into [`HeadWriter`] and
//! [`OutgoingMessage`]s, and come from [`HeadRef`].
//!
//! # What is spoken
//!
//! MD5 and SHA-256, never with `-sess`; `qop=auth` and no other; never Basic
//! (RFC 4976 section 9.1). The URI that is hashed is the rightmost one of To-Path
//! as it is spelt there, whether or not the parameter `uri` is there too.
//!
//! Values are read leniently: commas with and without blanks, quotes or none,
//! names and tokens in any letter case, unknown parameters. They are written
//! strictly, and never with an octet that would end a header field.
//!
//! # Limits
//!
//! A value has at most [`MAX_PARAMETERS`] parameters. What is kept of it is
//! never longer than the value. For those of the server see
//! [`DigestServer::replay_window`].
//!
//! [`HeadWriter`]: crate::wire::HeadWriter
//! [`HeadRef`]: crate::wire::HeadRef
//! [`OutgoingMessage`]: crate::OutgoingMessage

mod authorization;
mod challenge;
mod client;
mod digest;
mod error;
mod grammar;
mod info;
mod nonce;
mod params;
mod replay;
mod server;

pub use self::authorization::Authorization;
pub use self::challenge::Challenge;
pub use self::client::{Credentials, DigestClient};
pub use self::digest::{Algorithm, Ha1};
pub use self::error::{AuthError, AuthErrorKind};
pub use self::info::AuthenticationInfo;
pub use self::server::{DigestServer, Rejection};

/// The most parameters that one header field may have, unknown ones among them.
pub const MAX_PARAMETERS: usize = 32;
