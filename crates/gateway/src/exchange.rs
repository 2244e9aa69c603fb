//! One exchange with a peer: a message and its outcome, or a binding SEND and its
//! response.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use msrp::wire::DecodeError;
use msrp::{
    CloseReason, Config, Connection, ConnectionEnd, Event, Finished, MessageId, OsRandom, Outcome,
    OutgoingMessage, Response, Role, SessionConfig, SessionKey, StatusCode,
};
use msrp_tokio_loop::RunLoop;
use tokio::time::{Instant, sleep_until, timeout};

use crate::dial::Stream;
use crate::fault::{Fault, Kind, chain};

/// How long a peer may take to read the last octets.
const FAREWELL: Duration = Duration::from_millis(200);

/// A message to send. Its Message-ID is known before it leaves.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    /// Octets of its body.
    pub(crate) len: u64,
    /// Whether the peer responds only with errors (Failure-Report `partial`).
    pub(crate) is_partial: bool,
    pub(crate) outgoing: OutgoingMessage,
}

/// A message that was sent, and its outcome.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) finished: Finished,
    /// The octets of each success REPORT, zero-based.
    pub(crate) reported: Vec<Range<u64>>,
    /// Why there is no response, if there is none.
    pub(crate) fault: Option<Fault>,
}

/// How long silence has to last before a message with Failure-Report `partial`
/// counts as accepted. An error may arrive within 30 seconds, but no client wants
/// to wait that long.
pub(crate) fn silence(until: Instant) -> Duration {
    const ENOUGH: Duration = Duration::from_secs(2);
    ENOUGH.min(left(until) / 2)
}

