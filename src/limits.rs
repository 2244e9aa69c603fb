//! Limits on everything that a peer can make this crate hold.
//!
//! Each default is safe for a connection to an untrusted peer. Zero is a legal
//! value for every limit: nothing of that kind is accepted.

use crate::tolerance::Tolerances;

/// How heads are parsed: the limits of the parser and its tolerances.
///
/// ```
/// use msrp::{ParseOptions, Tolerances};
///
/// let mut options = ParseOptions::default();
/// options.head_octets = 4096;
/// options.tolerances = Tolerances::none();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseOptions {
    /// Octets of one head, from `MSRP` to the blank line or to the end-line of
    /// a bodiless chunk. Default 16,384; more than 65,535 counts as 65,535.
    pub head_octets: usize,
    /// Header fields in one head, To-Path and From-Path among them. Default 64.
    pub headers: usize,
    /// URIs in one To-Path or From-Path. Default 16.
    pub path_uris: usize,
    /// The deviations from RFC 4975 section 9 that are accepted. Default:
    /// [`Tolerances::usual`].
    pub tolerances: Tolerances,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self { head_octets: 16 * 1024, headers: 64, path_uris: 16, tolerances: Tolerances::usual() }
    }
}

impl ParseOptions {
    /// The effective limit on a head: spans into a head are 16 bits wide.
    pub(crate) fn head_limit(&self) -> usize {
        self.head_octets.min(usize::from(u16::MAX))
    }
}

/// What one [`Connection`](crate::Connection) may hold on behalf of its peer
/// and its application.
///
/// # Memory
///
/// Limits in octets count whatever is kept: octets of bodies and heads, and a constant
/// for each entry. Tables and buffers grow by doubling, so that up to twice the weight
/// is in memory. A hostile peer can make a connection hold at most
///
/// ```text
/// 2 * (event_octets + 3 * incoming_octets + control_octets)    waiting, unfinished
///   + 4 * message                                              arriving
///   + sessions * (16 KiB + 1 KiB * remembered_messages
///                 + nicknames * (head_octets + 512))           open sessions
///   + reports * 64 * message_ranges                            REPORTs on messages
/// ```
///
/// `message` is the largest [`SessionConfig::max_size`](crate::SessionConfig::max_size)
/// of a session with [`ReceiveMode::Whole`](crate::ReceiveMode::Whole), or the size of a
/// read if that is larger, and [`ParseOptions::head_octets`]; `sessions` is how many are
/// open; `reports` is how many outgoing messages wait for success REPORTs. What this
/// side sends, and octets of the input that
/// [`Connection::receive`](crate::Connection::receive) has not taken, are the
/// application's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Sessions on one connection. Default 256.
    pub sessions: usize,
    /// Incoming messages that have begun and not ended, for each session. When one
    /// more begins, the one that has made no progress for the longest time fails with
    /// [`FailReason::Evicted`](crate::FailReason::Evicted). As many complete messages
    /// may wait for the application
    /// ([`ResponseMode::Application`](crate::ResponseMode::Application)); while they
    /// do, [`Connection::wants_read`](crate::Connection::wants_read) is false. Default
    /// 64.
    pub incoming_messages: usize,
    /// Octets of unfinished messages in memory, on the whole connection: their heads,
    /// what has arrived of those that are delivered whole
    /// ([`ReceiveMode::Whole`](crate::ReceiveMode::Whole)), 512 for each message and 64
    /// for each of its separate runs. Above the limit, a message of the session that
    /// holds most makes way: the one that has made no progress for the longest time.
    /// The heads of complete messages that wait for the application have an equal limit
    /// of their own, above which
    /// [`Connection::wants_read`](crate::Connection::wants_read) is false. Default 16
    /// MiB.
    pub incoming_octets: u64,
    /// Separate runs of octets in one incoming message whose chunks arrive out
    /// of order. The response to a chunk that would add one more is 413. Default
    /// 1,024.
    pub message_ranges: usize,
    /// Outgoing messages that have no outcome yet, for each session, and as many more
    /// that wait for success REPORTs alone. When one more begins to wait for REPORTs,
    /// the one that has waited longest becomes
    /// [`Outcome::Unreported`](crate::Outcome::Unreported). Default 4,096.
    pub outgoing_messages: usize,
    /// Octets of the events that the application has not taken yet: bodies and pieces,
    /// heads, and 512 for each event. Above the limit
    /// [`Connection::wants_read`](crate::Connection::wants_read) is false. Default 1
    /// MiB.
    pub event_octets: usize,
    /// Events that the application has not taken yet. Above the limit
    /// [`Connection::wants_read`](crate::Connection::wants_read) is false. Default
    /// 4,096.
    pub events: usize,
    /// Octets of responses, REPORTs and bodiless requests that wait for the
    /// transport. Above the limit
    /// [`Connection::wants_read`](crate::Connection::wants_read) is false, and the
    /// connection ends if the peer reads nothing for the transaction timeout. To
    /// keep two endpoints from waiting for each other, leave room for the responses
    /// to all requests that the peer may have open. Default 512 KiB.
    pub control_octets: usize,
    /// Requests that wait for their response, for each session. At the limit no new
    /// chunk of the session begins until one of them has its response or times out.
    /// Chunks that need no response (Failure-Report `partial` or `no`) do not wait.
    /// Default 1,024.
    pub transactions: usize,
    /// Octets that a [`BodyWriter`](crate::BodyWriter) holds for the transport. Less
    /// than two counts as two, since the last one waits until it is known whether
    /// more follow. Default 256 KiB.
    pub body_writer_octets: usize,
    /// Message-IDs that each session remembers of each kind: complete messages, to
    /// mark their duplicates; refused messages, to refuse the rest of them; sent
    /// messages, to recognize late responses and REPORTs; requests that ended without
    /// a response. Default 256.
    pub remembered_messages: usize,
    /// NICKNAMEs that have no response yet, for each session and in each direction.
    /// The response to one more of the peer is 403. Default 8.
    pub nicknames: usize,
    /// Authentications on one connection: those without a route yet, and those whose
    /// route is refreshed. Default 256.
    #[cfg(feature = "auth")]
    pub authentications: usize,
}

impl Limits {
    pub(crate) fn body_writer_room(&self) -> usize {
        self.body_writer_octets.max(2)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 256,
            incoming_messages: 64,
            incoming_octets: 16 * 1024 * 1024,
            message_ranges: 1024,
            outgoing_messages: 4096,
            event_octets: 1024 * 1024,
            events: 4096,
            control_octets: 512 * 1024,
            transactions: 1024,
            body_writer_octets: 256 * 1024,
            remembered_messages: 256,
            nicknames: 8,
            #[cfg(feature = "auth")]
            authentications: 256,
        }
    }
}
