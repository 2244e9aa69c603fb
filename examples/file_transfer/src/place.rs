//! Where received files go, and under which names.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use msrp_sdp::file::safe_name;
use msrp_tokio::content::{Declared, visible_line};

/// The most folders in front of a name.
const MAX_FOLDERS: usize = 16;

/// How many names are tried for a file.
const MAX_NAMES: u32 = 1000;

/// Where received files go.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    /// Whether the folders in front of names are made inside.
    pub(crate) keeps_folders: bool,
}

impl Place {
    /// Creates an empty file for octets that a peer calls `name`. Its ending, its type and
    /// its first octets agree, or it gets another ending.
    pub(crate) fn create(
        &self,
        name: &str,
        content_type: &str,
        first: &[u8],
    ) -> io::Result<PathBuf> {
        let folder = self.folder_of(name);
        fs::create_dir_all(&folder)?;
        let name = Declared::new(content_type).named(name).file_name(first);
        create_new(&folder, &unlike_parts(&name), create).map(|(path, _)| path)
    }

    fn folder_of(&self, name: &str) -> PathBuf {
        let folders = folders(name).filter(|_| self.keeps_folders).unwrap_or_default();
        let mut path = self.folder.clone();
        for folder in folders {
            path.push(folder);
            // What leads elsewhere, or is no folder, is not entered.
            if path.symlink_metadata().is_ok_and(|it| !it.is_dir()) {
                return self.folder.clone();
            }
        }
        path
    }
}

/// The folders in front of a name. `None` if one of them is not a plain name: it is hidden,
/// leads up, or is not what it looks like.
fn folders(name: &str) -> Option<Vec<&str>> {
    let (folders, _) = name.rsplit_once('/')?;
    let folders: Vec<&str> = folders.split('/').collect();
    let is_plain = |folder: &&str| safe_name(&visible_line(folder)) == **folder;
    (folders.len() <= MAX_FOLDERS && folders.iter().all(is_plain)).then_some(folders)
}

/// A safe name for the incomplete file that a peer calls `name`.
pub(crate) fn part_name(name: &str) -> String {
    format!("{}.part", unlike_parts(&safe_name(&visible_line(name))))
}

/// Makes a safe name different from that of a part or note. With such a name a peer could
/// pass its file off as a part, or turn a user's file into one.
fn unlike_parts(name: &str) -> String {
    // File systems that ignore letter case also treat the long s as an s.
    let upper = name.to_uppercase();
    let is_taken = upper.ends_with(".PART") || upper.ends_with(".PART.JSON");
    match name.rsplit_once('.').filter(|_| is_taken) {
        Some((stem, ending)) => format!("{stem}_{ending}"),
        None => name.to_owned(),
    }
}

/// Creates a file that did not exist, if necessary with a number before the ending.
pub(crate) fn create_new<T>(
    folder: &Path,
    name: &str,
    create: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    let (stem, ending) = name.split_at(name.find('.').unwrap_or(name.len()));
    // A safe name has room for all of this.
    let numbered = (2..MAX_NAMES).map(|number| format!("{stem} ({number}){ending}"));
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

pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn no_file_has_the_name_of_a_part_or_note() {
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
            assert_eq!(part_name(told), format!("{stored}.part"));
        }
    }

    #[test]
    fn only_plain_folders_are_made_and_only_inside() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join("mine"), "a file").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/tmp", out.path().join("link")).unwrap();
        let place = |keeps_folders| Place { folder: out.path().to_owned(), keeps_folders };
        for (told, inside) in [
            ("photos/2024/cat", "photos/2024"),
            ("a b/c", "a b"),
            ("../up", ""),
            ("a/../b", ""),
            ("/etc/passwd", ""),
            ("a//b", ""),
            (".ssh/config", ""),
            (r"a\b/c", ""),
            ("C:/x", ""),
            ("a/CON/x", ""),
            ("a\u{202e}b/c", ""),
            ("mine/x", ""),
            #[cfg(unix)]
            ("link/x", ""),
            (&"a/".repeat(17), ""),
            ("name", ""),
        ] {
            assert_eq!(place(true).folder_of(told), out.path().join(inside), "{told}");
            assert_eq!(place(false).folder_of(told), out.path(), "{told}");
        }
    }
}
