//! The part to copy: an MSRP connection on a data channel.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Buf, Bytes};
use msrp::{Connection, Event};
use str0m::channel::{ChannelData, ChannelId};
use str0m::{IceConnectionState, Rtc, RtcError};

/// The most octets of messages that wait for the connection. It stops reading when
/// its responses cannot leave because the peer acknowledges nothing. If the peer
/// keeps sending, the channel is torn down.
const INBOX_OCTETS: usize = 1024 * 1024;

/// An MSRP connection and its own data channel (RFC 8873
/// section 5.1).
///
/// The owner of the `Rtc` passes each of its events to [`MsrpChannel::heed`], and
/// calls [`MsrpChannel::drive`] before it polls for the next.
#[derive(Debug)]
pub struct MsrpChannel {
    /// The connection, for the application to act on between two events.
    pub connection: Connection,
    channel: ChannelId,
    /// A message that did not fit into the channel yet.
    leaving: Option<Bytes>,
    /// Messages that the connection has not taken yet.
    inbox: VecDeque<Bytes>,
    inbox_octets: usize,
    state: State,
    sent: Traffic,
    received: Traffic,
    error: Option<RtcError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Messages go both ways, as soon as the channel is open.
    Running,
    /// The connection has ended, and its channel is closing after it.
    Closing,
    /// The channel has failed and has to be closed.
    Broken,
    /// The channel is closed.
    Closed,
}

/// The traffic in one direction of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The number of channel messages: MSRP chunks, responses and REPORTs.
    pub messages: u64,
    /// Their octets, heads and end-lines included.
    pub octets: u64,
    /// The octets of the largest message.
    pub largest: usize,
}

impl Traffic {
    fn count(&mut self, message: &[u8]) {
        self.messages += 1;
        self.octets += message.len() as u64;
        self.largest = self.largest.max(message.len());
    }
}

impl MsrpChannel {
    /// Joins a connection to its channel. While the channel is not open, messages wait
    /// in the connection.
    #[must_use]
    pub fn new(connection: Connection, channel: ChannelId) -> Self {
        Self {
            connection,
            channel,
            leaving: None,
            inbox: VecDeque::new(),
            inbox_octets: 0,
            state: State::Running,
            sent: Traffic::default(),
            received: Traffic::default(),
            error: None,
        }
    }

    /// Handles an event of the `Rtc`. Ignores those of other channels.
    pub fn heed(&mut self, event: str0m::Event) {
        match event {
            str0m::Event::ChannelData(data) if data.id == self.channel => self.arrived(data),
            str0m::Event::ChannelClose(channel) if channel == self.channel => {
                self.state = State::Closed;
            }
            str0m::Event::IceConnectionStateChange(IceConnectionState::Disconnected)
            | str0m::Event::Closed => self.tear_down(),
            _ => {}
        }
    }

    /// Moves messages both ways, up to the connection's next event. Returns `None` when
    /// nothing is left to move; the `Rtc` may have datagrams to send then.
    pub fn drive(&mut self, now: Instant, rtc: &mut Rtc) -> Option<Event> {
        self.receive(now);
        if let Some(event) = self.connection.poll_event() {
            return Some(event);
        }
        if self.state == State::Running {
            self.send(now, rtc);
            self.close_after_last(rtc);
        }
        if self.state == State::Broken {
            rtc.direct_api().close_data_channel(self.channel);
            self.state = State::Closed;
        }
        if self.state == State::Closed {
            // The session fails with its channel (RFC 8873 section 5.3).
            self.connection.receive_eof();
        }
        self.connection.poll_event()
    }

    /// Closes the channel at once, with messages still under way: the session fails.
    pub fn tear_down(&mut self) {
        if self.state != State::Closed {
            self.state = State::Broken;
        }
    }

    /// The channel.
    #[must_use]
    pub const fn channel(&self) -> ChannelId {
        self.channel
    }

    /// Whether channel and connection have ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed && self.connection.is_closed()
    }

    /// The traffic that this side has sent.
    #[must_use]
    pub const fn sent(&self) -> Traffic {
        self.sent
    }

    /// The traffic that the peer has sent.
    #[must_use]
    pub const fn received(&self) -> Traffic {
        self.received
    }

    /// The error that closed the channel, if there was one.
    #[must_use]
    pub const fn error(&self) -> Option<&RtcError> {
        self.error.as_ref()
    }

    /// Each channel message is one MSRP chunk or response, as text or binary (RFC 8873
    /// section 5.4).
    fn arrived(&mut self, data: ChannelData) {
        self.received.count(&data.data);
        if self.connection.is_closed() {
            return;
        }
        self.inbox_octets += data.data.len();
        self.inbox.push_back(data.data.into());
        if self.inbox_octets > INBOX_OCTETS {
            self.tear_down();
        }
    }

    fn receive(&mut self, now: Instant) {
        while self.connection.wants_read() {
            let Some(message) = self.inbox.pop_front() else { return };
            self.inbox_octets -= message.len();
            // An invalid message ends the connection, and its last event says so.
            let _ = self.connection.receive_message(now, message);
        }
    }

    /// Writes as many messages as fit into the channel. A message that does not fit is
    /// kept, and the connection is polled for the next when it has been written.
    fn send(&mut self, now: Instant, rtc: &mut Rtc) {
        let Some(mut channel) = rtc.channel(self.channel) else { return };
        let connection = &mut self.connection;
        while let Some(message) = self.leaving.take().or_else(|| next_message(connection, now)) {
            match channel.write(true, &message) {
                Ok(true) => self.sent.count(&message),
                Ok(false) => {
                    self.leaving = Some(message);
                    return;
                }
                Err(error) => {
                    self.error = Some(error);
                    return self.tear_down();
                }
            }
        }
    }

    /// Closes the channel of an ended connection when the peer has received the last
    /// message (RFC 8873 section 4.6).
    fn close_after_last(&mut self, rtc: &mut Rtc) {
        if !self.connection.is_closed() || self.leaving.is_some() {
            return;
        }
        match rtc.channel(self.channel).map(|mut channel| channel.buffered_amount()) {
            Some(0) => {
                rtc.direct_api().close_data_channel(self.channel);
                self.state = State::Closing;
            }
            Some(_) => {}
            None => self.state = State::Broken,
        }
    }
}

/// The next message of the connection, in one piece for the channel.
fn next_message(connection: &mut Connection, now: Instant) -> Option<Bytes> {
    let mut transmit = connection.poll_transmit(now)?;
    Some(transmit.copy_to_bytes(transmit.remaining()))
}
