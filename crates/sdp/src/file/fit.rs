//! Whether a file is the one that a selector means.

use msrp::MediaType;

use super::{FileHash, FileProperty, FileSelector};

/// What is known of a file, to compare with a [`FileSelector`].
#[derive(Clone, Copy, Debug, Default)]
pub struct FileFacts<'a> {
    /// Its name, without a folder.
    pub name: Option<&'a str>,
    /// Its media type.
    pub media_type: Option<&'a MediaType>,
    /// The number of its octets.
    pub size: Option<u64>,
    /// Its hashes, by any algorithms.
    pub hashes: &'a [FileHash],
}

/// Whether a file fits a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileFit {
    /// Everything that the selector says is true of the file.
    Fits,
    /// Nothing differs, but the selector says this and it is unknown of the file.
    /// Computing another hash may decide.
    Unknown(FileProperty),
    /// This differs: it is another file, or a changed or damaged one.
    Differs(FileProperty),
}

impl FileSelector {
    /// Compares a file with the one that a peer asks for (RFC 5547 sections 5 and
    /// 8.3.2), or a received file with the one that was announced (section 8.2.2).
    ///
    /// Names and sizes must be equal, and types without their parameters and letter
    /// case. A hash is ignored if the file has no hash with the same algorithm and
    /// another one is equal.
    #[must_use]
    pub fn fit(&self, file: &FileFacts<'_>) -> FileFit {
        let is_equal = [
            (FileProperty::Size, is_equal(self.size(), file.size)),
            (FileProperty::Hash, self.is_hash_equal(file.hashes)),
            (FileProperty::Type, is_equal(self.essence(), file.media_type.map(Essence))),
            (FileProperty::Name, is_equal(self.name(), file.name)),
        ];
        let find = |wanted| is_equal.iter().find(|(_, it)| *it == wanted).map(|(name, _)| *name);
        match (find(Some(false)), find(None)) {
            (Some(property), _) => FileFit::Differs(property),
            (None, Some(property)) => FileFit::Unknown(property),
            (None, None) => FileFit::Fits,
        }
    }

    /// Whether both can mean the same file. If both have a hash with the same
    /// algorithm, only that decides; otherwise they must not contradict each other.
    #[must_use]
    pub fn can_be_same_file(&self, other: &Self) -> bool {
        let is_shared = |hash: &FileHash| other.hash(hash.algorithm()).is_some();
        if self.hashes().iter().any(is_shared) {
            return self.is_hash_equal(other.hashes()) == Some(true);
        }
        !matches!(self.fit(&other.facts()), FileFit::Differs(_))
    }

    /// What it says of the file, to compare with another selector.
    #[must_use]
    pub fn facts(&self) -> FileFacts<'_> {
        FileFacts {
            name: self.name(),
            media_type: self.media_type(),
            size: self.size(),
            hashes: self.hashes(),
        }
    }

    fn essence(&self) -> Option<Essence<'_>> {
        self.media_type().map(Essence)
    }

    /// Whether the hashes are those of the same file. `None` if they do not tell.
    fn is_hash_equal(&self, known: &[FileHash]) -> Option<bool> {
        if self.hashes().is_empty() {
            return Some(true);
        }
        let comparable = |asked: &FileHash, hash: &FileHash| asked.algorithm() == hash.algorithm();
        let pairs = self.hashes().iter().flat_map(|asked| {
            known.iter().filter(move |hash| comparable(asked, hash)).map(move |hash| asked == hash)
        });
        pairs.reduce(|so_far, is_equal| so_far && is_equal)
    }
}

/// Whether what a selector says is true. `None` if it is unknown.
fn is_equal<T: PartialEq>(asked: Option<T>, known: Option<T>) -> Option<bool> {
    match (asked, known) {
        (None, _) => Some(true),
        (Some(_), None) => None,
        (Some(asked), Some(known)) => Some(asked == known),
    }
}

/// A media type without its parameters and letter case.
struct Essence<'a>(&'a MediaType);

impl PartialEq for Essence<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.essence().eq_ignore_ascii_case(other.0.essence())
    }
}
