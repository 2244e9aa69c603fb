//! The decoder: a byte stream to heads, body pieces and end-lines.

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

use super::head::Head;
use super::header::Continuation;
use super::parse::{HeadParser, ParseError};
use super::resync;
use super::scan::{BodyScanner, PrefixFinder, Scanned};
use crate::limits::ParseOptions;
use crate::tolerance::{Tolerance, Tolerances};

/// One step of a chunk or response, in the order of the stream: a head, any
/// number of body pieces, an end-line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// The start line and the header fields.
    Head(Head),
    /// A malformed head in intact framing. Its body and end-line follow like those of
    /// any other.
    BadHead(BadHead),
    /// Some octets of the body, never none.
    Body(Bytes),
    /// The end-line.
    End(Continuation),
}

/// A malformed head whose framing is intact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadHead {
    head: Head,
    error: ParseError,
}

impl BadHead {
    /// Its place in a stream of which `taken` octets end with it.
    fn ends_at(&mut self, taken: u64) {
        self.error.lies_after(taken.saturating_sub(self.head.octets().len() as u64));
    }

    /// What is wrong.
    #[must_use]
    pub const fn error(&self) -> &ParseError {
        &self.error
    }

    /// The head as far as it could be read; the rest is absent.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }
}

/// A stream whose framing is lost. The connection can only be closed.
///
/// [`Decoder::position`] says where in the stream the error lies, and so does
/// [`ParseError::position`] for the one of a head.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The head of a frame cannot be read.
    #[error(transparent)]
    Head(#[from] ParseError),
    /// The stream, or the message of a message transport, ended within a chunk
    /// or response.
    #[error("the stream ended before the end-line")]
    Truncated,
    /// A message of a message transport continues after its chunk or response.
    #[error("a message holds more than one chunk or response")]
    Trailing,
}

/// Takes chunks and responses off the front of a buffer.
///
/// A chunk of any size passes in constant memory: the decoder holds back only
/// what may be the start of an end-line, and looks at no other octet
/// twice. Chunks are framed by their end-line alone, never by Byte-Range, so
/// that no two hops can disagree about where a message ends.
///
/// The shape is that of a `tokio_util` codec: call [`Decoder::decode`] until it
/// gives `None`, then read more octets to the end of the same buffer. Body
/// pieces and heads are slices of that buffer, not copies.
///
/// ```
/// use bytes::BytesMut;
/// use msrp::wire::{Continuation, Decoder, Frame};
///
/// let mut decoder = Decoder::default();
/// let mut input = BytesMut::from(
///     &b"MSRP d93k SEND\r\n\
///        To-Path: msrp://b.example:2855/s;tcp\r\n\
///        From-Path: msrp://a.example:2855/s;tcp\r\n\
///        Content-Type: text/plain\r\n\r\n\
///        Hi\r\n-------d93k$\r\n"[..],
/// );
/// assert!(matches!(decoder.decode(&mut input)?, Some(Frame::Head(_))));
/// assert_eq!(decoder.decode(&mut input)?, Some(Frame::Body("Hi".into())));
/// assert_eq!(decoder.decode(&mut input)?, Some(Frame::End(Continuation::Complete)));
/// assert_eq!(decoder.decode(&mut input)?, None);
/// # Ok::<(), msrp::wire::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    options: ParseOptions,
    prefix: PrefixFinder,
    state: State,
    /// The octets that have been taken off the input.
    taken: u64,
    tolerated: Tolerances,
}

#[derive(Clone, Debug)]
enum State {
    /// Between frames or within a head.
    Head(HeadParser),
    Body(BodyScanner),
    /// An end-line of this many octets is next.
    End(Continuation, usize),
    Failed(Failure),
    /// Looking for the next frame after an error.
    Lost,
}

/// What ended the stream.
#[derive(Clone, Debug)]
struct Failure {
    error: DecodeError,
    position: u64,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(ParseOptions::default())
    }
}

impl Decoder {
    /// A decoder at the start of a stream.
    #[must_use]
    pub fn new(options: ParseOptions) -> Self {
        Self {
            options,
            prefix: PrefixFinder::new(),
            state: State::Head(HeadParser::new()),
            taken: 0,
            tolerated: Tolerances::none(),
        }
    }

