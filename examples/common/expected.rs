//! How a client knows that the server is the one it wants.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use msrp::uri::UriRef;
use msrp_tls::{Fingerprint, Roots, ServerCheck, TlsError, client_config, server_name};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::failure::Failure;
use super::secure::Secure;

/// What the command line says of the server's certificate. It is checked
/// against the host of the URI unless its fingerprint is given.
#[derive(clap::Args, Default)]
pub(crate) struct TlsOptions {
    /// Root certificates in PEM, beside those of the system (msrps).
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint")]
    ca: Option<PathBuf>,
    /// Take only the certificate that has this fingerprint, whatever its names
    /// and signers: "sha-256 4A:AD:B9:..." as in a session description (msrps).
    #[arg(long, value_name = "HASH")]
    fingerprint: Option<Fingerprint>,
}

/// The server that is expected.
pub(crate) struct Expected {
    name: ServerName<'static>,
    /// `None` where there are no root certificates to check names under.
    config: Option<Arc<ClientConfig>>,
}

impl Expected {
    /// The server of a URI; none in particular where there is no TLS. The error
    /// says what is wrong with the command line.
    pub(crate) fn new(uri: UriRef<'_>, options: TlsOptions) -> Result<Option<Self>, String> {
        if !uri.is_secure() {
            return match options.refuse() {
                Ok(()) => Ok(None),
                Err(error) => Err(format!("{uri}: {error}")),
            };
        }
        let name = server_name(uri.host()).map_err(|error| format!("{uri}: {error}"))?;
        let config = options.check()?.map(|check| client_config(check, None)).transpose();
        Ok(Some(Self { name, config: config.map_err(|error| error.to_string())? }))
    }

    pub(crate) fn name(&self) -> String {
        self.name.to_str().into_owned()
    }

    /// Shakes hands with what is at the other end of a socket.
    pub(crate) fn meet(&self, socket: TcpStream, deadline: Instant) -> Result<Secure, Failure> {
        let config = self.config.clone().ok_or(TlsError::NoRoots).map_err(Failure::tls)?;
        let client = ClientConnection::new(config, self.name.clone()).map_err(Failure::tls)?;
        Secure::new(socket, client, deadline).map_err(|error| Failure::handshake(&error))
    }
}

impl TlsOptions {
    /// Takes none of them, where there is no server.
    pub(crate) fn refuse(self) -> Result<(), &'static str> {
        match self {
            Self { ca: None, fingerprint: None } => Ok(()),
            _ => Err("there is no certificate to check without msrps"),
        }
    }

    fn check(self) -> Result<Option<ServerCheck>, String> {
        if let Some(fingerprint) = self.fingerprint {
            return Ok(Some(ServerCheck::Pinned(fingerprint.into())));
        }
        let Some(file) = self.ca else { return Ok(Roots::system().ok().map(ServerCheck::Named)) };
        let roots = Roots::system_and_file(&file).map_err(|error| format!("--ca {error}"))?;
        Ok(Some(ServerCheck::Named(roots)))
    }
}
