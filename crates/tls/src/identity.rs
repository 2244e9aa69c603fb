//! The identity of this side: a certificate chain and its key.

use std::path::Path;

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::{Fingerprint, HashFunction, TlsError};

/// A certificate, its chain of issuers, and its private key.
#[derive(Debug)]
pub struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Identity {
    /// A chain in DER, this side's certificate first, and its key.
    #[must_use]
    pub const fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        Self { chain, key }
    }

    /// Reads a chain and a key from files in PEM.
    ///
    /// # Errors
    ///
    /// [`TlsError::File`] if one of them cannot be read or does not contain a
    /// certificate or key.
    pub fn from_files(chain: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| in_file(key, error))?;
        Ok(Self { chain, key })
    }

    /// The fingerprint of the certificate, for a session description. `None` if
    /// the chain is empty.
    #[must_use]
    pub fn fingerprint(&self, function: HashFunction) -> Option<Fingerprint> {
        self.chain.first().map(|certificate| Fingerprint::of(function, certificate))
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

/// The certificates of a file in PEM, at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(all) if all.is_empty() => Err(in_file(path, PemError::NoItemsFound)),
        Ok(all) => Ok(all),
        Err(error) => Err(in_file(path, error)),
    }
}

fn in_file(path: &Path, error: PemError) -> TlsError {
    TlsError::File { path: path.into(), source: error.into() }
}
