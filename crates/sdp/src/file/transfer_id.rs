//! The id that distinguishes one transfer from another.

use std::fmt;
use std::str::FromStr;

use msrp::{Random, RandomError};

use crate::token::{is_blank, is_token};
use crate::tolerance::{Reading, SdpTolerance};
use crate::{Error, ErrorKind};

/// The most octets of a file-transfer-id that are read. RFC 5547 sets no limit.
pub const MAX_TRANSFER_ID_OCTETS: usize = 255;

/// The value of `file-transfer-id`: which transfer of a file a session description is
/// about (RFC 5547 section 8.1). Case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileTransferId(Box<str>);

impl FileTransferId {
    /// A fresh id of 160 random bits, as 32 letters and digits.
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

    /// Reads an id; `None` if there is none.
    pub(super) fn read(text: &str, reading: &mut Reading) -> Result<Option<Self>, Error> {
        let error = match text.parse() {
            Ok(id) => return Ok(Some(id)),
            Err(error) => error,
        };
        let value = text.trim_matches(is_blank);
        // U+FFFD stands for octets that are lost.
        let is_lost = |letter: char| letter.is_control() || letter == char::REPLACEMENT_CHARACTER;
        if value.is_empty() {
            reading.tolerate(SdpTolerance::MissingTransferId, error).map(|()| None)
        } else if !value.contains(is_lost) && value.len() <= MAX_TRANSFER_ID_OCTETS {
            let id = Self(value.into());
            reading.tolerate(SdpTolerance::TransferIdCharacters, error).map(|()| Some(id))
        } else {
            Err(error)
        }
    }
}

impl FromStr for FileTransferId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let value = text.trim_matches(is_blank);
        if value.len() <= MAX_TRANSFER_ID_OCTETS && is_token(value) {
            return Ok(Self(value.into()));
        }
        let error = Error::of("file-transfer-id", ErrorKind::Malformed);
        Err(error.with_expected("a token of at most 255 octets").within(text, value))
    }
}

impl fmt::Display for FileTransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
