//! All that one media section says of its file.

use thiserror::Error;

use super::{
    FileDate, FileDisposition, FileIcon, FileRange, FileRangeError, FileSelector,
    FileSelectorError, FileTransferId, FileTransferIdError,
};

/// What the attributes of one media section say of its file.
///
/// ```
/// use msrp_sdp::FileAttributes;
///
/// let section = [
///     ("sendonly", None),
///     ("file-selector", Some("type:image/jpeg size:4092")),
///     ("file-transfer-id", Some("Q6LMoGymJdh0IKIgD6wD0jkcfgva4xvE")),
/// ];
/// let file = FileAttributes::read(section)?.ok_or("no file here")?;
/// assert_eq!(file.selector.size(), Some(4092));
/// assert_eq!(file.range.unwrap_or_default().to_string(), "1-*");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FileAttributes {
    /// `file-selector`: which file.
    pub selector: FileSelector,
    /// `file-transfer-id`: which transfer of it. Offers and answers have one
    /// (RFC 5547 section 8.1), an answer to a capability query has none.
    pub transfer_id: Option<FileTransferId>,
    /// `file-disposition`: what to do with it. None means `render`.
    pub disposition: Option<FileDisposition>,
    /// `file-date`: how old it is.
    pub date: Option<FileDate>,
    /// `file-icon`: what it looks like.
    pub icon: Option<FileIcon>,
    /// `file-range`: which part of it. None means all.
    pub range: Option<FileRange>,
}

/// Why the attributes of a media section describe no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileAttributeError {
    /// The same attribute is there twice, so that its readers could differ.
    #[error("the attribute {0} is there twice")]
    Repeated(&'static str),
    /// The value of `file-selector`.
    #[error("file-selector: {0}")]
    Selector(#[from] FileSelectorError),
    /// The value of `file-transfer-id`.
    #[error("file-transfer-id: {0}")]
    TransferId(#[from] FileTransferIdError),
    /// The value of `file-range`.
    #[error("file-range: {0}")]
    Range(#[from] FileRangeError),
}

const NAMES: [&str; 6] = [
    "file-selector",
    "file-transfer-id",
    "file-disposition",
    "file-date",
    "file-icon",
    "file-range",
];

impl FileAttributes {
    /// A file that this selects, and nothing more said of it.
    #[must_use]
    pub const fn new(selector: FileSelector) -> Self {
        Self { selector, transfer_id: None, disposition: None, date: None, icon: None, range: None }
    }

    /// What the endpoint that speaks RFC 5547 tells when it is asked what it can do:
    /// an empty file-selector and no other attribute (section 8.5).
    #[must_use]
    pub fn capability() -> Self {
        Self::new(FileSelector::default())
    }

    /// Reads them from the attributes of a media section, each a name and what is
    /// behind its colon. `None` where there is no file-selector, and so no file.
    ///
    /// Other attributes are passed over. A disposition, a date or an icon that makes
    /// no sense is passed over too: they only inform the user.
    ///
    /// # Errors
    ///
    /// [`FileAttributeError`] where the file, its transfer or the range is not
    /// clear.
    pub fn read<'a>(
        attributes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Option<Self>, FileAttributeError> {
        let mut values = [None; NAMES.len()];
        for (name, value) in attributes {
            let known = NAMES.iter().zip(&mut values).find(|(it, _)| **it == name);
            let Some((name, place)) = known else { continue };
            if place.is_some() {
                return Err(FileAttributeError::Repeated(name));
            }
            *place = Some(value.unwrap_or_default());
        }
        let [Some(selector), transfer_id, disposition, date, icon, range] = values else {
            return Ok(None);
        };
        Ok(Some(Self {
            selector: selector.parse()?,
            transfer_id: transfer_id.map(str::parse).transpose()?,
            disposition: disposition.and_then(|value| value.parse().ok()),
            date: date.and_then(|value| value.parse().ok()),
            icon: icon.and_then(|value| value.parse().ok()),
            range: range.map(str::parse).transpose()?,
        }))
    }

    /// The attributes to be written, each a name and what belongs behind its colon.
    #[must_use]
    pub fn attributes(&self) -> Vec<(&'static str, Option<String>)> {
        fn text(value: &impl ToString) -> Option<String> {
            Some(value.to_string()).filter(|text| !text.is_empty())
        }
        let [selector, transfer_id, disposition, date, icon, range] = NAMES;
        let more = [
            (transfer_id, self.transfer_id.as_ref().and_then(text)),
            (disposition, self.disposition.as_ref().and_then(text)),
            (date, self.date.as_ref().and_then(text)),
            (icon, self.icon.as_ref().and_then(text)),
            (range, self.range.as_ref().and_then(text)),
        ];
        let more = more.into_iter().filter(|(_, value)| value.is_some());
        std::iter::once((selector, text(&self.selector))).chain(more).collect()
    }
}
