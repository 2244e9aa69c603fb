//! How a client checks the server.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use msrp::uri::UriRef;
use msrp_tls::{Fingerprint, Roots, ServerCheck, TlsError, client_config, server_name};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::failure::Failure;
use crate::link::Secure;

/// How to check the server's certificate: against the host of the URI, or by a
/// fingerprint.
#[derive(clap::Args, Default)]
pub(crate) struct TlsOptions {
    /// Root certificates in PEM, in addition to those of the system (msrps).
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint")]
    ca: Option<PathBuf>,
    /// Accept only the certificate with this fingerprint, regardless of its
    /// names and issuer: "sha-256 4A:AD:B9:..." as in a session description
    /// (msrps).
    #[arg(long, value_name = "HASH")]
    fingerprint: Option<Fingerprint>,
}

/// The server that a client expects.
pub(crate) struct Expected {
    name: ServerName<'static>,
    /// `None` without root certificates to check names with.
    config: Option<Arc<ClientConfig>>,
}

impl Expected {
    /// The server of a URI; `None` without TLS. An error is wrong usage.
    pub(crate) fn new(uri: UriRef<'_>, options: TlsOptions) -> anyhow::Result<Option<Self>> {
        if !uri.is_secure() {
            options.refuse().with_context(|| uri.to_string())?;
            return Ok(None);
        }
        let name = server_name(uri.host()).with_context(|| uri.to_string())?;
        let config = options.check()?.map(|check| client_config(check, None)).transpose()?;
        Ok(Some(Self { name, config }))
    }

    pub(crate) fn name(&self) -> String {
        self.name.to_str().into_owned()
    }

    /// Completes a TLS handshake on a socket.
    pub(crate) fn meet(&self, socket: TcpStream, deadline: Instant) -> Result<Secure, Failure> {
        let config = self.config.clone().ok_or(TlsError::NoRoots).map_err(Failure::tls)?;
        let client = ClientConnection::new(config, self.name.clone()).map_err(Failure::tls)?;
        Secure::new(socket, client, deadline).map_err(Failure::handshake)
    }
}

impl TlsOptions {
    /// Refuses these options, because there is no server to check.
    pub(crate) fn refuse(self) -> anyhow::Result<()> {
        match self {
            Self { ca: None, fingerprint: None } => Ok(()),
            _ => bail!("--ca and --fingerprint need a URI with msrps"),
        }
    }

    fn check(self) -> anyhow::Result<Option<ServerCheck>> {
        if let Some(fingerprint) = self.fingerprint {
            return Ok(Some(ServerCheck::Pinned(fingerprint.into())));
        }
        let Some(file) = self.ca else { return Ok(Roots::system().ok().map(ServerCheck::Named)) };
        let roots = Roots::system_and_file(&file).context("--ca")?;
        Ok(Some(ServerCheck::Named(roots)))
    }
}
