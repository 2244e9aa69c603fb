//! Outgoing messages (RFC 4975 sections 7.1 and 7.1.1).

use super::Connection;
use super::carried::Envelope;
use super::config::Config;
use super::error::SendError;
use super::event::reason::Outcome;
use super::outbox::Sending;
use super::outbox::message::{Body, OutgoingMessage};
use super::outbox::types::MessageTypes;
use super::outcome::Ending;
use super::session::Session;
use crate::hop::{BodyQueue, END_LINE_OVERHEAD, Outgoing};
use crate::keys::{MessageKey, SessionKey, UnknownKey};
use crate::limits::ParseOptions;
use crate::offset::Offset;
use crate::reassembly::RangeSet;
use crate::uri::Path;
use crate::wire::MessageId;

impl Connection {
    /// Sends a message. Its octets leave by [`Connection::poll_transmit`], and exactly
    /// one [`Event::Finished`](crate::Event::Finished) has its outcome.
    ///
    /// # Errors
    ///
    /// [`SendError`], and nothing of the message leaves.
    pub fn send(
        &mut self,
        session: SessionKey,
        message: OutgoingMessage,
    ) -> Result<MessageKey, SendError> {
        let message_id = match message.message_id {
            Some(message_id) => message_id,
            None => self.hop.ids().message_id()?,
        };
        let max_messages = self.config.limits.outgoing_messages;
        let owner = self.sessions.get_mut(session).ok_or(UnknownKey)?;
        let (types, opening) = (message.types(), message.opening());
        check_message(owner, &message, &types, &message_id, max_messages)?;
        let has_sent = owner.has_sent || !types.are_control();
        let envelope = Envelope {
            to_path: owner.remote.clone(),
            from_path: Path::from(owner.config.local.clone()),
            message_id,
            success_report: message.success_report,
            failure_report: message.failure_report,
            content_type: message.content_type,
            headers: message.headers,
        };
        let overhead = check_head(&envelope, &self.config)?;
        let key = self.message_keys.fresh_in(session);
        owner.has_sent = has_sent;
        let (body, total) = match message.body {
            Body::Whole(body) => (BodyQueue::whole(body), None),
            Body::Streamed { total } => (BodyQueue::default(), total),
        };
        let mut leaving = Outgoing::new(session, envelope, overhead, body, total);
        leaving.priority = message.priority;
        leaving.resume_at(Offset::new(message.from));
        self.hop.insert(key, Box::new(leaving));
        let mut reported = RangeSet::new(self.config.limits.message_ranges);
        // Without room for a single range, no REPORT counts either.
        reported.insert(0..message.from).ok();
        let sending = Sending {
            message_id,
            types,
            opening,
            config: owner.config.clone(),
            success_report: message.success_report,
            failure_report: message.failure_report,
            report_timeout: message.report_timeout,
            progress_timeout: message.progress_timeout,
            waits_since: None,
            deadline: None,
            reporting: None,
            asked: 0,
            answered: 0,
            chunks: 0,
            octets: message.from,
            accepted: message.from,
            progress_events: message.progress_events,
            tells_progress: false,
            has_left: false,
            is_reported: false,
            reported,
            response: None,
        };
        owner.outbox.insert(key, sending);
        self.sessions.has_octets(key);
        Ok(key)
    }

    /// Gives a message up. The flag `#` tells the peer, if it has seen a part of
    /// the message. The outcome is [`Outcome::Aborted`].
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the message has its outcome, or belongs to another connection.
    pub fn abort(&mut self, message: MessageKey) -> Result<(), UnknownKey> {
        self.settle(message, Ending::told(Outcome::Aborted)).then_some(()).ok_or(UnknownKey)
    }
}

/// The most octets that a chunk has beside its body. The head keeps this side's own
/// limits: a peer with the same limits would refuse it, or the whole connection.
fn check_head(envelope: &Envelope, config: &Config) -> Result<usize, SendError> {
    let ParseOptions { headers, path_uris, .. } = config.parse;
    if envelope.to_path.len() > path_uris {
        return Err(SendError::TooManyUris { max: path_uris });
    }
    if envelope.fields() > headers {
        return Err(SendError::TooManyHeaders { max: headers });
    }
    let overhead = envelope.overhead()?;
    let (head, max_head) = (overhead - END_LINE_OVERHEAD, config.parse.head_limit());
    if head > max_head {
        return Err(SendError::HeadTooLong { max: max_head });
    }
    match config.framing.max_message() {
        Some(max) if overhead >= max => Err(SendError::HeadTooLong { max }),
        Some(_) | None => Ok(overhead),
    }
}

fn check_message(
    session: &Session,
    message: &OutgoingMessage,
    types: &MessageTypes,
    message_id: &MessageId,
    max_messages: usize,
) -> Result<(), SendError> {
    if !session.config.direction.may_send() && !types.are_control() {
        return Err(SendError::NotSending);
    }
    session.check_types(types, &session.config)?;
    let size = match &message.body {
        Body::Whole(body) => Some(body.len() as u64),
        Body::Streamed { total } => *total,
    };
    if let Some(total) = size
        && message.from > total
    {
        return Err(SendError::BeyondTotal { total });
    }
    let size = size.or(Some(message.from));
    if let (Some(size), Some(max)) = (size, session.config.peer_max_size)
        && size > max
    {
        return Err(SendError::TooLarge { max });
    }
    if session.config.single_message && session.has_sent && !types.are_control() {
        return Err(SendError::SingleMessage);
    }
    if session.outbox.find(message_id).is_some() {
        return Err(SendError::MessageIdInUse);
    }
    if session.outbox.len() >= max_messages {
        return Err(SendError::TooManyMessages { max: max_messages });
    }
    Ok(())
}
