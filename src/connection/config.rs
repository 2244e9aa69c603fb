//! What a connection and its sessions are told before they start.

use std::time::Duration;

use bytes::Bytes;

use super::direction::Direction;
use super::table::SessionTable;
use crate::hop::Framing;
use crate::limits::{Limits, ParseOptions};
use crate::uri::{MsrpUri, Path};
use crate::wire::{FailureReport, MediaType, MediaTypes, MessageId};

/// How a [`Connection`](crate::Connection) behaves. One value can serve every
/// connection of a program.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use msrp::Config;
///
/// let mut config = Config::default();
/// config.keep_alive = Some(Duration::from_secs(60));
/// let config = Arc::new(config);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How heads are read.
    pub parse: ParseOptions,
    /// What a connection may hold.
    pub limits: Limits,
    /// Whether the transport carries a stream or messages. Default: a stream.
    pub framing: Framing,
    /// How long a request waits for its response, from the moment its last
    /// octet was handed to the transport. Default 30 seconds (RFC 4975 section
    /// 7.1.1). A message sent with Failure-Report `partial` waits equally long
    /// for an error before its outcome is [`Outcome::Sent`](crate::Outcome::Sent).
    pub transaction_timeout: Duration,
    /// After how long without sending anything a bodiless SEND keeps the
    /// connection alive. Default: never.
    pub keep_alive: Option<Duration>,
    /// The most body octets of one [`Transmit`](crate::Transmit). Default 64 KiB.
    pub transmit_octets: usize,
    /// The octets of one chunk after which another waiting message has its
    /// turn; below 2,048 it counts as that. Default 64 KiB.
    pub turn_octets: usize,
    /// The most body octets of one chunk, for peers and relays that hold whole
    /// chunks in memory; below 2,048 it counts as that. Default: no limit, since
    /// few large chunks that can be interrupted are better (RFC 4975 section
    /// 7.1.1).
    pub chunk_octets: Option<usize>,
    /// The sessions that peers may bind to this connection by their first
    /// request. Default: none.
    pub table: Option<SessionTable>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            parse: ParseOptions::default(),
            limits: Limits::default(),
            framing: Framing::default(),
            transaction_timeout: Duration::from_secs(30),
            keep_alive: None,
            transmit_octets: 64 * 1024,
            turn_octets: 64 * 1024,
            chunk_octets: None,
            table: None,
        }
    }
}

/// Which side opened the transport connection (RFC 4975 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// This side. It sends at once.
    Active,
    /// The peer. Nothing is sent before its first request has bound a session,
    /// since nobody knows who it is until then.
    Passive,
}

/// How the messages of a session reach the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReceiveMode {
    /// Each whole, in one [`Event::Message`](crate::Event::Message), up to the
    /// session's size limit.
    #[default]
    Whole,
    /// Each in pieces as they arrive, with their offsets, for the application
    /// to put in place.
    Pieces,
}

/// When success REPORTs are sent to a peer that asks for them (RFC 4975
/// section 7.1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportMode {
    /// One on the whole message, when it is complete.
    #[default]
    Whole,
    /// One on each chunk, when it has arrived.
    EachChunk,
    /// None by themselves: the application calls
    /// [`Connection::report`](crate::Connection::report) when it knows that a
    /// message has been delivered.
    Manual,
}

/// Who says whether a message is accepted, once it is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AnswerMode {
    /// The connection: it is answered 200 when its last octet is there (RFC 4975
    /// section 5.3).
    #[default]
    Received,
    /// The application, which calls [`Connection::accept`](crate::Connection::accept)
    /// or [`Connection::reject`](crate::Connection::reject) for every message,
    /// without delay: its sender waits for the answer to the last chunk. A chat
    /// room needs it, whose answer depends on what is in the message (RFC 7701
    /// section 6). Until then the message counts as coming in
    /// ([`Limits::incoming_messages`]).
    Application,
}

/// What the first request of an opened session is (RFC 4975 section 5.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Bind {
    /// A bodiless SEND, at once.
    #[default]
    Bodiless,
    /// The first message, which the application sends at once.
    FirstMessage,
}

