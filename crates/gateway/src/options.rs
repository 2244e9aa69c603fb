//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use msrp_tls::TlsError;
use thiserror::Error;

use crate::policy::Pattern;

/// A gateway from HTTP to MSRP (RFC 4975).
#[derive(Clone, Debug, Parser)]
#[command(version, name = "msrp-gateway")]
#[non_exhaustive]
pub struct Options {
    /// Address to listen on for HTTP. Any other than loopback needs --token.
    #[arg(long, default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,

    /// Target that the gateway may connect to: a name, *.NAME, an address,
    /// ADDRESS/PREFIX or *, with or without a port; repeat it for several.
    /// Default: loopback addresses only.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub allow: Vec<Pattern>,

    /// Bearer token that every request must carry. In the environment it is
    /// hidden from other users.
    #[arg(long, env = "MSRP_GATEWAY_TOKEN", hide_env_values = true)]
    pub token: Option<String>,

    /// Root certificates in PEM, in addition to those of the system.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Largest message in octets, in either direction.
    #[arg(long, value_name = "OCTETS", default_value_t = 1024 * 1024)]
    pub max_size: usize,

    /// Largest number of requests at once.
    #[arg(long, default_value_t = 256)]
    pub max_exchanges: u32,

    /// Largest number of HTTP connections.
    #[arg(long, default_value_t = 1024)]
    pub max_connections: u32,

    /// Largest number of sessions.
    #[arg(long, default_value_t = 64)]
    pub max_sessions: usize,

    /// Largest number of tunnels.
    #[arg(long, default_value_t = 64)]
    pub max_tunnels: u32,

    /// Largest WebSocket message to the client of a tunnel; larger chunks of the
    /// stream are split.
    #[arg(long, value_name = "OCTETS", default_value_t = 64 * 1024)]
    pub ws_max_message: usize,

    /// Time after which an idle session or tunnel is ended.
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds)]
    pub session_timeout: Duration,

    /// Time limit for running requests after SIGTERM.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub grace: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::parse_from(["msrp-gateway"])
    }

    /// Anyone who reaches the gateway can connect through it. So it needs a token
    /// on every address other than loopback.
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
    /// Anyone on the network could connect through the gateway.
    #[error(
        "other machines can reach {0} and connect through the gateway: give a --token, or \
         listen on 127.0.0.1"
    )]
    NoToken(SocketAddr),
    /// Anyone can guess an empty token.
    #[error("the token is empty")]
    EmptyToken,
    /// Listening on the address failed.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The root certificates are not usable.
    #[error("--ca")]
    Roots(#[from] TlsError),
}
