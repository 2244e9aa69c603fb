//! `msrp send`: sends a message and prints its outcome.

mod body;
mod disposition;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use body::{Body, Content};
use disposition::Disposition;
use msrp::wire::{ByteRange, FailureReport, HeaderName};
use msrp::{
    CloseReason, Event, Finished, MediaType, MediaTypes, MessageId, MessageKey, MsrpUri, Outcome,
};
use serde_json::Value;

use crate::Ending;
use crate::client::{Client, DEFAULT_TIMEOUT, RelayOptions, Target, TlsOptions, timeout};
use crate::failure::Failure;
use crate::link::{self, Link};
use crate::output::{milliseconds, print, set, set_status, tell};
use crate::receiver::{Options, Receiver};

/// Sends a message over MSRP and prints one JSON object.
///
/// Exit status: 0 for success, 1 if the exchange failed, 2 for wrong usage.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// URI of the session, or a path as `msrp receive` prints it. Default: a
    /// receiver that this command starts for itself.
    #[arg(long, value_name = "PATH", value_delimiter = ' ')]
    to: Vec<MsrpUri>,
    /// URI of this side. Default: a random one.
    #[arg(long, value_name = "URI")]
    from: Option<MsrpUri>,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    relays: RelayOptions,
    #[command(flatten)]
    content: Content,
    #[command(flatten)]
    disposition: Disposition,
    /// Media type. Default: text/plain for a text, application/octet-stream
    /// otherwise.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<MediaType>,
    /// Message-ID. Default: a random one.
    #[arg(long, value_name = "ID")]
    message_id: Option<MessageId>,
    /// Request success REPORTs, and wait until they cover the message.
    #[arg(long)]
    success_report: bool,
    /// Failure-Report of the message. With "no" there is no status, and success
    /// means that the message has left.
    #[arg(long, value_name = "yes|no|partial", default_value = "yes")]
    failure_report: FailureReport,
    /// Largest chunk in octets, for peers and relays that hold whole chunks in
    /// memory; the least is 2048. Default: no limit.
    #[arg(long, value_name = "OCTETS")]
    chunk: Option<usize>,
    /// Longest time without progress, in milliseconds: for the connection, for an octet to
    /// leave, for the response once the last one has left, for a REPORT.
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_TIMEOUT, value_parser = timeout())]
    timeout: u64,
    /// Time limit for the whole exchange, in milliseconds. Default: none.
    #[arg(long, value_name = "MS", value_parser = timeout())]
    deadline: Option<u64>,
}

/// What is to be sent.
struct Message {
    body: Body,
    /// The value of Content-Disposition.
    disposition: Option<String>,
}

/// The outcome of the message.
struct Sent {
    finished: Box<Finished>,
    rtt: Option<Duration>,
    failure: Option<Failure>,
}

pub(crate) fn run(mut arguments: Arguments) -> anyhow::Result<Ending> {
    let body = Body::open(&arguments.content)?;
    let disposition = arguments.disposition.value(arguments.content.file(), body.total())?;
    let content = Message { body, disposition };
    let (target, own_receiver) = target(&mut arguments)?;
    let object = exchange(arguments, &target, content);
    print(&object);
    let is_success = object.get("success") == Some(&Value::Bool(true));
    if let Some(received) = own_receiver.filter(|_| is_success) {
        // The response precedes the line that the receiver prints.
        let _ = received.recv_timeout(Duration::from_secs(5));
    }
    Ok(is_success.into())
}

/// The target, and the receiver in this process if there is one.
fn target(arguments: &mut Arguments) -> anyhow::Result<(Target, Option<mpsc::Receiver<bool>>)> {
    let hops = std::mem::take(&mut arguments.to);
    let tls = std::mem::take(&mut arguments.tls);
    let relays = std::mem::take(&mut arguments.relays);
    if !hops.is_empty() {
        return Ok((Target::new(hops, relays, tls)?, None));
    } else if !relays.is_empty() {
        bail!("--relay needs --to, the path of the peer");
    }
    let (uri, results) = start_receiver()?;
    Ok((Target::new(vec![uri], relays, tls)?, Some(results)))
}

/// Starts a receiver in this process, which prints its messages on stderr.
fn start_receiver() -> anyhow::Result<(MsrpUri, mpsc::Receiver<bool>)> {
    let options = Options {
        out: None,
        max_size: u64::MAX,
        accept_types: MediaTypes::any(),
        tls: None,
        max_connections: 1,
        report: |event| tell(format_args!("received: {event}")),
    };
    let receiver = Receiver::bind("127.0.0.1:0", options)?;
    let uri = receiver.make_uri()?;
    receiver.expect(uri.clone())?;
    tell(format_args!("no --to: sending to a receiver in this process, {uri}"));
    Ok((uri, receiver.serve()))
}

fn exchange(arguments: Arguments, target: &Target, content: Message) -> Value {
    let mut object = unknown(&arguments, target);
    let (now, timeout) = (Instant::now(), Duration::from_millis(arguments.timeout));
    let deadline = arguments.deadline.map(|limit| now + Duration::from_millis(limit));
    let connected_by = deadline.into_iter().chain([now + timeout]).min().unwrap_or(now);
    let mut config = link::config();
    config.chunk_octets = arguments.chunk;
    config.silence_timeout = timeout;
    // With "partial", silence means success. It must be shorter than the time that a
    // peer has.
    config.transaction_timeout = match arguments.failure_report {
        FailureReport::Partial => (timeout / 2).min(Duration::from_secs(2)),
        FailureReport::Yes | FailureReport::No => timeout,
    };
    let total = content.body.total();
    let sent = target
        .open(arguments.from.clone(), config, connected_by)
        .and_then(|client| send(client, arguments, content, deadline));
    let failure = match sent {
        Ok(sent) => {
            describe(&mut object, &sent, total);
            sent.failure
        }
        Err(failure) => Some(failure),
    };
    set(&mut object, "success", failure.is_none());
    if let Some(failure) = failure {
        set(&mut object, "error", failure.to_json());
    }
    object
}