/// A configuration in which a request waits for its response as long as the client
/// does.
pub(crate) fn config_until(until: Instant) -> Config {
    let mut config = Config::default();
    config.transaction_timeout = config.transaction_timeout.max(left(until) + FAREWELL);
    config
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// The run loop of a stream that this side has opened.
pub(crate) fn run_loop(stream: Stream, config: Config) -> Result<RunLoop<Stream>, Fault> {
    let random = OsRandom::new()?;
    let now = std::time::Instant::now();
    Ok(RunLoop::new(stream, Connection::new(Arc::new(config), Role::Active, random, now)?))
}

/// Sends one message over its own connection, behind the bodiless SEND that binds the
/// session. At `until` it gives the message up and returns what is known of it.
pub(crate) async fn send(
    stream: Stream,
    session: SessionConfig,
    message: Message,
    until: Instant,
) -> Result<Sent, Fault> {
    let mut config = config_until(until);
    if message.is_partial {
        config.transaction_timeout = silence(until);
    }
    let mut run = run_loop(stream, config)?;
    let session = run.connection.open(session).map_err(internal)?;
    run.connection.send(session, message.outgoing).map_err(internal)?;
    let mut reported = Vec::new();
    let mut is_late = false;
    let mut finished = loop {
        match next_until(&mut run, until, &mut is_late).await {
            Some(Event::Finished(finished)) => break *finished,
            Some(Event::Reported { octets, .. }) => reported.push(octets),
            Some(_) => {}
            None => return Err(Fault::new(Kind::Closed, "the connection ended")),
        }
    };
    let fault = fault_of(&mut run, &finished, is_late);
    if finished.outcome == Outcome::SessionClosed {
        finished.response = refusal(&mut run);
    }
    farewell(run).await;
    Ok(Sent { finished, reported, fault })
}

/// The response that has ended the session.
fn refusal(run: &mut RunLoop<Stream>) -> Option<Response> {
    let mut events = std::iter::from_fn(|| run.connection.poll_event());
    events.find_map(
        |event| if let Event::SessionClosed { response, .. } = event { response } else { None },
    )
}

/// Opens a session and waits for the response to the SEND that binds it.
pub(crate) async fn bind(
    run: &mut RunLoop<Stream>,
    session: SessionConfig,
    until: Instant,
) -> Result<(SessionKey, Response), Fault> {
    let id = run.connection.open(session).map_err(internal)?;
    let mut is_late = false;
    loop {
        match next_until(run, until, &mut is_late).await {
            Some(Event::SessionOpened { session, response: Some(response), .. })
                if session == id =>
            {
                return Ok((id, response));
            }
            Some(Event::SessionClosed { response: Some(response), .. }) => {
                return Ok((id, response));
            }
            Some(Event::SessionClosed { reason: CloseReason::TimedOut, .. }) => {
                return Err(Fault::timeout());
            }
            Some(Event::Closed(ConnectionEnd::Local)) => return Err(Fault::timeout()),
            Some(Event::Closed(end)) => return Err(fault_of_end(run, &end)),
            Some(_) => {}
            None => return Err(Fault::new(Kind::Closed, "the connection ended")),
        }
    }
}

/// Closes a connection, with a notification to the peer if it still reads.
pub(crate) async fn farewell(mut run: RunLoop<Stream>) {
    run.connection.close();
    let _ = timeout(FAREWELL, async { while run.next().await.is_some() {} }).await;
}

/// The next event. At `until` it closes the connection, whose last events then
/// report every outcome.
async fn next_until(
    run: &mut RunLoop<Stream>,
    until: Instant,
    is_late: &mut bool,
) -> Option<Event> {
    if !*is_late {
        tokio::select! {
            event = run.next() => return event,
            () = sleep_until(until) => {}
        }
        *is_late = true;
        run.connection.close();
    }
    run.connection.poll_event()
}

fn fault_of(run: &mut RunLoop<Stream>, finished: &Finished, is_late: bool) -> Option<Fault> {
    match finished.outcome {
        Outcome::TimedOut if is_unanswered(finished) => Some(Fault::timeout()),
        Outcome::SessionClosed if is_late => Some(Fault::timeout()),
        Outcome::ConnectionLost => {
            let mut events = std::iter::from_fn(|| run.connection.poll_event());
            let end = events
                .find_map(|event| if let Event::Closed(end) = event { Some(end) } else { None });
            Some(fault_of_end(run, &end.unwrap_or(ConnectionEnd::Peer)))
        }
        Outcome::Accepted
        | Outcome::Sent
        | Outcome::Delivered
        | Outcome::Unreported
        | Outcome::Rejected(_)
        | Outcome::TimedOut
        | Outcome::Aborted
        | Outcome::SessionClosed
        | _ => None,
    }
}

/// Whether a message timed out here, rather than at a later hop that responded 408.
pub(crate) fn is_unanswered(finished: &Finished) -> bool {
    finished.response.as_ref().is_none_or(|response| response.status != StatusCode::TIMEOUT)
}

/// Why a connection ended that this side did not close.
pub(crate) fn fault_of_end(run: &RunLoop<Stream>, end: &ConnectionEnd) -> Fault {
    match (end, run.error()) {
        (ConnectionEnd::Failed(DecodeError::Truncated), _) => {
            Fault::new(Kind::Closed, "the peer closed the connection within a response")
        }
        (ConnectionEnd::Failed(error), _) => {
            Fault::new(Kind::NotMsrp, format!("the peer does not speak MSRP: {error}"))
        }
        (ConnectionEnd::RandomFailed(error), _) => error.clone().into(),
        (_, Some(error)) => Fault::new(Kind::Closed, format!("the connection failed: {error}")),
        (ConnectionEnd::Peer, None) => Fault::new(Kind::Closed, "the peer closed the connection"),
        (ConnectionEnd::Local | ConnectionEnd::Stalled | _, None) => {
            Fault::new(Kind::Closed, format!("the connection ended: {end}"))
        }
    }
}

/// An error that earlier checks should have prevented.
fn internal(error: impl Into<anyhow::Error>) -> Fault {
    Fault::new(Kind::InvalidRequest, chain(error))
}
