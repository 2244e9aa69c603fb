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
    /// There is no address to listen on.
    #[error("give at least one of --listen, --tls-listen, --wss-listen and --ws-listen")]
    NoListener,
    /// TLS needs a certificate.
    #[error("--tls-listen and --wss-listen need --cert and --key")]
    NoCertificate,
    /// WebSockets need TLS (RFC 7977 section 5.1).
    #[error("MSRP over WebSockets needs TLS: use --wss-listen, or --plain-auth for a test")]
    PlainWebSocket,
    /// The URIs of clients need the relay's host name (RFC 4976 section 4.2).
    #[error(
        "--name is missing, the relay's host name; only --plain-auth, for a test, can do without"
    )]
    NoName,
    /// The URIs of clients would contain the unspecified address.
    #[error("clients cannot connect to {0}: give --name, or listen on an address of this machine")]
    Unspecified(SocketAddr),
    /// The name is not valid in a URI.
    #[error("--name")]
    Name(#[from] UriError),
    /// Listening on the address failed.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The certificates are not usable.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// The users file cannot be read.
    #[error("cannot use --users {}", .0.display())]
    Users(PathBuf, #[source] std::io::Error),
    /// The line of that number of the users file does not describe a user.
    #[error(
        "line {0} of --users is not user:realm:MD5[:SHA-256] with hashes in hexadecimal digits"
    )]
    UsersLine(usize),
    /// The line of that number of the users file repeats a user.
    #[error("line {0} of --users: duplicate user and realm")]
    DuplicateUser(usize),
    /// The source of random octets failed.
    #[error(transparent)]
    Random(#[from] msrp::RandomError),
}
