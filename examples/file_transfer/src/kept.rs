//! The parts that interrupted transfers have left of one file.

use std::io;
use std::path::Path;

use msrp_sdp::file::{FileRange, FileSelector};

use crate::part::Part;

/// The parts of one file, identified by its hash, not its name. They stay until the
/// file is complete and checked: a peer can send any octets under the same hash.
#[derive(Default)]
pub(crate) struct Kept {
    /// The longest first.
    parts: Vec<Part>,
}

impl Kept {
    /// The parts of the selected file.
    pub(crate) fn of(folder: &Path, selector: &FileSelector) -> Self {
        let mut parts = Part::all(folder).unwrap_or_default();
        parts.retain(|part| part.is_of(selector));
        Self::new(parts)
    }

    /// The parts of every file with a hash. Without a hash there is no way to know
    /// that it is still the same file.
    pub(crate) fn all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut files: Vec<Vec<Part>> = Vec::new();
        for part in Part::all(folder)? {
            let is_same = |file: &&mut Vec<Part>| file.iter().any(|it| it.is_of(part.selector()));
            match files.iter_mut().find(is_same) {
                Some(file) => file.push(part),
                None if part.selector().hashes().is_empty() => {}
                None => files.push(vec![part]),
            }
        }
        Ok(files.into_iter().map(Self::new).collect())
    }

    fn new(mut parts: Vec<Part>) -> Self {
        parts.sort_by_key(|part| std::cmp::Reverse(part.end()));
        Self { parts }
    }

    /// What was known of the file when its transfer was interrupted.
    pub(crate) fn selector(&self) -> Option<&FileSelector> {
        self.parts.first().map(Part::selector)
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.parts.first().map(Part::name)
    }

    /// The range to ask for.
    pub(crate) fn missing(&self) -> FileRange {
        self.parts.first().and_then(Part::missing).unwrap_or_default()
    }

    /// Whether all octets before an offset have been received.
    pub(crate) fn has_before(&self, offset: u64) -> bool {
        self.end() >= offset
    }

    fn end(&self) -> u64 {
        self.parts.first().map_or(0, Part::end)
    }

    /// The part for octets from an offset on: the one that ends there, or else a new
    /// one with a copy of the octets before.
    pub(crate) fn begin(
        &mut self,
        offset: u64,
        new: impl FnOnce() -> io::Result<Part>,
    ) -> io::Result<Part> {
        if let Some(at) = self.parts.iter().position(|part| part.end() == offset) {
            let mut part = self.parts.remove(at);
            part.cut()?;
            return Ok(part);
        }
        let mut part = new()?;
        let before = self.parts.first_mut().filter(|before| before.end() >= offset);
        let copied = match before {
            Some(before) => part.copy(before, offset),
            None if offset == 0 => Ok(()),
            None => Err(io::Error::other("the octets before the range are missing")),
        };
        match copied {
            Ok(()) => Ok(part),
            Err(error) => part.discard().and(Err(error)),
        }
    }

    /// Keeps the part of an interrupted transfer, unless another has as many octets.
    pub(crate) fn break_off(&self, mut part: Part) -> io::Result<()> {
        if self.has_before(part.end()) { part.discard() } else { part.cut() }
    }

    /// Deletes the parts, when the file is complete.
    pub(crate) fn discard(self) -> io::Result<()> {
        self.parts.into_iter().try_for_each(Part::discard)
    }
}
