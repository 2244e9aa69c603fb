//! The configuration of a session.

use super::direction::Direction;
use crate::connection::memory::messages::MessageMemory;
use crate::uri::{MsrpUri, Path};
use crate::wire::MediaTypes;

/// How the messages of a session reach the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReceiveMode {
    /// Each whole, in one [`Event::Message`](crate::Event::Message), up to the
    /// session's size limit.
    #[default]
    Whole,
    /// Each in pieces as they arrive, with their offsets.
    ///
    /// A message that goes into a file is never in memory as a whole:
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use std::io::{self, Seek, SeekFrom, Write};
    ///
    /// use msrp::{Event, IncomingKey};
    ///
    /// # use msrp::{Connection, OutgoingMessage, ReceiveMode};
    /// # use std::sync::Arc;
    /// # use bytes::{Buf, BytesMut};
    /// # use msrp::{Config, Instant, Random, RandomError, Role, SessionConfig, SessionTable};
    /// # struct Counter(u8);
    /// # impl Random for Counter {
    /// #     fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
    /// #         for octet in octets {
    /// #             self.0 = self.0.wrapping_mul(5).wrapping_add(7);
    /// #             *octet = self.0;
    /// #         }
    /// #         Ok(())
    /// #     }
    /// # }
    /// # fn carry(from: &mut Connection, to: &mut Connection, input: &mut BytesMut) {
    /// #     while let Some(mut transmit) = from.poll_transmit(Instant::now()) {
    /// #         input.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
    /// #     }
    /// #     to.receive(Instant::now(), input).unwrap();
    /// # }
    /// /// Stores the messages of a connection, each in a file of its own.
    /// fn store<F: Write + Seek>(
    ///     event: Event,
    ///     files: &mut HashMap<IncomingKey, F>,
    ///     create: impl FnOnce() -> io::Result<F>,
    /// ) -> io::Result<()> {
    ///     match event {
    ///         Event::MessageStarted { received } => {
    ///             files.insert(received.key(), create()?);
    ///         }
    ///         Event::Piece { incoming, offset, data } => {
    ///             if let Some(file) = files.get_mut(&incoming) {
    ///                 file.seek(SeekFrom::Start(offset))?;
    ///                 file.write_all(&data)?;
    ///             }
    ///         }
    ///         Event::MessageCompleted { received, total } => {
    ///             files.remove(&received.key());
    ///             println!("{} octets of {}", total, received.content_type());
    ///         }
    ///         // What is in the file is not the message: delete it.
    ///         Event::MessageFailed { received, reason } => {
    ///             files.remove(&received.key());
    ///             println!("{reason}");
    ///         }
    ///         _ => {}
    ///     }
    ///     Ok(())
    /// }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let table = SessionTable::new(1);
    /// # table.insert(SessionConfig::expected("msrp://bob.example:12763/kjhd37s2;tcp".parse()?).receive(ReceiveMode::Pieces))?;
    /// # let config = Arc::new(Config::default());
    /// # let mut bob = Connection::new(config.clone(), Role::Passive, Counter(1), Instant::now())?;
    /// # bob = bob.with_table(table);
    /// # let mut alice = Connection::new(config, Role::Active, Counter(2), Instant::now())?;
    /// # let (mut to_alice, mut to_bob) = (BytesMut::new(), BytesMut::new());
    /// # let session = alice.open(SessionConfig::new(
    /// #     "msrp://alice.example:7654/jshA7weztas;tcp".parse()?,
    /// #     "msrp://bob.example:12763/kjhd37s2;tcp".parse()?,
    /// # ))?;
    /// # alice.send(session, OutgoingMessage::text("Are you there?"))?;
    /// # carry(&mut alice, &mut bob, &mut to_bob);
    /// # let (mut files, mut stored) = (HashMap::new(), false);
    /// # while let Some(event) = bob.poll_event() {
    /// #     let is_last = matches!(event, Event::MessageCompleted { .. });
    /// #     if is_last {
    /// #         let file: &io::Cursor<Vec<u8>> = files.values().next().unwrap();
    /// #         assert_eq!(file.get_ref(), b"Are you there?");
    /// #         stored = true;
    /// #     }
    /// #     store(event, &mut files, || Ok(io::Cursor::new(Vec::new())))?;
    /// # }
    /// # assert!(stored && files.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// If a file cannot be written, [`Connection::reject`](crate::Connection::reject) stops
    /// the sender. The 200 to the last chunk says that the octets have arrived, not that
    /// they are stored: [`ReportMode::Manual`] and [`ResponseMode::Application`] leave the
    /// word to the application.
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
    /// None: the application calls
    /// [`Connection::report`](crate::Connection::report) once a message has been
    /// delivered.
    Manual,
}