/// The most octets of a message by default: what [`ReceiveMode::Whole`] holds
/// in memory.
const DEFAULT_MAX_SIZE: u64 = 1024 * 1024;

/// One session: the two URIs that the rendezvous (SDP, most often) has
/// exchanged, and what each side takes.
///
/// ```
/// use msrp::{MediaTypes, ReceiveMode, SessionConfig};
///
/// let session = SessionConfig::new(
///     "msrp://alice.example:7654/jshA7weztas;tcp".parse()?,
///     "msrp://bob.example:12763/kjhd37s2s20w2a;tcp".parse()?,
/// )
/// .accept_types(MediaTypes::new("text/plain image/*")?)
/// .receive(ReceiveMode::Pieces)
/// .max_size(50 * 1024 * 1024);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SessionConfig {
    pub(crate) local: MsrpUri,
    pub(crate) remote: Option<Path>,
    pub(crate) accept: MediaTypes,
    pub(crate) peer_accept: Option<MediaTypes>,
    pub(crate) max_size: u64,
    pub(crate) peer_max_size: Option<u64>,
    pub(crate) receive: ReceiveMode,
    pub(crate) reports: ReportMode,
    pub(crate) answers: AnswerMode,
    pub(crate) bind: Bind,
    pub(crate) direction: Direction,
    pub(crate) nicknames: bool,
    pub(crate) single_message: bool,
}

impl SessionConfig {
    /// A session between this side's URI and the peer's path.
    pub fn new(local: MsrpUri, remote: Path) -> Self {
        Self { remote: Some(remote), ..Self::expected(local) }
    }

    /// A session whose peer's path is learnt from the From-Path of its first
    /// request. For a [`SessionTable`]; without a path nothing can be opened.
    pub fn expected(local: MsrpUri) -> Self {
        Self {
            local,
            remote: None,
            accept: MediaTypes::any(),
            peer_accept: None,
            max_size: DEFAULT_MAX_SIZE,
            peer_max_size: None,
            receive: ReceiveMode::default(),
            reports: ReportMode::default(),
            answers: AnswerMode::default(),
            bind: Bind::default(),
            direction: Direction::default(),
            nicknames: false,
            single_message: false,
        }
    }

    /// The media types this side takes; others are answered 415. Default: all.
    pub fn accept_types(mut self, types: MediaTypes) -> Self {
        self.accept = types;
        self
    }

    /// The media types the peer takes, as its session description lists them:
    /// others are not sent. Default: all.
    pub fn peer_accept_types(mut self, types: MediaTypes) -> Self {
        self.peer_accept = Some(types.listed_only());
        self
    }

    /// The most octets of an incoming message; a larger one is answered 413.
    /// Default 1 MiB.
    pub const fn max_size(mut self, octets: u64) -> Self {
        self.max_size = octets;
        self
    }

    /// The most octets of a message that the peer takes (`max-size` of its
    /// session description). Default: no limit.
    pub const fn peer_max_size(mut self, octets: u64) -> Self {
        self.peer_max_size = Some(octets);
        self
    }

    /// How incoming messages reach the application. Default: whole.
    pub const fn receive(mut self, mode: ReceiveMode) -> Self {
        self.receive = mode;
        self
    }

    /// When success REPORTs are sent. Default: one on the whole message.
    pub const fn reports(mut self, mode: ReportMode) -> Self {
        self.reports = mode;
        self
    }

    /// Who says whether a message is accepted. Default: the connection.
    pub const fn answers(mut self, mode: AnswerMode) -> Self {
        self.answers = mode;
        self
    }

    /// Whether this side sends one message with content in the session and no more,
    /// as in the session of a file (RFC 5547 section 8.7). Messages that are the
    /// control of others ([`Direction`]) do not count. Default: no.
    pub const fn single_message(mut self, single: bool) -> Self {
        self.single_message = single;
        self
    }

    /// What binds the session when this side opens it. Default: a bodiless
    /// SEND.
    pub const fn bind(mut self, bind: Bind) -> Self {
        self.bind = bind;
        self
    }

