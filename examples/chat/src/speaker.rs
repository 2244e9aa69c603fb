//! What a participant says, and what becomes of it.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use msrp::{MediaType, Nickname, Outcome, OutgoingMessage, StatusCode};
use msrp_cpim::is_composing::{IS_COMPOSING_TYPE, IsComposing, State};
use msrp_cpim::{Address, CPIM_TYPE, CpimBuilder, DateTime};
use msrp_tokio::{Sender, Sent, Session};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::client::ClientError;
use crate::told::Told;
use crate::words;

/// How long others show that somebody is writing, in seconds, unless another
/// notification arrives.
const TYPING_SECONDS: u32 = 60;

/// Says something in a room. Clones speak for the same participant. Each waits while the room
/// holds the participant back.
#[derive(Clone, Debug)]
pub struct Speaker {
    sender: Sender,
    uri: Arc<str>,
    room: Arc<str>,
    outcomes: mpsc::UnboundedSender<Told>,
    /// What has no outcome yet.
    under_way: TaskTracker,
}

impl Speaker {
    pub(crate) fn new(
        sender: Sender,
        uri: &str,
        room: &str,
    ) -> (Self, mpsc::UnboundedReceiver<Told>) {
        let (outcomes, receiver) = mpsc::unbounded_channel();
        let under_way = TaskTracker::new();
        // It can be waited for at any time.
        under_way.close();
        (Self { sender, uri: uri.into(), room: room.into(), outcomes, under_way }, receiver)
    }

    /// The participant's own URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The URI of the room.
    #[must_use]
    pub fn room(&self) -> &str {
        &self.room
    }

    /// Says a text to all participants. If it is lost, [`Told::Refused`] follows.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if it cannot be sent.
    pub async fn say(&self, text: &str) -> Result<(), ClientError> {
        self.say_to(&self.room, text).await
    }

    /// Says a text to the participant with the URI `to`.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if it cannot be sent.
    pub async fn say_to(&self, to: &str, text: &str) -> Result<(), ClientError> {
        let body = self.wrapped(to, "text/plain;charset=utf-8", text)?;
        let sent = self.send(body).await?;
        let (outcomes, text) = (self.outcomes.clone(), text.to_owned());
        self.under_way.spawn(async move {
            let outcome = sent.delivered().await.map_err(|error| error.outcome());
            if let Some(why) = outcome.err().and_then(|it| why_not(it, words::of_message)) {
                // The client may be gone.
                let _ = outcomes.send(Told::Refused { text, why });
            }
        });
        Ok(())
    }

    /// Notifies all participants whether this one is writing (RFC 3994).
    ///
    /// # Errors
    ///
    /// [`ClientError`] if it cannot be sent.
    pub async fn typing(&self, is_active: bool) -> Result<(), ClientError> {
        let state = if is_active { State::Active } else { State::Idle };
        let status =
            IsComposing::new(state).with_content_type("text/plain").with_refresh(TYPING_SECONDS);
        let body = self.wrapped(&self.room, IS_COMPOSING_TYPE, &status.to_xml())?;
        self.send(body).await.map(drop)
    }

    /// Requests a nickname, or with `None` gives it up. [`Told::Named`] or
    /// [`Told::NotNamed`] follows.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if the nickname is invalid.
    pub fn ask_nickname(&self, nickname: Option<&str>) -> Result<(), ClientError> {
        let nickname = nickname.map(Nickname::new).transpose()?;
        let speaker = self.clone();
        self.under_way.spawn(async move {
            let outcome = speaker.sender.ask_nickname(nickname.as_ref()).await;
            let told = match outcome.map(|outcome| why_not(outcome, words::of_nickname)) {
                Ok(None) => Told::Named(nickname),
                Ok(Some(why)) => Told::NotNamed { nickname, why },
                Err(error) => Told::NotNamed { nickname, why: words::of_error(&error) },
            };
            let _ = speaker.outcomes.send(told);
        });
        Ok(())
    }

    /// Waits until all that was said and asked has its outcome.
    pub(crate) async fn fell_silent(&self) {
        self.under_way.wait().await;
    }

    /// Ends the session of this participant.
    pub(crate) fn close(&self, session: Session) {
        self.under_way.spawn(async move { drop(session.close().await) });
    }

    async fn send(&self, body: Bytes) -> Result<Sent, ClientError> {
        let message = OutgoingMessage::new(MediaType::new(CPIM_TYPE)?, body);
        Ok(self.sender.send(message).await?)
    }

    fn wrapped(&self, to: &str, content_type: &str, text: &str) -> Result<Bytes, ClientError> {
        let (from, to) = (Address::new(&self.uri)?, Address::new(to)?);
        let now = DateTime::utc(SystemTime::now());
        let media_type = MediaType::new(content_type)?;
        Ok(CpimBuilder::new(&from, &to).date_time(&now).build(&media_type, text.as_bytes())?)
    }
}

fn why_not(outcome: Outcome, words: fn(StatusCode) -> String) -> Option<String> {
    match outcome {
        outcome if outcome.is_success() => None,
        Outcome::Rejected(status) => Some(words(status)),
        Outcome::TimedOut => Some("the room has not responded".into()),
        _ => Some("the session has ended".into()),
    }
}
