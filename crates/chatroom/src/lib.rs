//! Chat rooms: the rules of an MSRP switch (RFC 7701), as a state machine without
//! I/O.
//!
//! A [`Room`] says who receives a message, which status code its sender gets, and
//! who holds a nickname. It knows no connection and stores no message: the
//! application has an MSRP session with each participant, asks the room, and acts
//! on the answer.
//!
//! ```text
//!  Connection ── Event::Message ────────────▶ Room::message ──▶ recipients
//!                ◀─ accept, or reject(status) ──┘                  │
//!  Connections of the recipients ◀── send: the same octets ────────┘
//!
//!  Connection ── Event::NicknameRequested ──▶ Room::use_nickname
//!                ◀─ the response with its status ┘
//! ```
//!
//! ```
//! use msrp::{MediaType, StatusCode};
//! use msrp_chatroom::{Participant, Room, RoomConfig};
//! use msrp_cpim::{Address, CpimBuilder};
//!
//! let mut room = Room::new("sip:pier@chat.example", RoomConfig::default())?;
//! let ada = room.join(Participant::new("sip:ada@example.com")?)?;
//! let bob = room.join(Participant::new("sip:bob@example.com")?.with_private_messages(true))?;
//! assert_eq!(room.use_nickname(ada, Some(&"Ada".parse()?)), StatusCode::OK);
//! assert_eq!(room.use_nickname(bob, Some(&"ADA ".parse()?)), StatusCode::NICKNAME_IN_USE);
//!
//! let from = Address::new("sip:ada@example.com")?;
//! let to_all = Address::new("sip:pier@chat.example")?;
//! let text = CpimBuilder::new(&from, &to_all).build(&MediaType::text_plain(), b"Hello")?;
//! let recipients = room.message(ada, "message/cpim", &text).unwrap();
//! assert_eq!(recipients.seats(), [bob]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Sessions
//!
//! The sessions with the participants need these settings:
//!
//! - [`SessionConfig::accept_types`] with `message/cpim` only (RFC 7701 section
//!   5.2), and the wrapped types of your choice.
//! - [`SessionConfig::responses`] by the application, because the response depends
//!   on the content of a message. [`SessionConfig::nicknames`], if the room has
//!   nicknames.
//! - [`ReportMode::Manual`], so that REPORTs on private messages have the body
//!   that RFC 7701 section 6.2 demands: [`report_body`].
//!
//! # Passing on messages while they arrive
//!
//! A room need not wait for the end of a large message. Give its first octets to
//! [`Room::begin_message`] until the headers of the wrapper are complete; this
//! settles the recipients. Later chunks go to the same recipients, except those
//! who leave ([`Room::continue_message`]). If the rest does not come,
//! [`Room::handle_timeout`] gives the message up, and what arrives later is
//! refused.
//!
//! # Limits
//!
//! | Of a room | At most | Beyond it |
//! |---|---|---|
//! | sessions | [`RoomConfig::sessions`], 1,000 | [`RoomError::Full`] |
//! | messages being passed on | [`RoomConfig::messages`], 1,024 | 413 |
//! | of those, from one session | [`RoomConfig::messages_of_session`], 16 | 413 |
//! | time between their chunks | [`RoomConfig::chunk_timeout`], 540 s | [`Abandoned`] |
//! | octets of a URI | 2,048 | [`RoomError::Uri`]; 403 or 404 for a message |
//!
//! A room stores what the application gives it for each participant, and one
//! nickname.
//!
//! [`SessionConfig::accept_types`]: msrp::SessionConfig::accept_types
//! [`SessionConfig::responses`]: msrp::SessionConfig::responses
//! [`SessionConfig::nicknames`]: msrp::SessionConfig::nicknames
//! [`ReportMode::Manual`]: msrp::ReportMode::Manual

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

mod chunks;
mod config;
mod context;
mod error;
mod freeform;
mod identifier;
mod message;
mod nicknames;
mod participant;
mod passing;
mod profile;
mod recipients;
mod room;
mod roster;
mod seat;

pub use self::config::RoomConfig;
pub use self::error::RoomError;
pub use self::identifier::is_same_uri;
pub use self::message::report_body;
pub use self::participant::Participant;
pub use self::passing::Abandoned;
pub use self::profile::look;
pub use self::recipients::Recipients;
pub use self::room::{Left, Room};
pub use self::seat::Seat;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
