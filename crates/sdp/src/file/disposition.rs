//! The Content-Disposition of a message that brings a file.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use msrp::mime::{MimeValue, MimeValueBuilder};

use super::{FileAttributes, FileDate, FileDisposition};
use crate::{Error, ErrorKind, digits};

/// The value of a Content-Disposition (RFC 2183). It says of a file what the session
/// description said (RFC 5547 section 6).
///
/// Read and written as by [`MimeValue`] and [`MimeValueBuilder`]. Unknown parameters
/// and malformed sizes and dates are ignored.
///
/// ```
/// use msrp_sdp::file::{ContentDisposition, FileDisposition};
///
/// let value: ContentDisposition = r#"attachment; filename="My feet.txt"; size=12"#.parse()?;
/// assert_eq!(value.disposition, FileDisposition::ATTACHMENT);
/// assert_eq!(value.filename.as_deref(), Some("My feet.txt"));
/// assert_eq!(value.to_string(), r#"attachment; filename="My feet.txt"; size=12"#);
/// # Ok::<(), msrp_sdp::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ContentDisposition {
    /// The disposition type.
    pub disposition: FileDisposition,
    /// The file's name as the peer gave it, with any characters:
    /// [`safe_name`](super::safe_name) makes one for the file system.
    pub filename: Option<String>,
    /// The dates of the file.
    pub date: FileDate,
    /// The number of octets of the whole file.
    pub size: Option<u64>,
}

impl ContentDisposition {
    /// A disposition type without parameters.
    #[must_use]
    pub fn new(disposition: FileDisposition) -> Self {
        Self { disposition, ..Self::default() }
    }

    /// What the session description says of the file.
    #[must_use]
    pub fn of(file: &FileAttributes) -> Self {
        Self {
            disposition: file.disposition.clone().unwrap_or_default(),
            filename: file.selector.name().map(str::to_owned),
            date: file.date.clone().unwrap_or_default(),
            size: file.selector.size(),
        }
    }
}

impl FromStr for ContentDisposition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let value = MimeValue::new(text);
        let disposition = value.main().parse().map_err(|_| {
            let error = Error::of_text("Content-Disposition", ErrorKind::Malformed);
            error.with_part("disposition type").within(text, text)
        })?;
        let mut date = FileDate::default();
        for (name, set) in [
            ("creation-date", FileDate::with_creation as fn(FileDate, &str) -> _),
            ("modification-date", FileDate::with_modification),
            ("read-date", FileDate::with_read),
        ] {
            let value = value.parameter(name);
            date = value.and_then(|value| set(date.clone(), &value).ok()).unwrap_or(date);
        }
        let filename = value.parameter("filename").filter(|name| !name.is_empty());
        let size = value.parameter("size").and_then(|size| digits::exact(&size));
        Ok(Self { disposition, filename: filename.map(Cow::into_owned), date, size })
    }
}

impl fmt::Display for ContentDisposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.size.map(|size| size.to_string());
        let parameters = [
            ("filename", self.filename.as_deref().filter(|name| !name.is_empty())),
            ("creation-date", self.date.creation()),
            ("modification-date", self.date.modification()),
            ("read-date", self.date.read()),
            ("size", size.as_deref()),
        ];
        let mut value = MimeValueBuilder::new(self.disposition.as_str());
        for (name, text) in parameters {
            value = text.into_iter().fold(value, |value, text| value.parameter(name, text));
        }
        f.write_str(&value.build().map_err(|_| fmt::Error)?)
    }
}
