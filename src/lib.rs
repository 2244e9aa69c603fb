//! The Message Session Relay Protocol (RFC 4975) as a pure state machine.
//!
//! MSRP carries chat, file transfer and emergency text between SIP endpoints,
//! over TCP or TLS and through relays. This crate is the protocol and nothing
//! else: it owns no socket, thread, clock or random source. Octets, the time
//! and random octets go in; octets, events and a deadline come out. It runs
//! under any runtime and over any transport.
//!
//! ```text
//!    application ── open, send, body, abort, report ──┐          ▲ Event
//!                                                     ▼          │
//!  ends      Connection   sessions, messages, reports, reassembly
//!                         │                           ▲
//!  hop                    ▼   chunks and their turns, transactions, deadlines
//!                         │                           ▲
//!  wire                   ▼   HeadWriter    Decoder, HeadRef    MsrpUri, Path
//!                         │                           ▲
//!    transport ◀─ Transmit┘                           └─ BytesMut ◀─ transport
//! ```
//!
//! Each layer works without those above it: [`wire::Decoder`] and
//! [`wire::HeadWriter`] make an analyser or a test tool, [`wire::HeadRef`] is a
//! zero-copy parser.
//!
//! # The run loop
//!
//! Four steps drive a [`Connection`], in this order: write what it has to send,
//! take its events, wait for octets or for its deadline, and pass on what arrived.
//! With a blocking socket that has a read timeout:
//!
#![cfg_attr(feature = "getrandom", doc = "```no_run")]
#![cfg_attr(not(feature = "getrandom"), doc = "```ignore")]
//! use std::io::{ErrorKind, Read, Write};
//! use std::net::TcpStream;
//! use std::sync::Arc;
//! use std::time::{Duration, Instant};
//!
//! use bytes::{Buf, BytesMut};
//! use msrp::{Config, Connection, Event, OsRandom, OutgoingMessage, Role, SessionConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut stream = TcpStream::connect("192.0.2.7:2855")?;
//! let config = Arc::new(Config::default());
//! let mut connection = Connection::new(config, Role::Active, OsRandom::new()?, Instant::now())?;
//! let session = connection.open(SessionConfig::new(
//!     "msrp://192.0.2.1:49153/jshA7weztas;tcp".parse()?,
//!     "msrp://192.0.2.7:2855/kjhd37s2s20w2a;tcp".parse()?,
//! ))?;
//! connection.send(session, OutgoingMessage::text("Are you there?"))?;
//!
//! let (mut input, mut is_paused) = (BytesMut::new(), false);
//! loop {
//!     while let Some(mut transmit) = connection.poll_transmit(Instant::now()) {
//!         while transmit.has_remaining() {
//!             let written = stream.write(transmit.chunk())?;
//!             transmit.advance(written);
//!         }
//!     }
//!     while let Some(event) = connection.poll_event() {
//!         match event {
//!             Event::Message { received, body } => {
//!                 println!("{}: {} octets", received.content_type(), body.len());
//!             }
//!             Event::Finished(finished) => println!("{}", finished.outcome),
//!             Event::Closed(_) => return Ok(()),
//!             _ => {}
//!         }
//!     }
//!     // After a pause, what was read before it comes first.
//!     if connection.wants_read() && !is_paused {
//!         let now = Instant::now();
//!         let wait = connection.poll_timeout().map(|due| due.saturating_duration_since(now));
//!         stream.set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
//!         let mut octets = [0; 16 * 1024];
//!         match stream.read(&mut octets) {
//!             Ok(0) => connection.receive_eof(),
//!             Ok(len) => input.extend_from_slice(&octets[..len]),
//!             Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
//!             Err(e) => return Err(e.into()),
//!         }
//!     }
//!     if !connection.is_closed() {
//!         connection.receive(Instant::now(), &mut input)?;
//!     }
//!     is_paused = !connection.wants_read();
//!     connection.handle_timeout(Instant::now());
//! }
//! # }
//! ```
//!
//! The loop has these duties:
//!
//! - Write each [`Transmit`] whole before asking for the next. Asking says that
//!   the previous one has been written, and deadlines start then.
//! - Keep the octets that [`Connection::receive`] leaves in the buffer, and append
//!   what is read next.
//! - Stop reading while [`Connection::wants_read`] is false. When it has become true,
//!   after taking events or another call, call `receive` again with what is left.
//! - Keep reading while writing large messages. Otherwise both sides of a
//!   connection could wait for each other.
//! - Pass on what has arrived before [`Connection::handle_timeout`], which may end
//!   the connection for want of it.
//! - After the end, wait for a peer that does not read only for as long as you like:
//!   a connection that has ended has no deadline.
//!
//! # The socket
//!
//! A connection decides at the last moment what leaves next, and its clocks read when
//! octets leave. A socket that takes megabytes ahead of the network spoils both: a
//! short text waits after all of them, and the time of a request runs long before it
//! leaves. The loop of a TCP socket therefore
//!
//! - sets `TCP_NODELAY`, as each write is complete;
//! - sets `TCP_NOTSENT_LOWAT` to 16 to 32 KiB where the system has it, so that the
//!   socket is writable only while little waits in it;
//! - asks [`Connection::poll_transmit`] only while the socket is writable, and after each
//!   [`Connection::handle_timeout`], since a system takes more than leaves in a second, and
//!   the connection gives no more than that;
//! - says [`Connection::transport_holds`] after each write and before each
//!   [`Connection::handle_timeout`], which is due a few times a second while octets
//!   wait in the socket, in TLS or in a WebSocket;
//! - leaves `SO_SNDBUF` to the system, since a small one also limits what is on its
//!   way.
//!
//! Octets of a message have left once [`Connection::poll_transmit`] has returned them:
//! [`Progress::left`] and [`Finished::octets`](field@Finished::octets) count these.
//! Octets have left the transport once it has put them on the network, as far as
//! [`Connection::transport_holds`] says: deadlines and [`Response::round_trip`] start
//! there.
//!
//! [`Config::transmit_octets`] and [`Config::turn_octets`] of 16 KiB, the defaults,
//! suit such a socket. At 2 Mbit/s, a text after a file then arrives after 0.14
//! seconds instead of 1.07, for 1 % of the throughput. The crate `msrp-socket` has
//! these steps.
//!
//! # Time
//!
//! The time comes in with each call, and [`Connection::poll_timeout`] says when the
//! next deadline is due. Silence of a connection is normal while nothing is expected;
//! these deadlines bound everything else:
//!
//! | what waits | for | default | what happens |
//! |---|---|---|---|
//! | a request, for its response | [`Config::transaction_timeout`] | 30 s | [`Outcome::TimedOut`] |
//! | a message with octets to send, for any octet to leave the transport | [`OutgoingMessage::progress_timeout`] | 120 s | [`Outcome::TimedOut`] |
//! | an accepted message, for its success REPORTs | [`OutgoingMessage::report_timeout`] | 300 s | [`Outcome::Unreported`] |
//! | octets that wait to leave, or a keep-alive | [`Config::silence_timeout`] | 60 s | [`ConnectionEnd::Silent`] |
//! | a peer that sends but does not read its responses | [`Config::transaction_timeout`] | 30 s | [`ConnectionEnd::Stalled`] |
//! | a passive connection, for its first accepted request | [`Config::bind_timeout`] | 30 s | [`ConnectionEnd::NotBound`] |
//! | an unfinished chunk or response, for its next octet | [`Config::frame_timeout`] | 30 s | [`ConnectionEnd::FrameTimeout`] |
//! | an unfinished incoming message, for its next octet | [`Config::incoming_timeout`] | 120 s | [`FailReason::TimedOut`] |
//! | a quiet connection | [`Config::keep_alive`] | never | a bodiless SEND |
//! | a peer, while this side does not read | a third of [`Config::silence_timeout`] | 20 s | a bodiless SEND |
//!
//! A peer that has vanished without a word is noticed while something waits for it.
//! Set [`Config::keep_alive`] to notice it at any time, and to keep the entries of NATs
//! alive.
//!
//! # Sending
//!
//! [`Connection::send`] takes a whole [`OutgoingMessage`], or one whose octets
//! follow through a [`BodyWriter`] with back-pressure. A lone message is one chunk
//! of any size. As soon as a response, a REPORT or another message waits, the
//! chunk is interrupted, and all of them take turns. Exactly one
//! [`Event::Finished`] gives the outcome of each message.
//!
//! # Receiving
//!
//! A session delivers messages whole, up to a size limit, or in pieces with their
//! offsets as they arrive ([`ReceiveMode`]). The connection responds as the
//! sender's Failure-Report asks, and sends REPORTs as its Success-Report asks.
//!
//! # Listening
//!
//! A [`SessionTable`] holds the sessions that peers may bind. All connections of a
//! listener share it ([`Connection::with_table`]).
//!
//! # Relays
//!
//! A client that wants to be reachable through relays asks them for a route with
//! `Connection::authenticate`, once for each session, on its connection to the
//! first relay (RFC 4976). The resulting `RelayRoute` holds the path to give to
//! the peer and the path of requests to the peer. Peers bind sessions of the
//! [`SessionTable`] through the relay as they do on a direct connection.
//!
//! The module `relay` is the other side: a relay as one state machine for all its
//! connections.
//!
//! # WebSockets and data channels
//!
//! With [`Framing::Message`] each [`Transmit`] is one message of a transport that
//! carries messages, and incoming messages go to [`Connection::receive_message`].
//! A [`Tunnel`] joins such a transport to a stream.
//!
//! # Around a session
//!
//! Companion crates cover what SIP stacks need before and beside a session:
//! `msrp-sdp` (offer and answer become a [`SessionConfig`]; files, data channels),
//! `msrp-cpim` (message/cpim, notifications, typing, multipart) and
//! `msrp-chatroom` (the rules of a chat room).
//!
//! # Limits
//!
//! Everything a peer can make this crate hold is bounded, and no allocation is
//! sized by a number that a peer has written:
//!
//! | what | where | default |
//! |---|---|---|
//! | octets of a head | [`ParseOptions::head_octets`] | 16 KiB |
//! | header fields of a head | [`ParseOptions::headers`] | 64 |
//! | URIs of a path | [`ParseOptions::path_uris`] | 16 |
//! | octets of an incoming message | [`SessionConfig::max_size`] | 1 MiB |
//! | incoming messages in progress | [`Limits::incoming_messages`] | 64 a session |
//! | octets of incoming messages in progress | [`Limits::incoming_octets`] | 16 MiB |
//! | time without progress of an incoming message | [`Config::incoming_timeout`] | 120 s |
//! | gaps in a message | [`Limits::message_ranges`] | 1,024 a message |
//! | events waiting for the application | [`Limits::events`], [`Limits::event_octets`] | 4,096, 1 MiB |
//! | responses and REPORTs waiting to leave | [`Limits::control_octets`] | 512 KiB |
//! | requests awaiting a response | [`Limits::transactions`] | 1,024 a session |
//! | octets of a streamed body | [`Limits::body_writer_octets`] | 256 KiB |
//! | NICKNAMEs awaiting a response | [`Limits::nicknames`] | 8 a session |
//! | parameters of a digest header field | `auth::MAX_PARAMETERS` | 32 |
//! | authentications with relays | `Limits::authentications` | 256 |
//! | remembered nonces | `auth::DigestServer::replay_window` | 64 a user |
//! | connections of a relay | `relay::RelayLimits::connections` | 10,000 |
//! | tokens of a relay | `relay::RelayLimits::tokens` | 100,000 |
//! | connections, dials, tokens of one user of a relay | `relay::RelayLimits::principal_connections`, `user_dials`, `user_tokens` | 1,000, 64, 1,000 |
//! | octets that wait in a relay | `relay::RelayLimits::memory_octets` | 256 MiB |
//! | octets queued for a connection of a relay | `relay::RelayLimits::queue_octets` | 256 KiB |
//!
//! # Tolerances
//!
//! Deployed stacks deviate from the RFCs. Each deviation that this crate accepts
//! has a name in [`Tolerance`] and can be switched off in
//! [`ParseOptions::tolerances`]. [`Event::Tolerated`] reports its first use on a
//! connection.
//!
//! # Features
//!
//! - `auth` (on by default): the module `auth` with HTTP digest for AUTH (RFC
//!   4976), for clients and relays; the module `relay`; and
//!   `Connection::authenticate`.
//! - `getrandom` (on by default): [`OsRandom`], the random octets of the operating
//!   system. Without it, supply your own [`Random`].
//! - `wasm`: [`OsRandom`] on `wasm32-unknown-unknown`, from the random octets of
//!   JavaScript. Only an application should enable it.

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
// A new variant must be thought of everywhere.
#![deny(clippy::wildcard_enum_match_arm)]

