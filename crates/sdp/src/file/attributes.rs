//! Everything that one media section says of its file.

use std::str::FromStr;

use msrp::Direction;

use super::{FileDate, FileDisposition, FileIcon, FileRange, FileSelector, FileTransferId};
use crate::media::{all, one};
use crate::token::is_blank;
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
const RANGE: &str = "file-range";

const NAMES: [&str; 6] =
    [SELECTOR, "file-transfer-id", "file-disposition", "file-date", "file-icon", RANGE];

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
    /// [`Error`] if an attribute of the file occurs twice, or if the file, its transfer or
    /// the range is unclear.
    pub fn parse<'a>(
        attributes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Option<Self>, Error> {
        Self::read(attributes, &mut Reading::new(SdpTolerances::none()))
    }

    pub(crate) fn read<'a>(
        attributes: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
        reading: &mut Reading,
    ) -> Result<Option<Self>, Error> {
        let attributes: Vec<_> = attributes.into_iter().collect();
        let texts = |name| all(&attributes, name).map(|text| text.trim_matches(is_blank));
        let Some(selector) = selector(&attributes, reading)? else { return Ok(None) };
        let [_, transfer_id, disposition, date, icon, range] = NAMES;
        Ok(Some(Self {
            selector,
            transfer_id: one(&attributes, transfer_id, reading, FileTransferId::read)?,
            disposition: optional(disposition, texts(disposition), reading)?,
            date: optional(date, texts(date), reading)?,
            icon: optional(icon, texts(icon), reading)?,
            range: optional(range, texts(range), reading)?,
        }))
    }

    /// Checks that the section of a file, with this direction, has what the offer and the
    /// answer of a transfer have (RFC 5547 section 8).
    pub(crate) fn check_transfer(
        &self,
        direction: Direction,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        if !self.selector.is_about_file() {
            return Ok(());
        }
        if self.transfer_id.is_none() {
            let missing = Error::of("file-transfer-id", ErrorKind::Missing);
            reading.tolerate(SdpTolerance::MissingTransferId, missing)?;
        }
        if direction == Direction::SendReceive {
            let missing = Error::of("sendonly", ErrorKind::Missing);
            let missing = missing.with_expected("sendonly or recvonly with a file");
            reading.tolerate(SdpTolerance::MissingFileDirection, missing)?;
        }
        Ok(())
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

/// What the lines of a selector say together.
fn selector(
    attributes: &[(&str, Option<&str>)],
    reading: &mut Reading,
) -> Result<Option<FileSelector>, Error> {
    let mut known: Vec<&str> = Vec::new();
    let mut selector = FileSelector::default();
    for (index, line) in all(attributes, SELECTOR).enumerate() {
        let text = line.trim_matches(is_blank);
        let is_known = known.contains(&text);
        let it = if is_known { SdpTolerance::RepeatedAttribute } else { SdpTolerance::SplitList };
        if index > 0 {
            let error = Error::of(SELECTOR, ErrorKind::Duplicate).of_occurrence(index);
            reading.tolerate(it, error)?;
        }
        if !is_known {
            known.push(text);
            let read = selector.read_line(line, reading);
            read.map_err(|error| error.of_occurrence(index))?;
        }
    }
    Ok((!known.is_empty()).then(|| selector.read_out()))
}

/// A value that the file does without: unreadable ones, and those that contradict each
/// other, count as none.
fn optional<'a, T: FromStr<Err = Error> + PartialEq>(
    name: &'static str,
    texts: impl Iterator<Item = &'a str>,
    reading: &mut Reading,
) -> Result<Option<T>, Error> {
    let mut found = None;
    for (index, text) in texts.enumerate() {
        let duplicate = Error::of(name, ErrorKind::Duplicate).of_occurrence(index);
        match (text.parse::<T>(), &found) {
            (Ok(value), None) => found = Some(value),
            (Ok(value), Some(earlier)) if value == *earlier => {
                reading.tolerate(SdpTolerance::RepeatedAttribute, duplicate)?;
            }
            (Ok(_), Some(_)) => {
                reading.tolerate(SdpTolerance::UnreadableAttribute, duplicate)?;
                return Ok(None);
            }
            // The others only inform the user.
            (Err(error), _) if name == RANGE => {
                let error = error.of_occurrence(index);
                reading.tolerate(SdpTolerance::UnreadableAttribute, error)?;
            }
            (Err(_), _) => _ = reading.tolerates(SdpTolerance::UnreadableAttribute),
        }
    }
    Ok(found)
}
