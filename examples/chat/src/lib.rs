//! A chat room (RFC 7701) over TCP, and its clients. `README.md` says what the
//! two programs do; this is how they are built.
//!
//! ```text
//!  server      listens for calls
//!  call        a participant at the room's side: the call and its session
//!  hall        the room, and a queue for each participant
//!  client      one participant, for any user interface
//!  speaker     what a participant says
//!  told        what a participant learns
//!  heard       reads the messages that come from the room
//!  names       what participants are called, and whom a name means
//!  rendezvous  in place of SIP: exchanges descriptions, sends the roster
//!  signals     ask a program to end
//!  words       responses and errors as text for people
//! ```
//!
//! The rules of a room are those of [`msrp_chatroom`], the descriptions those of
//! [`msrp_sdp`].

#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod call;
mod client;
mod hall;
mod heard;
mod names;
mod rendezvous;
mod server;
pub mod signals;
mod speaker;
mod told;
pub mod words;

pub use client::{Client, ClientError};
pub use names::FindError;
pub use rendezvous::Roster;
pub use server::{Addresses, Handle, Options, Server, StartError};
pub use speaker::Speaker;
pub use told::Told;