    /// Sets [`ParseOptions::head_octets`], for the head that is arriving, too.
    #[cfg(feature = "auth")]
    pub(crate) const fn limit_heads(&mut self, octets: usize) {
        self.options.head_octets = octets;
    }

    /// Takes the next frame off the front of `input`. `None`: more octets are needed,
    /// to be appended to those that `input` still holds.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] once framing is lost, and again on every later call.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, DecodeError> {
        let before = input.len();
        let mut frame = self.step(input);
        self.taken = self.taken.saturating_add(before.saturating_sub(input.len()) as u64);
        match &mut frame {
            Ok(Some(Frame::BadHead(bad))) => bad.ends_at(self.taken),
            Ok(_) => {}
            Err(error) => self.lies_here(error),
        }
        frame
    }

    /// Keeps the error of the octets that are next.
    fn lies_here(&mut self, error: &mut DecodeError) {
        let position = match error {
            DecodeError::Head(error) => {
                error.lies_after(self.taken);
                error.position()
            }
            DecodeError::Truncated | DecodeError::Trailing => self.taken,
        };
        self.fail(error.clone(), position);
    }

    fn step(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, DecodeError> {
        match &mut self.state {
            State::Head(_) => self.head(input),
            State::Body(_) => Ok(self.body(input)),
            State::End(flag, len) => {
                let (flag, len) = (*flag, *len);
                input.advance(len.min(input.len()));
                self.state = State::Head(HeadParser::new());
                Ok(Some(Frame::End(flag)))
            }
            State::Failed(failure) => Err(failure.error.clone()),
            State::Lost => self.find_frame(input),
        }
    }

    /// Keeps the first error and the place where it lies.
    fn fail(&mut self, error: DecodeError, position: u64) -> DecodeError {
        if !matches!(self.state, State::Failed(_)) {
            self.state = State::Failed(Failure { error: error.clone(), position });
        }
        error
    }

    /// Where the decoder stands: the octets since the start of the stream that it has
    /// taken off its input, so that the first octet of the input has this position.
    /// Before a call of [`decode`](Self::decode) it is the start of the frame or piece
    /// that the call gives, apart from CRLFs between frames. After an error it is where
    /// the error lies: the octet of a head that cannot be read, the end of a stream that
    /// is cut, the start of what follows the one frame of a message.
    ///
    /// On a message transport the octets of all messages count.
    #[must_use]
    pub const fn position(&self) -> u64 {
        match &self.state {
            State::Failed(failure) => failure.position,
            State::Head(_) | State::Body(_) | State::End(..) | State::Lost => self.taken,
        }
    }

    /// Gives up the frame that the stream is in, most often after an error. The next calls
    /// of [`decode`](Self::decode) drop octets up to a later line that starts like a frame,
    /// or a start line within one that a To-Path follows, and go on there;
    /// [`position`](Self::position) says how many.
    ///
    /// This is a guess, for analysers of recorded streams alone: text within a body can
    /// look like a frame. An endpoint that goes on after an error lets its peer choose
    /// what it reads.
    pub fn resync(&mut self) {
        self.state = State::Lost;
    }

    fn find_frame(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, DecodeError> {
        match resync::next_frame(input) {
            Ok(start) => {
                input.advance(start);
                self.state = State::Head(HeadParser::new());
                self.head(input)
            }
            Err(lost) => {
                input.advance(lost);
                Ok(None)
            }
        }
    }

    /// Takes a message of a message transport, which must be exactly one chunk or
    /// response. Gives its head, body and end-line, or no frames if it is blank.
    pub(crate) fn decode_message(&mut self, message: Bytes) -> Result<Vec<Frame>, DecodeError> {
        let mut rest = BytesMut::from(message);
        let mut frames = Vec::with_capacity(3);
        let mut end = None;
        while let Some(frame) = self.decode(&mut rest)? {
            if let Some(end) = end {
                return Err(self.fail(DecodeError::Trailing, end));
            }
            end = matches!(frame, Frame::End(_)).then_some(self.taken);
            frames.push(frame);
        }
        let is_at_end = rest.is_empty() && self.is_between_frames();
        match end {
            Some(_) if is_at_end => Ok(frames),
            Some(end) => Err(self.fail(DecodeError::Trailing, end)),
            None if is_at_end && self.skips_blank_lines() => Ok(frames),
            None => Err(self.cut(&rest)),
        }
    }

    /// Checks that the stream may end here, with `rest` left in the buffer.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] within a chunk or response.
    pub fn finish(&mut self, rest: &BytesMut) -> Result<(), DecodeError> {
        match &self.state {
            State::Head(_) if rest.iter().all(|octet| matches!(octet, b'\r' | b'\n')) => Ok(()),
            State::Failed(failure) => Err(failure.error.clone()),
            State::Head(_) | State::Body(_) | State::End(..) | State::Lost => Err(self.cut(rest)),
        }
    }

    /// The stream ends with `rest` within a frame.
    fn cut(&mut self, rest: &BytesMut) -> DecodeError {
        self.fail(DecodeError::Truncated, self.taken.saturating_add(rest.len() as u64))
    }

    /// Whether the decoder stands between two frames.
    #[must_use]
    pub const fn is_between_frames(&self) -> bool {
        matches!(&self.state, State::Head(parser) if parser.is_at_start())
    }

    /// Every deviation in the framing of this stream so far. Those within a head are in
    /// [`HeadRef::tolerated`](crate::wire::HeadRef::tolerated).
    #[must_use]
    pub const fn tolerated(&self) -> Tolerances {
        self.tolerated
    }

    fn head(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, DecodeError> {
        self.skip_blank_lines(input);
        if self.is_between_frames() && input.as_ref() == b"\r" && self.skips_blank_lines() {
            return Ok(None);
        }
        let State::Head(parser) = &mut self.state else { return Ok(None) };
        let end = match parser.advance(input, &self.options) {
            Ok(Some(end)) => end,
            Ok(None) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let head = Head::new(input.split_to(end.len).freeze(), parser.fields);
        let fault = parser.fault.take();
        self.state = match end.end_line {
            Some((flag, len)) => State::End(flag, len),
            None => State::Body(BodyScanner::new(head.transaction_octets())),
        };
        Ok(Some(match fault {
            None => Frame::Head(head),
            Some(error) => Frame::BadHead(BadHead { head, error }),
        }))
    }

    /// Some stacks send CRLFs between frames to keep a connection alive.
    fn skip_blank_lines(&mut self, input: &mut BytesMut) {
        if !self.is_between_frames() || !self.skips_blank_lines() {
            return;
        }
        let blank = input.chunks_exact(2).take_while(|pair| *pair == b"\r\n").count() * 2;
        if blank > 0 {
            self.tolerated = self.tolerated.with(Tolerance::BlankLinesBetweenFrames);
            input.advance(blank);
        }
    }

    const fn skips_blank_lines(&self) -> bool {
        self.options.tolerances.contains(Tolerance::BlankLinesBetweenFrames)
    }

    fn body(&mut self, input: &mut BytesMut) -> Option<Frame> {
        if self.empty_body(input)? {
            return self.step(input).unwrap_or(None);
        }
        let State::Body(scanner) = &mut self.state else { return None };
        let body = match scanner.scan(&self.prefix, input) {
            Scanned::Body(body) => body,
            Scanned::End { body, end_line, flag } => {
                self.state = State::End(flag, end_line);
                if body == 0 {
                    return self.step(input).unwrap_or(None);
                }
                body
            }
        };
        (body > 0).then(|| Frame::Body(input.split_to(body).freeze()))
    }

    /// Whether the end-line directly follows the blank line. `None` means that more
    /// octets are needed to tell.
    fn empty_body(&mut self, input: &BytesMut) -> Option<bool> {
        let tolerance = Tolerance::EmptyBodyWithoutCrlf;
        let State::Body(scanner) = &self.state else { return Some(false) };
        if !scanner.is_at_start() || !self.options.tolerances.contains(tolerance) {
            return Some(false);
        }
        let Some((flag, len)) = scanner.bare_end_line(input)? else { return Some(false) };
        self.tolerated = self.tolerated.with(tolerance);
        self.state = State::End(flag, len);
        Some(true)
    }
}
