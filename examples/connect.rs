//! Opens a session over MSRP, to see whether it is there.

mod common;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use common::client::{self, Client, DEFAULT_TIMEOUT, Target, milliseconds, set, timeout};
use common::expected::TlsOptions;
use common::failure::Failure;
use common::relays::RelayOptions;
use common::stream::Stream;
use msrp::{Bind, CloseReason, Config, Event, MsrpUri, Response};
use serde_json::Value;

/// Connects, binds a session with a bodiless SEND and prints one JSON object.
///
/// Exit status: 0 the session is there, 1 it is not, 2 wrong usage.
#[derive(Parser)]
struct Arguments {
    /// URI of the session, or a path as `receive` prints it.
    #[arg(long, value_name = "PATH", value_delimiter = ' ', required = true)]
    to: Vec<MsrpUri>,
    /// URI of this side. One that is hard to guess is made by default.
    #[arg(long, value_name = "URI")]
    from: Option<MsrpUri>,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    relays: RelayOptions,
    /// How long it may take in all, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_TIMEOUT, value_parser = timeout())]
    timeout: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let target = match Target::new(arguments.to, arguments.relays, arguments.tls) {
        Ok(target) => target,
        Err(error) => return common::usage_error(error),
    };
    let mut object = target.object();
    for key in ["connectTime", "rtt", "statusCode", "statusText"] {
        set(&mut object, key, Value::Null);
    }
    if target.peer_name().is_some() {
        set(&mut object, "tlsVersion", Value::Null);
        set(&mut object, "peerName", Value::Null);
    }
    let timeout = Duration::from_millis(arguments.timeout);
    let deadline = Instant::now() + timeout;
    let mut config = Config::default();
    config.transaction_timeout = timeout;
    let result = target.open(arguments.from, Bind::Bodiless, config, deadline).and_then(|client| {
        describe(&mut object, &client, &target);
        bind(client, deadline, &mut object)
    });
    set(&mut object, "success", result.is_ok());
    if let Err(failure) = &result {
        set(&mut object, "error", failure.to_json());
    }
    common::print(&object);
    ExitCode::from(if result.is_ok() { 0 } else { common::FAILED })
}

/// What the connection is.
fn describe(object: &mut Value, client: &Client, target: &Target) {
    set(object, "connectTime", milliseconds(client.connect_time));
    if let Stream::Secure(secure) = client.link.stream() {
        set(object, "tlsVersion", secure.version());
        set(object, "peerName", target.peer_name());
    }
}

/// Waits for the response to the bodiless SEND.
fn bind(client: Client, deadline: Instant, object: &mut Value) -> Result<(), Failure> {
    let link = client.link;
    let mut responded = |response: &Response| {
        let rtt = response.round_trip.unwrap_or_else(|| link.since_last_transmit());
        set(object, "rtt", milliseconds(rtt));
        client::set_status(object, response.status, response.comment.as_deref());
    };
    let result = loop {
        match link.next_event(Some(deadline)) {
            None => break Err(Failure::timeout("the peer did not answer in time")),
            Some(Event::SessionOpened { response, .. }) => {
                response.iter().for_each(&mut responded);
                break Ok(());
            }
            Some(Event::SessionClosed { reason, response, .. }) => {
                response.iter().for_each(&mut responded);
                match reason {
                    CloseReason::Rejected(status) => break Err(Failure::rejected(status)),
                    CloseReason::TimedOut => {
                        break Err(Failure::timeout("the peer did not answer in time"));
                    }
                    // What became of the connection is told next.
                    _ => {}
                }
            }
            Some(Event::Closed(end)) => break Err(Failure::ended(&end)),
            Some(_) => {}
        }
    };
    link.finish();
    result
}