/// Who responds to a message once it is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResponseMode {
    /// The connection: the response is 200 when the last octet has arrived (RFC
    /// 4975 section 5.3).
    #[default]
    Received,
    /// The application, which calls [`Connection::accept`](crate::Connection::accept)
    /// or [`Connection::reject`](crate::Connection::reject) for every message,
    /// without delay: the sender waits for the response to the last chunk. A chat
    /// room needs it, since its response depends on the content of the message
    /// (RFC 7701 section 6). While
    /// [`Limits::incoming_messages`](crate::Limits::incoming_messages) of a session
    /// wait, nothing is read on the connection. See
    /// [`Connection::wants_read`](crate::Connection::wants_read) for how long that may
    /// last.
    Application,
}

/// What the first request of an opened session is (RFC 4975 section 5.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Bind {
    /// A bodiless SEND, which leaves at once.
    #[default]
    Bodiless,
    /// The first message, which the application is to send at once.
    FirstMessage,
}

/// One session: the paths that the rendezvous (most often SDP) has exchanged, and
/// what each side accepts.
///
/// Every setting is a field, and a method of the same name sets it in a chain.
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
#[non_exhaustive]
#[must_use]
pub struct SessionConfig {
    /// This side's URI in the session.
    pub local: MsrpUri,
    /// The peer's path. `None`: it is the From-Path of the peer's first request,
    /// for a session of a [`SessionTable`](crate::SessionTable). Without a path
    /// this side cannot open the session.
    pub remote: Option<Path>,
    /// The media types that this side accepts. The response to others is 415.
    /// Default: all.
    pub accept_types: MediaTypes,
    /// The media types that the peer accepts, as its session description lists
    /// them: others are not sent, nor in a `message/cpim` or a multipart body
    /// ([`SendError::TypeNotAccepted`](crate::SendError::TypeNotAccepted)). The method of this name makes
    /// the list [`MediaTypes::listed_only`]. Default: `None`, all.
    pub peer_accept_types: Option<MediaTypes>,
    /// The most octets of an incoming message, which the description of this side
    /// should say (`max-size`). The response to a larger one is 413. Default:
    /// [`SessionConfig::DEFAULT_MAX_SIZE`].
    pub max_size: u64,
    /// The most octets of a message that the peer accepts (`max-size` of its
    /// session description). Default: `None`, no limit.
    pub peer_max_size: Option<u64>,
    /// How incoming messages reach the application. Default: whole.
    pub receive: ReceiveMode,
    /// When success REPORTs are sent. Default: one on the whole message.
    pub reports: ReportMode,
    /// Who responds to complete messages. Default: the connection.
    pub responses: ResponseMode,
    /// What binds the session when this side opens it. Default: a bodiless SEND.
    pub bind: Bind,
    /// Which way messages go, as this side sees it (RFC 4975 section 8.9). If it
    /// does not send, [`Connection::send`](crate::Connection::send) refuses; if
    /// it does not receive, the response to messages is 403. Default: both ways.
    pub direction: Direction,
    /// Whether this side gives nicknames (RFC 7701 section 7): NICKNAMEs of the
    /// peer become [`Event::NicknameRequested`](crate::Event::NicknameRequested),
    /// and the application responds. Default: no, and the response is 501.
    pub nicknames: bool,
    /// What is known of the messages of this peer from earlier sessions, and is kept for
    /// later ones. Default: `None`; what is known ends with the session.
    pub memory: Option<MessageMemory>,
    /// Whether this side sends one message with content in the session and no
    /// more, as in the session of a file (RFC 5547 section 8.7). Messages that are
    /// the control of others ([`Direction`]) do not count. Default: no.
    pub single_message: bool,
    /// The most octets a second that the messages of this session send, heads
    /// included; 0 counts as 1. They leave in pieces of an eighth of a second, at a low
    /// rate of up to 2,048 octets, so that chunks are not mostly head. Responses and
    /// REPORTs do not count. Default: `None`, no limit.
    pub send_rate: Option<u64>,
}

