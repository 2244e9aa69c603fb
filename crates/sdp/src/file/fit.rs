//! Whether a file is the one that a selector means.

use super::{FileHash, FileSelector};
use msrp::MediaType;

/// What is known of a file, to be compared with a [`FileSelector`]. What is not
/// known is left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileFacts<'a> {
    /// Its name, without a folder.
    pub name: Option<&'a str>,
    /// Its media type.
    pub media_type: Option<&'a MediaType>,
    /// How many octets it has.
    pub size: Option<u64>,
    /// Its hashes, by any algorithms.
    pub hashes: &'a [FileHash],
}

/// One of the four things that a selector can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileProperty {
    /// `name`
    Name,
    /// `type`
    Type,
    /// `size`
    Size,
    /// `hash`
    Hash,
}

/// How a file and a selector go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileFit {
    /// Everything the selector says is true of the file.
    Fits,
    /// Nothing is wrong, but this is asked for and not known of the file. For a
    /// hash, one that is computed next may decide.
    Unknown(FileProperty),
    /// This differs: it is another file, or a file that was changed or broken.
    Differs(FileProperty),
}

impl FileSelector {
    /// Compares a file with what is asked for (RFC 5547 sections 5 and 8.3.2), or a
    /// file that has come with what was promised (section 8.2.2).
    ///
    /// Names and sizes have to be equal. Of types the parameters are not compared,
    /// nor letter case. A hash whose algorithm is not among those of the file counts
    /// neither way, as long as another one is equal.
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

    /// Whether both can mean one file. Where both have a hash by the same algorithm
    /// that alone decides; otherwise they may not contradict each other.
    #[must_use]
    pub fn can_be_same_file(&self, other: &Self) -> bool {
        let is_shared = |hash: &FileHash| other.hash(hash.algorithm()).is_some();
        if self.hashes().iter().any(is_shared) {
            return self.is_hash_equal(other.hashes()) == Some(true);
        }
        !matches!(self.fit(&other.facts()), FileFit::Differs(_))
    }

    fn essence(&self) -> Option<Essence<'_>> {
        self.media_type().map(Essence)
    }

    /// Whether the hashes say that it is the same file, where they say anything.
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

/// Whether what is asked for is there. `None` where nobody knows.
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
