//! The octets of a streamed message.

use bytes::Bytes;

use super::Connection;
use super::carried::Endpoint;
use super::error::SendError;
use super::session::Sessions;
use crate::hop::{Hop, HopEvent};
use crate::keys::{MessageKey, UnknownKey};
use crate::offset::Offset;

/// Takes the octets of a streamed message.
///
/// It takes as many octets as [`BodyWriter::room`] says. After a write,
/// [`Event::BodyRoom`](crate::Event::BodyRoom) follows once, when it can take more: if
/// it was half full or more, when half of it is free again; if a piece was refused,
/// when there is room for that, too; otherwise when it has run empty.
///
/// # Streaming a file
///
/// ```
/// use std::error::Error;
/// use std::io::Read;
///
/// use msrp::{Connection, Event, MessageKey, OutgoingMessage};
///
/// # use std::sync::Arc;
/// # use bytes::{Buf, BytesMut};
/// # use msrp::{Config, Instant, Random, RandomError, Role, SessionConfig, SessionTable};
/// # struct Counter(u8);
/// # impl Random for Counter {
/// #     fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
/// #         for octet in octets {
/// #             self.0 = self.0.wrapping_mul(5).wrapping_add(7);
/// #             *octet = self.0;
/// #         }
/// #         Ok(())
/// #     }
/// # }
/// # fn carry(from: &mut Connection, to: &mut Connection, input: &mut BytesMut) {
/// #     while let Some(mut transmit) = from.poll_transmit(Instant::now()) {
/// #         input.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
/// #     }
/// #     to.receive(Instant::now(), input).unwrap();
/// # }
/// /// Writes as much of the file as there is room for.
/// fn fill(
///     connection: &mut Connection,
///     message: MessageKey,
///     file: &mut impl Read,
/// ) -> Result<(), Box<dyn Error>> {
///     // A message that has its outcome needs no more octets.
///     let Ok(mut body) = connection.body(message) else { return Ok(()) };
///     while body.room() > 0 {
///         let mut piece = vec![0; body.room().min(16 * 1024)];
///         match file.read(&mut piece)? {
///             0 => return Ok(body.finish()?),
///             len => {
///                 piece.truncate(len);
///                 body.write(piece)?;
///             }
///         }
///     }
///     Ok(())
/// }
///
/// # fn main() -> Result<(), Box<dyn Error>> {
/// # let table = SessionTable::new(1);
/// # table.insert(SessionConfig::expected("msrp://bob.example:12763/kjhd37s2;tcp".parse()?).max_size(1 << 20))?;
/// # let config = Arc::new(Config::default());
/// # let mut bob = Connection::new(config.clone(), Role::Passive, Counter(1), Instant::now())?;
/// # bob = bob.with_table(table);
/// # let mut alice = Connection::new(config, Role::Active, Counter(2), Instant::now())?;
/// # let (mut to_alice, mut to_bob) = (BytesMut::new(), BytesMut::new());
/// # let session = alice.open(SessionConfig::new(
/// #     "msrp://alice.example:7654/jshA7weztas;tcp".parse()?,
/// #     "msrp://bob.example:12763/kjhd37s2;tcp".parse()?,
/// # ))?;
/// # let octets = vec![7; 1_000_000];
/// # let mut file = &octets[..];
/// let video = OutgoingMessage::streamed("video/mp4".parse()?, Some(1_000_000));
/// let message = alice.send(session, video)?;
/// fill(&mut alice, message, &mut file)?;
/// // In the run loop:
/// # loop {
/// # carry(&mut alice, &mut bob, &mut to_bob);
/// # while bob.poll_event().is_some() {}
/// # carry(&mut bob, &mut alice, &mut to_alice);
/// while let Some(event) = alice.poll_event() {
///     match event {
///         Event::BodyRoom { message } => fill(&mut alice, message, &mut file)?,
///         Event::Finished(finished) => {
///             println!("{}", finished.outcome);
/// #             assert!(finished.outcome.is_success());
///             return Ok(());
///         }
///         _ => {}
///     }
/// }
/// # }
/// # }
/// ```
///
/// If the file is an `AsyncRead`, await the next piece before calling
/// [`Connection::body`](crate::Connection::body): a writer borrows the connection, and
/// must not be held across an `await`. Keep what is larger than the room for later.
#[derive(Debug)]
pub struct BodyWriter<'a> {
    hop: &'a mut Hop<Endpoint>,
    sessions: &'a mut Sessions,
    key: MessageKey,
    max_queue: usize,
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

    /// Appends octets to the message. Only pieces of at most 1,024 octets are copied.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] if there is less room, [`SendError::BeyondTotal`] or
    /// [`SendError::TooLarge`] if the message would be longer than announced or
    /// than the peer accepts, and [`SendError::TypeNotAccepted`] if the peer does not
    /// accept what a `message/cpim` turns out to wrap: abort the message then. Nothing of the
    /// piece is taken.
    pub fn write(&mut self, piece: impl Into<Bytes>) -> Result<(), SendError> {
        let piece = piece.into();
        let room = self.room();
        let Some(message) = self.hop.message(self.key) else {
            return Err(UnknownKey.into());
        };
        let Some(written) = message.end_with(piece.len()).map(Offset::get) else {
            return Err(SendError::TooLarge { max: u64::MAX });
        };
        if let Some(total) = message.total
            && written > total
        {
            return Err(SendError::BeyondTotal { total });
        }
        let peer_max_size = self.sessions.message(self.key).and_then(|it| it.config.peer_max_size);
        if let Some(max) = peer_max_size
            && written > max
        {
            return Err(SendError::TooLarge { max });
        }
        // The last octet waits until it is known whether more follow: without others
        // it takes no room, or a piece that fills the writer would never fit.
        let fits =
            piece.len() <= room || (message.body.available() == 0 && piece.len() <= self.max_queue);
        if !fits {
            let enough = self.max_queue.saturating_sub(piece.len());
            message.await_room(enough.min(self.max_queue / 2), true);
            self.tell_room();
            return Err(SendError::Full { room });
        }
        self.sessions.check_opening(self.key, &piece, false)?;
        let half = self.max_queue / 2;
        let is_half_full = message.body.len() + piece.len() >= half;
        message.await_room(if is_half_full { half } else { 0 }, false);
        self.change(|hop, key| hop.push(key, piece));
        self.tell_room();
        Ok(())
    }

    /// Changes the body. If it had no octets that may leave before, their time starts.
    fn change(&mut self, change: impl FnOnce(&mut Hop<Endpoint>, MessageKey)) {
        let had_octets =
            self.hop.message_ref(self.key).is_some_and(|message| message.body.available() > 0);
        change(self.hop, self.key);
        if !had_octets {
            self.sessions.has_octets(self.key);
        }
    }

    /// Tells the application at once if there is room already: half of it, or all of it
    /// because the octets may not leave yet.
    fn tell_room(&mut self) {
        let Some(message) = self.hop.message(self.key) else { return };
        if message.has_room_again() {
            self.hop.events.push_back(HopEvent::Room(self.key));
        } else {
            self.hop.wake(self.key);
        }
    }

    /// The message has all its octets.
    ///
    /// # Errors
    ///
    /// [`SendError::Short`] if it is shorter than announced, and
    /// [`SendError::TypeNotAccepted`] as from [`BodyWriter::write`].
    pub fn finish(mut self) -> Result<(), SendError> {
        let Some(message) = self.hop.message(self.key) else { return Ok(()) };
        let written = message.queued_end();
        let missing = message.total.and_then(|total| Offset::new(total).since(written));
        match missing {
            Some(missing) if missing > 0 => Err(SendError::Short { missing }),
            Some(_) | None => {
                self.sessions.check_opening(self.key, &[], true)?;
                self.change(Hop::finish);
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
    /// [`SendError::UnknownKey`] if it has its outcome, or belongs to another
    /// connection.
    pub fn body(&mut self, message: MessageKey) -> Result<BodyWriter<'_>, SendError> {
        self.sessions.message(message).ok_or(UnknownKey)?;
        match self.hop.message_ref(message) {
            Some(leaving) if !leaving.body.is_finished() => Ok(BodyWriter {
                max_queue: self.config.limits.body_writer_room(),
                hop: &mut self.hop,
                sessions: &mut self.sessions,
                key: message,
            }),
            Some(_) | None => Err(SendError::BodyFinished),
        }
    }
}
