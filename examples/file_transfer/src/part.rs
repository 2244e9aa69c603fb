//! Files that are arriving: `NAME.part`, and beside it what is known of the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs4::FileExt;
use msrp::reassembly::RangeSet;
use msrp_sdp::file::{FileHash, FileRange, FileSelector, FileVerifier, safe_name};
use serde_json::{Value, json};

use crate::source::for_each_piece;

/// Runs of octets out of order that are kept account of.
const MAX_RANGES: usize = 1024;

/// The most octets of a note. Others than ours are as large as somebody likes.
const MAX_NOTE_OCTETS: u64 = 16 * 1024;

/// A file that is not complete yet. It stays when the program ends, and until then
/// nobody else has it.
pub(crate) struct Part {
    folder: PathBuf,
    /// The name that the file shall have.
    name: String,
    path: PathBuf,
    selector: FileSelector,
    file: File,
    there: RangeSet,
}

impl Part {
    /// Begins a file, under a name that is free.
    pub(crate) fn create(folder: &Path, name: &str, selector: FileSelector) -> io::Result<Self> {
        let name = stored_name(name);
        let note = json!({ "name": name, "selector": selector.to_string() }).to_string();
        let (path, file) = create_new(folder, &format!("{name}.part"), |path| {
            // In this order: a part that is somebody else's never gets a note of ours.
            let file = create(path)?;
            match write_note(&note_path(path), &note) {
                Ok(()) => Ok(file),
                Err(error) => fs::remove_file(path).and(Err(error)),
            }
        })?;
        FileExt::try_lock(&file)?;
        let there = RangeSet::new(MAX_RANGES);
        Ok(Self { folder: folder.to_owned(), name, path, selector, file, there })
    }

    /// Those that a broken transfer has left.
    pub(crate) fn all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "part"));
        paths.sort();
        // What has no note, or no readable one, is none of ours.
        Ok(paths.into_iter().filter_map(|path| Self::open(folder, path)).collect())
    }

    fn open(folder: &Path, path: PathBuf) -> Option<Self> {
        let note = read_note(&note_path(&path))?;
        let selector: FileSelector = note.get("selector")?.as_str()?.parse().ok()?;
        let name = stored_name(note.get("name")?.as_str()?);
        let file = open(&path, OpenOptions::new().read(true).write(true)).ok()?;
        // Another transfer may be at work on it, or have completed it just now.
        FileExt::try_lock(&file).ok().filter(|()| path.exists())?;
        let mut there = RangeSet::new(MAX_RANGES);
        let len = file.metadata().ok()?.len();
        // What is whole was not checked, or it had its name: to ask for its last octet
        // is to have it checked.
        let most = selector.size().map_or(u64::MAX, |size| size.saturating_sub(1));
        there.insert(0..len.min(most)).ok()?;
        Some(Self { folder: folder.to_owned(), name, path, selector, file, there })
    }

    /// Whether it is of the very file that is meant: a hash says so, a name does not.
    pub(crate) fn is_of(&self, selector: &FileSelector) -> bool {
        let has = |hash: &FileHash| self.selector.hash(hash.algorithm()).is_some();
        selector.hashes().iter().any(has) && self.selector.can_be_same_file(selector)
    }

    pub(crate) const fn selector(&self) -> &FileSelector {
        &self.selector
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What to ask for; `None` where all octets are there.
    pub(crate) fn missing(&self) -> Option<FileRange> {
        FileRange::missing(&self.there, self.selector.size())
    }

    /// How many octets are there up to the first gap.
    pub(crate) fn end(&self) -> u64 {
        self.there.iter().next().filter(|range| range.start == 0).map_or(0, |range| range.end)
    }

    /// Drops what is behind the first gap.
    pub(crate) fn cut(&mut self) -> io::Result<()> {
        let end = self.end();
        self.there = RangeSet::new(MAX_RANGES);
        self.there.insert(0..end).map_err(io::Error::other)?;
        self.file.set_len(end)
    }

    /// Takes the first octets of another part.
    pub(crate) fn copy(&mut self, other: &mut Self, octets: u64) -> io::Result<()> {
        self.file.rewind()?;
        other.file.rewind()?;
        io::copy(&mut (&other.file).take(octets), &mut self.file)?;
        self.there.insert(0..octets).map_err(io::Error::other)
    }

    pub(crate) fn write(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(octets)?;
        let end = offset.saturating_add(octets.len() as u64);
        self.there.insert(offset..end).map_err(io::Error::other)
    }

    /// The transfer is complete: the file gets its name, if it is the file that was
    /// described. Otherwise nothing of it stays. Reads it whole, since the hash is
    /// over the whole file (RFC 5547 section 6).
    pub(crate) fn complete(mut self, expected: FileSelector) -> io::Result<PathBuf> {
        let mut verifier = FileVerifier::new(expected);
        self.file.rewind()?;
        for_each_piece(&self.file, |piece| verifier.update(piece))?;
        if let Err(mismatch) = verifier.finish() {
            self.discard()?;
            return Err(io::Error::other(mismatch));
        }
        // The name is ours before the file gets it, so that nothing is overwritten.
        let (path, _) = create_new(&self.folder, &self.name, create)?;
        // No note is left alone: it would be that of whatever gets its name next.
        fs::remove_file(note_path(&self.path))?;
        fs::rename(&self.path, &path)?;
        Ok(path)
    }

    pub(crate) fn discard(self) -> io::Result<()> {
        fs::remove_file(note_path(&self.path))?;
        fs::remove_file(&self.path)
    }
}

