//! The configuration of a connection.

pub(super) mod direction;
pub(super) mod session;

use std::time::Duration;

use crate::hop::Framing;
use crate::limits::{Limits, ParseOptions};

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
    /// How long a request waits for its response after its last octet has left the
    /// transport ([`Connection::transport_holds`](crate::Connection::transport_holds)).
    /// Default 30 seconds (RFC 4975 section 7.1.1). It waits up to four times as long
    /// while the transport is known to make progress, and longer while
    /// [`Connection::wants_read`](crate::Connection::wants_read) is false: then, and for
    /// as long again afterwards, the response may lie unread. A message sent with
    /// Failure-Report `partial` waits equally long for an error before its outcome is
    /// [`Outcome::Sent`](crate::Outcome::Sent).
    pub transaction_timeout: Duration,
    /// After how long without an octet in either direction a bodiless SEND keeps
    /// the connection alive: in an open session, or else to the relay of an
    /// authentication. One waits at a time, however many sessions there are.
    /// Any octet of the peer answers it. Default: `None`, never.
    pub keep_alive: Option<Duration>,
    /// After how long without a sign of life the connection ends with
    /// [`ConnectionEnd::Silent`](crate::ConnectionEnd::Silent). Every octet that
    /// arrives or leaves the transport is one. The time runs while octets wait to
    /// leave, or a keep-alive waits for its answer: silence between messages is
    /// normal. Default 60 seconds; [`Duration::MAX`] means without limit.
    ///
    /// The connection sees octets leave that
    /// [`Connection::poll_transmit`](crate::Connection::poll_transmit) returns, or that
    /// [`Connection::transport_holds`](crate::Connection::transport_holds) no longer
    /// counts. A program that calls only the former needs a transport with a short queue
    /// (`TCP_NOTSENT_LOWAT`). Otherwise a queue of megabytes is full for longer than this
    /// on a slow link, and a sound upload ends.
    pub silence_timeout: Duration,
    /// How long a connection of [`Role::Passive`] waits for its first accepted
    /// request before it ends with
    /// [`ConnectionEnd::NotBound`](crate::ConnectionEnd::NotBound). `None`: without
    /// limit. Default 30 seconds.
    pub bind_timeout: Option<Duration>,
    /// How long the peer may send nothing within a chunk or response before the
    /// connection ends with
    /// [`ConnectionEnd::FrameTimeout`](crate::ConnectionEnd::FrameTimeout). The time
    /// does not run while [`Connection::wants_read`](crate::Connection::wants_read)
    /// is false. A link that stalls for longer, within a chunk, ends the connection: on
    /// such links, set it to [`Config::silence_timeout`]. `None`: without limit. Default
    /// 30 seconds.
    pub frame_timeout: Option<Duration>,
    /// How long an incoming message that has begun may stay without another octet
    /// before it fails with [`FailReason::TimedOut`](crate::FailReason::TimedOut). The
    /// response to later chunks of it is 408. The time does not run while octets of other
    /// messages arrive, at most an eighth of it apart: the message may wait for its turn.
    /// Nor does it run while [`Connection::wants_read`](crate::Connection::wants_read) is
    /// false. [`Duration::MAX`]: without limit. Default 120 seconds.
    pub incoming_timeout: Duration,
    /// The most octets of a body that leave at once, in one
    /// [`Transmit`](crate::Transmit). Short chunks, heads and responses gather in one
    /// until they are 16 KiB. If the transport is known to be slow
    /// ([`Connection::transport_holds`](crate::Connection::transport_holds)), both are a
    /// quarter of what leaves it in a second, and no fewer than 2,048. Default 16 KiB.
    pub transmit_octets: usize,
    /// The octets of one chunk after which another waiting message has its
    /// turn; below 2,048 it counts as that. A transport that is known to be slow has turns
    /// of what it is given at once. Default 16 KiB.
    pub turn_octets: usize,
    /// The most body octets of one chunk, for peers and relays that hold whole
    /// chunks in memory; below 2,048 it counts as that. Default: no limit, since
    /// few large chunks that can be interrupted are better (RFC 4975 section
    /// 7.1.1).
    pub chunk_octets: Option<usize>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            parse: ParseOptions::default(),
            limits: Limits::default(),
            framing: Framing::default(),
            transaction_timeout: Duration::from_secs(30),
            keep_alive: None,
            silence_timeout: Duration::from_secs(60),
            bind_timeout: Some(Duration::from_secs(30)),
            frame_timeout: Some(Duration::from_secs(30)),
            incoming_timeout: Duration::from_secs(120),
            transmit_octets: 16 * 1024,
            turn_octets: 16 * 1024,
            chunk_octets: None,
        }
    }
}

/// Which side opened the transport connection (RFC 4975 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// This side, which sends at once.
    Active,
    /// The peer. This side sends nothing before the first request of the peer has
    /// bound a session, which tells who the peer is.
    Passive,
}
