//! What tells one transfer from another.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::text;
use crate::token::is_token;
use msrp::{Random, RandomError};

/// The most octets of a file-transfer-id that are read. RFC 5547 sets no limit.
pub const MAX_TRANSFER_ID_OCTETS: usize = 255;

/// The value of `file-transfer-id`: which transfer of a file a session description
/// speaks of (RFC 5547 section 8.1). Compared octet for octet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileTransferId(Box<str>);

/// The text is no file-transfer-id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a file-transfer-id is one token of at most {MAX_TRANSFER_ID_OCTETS} octets")]
pub struct FileTransferIdError;

impl FileTransferId {
    /// A fresh one, of 160 random bits in 32 letters and digits.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails.
    pub fn generate(random: &mut impl Random) -> Result<Self, RandomError> {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut octets = [0; 32];
        random.fill(&mut octets)?;
        let letter = |octet: u8| ALPHABET.get(usize::from(octet % 32)).copied().unwrap_or(b'a');
        let id: String = octets.map(|octet| char::from(letter(octet))).iter().collect();
        Ok(Self(id.into()))
    }

    /// The id as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileTransferId {
    type Err = FileTransferIdError;

    fn from_str(value: &str) -> Result<Self, FileTransferIdError> {
        let value = value.trim_matches(text::is_blank);
        if value.len() <= MAX_TRANSFER_ID_OCTETS && is_token(value) {
            Ok(Self(value.into()))
        } else {
            Err(FileTransferIdError)
        }
    }
}

impl fmt::Display for FileTransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
