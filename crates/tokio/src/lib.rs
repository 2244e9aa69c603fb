//! The async endpoint for MSRP (RFC 4975): sessions, messages and files on tokio.
//!
//! [`msrp`] is the protocol as a state machine; this crate gives it sockets, a clock and
//! tasks. An [`Endpoint`] listens, connects and shares connections. A [`Session`] sends
//! and receives. [`Sent`] tells what becomes of a message, and a [`Message`] is read as a
//! text, as a stream, or into a file.
//!
//! ```text
//!   Endpoint ── session, connect, expect ──▶ Session ── send, upload ──▶ Sent, Upload
//!       │                                       └────── next ──────────▶ Message
//!       │ one task for each connection
//!       ▼
//!   msrp::Connection ◀──▶ TCP, TLS, or any other stream
//! ```
//!
//! The README has a call from the offer to the last message.
//!
//! # Who waits for whom
//!
//! The task of a connection waits for its socket and its deadlines, never for a reader.
//! Responses leave as soon as a chunk has arrived, whatever the application does.
//!
//! What nobody has read waits in the session, up to [`Builder::room`]. Then the connection
//! is not read, and its peer has to wait. MSRP has no window for one session, so the
//! sessions that share the connection wait as well, but no longer than
//! [`Builder::patience`]: after that, what arrives in the full session is refused with 413.
//! Within a session, whoever waits for the next message is held back for as long by readers
//! that take nothing; those that are only slow lose nothing.
//! [`Builder::share_connections`] gives each session a connection of its own. There, what
//! nobody reads may take up to four times the room, little by little, so that the peer has
//! responses in time; then messages are refused with 413, unless a large one is under way,
//! which waits.
//!
//! A sender waits in the same way: [`Upload`] takes octets as fast as they leave,
//! [`Session::send_from`] sends one large message after another, and [`Session::send`] waits
//! while too many messages have no outcome.
//!
//! # Dropping
//!
//! Every future is cancel safe. A session ends with its last handle ([`Session`],
//! [`Sender`], [`Message`], [`Upload`] or [`Nicknames`]), after all that it has sent has its outcome. A
//! [`Sent`] is no handle: dropping it changes nothing. A connection that this side opened
//! ends with its last session. With the last [`Endpoint`] the listeners go, and sessions
//! that are open go on; [`Endpoint::close`] waits for everything.
//!
//! # Content
//!
//! [`content`] says what may be shown and stored of what arrives.
//!
//! # WebSockets
//!
//! With the feature `websocket`, URIs with the transport `ws` are connected to (RFC 7977): a
//! relay's, as a browser would, or another endpoint's ([`Builder::listen_wss`],
//! [`Endpoint::websocket_uri`]). A peer with a session may send messages of up to 1 MiB, others
//! of 64 KiB. It is pinged every 30 seconds, and given up after two pings without an answer.
//!
//! # Relays of a domain
//!
//! With the feature `srv`, [`Endpoint::relay`] looks up the SRV records `_msrps._tcp` of an
//! `msrps` URI without a port (RFC 4976 section 8). Their hosts are tried by priority and
//! weight (RFC 2782), up to 16 of them, each with a head start of 250 milliseconds; one that
//! does not connect, or fails in its handshakes, is passed over. Whichever it is, its
//! certificate has to be for the domain. Without records, or without the feature, the relay is
//! at port 2855 of the domain itself.
//!
//! # Errors
//!
//! [`Error`] says why there is no session, [`Ended`] why one has ended, [`Undelivered`] what
//! is known of a message that did not succeed, [`MessageError`] and [`SaveError`] why one
//! cannot be read or saved. They name the next hop and the side that gave up.
//!
//! # Tracing
//!
//! Each connection is a span, `connection`, with its hop. Sessions and messages are events
//! at DEBUG, named by their keys and Message-IDs; what an operator should see is INFO and
//! WARN. The target `msrp_tokio::wire` has the head of every chunk and response at TRACE.
//! Nothing of it has the content of messages, session-ids or credentials.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[cfg(feature = "content")]
pub mod content;
mod ended;
mod endpoint;
mod error;
mod link;
mod session;

pub use ended::Ended;
pub use endpoint::{Builder, Endpoint, Route, Sessions, Target};
pub use error::Error;
pub use link::{Notice, Progress, Stream};
pub use session::{
    FailedMessage, Message, MessageError, NicknameAsked, Nicknames, Notices, Piece, SaveError,
    SendError, Sender, Sent, Session, Undelivered, UnverifiedFile, Upload, UploadError,
};

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
