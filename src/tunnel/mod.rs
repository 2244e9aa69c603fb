//! A tunnel between a transport of messages and a stream.

mod answers;
mod incoming;

use crate::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use crate::hop::Framing;
use crate::limits::ParseOptions;
use crate::random::{IdSource, Random, RandomError};
use crate::tolerance::Tolerances;
use crate::wire::{Continuation, Head, HeadRef, Method, TransactionId, scan, write_end_line};
use crate::wire::{DecodeError, Decoder, Frame};
use answers::{Answers, Verdict};
use incoming::Incoming;

/// Why a tunnel has ended. Both transport connections are to be closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TunnelError {
    /// The stream cannot be read on, or a message is not exactly one chunk or
    /// response (RFC 7977 section 5.1).
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Something on the stream is larger than a message and is no chunk that
    /// could be cut: not a SEND, malformed, or with a head that leaves no room.
    #[error(
        "a frame is larger than a message of {max} octets and cannot be cut; allow larger ones"
    )]
    TooLarge {
        /// The most octets of a message.
        max: usize,
    },
    /// No transaction id can be drawn for a part of a chunk.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Joins a transport of messages, such as a WebSocket, to a stream
/// (RFC 7977 section 5, RFC 8873 section 6), chunk by chunk.
///
/// It is no MSRP node: neither path nor Message-ID is touched, and each side
/// answers for itself. From the messages to the stream everything passes as it
/// is. From the stream to the messages each chunk or response becomes a message
/// of its own; a SEND that is larger than a message is cut into parts while it
/// arrives:
///
/// - each part says in its Byte-Range where it belongs; all but the last end
///   with `+`, and the last with the flag of the chunk;
/// - the last part keeps the transaction id of the chunk, the others have fresh
///   ones;
/// - the stream hears of the chunk once: 200 when every part was answered so,
///   or else the first error. What is left of the chunk is dropped then. Under
///   Failure-Report `no` and `partial`, where success is not answered, only an
///   error comes through.
///
/// REPORTs need no care: their ranges are those of the message. A part leaves
/// when it is full; what is in one waits for more of its chunk, or its end.
///
/// Like [`Connection`](crate::Connection) it does no I/O. Octets read from the
/// stream go into [`Tunnel::receive_stream`], and messages come out of
/// [`Tunnel::poll_message`], in turn until there is none. A message that was
/// received goes through [`Tunnel::receive_message`] to the stream; after it,
/// and after [`Tunnel::handle_timeout`], what the stream has left may go on.
///
#[cfg_attr(feature = "getrandom", doc = "```")]
#[cfg_attr(not(feature = "getrandom"), doc = "```ignore")]
/// use std::time::Instant;
/// use bytes::BytesMut;
/// use msrp::{OsRandom, ParseOptions, Tunnel};
///
/// let mut tunnel = Tunnel::new(65_536, ParseOptions::default(), OsRandom::new()?);
/// let now = Instant::now();
///
/// let mut input = BytesMut::from(
///     &b"MSRP d93k SEND\r\n\
///        To-Path: msrp://b.example:2855/s;ws\r\n\
///        From-Path: msrp://a.example:2855/s;tcp\r\n\
///        Message-ID: 1234\r\n-------d93k$\r\n\
///        MSRP d93l SEND\r\n"[..],
/// );
/// let mut messages = Vec::new();
/// loop {
///     tunnel.receive_stream(now, &mut input)?;
///     let Some(message) = tunnel.poll_message() else { break };
///     messages.push(message);
/// }
/// assert_eq!(messages.len(), 1);
/// assert!(messages[0].ends_with(b"-------d93k$\r\n"));
///
/// let answer = "MSRP d93k 200 OK\r\n\
///     To-Path: msrp://a.example:2855/s;tcp\r\n\
///     From-Path: msrp://b.example:2855/s;ws\r\n-------d93k$\r\n";
/// let octets = tunnel.receive_message(now, answer)?;
/// assert_eq!(octets.as_deref(), Some(answer.as_bytes()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Limits
///
/// It holds at most one message, one part that is being filled, and what is
/// left of the octets that were given last. Of chunks that were cut it
/// remembers which parts wait for an answer: 4,096 at once, each for 60
/// seconds, twice the time that a response may take (RFC 4975 section 7.1.1).
/// While so many wait, [`Tunnel::wants_stream`] is false; parts under
/// Failure-Report `no` and `partial` displace each other instead. A chunk with
/// a part that is never answered is never answered itself.
#[derive(Debug)]
pub struct Tunnel {
    max_message: usize,
    stream: Decoder,
    messages: Decoder,
    ids: IdSource,
    answers: Answers,
    incoming: Option<Incoming>,
    /// Body octets from the stream which have no place in a message yet.
    pending: Bytes,
    ready: Option<Bytes>,
    failed: Option<TunnelError>,
}

