//! `msrp send`: sends a message and prints its outcome.

mod body;
mod disposition;
mod progress;
mod sending;

use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use anyhow::bail;
use msrp::uri::Scheme;
use msrp::wire::{ByteRange, FailureReport, HeaderName};
use msrp::{Config, MediaType, MediaTypes, MessageId, MsrpUri, OutgoingMessage};
use msrp_tokio::Endpoint;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use self::body::{Body, Stream};
use self::disposition::Disposition;
use self::sending::{Outcome, Sending};
use crate::Ending;
use crate::client::{self, DEFAULT_TIMEOUT, RelayOptions, Target, TlsOptions};
use crate::failure::Failure;
use crate::interrupt::interrupted;
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
    content: body::Options,
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
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_TIMEOUT, value_parser = client::timeout())]
    timeout: u64,
    /// Time limit for the whole exchange, in milliseconds. Default: none.
    #[arg(long, value_name = "MS", value_parser = client::timeout())]
    deadline: Option<u64>,
}

/// What is to be sent.
struct Content {
    body: Body,
    /// The value of Content-Disposition.
    disposition: Option<String>,
}

pub(crate) async fn run(mut arguments: Arguments) -> anyhow::Result<Ending> {
    let body = Body::open(&arguments.content).await?;
    let disposition = arguments.disposition.value(arguments.content.file(), body.total())?;
    let content = Content { body, disposition };
    let (target, own_receiver) = target(&mut arguments).await?;
    let object = exchange(arguments, &target, content).await;
    print(&object);
    let is_success = object.get("success") == Some(&Value::Bool(true));
    if let Some(mut receiver) = own_receiver.filter(|_| is_success) {
        // The response precedes the line that the receiver prints.
        let _ = timeout(Duration::from_secs(5), receiver.session_ended()).await;
    }
    Ok(is_success.into())
}

/// The target, and the receiver in this process if there is one.
async fn target(arguments: &mut Arguments) -> anyhow::Result<(Target, Option<Receiver>)> {
    let hops = std::mem::take(&mut arguments.to);
    let tls = std::mem::take(&mut arguments.tls);
    let relays = std::mem::take(&mut arguments.relays);
    if !hops.is_empty() {
        return Ok((Target::new(hops, relays, tls)?, None));
    } else if !relays.is_empty() {
        bail!("--relay needs --to, the path of the peer");
    }
    let (uri, receiver) = start_receiver().await?;
    Ok((Target::new(vec![uri], relays, tls)?, Some(receiver)))
}

/// Starts a receiver in this process, which prints its messages on stderr.
async fn start_receiver() -> anyhow::Result<(MsrpUri, Receiver)> {
    let endpoint = Endpoint::builder().bind("127.0.0.1:0").await?;
    let uri = endpoint.uri(Scheme::Msrp)?;
    let options = Options {
        out: None,
        max_size: u64::MAX,
        accept_types: MediaTypes::any(),
        report: |event| tell(format_args!("received: {event}")),
    };
    let receiver = Receiver::new(endpoint, options);
    receiver.expect(uri.clone())?;
    tell(format_args!("no --to: sending to a receiver in this process, {uri}"));
    Ok((uri, receiver))
}

async fn exchange(arguments: Arguments, target: &Target, content: Content) -> Value {
    let mut object = unknown(&arguments, target);
    let total = content.body.total();
    let failure = match send(arguments, target, content).await {
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

/// Connects, and sends the message.
async fn send(arguments: Arguments, target: &Target, content: Content) -> Result<Outcome, Failure> {
    let limit = Duration::from_millis(arguments.timeout);
    let mut stop = pin!(stop(arguments.deadline.map(Duration::from_millis)));
    let configure = |config: &mut Config| {
        config.chunk_octets = arguments.chunk;
        config.silence_timeout = limit;
        // With "partial", silence means success. It must be shorter than the time that a
        // peer has.
        config.transaction_timeout = match arguments.failure_report {
            FailureReport::Partial => (limit / 2).min(Duration::from_secs(2)),
            FailureReport::Yes | FailureReport::No => limit,
        };
    };
    let client = tokio::select! {
        client = target.open(arguments.from.clone(), limit, configure) => client?,
        stopped = &mut stop => return Err(stopped),
    };
    let (message, stream) = message(arguments, content, limit);
    let sending = match stream {
        Some(stream) => Sending::stream(&client.session, message, stream).await,
        None => Sending::text(&client.session, message).await,
    };
    let outcome = sending?.outcome(stop).await;
    client.close().await;
    Ok(outcome)
}

/// Waits until somebody or the deadline stops the exchange.
fn stop(deadline: Option<Duration>) -> impl Future<Output = Failure> {
    let interrupted = interrupted();
    let deadline = async move {
        match deadline {
            Some(limit) => sleep(limit).await,
            None => pending().await,
        }
    };
    async move {
        tokio::select! {
            () = deadline => Failure::overdue(),
            () = interrupted => Failure::interrupted(),
        }
    }
}

fn message(
    arguments: Arguments,
    content: Content,
    limit: Duration,
) -> (OutgoingMessage, Option<Stream>) {
    let (mut message, stream) = content.body.into_message(arguments.content_type);
    if let Some(disposition) = content.disposition {
        message = message.header(HeaderName::ContentDisposition.as_str(), disposition);
    }
    message = message
        .success_report(arguments.success_report)
        .failure_report(arguments.failure_report)
        .report_timeout(limit);
    // `Config::silence_timeout` looks at each octet that leaves. This one looks at steps of
    // many octets, which take long on a slow link, so it must not be shorter.
    message.progress_timeout = message.progress_timeout.map(|least| least.max(limit));
    match arguments.message_id {
        Some(id) => (message.message_id(id), stream),
        None => (message, stream),
    }
}

fn describe(object: &mut Value, sent: &Outcome, total: Option<u64>) {
    let Outcome { finished, response, failure } = sent;
    if let Some(response) = response {
        set_status(object, response.status, response.comment.as_deref());
        set(object, "transactionId", response.transaction.as_str());
        set(object, "rtt", response.round_trip.map(milliseconds));
    }
    let Some(finished) = finished else { return };
    if let msrp::Outcome::Rejected(status) = finished.outcome
        && response.as_ref().is_none_or(|response| response.status.is_success())
    {
        // The response was a success; a REPORT followed and says otherwise.
        set_status(object, status, None);
    }
    let total = if failure.is_none() { Some(finished.octets) } else { total };
    let range = ByteRange::new(1, Some(finished.octets), total);
    set(object, "messageId", finished.message_id.as_str());
    set(object, "byteRange", range.ok().map(|range| range.to_string()));
    set(object, "chunks", finished.chunks);
    if let Some(delivered) = object.get_mut("delivered") {
        *delivered = (finished.outcome == msrp::Outcome::Delivered).into();
    }
}
