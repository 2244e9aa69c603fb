//! A session: what it sends, and what it receives.

mod disposition;
mod error;
mod message;
mod nickname;
mod notices;
mod part;
mod reader;
mod save;
mod sent;
mod unverified;
mod upload;

use std::future::poll_fn;
use std::path::Path as FilePath;
use std::pin::pin;
use std::sync::Arc;

use msrp::{OutgoingMessage, Path, Response, SessionConfig, SessionError, UnknownKey};
use thiserror::Error;
use tokio::io::AsyncRead;

pub use self::error::{MessageError, SaveError};
pub use self::message::{FailedMessage, Message};
pub use self::nickname::{NicknameAsked, Nicknames};
pub use self::notices::Notices;
pub use self::reader::Piece;
pub use self::sent::{Sent, Undelivered};
pub use self::unverified::UnverifiedFile;
pub use self::upload::{Upload, UploadError};

use crate::ended::Ended;
use crate::link::{Acceptance, Handle, Stage};

/// A session with a peer.
///
/// It stays open as long as one of its handles: this one, a [`Sender`], a [`Message`] or
/// an [`Upload`]. When the last of them is dropped, the session ends once all that it
/// sends has its outcome.
///
/// Dropping this one ends only the receiving side: the peer's later messages are refused
/// with 403.
#[derive(Debug)]
pub struct Session {
    sender: Sender,
}

/// The sending side of a [`Session`]. Clones share the session.
#[derive(Clone, Debug)]
pub struct Sender {
    pub(crate) handle: Arc<Handle>,
}

/// Why a message is not sent.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The session has ended.
    #[error(transparent)]
    Ended(Box<Ended>),
    /// This side does not send it: it is not what the two sides have agreed on, or there is
    /// too much of something.
    #[error(transparent)]
    Refused(msrp::SendError),
}

impl Session {
    pub(crate) const fn new(handle: Arc<Handle>) -> Self {
        Self { sender: Sender { handle } }
    }

