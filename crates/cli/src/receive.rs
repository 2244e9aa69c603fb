//! `msrp receive`: waits for sessions and messages.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use msrp::{MediaTypes, MsrpUri};
use msrp_tls::{ClientCheck, Fingerprint, HashFunction, Identity, server_config};
use rustls::ServerConfig;
use serde_json::json;

use crate::Ending;
use crate::client::{RelayOptions, Relays, TlsOptions};
use crate::output::{print, set, tell};
use crate::receiver::{Options, Receiver, Relayed};

/// Waits for messages over MSRP and prints a JSON object for each.
///
/// Exit status with --once: 0 if the message was received, 1 if not. 2 for wrong
/// usage.
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
    /// missing. Without it, messages are counted and hashed but not kept.
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
    /// session ends after 30 seconds.
    #[arg(long, value_name = "N", default_value_t = 256, conflicts_with = "relay")]
    max_connections: usize,
    /// Exit after the first connection that has brought a message.
    #[arg(long)]
    once: bool,
}

/// Succeeds if the last message was received.
pub(crate) fn run(mut arguments: Arguments) -> anyhow::Result<Ending> {
    match std::mem::take(&mut arguments.relays).check()? {
        Some(relays) => wait_behind(relays, arguments),
        None => listen(arguments),
    }
}

fn wait_behind(relays: Relays, arguments: Arguments) -> anyhow::Result<Ending> {
    let options = options(&arguments, None)?;
    let relayed = Relayed::new(relays, arguments.path, arguments.relay_tls)?;
    let is_received = relayed.run(&options, arguments.once).unwrap_or_else(|failure| {
        tell(failure);
        false
    });
    Ok(is_received.into())
}

fn listen(arguments: Arguments) -> anyhow::Result<Ending> {
    let identity = match arguments.cert.as_ref().zip(arguments.key.as_ref()) {
        Some((cert, key)) => Some(Identity::from_files(cert, key)?),
        None => None,
    };
    let fingerprint = identity.as_ref().and_then(|it| it.fingerprint(HashFunction::Sha256));
    let tls = identity.map(|it| server_config(it, ClientCheck::None)).transpose();
    let options = options(&arguments, tls.context("--key")?)?;
    arguments.relay_tls.refuse()?;
    let address = arguments.listen.unwrap_or_default();
    let receiver =
        Receiver::bind(&address, options).with_context(|| format!("--listen {address}"))?;
    expect(&receiver, arguments.path, fingerprint.as_ref())?;
    let results = receiver.serve();
    Ok(results.iter().find(|_| arguments.once).unwrap_or_default().into())
}

/// How messages are received. Creates the folder for them.
fn options(arguments: &Arguments, tls: Option<Arc<ServerConfig>>) -> anyhow::Result<Options> {
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder).with_context(|| format!("--out {}", folder.display()))?;
    }
    Ok(Options {
        out: arguments.out.clone(),
        max_size: arguments.max_size,
        accept_types: arguments.accept_types.clone(),
        tls,
        max_connections: arguments.max_connections,
        report: print,
    })
}

/// Lets peers open the sessions, and prints an object for each.
fn expect(
    receiver: &Receiver,
    mut uris: Vec<MsrpUri>,
    fingerprint: Option<&Fingerprint>,
) -> anyhow::Result<()> {
    if uris.is_empty() {
        uris.push(receiver.make_uri()?);
    }
    for uri in uris {
        if uri.is_secure() != receiver.scheme().is_secure() {
            bail!("--path {uri}: use msrps with --cert, msrp without");
        }
        receiver.expect(uri.clone()).with_context(|| format!("--path {uri}"))?;
        let mut object = json!({
            "event": "listening",
            "addr": receiver.address().to_string(),
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
