//! Waits for messages over MSRP and tells of each in a JSON object.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use common::client::set;
use common::expected::TlsOptions;
use common::receiver::{Options, Receiver};
use common::relayed::Relayed;
use common::relays::RelayOptions;
use common::tell;
use msrp::{MediaTypes, MsrpUri};
use msrp_tls::{ClientCheck, Fingerprint, HashFunction, Identity, TlsError, server_config};
use serde_json::json;

/// Waits for messages over MSRP and prints a JSON object a line for each.
///
/// Exit status (with --once): 0 the message was received, 1 it was not.
/// Wrong usage: 2.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 for a free one.
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
    /// URI of a session that peers may bind; may be given several times. One
    /// that is hard to guess is made where none is given.
    #[arg(long, value_name = "URI")]
    path: Vec<MsrpUri>,
    /// Certificate chain in PEM, to listen with TLS.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "relay")]
    cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Folder to which each message is written as a file. Without it, messages
    /// are counted and hashed and not kept.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The most octets of a message; larger ones are answered 413. No limit by
    /// default: no message is held in memory.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    max_size: u64,
    /// Media types to take, such as "text/plain,image/*"; others are answered
    /// 415.
    #[arg(long, value_name = "LIST", default_value = "*", value_parser = media_types)]
    accept_types: MediaTypes,
    /// End with the first connection that has brought a message.
    #[arg(long)]
    once: bool,
}

fn main() -> ExitCode {
    match receive(Arguments::parse()) {
        Err(error) => common::usage_error(error),
        Ok(is_received) => ExitCode::from(if is_received { 0 } else { common::FAILED }),
    }
}

/// Says whether the last message was received. The error says what is wrong
/// with the command line.
fn receive(mut arguments: Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    if let Some(directory) = arguments.out.as_deref().filter(|directory| !directory.is_dir()) {
        return Err(format!("{} is no folder", directory.display()).into());
    }
    let relays = std::mem::take(&mut arguments.relays).check()?;
    let identity = identity(&arguments)?;
    let fingerprint = identity.as_ref().and_then(|it| it.fingerprint(HashFunction::Sha256));
    let tls = identity.map(|it| server_config(it, ClientCheck::None)).transpose();
    let options = Options {
        out: arguments.out,
        max_size: arguments.max_size,
        accept_types: arguments.accept_types,
        tls: tls.map_err(|error| format!("--key: {error}"))?,
        report: common::print,
    };
    match relays {
        Some(relays) => {
            let relayed = Relayed::new(relays, arguments.path, arguments.relay_tls)?;
            Ok(relayed.run(&options, arguments.once).unwrap_or_else(|failure| {
                tell(failure);
                false
            }))
        }
        None => {
            arguments.relay_tls.refuse()?;
            let address = arguments.listen.unwrap_or_default();
            let receiver = Receiver::bind(&address, options);
            let receiver = receiver.map_err(|error| format!("--listen {address}: {error}"))?;
            listen(&receiver, arguments.path, fingerprint.as_ref())?;
            let results = receiver.serve();
            Ok(results.iter().find(|_| arguments.once).unwrap_or_default())
        }
    }
}

/// The certificate and key of this side, if it has any.
fn identity(arguments: &Arguments) -> Result<Option<Identity>, TlsError> {
    let files = arguments.cert.as_ref().zip(arguments.key.as_ref());
    files.map(|(cert, key)| Identity::from_files(cert, key)).transpose()
}

/// Opens the sessions and tells of each.
fn listen(
    receiver: &Receiver,
    mut uris: Vec<MsrpUri>,
    fingerprint: Option<&Fingerprint>,
) -> Result<(), Box<dyn std::error::Error>> {
    if uris.is_empty() {
        uris.push(receiver.make_uri()?);
    }
    for uri in uris {
        if uri.is_secure() != receiver.scheme().is_secure() {
            return Err(format!("--path {uri}: msrps goes with --cert, msrp without").into());
        }
        receiver.expect(uri.clone()).map_err(|error| format!("--path {uri}: {error}"))?;
        let mut object = json!({
            "event": "listening",
            "addr": receiver.address().to_string(),
            "path": uri.as_str(),
        });
        if let Some(fingerprint) = fingerprint {
            set(&mut object, "fingerprint", fingerprint.to_string());
        }
        common::print(&object);
    }
    Ok(())
}

fn media_types(list: &str) -> Result<MediaTypes, msrp::wire::MediaTypeError> {
    MediaTypes::new(&list.replace(',', " "))
}
