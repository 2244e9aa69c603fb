//! How the certificate of a server is checked.

use std::path::PathBuf;

use anyhow::{Context, bail};
use msrp_tls::{Fingerprint, Roots, ServerCheck};

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

impl TlsOptions {
    /// Refuses these options, because there is no server to check.
    pub(crate) fn refuse(self) -> anyhow::Result<()> {
        match self {
            Self { ca: None, fingerprint: None } => Ok(()),
            _ => bail!("--ca and --fingerprint need a URI with msrps"),
        }
    }

    /// How to check the server. `None`: by its name, under the roots of the system.
    pub(super) fn check(self) -> anyhow::Result<Option<ServerCheck>> {
        if let Some(fingerprint) = self.fingerprint {
            return Ok(Some(ServerCheck::Pinned(fingerprint.into())));
        }
        let Some(file) = self.ca else { return Ok(None) };
        let roots = Roots::system_and_file(&file).context("--ca")?;
        Ok(Some(ServerCheck::Named(roots)))
    }
}
