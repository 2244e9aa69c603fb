//! The messages of a session.

use std::sync::Arc;

use msrp::{ConnectionEnd, FailReason, Received};
use msrp_tokio::{Ended, Message, MessageError, SaveError, Session};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::store::{Stored, store};
use super::{Host, Note};
use crate::output::tell;

/// Receives all messages of a session. Large ones do not hold up those behind them.
pub(super) async fn receive(mut session: Session, host: Arc<Host>) {
    let mut large = JoinSet::new();
    let mut result = None;
    loop {
        let is_received = tokio::select! {
            incoming = session.next_or_failed() => match incoming {
                None => break,
                Some(Ok(message)) if message.is_complete() => host.take(message).await,
                Some(Ok(message)) => {
                    let host = Arc::clone(&host);
                    large.spawn(async move { host.take(message).await });
                    continue;
                }
                Some(Err(failed)) => host.failed(&failed.received, failed.reason, failed.octets),
            },
            Some(ended) = large.join_next() => ended.unwrap_or_default(),
        };
        result = Some(is_received && result.unwrap_or(true));
    }
    while let Some(ended) = large.join_next().await {
        result = Some(ended.unwrap_or_default() && result.unwrap_or(true));
    }
    if let Some(ended) = session.ended().filter(is_unusual) {
        tell(ended);
    }
    if let Some(is_received) = result {
        // Fails if nobody waits for it.
        let _ = host.note.send(Note::Session(is_received));
    }
}

/// Whether people want to know how a session ended.
fn is_unusual(ended: &Ended) -> bool {
    !matches!(ended.connection, Some(ConnectionEnd::Local | ConnectionEnd::Peer))
        && !ended.is_local()
}

impl Host {
    /// Stores a message, and prints its object. Returns whether it was received.
    async fn take(&self, mut message: Message) -> bool {
        match store(&mut message, self.options.out.as_deref()).await {
            Ok(Stored { octets, sha256, file }) => {
                let more = json!({ "bytes": octets, "sha256": sha256, "file": file });
                self.tell(message.head(), "message", more);
                self.note(true)
            }
            Err(error) => self.failed(message.head(), reason(error), message.arrived()),
        }
    }

    fn failed(&self, received: &Received, reason: FailReason, octets: u64) -> bool {
        let event = if reason == FailReason::Aborted { "aborted" } else { "failed" };
        let more =
            json!({ "bytes": octets, "sha256": null, "file": null, "reason": reason.as_str() });
        self.tell(received, event, more);
        self.note(false)
    }

    fn note(&self, is_received: bool) -> bool {
        // Fails if nobody waits for it.
        let _ = self.note.send(Note::Message(is_received));
        is_received
    }

    fn tell(&self, received: &Received, event: &str, more: Value) {
        let mut object = json!({
            "event": event,
            "messageId": received.message_id().as_str(),
            "contentType": received.content_type(),
            "from": received.head().from_path().last().as_str(),
        });
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        (self.options.report)(&object);
    }
}

/// Why a message is not there. People learn of a fault of this side, too.
fn reason(error: SaveError) -> FailReason {
    match error {
        SaveError::Message(MessageError::Failed { reason, .. }) => reason,
        SaveError::Message(_) | SaveError::File { .. } | _ => {
            let error = anyhow::Error::from(error);
            tell(format_args!("cannot store a message: {error:#}"));
            FailReason::Rejected
        }
    }
}
