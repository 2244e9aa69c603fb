//! A message on its way.

use std::future::Future;
use std::io;

use msrp::{Finished, OutgoingMessage, Response};
use msrp_tokio::{SendError, Sent, Session, Undelivered};
use tokio::task::JoinHandle;

use super::body::{Stream, feed};
use super::progress;
use crate::failure::Failure;
use crate::output::tell;

/// A message on its way.
pub(super) struct Sending {
    sent: Sent,
    streaming: Option<Streaming>,
}

/// The tasks of a message whose body is read while it leaves.
struct Streaming {
    feeding: JoinHandle<io::Result<()>>,
    drawing: JoinHandle<()>,
}

/// What became of a message.
pub(super) struct Outcome {
    pub(super) finished: Option<Finished>,
    /// The last response to the message, or the one that ended its session.
    pub(super) response: Option<Response>,
    pub(super) failure: Option<Failure>,
}

impl Sending {
    pub(super) async fn text(
        session: &Session,
        message: OutgoingMessage,
    ) -> Result<Self, SendError> {
        Ok(Self { sent: session.send(message).await?, streaming: None })
    }

    pub(super) async fn stream(
        session: &Session,
        message: OutgoingMessage,
        stream: Stream,
    ) -> Result<Self, SendError> {
        let upload = session.sender().upload(message).await?;
        let sent = upload.sent().clone();
        let drawing = tokio::spawn(progress::draw(sent.progress()));
        let feeding = tokio::spawn(feed(stream, upload));
        Ok(Self { sent, streaming: Some(Streaming { feeding, drawing }) })
    }

    /// Waits until the message has its outcome, or gives it up when `stop` says why.
    pub(super) async fn outcome(mut self, stop: impl Future<Output = Failure>) -> Outcome {
        let stopped = tokio::select! {
            _ = self.sent.finished() => None,
            stopped = stop => {
                self.sent.abort();
                Some(stopped)
            }
        };
        let undelivered = self.sent.delivered().await.err();
        let finished = self.sent.finished().await;
        if let Some(streaming) = &mut self.streaming {
            // It draws on the lines that follow.
            let _ = (&mut streaming.drawing).await;
        }
        let ended = undelivered.as_ref().and_then(Undelivered::ended);
        let response = ended.and_then(|ended| ended.response.clone());
        let response = response.or_else(|| finished.as_ref()?.response.clone());
        let failure = match &undelivered {
            Some(undelivered) => Some(self.failure(undelivered, stopped).await),
            None => None,
        };
        Outcome { finished, response, failure }
    }

    async fn failure(self, undelivered: &Undelivered, stopped: Option<Failure>) -> Failure {
        let is_aborted = undelivered.outcome() == msrp::Outcome::Aborted;
        let Some(Streaming { feeding, .. }) = self.streaming.filter(|_| is_aborted) else {
            return stopped.filter(|_| is_aborted).unwrap_or_else(|| undelivered.into());
        };
        if let Some(stopped) = stopped {
            if undelivered.finished().is_some_and(|finished| finished.octets > 0) {
                // By `#` (RFC 4975 section 7.1).
                tell("the message is aborted, and the peer learns that its rest does not come");
            }
            return stopped;
        }
        // Only its body ends a message from this side.
        match feeding.await {
            Ok(Err(error)) => Failure::local(error),
            Ok(Ok(())) | Err(_) => undelivered.into(),
        }
    }
}
