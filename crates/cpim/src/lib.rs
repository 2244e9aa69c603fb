//! The message format message/cpim (RFC 3862), which every MSRP endpoint has to
//! read (RFC 4975 section 13).
//!
//! It wraps the content of a message together with who sends it to whom, when,
//! and what else there is to say. A chat room, a gateway and disposition
//! notifications need it; two endpoints that talk to each other do not.
//!
//! ```text
//!  From: Alice <sip:alice@example.com>        message headers
//!  To: Bob <sip:bob@example.com>                RFC 3862: one line each,
//!  DateTime: 2026-05-15T15:02:31-03:00          letter case matters
//!  NS: imdn <urn:ietf:params:imdn>            a prefix and its namespace
//!  imdn.Message-ID: 34jk324j
//!                                             blank line
//!  Content-Type: text/plain                   MIME header fields
//!                                             blank line
//!  Hello                                      the body
//! ```
//!
//! [`CpimRef`] reads one without copying anything, whole or from its first
//! chunks. [`CpimBuilder`] writes one.
//!
//! ```
//! use msrp_cpim::{Address, CpimBuilder, CpimRef, DateTime};
//! use msrp::{MediaType, OutgoingMessage};
//!
//! let alice = Address::new("sip:alice@example.com")?.named("Alice");
//! let bob = Address::new("sip:bob@example.com")?;
//! let wrapped = CpimBuilder::new(&alice, &bob)
//!     .date_time(&DateTime::parse("2026-05-15T15:02:31-03:00")?)
//!     .subject("Lunch?")
//!     .build(&MediaType::text_plain(), b"Half past twelve, as always?")?;
//! // For `Connection::send`, which cuts it into chunks where it has to:
//! let message = OutgoingMessage::new(MediaType::new("message/cpim")?, wrapped.clone());
//!
//! // And on the other side, with the body of an `Event::Message`:
//! let read = CpimRef::parse(&wrapped)?;
//! assert_eq!(read.from(), Some(alice));
//! assert_eq!(read.to().next(), Some(bob));
//! assert_eq!(read.content_type().as_deref(), Some("text/plain"));
//! assert_eq!(read.body(), b"Half past twelve, as always?");
//! # let _ = message;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What may not be changed
//!
//! Whoever passes a message/cpim on passes its octets on as they are (RFC 3862
//! sections 2.2 and 6). Nothing here changes one: who has to say something else
//! wraps it anew.
//!
//! # Limits
//!
//! The headers of a message, those of MIME among them, have at most
//! [`MAX_HEAD_OCTETS`], and there are at most [`MAX_HEADERS`] of each kind and
//! names in Require, on at most 512 lines where some are folded. A line may be as
//! long as that allows.
//!
//! # Tolerances
//!
//! What deployed stacks do beside RFC 3862 is read all the same. Each such
//! deviation has a name in [`CpimTolerance`]; [`CpimRef::tolerated`] says which
//! a message needed, and [`CpimRef::parse_with`] reads with fewer or none.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
// Nothing that a peer or a caller does may panic here.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod address;
mod builder;
mod date_time;
mod error;
mod escape;
mod format;
mod grammar;
mod header;
pub mod imdn;
pub mod is_composing;
mod message;
pub mod multipart;
mod parse;
mod tolerance;
mod tolerance_set;
mod xml;

pub use self::address::{Address, AddressError};
pub use self::builder::CpimBuilder;
pub use self::date_time::{DateTime, DateTimeError};
pub use self::error::{CpimBuildError, CpimError};
pub use self::format::{CPIM_NAMESPACE, CPIM_TYPE, MAX_HEAD_OCTETS, MAX_HEADERS};
pub use self::header::{Header, Namespace, Required};
pub use self::message::CpimRef;
pub use self::tolerance::{CpimTolerance, CpimTolerances};

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
