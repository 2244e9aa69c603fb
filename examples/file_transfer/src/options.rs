//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use msrp::MediaTypes;
use msrp_sdp::file::{FileRange, FileSelector};

/// Transfers files over MSRP (RFC 5547). The session descriptions of both sides
/// are exchanged as files or pipes.
///
/// Prints a JSON object a line for each file. Exit status: 0 all files were
/// transferred, 1 some were not, 2 wrong usage.
#[derive(Parser)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Has files to give: offers them, or gives those that are asked for.
    Offer(Offer),
    /// Wants files: takes those that are offered, or asks for some.
    Fetch(Fetch),
}

#[derive(Args)]
pub(crate) struct Offer {
    /// Files to offer.
    #[arg(required_unless_present = "serve")]
    pub(crate) files: Vec<PathBuf>,
    /// Answer an offer that asks for files: give those among these files, and the
    /// files of these folders, that it selects.
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "files")]
    pub(crate) serve: Vec<PathBuf>,
    /// Offer this part of the one file, such as "2049-*": a receiver takes it if it
    /// has kept what is before.
    #[arg(long, value_name = "FROM-TO", conflicts_with = "serve")]
    pub(crate) range: Option<FileRange>,
    /// Wrap files in message/cpim for every receiver, not only for one that wants it.
    #[arg(long)]
    pub(crate) cpim: bool,
    #[command(flatten)]
    pub(crate) session: Session,
}

#[derive(Args)]
pub(crate) struct Fetch {
    /// Folder for the files. What came of a broken transfer stays there as ".part".
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Ask for a file, such as 'name:"x.pdf" hash:sha-1:72:24:…'; may be given
    /// several times. Without it, what is offered is taken.
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) selector: Vec<FileSelector>,
    /// Ask for what is missing of the files that were broken off.
    #[arg(long, conflicts_with = "selector")]
    pub(crate) resume: bool,
    /// The most octets of a file; larger ones are refused. Default: no limit.
    #[arg(long, value_name = "N")]
    pub(crate) accept_size: Option<u64>,
    /// Media types to take, such as "text/plain,image/*"; others are refused.
    #[arg(long, value_name = "LIST", default_value = "*", value_parser = media_types)]
    pub(crate) accept_type: MediaTypes,
    #[command(flatten)]
    pub(crate) session: Session,
}

#[derive(Args)]
pub(crate) struct Session {
    /// Where this side's session description goes; "-" is the standard output, and
    /// the JSON objects go to the standard error then.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) sdp_out: PathBuf,
    /// Where the other side's session description comes from; a file is waited for.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) sdp_in: PathBuf,
    /// Where to listen; port 0 for a free one.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Offer TLS. Each side makes a certificate and knows the other's by the
    /// fingerprint in its session description. Offers of TLS are always taken.
    #[arg(long)]
    pub(crate) tls: bool,
    /// How long nothing may happen, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60)]
    pub(crate) timeout: u64,
}

fn media_types(list: &str) -> Result<MediaTypes, msrp::wire::ValueError> {
    MediaTypes::new(&list.replace(',', " "))
}
