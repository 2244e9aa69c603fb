//! Stores the octets of a message in a file, and hashes them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use msrp::wire::HeaderName;
use msrp::{MessageId, OsRandom, Received, session_id};
use msrp_sdp::file::{ContentDisposition, safe_name};
use sha2::{Digest, Sha256};

/// The octets of one message. Dropping it before [`Store::keep`] deletes them.
pub(crate) struct Store {
    file: Option<(File, PathBuf)>,
    /// Whether the file stays when the message is complete; a temporary file
    /// does not.
    keeps_file: bool,
    is_kept: bool,
    octets: u64,
    hash: Sha256,
    /// Octets hashed so far, counted from the first.
    hashed: u64,
    /// Whether each piece so far followed the one before it.
    is_in_order: bool,
}

/// A complete message.
pub(crate) struct Stored {
    pub(crate) sha256: String,
    pub(crate) file: Option<PathBuf>,
}

impl Store {
    /// A store for a message: a new file in `directory` if there is one.
    pub(crate) fn new(directory: Option<&Path>, message: &Received) -> io::Result<Self> {
        let file = directory.map(|directory| create(directory, &file_name(message))).transpose()?;
        Ok(Self {
            keeps_file: file.is_some(),
            file,
            is_kept: false,
            octets: 0,
            hash: Sha256::new(),
            hashed: 0,
            is_in_order: true,
        })
    }

    /// Octets received; those that were received twice count twice.
    pub(crate) const fn octets(&self) -> u64 {
        self.octets
    }

    /// Writes a piece at its offset.
    pub(crate) fn write(&mut self, offset: u64, piece: &[u8]) -> io::Result<()> {
        self.octets = self.octets.saturating_add(piece.len() as u64);
        if self.is_in_order && offset == self.hashed {
            self.hash.update(piece);
            self.hashed += piece.len() as u64;
        } else {
            self.leave_order(offset)?;
        }
        let Some((file, _)) = &mut self.file else { return Ok(()) };
        if !self.is_in_order {
            file.seek(SeekFrom::Start(offset))?;
        }
        file.write_all(piece)
    }

    /// From now on a file holds the octets, and the rest is hashed at the end. A
    /// kept file also holds the octets before this piece, so that an overlap is
    /// hashed again. A temporary file does not: what is hashed stays hashed.
    fn leave_order(&mut self, offset: u64) -> io::Result<()> {
        self.is_in_order = false;
        if self.file.is_none() {
            self.file = Some(temporary()?);
        }
        if self.keeps_file && offset < self.hashed {
            self.hash = Sha256::new();
            self.hashed = 0;
        }
        Ok(())
    }

    /// The message is complete.
    pub(crate) fn keep(mut self) -> io::Result<Stored> {
        if !self.is_in_order
            && let Some((file, _)) = &mut self.file
        {
            file.seek(SeekFrom::Start(self.hashed))?;
            update(&mut self.hash, file)?;
        }
        self.is_kept = self.keeps_file;
        let file = self.file.as_ref().filter(|_| self.keeps_file).map(|(_, path)| path.clone());
        Ok(Stored { sha256: hex(&self.hash.finalize_reset()), file })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some((_, path)) = self.file.take().filter(|_| !self.is_kept) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Hashes `from` to its end.
fn update(hash: &mut Sha256, from: &mut impl Read) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            read => hash.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// A name for the file of a message: the safe form of the one in its Content-Disposition
/// (RFC 5547 section 10), or one made of its Message-ID.
fn file_name(message: &Received) -> String {
    let disposition = message.head().header(HeaderName::ContentDisposition);
    let disposition = disposition.and_then(|value| value.parse::<ContentDisposition>().ok());
    match disposition.and_then(|disposition| disposition.filename) {
        Some(name) => safe_name(&name),
        None => name_of(message.message_id()),
    }
}

/// The peer chooses the Message-ID, so this keeps only characters without a meaning for
/// file systems.
fn name_of(id: &MessageId) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '+' | '=');
    let name: String =
        id.as_str().chars().map(|letter| if plain(letter) { letter } else { '_' }).collect();
    format!("msrp-{name}")
}

/// Creates a new file, with a number before its ending if its name is taken.
fn create(directory: &Path, name: &str) -> io::Result<(File, PathBuf)> {
    let (stem, ending) = name.split_at(name.rfind('.').unwrap_or(name.len()));
    let numbered = (2..=u32::MAX).map(|number| format!("{stem}-{number}{ending}"));
    for name in std::iter::once(name.to_owned()).chain(numbered) {
        let path = directory.join(name);
        let mut options = OpenOptions::new();
        match options.read(true).write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn temporary() -> io::Result<(File, PathBuf)> {
    let mut random = OsRandom::new()?;
    create(&std::env::temp_dir(), &format!("msrp-{}", session_id(&mut random)?))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
