//! Incomplete files: `NAME.part`, with a note of the file's properties beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs4::FileExt;
use msrp::reassembly::RangeSet;
use msrp_sdp::file::{FileHash, FileRange, FileSelector, FileVerifier};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::place::{Place, create, create_new, part_name};
use crate::source::for_each_piece;

/// The most separate runs of octets in a part.
const MAX_RANGES: usize = 1024;

/// The most octets of a note. A file with that name need not be a note.
const MAX_NOTE_OCTETS: u64 = 16 * 1024;

/// How many octets tell the type of a file.
const TYPE_OCTETS: u64 = 8 * 1024;

/// An incomplete file. It is locked while the program runs, and stays afterwards.
pub(crate) struct Part {
    /// What the peer calls the file.
    name: String,
    path: PathBuf,
    selector: FileSelector,
    file: File,
    received: RangeSet,
}

impl Part {
    /// Creates a part with a free name.
    pub(crate) fn create(folder: &Path, name: &str, selector: FileSelector) -> io::Result<Self> {
        let note = json!({ "name": name, "selector": selector.to_string() }).to_string();
        let (path, file) = create_new(folder, &part_name(name), |path| {
            // In this order, the part of another program never gets a note.
            let file = create(path)?;
            match write_note(&note_path(path), &note) {
                Ok(()) => Ok(file),
                Err(error) => fs::remove_file(path).and(Err(error)),
            }
        })?;
        FileExt::try_lock(&file)?;
        let received = RangeSet::new(MAX_RANGES);
        Ok(Self { name: name.to_owned(), path, selector, file, received })
    }

    /// The parts that interrupted transfers have left in a folder.
    pub(crate) fn all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "part"));
        paths.sort();
        // A part without a readable note belongs to another program.
        Ok(paths.into_iter().filter_map(Self::open).collect())
    }

    fn open(path: PathBuf) -> Option<Self> {
        let note = read_note(&note_path(&path))?;
        let selector: FileSelector = note.get("selector")?.as_str()?.parse().ok()?;
        let name = note.get("name")?.as_str()?.to_owned();
        let file = open(&path, OpenOptions::new().read(true).write(true)).ok()?;
        // Another transfer may be writing it, or may just have completed it.
        FileExt::try_lock(&file).ok().filter(|()| path.exists())?;
        let mut received = RangeSet::new(MAX_RANGES);
        let len = file.metadata().ok()?.len();
        // A complete part was never checked, or it would have its name. Asking for the
        // last octet again leads to the check.
        let most = selector.size().map_or(u64::MAX, |size| size.saturating_sub(1));
        received.insert(0..len.min(most)).ok()?;
        Some(Self { name, path, selector, file, received })
    }

    /// Whether this is a part of the selected file, by hash and not by name.
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

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The range to ask for; `None` if all octets have been received.
    pub(crate) fn missing(&self) -> Option<FileRange> {
        FileRange::missing(&self.received, self.selector.size())
    }

    /// The number of octets before the first gap.
    pub(crate) fn end(&self) -> u64 {
        self.received.iter().next().filter(|range| range.start == 0).map_or(0, |range| range.end)
    }

    /// Removes the octets after the first gap.
    pub(crate) fn cut(&mut self) -> io::Result<()> {
        let end = self.end();
        self.received = RangeSet::new(MAX_RANGES);
        self.received.insert(0..end).map_err(io::Error::other)?;
        self.file.set_len(end)
    }

    /// Copies the first octets of another part.
    pub(crate) fn copy(&mut self, other: &mut Self, octets: u64) -> io::Result<()> {
        self.file.rewind()?;
        other.file.rewind()?;
        io::copy(&mut (&other.file).take(octets), &mut self.file)?;
        self.received.insert(0..octets).map_err(io::Error::other)
    }

    pub(crate) fn write(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(octets)?;
        let end = offset.saturating_add(octets.len() as u64);
        self.received.insert(offset..end).map_err(io::Error::other)
    }

    /// Checks the complete file. It gets its name if it matches the description, and
    /// is deleted otherwise. Reads all of it, because the hash covers the whole file
    /// (RFC 5547 section 6).
    pub(crate) fn complete(
        mut self,
        expected: FileSelector,
        content_type: &str,
        place: &Place,
    ) -> Result<PathBuf, Failure> {
        let path = self.path.clone();
        let failed = |error| Failure::not_stored(&path, error);
        let mut verifier = FileVerifier::new(expected);
        self.file.rewind().map_err(failed)?;
        for_each_piece(&self.file, |piece| verifier.update(piece)).map_err(failed)?;
        if let Err(mismatch) = verifier.finish() {
            self.discard().map_err(failed)?;
            return Err(mismatch.into());
        }
        self.keep(content_type, place).map_err(failed)
    }

    /// The file gets its name once its octets are on the disk.
    fn keep(mut self, content_type: &str, place: &Place) -> io::Result<PathBuf> {
        let mut first = Vec::new();
        self.file.rewind()?;
        (&self.file).take(TYPE_OCTETS).read_to_end(&mut first)?;
        self.file.sync_all()?;
        // Creating a file with the name first makes sure that nothing is overwritten.
        let path = place.create(&self.name, content_type, &first)?;
        // A note must not outlive its part: another file could get the part's name.
        fs::remove_file(note_path(&self.path))?;
        fs::rename(&self.path, &path)?;
        sync_folder(path.parent().unwrap_or(&place.folder))?;
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

fn write_note(path: &Path, note: &str) -> io::Result<()> {
    if note.len() as u64 > MAX_NOTE_OCTETS {
        return Err(io::Error::other("the description of the file is too long"));
    }
    let mut file = create(path)?;
    file.write_all(note.as_bytes()).or_else(|error| fs::remove_file(path).and(Err(error)))
}

/// `None` if there is no valid note.
fn read_note(path: &Path) -> Option<Value> {
    let mut note = Vec::new();
    let file = open(path, OpenOptions::new().read(true)).ok()?;
    file.take(MAX_NOTE_OCTETS + 1).read_to_end(&mut note).ok()?;
    (note.len() as u64 <= MAX_NOTE_OCTETS).then(|| serde_json::from_slice(&note).ok())?
}

/// Opens a regular file, but not through a link.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // The file could be replaced between the check and the opening.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW);
    if !path.symlink_metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    options.open(path)
}

/// A name is on the disk once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
