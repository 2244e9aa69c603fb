//! Waits for messages over MSRP and tells of each in a JSON object.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use common::receiver::{Options, Receiver};
use msrp::{MediaTypes, MsrpUri};
use serde_json::json;

/// Waits for messages over MSRP and prints a JSON object a line for each.
///
/// Exit status (with --once): 0 the message was received, 1 it was not.
/// Wrong usage: 2.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 for a free one.
    #[arg(long, value_name = "HOST:PORT")]
    listen: String,
    /// URI of a session that peers may bind; may be given several times. One
    /// that is hard to guess is made where none is given.
    #[arg(long, value_name = "URI")]
    path: Vec<MsrpUri>,
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
    let arguments = Arguments::parse();
    if let Some(directory) = arguments.out.as_deref().filter(|directory| !directory.is_dir()) {
        return common::usage_error(format_args!("{} is no folder", directory.display()));
    }
    let options = Options {
        out: arguments.out,
        max_size: arguments.max_size,
        accept_types: arguments.accept_types,
        report: common::print,
    };
    let receiver = match Receiver::bind(&arguments.listen, options) {
        Ok(receiver) => receiver,
        Err(error) => {
            return common::usage_error(format_args!("--listen {}: {error}", arguments.listen));
        }
    };
    if let Err(error) = listen(&receiver, arguments.path) {
        return common::usage_error(error);
    }
    let results = receiver.serve();
    while let Ok(is_received) = results.recv() {
        if arguments.once {
            return ExitCode::from(if is_received { 0 } else { common::FAILED });
        }
    }
    ExitCode::from(common::FAILED)
}

/// Opens the sessions and tells of each.
fn listen(receiver: &Receiver, mut uris: Vec<MsrpUri>) -> Result<(), Box<dyn std::error::Error>> {
    if uris.is_empty() {
        uris.push(receiver.make_uri()?);
    }
    for uri in uris {
        receiver.expect(uri.clone()).map_err(|error| format!("--path {uri}: {error}"))?;
        common::print(&json!({
            "event": "listening",
            "addr": receiver.address().to_string(),
            "path": uri.as_str(),
        }));
    }
    Ok(())
}

fn media_types(list: &str) -> Result<MediaTypes, msrp::MediaTypeError> {
    MediaTypes::new(&list.replace(',', " "))
}
