//! `msrp connect`: opens a session, to see whether it exists.

use std::time::Duration;

use msrp::{MsrpUri, Response};
use msrp_tokio::Ended;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::Ending;
use crate::client::{DEFAULT_TIMEOUT, RelayOptions, Target, TlsOptions, timeout};
use crate::failure::Failure;
use crate::interrupt::interrupted;
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

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Ending> {
    let target = Target::new(arguments.to, arguments.relays, arguments.tls)?;
    let mut object = unknown(&target);
    let limit = Duration::from_millis(arguments.timeout);
    let result = tokio::select! {
        result = probe(&target, arguments.from, limit, &mut object) => result,
        () = interrupted() => Err(Failure::interrupted()),
    };
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

/// Opens a session, and waits for the response.
async fn probe(
    target: &Target,
    from: Option<MsrpUri>,
    limit: Duration,
    object: &mut Value,
) -> Result<(), Failure> {
    let deadline = Instant::now() + limit;
    let client = target.open(from, limit, |config| config.transaction_timeout = limit).await?;
    set(object, "connectTime", milliseconds(client.connect_time));
    if let Some(version) = client.session.tls_version() {
        set(object, "tlsVersion", version);
        set(object, "peerName", target.peer_name());
    }
    let opened = timeout_at(deadline, client.session.opened()).await;
    let opened = opened.map_err(|_| Failure::no_response())?;
    if let Some(response) = response(&opened) {
        set(object, "rtt", response.round_trip.map(milliseconds));
        set_status(object, response.status, response.comment.as_deref());
    }
    client.close().await;
    opened.map(drop).map_err(|ended| Failure::from(&ended))
}

/// The response, whether it opens the session or refuses it.
const fn response(opened: &Result<Option<Response>, Ended>) -> Option<&Response> {
    match opened {
        Ok(response) => response.as_ref(),
        Err(ended) => ended.response.as_ref(),
    }
}