fn note_path(part: &Path) -> PathBuf {
    let mut path = part.as_os_str().to_owned();
    path.push(".json");
    path.into()
}

/// A name that a peer gave, made safe, and none that a part or a note has: with it a
/// peer could give its file to another one, or make a file of the user's its own.
fn stored_name(name: &str) -> String {
    let name = safe_name(name);
    // File systems that know no letter case know no long s either.
    let upper = name.to_uppercase();
    let is_taken = upper.ends_with(".PART") || upper.ends_with(".PART.JSON");
    match name.rsplit_once('.').filter(|_| is_taken) {
        Some((stem, ending)) => format!("{stem}_{ending}"),
        None => name,
    }
}

fn write_note(path: &Path, note: &str) -> io::Result<()> {
    if note.len() as u64 > MAX_NOTE_OCTETS {
        return Err(io::Error::other("the description of the file is too long"));
    }
    let mut file = create(path)?;
    file.write_all(note.as_bytes()).or_else(|error| fs::remove_file(path).and(Err(error)))
}

/// `None` where there is no note of ours.
fn read_note(path: &Path) -> Option<Value> {
    let mut note = Vec::new();
    let file = open(path, OpenOptions::new().read(true)).ok()?;
    file.take(MAX_NOTE_OCTETS + 1).read_to_end(&mut note).ok()?;
    (note.len() as u64 <= MAX_NOTE_OCTETS).then(|| serde_json::from_slice(&note).ok())?
}

/// Opens a file, and nothing that points to one.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Between the look and the opening it can become another.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW);
    if !path.symlink_metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    options.open(path)
}

/// Creates what was not there, if need be with a number before the ending.
fn create_new<T>(
    folder: &Path,
    name: &str,
    create: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    let (stem, ending) = name.split_at(name.find('.').unwrap_or(name.len()));
    // A safe name has room for all of this.
    let numbered = (2..100).map(|number| format!("{stem} ({number}){ending}"));
    for name in std::iter::once(name.to_owned()).chain(numbered) {
        let path = folder.join(name);
        match create(&path) {
            Ok(created) => return Ok((path, created)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_called_as_parts_and_notes_are() {
        for (told, stored) in [
            ("mine.part", "mine_part"),
            ("mine.part.json", "mine.part_json"),
            ("mine.PART.Json.", "mine.PART_Json"),
            ("mine.part.j\u{17f}on", "mine.part_j\u{17f}on"),
            ("a.part.part", "a.part_part"),
            ("part", "part"),
            ("part.json", "part.json"),
            ("a.parts", "a.parts"),
        ] {
            assert_eq!(stored_name(told), stored);
        }
    }
}
