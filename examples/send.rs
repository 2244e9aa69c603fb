//! Sends a message over MSRP and prints what became of it.

mod common;

use std::fs::File;
use std::io::Read;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use clap::{Parser, ValueEnum};
use common::client::{self, Client, DEFAULT_TIMEOUT, Target, milliseconds, set, timeout};
use common::expected::TlsOptions;
use common::failure::Failure;
use common::link::Link;
use common::receiver::{Options, Receiver};
use common::relays::RelayOptions;
use common::stream::read_more;
use common::tell;
use indicatif::{ProgressBar, ProgressStyle};
use msrp::wire::{ByteRange, FailureReport};
use msrp::{
    Bind, CloseReason, Config, Event, MediaType, MediaTypes, MessageId, MessageKey, MessageOutcome,
    MsrpUri, Outcome, OutgoingMessage,
};
use serde_json::Value;

/// Sends a message over MSRP and prints one JSON object.
///
/// Exit status: 0 success, 1 the exchange failed, 2 wrong usage.
#[derive(Parser)]
struct Arguments {
    /// URI to send to, or a path as `receive` prints it. Without it the message
    /// goes to a receiver of its own on this machine.
    #[arg(long, value_name = "PATH", value_delimiter = ' ')]
    to: Vec<MsrpUri>,
    /// URI of this side. One that is hard to guess is made by default.
    #[arg(long, value_name = "URI")]
    from: Option<MsrpUri>,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    relays: RelayOptions,
    #[command(flatten)]
    content: Content,
    /// Default: text/plain for a text, application/octet-stream otherwise.
    #[arg(long, value_name = "T")]
    content_type: Option<MediaType>,
    /// Message-ID. Default: a fresh one.
    #[arg(long, value_name = "ID")]
    message_id: Option<MessageId>,
    /// Ask for success REPORTs, and wait until they cover the message.
    #[arg(long)]
    success_report: bool,
    /// What to hear of failures. With "no" there is no status, and success
    /// means that the message has left.
    #[arg(long, value_name = "MODE", default_value = "yes")]
    failure_report: Mode,
    /// The most octets of a chunk, for a peer or relay that holds whole chunks
    /// in memory; below 2048 counts as that. Default: no limit.
    #[arg(long, value_name = "OCTETS")]
    chunk: Option<usize>,
    /// How long it may take in all, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_TIMEOUT, value_parser = timeout())]
    timeout: u64,
}

#[derive(clap::Args)]
#[group(multiple = false)]
struct Content {
    /// Send this text.
    #[arg(long, value_name = "S", default_value = "Hello, world!")]
    text: String,
    /// Send this file.
    #[arg(long, value_name = "F")]
    file: Option<std::path::PathBuf>,
    /// Send what comes on the standard input.
    #[arg(value_name = "-", value_parser = ["-"])]
    stdin: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Yes,
    No,
    Partial,
}

/// What is to be sent.
enum Body {
    Text(String),
    /// Octets to read, and how many, where that is known.
    Stream(Box<dyn Read + Send>, Option<u64>),
}

/// How the exchange ended.
struct Ending {
    outcome: Box<MessageOutcome>,
    rtt: Option<Duration>,
    failure: Option<Failure>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    match prepare(&mut arguments) {
        Err(error) => common::usage_error(error),
        Ok(Prepared { target, body, own_receiver }) => {
            let object = exchange(arguments, &target, body);
            common::print(&object);
            let is_success = object.get("success") == Some(&Value::Bool(true));
            if let Some(received) = own_receiver.filter(|_| is_success) {
                // A response says that the octets are there; it tells of them
                // when they are stored.
                let _ = received.recv_timeout(Duration::from_secs(5));
            }
            ExitCode::from(if is_success { 0 } else { common::FAILED })
        }
    }
}

/// What the command line says, checked.
struct Prepared {
    target: Target,
    body: Body,
    own_receiver: Option<mpsc::Receiver<bool>>,
}

/// Everything that is wrong usage shows here.
fn prepare(arguments: &mut Arguments) -> Result<Prepared, Box<dyn std::error::Error>> {
    let body = Body::open(&arguments.content)?;
    let hops = std::mem::take(&mut arguments.to);
    let tls = std::mem::take(&mut arguments.tls);
    let relays = std::mem::take(&mut arguments.relays);
    let (hops, own_receiver) = if hops.is_empty() && !relays.is_empty() {
        return Err("--relay: give --to as well, the path of the peer".into());
    } else if hops.is_empty() {
        let (uri, results) = start_receiver()?;
        (vec![uri], Some(results))
    } else {
        (hops, None)
    };
    Ok(Prepared { target: Target::new(hops, relays, tls)?, body, own_receiver })
}