    /// Which way messages go, as this side sees it (RFC 4975 section 8.9):
    /// where it does not send, [`Connection::send`](crate::Connection::send)
    /// says so, and where it does not receive, messages are answered 403.
    /// Default: both ways.
    pub const fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Whether this side gives nicknames (RFC 7701 section 7): whether NICKNAMEs
    /// are told by [`Event::NicknameRequested`](crate::Event::NicknameRequested),
    /// for the application to answer. Default: no, and they are answered 501.
    pub const fn nicknames(mut self, gives: bool) -> Self {
        self.nicknames = gives;
        self
    }

    /// This side's URI in the session.
    #[must_use]
    pub const fn local(&self) -> &MsrpUri {
        &self.local
    }

    /// The peer's path, where it is known.
    #[must_use]
    pub const fn remote(&self) -> Option<&Path> {
        self.remote.as_ref()
    }

    /// The media types this side takes ([`SessionConfig::accept_types`]).
    #[must_use]
    pub const fn accepted_types(&self) -> &MediaTypes {
        &self.accept
    }

    /// The most octets of an incoming message ([`SessionConfig::max_size`]).
    #[must_use]
    pub const fn largest_message(&self) -> u64 {
        self.max_size
    }

    /// Which way messages go ([`SessionConfig::direction`]).
    #[must_use]
    pub const fn message_direction(&self) -> Direction {
        self.direction
    }
}

/// A message to send: its type, its octets and what is to be heard of it.
///
/// ```
/// use std::time::Duration;
/// use msrp::OutgoingMessage;
/// use msrp::wire::FailureReport;
///
/// let short = OutgoingMessage::text("Are you there?").success_report(true);
/// let large = OutgoingMessage::streamed("video/mp4".parse()?, Some(4 << 30))
///     .header("Content-Disposition", "attachment; filename=\"talk.mp4\"");
/// # Ok::<(), msrp::wire::MediaTypeError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct OutgoingMessage {
    pub(crate) content_type: MediaType,
    pub(crate) body: Body,
    pub(crate) message_id: Option<MessageId>,
    pub(crate) success_report: bool,
    pub(crate) failure_report: FailureReport,
    pub(crate) headers: Vec<(Box<str>, Box<str>)>,
    pub(crate) report_timeout: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Whole(Bytes),
    Streamed { total: Option<u64> },
}

impl OutgoingMessage {
    /// A message whose octets are in memory.
    pub fn new(content_type: MediaType, body: impl Into<Bytes>) -> Self {
        Self::with_body(content_type, Body::Whole(body.into()))
    }

    /// A `text/plain` message.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(MediaType::text_plain(), text.into())
    }

    /// A message whose octets are given piece by piece through
    /// [`Connection::body`](crate::Connection::body). `total` is its size in
    /// octets, where that is known.
    pub const fn streamed(content_type: MediaType, total: Option<u64>) -> Self {
        Self::with_body(content_type, Body::Streamed { total })
    }

    const fn with_body(content_type: MediaType, body: Body) -> Self {
        Self {
            content_type,
            body,
            message_id: None,
            success_report: false,
            failure_report: FailureReport::Yes,
            headers: Vec::new(),
            report_timeout: None,
        }
    }

    /// The Message-ID. Default: a fresh one. Content that is sent again on a
    /// new session keeps its id (RFC 4975 section 5.4).
    pub const fn message_id(mut self, id: MessageId) -> Self {
        self.message_id = Some(id);
        self
    }

    /// Whether the peer is asked for success REPORTs. Default: no.
    pub const fn success_report(mut self, wanted: bool) -> Self {
        self.success_report = wanted;
        self
    }

    /// What is to be heard of failures. Default: yes.
    pub const fn failure_report(mut self, mode: FailureReport) -> Self {
        self.failure_report = mode;
        self
    }

    /// A further header field for every chunk, such as Content-Disposition.
    /// [`Connection::send`](crate::Connection::send) refuses one that could
    /// not be written.
    pub fn header(mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long success REPORTs are awaited after the message was accepted.
    /// Default: until the session ends.
    pub const fn report_timeout(mut self, timeout: Duration) -> Self {
        self.report_timeout = Some(timeout);
        self
    }
}
