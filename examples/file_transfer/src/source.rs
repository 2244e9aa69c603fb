//! Files to send: their properties, and how one is selected.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use msrp::MediaType;
use msrp_sdp::file::{
    FileAttributes, FileDisposition, FileFacts, FileFit, FileHash, FileHasher, FileSelector,
};

use crate::Failure;
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
    /// Looks at the metadata of a file.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        let name = path.file_name().filter(|_| metadata.is_file());
        let name = name.ok_or_else(|| io::Error::other("not a regular file"))?;
        let guessed = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
        Ok(Self {
            path: path.to_owned(),
            name: name.to_string_lossy().into_owned(),
            media_type: guessed.parse().map_err(io::Error::other)?,
            size: metadata.len(),
            hashes: Vec::new(),
        })
    }

    /// These files, and the files in these folders.
    pub(crate) fn all(paths: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        let mut sources = Vec::new();
        for path in paths {
            let named = |error: io::Error| format!("--serve {}: {error}", path.display());
            if !path.is_dir() {
                sources.push(Self::new(path).map_err(named)?);
                continue;
            }
            for entry in fs::read_dir(path).map_err(named)? {
                // Skips entries that are not regular files, or have vanished.
                sources.extend(entry.ok().and_then(|entry| Self::new(&entry.path()).ok()));
            }
        }
        Ok(sources)
    }

    /// Computes the hashes of the file, once.
    pub(crate) fn hash(&mut self, teller: &Teller) -> io::Result<()> {
        if !self.hashes.is_empty() {
            return Ok(());
        }
        let bar = teller.bar(&self.name, Some(self.size));
        let mut hasher = FileHasher::new();
        for_each_piece(bar.wrap_read(File::open(&self.path)?), |piece| hasher.update(piece))?;
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
            .build()?;
        let mut file = FileAttributes::new(selector);
        file.disposition = Some(FileDisposition::ATTACHMENT);
        Ok(file)
    }

    fn fit(&self, selector: &FileSelector) -> FileFit {
        selector.fit(&FileFacts {
            name: Some(&self.name),
            media_type: Some(&self.media_type),
            size: Some(self.size),
            hashes: &self.hashes,
        })
    }
}

/// The one file that is selected (RFC 5547 section 8.3.2). Reads only the files
/// whose hashes decide.
pub(crate) fn choose<'a>(
    sources: &'a mut [Source],
    selector: &FileSelector,
    teller: &Teller,
) -> Result<&'a Source, String> {
    let mut fitting = Vec::new();
    for source in sources {
        if let FileFit::Unknown(_) = source.fit(selector) {
            source.hash(teller).map_err(|error| format!("{}: {error}", source.name))?;
        }
        if source.fit(selector) == FileFit::Fits {
            fitting.push(source);
        }
    }
    match (fitting.pop(), fitting.len()) {
        (None, _) => Err("no file matches".into()),
        (Some(source), 0) => {
            source.hash(teller).map_err(|error| format!("{}: {error}", source.name))?;
            Ok(source)
        }
        (Some(_), more) => Err(format!("{} files match", more + 1)),
    }
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