    /// Another handle, which sends.
    #[must_use]
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Sends a message, as [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    pub async fn send(&self, message: impl Into<OutgoingMessage>) -> Result<Sent, SendError> {
        self.sender.send(message).await
    }

    /// Sends a file, as [`Sender::send_file`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send_file`].
    pub async fn send_file(&self, path: impl AsRef<FilePath>) -> Result<Sent, UploadError> {
        self.sender.send_file(path).await
    }

    /// Sends what a reader gives, as [`Sender::send_from`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send_from`].
    pub async fn send_from(
        &self,
        reader: impl AsyncRead + Send + 'static,
        message: OutgoingMessage,
    ) -> Result<Sent, SendError> {
        self.sender.send_from(reader, message).await
    }

    /// The next message of the peer. `None` once the session has ended and all of its
    /// messages were taken; [`Session::ended`] says why.
    ///
    /// A message of up to 64 KiB ([`Builder::whole`](crate::Builder::whole)) comes when it is
    /// whole. A larger one comes as soon as it has begun; its octets follow. What is not taken
    /// waits, up to [`Builder::room`](crate::Builder::room) octets; beyond them the peer has to
    /// wait as well.
    ///
    /// So large messages can be read one after another if they are sent so, as
    /// [`send_from`](Self::send_from) and [`send_file`](Self::send_file) do. If the peer lets
    /// several take turns, give each to a task of its own: while only one of them is read,
    /// the others are refused with 413 once they take four times the room.
    ///
    /// Cancel safe: no message is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            if let Ok(message) = self.next_or_failed().await? {
                return Some(message);
            }
        }
    }

    /// As [`Session::next`], but also tells of the messages that were refused, or have failed
    /// before they were taken.
    ///
    /// Those that are refused while the session has no room are not told of.
    ///
    /// Cancel safe.
    pub async fn next_or_failed(&mut self) -> Option<Result<Message, FailedMessage>> {
        let handle = &self.sender.handle;
        let key = poll_fn(|cx| handle.link.take(|it| it.poll_message(handle.key, cx))).await?;
        handle.link.take(|state| {
            let arrival = state.arrival(key)?;
            let (received, octets) = (arrival.received.clone(), arrival.arrived());
            let Some(reason) = arrival.failure() else {
                return Some(Ok(Message::new(Arc::clone(handle), received)));
            };
            state.forget(key);
            Some(Err(FailedMessage { received, reason, octets }))
        })
    }

    /// Waits until the peer has accepted the session. Returns its response to the request
    /// that has opened it; `None` if the peer has opened it, or the first message of this
    /// side does ([`Bind::FirstMessage`](msrp::Bind::FirstMessage)). It may have ended since;
    /// the messages of a peer that leaves at once are there all the same.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the peer refuses it, or it has ended before the peer has accepted it.
    pub async fn opened(&self) -> Result<Option<Response>, Ended> {
        let Some(mut stage) = self.sender.handle.stage() else { std::future::pending().await };
        let opened = stage.wait_for(|stage| !matches!(stage, Stage::Opening)).await;
        match opened.map(|stage| stage.clone()) {
            Ok(Stage::Open(_, response) | Stage::Ended(_, Some(Acceptance(response)))) => {
                Ok(response)
            }
            Ok(Stage::Ended(ended, None)) => Err((*ended).clone()),
            // The session was forgotten, which its handle prevents.
            Ok(Stage::Opening) | Err(_) => std::future::pending().await,
        }
    }

    /// The nicknames that the peer asks for. Take it once.
    #[must_use]
    pub fn nicknames(&self) -> Nicknames {
        Nicknames(Arc::clone(&self.sender.handle))
    }

    /// The path to the peer. `None` until the peer has accepted the session, and after its
    /// end.
    #[must_use]
    pub fn remote(&self) -> Option<Path> {
        match &*self.sender.handle.stage()?.borrow() {
            Stage::Open(remote, _) => Some(remote.clone()),
            Stage::Opening | Stage::Ended(..) => None,
        }
    }

    /// The other end of its connection, the peer or a relay, for people: an address and a
    /// port.
    #[must_use]
    pub fn hop(&self) -> &str {
        &self.sender.handle.link.hop
    }

    /// The version of TLS on the connection, such as "TLS 1.3". `None` without TLS.
    #[must_use]
    pub fn tls_version(&self) -> Option<&'static str> {
        self.sender.handle.link.tls_version
    }

    /// Why the session has ended. `None` while it is open. The peer may end it without a
    /// word: MSRP has none for it, SIP has (BYE). It ends here with its connection, with a
    /// response that refuses it, or by [`Session::close`].
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.sender.ended()
    }

    /// Changes what the two sides accept, after a later exchange of session descriptions
    /// ([`msrp::Connection::update_session`]).
    ///
    /// # Errors
    ///
    /// [`SessionError`] if the configuration is that of another session.
    pub fn update(&self, config: &SessionConfig) -> Result<(), SessionError> {
        let Handle { link, key } = &*self.sender.handle;
        link.with(|state| state.update(*key, config))
    }

    /// Ends the session once all that it sends has its outcome, and returns why it ended.
    /// Messages that were not taken are lost.
    pub async fn close(self) -> Ended {
        let sender = self.sender();
        drop(self);
        let Handle { link, key } = &*sender.handle;
        link.with(|state| state.release(*key));
        sender.closed().await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Handle { link, key } = &*self.sender.handle;
        link.with(|state| state.stop_receiving(*key));
    }
}

