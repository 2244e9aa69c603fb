//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;

use crate::fault::StartError;

/// A relay for MSRP (RFC 4976).
#[derive(Clone, Debug, Parser)]
#[command(version, name = "msrp-relay", args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
#[non_exhaustive]
pub struct CommandLine {
    /// What to do instead of relaying.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// How to relay.
    #[command(flatten)]
    pub options: Options,
}

/// What else the program does.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Writes a line of the users file.
    Hash(HashOptions),
}

/// Whose line of the users file.
#[derive(Clone, Debug, Args)]
#[non_exhaustive]
pub struct HashOptions {
    /// The realm, as the relay's --realm.
    #[arg(long)]
    pub realm: String,

    /// The name of the user.
    #[arg(long)]
    pub user: String,

    /// The file whose first line is the password. Without it the password is
    /// read from standard input.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// How to relay.
#[derive(Clone, Debug, Args)]
#[group(skip)]
#[non_exhaustive]
pub struct Options {
    /// Where to listen for plain TCP: from endpoints that authenticate
    /// themselves nowhere, and with --plain-auth from clients of the relay.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// Where to listen for TLS, from clients, endpoints and other relays.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub tls_listen: Option<SocketAddr>,

    /// Where to listen for WebSockets without TLS, for a trial: needs
    /// --plain-auth (RFC 7977 section 5.1).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub ws_listen: Option<SocketAddr>,

    /// Where to listen for WebSockets over TLS.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub wss_listen: Option<SocketAddr>,

    /// The relay's certificate chain in PEM. It has to be for --name.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,

    /// The private key of --cert in PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,

    /// Root certificates in PEM, for the relay's own connections beside those
    /// of the system. Whoever comes with a certificate that these alone have
    /// signed is another relay.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// The host name by which clients, endpoints and other relays reach this
    /// one. Without it the URIs that clients get hold the address listened on,
    /// which --plain-auth alone permits (RFC 4976 section 4.2).
    #[arg(long, value_name = "HOST")]
    pub name: Option<String>,

    /// The realm that users authenticate themselves for.
    #[arg(long, required = true)]
    pub realm: Option<String>,

    /// The users: lines of user:realm:MD5[:SHA-256], as `hash` writes them.
    /// SIGHUP has it read again.
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,

    /// Takes AUTH without TLS, for a trial: whoever listens in on it can guess
    /// passwords and use the relay in a client's place.
    #[arg(long)]
    pub plain_auth: bool,

    /// Addresses the relay may connect to. Can be given several times. Without
    /// any, all but those of this machine and its link.
    #[arg(long, value_name = "ADDRESS[/PREFIX]", value_parser = net)]
    pub connect_to: Vec<IpNet>,

    /// Where to serve /metrics and /healthz over HTTP.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<SocketAddr>,

    /// The most connections at once.
    #[arg(long, default_value_t = 10_000)]
    pub max_connections: usize,

    /// The most tokens at once: URIs that clients hold.
    #[arg(long, default_value_t = 10_000)]
    pub max_tokens: usize,

    /// The most octets that wait for one connection to take them.
    #[arg(long, value_name = "OCTETS", default_value_t = 256 * 1024)]
    pub max_queue: usize,

    /// The most octets of a WebSocket message to a client; larger chunks are
    /// cut.
    #[arg(long, value_name = "OCTETS", default_value_t = 64 * 1024)]
    pub max_ws_message: usize,

    /// Seconds for connecting to a peer, TLS included, and for the handshakes
    /// of those who connect.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub connect_seconds: Duration,

    /// Seconds between two WebSocket pings. A client that is silent for three
    /// of them is gone.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub ping_seconds: Duration,

    /// Seconds that sessions have to come to rest after SIGTERM.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub drain_seconds: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "give a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn net(text: &str) -> Result<IpNet, String> {
    let single = text.parse::<IpAddr>().map(IpNet::from).ok();
    single.or_else(|| text.parse().ok()).ok_or_else(|| "write ADDRESS or ADDRESS/PREFIX".to_owned())
}

impl Options {
    /// The options of a command line that names a realm only.
    #[must_use]
    pub fn new(realm: &str) -> Self {
        CommandLine::parse_from(["msrp-relay", "--realm", realm]).options
    }

    /// Whether they go together.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let all = [self.listen, self.tls_listen, self.ws_listen, self.wss_listen];
        if all.iter().all(Option::is_none) {
            return Err(StartError::NoListener);
        }
        if (self.tls_listen.is_some() || self.wss_listen.is_some()) && self.cert.is_none() {
            return Err(StartError::NoCertificate);
        }
        if self.ws_listen.is_some() && !self.plain_auth {
            return Err(StartError::PlainWebSocket);
        }
        if self.name.is_none() && !self.plain_auth {
            return Err(StartError::NoName);
        }
        let mut unspecified = all.iter().flatten().filter(|address| address.ip().is_unspecified());
        match unspecified.next() {
            Some(address) if self.name.is_none() => Err(StartError::Unspecified(*address)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn options(arguments: &[&str]) -> Options {
        let all = ["msrp-relay", "--realm", "example.com"].iter().chain(arguments);
        CommandLine::try_parse_from(all).unwrap().options
    }

    #[test]
    fn options_that_would_be_unsafe_do_not_start() {
        let tcp = ["--listen", "127.0.0.1:0"];
        let named = ["--name", "relay.example.com"];
        let check = |parts: &[&[&str]]| options(&parts.concat()).check();
        assert!(matches!(check(&[&named]), Err(StartError::NoListener)));
        assert!(matches!(check(&[&tcp]), Err(StartError::NoName)));
        let tls = ["--tls-listen", "127.0.0.1:0"];
        assert!(matches!(check(&[&named, &tls]), Err(StartError::NoCertificate)));
        // req: 7977-5.1-2
        let ws = ["--ws-listen", "127.0.0.1:0"];
        assert!(matches!(check(&[&named, &ws]), Err(StartError::PlainWebSocket)));
        for everywhere in ["0.0.0.0:0", "[::]:0"] {
            let tcp = ["--listen", everywhere];
            let nameless = check(&[&tcp, &["--plain-auth"]]);
            assert!(matches!(nameless, Err(StartError::Unspecified(_))), "{nameless:?}");
            assert!(check(&[&tcp, &named]).is_ok());
        }
        assert!(check(&[&tcp, &named]).is_ok());
        assert!(check(&[&tcp, &ws, &["--plain-auth"]]).is_ok());
    }

    #[test]
    fn a_line_can_be_made_without_the_options_of_a_relay() {
        let line = ["msrp-relay", "hash", "--realm", "example.com", "--user", "alice"];
        let command = CommandLine::try_parse_from(line).unwrap().command;
        assert!(matches!(command, Some(Command::Hash(hash)) if hash.user == "alice"));
        assert!(CommandLine::try_parse_from(["msrp-relay"]).is_err());
    }
}
