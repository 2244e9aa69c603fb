//! The application: sends a text and content, receives those of the peer, and hangs
//! up.

use std::collections::HashMap;
use std::io;

use msrp::wire::ValueError;
use msrp::{
    ConnectionEnd, Event, Finished, IncomingKey, MessageKey, OutgoingMessage, SendError, SessionKey,
};
use str0m::RtcError;
use thiserror::Error;

use crate::channel::Traffic;
use crate::content::{Content, Digested, Digesting};
use crate::peer::Peer;

/// The most octets to read from the content at once.
const PIECE_OCTETS: usize = 64 * 1024;

/// Why an exchange failed on this side.
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// WebRTC or the socket has failed.
    #[error("WebRTC failed")]
    Rtc(#[from] RtcError),
    /// The content cannot be read.
    #[error("cannot read the content")]
    Content(#[from] io::Error),
    /// A message cannot be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A media type of this side is invalid.
    #[error(transparent)]
    MediaType(#[from] ValueError),
}

/// What one side does.
#[derive(Debug, Default)]
pub struct Plan {
    /// A text to send.
    pub text: Option<String>,
    /// Content to send.
    pub content: Option<Content>,
    /// Hangs up when this number of messages has arrived and this side's own messages
    /// have their outcomes. `None` if the peer hangs up.
    pub hang_up_after: Option<usize>,
}

/// The result of an exchange on one side.
#[derive(Debug, Default)]
pub struct Delivery {
    /// The content that was read and sent.
    pub sent: Option<Digested>,
    /// The outcomes of this side's messages, in the order of their events.
    pub outcomes: Vec<Finished>,
    /// The messages that have arrived complete, with their media types.
    pub received: Vec<(String, Digested)>,
    /// How the session ended.
    pub end: Option<ConnectionEnd>,
    /// The traffic that this side has sent.
    pub traffic: Traffic,
    /// The traffic that the peer has sent.
    pub peer_traffic: Traffic,
}

/// Runs a session to its end.
///
/// # Errors
///
/// [`ExchangeError`].
pub fn exchange(peer: &mut Peer, plan: Plan) -> Result<Delivery, ExchangeError> {
    let mut exchange = Exchange::new(plan);
    while let Some(event) = peer.next_event()? {
        exchange.event(peer, event)?;
        if exchange.is_done() {
            peer.session.connection.close();
        }
    }
    exchange.delivery.traffic = peer.session.sent();
    exchange.delivery.peer_traffic = peer.session.received();
    Ok(exchange.delivery)
}

#[derive(Debug)]
struct Exchange {
    text: Option<String>,
    content: Option<Content>,
    hang_up_after: Option<usize>,
    /// The message with the content, until it is complete.
    writing: Option<MessageKey>,
    sending: Digesting,
    receiving: HashMap<IncomingKey, Digesting>,
    expected_outcomes: usize,
    delivery: Delivery,
}

impl Exchange {
    fn new(plan: Plan) -> Self {
        Self {
            expected_outcomes: usize::from(plan.text.is_some())
                + usize::from(plan.content.is_some()),
            text: plan.text,
            content: plan.content,
            hang_up_after: plan.hang_up_after,
            writing: None,
            sending: Digesting::default(),
            receiving: HashMap::new(),
            delivery: Delivery::default(),
        }
    }

    fn is_done(&self) -> bool {
        self.delivery.outcomes.len() == self.expected_outcomes
            && self.hang_up_after.is_some_and(|count| self.delivery.received.len() >= count)
    }

    fn event(&mut self, peer: &mut Peer, event: Event) -> Result<(), ExchangeError> {
        match event {
            Event::SessionOpened { session, .. } => self.begin(peer, session)?,
            Event::BodyRoom { .. } => self.write(peer)?,
            Event::Finished(finished) => self.delivery.outcomes.push(*finished),
            Event::MessageStarted { received } => {
                self.receiving.insert(received.key(), Digesting::default());
            }
            Event::Piece { incoming, offset, data } => self.piece(incoming, offset, &data),
            Event::MessageCompleted { received, .. } => {
                if let Some(whole) = self.receiving.remove(&received.key()) {
                    let media_type = received.content_type().to_owned();
                    self.delivery.received.push((media_type, whole.finish()));
                }
            }
            Event::MessageFailed { received, .. } => {
                self.receiving.remove(&received.key());
            }
            Event::Closed(end) => self.delivery.end = Some(end),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, peer: &mut Peer, session: SessionKey) -> Result<(), ExchangeError> {
        let connection = &mut peer.session.connection;
        if let Some(text) = self.text.take() {
            connection.send(session, OutgoingMessage::text(text).success_report(true))?;
        }
        if let Some(content) = &self.content {
            let media_type = "application/octet-stream".parse()?;
            let message = OutgoingMessage::streamed(media_type, Some(content.octets()));
            self.writing = Some(connection.send(session, message.success_report(true))?);
            self.write(peer)?;
        }
        Ok(())
    }

    /// Writes as much of the content as there is room for. The rest follows on
    /// [`Event::BodyRoom`].
    fn write(&mut self, peer: &mut Peer) -> Result<(), ExchangeError> {
        let (Some(key), Some(content)) = (self.writing, &mut self.content) else { return Ok(()) };
        while let Ok(mut body) = peer.session.connection.body(key) {
            let room = body.room().min(PIECE_OCTETS);
            if room == 0 {
                return Ok(());
            }
            let piece = content.read(room)?;
            if piece.is_empty() {
                self.delivery.sent = Some(std::mem::take(&mut self.sending).finish());
                self.writing = None;
                return Ok(body.finish()?);
            }
            self.sending.add(&piece);
            body.write(piece)?;
        }
        Ok(())
    }

    /// A channel is ordered, so pieces arrive one after the other. A piece that is out
    /// of order leads to a wrong digest.
    fn piece(&mut self, incoming: IncomingKey, offset: u64, data: &[u8]) {
        if let Some(whole) = self.receiving.get_mut(&incoming)
            && whole.octets() == offset
        {
            whole.add(data);
        }
    }
}