/// A receiver in this process, which tells of the message on stderr.
fn start_receiver() -> Result<(MsrpUri, mpsc::Receiver<bool>), Box<dyn std::error::Error>> {
    let options = Options {
        out: None,
        max_size: u64::MAX,
        accept_types: MediaTypes::any(),
        tls: None,
        report: |event| tell(format_args!("received: {event}")),
    };
    let receiver = Receiver::bind("127.0.0.1:0", options)?;
    let uri = receiver.make_uri()?;
    receiver.expect(uri.clone())?;
    tell(format_args!("no --to: sending to a receiver of its own, {uri}"));
    Ok((uri, receiver.serve()))
}

impl Body {
    fn open(content: &Content) -> Result<Self, String> {
        if content.stdin.is_some() {
            return Ok(Self::Stream(Box::new(std::io::stdin()), None));
        }
        let Some(path) = &content.file else { return Ok(Self::Text(content.text.clone())) };
        let unreadable = |error| format!("--file {}: {error}", path.display());
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            // A pipe or a device has no size to tell.
            return Ok(Self::Stream(Box::new(file), None));
        }
        let style = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        let style = ProgressStyle::with_template(style).map_err(|error| error.to_string())?;
        // It draws on stderr, and only where that is a terminal.
        let bar = ProgressBar::new(metadata.len()).with_style(style);
        Ok(Self::Stream(Box::new(bar.wrap_read(file)), Some(metadata.len())))
    }

    /// A text or a file leaves at once and binds its session itself; of other
    /// octets nobody knows when the first will come.
    const fn bind(&self) -> Bind {
        match self {
            Self::Text(_) | Self::Stream(_, Some(_)) => Bind::FirstMessage,
            Self::Stream(_, None) => Bind::Bodiless,
        }
    }
}

fn exchange(arguments: Arguments, target: &Target, body: Body) -> Value {
    let mut object = target.object();
    for key in ["statusCode", "statusText", "transactionId", "byteRange", "rtt"] {
        set(&mut object, key, Value::Null);
    }
    set(&mut object, "messageId", arguments.message_id.map(|id| id.to_string()));
    set(&mut object, "chunks", 0);
    if arguments.success_report {
        set(&mut object, "delivered", false);
    }
    let timeout = Duration::from_millis(arguments.timeout);
    let deadline = Instant::now() + timeout;
    let mut config = Config::default();
    config.chunk_octets = arguments.chunk;
    // "partial" has silence for its good news: that cannot take all the time
    // that there is.
    config.transaction_timeout = match arguments.failure_report {
        Mode::Partial => (timeout / 2).min(Duration::from_secs(2)),
        Mode::Yes | Mode::No => timeout,
    };
    let total = match &body {
        Body::Text(text) => Some(text.len() as u64),
        Body::Stream(_, total) => *total,
    };
    let ending = target
        .open(arguments.from.clone(), body.bind(), config, deadline)
        .and_then(|client| send(client, arguments, body, deadline));
    let failure = match ending {
        Ok(ending) => {
            describe(&mut object, &ending, total);
            ending.failure
        }
        Err(failure) => Some(failure),
    };
    set(&mut object, "success", failure.is_none());
    if let Some(failure) = failure {
        set(&mut object, "error", failure.to_json());
    }
    object
}

fn send(
    client: Client,
    arguments: Arguments,
    body: Body,
    deadline: Instant,
) -> Result<Ending, Failure> {
    let Client { link, session, .. } = client;
    let (message, content) = message(arguments, body);
    let key =
        link.with(|it| it.send(session, message)).map_err(|error| Failure::on(&link, error))?;
    let feeder = content.map(|content| {
        let link = link.clone();
        thread::spawn(move || feed(&link, key, content))
    });
    let mut ending = wait(&link, key, deadline);
    let was_given_up = feeder.filter(|feeder| feeder.is_finished()).map(thread::JoinHandle::join);
    if let Some(Ok(Err(error))) = was_given_up {
        ending.failure = Some(Failure::local(error));
    }
    link.finish();
    Ok(ending)
}

fn message(arguments: Arguments, body: Body) -> (OutgoingMessage, Option<Box<dyn Read + Send>>) {
    let (content_type, mode) = (arguments.content_type, arguments.failure_report);
    let (message, stream) = match body {
        Body::Text(text) => {
            let content_type = content_type.unwrap_or_else(MediaType::text_plain);
            (OutgoingMessage::new(content_type, text), None)
        }
        Body::Stream(stream, total) => {
            let content_type = content_type.unwrap_or_else(octet_stream);
            (OutgoingMessage::streamed(content_type, total), Some(stream))
        }
    };
    let message = message.success_report(arguments.success_report).failure_report(match mode {
        Mode::Yes => FailureReport::Yes,
        Mode::No => FailureReport::No,
        Mode::Partial => FailureReport::Partial,
    });
    let message = match arguments.message_id {
        Some(id) => message.message_id(id),
        None => message,
    };
    (message, stream)
}

