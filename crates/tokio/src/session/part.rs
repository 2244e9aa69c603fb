//! A file that is not complete, or that nobody has checked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::task::spawn_blocking;

/// How many names are tried for a file.
const MAX_NAMES: u32 = 1000;

/// A file that is being written. Dropping it deletes it.
pub(super) struct Part {
    file: tokio::fs::File,
    path: PartPath,
    position: u64,
}

impl Part {
    /// Creates a file of a name like this in a folder, which is made if it does not exist.
    pub(super) async fn create(folder: PathBuf, name: PathBuf) -> io::Result<Self> {
        let created = spawn_blocking(move || {
            fs::create_dir_all(&folder)?;
            create_new(&folder, &name)
        });
        let (file, path) = created.await.map_err(io::Error::other)??;
        Ok(Self { file: file.into(), path: PartPath(Some(path)), position: 0 })
    }

    pub(super) fn path(&self) -> &Path {
        self.path.get()
    }

    pub(super) async fn write(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
        if offset != self.position {
            self.file.seek(SeekFrom::Start(offset)).await?;
        }
        self.file.write_all(octets).await?;
        self.position = offset + octets.len() as u64;
        Ok(())
    }

    /// All octets are there. Returns once they are on the disk.
    pub(super) async fn sync(mut self) -> io::Result<PartPath> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(self.path)
    }
}

/// Where a file is until it has its name. Dropping it deletes the file.
#[derive(Debug)]
pub(super) struct PartPath(Option<PathBuf>);

impl PartPath {
    /// Empty once the file has its name.
    pub(super) fn get(&self) -> &Path {
        self.0.as_deref().unwrap_or_else(|| Path::new(""))
    }

    /// Gives the file a name, with a number if it is taken.
    pub(super) fn rename(&mut self, folder: &Path, name: &Path) -> io::Result<PathBuf> {
        // Creating a file of the name first makes sure that nothing is overwritten.
        let (_, path) = create_new(folder, name)?;
        if let Err(error) = fs::rename(self.get(), &path) {
            let _ = fs::remove_file(path);
            return Err(error);
        }
        self.0 = None;
        sync_folder(folder)?;
        Ok(path)
    }
}

impl Drop for PartPath {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // Nobody waits for it, and it cannot be retried.
            let _ = fs::remove_file(path);
        }
    }
}

/// Creates a file that did not exist, if necessary with a number before its ending.
fn create_new(folder: &Path, name: &Path) -> io::Result<(File, PathBuf)> {
    let name = name.to_string_lossy();
    let (stem, ending) = name.split_at(name.find('.').unwrap_or(name.len()));
    let numbered = (2..MAX_NAMES).map(|number| format!("{stem} ({number}){ending}"));
    for name in std::iter::once(name.clone().into_owned()).chain(numbered) {
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A name is on the disk once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
