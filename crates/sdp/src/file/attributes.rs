//! Everything that one media section says of its file.

use std::borrow::Cow;

use super::{FileDate, FileDisposition, FileIcon, FileRange, FileSelector, FileTransferId};
use crate::tolerance::{Reading, SdpTolerance, SdpTolerances};
use crate::{Error, ErrorKind};

/// What the attributes of one media section say of its file (RFC 5547).
///
/// ```
/// use msrp_sdp::file::FileAttributes;
///
/// let section = [
///     ("sendonly", None),
///     ("file-selector", Some("type:image/jpeg size:4092")),
///     ("file-transfer-id", Some("Q6LMoGymJdh0IKIgD6wD0jkcfgva4xvE")),
/// ];
/// let file = FileAttributes::parse(section)?.ok_or("no file here")?;
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
    /// (RFC 5547 section 8.1), but not the answer to a capability query.
    pub transfer_id: Option<FileTransferId>,
    /// `file-disposition`: what to do with it. `None` means `render`.
    pub disposition: Option<FileDisposition>,
    /// `file-date`: when it was created, modified and read.
    pub date: Option<FileDate>,
    /// `file-icon`: a picture of it.
    pub icon: Option<FileIcon>,
    /// `file-range`: which part of it. `None` means all.
    pub range: Option<FileRange>,
}

const SELECTOR: &str = "file-selector";

const NAMES: [&str; 6] =
    [SELECTOR, "file-transfer-id", "file-disposition", "file-date", "file-icon", "file-range"];

impl FileAttributes {
    /// The file of this selector, without any other attribute.
    #[must_use]
    pub const fn new(selector: FileSelector) -> Self {
        Self { selector, transfer_id: None, disposition: None, date: None, icon: None, range: None }
    }

    /// The answer to a capability query from an endpoint that supports RFC 5547: an
    /// empty file-selector and no other attribute (section 8.5).
    #[must_use]
    pub fn capability() -> Self {
        Self::new(FileSelector::default())
    }

    /// Reads the attributes of a media section, each a name and the text after its
    /// colon. `None` if there is no file-selector, and so no file.
    ///
    /// Ignores other attributes. Ignores a malformed disposition, date or icon too:
    /// these only inform the user.
    ///
    /// Uses no tolerance: only [`MsrpMedia::parse`](crate::MsrpMedia::parse) can tell of
    /// one.
    ///
    /// # Errors
    ///
    /// [`Error`] if an attribute occurs twice, or if the file, its transfer or the
    /// range is unclear.
    pub fn parse<'a>(
        attributes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Option<Self>, Error> {
        Self::read(attributes, &mut Reading::new(SdpTolerances::none()))
    }

    pub(crate) fn read<'a>(
        attributes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
        reading: &mut Reading,
    ) -> Result<Option<Self>, Error> {
        let mut values = [const { None::<Cow<'a, str>> }; NAMES.len()];
        for (name, value) in attributes {
            let known = NAMES.iter().zip(&mut values).find(|(it, _)| **it == name);
            let Some((name, place)) = known else { continue };
            let value = value.unwrap_or_default().trim();
            *place = Some(match place.take() {
                Some(earlier) => again(name, earlier, value, reading)?,
                None => value.into(),
            });
        }
        let [selector, transfer_id, disposition, date, icon, range] = &values;
        let [transfer_id, disposition, date, icon, range] =
            [transfer_id, disposition, date, icon, range].map(Option::as_deref);
        let Some(selector) = selector else { return Ok(None) };
        Ok(Some(Self {
            selector: FileSelector::read(selector, reading)?,
            transfer_id: transfer_id
                .map(|id| FileTransferId::read(id, reading))
                .transpose()?
                .flatten(),
            disposition: disposition.and_then(|value| value.parse().ok()),
            date: date.and_then(|value| value.parse().ok()),
            icon: icon.and_then(|value| value.parse().ok()),
            range: range.map(str::parse).transpose()?,
        }))
    }

    /// The attributes to write, each a name and the text after its colon.
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

/// What an attribute says that occurs again: the same, or more of a list.
fn again<'a>(
    name: &'static str,
    earlier: Cow<'a, str>,
    value: &str,
    reading: &mut Reading,
) -> Result<Cow<'a, str>, Error> {
    let error = Error::of(name, ErrorKind::Duplicate);
    if earlier == value {
        reading.tolerate(SdpTolerance::RepeatedAttribute, error)?;
        return Ok(earlier);
    } else if name != SELECTOR {
        return Err(error);
    }
    reading.tolerate(SdpTolerance::SplitList, error)?;
    Ok(format!("{earlier} {value}").into())
}
