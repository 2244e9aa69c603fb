//! `msrp connect`: opens a session, to see whether it exists.

use std::time::{Duration, Instant};

use msrp::{CloseReason, Event, MsrpUri, Response};
use serde_json::Value;

use crate::Ending;
use crate::client::{Client, DEFAULT_TIMEOUT, RelayOptions, Target, TlsOptions, timeout};
use crate::failure::Failure;
use crate::link::{self, Stream};
use crate::output::{milliseconds, print, set, set_status};

/// Opens a session with an empty SEND and prints one JSON object.
///
/// Exit status: 0 if the session exists, 1 if it does not or is unreachable, 2 for
/// wrong usage.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// URI of the session, or a path as `msrp receive` prints it.
    #[arg(long, value_name = "PATH", value_delimiter = ' ', required = true)]
    to: Vec<MsrpUri>,
    /// URI of this side. Default: a random one.
    #[arg(long, value_name = "URI")]
    from: Option<MsrpUri>,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    relays: RelayOptions,
    /// Time limit for the whole exchange, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_TIMEOUT, value_parser = timeout())]
    timeout: u64,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Ending> {
    let target = Target::new(arguments.to, arguments.relays, arguments.tls)?;
    let mut object = unknown(&target);
    let timeout = Duration::from_millis(arguments.timeout);
    let deadline = Instant::now() + timeout;
    let mut config = link::config();
    config.transaction_timeout = timeout;
    let result = target.open(arguments.from, config, deadline).and_then(|client| {
        describe(&mut object, &client, &target);
        bind(client, deadline, &mut object)
    });
    set(&mut object, "success", result.is_ok());
    if let Err(failure) = &result {
        set(&mut object, "error", failure.to_json());
    }
    print(&object);
    Ok(result.is_ok().into())
}

/// The object of an exchange, with all values unknown.
fn unknown(target: &Target) -> Value {
    let mut object = target.object();
    for key in ["connectTime", "rtt", "statusCode", "statusText"] {
        set(&mut object, key, Value::Null);
    }
    if target.peer_name().is_some() {
        set(&mut object, "tlsVersion", Value::Null);
        set(&mut object, "peerName", Value::Null);
    }
    object
}

fn describe(object: &mut Value, client: &Client, target: &Target) {
    set(object, "connectTime", milliseconds(client.connect_time));
    if let Stream::Secure(secure) = client.link.stream() {
        set(object, "tlsVersion", secure.version());
        set(object, "peerName", target.peer_name());
    }
}

/// Waits for the response to the empty SEND.
fn bind(client: Client, deadline: Instant, object: &mut Value) -> Result<(), Failure> {
    let link = client.link;
    let mut responded = |response: &Response| {
        let rtt = response.round_trip.unwrap_or_else(|| link.since_last_transmit());
        set(object, "rtt", milliseconds(rtt));
        set_status(object, response.status, response.comment.as_deref());
    };
    let result = loop {
        match link.next_event(Some(deadline)) {
            None => break Err(Failure::no_response()),
            Some(Event::SessionOpened { response, .. }) => {
                response.iter().for_each(&mut responded);
                break Ok(());
            }
            Some(Event::SessionClosed { reason, response, .. }) => {
                response.iter().for_each(&mut responded);
                match reason {
                    CloseReason::Rejected(status) => break Err(Failure::rejected(status)),
                    CloseReason::TimedOut => break Err(Failure::no_response()),
                    // `Event::Closed` follows and says more.
                    CloseReason::Local
                    | CloseReason::Failed(_)
                    | CloseReason::ConnectionClosed
                    | _ => {}
                }
            }
            Some(Event::Closed(end)) => break Err(Failure::ended(&end)),
            Some(_) => {}
        }
    };
    link.finish();
    result
}