impl SessionConfig {
    /// The default of [`SessionConfig::max_size`]: 1 MiB, since
    /// [`ReceiveMode::Whole`] holds a message in memory.
    pub const DEFAULT_MAX_SIZE: u64 = 1024 * 1024;

    /// A session between this side's URI and the peer's path.
    pub fn new(local: MsrpUri, remote: Path) -> Self {
        Self { remote: Some(remote), ..Self::expected(local) }
    }

    /// A session that the peer binds, for a [`SessionTable`](crate::SessionTable):
    /// the From-Path of its first request is the peer's path.
    pub fn expected(local: MsrpUri) -> Self {
        Self {
            local,
            remote: None,
            accept_types: MediaTypes::any(),
            peer_accept_types: None,
            max_size: Self::DEFAULT_MAX_SIZE,
            peer_max_size: None,
            receive: ReceiveMode::default(),
            reports: ReportMode::default(),
            responses: ResponseMode::default(),
            bind: Bind::default(),
            direction: Direction::default(),
            nicknames: false,
            memory: None,
            single_message: false,
            send_rate: None,
        }
    }

    /// Sets [`SessionConfig::accept_types`].
    pub fn accept_types(mut self, types: MediaTypes) -> Self {
        self.accept_types = types;
        self
    }

    /// Sets [`SessionConfig::peer_accept_types`].
    pub fn peer_accept_types(mut self, types: MediaTypes) -> Self {
        self.peer_accept_types = Some(types.listed_only());
        self
    }

    /// Sets [`SessionConfig::max_size`].
    pub const fn max_size(mut self, octets: u64) -> Self {
        self.max_size = octets;
        self
    }

    /// Sets [`SessionConfig::peer_max_size`].
    pub const fn peer_max_size(mut self, octets: u64) -> Self {
        self.peer_max_size = Some(octets);
        self
    }

    /// Sets [`SessionConfig::send_rate`].
    pub const fn send_rate(mut self, octets: u64) -> Self {
        self.send_rate = Some(octets);
        self
    }

    /// Sets [`SessionConfig::receive`].
    pub const fn receive(mut self, mode: ReceiveMode) -> Self {
        self.receive = mode;
        self
    }

    /// Sets [`SessionConfig::reports`].
    pub const fn reports(mut self, mode: ReportMode) -> Self {
        self.reports = mode;
        self
    }

    /// Sets [`SessionConfig::responses`].
    pub const fn responses(mut self, mode: ResponseMode) -> Self {
        self.responses = mode;
        self
    }

    /// Sets [`SessionConfig::bind`].
    pub const fn bind(mut self, bind: Bind) -> Self {
        self.bind = bind;
        self
    }

    /// Sets [`SessionConfig::direction`].
    pub const fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Sets [`SessionConfig::nicknames`].
    pub const fn nicknames(mut self, gives: bool) -> Self {
        self.nicknames = gives;
        self
    }

    /// Sets [`SessionConfig::memory`].
    pub fn memory(mut self, memory: MessageMemory) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Sets [`SessionConfig::single_message`].
    pub const fn single_message(mut self, single: bool) -> Self {
        self.single_message = single;
        self
    }
}
