//! `msrp receive`: waits for sessions and messages.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use msrp::uri::Scheme;
use msrp::{MediaTypes, MsrpUri};
use msrp_tls::{Fingerprint, HashFunction, Identity};
use msrp_tokio::{Endpoint, Error};
use serde_json::json;

use crate::Ending;
use crate::client::{RelayOptions, Relays, TlsOptions};
use crate::interrupt::interrupted;
use crate::output::{print, set, tell};
use crate::receiver::{Options, Receiver};

/// Waits for messages over MSRP and prints a JSON object for each.
///
/// Exit status with --once: 0 if the message was received, 1 if not. Without it: 0 if a
/// signal ends it, 1 if a relay refuses it. 2 for wrong usage.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Address to listen on. Port 0 means any free port.
    #[arg(
        long,
        value_name = "HOST:PORT",
        required_unless_present = "relay",
        conflicts_with = "relay"
    )]
    listen: Option<String>,
    #[command(flatten)]
    relays: RelayOptions,
    #[command(flatten)]
    relay_tls: TlsOptions,
    /// URI of a session that peers may open; repeat it for several sessions.
    /// Default: one random URI.
    #[arg(long, value_name = "URI")]
    path: Vec<MsrpUri>,
    /// Certificate chain in PEM, to listen with TLS.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "relay")]
    cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Folder for the messages, each in a file of its own; it is created if
    /// missing. Unfinished files end in ".part". Without it, messages are counted and
    /// hashed but not kept.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Largest message in octets; a larger one is refused with 413. No limit by
    /// default: messages are not held in memory.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    max_size: u64,
    /// Media types to accept, such as "text/plain,image/*"; others are refused
    /// with 415.
    #[arg(long, value_name = "LIST", default_value = "*", value_parser = media_types)]
    accept_types: MediaTypes,
    /// Most connections at a time; further peers wait until one ends. One that opens no
    /// session ends after 5 seconds.
    #[arg(long, value_name = "N", default_value_t = 256, conflicts_with = "relay")]
    max_connections: usize,
    /// Exit after the first session that has brought a message; with a relay, after the
    /// first message.
    #[arg(long)]
    once: bool,
}

/// With `--once`, succeeds if everything was received.
pub(crate) async fn run(mut arguments: Arguments) -> anyhow::Result<Ending> {
    match std::mem::take(&mut arguments.relays).check()? {
        Some(relays) => wait_behind(&relays, arguments).await,
        None => listen(arguments).await,
    }
}

async fn wait_behind(relays: &Relays, mut arguments: Arguments) -> anyhow::Result<Ending> {
    let next_hop = relays.next_hop(std::mem::take(&mut arguments.relay_tls))?;
    let endpoint = next_hop.endpoint().build()?;
    let mut receiver = Receiver::new(endpoint, options(&arguments)?);
    let waiting = receiver.wait_behind(relays, arguments.path, arguments.once);
    let ending = tokio::select! {
        result = waiting => match result {
            Ok(is_received) => is_received.into(),
            Err(failure) => {
                print(&json!({ "event": "ended", "error": failure.to_json() }));
                tell(failure);
                Ending::Failed
            }
        },
        () = interrupted() => interruption(arguments.once),
    };
    receiver.close().await;
    Ok(ending)
}

async fn listen(mut arguments: Arguments) -> anyhow::Result<Ending> {
    std::mem::take(&mut arguments.relay_tls).refuse()?;
    let identity = match arguments.cert.as_ref().zip(arguments.key.as_ref()) {
        Some((cert, key)) => Some(Identity::from_files(cert, key)?),
        None => None,
    };
    let fingerprint = identity.as_ref().and_then(|it| it.fingerprint(HashFunction::Sha256));
    let options = options(&arguments)?;
    let endpoint = bind(&arguments, identity).await?;
    let mut receiver = Receiver::new(endpoint.clone(), options);
    let interrupted = interrupted();
    expect(&receiver, &endpoint, arguments.path, fingerprint.as_ref())?;
    let ending = tokio::select! {
        is_received = receiver.session_ended(), if arguments.once => is_received.into(),
        () = interrupted => interruption(arguments.once),
    };
    receiver.close().await;
    Ok(ending)
}

/// Without `--once`, an interruption is how a receiver ends.
fn interruption(once: bool) -> Ending {
    (!once).into()
}

/// How messages are received. Creates the folder for them.
fn options(arguments: &Arguments) -> anyhow::Result<Options> {
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder).with_context(|| format!("--out {}", folder.display()))?;
    }
    Ok(Options {
        out: arguments.out.clone(),
        max_size: arguments.max_size,
        accept_types: arguments.accept_types.clone(),
        report: print,
    })
}

/// An endpoint that listens.
async fn bind(arguments: &Arguments, identity: Option<Identity>) -> anyhow::Result<Endpoint> {
    let address = arguments.listen.as_deref().unwrap_or_default();
    let mut builder = Endpoint::builder().max_connections(arguments.max_connections.max(1));
    if address.parse().is_ok_and(|address: SocketAddr| address.ip().is_unspecified()) {
        // Peers cannot connect to the unspecified address.
        builder = builder.public_host("127.0.0.1");
    }
    let bound = match identity {
        Some(identity) => builder.identity(identity).bind_tls(address).await,
        None => builder.bind(address).await,
    };
    bound.map_err(|error| {
        let option = match error {
            Error::Tls(_) => "--key".into(),
            Error::Bind { .. } | _ => format!("--listen {address}"),
        };
        anyhow::Error::from(error).context(option)
    })
}

/// Lets peers open the sessions, and prints an object for each.
fn expect(
    receiver: &Receiver,
    endpoint: &Endpoint,
    mut uris: Vec<MsrpUri>,
    fingerprint: Option<&Fingerprint>,
) -> anyhow::Result<()> {
    let scheme = if fingerprint.is_some() { Scheme::Msrps } else { Scheme::Msrp };
    if uris.is_empty() {
        uris.push(endpoint.uri(scheme)?);
    }
    for uri in uris {
        if uri.scheme() != scheme {
            bail!("--path {uri}: use msrps with --cert, msrp without");
        }
        receiver.expect(uri.clone()).with_context(|| format!("--path {uri}"))?;
        let mut object = json!({
            "event": "listening",
            "addr": endpoint.addresses().next().map(|address| address.to_string()),
            "path": uri.as_str(),
        });
        if let Some(fingerprint) = fingerprint {
            set(&mut object, "fingerprint", fingerprint.to_string());
        }
        print(&object);
    }
    Ok(())
}

pub(crate) fn media_types(list: &str) -> anyhow::Result<MediaTypes> {
    Ok(MediaTypes::new(&list.replace(',', " "))?)
}