impl Tunnel {
    /// A tunnel between two transport connections that have just been
    /// established. `max_message` is the most octets of a message, head and
    /// end-line included; less than [`Framing::MIN_MESSAGE`] counts as that.
    #[must_use]
    pub fn new(
        max_message: usize,
        options: ParseOptions,
        random: impl Random + Send + 'static,
    ) -> Self {
        Self {
            max_message: max_message.max(Framing::MIN_MESSAGE),
            stream: Decoder::new(options),
            messages: Decoder::new(options),
            ids: IdSource::new(random),
            answers: Answers::new(),
            incoming: None,
            pending: Bytes::new(),
            ready: None,
            failed: None,
        }
    }

    /// Takes octets from the stream off the front of `input`, until there is a
    /// message to take. It leaves there what it cannot take yet: an unfinished
    /// head, or everything while [`Tunnel::wants_stream`] is false.
    ///
    /// CRLFs between frames are dropped.
    ///
    /// # Errors
    ///
    /// [`TunnelError`] once the tunnel has ended, and again on every later
    /// call. What [`Tunnel::poll_message`] still gives may be sent.
    pub fn receive_stream(
        &mut self,
        now: Instant,
        input: &mut BytesMut,
    ) -> Result<(), TunnelError> {
        self.answers.expire(now);
        while self.may_go_on() {
            if self.pending.has_remaining() {
                self.fill(now);
                continue;
            }
            match self.stream.decode(input) {
                Ok(Some(frame)) => self.frame(now, frame),
                Ok(None) => break,
                Err(error) => self.fail(error.into()),
            }
        }
        self.check()
    }

    /// Says whether the stream may end here.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] within a chunk or response, or the error that
    /// has ended the tunnel before.
    pub fn receive_stream_eof(&mut self) -> Result<(), TunnelError> {
        if !self.stream.is_between_frames() {
            self.fail(DecodeError::Truncated.into());
        }
        self.check()
    }

    /// Whether octets are taken from the stream now. `false` while there are
    /// messages to take, or too many parts wait for their answers.
    #[must_use]
    pub fn wants_stream(&self) -> bool {
        self.may_go_on() && self.pending.is_empty()
    }

    /// The next message, which is exactly one chunk or response. Call
    /// [`Tunnel::receive_stream`] again after it, also where it has no new
    /// octets to give.
    pub const fn poll_message(&mut self) -> Option<Bytes> {
        self.ready.take()
    }

    /// Takes a message, of whatever size, and gives the octets to write to the
    /// stream, whole and in order. `None`: nothing is to be written, since the
    /// message is blank or answers a part of a chunk that is not settled by it.
    ///
    /// # Errors
    ///
    /// [`TunnelError`] where the message is not exactly one chunk or response,
    /// and again on every later call: the tunnel has ended.
    pub fn receive_message(
        &mut self,
        now: Instant,
        message: impl Into<Bytes>,
    ) -> Result<Option<Bytes>, TunnelError> {
        self.check()?;
        self.answers.expire(now);
        let message = message.into();
        let frames = match self.messages.decode_message(message.clone()) {
            Ok(frames) => frames,
            Err(error) => {
                self.fail(error.clone().into());
                return Err(error.into());
            }
        };
        let head = match frames.first() {
            Some(Frame::Head(head)) => head,
            Some(Frame::BadHead(bad)) => bad.head(),
            _ => return Ok(None),
        };
        Ok(self.pass(head, message))
    }

