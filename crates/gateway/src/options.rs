//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use msrp_tls::TlsError;
use thiserror::Error;

use crate::policy::Pattern;

/// MSRP behind an HTTP interface.
#[derive(Clone, Debug, Parser)]
#[command(version, name = "msrp-gateway")]
#[non_exhaustive]
pub struct Options {
    /// Where to listen for HTTP. An address other than loopback needs --token.
    #[arg(long, default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,

    /// A target that may be connected to: a name, *.NAME, an address,
    /// ADDRESS/PREFIX or *, with a port or without. Can be given several times.
    /// Without any, loopback addresses are the only targets.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub allow: Vec<Pattern>,

    /// The bearer token that every request has to carry. Better given in the
    /// environment, where other users do not see it.
    #[arg(long, env = "MSRP_GATEWAY_TOKEN", hide_env_values = true)]
    pub token: Option<String>,

    /// Root certificates in PEM, beside those of the system.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// The most octets of one message, in either direction.
    #[arg(long, value_name = "OCTETS", default_value_t = 1024 * 1024)]
    pub max_size: usize,

    /// The most requests that are worked on at once.
    #[arg(long, default_value_t = 256)]
    pub max_exchanges: u32,

    /// The most HTTP connections at once.
    #[arg(long, default_value_t = 1024)]
    pub max_connections: u32,

    /// The most sessions at once.
    #[arg(long, default_value_t = 64)]
    pub max_sessions: usize,

    /// The most tunnels at once.
    #[arg(long, default_value_t = 64)]
    pub max_tunnels: u32,

    /// The most octets of a WebSocket message to the client of a tunnel; larger
    /// chunks of the stream are cut.
    #[arg(long, value_name = "OCTETS", default_value_t = 64 * 1024)]
    pub ws_max_message: usize,

    /// Seconds after which a session or tunnel in which nothing happens is ended.
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds)]
    pub session_timeout: Duration,

    /// Seconds that running requests have to end after SIGTERM.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub grace: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "give a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

impl Options {
    /// The options of a command line that names none.
    #[must_use]
    pub fn new() -> Self {
        Self::parse_from(["msrp-gateway"])
    }

    /// Whoever reaches another address than loopback could use this program to
    /// reach what it reaches.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        match &self.token {
            Some(token) if token.is_empty() => Err(StartError::EmptyToken),
            None if !self.listen.ip().is_loopback() => Err(StartError::NoToken(self.listen)),
            _ => Ok(()),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// Why the gateway does not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// It would serve everybody who reaches it.
    #[error(
        "{0} can be reached from other machines, and whoever reaches it could connect to others \
         through it: give a --token that requests have to carry, or listen on 127.0.0.1"
    )]
    NoToken(SocketAddr),
    /// A token that everybody has.
    #[error("the token is empty; give one that is hard to guess")]
    EmptyToken,
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The root certificates cannot be used.
    #[error("--ca: {0}")]
    Roots(#[from] TlsError),
}
