//! Why the relay does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

use msrp::uri::UriError;
use msrp_tls::TlsError;
use thiserror::Error;

/// Why the relay does not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Nobody could reach it.
    #[error("give at least one of --listen, --tls-listen, --wss-listen and --ws-listen")]
    NoListener,
    /// TLS without a certificate.
    #[error("--tls-listen and --wss-listen need --cert and --key")]
    NoCertificate,
    /// WebSockets without TLS.
    #[error("MSRP over WebSockets needs TLS: use --wss-listen, or --plain-auth for a trial")]
    PlainWebSocket,
    /// Clients would be told an address in place of a name.
    #[error("give the relay's host name with --name; only --plain-auth does without, for a trial")]
    NoName,
    /// Clients would be told an address that leads nowhere.
    #[error("nobody can connect to {0}: give a --name, or an address of this machine")]
    Unspecified(SocketAddr),
    /// The name cannot stand in a URI.
    #[error("--name: {0}")]
    Name(#[from] UriError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Certificates cannot be used.
    #[error("certificates: {0}")]
    Tls(#[from] TlsError),
    /// The users cannot be read.
    #[error("{0}: {1}")]
    Users(PathBuf, UsersError),
    /// There is no source of random octets.
    #[error(transparent)]
    Random(#[from] msrp::RandomError),
}

/// Why a users file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UsersError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A line is not one of a user.
    #[error("line {0}: write user:realm:MD5[:SHA-256], the hashes in hexadecimal digits")]
    Line(usize),
    /// A user is there twice.
    #[error("line {0}: this user and realm have a line already")]
    Twice(usize),
}