/// The object of an exchange, with all values unknown.
fn unknown(arguments: &Arguments, target: &Target) -> Value {
    let mut object = target.object();
    for key in ["statusCode", "statusText", "transactionId", "byteRange", "rtt"] {
        set(&mut object, key, Value::Null);
    }
    set(&mut object, "messageId", arguments.message_id.as_ref().map(MessageId::as_str));
    set(&mut object, "chunks", 0);
    if arguments.success_report {
        set(&mut object, "delivered", false);
    }
    object
}

fn send(
    client: Client,
    arguments: Arguments,
    content: Message,
    deadline: Option<Instant>,
) -> Result<Sent, Failure> {
    let Client { link, session, .. } = client;
    let (mut message, stream) = content.body.into_message(arguments.content_type);
    if let Some(disposition) = content.disposition {
        message = message.header(HeaderName::ContentDisposition.as_str(), disposition);
    }
    let timeout = Duration::from_millis(arguments.timeout);
    message = message
        .success_report(arguments.success_report)
        .failure_report(arguments.failure_report)
        .report_timeout(timeout);
    // `Config::silence_timeout` looks at each octet that leaves. This one looks at steps of
    // many octets, which take long on a slow link, so it must not be shorter.
    message.progress_timeout = message.progress_timeout.map(|least| least.max(timeout));
    if let Some(id) = arguments.message_id {
        message = message.message_id(id);
    }
    let key =
        link.with(|it| it.send(session, message)).map_err(|error| Failure::on(&link, error))?;
    let feeder = stream.map(|stream| {
        let link = link.clone();
        thread::spawn(move || body::feed(&link, key, stream))
    });
    let mut sent = wait(&link, key, deadline);
    let fed = feeder.filter(thread::JoinHandle::is_finished).map(thread::JoinHandle::join);
    if let Some(Ok(Err(error))) = fed {
        sent.failure = Some(Failure::local(error));
    }
    link.finish();
    Ok(sent)
}

/// Waits for the outcome of the message; aborts it at the deadline.
fn wait(link: &Link, key: MessageKey, mut deadline: Option<Instant>) -> Sent {
    let finished = loop {
        match link.next_event(deadline) {
            Some(Event::Finished(finished)) if finished.message == key => break finished,
            Some(_) => {}
            None => {
                deadline = None;
                // It may have its outcome by now.
                let _ = link.with(|connection| connection.abort(key));
            }
        }
    };
    let rtt = finished
        .response
        .as_ref()
        .map(|response| response.round_trip.unwrap_or_else(|| link.since_last_transmit()));
    let mut sent = Sent { finished, rtt, failure: None };
    sent.failure = match sent.finished.outcome {
        Outcome::Accepted | Outcome::Sent | Outcome::Delivered => None,
        Outcome::Rejected(status) => Some(Failure::rejected(status)),
        Outcome::SessionClosed | Outcome::ConnectionLost => Some(explain(link, &mut sent)),
        Outcome::Unreported if link.with(|connection| connection.is_closed()) => {
            Some(Failure::new("closed", "the session ended without a REPORT"))
        }
        Outcome::Unreported => Some(Failure::timeout("no REPORT came in time")),
        Outcome::TimedOut | Outcome::Aborted | _ => {
            Some(Failure::timeout("the exchange did not end in time"))
        }
    };
    sent
}

/// Why the session ended, from the events after the outcome.
fn explain(link: &Link, sent: &mut Sent) -> Failure {
    loop {
        match link.next_event(None) {
            Some(Event::SessionClosed {
                reason: CloseReason::Rejected(status), response, ..
            }) => {
                sent.finished.response = response;
                return Failure::rejected(status);
            }
            Some(Event::SessionClosed { reason: CloseReason::TimedOut, .. }) => {
                return Failure::no_response();
            }
            Some(Event::Closed(end)) => return Failure::ended(&end),
            _ => {}
        }
    }
}

fn describe(object: &mut Value, sent: &Sent, total: Option<u64>) {
    let Sent { finished, rtt, failure } = sent;
    if let Some(response) = &finished.response {
        set_status(object, response.status, response.comment.as_deref());
        set(object, "transactionId", response.transaction.as_str());
    }
    if let Outcome::Rejected(status) = finished.outcome
        && finished.response.as_ref().is_none_or(|response| response.status.is_success())
    {
        // The response was a success; a REPORT followed and says otherwise.
        set_status(object, status, None);
    }
    let total = if failure.is_none() { Some(finished.octets) } else { total };
    let range = ByteRange::new(1, Some(finished.octets), total);
    set(object, "messageId", finished.message_id.as_str());
    set(object, "byteRange", range.ok().map(|range| range.to_string()));
    set(object, "rtt", rtt.map(milliseconds));
    set(object, "chunks", finished.chunks);
    if let Some(delivered) = object.get_mut("delivered") {
        *delivered = (finished.outcome == Outcome::Delivered).into();
    }
}