fn octet_stream() -> MediaType {
    MediaType::new("application/octet-stream").unwrap_or_else(|_| MediaType::text_plain())
}

/// Reads the octets of a message and gives them to the connection as it has
/// room for them. A message that cannot be read on is given up.
fn feed(link: &Link, key: MessageKey, stream: impl Read) -> Result<(), String> {
    let result = copy(link, key, stream);
    if result.is_err() {
        link.with(|connection| connection.abort(key));
    }
    result
}

fn copy(link: &Link, key: MessageKey, mut stream: impl Read) -> Result<(), String> {
    let mut buffer = BytesMut::new();
    while read_more(&mut stream, &mut buffer).map_err(|error| error.to_string())? > 0 {
        let piece = buffer.split().freeze();
        let is_open = link.wait_for(|connection| match connection.body(key) {
            Some(body) => (body.room() >= piece.len()).then_some(true),
            None => Some(false),
        });
        if !is_open {
            return Ok(());
        }
        write(link, key, |mut body| body.write(piece))?;
    }
    write(link, key, |body| body.finish())
}

/// A message that has its outcome takes no more, and needs no more.
fn write(
    link: &Link,
    key: MessageKey,
    action: impl FnOnce(msrp::BodyWriter<'_>) -> Result<(), msrp::BodyError>,
) -> Result<(), String> {
    let result = link.with(|connection| connection.body(key).map(action));
    result.transpose().map(|_| ()).map_err(|error| error.to_string())
}

/// Waits for the outcome of the message; gives it up at the deadline.
fn wait(link: &Link, key: MessageKey, deadline: Instant) -> Ending {
    let mut deadline = Some(deadline);
    let outcome = loop {
        match link.next_event(deadline) {
            Some(Event::Outcome(outcome)) if outcome.message == key => break outcome,
            Some(_) => {}
            None => {
                deadline = None;
                link.with(|connection| connection.abort(key));
            }
        }
    };
    let rtt = outcome
        .answer
        .as_ref()
        .map(|answer| answer.round_trip.unwrap_or_else(|| link.since_last_transmit()));
    let mut ending = Ending { outcome, rtt, failure: None };
    ending.failure = match ending.outcome.outcome {
        outcome if outcome.is_success() => None,
        Outcome::Rejected(status) => Some(Failure::rejected(status)),
        Outcome::SessionClosed | Outcome::ConnectionLost => Some(explain(link, &mut ending)),
        Outcome::Unreported => Some(Failure::new("closed", "the session ended without a REPORT")),
        _ => Some(Failure::timeout("the exchange did not end in time")),
    };
    ending
}

/// Why the session ended: the events that follow the outcome tell.
fn explain(link: &Link, ending: &mut Ending) -> Failure {
    loop {
        match link.next_event(None) {
            Some(Event::SessionClosed {
                reason: CloseReason::Rejected(status), answer, ..
            }) => {
                ending.outcome.answer = answer;
                return Failure::rejected(status);
            }
            Some(Event::SessionClosed { reason: CloseReason::TimedOut, .. }) => {
                return Failure::timeout("the peer did not answer in time");
            }
            Some(Event::Closed(end)) => return Failure::ended(&end),
            _ => {}
        }
    }
}

fn describe(object: &mut Value, ending: &Ending, total: Option<u64>) {
    let Ending { outcome, rtt, failure } = ending;
    if let Some(answer) = &outcome.answer {
        client::set_status(object, answer.status, answer.comment.as_deref());
        set(object, "transactionId", answer.transaction.as_str());
    }
    if let Outcome::Rejected(status) = outcome.outcome
        && outcome.answer.as_ref().is_none_or(|answer| answer.status.is_success())
    {
        // A REPORT took back what the response had said.
        client::set_status(object, status, None);
    }
    let total = if failure.is_none() { Some(outcome.octets) } else { total };
    let range = ByteRange::new(1, Some(outcome.octets), total);
    set(object, "messageId", outcome.message_id.as_str());
    set(object, "byteRange", range.ok().map(|range| range.to_string()));
    set(object, "rtt", rtt.map(milliseconds));
    set(object, "chunks", outcome.chunks);
    if let Some(delivered) = object.get_mut("delivered") {
        *delivered = (outcome.outcome == Outcome::Delivered).into();
    }
}