#[cfg(feature = "auth")]
pub mod auth;
mod connection;
mod fault;
mod footprint;
mod hop;
mod keys;
mod limits;
pub mod mime;
mod named;
mod offset;
mod random;
pub mod reassembly;
#[cfg(feature = "auth")]
pub mod relay;
mod spare;
mod time;
mod tolerance;
mod tunnel;
pub mod uri;
mod weight;
pub mod wire;

#[cfg(feature = "auth")]
pub use connection::{
    AuthenticateError, Authentication, AuthenticationFailure, RelayAccount, RelayRoute,
    UriParameter,
};
pub use connection::{
    Bind, BodyWriter, CloseReason, Config, Connection, ConnectionEnd, ConnectionError, Direction,
    Event, FailReason, Finished, MessageMemory, Outcome, OutgoingMessage, Progress, ReceiveMode,
    Received, Refused, ReportMode, Response, ResponseMode, Role, SendError, SessionConfig,
    SessionError, SessionTable,
};
#[doc(hidden)]
pub use footprint::Footprint;
pub use hop::{Framing, Priority, Transmit};
#[cfg(feature = "auth")]
pub use keys::AuthKey;
pub use keys::{IncomingKey, MessageKey, NicknameKey, NicknameRequest, SessionKey, UnknownKey};
pub use limits::{Limits, ParseOptions};
pub use named::UnknownName;
#[cfg(feature = "getrandom")]
pub use random::OsRandom;
pub use random::{Random, RandomError, session_id};
pub use time::Instant;
pub use tolerance::{Tolerance, Tolerances};
pub use tunnel::{Tunnel, TunnelError};
#[doc(no_inline)]
pub use uri::{MsrpUri, Path};
pub use wire::ident::MessageId;
pub use wire::media::{MediaType, MediaTypes};
pub use wire::nickname::Nickname;
pub use wire::status::StatusCode;

/// The parts of the inside that the fuzz targets reach.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    /// Panics unless the fast rules read `input` as the grammar does.
    pub fn assert_fast_rules_are_the_grammar(input: &[u8]) {
        crate::wire::fast::assert_twins(input);
        crate::uri::read::assert_twins(input);
    }
}

/// The README's code compiles.
#[cfg(all(doctest, feature = "getrandom"))]
#[doc = include_str!("../README.md")]
struct Readme;
