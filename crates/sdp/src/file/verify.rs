//! Hashes of files, computed piece by piece.

use sha1::{Digest, Sha1};
use sha2::Sha256;
use thiserror::Error;

use super::{FileHash, FileSelector, HashAlgorithm};

/// Computes the SHA-1 and the SHA-256 of a file from its octets in order.
///
/// ```
/// use msrp_sdp::file::FileHasher;
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
    /// A hasher without any octets so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next octets of the file.
    pub fn update(&mut self, octets: &[u8]) {
        self.sha_1.update(octets);
        self.sha_256.update(octets);
    }

    /// The hashes of all octets: SHA-1, which RFC 5547 demands, and SHA-256.
    #[must_use]
    pub fn finish(self) -> [FileHash; 2] {
        [
            FileHash::computed(HashAlgorithm::SHA_1, self.sha_1.finalize().as_slice()),
            FileHash::computed(HashAlgorithm::SHA_256, self.sha_256.finalize().as_slice()),
        ]
    }
}

/// Checks the octets of a file against the size and the hashes of a selector (RFC 5547
/// sections 8.2.2 and 8.3.1). Computes only the hashes that the selector has.
///
/// It needs the whole file from the first octet, even if only a part was transferred.
#[derive(Clone, Debug)]
pub struct FileVerifier {
    expected: FileSelector,
    octets: u64,
    sha_1: Option<Sha1>,
    sha_256: Option<Sha256>,
}

/// Why a file is not the one that its selector describes: the transfer has failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileMismatch {
    /// The size differs.
    #[error("the file has {octets} octets instead of {expected}")]
    Size {
        /// The octets that the selector announced.
        expected: u64,
        /// The octets of the file.
        octets: u64,
    },
    /// The hash with this algorithm differs.
    #[error("the {0} hash of the file differs")]
    Hash(HashAlgorithm),
}

impl FileVerifier {
    /// A verifier of the file that this selector describes.
    #[must_use]
    pub fn new(expected: FileSelector) -> Self {
        let has_hash = |algorithm| expected.hash(&algorithm).is_some();
        let sha_1 = has_hash(HashAlgorithm::SHA_1).then(Sha1::new);
        let sha_256 = has_hash(HashAlgorithm::SHA_256).then(Sha256::new);
        Self { expected, octets: 0, sha_1, sha_256 }
    }

    /// Adds the next octets of the file.
    pub fn update(&mut self, octets: &[u8]) {
        self.octets = self.octets.saturating_add(octets.len() as u64);
        if let Some(sha_1) = &mut self.sha_1 {
            sha_1.update(octets);
        }
        if let Some(sha_256) = &mut self.sha_256 {
            sha_256.update(octets);
        }
    }

    /// The number of octets so far.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// Ends the file. Returns the algorithms that it was checked with, which may be
    /// none: a selector may have no hash, and other algorithms than SHA-1 and SHA-256
    /// are ignored.
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
