//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use msrp::MediaTypes;
use msrp_sdp::file::{FileRange, FileSelector};

/// Transfers files over MSRP (RFC 5547). The two sides exchange session
/// descriptions as files or through pipes.
///
/// Prints a line per file: for people on a terminal, otherwise a JSON object. Exit
/// status: 0 if all files were transferred, 1 if some were not or the other side's
/// description cannot be used, 2 for wrong usage.
#[derive(Parser)]
#[command(name = "msrp-file-transfer", version)]
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

impl Command {
    pub(crate) const fn session(&self) -> &Session {
        match self {
            Self::Offer(options) => &options.session,
            Self::Fetch(options) => &options.session,
        }
    }
}

#[derive(Args)]
pub(crate) struct Offer {
    /// Files to offer, and folders of which all files are offered, under names such as
    /// "photos/2024/cat.png".
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
    /// The most octets a second, such as "500k" or "2M". The files have equal parts of it
    /// [default: no limit].
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<u64>,
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
    /// Accept the offered files that --accept-size and --accept-type allow without
    /// asking. Without a terminal nobody is asked.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Make the folders that stand before the names of files, inside --out. Without it,
    /// all files go into --out itself.
    #[arg(long)]
    pub(crate) folders: bool,
    #[command(flatten)]
    pub(crate) session: Session,
}

#[derive(Args)]
pub(crate) struct Session {
    /// Where to write this side's session description. With "-", standard output, the
    /// lines about files go to standard error.
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
    /// How long to wait for the peer without progress, in seconds. It has longer for the
    /// check of a large file.
    #[arg(long, value_name = "S", default_value = "60", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

fn media_types(list: &str) -> Result<MediaTypes, msrp::wire::ValueError> {
    MediaTypes::new(&list.replace(',', " "))
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "a number of seconds".into())
}

/// A positive number, perhaps with a decimal prefix of its unit.
fn rate(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(['k', 'M', 'G']);
    let unit = match text.get(digits.len()..) {
        Some("") => Some(1),
        Some("k") => Some(1_000),
        Some("M") => Some(1_000_000),
        Some("G") => Some(1_000_000_000),
        _ => None,
    };
    let octets = digits.parse::<u64>().ok().zip(unit).and_then(|(n, unit)| n.checked_mul(unit));
    octets.filter(|octets| *octets > 0).ok_or_else(|| "a number such as 500k, 2M or 1G".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_unit_or_none() {
        for (text, octets) in [("1", 1), ("500k", 500_000), ("2M", 2_000_000)] {
            assert_eq!(rate(text), Ok(octets));
        }
        for text in ["", "k", "0", "0M", "2kk", "2 M", "-1", "1.5M", "99999999999999G"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
