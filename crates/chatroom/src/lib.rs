//! Chat rooms: the rules of an MSRP switch (RFC 7701), as a state machine.
//!
//! A [`Room`] says who gets a message, or what its sender is answered, and
//! whose a nickname is. It knows no connection and holds no octets of messages:
//! the application has an MSRP session with each participant, asks the room and
//! does what it says.
//!
//! ```text
//!  Connection ── Event::Message ────────────▶ Room::message ──▶ recipients
//!                ◀─ accept, or reject(status) ──┘                  │
//!  Connections of the recipients ◀── send: the same octets ────────┘
//!
//!  Connection ── Event::NicknameRequested ──▶ Room::use_nickname
//!                ◀─ answer_nickname(status) ────┘
//! ```
//!
//! The sessions of a room are set up so:
//!
//! - [`SessionConfig::accept_types`] with `message/cpim` alone (RFC 7701 section
//!   5.2), and what is wrapped as the room likes.
//! - [`SessionConfig::answers`] by the application: the answers to a message
//!   depend on what is in it. [`SessionConfig::nicknames`] where the room gives
//!   any.
//! - [`ReportMode::Manual`], so that REPORTs on private messages have the body
//!   that section 6.2 wants: [`report_body`].
//!
//! ```
//! use msrp_chatroom::{Participant, Room, RoomConfig};
//! use msrp_cpim::{Address, CpimBuilder};
//! use msrp::{MediaType, StatusCode};
//!
//! let mut room = Room::new("sip:pier@chat.example", RoomConfig::default())?;
//! let ada = room.join(Participant::new("sip:ada@example.com")?)?;
//! let bob = room.join(Participant::new("sip:bob@example.com")?.private_messages(true))?;
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
//! # Messages that are passed on while they come in
//!
//! A large message need not be there before it is passed on:
//! [`Room::begin_message`] takes its first octets, until the headers of the
//! wrapper are there. Who gets it is settled then: later chunks go to the same
//! recipients, less those who leave ([`Room::continue_message`]). Should the rest
//! not come, [`Room::handle_timeout`] says so, and what comes later is refused.
//!
//! # Limits
//!
//! See [`RoomConfig`]. A URI has at most 2,048 octets. What a room holds of a
//! participant is what its application gives it, and one nickname.
//!
//! [`SessionConfig::accept_types`]: msrp::SessionConfig::accept_types
//! [`SessionConfig::answers`]: msrp::SessionConfig::answers
//! [`SessionConfig::nicknames`]: msrp::SessionConfig::nicknames
//! [`ReportMode::Manual`]: msrp::ReportMode::Manual

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

mod chunks;
mod config;
mod identifier;
mod message;
mod nicknames;
mod participant;
mod passing;
mod recipients;
mod room;
mod seat;

pub use self::config::RoomConfig;
pub use self::identifier::is_same_uri;
pub use self::message::report_body;
pub use self::participant::{JoinError, Participant, ParticipantError};
pub use self::passing::Abandoned;
pub use self::recipients::Recipients;
pub use self::room::{Left, Room};
pub use self::seat::Seat;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
