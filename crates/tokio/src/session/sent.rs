//! A message that was sent, and what becomes of it.

use std::fmt;
use std::io;
use std::sync::Arc;

use msrp::{Finished, MessageId, MessageKey, Outcome};
use tokio::sync::watch;

use crate::ended::Ended;
use crate::link::{End, Link, Progress};

/// A message that was sent. Dropping it has no effect on the message. Clones follow the
/// same message.
///
/// Every future is cancel safe: it can be dropped, and asked for again.
#[derive(Clone, Debug)]
pub struct Sent {
    link: Arc<Link>,
    key: MessageKey,
    id: MessageId,
    progress: watch::Receiver<Progress>,
}

impl Sent {
    pub(super) fn new(
        link: &Arc<Link>,
        key: MessageKey,
        id: MessageId,
        progress: watch::Receiver<Progress>,
    ) -> Self {
        Self { link: Arc::clone(link), key, id, progress }
    }

    /// Its Message-ID.
    #[must_use]
    pub const fn message_id(&self) -> &MessageId {
        &self.id
    }

    pub(super) const fn key(&self) -> MessageKey {
        self.key
    }

    /// How far it has come: the current value at once, and each change. Figures between
    /// the start and the end come for [uploads](crate::Sender::upload) and for messages
    /// with [`progress_events`](msrp::OutgoingMessage::progress_events).
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Waits until the next hop, the peer or a relay, has accepted all of it. Without
    /// responses (Failure-Report `no`) that is when it has left.
    ///
    /// # Errors
    ///
    /// [`Undelivered`] says why it was not accepted.
    pub async fn accepted(&self) -> Result<(), Undelivered> {
        let progress = self.wait(|it| it.is_accepted || it.end.is_some()).await?;
        let is_accepted = progress.is_accepted || progress.outcome() == Some(Outcome::Unreported);
        if is_accepted { Ok(()) } else { self.outcome_of(&progress) }
    }

    /// Waits until the message has succeeded by all that it asked for: with
    /// [`success_report`](msrp::OutgoingMessage::success_report) the peer has all of it;
    /// otherwise the next hop has accepted it, which is the peer itself if there is no
    /// relay.
    ///
    /// # Errors
    ///
    /// [`Undelivered`] says what is known of it.
    pub async fn delivered(&self) -> Result<(), Undelivered> {
        let progress = self.wait(|progress| progress.end.is_some()).await?;
        self.outcome_of(&progress)
    }

    /// Waits until the message has its outcome, and returns it with all that is known: the
    /// last response and its round trip, chunks and octets. `None` if the runtime was shut
    /// down.
    pub async fn finished(&self) -> Option<Finished> {
        let progress = self.wait(|progress| progress.end.is_some()).await.ok()?;
        progress.end.map(|end| end.finished.clone())
    }

    /// Gives the message up. The peer learns that its rest does not come, if a part of it
    /// has left. No effect on a message that has its outcome.
    pub fn abort(&self) {
        // It may have its outcome.
        let _ = self.link.with(|state| state.connection.abort(self.key));
    }

    async fn wait(&self, is_reached: fn(&Progress) -> bool) -> Result<Progress, Undelivered> {
        let mut progress = self.progress.clone();
        // The link ends every message before it goes, so that there is always a last value.
        let reached = progress.wait_for(is_reached).await;
        reached.map(|progress| progress.clone()).map_err(|_| self.failure(None))
    }

    fn outcome_of(&self, progress: &Progress) -> Result<(), Undelivered> {
        match progress.outcome() {
            Some(outcome) if outcome.is_success() => Ok(()),
            _ => Err(self.failure(progress.end.clone())),
        }
    }

    fn failure(&self, end: Option<Arc<End>>) -> Undelivered {
        Undelivered { id: self.id, hop: Arc::clone(&self.link.hop), end }
    }
}

/// A message did not succeed.
#[derive(Clone, Debug)]
pub struct Undelivered {
    id: MessageId,
    hop: Arc<str>,
    /// `None`: the endpoint was torn down.
    end: Option<Arc<End>>,
}

impl Undelivered {
    /// The outcome of the message.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.end.as_ref().map_or(Outcome::ConnectionLost, |end| end.finished.outcome)
    }

    /// The outcome with all that is known: the last response, the octets that failed, and
    /// those that arrived. [`OutgoingMessage::resume`](msrp::OutgoingMessage::resume) goes
    /// on from there in another session.
    #[must_use]
    pub fn finished(&self) -> Option<&Finished> {
        self.end.as_ref().map(|end| &end.finished)
    }

    /// Why the session ended, if that ended the message.
    #[must_use]
    pub fn ended(&self) -> Option<&Ended> {
        self.end.as_ref()?.ended.as_ref()
    }

    /// Why the octets of a message did not come, if that ended it: the error of the reader of
    /// [`Sender::send_from`](crate::Sender::send_from), or that it gave other octets than
    /// were announced.
    #[must_use]
    pub fn reader(&self) -> Option<&io::Error> {
        self.end.as_ref()?.failed.as_deref()
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {} to {}: ", self.id, self.hop)?;
        if let Some(ended) = self.ended() {
            return ended.fmt(f);
        } else if let Some(error) = self.reader() {
            return write!(f, "its octets cannot be read: {error}");
        }
        let outcome = self.outcome();
        outcome.fmt(f)?;
        // A REPORT may have refused what the last response has accepted.
        let response = self.finished().and_then(|finished| finished.response.as_ref());
        let refusal = response.filter(|it| outcome == Outcome::Rejected(it.status));
        let comment =
            refusal.and_then(|it| it.comment.as_deref().filter(|c| *c != it.status.reason()));
        comment.map_or(Ok(()), |comment| write!(f, " ({})", comment.escape_debug()))
    }
}

impl std::error::Error for Undelivered {}
