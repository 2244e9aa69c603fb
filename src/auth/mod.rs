//! HTTP digest for the AUTH requests of relays (RFC 4976, RFC 7616).
//!
//! A client that wants a relay to act for it sends an AUTH, is challenged with 401,
//! answers the challenge and gets its URI in a 200. This module has the values of the
//! three header fields involved, and both sides of the exchange:
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
//! It makes no requests: the values go into [`HeadWriter`] and [`OutgoingMessage`]s, and
//! come from [`HeadRef`].
//!
//! # Supported
//!
//! MD5 and SHA-256 without `-sess`, and `qop=auth`. Nothing else, and never Basic
//! (RFC 4976 section 9.1). The digest covers the rightmost URI of To-Path as it is spelled
//! there, whether or not the parameter `uri` is present.
//!
//! Values are read leniently: with or without blanks after commas, with or without
//! quotes, with names and tokens in any letter case, and with unknown parameters. They
//! are written strictly, and never with an octet that would end a header field.
//!
//! # Limits
//!
//! A value has at most [`MAX_PARAMETERS`] parameters, and takes at most its own length in
//! memory. For the limits of the server, see [`DigestServer::replay_window`].
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

/// The most parameters that one header field may have, including unknown ones.
pub const MAX_PARAMETERS: usize = 32;
