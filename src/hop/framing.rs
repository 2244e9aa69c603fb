//! Message transports: each message is one chunk or response.

use bytes::{Buf, Bytes};

use super::{Heading, Hop, HopEvent, Order, Outgoing, Owner, SHORT_CHUNK, Transmit};
use crate::wire::scan;
use crate::wire::{Continuation, write_end_line};

/// How chunks and responses lie on the transport connection.
///
/// ```
/// use std::sync::Arc;
/// use msrp::{Config, Framing};
///
/// let mut config = Config::default();
/// // The `a=max-message-size` of the peer of a data channel.
/// config.framing = Framing::Message { max_octets: 65_536 };
/// let config = Arc::new(config);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// One after the other in an octet stream: TCP, TLS.
    ///
    /// The first chunk of a streamed message that is alone begins at once, and stays
    /// open for the octets that follow. Any other chunk waits for 2,048 octets (RFC 4975
    /// section 7.1.1), for the end of the body, or for 200 milliseconds. A chunk that
    /// has had nothing to send for 10 seconds ends with `+`.
    #[default]
    Stream,
    /// Each in a message of its own: WebSocket (RFC 7977 section 5.1) and WebRTC
    /// data channels (RFC 8873 section 5.4).
    ///
    /// Each [`Transmit`] is then one message, and incoming messages go to
    /// [`Connection::receive_message`](crate::Connection::receive_message). A body
    /// is split into chunks that fit. The octets of an unfinished streamed body
    /// wait until there are enough for a chunk of 2,048 octets, or of half a
    /// message if that is less (RFC 4975 section 7.1.1), or for 200 milliseconds.
    ///
    /// A response, REPORT or bodiless request cannot be split. If it is larger
    /// than a message because of its paths, it leaves anyway, and the transport
    /// may refuse it.
    Message {
        /// The most octets of an outgoing message, head and end-line included.
        /// A value below [`Framing::MIN_MESSAGE`] counts as that.
        max_octets: usize,
    },
}

impl Framing {
    /// The smallest limit for a message, 2,048 octets, in which the head of a chunk
    /// normally fits. A message with a longer head is not sent
    /// ([`SendError::HeadTooLong`](crate::SendError::HeadTooLong)).
    pub const MIN_MESSAGE: usize = 2048;

    /// The most octets of a chunk, head and end-line included, if there is a limit.
    pub(crate) const fn max_message(self) -> Option<usize> {
        match self {
            Self::Stream => None,
            Self::Message { max_octets } if max_octets < Self::MIN_MESSAGE => {
                Some(Self::MIN_MESSAGE)
            }
            Self::Message { max_octets } => Some(max_octets),
        }
    }
}

impl<O: Owner> Hop<O> {
    /// The next message: exactly one chunk, request or response.
    pub(super) fn next_message(&mut self, max: usize) -> Option<Transmit> {
        if !self.control.is_empty() {
            return Some(self.control_message());
        }
        if self.is_full() || !self.may_begin() {
            return None;
        }
        self.line_up();
        while let Some(key) = self.schedule.pop() {
            let Some(message) = self.messages.get(key) else { continue };
            if message.aborted {
                self.tell_aborted(key);
                let frame = self.out.split().freeze();
                return (!frame.is_empty()).then(|| self.give(frame, Bytes::new(), Bytes::new()));
            }
            if let Some(message) = self.remove(key) {
                return self.chunk_message(key, message, max);
            }
        }
        None
    }

    fn control_message(&mut self) -> Transmit {
        let frame = self.control.take_frame();
        let transmit = self.give(frame, Bytes::new(), Bytes::new());
        while let Some(id) = self.control.next_taken() {
            self.hand_over(id, 0);
        }
        transmit
    }

    /// The transport is given a message.
    fn give(&mut self, head: Bytes, body: Bytes, tail: Bytes) -> Transmit {
        let transmit = Transmit::new(head, body, tail);
        self.backlog.give(transmit.remaining(), self.now);
        transmit
    }

    /// One chunk: as much of the message as it can hold and its turn allows. `None`
    /// if no id can be drawn.
    fn chunk_message(
        &mut self,
        key: O::Message,
        mut message: Box<Outgoing<O>>,
        max: usize,
    ) -> Option<Transmit> {
        let room = max.saturating_sub(message.overhead).max(1);
        let allowed = self.allowance().min(self.schedule.piece(message.source));
        let body = message.body.take_joined(room.min(allowed.max(SHORT_CHUNK)));
        let transactions = &self.transactions;
        let id = self
            .ids
            .transaction_id(|id| !transactions.contains(id) && !scan::occurs(id.as_bytes(), &body));
        let Some(id) = self.drawn(id) else {
            message.body.put_back(body);
            self.put_back(key, message);
            return None;
        };
        let range = message.next_range(body.len());
        // `Heading::check` has written the same fields before.
        let written = message.heading.write(&mut self.out, &id, range);
        debug_assert!(written.is_ok());
        let head = self.out.split().freeze();

        let is_last = message.has_left();
        let flag = if is_last { message.end } else { Continuation::More };
        write_end_line(&mut self.out, &id, flag);
        let tail = self.out.split().freeze();

        let (source, start) = (message.source, message.offset);
        message.advance(body.len());
        self.accounts.hand_over(source, body.len(), message.needs_response(), self.now);
        let (end, asks_response) = (message.offset, message.asks_response());
        if asks_response {
            self.begin_transaction(id, message.purpose(key), start, message.is_silent());
        }
        if !is_last {
            self.put_back(key, message);
        }
        let transmit = self.give(head, body, tail);
        self.schedule.spend(source, transmit.remaining(), self.now);
        self.chunk_left(id, key, end, asks_response, flag);
        Some(transmit)
    }

    /// The rest of a message waits for its next turn. Where messages keep their order, none
    /// comes before it.
    fn put_back(&mut self, key: O::Message, mut message: Box<Outgoing<O>>) {
        message.place = None;
        if message.has_room_again() {
            self.events.push_back(HopEvent::Room(key));
        }
        self.accounts.queue(message.source, message.sender, message.weight());
        self.messages.insert(key, message);
        match self.config.order {
            Order::Turns => self.interrupted = Some(key),
            Order::Arrival => self.resume(key),
        }
    }

    /// The message that was interrupted lines up, unless something has woken it since.
    fn line_up(&mut self) {
        let Some(key) = self.interrupted.take() else { return };
        if self.messages.get(key).is_some_and(|message| message.place.is_none()) {
            self.resume(key);
        }
    }
}
