//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use msrp::MediaTypes;
use msrp_sdp::file::{FileRange, FileSelector};

/// Transfers files over MSRP (RFC 5547). The two sides exchange session
/// descriptions as files or through pipes.
///
/// Prints one JSON object per file, each on a line. Exit status: 0 if all files
/// were transferred, 1 if some were not or the other side's description cannot be
/// used, 2 for wrong usage.
#[derive(Parser)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Send files: offer them, or serve those that a receiver asks for.
    Offer(Offer),
    /// Receive files: accept those that are offered, or ask for some.
    Fetch(Fetch),
}

#[derive(Args)]
pub(crate) struct Offer {
    /// Files to offer.
    #[arg(required_unless_present = "serve")]
    pub(crate) files: Vec<PathBuf>,
    /// Answer an offer that asks for files with those that it selects among these
    /// files and the files in these folders.
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "files")]
    pub(crate) serve: Vec<PathBuf>,
    /// Offer only this range of the file, such as "2049-*". A receiver accepts it if
    /// it has the octets before.
    #[arg(long, value_name = "FROM-TO", conflicts_with = "serve")]
    pub(crate) range: Option<FileRange>,
    /// Wrap files in message/cpim for every receiver, not only for one that prefers it.
    #[arg(long)]
    pub(crate) cpim: bool,
    #[command(flatten)]
    pub(crate) session: Session,
}

#[derive(Args)]
pub(crate) struct Fetch {
    /// Folder for the files. Interrupted ones stay there as ".part".
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Ask for a file, such as 'name:"x.pdf" hash:sha-1:72:24:…'. Can be given
    /// several times. Without it, accept the files that are offered.
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) selector: Vec<FileSelector>,
    /// Ask for the missing octets of interrupted files.
    #[arg(long, conflicts_with = "selector")]
    pub(crate) resume: bool,
    /// The most octets of a file. Larger files are refused [default: no limit].
    #[arg(long, value_name = "N")]
    pub(crate) accept_size: Option<u64>,
    /// Media types to accept, such as "text/plain,image/*". Others are refused.
    #[arg(long, value_name = "LIST", default_value = "*", value_parser = media_types)]
    pub(crate) accept_type: MediaTypes,
    #[command(flatten)]
    pub(crate) session: Session,
}

#[derive(Args)]
pub(crate) struct Session {
    /// Where to write this side's session description. With "-", standard output, the
    /// JSON objects go to standard error.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) sdp_out: PathBuf,
    /// Where to read the other side's session description. Waits for a file to appear.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) sdp_in: PathBuf,
    /// Where to listen. Port 0 means any free port.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Offer TLS. Each side generates a certificate and checks the other's against
    /// the fingerprint in its session description. Offers of TLS are always accepted.
    #[arg(long)]
    pub(crate) tls: bool,
    /// How long to wait for the peer, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60)]
    pub(crate) timeout: u64,
}

fn media_types(list: &str) -> Result<MediaTypes, msrp::wire::ValueError> {
    MediaTypes::new(&list.replace(',', " "))
}
