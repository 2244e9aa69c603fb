//! Hashes of files, computed as their octets pass by.

use sha1::{Digest, Sha1};
use sha2::Sha256;
use thiserror::Error;

use crate::{FileHash, FileSelector, HashAlgorithm};

/// Computes the SHA-1 and the SHA-256 of a file from its octets in order.
///
/// ```
/// use msrp_sdp::FileHasher;
///
/// let mut hasher = FileHasher::new();
/// hasher.update(b"The quick brown fox jumps over ");
/// hasher.update(b"the lazy dog");
/// let [sha_1, sha_256] = hasher.finish();
/// assert_eq!(
///     sha_1.to_string(),
///     "sha-1:2F:D4:E1:C6:7A:2D:28:FC:ED:84:9E:E1:BB:76:E7:39:1B:93:EB:12"
/// );
/// assert_eq!(sha_256.algorithm().as_str(), "sha-256");
/// ```
#[derive(Clone, Debug, Default)]
pub struct FileHasher {
    sha_1: Sha1,
    sha_256: Sha256,
}

impl FileHasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next octets of the file.
    pub fn update(&mut self, octets: &[u8]) {
        self.sha_1.update(octets);
        self.sha_256.update(octets);
    }

    /// The hashes of all octets: SHA-1, which RFC 5547 asks for, and SHA-256.
    #[must_use]
    pub fn finish(self) -> [FileHash; 2] {
        [
            FileHash::computed(HashAlgorithm::SHA_1, self.sha_1.finalize().as_slice()),
            FileHash::computed(HashAlgorithm::SHA_256, self.sha_256.finalize().as_slice()),
        ]
    }
}

/// Checks the octets of a file against the size and the hashes of a selector
/// (RFC 5547 sections 8.2.2 and 8.3.1). Computes no hash that is not asked for.
///
/// It gets the whole file from its first octet on, also where only a part of it was
/// transferred.
#[derive(Clone, Debug)]
pub struct FileVerifier {
    expected: FileSelector,
    octets: u64,
    sha_1: Option<Sha1>,
    sha_256: Option<Sha256>,
}

/// The file is not the one that was described: the transfer has failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileMismatch {
    /// It has another size.
    #[error("the file has {octets} octets instead of {expected}")]
    Size {
        /// How many octets were to come.
        expected: u64,
        /// How many there are.
        octets: u64,
    },
    /// It has another hash by this algorithm.
    #[error("the file has another {0} hash than was said")]
    Hash(HashAlgorithm),
}

impl FileVerifier {
    /// Expects the file of this selector.
    #[must_use]
    pub fn new(expected: FileSelector) -> Self {
        let is_asked = |algorithm| expected.hash(&algorithm).is_some();
        let sha_1 = is_asked(HashAlgorithm::SHA_1).then(Sha1::new);
        let sha_256 = is_asked(HashAlgorithm::SHA_256).then(Sha256::new);
        Self { expected, octets: 0, sha_1, sha_256 }
    }

    /// The next octets of the file.
    pub fn update(&mut self, octets: &[u8]) {
        self.octets = self.octets.saturating_add(octets.len() as u64);
        if let Some(sha_1) = &mut self.sha_1 {
            sha_1.update(octets);
        }
        if let Some(sha_256) = &mut self.sha_256 {
            sha_256.update(octets);
        }
    }

    /// How many octets have come so far.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The file is complete. Says by which algorithms it was checked, which may be
    /// none: a selector need not have a hash, and others than SHA-1 and SHA-256 are
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`FileMismatch`] names the first thing that differs.
    pub fn finish(self) -> Result<Vec<HashAlgorithm>, FileMismatch> {
        let Self { expected, octets, sha_1, sha_256 } = self;
        if let Some(expected) = expected.size().filter(|size| *size != octets) {
            return Err(FileMismatch::Size { expected, octets });
        }
        let sha_1 =
            sha_1.map(|it| FileHash::computed(HashAlgorithm::SHA_1, it.finalize().as_slice()));
        let sha_256 =
            sha_256.map(|it| FileHash::computed(HashAlgorithm::SHA_256, it.finalize().as_slice()));
        let mut checked = Vec::new();
        for hash in [sha_1, sha_256].into_iter().flatten() {
            let mut wanted =
                expected.hashes().iter().filter(|it| it.algorithm() == hash.algorithm());
            if wanted.any(|wanted| *wanted != hash) {
                return Err(FileMismatch::Hash(hash.algorithm().clone()));
            }
            checked.push(hash.algorithm().clone());
        }
        Ok(checked)
    }
}
