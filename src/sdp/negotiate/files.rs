//! Files in offer and answer (RFC 5547 sections 8.2 and 8.3).

use super::Refusal;
use crate::connection::Direction;
use crate::sdp::file::FileAttributes;
use crate::sdp::local::{FilePart, Local, LocalError};
use crate::sdp::media::MsrpMedia;

/// What an offer says of its file. Who sends one describes it; who asks for one
/// selects it, and leaves the rest to the answer (section 8.2.2).
pub(super) fn offered(local: &Local) -> Result<Option<FileAttributes>, LocalError> {
    let (file, is_clear) = match &local.file {
        None => return Ok(None),
        Some(FilePart::Accept) => return Err(LocalError::FileNotDescribed),
        Some(FilePart::Send(file)) => (file.clone(), file.selector.suits_push()),
        Some(FilePart::Ask(file)) => (asked(file), !file.selector.is_empty()),
    };
    if !is_clear {
        Err(LocalError::FileNotDescribed)
    } else if file.transfer_id.is_none() {
        Err(LocalError::NoTransferId)
    } else {
        Ok(Some(file))
    }
}

fn asked(file: &FileAttributes) -> FileAttributes {
    let mut asked = FileAttributes::new(file.selector.clone());
    asked.transfer_id.clone_from(&file.transfer_id);
    asked.range = file.range;
    asked
}

/// What an answer says of the file of an offer.
pub(super) fn answered(
    offer: &MsrpMedia,
    local: &Local,
) -> Result<Option<FileAttributes>, Refusal> {
    let (file, part) = match (described(offer), &local.file) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err(Refusal::NoFile),
        (Some(_), None) => return Err(Refusal::File),
        (Some(file), Some(part)) => (file, part),
    };
    if file.transfer_id.is_none() {
        return Err(Refusal::NoTransferId);
    }
    // The id and the range are those of the offer, and what tells the user of a
    // file comes from its sender alone (section 8.3.1).
    let mut answer = match (part, offer.direction()) {
        (FilePart::Accept, Direction::SendOnly) => FileAttributes::new(file.selector.clone()),
        (FilePart::Send(own), Direction::ReceiveOnly) => own.clone(),
        _ => return Err(Refusal::FileDirection),
    };
    if !file.selector.can_be_same_file(&answer.selector) {
        return Err(Refusal::OtherFile);
    }
    answer.transfer_id.clone_from(&file.transfer_id);
    answer.range = file.range;
    if matches!(part, FilePart::Accept) {
        check_size(file, local.max_size)?;
    } else {
        check_size(&answer, offer.max_size())?;
    }
    Ok(Some(answer))
}

/// What an offer and its answer say together of their file.
pub(super) fn agreed(
    offer: &MsrpMedia,
    answer: &MsrpMedia,
) -> Result<Option<FileAttributes>, Refusal> {
    let Some(file) = described(offer) else { return Ok(None) };
    let answered = described(answer).ok_or(Refusal::NoFile)?;
    let is_sent = offer.direction() == Direction::SendOnly;
    let is_taken = answer.direction() == offer.direction().reversed();
    if answered.transfer_id != file.transfer_id
        || !file.selector.can_be_same_file(&answered.selector)
    {
        return Err(Refusal::OtherFile);
    } else if answered.range.unwrap_or_default() != file.range.unwrap_or_default() {
        return Err(Refusal::OtherRange);
    } else if !is_taken {
        return Err(Refusal::FileDirection);
    }
    let sender = if is_sent { file } else { answered };
    let mut both = sender.clone();
    let other = if is_sent { answered } else { file };
    both.selector = both.selector.joined(&other.selector);
    check_size(&both, if is_sent { answer.max_size() } else { offer.max_size() })?;
    Ok(Some(both))
}

/// The file of a section. An empty selector says that files are understood, and
/// speaks of none (section 8.5).
fn described(media: &MsrpMedia) -> Option<&FileAttributes> {
    media.file().filter(|file| !file.selector.is_empty())
}

/// A file has the range that is asked for, and is never larger than its receiver
/// takes (section 8.7), as far as that is known before.
fn check_size(file: &FileAttributes, max_size: Option<u64>) -> Result<(), Refusal> {
    let range = file.range.unwrap_or_default();
    let size = match file.selector.size() {
        Some(size) => {
            let octets = range.within(size).ok_or(Refusal::OtherRange)?;
            Some(octets.end - octets.start)
        }
        None => range.len(),
    };
    match (size, max_size) {
        (Some(size), Some(max)) if size > max => Err(Refusal::FileTooLarge { max }),
        _ => Ok(()),
    }
}