impl Sender {
    /// Sends a message, for example a text. It is on its way when this returns; [`Sent`]
    /// tells what becomes of it, and may be dropped.
    ///
    /// Waits while [`Limits::outgoing_messages`](msrp::Limits::outgoing_messages) have no
    /// outcome. Cancel safe: if the future is dropped before it is ready, nothing is sent.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the message cannot be sent in this session, or the session has
    /// ended. Nothing of the message leaves.
    pub async fn send(&self, message: impl Into<OutgoingMessage>) -> Result<Sent, SendError> {
        let message = message.into();
        let Handle { link, key } = &*self.handle;
        let room = link.take(|state| state.session(*key).map(|it| Arc::clone(&it.send_room)));
        let room = room.ok_or_else(|| self.failed(UnknownKey.into()))?;
        loop {
            let mut freed = pin!(room.notified());
            // From here on no change is missed.
            freed.as_mut().enable();
            match link.with(|state| state.send(*key, message.clone())) {
                Ok((key, id, progress)) => return Ok(Sent::new(link, key, id, progress)),
                Err(msrp::SendError::TooManyMessages { max: 1.. }) => freed.await,
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// Why a message is not sent: a session that has ended says more than its key.
    fn failed(&self, error: msrp::SendError) -> SendError {
        self.ended().map_or(SendError::Refused(error), |ended| SendError::Ended(ended.into()))
    }

    /// Sends a message whose octets are written to the [`Upload`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    pub async fn upload(&self, message: OutgoingMessage) -> Result<Upload, SendError> {
        let sent = self.send(message.progress_events(true)).await?;
        Ok(Upload::new(Arc::clone(&self.handle), sent))
    }

    /// Sends what a reader gives, as fast as the peer takes it. `message` is a
    /// [streamed](OutgoingMessage::streamed) one.
    ///
    /// A task of its own reads. If the reader fails, or gives other octets than `message`
    /// announces, the message is aborted: the peer learns it by `#`, and
    /// [`Undelivered::reader`] says why.
    ///
    /// Those above 64 KiB, or of unknown size, leave one after another in each session, so
    /// that a peer that reads one after another can hold them back. One that has no octets
    /// for 10 seconds lets the next begin. Other messages and those of a higher
    /// [`priority`](OutgoingMessage::priority) do not wait.
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    pub async fn send_from(
        &self,
        reader: impl AsyncRead + Send + 'static,
        message: OutgoingMessage,
    ) -> Result<Sent, SendError> {
        let priority = message.priority;
        let upload = self.upload(message).await?;
        let sent = upload.sent().clone();
        let Handle { link, key } = &*self.handle;
        let turns = link.take(|state| state.session(*key).map(|it| it.turns.clone()));
        tokio::spawn(upload::pump(reader, upload, turns.unwrap_or_default(), priority));
        Ok(sent)
    }

    /// Sends a file, with its name in Content-Disposition and a type that follows from its
    /// ending.
    ///
    /// # Errors
    ///
    /// [`UploadError::File`] if the file cannot be opened, [`UploadError::Send`] as
    /// [`Sender::send`].
    pub async fn send_file(&self, path: impl AsRef<FilePath>) -> Result<Sent, UploadError> {
        let (file, message) = disposition::open(path.as_ref()).await?;
        Ok(self.send_from(file, message).await?)
    }

    /// Why the session has ended. `None` while it is open.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        match &*self.handle.stage()?.borrow() {
            Stage::Ended(ended, _) => Some((**ended).clone()),
            Stage::Opening | Stage::Open(..) => None,
        }
    }

    /// Ends the session at once, for all its handles. What it sends and has no outcome yet is
    /// given up ([`Outcome::SessionClosed`](msrp::Outcome::SessionClosed)). No effect if it
    /// has ended.
    pub fn abort(&self) {
        let Handle { link, key } = &*self.handle;
        // It may have ended.
        let _ = link.with(|state| state.connection.close_session(*key));
    }

    /// Waits until the session has ended. Cancel safe.
    pub async fn closed(&self) -> Ended {
        let Some(mut stage) = self.handle.stage() else { std::future::pending().await };
        let ended = stage.wait_for(|stage| matches!(stage, Stage::Ended(..))).await;
        match ended.map(|stage| stage.clone()) {
            Ok(Stage::Ended(ended, _)) => (*ended).clone(),
            // The session was forgotten, which its handle prevents.
            Ok(Stage::Opening | Stage::Open(..)) | Err(_) => std::future::pending().await,
        }
    }
}
