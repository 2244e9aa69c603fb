//! A tunnel between a message transport and a stream.

mod incoming;
mod responses;

use crate::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use crate::hop::Framing;
use crate::limits::ParseOptions;
use crate::random::{IdSource, Random, RandomError};
use crate::tolerance::Tolerances;
use crate::wire::{Continuation, Head, HeadRef, Method, TransactionId, scan, write_end_line};
use crate::wire::{DecodeError, Decoder, Frame};
use incoming::{Incoming, write_frame};
use responses::{Responses, Verdict};

/// Why a tunnel has ended. Close both transport connections.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TunnelError {
    /// The stream cannot be decoded, or a message is not exactly one chunk or
    /// response (RFC 7977 section 5.1).
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A frame on the stream is larger than a message and cannot be cut: it is no
    /// SEND, it is malformed, or its head leaves no room for a body.
    #[error("a frame is larger than a message of {max} octets and cannot be cut; raise the limit")]
    TooLarge {
        /// The most octets of a message.
        max: usize,
    },
    /// No transaction id can be drawn for a part of a chunk.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Joins a message transport, such as a WebSocket, to a stream, chunk by chunk (RFC
/// 7977 section 5, RFC 8873 section 6).
///
/// A tunnel is no MSRP node: it changes neither paths nor Message-IDs, and the two
/// ends respond to each other. The chunk or response of a message passes to the stream
/// with its head and body unchanged; the framing around them is always that of RFC 4975,
/// even if that of the message was tolerated. Each chunk or response on the stream
/// becomes a message of its own. A SEND that is larger than a message is cut into parts
/// while it arrives:
///
/// - The Byte-Range of each part gives its place in the message. The last part has
///   the continuation flag of the chunk, the others have `+`.
/// - The last part keeps the transaction id of the chunk, the others have new ones.
/// - The stream gets one response to the chunk: 200 once every part has had a 200,
///   or else the first error, after which the rest of the chunk is dropped. With
///   Failure-Report `no` or `partial`, where success leads to no response, only an
///   error is passed on.
///
/// REPORTs pass unchanged, since their ranges are those of the message. A part
/// leaves when it is full; until then it waits for more octets or the end of its
/// chunk.
///
/// Like [`Connection`](crate::Connection), a tunnel does no I/O. Give it the octets
/// of the stream with [`Tunnel::receive_stream`] and send the messages that
/// [`Tunnel::poll_message`] returns, by turns until there is none. Give it received
/// messages with [`Tunnel::receive_message`] and write the result to the stream.
/// After that, and after [`Tunnel::handle_timeout`], [`Tunnel::wants_stream`] may
/// have become true.
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
/// let response = "MSRP d93k 200 OK\r\n\
///     To-Path: msrp://a.example:2855/s;tcp\r\n\
///     From-Path: msrp://b.example:2855/s;ws\r\n-------d93k$\r\n";
/// let octets = tunnel.receive_message(now, response)?;
/// assert_eq!(octets.as_deref(), Some(response.as_bytes()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Limits
///
/// A tunnel holds at most one message, one part that is being filled, and the rest
/// of the last octets. It remembers up to 4,096 parts that wait for a response,
/// each for 60 seconds, twice the time that RFC 4975 section 7.1.1 allows. While
/// 4,096 parts wait, [`Tunnel::wants_stream`] is false. Parts with Failure-Report
/// `no` or `partial` are limited to 4,096 as well, and the oldest gives way. If a
/// part gets no response, its chunk gets no success response either.
#[derive(Debug)]
pub struct Tunnel {
    max_message: usize,
    stream: Decoder,
    messages: Decoder,
    ids: IdSource,
    responses: Responses,
    incoming: Option<Incoming>,
    /// Body octets from the stream that are not yet in a message.
    pending: Bytes,
    ready: Option<Bytes>,
    failed: Option<TunnelError>,
}

