//! Files to send: their properties, and how one is selected.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use msrp::MediaType;
use msrp_sdp::file::{
    FileAttributes, FileDisposition, FileFacts, FileFit, FileHash, FileHasher, FileSelector,
};

use crate::failure::Failure;
use crate::tell::Teller;

/// A file on the disk.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) media_type: MediaType,
    pub(crate) size: u64,
    /// Empty until computed.
    hashes: Vec<FileHash>,
}

impl Source {
    /// Looks at the metadata of a file that others know by this name.
    fn new(path: PathBuf, name: String) -> io::Result<Self> {
        let metadata = path.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let guessed = mime_guess::from_path(&path).first_raw();
        let media_type = guessed.unwrap_or("application/octet-stream").parse();
        let (media_type, size) = (media_type.map_err(io::Error::other)?, metadata.len());
        Ok(Self { path, name, media_type, size, hashes: Vec::new() })
    }

    /// These files, and the files in these folders.
    pub(crate) fn all(paths: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        let mut sources = Vec::new();
        for path in paths {
            let named = |error| Failure::usage(format!("{}: {error}", path.display()));
            let name = name_of(path);
            let found = match path.is_dir() {
                true => Self::within(path, &name, &mut sources),
                false => Self::new(path.clone(), name).map(|source| sources.push(source)),
            };
            found.map_err(named)?;
        }
        Ok(sources)
    }

    /// The files in a folder and the folders within, which have its name in front of
    /// theirs. Links could lead anywhere, and are left out.
    fn within(folder: &Path, name: &str, sources: &mut Vec<Self>) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, kind) = (entry.path(), entry.file_type()?);
            let inside = name_of(&path);
            let name = if name.is_empty() { inside } else { format!("{name}/{inside}") };
            if kind.is_dir() {
                Self::within(&path, &name, sources)?;
            } else if kind.is_file() {
                sources.push(Self::new(path, name)?);
            }
        }
        Ok(())
    }

    /// Computes the hashes of the file, once.
    pub(crate) fn hash(&mut self, teller: &Teller) -> Result<(), Failure> {
        if !self.hashes.is_empty() {
            return Ok(());
        }
        let bar = teller.bar(&self.name, Some(self.size));
        let mut hasher = FileHasher::new();
        File::open(&self.path)
            .and_then(|file| for_each_piece(bar.wrap_read(file), |piece| hasher.update(piece)))
            .map_err(|error| Failure::file(&self.path, error))?;
        bar.finish_and_clear();
        self.hashes = hasher.finish().into();
        Ok(())
    }

    /// All properties of the file.
    pub(crate) fn describe(&self) -> Result<FileAttributes, Failure> {
        let selector = FileSelector::builder()
            .name(&self.name)
            .media_type(self.media_type.clone())
            .size(self.size)
            .hashes(self.hashes.iter().cloned())
            .build()
            .map_err(Failure::local)?;
        let mut file = FileAttributes::new(selector);
        file.disposition = Some(FileDisposition::ATTACHMENT);
        Ok(file)
    }

    fn fit(&self, selector: &FileSelector) -> FileFit {
        // Whoever asks for a file need not know its folder.
        let own = self.name.rsplit('/').next().unwrap_or_default();
        let has_folder = selector.name().is_some_and(|name| name.contains('/'));
        selector.fit(&FileFacts {
            name: Some(if has_folder { &self.name } else { own }),
            media_type: Some(&self.media_type),
            size: Some(self.size),
            hashes: &self.hashes,
        })
    }
}

/// The last part of a path; nothing for "." and "..".
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The one file that is selected (RFC 5547 section 8.3.2). Reads only the files
/// whose hashes decide.
pub(crate) fn choose<'a>(
    sources: &'a mut [Source],
    selector: &FileSelector,
    teller: &Teller,
) -> Result<&'a Source, Failure> {
    let mut fitting = Vec::new();
    for source in sources {
        if let FileFit::Unknown(_) = source.fit(selector) {
            source.hash(teller)?;
        }
        if source.fit(selector) == FileFit::Fits {
            fitting.push(source);
        }
    }
    let count = fitting.len();
    let source = fitting.pop().filter(|_| count == 1).ok_or(Failure::NotOne(count))?;
    source.hash(teller)?;
    Ok(source)
}

/// Reads a stream to its end in pieces.
pub(crate) fn for_each_piece(
    mut stream: impl Read,
    mut action: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => action(buffer.get(..len).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
