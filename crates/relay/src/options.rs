//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::fault::StartError;
use crate::policy::Target;

/// A relay for MSRP (RFC 4976).
#[derive(Clone, Debug, Parser)]
#[command(version, name = "msrp-relay", args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
#[non_exhaustive]
pub struct CommandLine {
    /// A task other than relaying.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The options of the relay.
    #[command(flatten)]
    pub options: Options,
}

/// A task other than relaying.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Prints a line for the users file.
    Hash(HashOptions),
}

/// The user to print a line for.
#[derive(Clone, Debug, Args)]
#[non_exhaustive]
pub struct HashOptions {
    /// The realm, the same as the relay's --realm.
    #[arg(long)]
    pub realm: String,

    /// The name of the user.
    #[arg(long)]
    pub user: String,

    /// File whose first line is the password. Default: the standard input.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// The options of the relay.
#[derive(Clone, Debug, Args)]
#[group(skip)]
#[non_exhaustive]
pub struct Options {
    /// Address to listen on for plain TCP, for endpoints that do not
    /// authenticate and, with --plain-auth, for clients of the relay.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// Address to listen on for TLS, for clients, endpoints and other relays.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub tls_listen: Option<SocketAddr>,

    /// Address to listen on for WebSockets without TLS, for tests: needs
    /// --plain-auth (RFC 7977 section 5.1).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub ws_listen: Option<SocketAddr>,

    /// Address to listen on for WebSockets over TLS.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub wss_listen: Option<SocketAddr>,

    /// Certificate chain of the relay in PEM, valid for --name.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,

    /// Private key of --cert in PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,

    /// Root certificates of relays in PEM: a peer whose certificate is valid
    /// under these alone is a relay. To connect to endpoints, the relay also
    /// trusts the roots of the system.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Host name of this relay, part of the URIs that clients get. Without it
    /// they contain the address, which only --plain-auth permits (RFC 4976
    /// section 4.2).
    #[arg(long, value_name = "HOST")]
    pub name: Option<String>,

    /// Realm of the users.
    #[arg(long, required = true)]
    pub realm: Option<String>,

    /// Users file, with lines of user:realm:MD5[:SHA-256] as `msrp-relay hash`
    /// prints them. SIGHUP reloads it, and the certificates.
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,

    /// Accept AUTH without TLS, for tests: anyone on the network can then guess
    /// passwords offline and take over a client's session.
    #[arg(long)]
    pub plain_auth: bool,

    /// Network that the relay may connect to; repeat it for several. Without a
    /// port, it permits those from 1024. Default: all except special-purpose
    /// addresses, such as private ones, and those of this machine.
    #[arg(long, value_name = "ADDRESS[/PREFIX][:PORT]")]
    pub connect_to: Vec<Target>,

    /// Address to serve /metrics and /healthz on over HTTP.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<SocketAddr>,

    /// Largest number of connections.
    #[arg(long, default_value_t = 10_000)]
    pub max_connections: usize,

    /// Largest number of tokens, the URIs that clients hold.
    #[arg(long, default_value_t = 10_000)]
    pub max_tokens: usize,

    /// Largest number of octets queued for one connection.
    #[arg(long, value_name = "OCTETS", default_value_t = 256 * 1024)]
    pub max_queue: usize,

    /// Largest WebSocket message to a client; larger chunks are split.
    #[arg(long, value_name = "OCTETS", default_value_t = 64 * 1024)]
    pub max_ws_message: usize,

    /// Time limit for connecting to a peer and for each handshake.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub connect_seconds: Duration,

    /// Time between WebSocket pings. A client that is silent for three times as
    /// long is disconnected.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub ping_seconds: Duration,

    /// Time limit for sessions to become quiet after SIGTERM. What has no response by then
    /// is reported to its sender as lost.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub drain_seconds: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

impl Options {
    /// The defaults, for this realm.
    #[must_use]
    pub fn new(realm: &str) -> Self {
        CommandLine::parse_from(["msrp-relay", "--realm", realm]).options
    }

    /// Checks that they are consistent and safe.
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
