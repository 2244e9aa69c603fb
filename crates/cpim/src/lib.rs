//! The message format message/cpim (RFC 3862) and the bodies that come with it:
//! disposition notifications ([`imdn`], RFC 5438), typing indications
//! ([`is_composing`], RFC 3994), bodies of several parts ([`multipart`],
//! RFC 2046), and the rosters of chat rooms ([`conference`], RFC 4575).
//!
//! Every MSRP endpoint must be able to read message/cpim (RFC 4975 section 13).
//! It wraps the content of a message together with its sender, its recipients,
//! the time, and more. Chat rooms, gateways and notifications need it; two
//! endpoints that talk to each other do not.
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
//! [`CpimRef`] reads a message without copying its text, whole or from its first
//! chunks. [`CpimBuilder`] writes one.
//!
//! ```
//! use msrp::{MediaType, OutgoingMessage};
//! use msrp_cpim::{Address, CPIM_TYPE, CpimBuilder, CpimRef, DateTime};
//!
//! let alice = Address::new("sip:alice@example.com")?.with_display_name("Alice");
//! let bob = Address::new("sip:bob@example.com")?;
//! let wrapped = CpimBuilder::new(&alice, &bob)
//!     .date_time(&DateTime::parse("2026-05-15T15:02:31-03:00")?)
//!     .subject("Lunch?")
//!     .build(&MediaType::text_plain(), b"Half past twelve, as always?")?;
//! // For `Connection::send`, which cuts it into chunks if necessary:
//! let message = OutgoingMessage::new(MediaType::new(CPIM_TYPE)?, wrapped.clone());
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
//! # Passing messages on
//!
//! An intermediary must not change a message/cpim (RFC 3862 sections 2.2 and 6).
//! This crate changes no message: to say something else, wrap it anew.
//!
//! # Tolerances
//!
//! By default, reading accepts what deployed stacks do beside RFC 3862. Each such
//! deviation has a name in [`CpimTolerance`]. [`CpimRef::tolerated`] says which
//! ones a message contains, and [`CpimRef::parse_with`] accepts fewer or none.
//!
//! # Errors
//!
//! Reading fails with a [`ParseError`], which says what is wrong and at which
//! octets of the input. Writing fails with a [`BuildError`]; a builder returns
//! the first one at its end.
//!
//! # Limits
//!
//! | Of a message/cpim | At most | Beyond it |
//! |---|---|---|
//! | octets before the body | [`MAX_HEAD_OCTETS`] | [`ParseErrorKind::TooLong`] |
//! | lines before a blank line | 512 | [`ParseErrorKind::TooLong`] |
//! | message headers | [`MAX_HEADERS`] | [`ParseErrorKind::TooManyHeaders`] |
//! | MIME header fields | [`MAX_HEADERS`] | [`ParseErrorKind::TooManyHeaders`] |
//! | names in Require headers | [`MAX_HEADERS`] | [`ParseErrorKind::TooManyHeaders`] |
//!
//! A single line may be as long as these limits allow. [`CpimBuilder`] keeps the
//! same limits and fails with [`BuildError::TooLong`]. Documents of XML have at
//! most 64 KiB, 1,024 nodes, 1,024 equals signs in a tag and 256 declarations of namespaces
//! ([`ParseErrorKind::Xml`]); those of [`conference`] 1 MiB, 65,536 nodes and 64 equals
//! signs in a tag. The module [`multipart`] lists the limits of its
//! bodies.
//!
//! # Features
//!
//! `xml` adds `parse` to [`imdn::Notification`], [`is_composing::IsComposing`] and
//! [`conference::ConferenceInfo`]. Writing them needs no feature. `compression` adds
//! `content_encoding`, for bodies that were compressed.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
// No input of a peer or a caller may cause a panic.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm
)]

mod address;
mod aside;
mod builder;
mod check;
pub mod conference;
#[cfg(feature = "compression")]
pub mod content_encoding;
mod date_time;
mod error;
mod escape;
mod format;
mod grammar;
mod header;
pub mod imdn;
pub mod is_composing;
mod limits;
mod message;
mod mime;
pub mod multipart;
mod named;
mod parse;
mod text;
mod tolerance;
mod xml;

pub use self::address::Address;
pub use self::builder::CpimBuilder;
pub use self::date_time::DateTime;
pub use self::error::{BuildError, ParseError, ParseErrorKind};
pub use self::format::{CPIM_NAMESPACE, CPIM_TYPE};
pub use self::header::{Header, Namespace, Required};
pub use self::limits::{MAX_HEAD_OCTETS, MAX_HEADERS};
pub use self::message::CpimRef;
pub use self::mime::{MimeHeader, MimeHeaders};
pub use self::tolerance::{CpimTolerance, CpimTolerances};

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
