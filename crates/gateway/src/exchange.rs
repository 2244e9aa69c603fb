//! One exchange with a peer: a message and its outcome, or a session that opens.

use std::time::Duration;

use msrp::wire::DecodeError;
use msrp::{
    CloseReason, Config, ConnectionEnd, Finished, MessageId, Outcome, OutgoingMessage, Response,
    SessionConfig, StatusCode,
};
use msrp_tokio::{Ended, SendError, Sender, Session};
use tokio::time::{Instant, timeout_at};

use crate::dial::Dialed;
use crate::fault::{Fault, Kind, chain};

/// How much longer than its client a request waits for its response.
const MARGIN: Duration = Duration::from_millis(200);

/// A message to send. Its Message-ID is known before it leaves.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    /// Whether the peer responds only with errors (Failure-Report `partial`).
    pub(crate) is_partial: bool,
    pub(crate) outgoing: OutgoingMessage,
}

/// A message that was sent, and its outcome.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) finished: Finished,
    /// Why there is no response, if there is none.
    pub(crate) fault: Option<Fault>,
}

/// What has come of opening a session.
pub(crate) enum Opening {
    /// It is open, by this response unless the peer has spoken first.
    Open(Session, Option<Response>),
    Refused(Response),
}

/// How long silence has to last before a message with Failure-Report `partial`
/// counts as accepted. An error may arrive within 30 seconds, but no client wants
/// to wait that long.
pub(crate) fn silence(until: Instant) -> Duration {
    const ENOUGH: Duration = Duration::from_secs(2);
    ENOUGH.min(left(until) / 2)
}

/// A request waits for its response as long as its client does.
pub(crate) fn wait_until(until: Instant) -> impl FnOnce(&mut Config) {
    move |config| {
        config.transaction_timeout = config.transaction_timeout.max(left(until) + MARGIN);
    }
}

/// The same for a message; for one with Failure-Report `partial`, silence is its response.
pub(crate) fn wait_for(message: &Message, until: Instant) -> impl FnOnce(&mut Config) + use<> {
    let is_partial = message.is_partial;
    move |config| {
        if is_partial {
            config.transaction_timeout = silence(until);
        } else {
            wait_until(until)(config);
        }
    }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// Opens a session and waits for the response to the SEND that binds it. Dropping the
/// future closes the session.
pub(crate) async fn open(
    dialed: Dialed,
    config: SessionConfig,
    until: Instant,
) -> Result<Opening, Fault> {
    let session = dialed.endpoint.connect_over_early(dialed.stream, config)?;
    match timeout_at(until, session.opened()).await {
        Ok(Ok(response)) => Ok(Opening::Open(session, response)),
        Ok(Err(Ended { response: Some(response), .. })) => Ok(Opening::Refused(response)),
        Ok(Err(ended)) => Err(fault_of_end(&ended)),
        Err(_) => Err(Fault::timeout()),
    }
}

/// Sends one message over its own connection, behind the bodiless SEND that binds the
/// session. At `until` it gives the message up and returns what is known of it. Dropping the
/// future gives it up as well.
pub(crate) async fn send(
    dialed: Dialed,
    config: SessionConfig,
    message: Message,
    until: Instant,
) -> Result<Sent, Fault> {
    let session = dialed.endpoint.connect_over_early(dialed.stream, config)?;
    let exchange = Exchange(session.sender());
    let sent = session.send(message.outgoing).await.map_err(refusal)?;
    // Nobody would read what the peer sends.
    drop(session);
    let is_late = timeout_at(until, sent.finished()).await.is_err();
    if is_late {
        exchange.0.abort();
    }
    let mut finished = sent.finished().await.ok_or_else(closed)?;
    let is_cut = matches!(finished.outcome, Outcome::SessionClosed | Outcome::ConnectionLost);
    let fault = match (is_cut, is_late) {
        (false, _) => unanswered(&finished),
        (true, true) => Some(Fault::timeout()),
        (true, false) => {
            let mut ended = exchange.0.closed().await;
            let refusal = ended.response.take();
            let fault = refusal.is_none().then(|| fault_of_end(&ended));
            finished.response = refusal.or(finished.response);
            fault
        }
    };
    Ok(Sent { finished, fault })
}

/// The session of an exchange. Dropping it ends the session at once.
struct Exchange(Sender);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A message timed out here or, by a REPORT, at a later hop, rather than by a response of 408.
pub(crate) fn unanswered(finished: &Finished) -> Option<Fault> {
    let is_timeout = |response: &Response| response.status == StatusCode::TIMEOUT;
    let is_answered = finished.response.as_ref().is_some_and(is_timeout);
    let message = "the message was not accepted in time, by the peer or at a later hop";
    (finished.outcome == Outcome::TimedOut && !is_answered)
        .then(|| Fault::new(Kind::Timeout, message))
}

/// Why a session ended that this side did not close.
pub(crate) fn fault_of_end(ended: &Ended) -> Fault {
    match (&ended.connection, &ended.transport) {
        _ if ended.reason == CloseReason::TimedOut => Fault::timeout(),
        (Some(ConnectionEnd::Failed(DecodeError::Truncated)), _) => {
            Fault::new(Kind::Closed, "the peer closed the connection within a response")
        }
        (Some(ConnectionEnd::Failed(error)), _) => {
            Fault::new(Kind::NotMsrp, format!("the peer does not speak MSRP: {error}"))
        }
        (Some(ConnectionEnd::RandomFailed(error)), _) => error.clone().into(),
        (_, Some(error)) => Fault::new(Kind::Closed, format!("the connection failed: {error}")),
        (Some(ConnectionEnd::Peer), None) => {
            Fault::new(Kind::Closed, "the peer closed the connection")
        }
        (Some(end), None) => Fault::new(Kind::Closed, format!("the connection ended: {end}")),
        (None, None) => closed(),
    }
}

/// Why a message cannot be sent.
pub(crate) fn refusal(error: SendError) -> Fault {
    match error {
        SendError::Ended(_) => closed(),
        SendError::Refused(error @ msrp::SendError::TypeNotAccepted(_)) => {
            Fault::field("contentType", error)
        }
        SendError::Refused(error @ msrp::SendError::MessageIdInUse) => {
            Fault::field("messageId", error)
        }
        error @ (SendError::Refused(_) | _) => Fault::new(Kind::Busy, chain(error)),
    }
}

pub(crate) fn closed() -> Fault {
    Fault::new(Kind::Closed, "the session has ended")
}
