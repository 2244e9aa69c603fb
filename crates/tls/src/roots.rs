//! Root certificates.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;

use crate::identity::certificates;
use crate::{TlsError, provider};

/// Root certificates: those of the system, of a file, or both.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Roots {
    /// The roots that the system trusts.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoRoots`] if there are none.
    pub fn system() -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        // A root that cannot be read does not affect the others.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() { Err(TlsError::NoRoots) } else { Ok(Self(store)) }
    }

    /// Only the roots in a PEM file.
    ///
    /// # Errors
    ///
    /// [`TlsError::File`] if the file cannot be read, [`TlsError::Rustls`] if it
    /// contains a certificate that cannot be a root.
    pub fn from_file(path: &Path) -> Result<Self, TlsError> {
        Self(RootCertStore::empty()).and_file(path)
    }

    /// The roots of the system, if there are any, and those in a PEM file.
    ///
    /// # Errors
    ///
    /// As [`Roots::from_file`].
    pub fn system_and_file(path: &Path) -> Result<Self, TlsError> {
        Self::system().unwrap_or(Self(RootCertStore::empty())).and_file(path)
    }

    /// Whether a server's chain is valid for this name under these roots, now. After a
    /// handshake under more roots, this tells whether the server is one of a narrower
    /// circle, such as the relays of a federation (RFC 4976 section 9.2).
    #[must_use]
    pub fn vouch_for(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> bool {
        let Some((certificate, issuers)) = chain.split_first() else { return false };
        let store = Arc::new(self.0.clone());
        WebPkiServerVerifier::builder_with_provider(store, provider()).build().is_ok_and(|check| {
            check.verify_server_cert(certificate, issuers, name, &[], UnixTime::now()).is_ok()
        })
    }

    /// The same for the chain of a client, which needs no name.
    #[must_use]
    pub fn vouch_for_client(&self, chain: &[CertificateDer<'_>]) -> bool {
        let Some((certificate, issuers)) = chain.split_first() else { return false };
        let store = Arc::new(self.0.clone());
        WebPkiClientVerifier::builder_with_provider(store, provider()).build().is_ok_and(|check| {
            check.verify_client_cert(certificate, issuers, UnixTime::now()).is_ok()
        })
    }

    fn and_file(mut self, path: &Path) -> Result<Self, TlsError> {
        for certificate in certificates(path)? {
            self.0.add(certificate)?;
        }
        Ok(self)
    }

    pub(crate) fn store(self) -> RootCertStore {
        self.0
    }
}
