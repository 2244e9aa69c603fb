//! How far outgoing messages have come, and who they are.

use super::Connection;
use super::event::{Event, Progress};
use crate::keys::{MessageKey, SessionKey, UnknownKey};
use crate::uri::MsrpUri;
use crate::wire::MessageId;

impl Connection {
    /// How far a message has come.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the message has its outcome, or belongs to another connection.
    pub fn progress(&self, message: MessageKey) -> Result<Progress, UnknownKey> {
        let sending = self.sessions.message(message).ok_or(UnknownKey)?;
        let leaving = self.hop.message_ref(message);
        Ok(Progress {
            message,
            left: self.octets_sent(message, sending),
            accepted: sending.accepted,
            delivered: sending.reported.octets(),
            total: leaving.map_or(Some(sending.octets), |leaving| leaving.total),
            has_left: leaving.is_none(),
        })
    }

    /// The Message-ID of a message.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the message has its outcome, or belongs to another connection.
    pub fn message_id(&self, message: MessageKey) -> Result<MessageId, UnknownKey> {
        self.sessions.message(message).map(|sending| sending.message_id).ok_or(UnknownKey)
    }

    /// The session on this connection whose local URI is this one.
    #[must_use]
    pub fn find_session(&self, local: &MsrpUri) -> Option<SessionKey> {
        self.sessions.find(local.view())
    }

    /// Notes that a message has come further. At most one event waits for each message.
    pub(super) fn note_progress(&mut self, key: MessageKey) {
        if let Some(sending) = self.sessions.message_mut(key)
            && sending.progress_events
            && !std::mem::replace(&mut sending.tells_progress, true)
        {
            self.events.push(Event::Progress(Progress::of(key)));
        }
    }

    /// The event as it is when the application takes it. `None` for the progress of a
    /// message that has its outcome by now.
    pub(super) fn current(&mut self, event: Event) -> Option<Event> {
        let Event::Progress(Progress { message, .. }) = event else { return Some(event) };
        self.sessions.message_mut(message)?.tells_progress = false;
        self.progress(message).ok().map(Event::Progress)
    }
}
