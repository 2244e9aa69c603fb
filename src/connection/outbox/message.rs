//! A message to send.

use std::time::Duration;

use bytes::Bytes;

use super::opening::Opening;
use super::types::MessageTypes;
use crate::hop::Priority;
use crate::wire::{FailureReport, MediaType, MessageId};

/// A message to send: its type, its octets, and the REPORTs that it asks for.
///
/// Every setting is a field, and a method of the same name sets it in a chain.
///
/// ```
/// use std::time::Duration;
/// use msrp::OutgoingMessage;
/// use msrp::wire::FailureReport;
///
/// let short = OutgoingMessage::text("Are you there?").success_report(true);
/// let large = OutgoingMessage::streamed("video/mp4".parse()?, Some(4 << 30))
///     .header("Content-Disposition", "attachment; filename=\"talk.mp4\"");
/// # Ok::<(), msrp::wire::ValueError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct OutgoingMessage {
    /// The Content-Type.
    pub content_type: MediaType,
    pub(in crate::connection) body: Body,
    /// The octets at the start that the peer has.
    pub(in crate::connection) from: u64,
    /// The Message-ID. Default: `None`, a fresh one. Content that is sent again in
    /// a new session keeps its Message-ID (RFC 4975 section 5.4).
    pub message_id: Option<MessageId>,
    /// Whether the peer is asked for success REPORTs. Default: no.
    pub success_report: bool,
    /// Which failures the peer is asked to tell. Default: yes, all.
    pub failure_report: FailureReport,
    /// Further header fields of every chunk, such as Content-Disposition.
    /// [`Connection::send`](crate::Connection::send) refuses those that cannot be
    /// written.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The longest time in which no octet leaves the transport although the message has
    /// some to send. Then its outcome is [`Outcome::TimedOut`](crate::Outcome::TimedOut).
    /// Time in which octets of other messages on the connection leave does not count, nor
    /// time in which a streamed message has no octets. `None`: no limit. Default 120
    /// seconds.
    pub progress_timeout: Option<Duration>,
    /// How long success REPORTs are awaited after the message was accepted. Then its
    /// outcome is [`Outcome::Unreported`](crate::Outcome::Unreported). `None`: until
    /// the session ends. Default 300 seconds.
    pub report_timeout: Option<Duration>,
    /// Whether [`Event::Progress`](crate::Event::Progress) follows the message. Default:
    /// no.
    pub progress_events: bool,
    /// How urgent it is. Default: [`Priority::Normal`].
    pub priority: Priority,
}

#[derive(Clone, Debug)]
pub(in crate::connection) enum Body {
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

    /// A message whose octets the application writes piece by piece through
    /// [`Connection::body`](crate::Connection::body). `total` is its size in
    /// octets, if that is known.
    pub const fn streamed(content_type: MediaType, total: Option<u64>) -> Self {
        Self::with_body(content_type, Body::Streamed { total })
    }

    /// A streamed message that goes on where another session was lost. The peer has the
    /// octets before `from`: the application writes those that follow. `total` is the
    /// size of the whole message, if that is known.
    ///
    /// A session that has failed does not come back: its content goes on in a new
    /// session, with the same Message-ID and other URIs (RFC 4975 sections 5.4 and
    /// 7.3.2). `from` is the end of what is known to have arrived, for example
    /// [`Progress::accepted`](crate::Progress::accepted), or the start of
    /// [`Finished::failed`](crate::Finished::failed). Numbers of octets, such as
    /// [`Finished::octets`](field@crate::Finished::octets), count from the start of the whole
    /// message.
    ///
    /// ```
    /// use msrp::{Connection, Finished, MediaType, MessageKey, OutgoingMessage, SendError, SessionKey};
    ///
    /// /// Goes on with a file whose session was lost after some of it had arrived.
    /// fn go_on(
    ///     connection: &mut Connection,
    ///     new_session: SessionKey,
    ///     lost: &Finished,
    ///     kind: MediaType,
    ///     file: &[u8],
    /// ) -> Result<MessageKey, SendError> {
    ///     let from = lost.accepted;
    ///     let rest = OutgoingMessage::resume(lost.message_id, kind, from, Some(file.len() as u64));
    ///     let message = connection.send(new_session, rest)?;
    ///     let mut body = connection.body(message)?;
    ///     let len = body.room().min(file.len() - from as usize);
    ///     body.write(file[from as usize..][..len].to_vec())?;
    ///     // What follows is written at each `Event::BodyRoom`, as always.
    ///     Ok(message)
    /// }
    /// ```
    pub const fn resume(
        message_id: MessageId,
        content_type: MediaType,
        from: u64,
        total: Option<u64>,
    ) -> Self {
        let mut message = Self::streamed(content_type, total);
        message.message_id = Some(message_id);
        message.from = from;
        message
    }

    /// Its types, as far as its octets are known.
    pub(in crate::connection) fn types(&self) -> MessageTypes {
        let body = match &self.body {
            Body::Whole(body) => &body[..],
            Body::Streamed { .. } => &[],
        };
        MessageTypes::of(&self.content_type, body)
    }

    /// Where the types of a streamed message are still to be read. The start of a resumed
    /// one is not at hand.
    pub(in crate::connection) fn opening(&self) -> Option<Opening> {
        match self.body {
            Body::Streamed { .. } if self.from == 0 => Opening::of(&self.content_type),
            Body::Whole(_) | Body::Streamed { .. } => None,
        }
    }

    const fn with_body(content_type: MediaType, body: Body) -> Self {
        Self {
            content_type,
            body,
            from: 0,
            message_id: None,
            success_report: false,
            failure_report: FailureReport::Yes,
            headers: Vec::new(),
            progress_timeout: Some(Duration::from_secs(120)),
            report_timeout: Some(Duration::from_secs(300)),
            progress_events: false,
            priority: Priority::Normal,
        }
    }

    /// Sets [`OutgoingMessage::message_id`].
    pub const fn message_id(mut self, id: MessageId) -> Self {
        self.message_id = Some(id);
        self
    }

    /// Sets [`OutgoingMessage::success_report`].
    pub const fn success_report(mut self, wanted: bool) -> Self {
        self.success_report = wanted;
        self
    }

    /// Sets [`OutgoingMessage::failure_report`].
    pub const fn failure_report(mut self, mode: FailureReport) -> Self {
        self.failure_report = mode;
        self
    }

    /// Adds to [`OutgoingMessage::headers`].
    pub fn header(mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets [`OutgoingMessage::priority`].
    pub const fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Sets [`OutgoingMessage::progress_timeout`].
    pub fn progress_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.progress_timeout = timeout.into();
        self
    }

    /// Sets [`OutgoingMessage::report_timeout`].
    pub fn report_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.report_timeout = timeout.into();
        self
    }

    /// Sets [`OutgoingMessage::progress_events`].
    pub const fn progress_events(mut self, wanted: bool) -> Self {
        self.progress_events = wanted;
        self
    }
}

/// A `text/plain` message.
impl From<&str> for OutgoingMessage {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// A `text/plain` message.
impl From<String> for OutgoingMessage {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}
