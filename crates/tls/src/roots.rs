//! The certificates that are trusted to sign others.

use std::path::Path;

use rustls::RootCertStore;

use crate::TlsError;
use crate::identity::certificates;

/// Root certificates: the system's, those of a file, or both.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Roots {
    /// The roots that the system trusts.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoRoots`] where it has none.
    pub fn system() -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        // A root that cannot be read is none; the others are not worse for it.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() { Err(TlsError::NoRoots) } else { Ok(Self(store)) }
    }

    /// The roots in a file in PEM, and no others.
    ///
    /// # Errors
    ///
    /// [`TlsError::File`] and [`TlsError::Rustls`] where the file cannot be
    /// used.
    pub fn from_file(path: &Path) -> Result<Self, TlsError> {
        Self(RootCertStore::empty()).and_file(path)
    }

    /// The system's roots, as far as it has any, beside those in a file.
    ///
    /// # Errors
    ///
    /// As [`Roots::from_file`].
    pub fn system_and_file(path: &Path) -> Result<Self, TlsError> {
        Self::system().unwrap_or(Self(RootCertStore::empty())).and_file(path)
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
