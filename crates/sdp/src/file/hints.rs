//! What a sender suggests and the receiver may ignore: how to present the file, and a
//! picture of it.

use std::fmt;
use std::str::FromStr;

use crate::named::named;
use crate::token::is_blank;
use crate::{Error, ErrorKind};

named! {
    /// The value of `file-disposition`: what to do with the file when it arrives (RFC
    /// 5547 section 7), in lower case.
    ///
    /// It is also the disposition type of a Content-Disposition. Other values than the
    /// constants are kept; RFC 2183 section 2.8 treats them as `attachment`.
    pub struct FileDisposition ("disposition type" of "file-disposition") {
        /// `render`: show it at once. The default.
        RENDER = "render",
        /// `attachment`: show it when the user asks for it.
        ATTACHMENT = "attachment",
    }
}

impl Default for FileDisposition {
    fn default() -> Self {
        Self::RENDER
    }
}

/// The value of `file-icon`: the body that holds a small picture of the file, as a URL
/// of the scheme `cid` (RFC 2392).
///
/// That body travels beside the session description in a `multipart/related` (RFC 5547
/// section 8.8), which the signalling makes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileIcon(Box<str>);

impl FileIcon {
    /// The Content-ID of the body, without its angle brackets and percent-encoded
    /// as it is in the URL.
    #[must_use]
    pub fn content_id(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileIcon {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let value = text.trim_matches(is_blank);
        let (scheme, id) = value.split_once(':').unwrap_or_default();
        let is_url = |octet: u8| octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet);
        let is_cid = scheme.eq_ignore_ascii_case("cid") && id.bytes().all(is_url);
        if is_cid && !id.is_empty() {
            return Ok(Self(id.into()));
        }
        let error = Error::of("file-icon", ErrorKind::Malformed);
        Err(error.with_expected("cid: and a Content-ID").within(text, value))
    }
}

impl fmt::Display for FileIcon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cid:{}", self.0)
    }
}
