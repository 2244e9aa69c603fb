//! The octets of a streamed message.

use bytes::Bytes;

use super::Connection;
use super::carried::Endpoint;
use super::error::SendError;
use crate::hop::Hop;
use crate::keys::{MessageKey, UnknownKey};

/// Takes the octets of a streamed message.
///
/// It takes as many octets as [`BodyWriter::room`] says. Once less than half of
/// the room is left, [`Event::BodyRoom`](crate::Event::BodyRoom) follows when
/// half of it is free again.
///
/// # Streaming a file
///
/// BODY_EXAMPLE
#[derive(Debug)]
pub struct BodyWriter<'a> {
    hop: &'a mut Hop<Endpoint>,
    key: MessageKey,
    max_queue: usize,
    peer_max_size: Option<u64>,
}

impl BodyWriter<'_> {
    /// Octets that [`BodyWriter::write`] takes now, in one piece or several.
    #[must_use]
    pub fn room(&self) -> usize {
        self.hop.message_ref(self.key).map_or(0, |message| {
            if message.body.is_finished() {
                0
            } else {
                self.max_queue.saturating_sub(message.body.len())
            }
        })
    }

    /// Appends octets to the message, without copying them.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] if there is less room, [`SendError::BeyondTotal`] or
    /// [`SendError::TooLarge`] if the message would be longer than announced or
    /// than the peer accepts. Nothing of the piece is taken.
    pub fn write(&mut self, piece: impl Into<Bytes>) -> Result<(), SendError> {
        let piece = piece.into();
        let room = self.room();
        let Some(message) = self.hop.message(self.key) else {
            return Err(UnknownKey.into());
        };
        let written = message.offset + message.body.len() as u64 + piece.len() as u64;
        if let Some(total) = message.total
            && written > total
        {
            return Err(SendError::BeyondTotal { total });
        }
        if let Some(max) = self.peer_max_size
            && written > max
        {
            return Err(SendError::TooLarge { max });
        }
        if piece.len() > room {
            message.awaits_room = true;
            return Err(SendError::Full { room });
        }
        let is_half_full = message.body.len() + piece.len() > self.max_queue / 2;
        message.awaits_room |= is_half_full;
        self.hop.push(self.key, piece);
        Ok(())
    }

    /// The message has all its octets.
    ///
    /// # Errors
    ///
    /// [`SendError::Short`] if it is shorter than announced.
    pub fn finish(self) -> Result<(), SendError> {
        let Some(message) = self.hop.message(self.key) else { return Ok(()) };
        let written = message.offset + message.body.len() as u64;
        match message.total {
            Some(total) if written < total => Err(SendError::Short { missing: total - written }),
            _ => {
                message.finish();
                self.hop.wake(self.key);
                Ok(())
            }
        }
    }
}

impl Connection {
    /// The writer for the octets of a streamed message.
    ///
    /// # Errors
    ///
    /// [`SendError::BodyFinished`] if the message has all its octets,
    /// [`SendError::UnknownKey`] if it has its outcome, or is of another
    /// connection.
    pub fn body(&mut self, message: MessageKey) -> Result<BodyWriter<'_>, SendError> {
        let sending = self.sending.get(&message).ok_or(UnknownKey)?;
        match self.hop.message_ref(message) {
            Some(leaving) if !leaving.body.is_finished() => Ok(BodyWriter {
                peer_max_size: sending.peer_max_size,
                max_queue: self.config.limits.body_writer_room(),
                hop: &mut self.hop,
                key: message,
            }),
            Some(_) | None => Err(SendError::BodyFinished),
        }
    }
}
