//! The room for files on the disk.

use std::path::Path;

use indicatif::HumanBytes;
use msrp_sdp::file::FileAttributes;

use crate::failure::Failure;

/// The octets that the disk still has room for.
pub(crate) struct Room(u64);

impl Room {
    /// The room in a folder. Where the system does not say, there is room for everything.
    pub(crate) fn of(folder: &Path) -> Self {
        Self(fs4::available_space(folder).unwrap_or(u64::MAX))
    }

    /// The room that is left with this file, as far as its size is known.
    pub(crate) fn with(&self, file: &FileAttributes) -> Result<Self, Failure> {
        let offset = file.range.unwrap_or_default().offset();
        let missing = file.selector.size().unwrap_or_default().saturating_sub(offset);
        self.0.checked_sub(missing).map(Self).ok_or_else(|| {
            Failure::NoRoom(format!("the disk has room for {} only", HumanBytes(self.0)))
        })
    }
}
