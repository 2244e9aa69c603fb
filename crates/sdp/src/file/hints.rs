//! What a sender suggests, and its receiver may pass over: how a file is to be
//! shown, and a picture of it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::text;

/// The value of `file-disposition`: what is to be done with the file at its
/// arrival (RFC 5547 section 7), in lower case.
///
/// It is also the first word of a Content-Disposition. Other values than the two
/// constants are kept; RFC 2183 section 2.8 has them treated as `attachment`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileDisposition(Cow<'static, str>);

/// The text is no disposition type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a disposition is one token, such as render or attachment")]
pub struct FileDispositionError;

impl FileDisposition {
    /// `render`: to be shown at once. It is the default.
    pub const RENDER: Self = Self(Cow::Borrowed("render"));
    /// `attachment`: to be shown when the user asks for it.
    pub const ATTACHMENT: Self = Self(Cow::Borrowed("attachment"));

    /// The disposition type in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for FileDisposition {
    fn default() -> Self {
        Self::RENDER
    }
}

impl FromStr for FileDisposition {
    type Err = FileDispositionError;

    fn from_str(value: &str) -> Result<Self, FileDispositionError> {
        let value = value.trim_matches(text::is_blank);
        text::token(value, &["render", "attachment"]).map(Self).ok_or(FileDispositionError)
    }
}

impl fmt::Display for FileDisposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The value of `file-icon`: where the body with a small picture of the file is,
/// as a URL of the scheme `cid` (RFC 2392).
///
/// That body travels beside the session description in a `multipart/related`
/// (RFC 5547 section 8.8), which is for the signalling to make.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileIcon(Box<str>);

/// The text is no URL of the scheme `cid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an icon is named as cid: and a Content-ID without its angle brackets")]
pub struct FileIconError;

impl FileIcon {
    /// The Content-ID of the body, without its angle brackets and percent-encoded
    /// as it is in the URL.
    #[must_use]
    pub fn content_id(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileIcon {
    type Err = FileIconError;

    fn from_str(value: &str) -> Result<Self, FileIconError> {
        let value = value.trim_matches(text::is_blank);
        let (scheme, id) = value.split_once(':').ok_or(FileIconError)?;
        let is_url = |octet: u8| octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet);
        let is_right = scheme.eq_ignore_ascii_case("cid") && id.bytes().all(is_url);
        if is_right && !id.is_empty() { Ok(Self(id.into())) } else { Err(FileIconError) }
    }
}

impl fmt::Display for FileIcon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cid:{}", self.0)
    }
}