    /// When [`Tunnel::handle_timeout`] is due, if nothing else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.answers.next_deadline()
    }

    /// Forgets the parts whose answer has not come in time.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.answers.expire(now);
    }

    /// Every deviation that the framing of either side has needed so far.
    #[must_use]
    pub const fn tolerated(&self) -> Tolerances {
        self.stream.tolerated().union(self.messages.tolerated())
    }

    fn check(&self) -> Result<(), TunnelError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: TunnelError) {
        self.failed.get_or_insert(error);
        self.pending.clear();
        self.incoming = None;
    }

    fn may_go_on(&self) -> bool {
        self.failed.is_none() && self.ready.is_none() && !self.answers.is_full()
    }

    fn frame(&mut self, now: Instant, frame: Frame) {
        match frame {
            Frame::Head(head) => {
                let can_be_cut = head.view().method() == Some(Method::Send);
                self.begin(head, can_be_cut);
            }
            Frame::BadHead(bad) => self.begin(bad.head().clone(), false),
            Frame::Body(piece) => self.pending = piece,
            Frame::End(flag) => self.end(now, flag),
        }
    }

    fn begin(&mut self, head: Head, can_be_cut: bool) {
        match Incoming::new(head, can_be_cut, self.max_message) {
            Some(incoming) => self.incoming = Some(incoming),
            None => self.fail(TunnelError::TooLarge { max: self.max_message }),
        }
    }

    /// Fills the message at hand. It leaves as soon as there is an octet more
    /// than it holds, and so never as the last of its chunk.
    fn fill(&mut self, now: Instant) {
        let Some(incoming) = &mut self.incoming else { return self.pending.clear() };
        if incoming.key.is_some_and(|key| self.answers.is_refused(key)) {
            return self.pending.clear();
        }
        let len = incoming.room().min(self.pending.len());
        incoming.body.extend_from_slice(&self.pending.split_to(len));
        if self.pending.has_remaining() && !self.cut(now) {
            self.fail(TunnelError::TooLarge { max: self.max_message });
        }
    }

    /// Makes a part of what has arrived. Says whether the chunk can be cut.
    fn cut(&mut self, now: Instant) -> bool {
        let Some(incoming) = &mut self.incoming else { return true };
        let Some(body) = incoming.next_part() else { return false };
        let key = match incoming.key {
            Some(key) => key,
            None => self.answers.begin(&incoming.head.view()),
        };
        incoming.key = Some(key);
        match fresh_id(&mut self.ids, &self.answers, &body) {
            Ok(id) => {
                self.ready = Some(incoming.write_part(&id, &body, Continuation::More));
                self.answers.sent(key, id, now);
            }
            Err(error) => self.fail(error.into()),
        }
        true
    }

    fn end(&mut self, now: Instant, flag: Continuation) {
        let Some(mut incoming) = self.incoming.take() else { return };
        let Some(key) = incoming.key else {
            self.ready = Some(incoming.write_whole(flag));
            return;
        };
        if !self.answers.is_refused(key) {
            let body = incoming.body.split().freeze();
            let mut id = incoming.head.view().transaction_id();
            // What was no end-line after other octets could be one at the
            // start of a body.
            if scan::occurs(id.as_bytes(), &body) {
                match fresh_id(&mut self.ids, &self.answers, &body) {
                    Ok(fresh) => id = fresh,
                    Err(error) => return self.fail(error.into()),
                }
            }
            self.ready = Some(incoming.write_part(&id, &body, flag));
            self.answers.sent(key, id, now);
        }
        self.answers.end(key);
    }

    /// What the stream hears of a message.
    fn pass(&mut self, head: &Head, message: Bytes) -> Option<Bytes> {
        let view = head.view();
        let Some(status) = view.status_code() else { return Some(message) };
        match self.answers.answered(&view.transaction_id(), status.is_success()) {
            Verdict::Foreign => Some(message),
            Verdict::Unsettled => None,
            Verdict::Settled(original) => Some(renamed(head, &original)),
        }
    }
}

fn fresh_id(
    ids: &mut IdSource,
    answers: &Answers,
    body: &[u8],
) -> Result<TransactionId, RandomError> {
    ids.transaction_id(|id| !answers.contains(id) && !scan::occurs(id.as_bytes(), body))
}

/// The same response to another transaction. It has no body, whatever came.
fn renamed(response: &Head, id: &TransactionId) -> Bytes {
    let behind_id = behind_id(&response.view(), response.octets());
    let mut out = BytesMut::with_capacity(response.octets().len() + 128);
    out.extend_from_slice(b"MSRP ");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(behind_id.trim_ascii_end());
    write_end_line(&mut out, id, Continuation::Complete);
    out.freeze()
}

/// A head from the blank after its transaction id on.
fn behind_id<'a>(head: &HeadRef<'_>, octets: &'a [u8]) -> &'a [u8] {
    let start = b"MSRP ".len() + head.transaction_id().as_bytes().len();
    octets.get(start..).unwrap_or_default()
}