impl Tunnel {
    /// A tunnel between two new transport connections. `max_message` is the most
    /// octets of a message, head and end-line included. A value below
    /// [`Framing::MIN_MESSAGE`] counts as that.
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
            responses: Responses::new(),
            incoming: None,
            pending: Bytes::new(),
            ready: None,
            failed: None,
        }
    }

    /// Takes octets of the stream off the front of `input` until a message is ready.
    /// It leaves in `input` what it cannot take yet: an incomplete head, or
    /// everything while [`Tunnel::wants_stream`] is false.
    ///
    /// CRLFs between frames are dropped.
    ///
    /// # Errors
    ///
    /// [`TunnelError`] if the tunnel has ended, on every later call too. A message
    /// that [`Tunnel::poll_message`] still returns may be sent.
    pub fn receive_stream(
        &mut self,
        now: Instant,
        input: &mut BytesMut,
    ) -> Result<(), TunnelError> {
        self.responses.expire(now);
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

    /// Notes the end of the stream and checks that it may end here.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] within a chunk or response, or the earlier error
    /// that has ended the tunnel.
    pub fn receive_stream_eof(&mut self) -> Result<(), TunnelError> {
        if !self.stream.is_between_frames() {
            self.fail(DecodeError::Truncated.into());
        }
        self.check()
    }

    /// Whether to read the stream now. False while a message is ready, or too many
    /// parts wait for a response.
    #[must_use]
    pub fn wants_stream(&self) -> bool {
        self.may_go_on() && self.pending.is_empty()
    }

    /// The next message to send: exactly one chunk or response. Call
    /// [`Tunnel::receive_stream`] again after it, even without new octets.
    pub const fn poll_message(&mut self) -> Option<Bytes> {
        self.ready.take()
    }

    /// Takes a message of any size and returns the octets to write to the stream:
    /// all of them, in order. `None` if there is nothing to write: the message is
    /// blank, or a response to a part that does not settle its chunk.
    ///
    /// # Errors
    ///
    /// [`TunnelError`] if the message is not exactly one chunk or response, which
    /// ends the tunnel, and on every later call.
    pub fn receive_message(
        &mut self,
        now: Instant,
        message: impl Into<Bytes>,
    ) -> Result<Option<Bytes>, TunnelError> {
        self.check()?;
        self.responses.expire(now);
        match self.messages.decode_message(message.into()) {
            Ok(frames) => Ok(self.pass(&frames)),
            Err(error) => {
                self.fail(error.clone().into());
                Err(error.into())
            }
        }
    }

    /// When [`Tunnel::handle_timeout`] is due, if nothing else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.responses.next_deadline()
    }

    /// Forgets the parts whose response has not arrived in time.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.responses.expire(now);
    }

    /// The deviations in the framing of both sides that have been tolerated so far.
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
        self.failed.is_none() && self.ready.is_none() && !self.responses.is_full()
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

    /// Fills the current message. It leaves only when a further octet arrives that
    /// does not fit, so it is never the last part of its chunk.
    fn fill(&mut self, now: Instant) {
        let Some(incoming) = &mut self.incoming else { return self.pending.clear() };
        let is_refused = incoming.key.is_some_and(|key| self.responses.is_refused(key));
        if is_refused || incoming.is_past_counting() {
            return self.pending.clear();
        }
        let len = incoming.room().min(self.pending.len());
        incoming.body.extend_from_slice(&self.pending.split_to(len));
        if self.pending.has_remaining() && !self.cut(now) {
            self.fail(TunnelError::TooLarge { max: self.max_message });
        }
    }

    /// Makes a part of the octets that have arrived. Returns whether the chunk can
    /// be cut.
    fn cut(&mut self, now: Instant) -> bool {
        let Some(incoming) = &mut self.incoming else { return true };
        let Some(body) = incoming.next_part() else { return false };
        let key = match incoming.key {
            Some(key) => key,
            None => self.responses.begin(&incoming.head.view()),
        };
        incoming.key = Some(key);
        match fresh_id(&mut self.ids, &self.responses, &body) {
            Ok(id) => {
                self.ready = Some(incoming.write_part(&id, &body, Continuation::More));
                self.responses.sent(key, id, now);
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
        if !self.responses.is_refused(key) && !incoming.is_past_counting() {
            let body = incoming.body.split().freeze();
            let mut id = incoming.head.view().transaction_id();
            // Octets that were no end-line within the chunk can be one at the
            // start of a part.
            if scan::occurs(id.as_bytes(), &body) {
                match fresh_id(&mut self.ids, &self.responses, &body) {
                    Ok(fresh) => id = fresh,
                    Err(error) => return self.fail(error.into()),
                }
            }
            self.ready = Some(incoming.write_part(&id, &body, flag));
            self.responses.sent(key, id, now);
        }
        self.responses.end(key);
    }

    /// The octets that the stream gets for the frames of a message: the frame written
    /// anew, so that no tolerated framing reaches a peer that does not tolerate it.
    fn pass(&mut self, frames: &[Frame]) -> Option<Bytes> {
        let head = match frames.first()? {
            Frame::Head(head) => head,
            Frame::BadHead(bad) => bad.head(),
            Frame::Body(_) | Frame::End(_) => return None,
        };
        let view = head.view();
        if let Some(status) = view.status_code() {
            match self.responses.received(&view.transaction_id(), status.is_success()) {
                Verdict::Foreign => {}
                Verdict::Unsettled => return None,
                Verdict::Settled(original) => return Some(renamed(head, &original)),
            }
        }
        Some(rewritten(head, frames))
    }
}

/// The frames of a message as the octets of a stream.
fn rewritten(head: &Head, frames: &[Frame]) -> Bytes {
    let pieces = frames.iter().filter_map(|frame| match frame {
        Frame::Body(piece) => Some(&piece[..]),
        Frame::Head(_) | Frame::BadHead(_) | Frame::End(_) => None,
    });
    let flag = frames.iter().find_map(|frame| match frame {
        Frame::End(flag) => Some(*flag),
        Frame::Head(_) | Frame::BadHead(_) | Frame::Body(_) => None,
    });
    write_frame(head, pieces, flag.unwrap_or(Continuation::Complete))
}

fn fresh_id(
    ids: &mut IdSource,
    responses: &Responses,
    body: &[u8],
) -> Result<TransactionId, RandomError> {
    ids.transaction_id(|id| !responses.contains(id) && !scan::occurs(id.as_bytes(), body))
}

/// The same response for another transaction, without a body.
fn renamed(response: &Head, id: &TransactionId) -> Bytes {
    let after_id = after_id(&response.view(), response.octets());
    let mut out = BytesMut::with_capacity(response.octets().len() + 128);
    out.extend_from_slice(b"MSRP ");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(after_id.trim_ascii_end());
    write_end_line(&mut out, id, Continuation::Complete);
    out.freeze()
}

/// The octets of a head after its transaction id.
fn after_id<'a>(head: &HeadRef<'_>, octets: &'a [u8]) -> &'a [u8] {
    let start = b"MSRP ".len() + head.transaction_id().as_bytes().len();
    octets.get(start..).unwrap_or_default()
}
